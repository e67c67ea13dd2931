import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  breakLine,
  copy,
  cut,
  type Deletion,
  erase,
  find,
  insert,
  justify,
  type Kills,
  mark,
  paste,
  selectAll,
  type,
} from '../../../src/app/editor/editing.ts';
import {
  after,
  type Editor,
  editorOf,
  endOf,
  redo,
  START,
  selection,
  textBetween,
  textOf,
  undo,
  withText,
} from '../../../src/app/editor/editor.ts';
import { boundary, lineOf, placeOfRow, rowCount } from '../../../src/app/editor/line.ts';
import { caretRow, type Frame, type Motion, moveCaret, putCaret } from '../../../src/app/editor/moving.ts';
import { caretCell, windowRows } from '../../../src/app/editor/window.ts';
import { nextGrapheme, previousGrapheme, wordEnd, wordStart } from '../../../src/app/editor/words.ts';
import { clusters, width } from '../../../src/mail/width.ts';

const FRAME: Frame = { cells: 20, rows: 6 };
const SPICES = [
  'a',
  'b',
  ' ',
  '  ',
  '\n',
  'é',
  'e\u0301',
  '漢',
  '字',
  '👩‍🚀',
  '🇩🇪',
  'ا',
  'ש',
  '> ',
  'word ',
  '\t',
  '\u200b',
  '한',
];
const someText = fc.array(fc.constantFrom(...SPICES), { maxLength: 60 }).map(list => list.join(''));

/** The place of the caret in the whole text. */
function offset(editor: Editor): number {
  return textBetween(editor, { from: START, to: editor.caret }).length;
}

function boundaries(text: string): number[] {
  const out = [0];
  for (const { end } of clusters(text)) out.push(end);
  return out;
}

/** Every move of one grapheme, by hand. */
function naiveMove(text: string, at: number, by: 1 | -1): number {
  const places: number[] = [];
  let from = 0;
  for (const line of text.split('\n')) {
    places.push(...boundaries(line).map(place => from + place));
    from += line.length + 1;
  }
  const n = places.indexOf(at);
  assert.ok(n >= 0, `caret ${at} stands inside a grapheme of ${JSON.stringify(text)}`);
  return places[Math.max(0, Math.min(places.length - 1, n + by))] ?? 0;
}

type Op =
  | { t: 'type'; text: string }
  | { t: 'insert'; text: string }
  | { t: 'erase'; what: 'left' | 'right' }
  | { t: 'move'; motion: Motion; select: boolean }
  | { t: 'cut' }
  | { t: 'copy' }
  | { t: 'paste' }
  | { t: 'undo' }
  | { t: 'redo' };

const MOTIONS: readonly Motion[] = [
  'left',
  'right',
  'word-left',
  'word-right',
  'up',
  'down',
  'home',
  'end',
  'page-up',
  'page-down',
  'start',
  'finish',
];

const someOp: fc.Arbitrary<Op> = fc.oneof(
  fc.record({
    t: fc.constant('type' as const),
    text: fc.constantFrom(...SPICES.filter(text => text !== '\n' && text !== '\t' && text !== '\u200b')),
  }),
  fc.record({ t: fc.constant('insert' as const), text: someText }),
  fc.record({ t: fc.constant('erase' as const), what: fc.constantFrom('left' as const, 'right' as const) }),
  fc.record({ t: fc.constant('move' as const), motion: fc.constantFrom(...MOTIONS), select: fc.boolean() }),
  fc.constant({ t: 'cut' } as const),
  fc.constant({ t: 'copy' } as const),
  fc.constant({ t: 'paste' } as const),
  fc.constant({ t: 'undo' } as const),
  fc.constant({ t: 'redo' } as const),
);

/** The lines that the editor remembers are laid out as lines that were never changed. */
function assertLayout(editor: Editor): void {
  for (let n = 0; n < editor.lines.length; n += 1) {
    const line = editor.lines.at(n);
    const fresh = lineOf(line.text);
    const count = rowCount(fresh, FRAME.cells);
    assert.equal(rowCount(line, FRAME.cells), count);
    for (let row = 0; row < count; row += 1) {
      assert.deepEqual(placeOfRow(line, FRAME.cells, row), placeOfRow(fresh, FRAME.cells, row));
    }
  }
}

function assertSound(editor: Editor): void {
  const text = editor.lines.text(editor.caret.line);
  assert.ok(boundaries(text).includes(editor.caret.at) || editor.caret.at === text.length);
  const { row, column } = caretCell(editor, FRAME);
  const caret = caretRow(editor, FRAME.cells);
  assert.ok(row >= 0 && row < FRAME.rows && column <= FRAME.cells);
  const rows = windowRows(editor, FRAME);
  assert.ok(rows.length >= 1 && rows.length <= FRAME.rows);
  assert.equal(rows[row]?.line, caret.line, 'the caret is in the window');
  for (const { text: shown } of rows) {
    assert.ok(width(shown.trimEnd()) <= FRAME.cells, JSON.stringify(shown));
    assert.doesNotMatch(shown, /[\u0000-\u001f\u007f-\u009f\u200b\u202e]/);
  }
}

test('any history of keys does what it would do to a plain string, and can be undone and done again', () => {
  fc.assert(
    fc.property(someText, fc.array(someOp, { maxLength: 40 }), (begin, ops) => {
      let editor = editorOf(begin);
      let kills: Kills = [];
      const first = textOf(editor);
      for (const op of ops) {
        const text = textOf(editor);
        const at = offset(editor);
        const chosen = selection(editor);
        const from = chosen ? textBetween(editor, { from: START, to: chosen.from }).length : at;
        const to = chosen ? textBetween(editor, { from: START, to: chosen.to }).length : at;
        const expect = (wanted: string) => assert.equal(textOf(editor), wanted, JSON.stringify(op));
        if (op.t === 'type') {
          editor = type(editor, op.text, FRAME);
          expect(text.slice(0, from) + op.text + text.slice(to));
        } else if (op.t === 'insert') {
          editor = insert(editor, op.text, FRAME);
          expect(op.text === '' ? text : text.slice(0, from) + op.text + text.slice(to));
        } else if (op.t === 'erase') {
          const other = naiveMove(text, at, op.what === 'left' ? -1 : 1);
          editor = erase(editor, op.what, FRAME);
          if (chosen) expect(text.slice(0, from) + text.slice(to));
          else expect(text.slice(0, Math.min(at, other)) + text.slice(Math.max(at, other)));
        } else if (op.t === 'move') {
          editor = moveCaret(editor, op.motion, FRAME, op.select);
          if ((op.motion === 'left' || op.motion === 'right') && (op.select || !chosen)) {
            assert.equal(offset(editor), naiveMove(text, at, op.motion === 'left' ? -1 : 1));
          }
          expect(text);
        } else if (op.t === 'cut') ({ editor, kills } = cut(editor, kills, FRAME));
        else if (op.t === 'copy') ({ editor, kills } = copy(editor, kills));
        else if (op.t === 'paste') editor = paste(editor, kills, FRAME);
        else editor = op.t === 'undo' ? undo(editor) : redo(editor);
        // What undo and redo leave scrolls with the next motion.
        assertSound(moveCaret(editor, 'home', FRAME));
        // A change may join the caret's neighbours to one grapheme: as for a person, the caret then stands at its end.
        const line = editor.lines.text(editor.caret.line);
        if (!boundaries(line).includes(editor.caret.at)) {
          const next = boundaries(line).find(place => place > editor.caret.at) ?? line.length;
          editor = putCaret(editor, { line: editor.caret.line, at: next }, FRAME);
        }
        if (editor.anchor) {
          const there = editor.lines.text(editor.anchor.line);
          if (!boundaries(there).includes(editor.anchor.at)) editor = putCaret(editor, editor.caret, FRAME);
        }
      }
      assertLayout(editor);
      const last = textOf(editor);
      let steps = 0;
      while (editor.history.past) {
        editor = undo(editor);
        steps += 1;
      }
      assert.equal(textOf(editor), first);
      for (let i = 0; i < steps; i += 1) editor = redo(editor);
      while (editor.history.future) editor = redo(editor);
      if (ops.every(op => op.t !== 'undo')) assert.equal(textOf(editor), last);
    }),
    { numRuns: 300 },
  );
});

test('graphemes and words: there and back, never inside one', () => {
  fc.assert(
    fc.property(
      someText.map(text => text.replaceAll('\n', '')),
      text => {
        const places = boundaries(text);
        for (let i = 0; i < places.length; i += 1) {
          const at = places[i] ?? 0;
          assert.equal(nextGrapheme(text, at), places[i + 1] ?? at);
          assert.equal(previousGrapheme(text, at), places[i - 1] ?? 0);
          assert.ok(wordEnd(text, at) > at || at === text.length);
          assert.ok(wordStart(text, at) < at || at === 0);
          assert.ok(places.includes(wordEnd(text, at)) && places.includes(wordStart(text, at)));
          assert.ok(places.includes(boundary(text, at)) || boundary(text, at) === at);
        }
      },
    ),
  );
});

test('words end where a person expects it, also in scripts without spaces', () => {
  assert.equal(wordEnd('hello, world', 0), 5);
  assert.equal(wordEnd('hello, world', 5), 6);
  assert.equal(wordEnd('hello, world', 6), 12);
  assert.equal(wordStart('hello, world', 12), 7);
  const inside = wordEnd('東京都に住む', 0);
  assert.ok(inside > 0 && inside < 6, String(inside));
});

test('typing is undone by words, deleting and pasting by the piece', () => {
  let editor = editorOf('');
  for (const key of 'The quick brown fox jumps over') editor = type(editor, key, FRAME);
  editor = undo(editor);
  assert.equal(textOf(editor), 'The quick brown fox jumps ');
  editor = undo(editor);
  assert.equal(textOf(editor), '');
  editor = redo(redo(editor));
  assert.equal(textOf(editor), 'The quick brown fox jumps over');
  for (let i = 0; i < 4; i += 1) editor = erase(editor, 'left', FRAME);
  assert.equal(textOf(editor), 'The quick brown fox jumps ');
  assert.equal(textOf(undo(editor)), 'The quick brown fox jumps over');
  editor = insert(editor, 'one\ntwo', FRAME);
  assert.equal(textOf(undo(editor)), 'The quick brown fox jumps ');
});

test('a caret that was elsewhere begins a new step', () => {
  let editor = editorOf('');
  for (const key of 'ab') editor = type(editor, key, FRAME);
  editor = moveCaret(editor, 'left', FRAME);
  editor = moveCaret(editor, 'right', FRAME);
  editor = type(editor, 'c', FRAME);
  assert.equal(textOf(undo(editor)), 'ab');
});

test('lines cut one after another come back together; the mark selects without Shift', () => {
  let editor = editorOf('one\ntwo\nthree\n');
  let kills: Kills = [];
  ({ editor, kills } = cut(editor, kills, FRAME));
  ({ editor, kills } = cut(editor, kills, FRAME));
  assert.equal(textOf(editor), 'three\n');
  editor = moveCaret(editor, 'finish', FRAME);
  assert.equal(textOf(paste(editor, kills, FRAME)), 'three\none\ntwo\n');
  editor = mark(moveCaret(editor, 'start', FRAME));
  editor = moveCaret(editor, 'word-right', FRAME);
  ({ editor, kills } = cut(editor, kills, FRAME));
  assert.equal(textOf(editor), '\n');
  assert.equal(kills[0], 'three');
  assert.equal(editor.marking, false);
});

test('Enter inside a quotation opens a line to answer in; elsewhere it only breaks the line', () => {
  const quoted = editorOf('> first point, second point');
  const split = breakLine(putCaret(quoted, { line: 0, at: 14 }, FRAME), FRAME);
  assert.equal(textOf(split), '> first point,\n\n> second point');
  assert.deepEqual(split.caret, { line: 1, at: 0 });
  assert.equal(textOf(undo(split)), textOf(quoted));
  assert.equal(textOf(breakLine(moveCaret(quoted, 'finish', FRAME), FRAME)), '> first point, second point\n');
  assert.equal(textOf(breakLine(putCaret(editorOf('ab'), { line: 0, at: 1 }, FRAME), FRAME)), 'a\nb');
});

test('finding goes on behind the caret, ignores case, starts again at the top, and says when there is nothing', () => {
  const editor = editorOf('Ada\nada ADA\nBob');
  const first = find(editor, 'ada', FRAME);
  assert.ok(first);
  assert.deepEqual(selection(first.editor), { from: { line: 0, at: 0 }, to: { line: 0, at: 3 } });
  const second = find(first.editor, 'ada', FRAME);
  assert.ok(second && !second.wrapped);
  const third = find(second.editor, 'ada', FRAME);
  assert.deepEqual(third?.editor.caret, { line: 1, at: 7 });
  const again = third && find(third.editor, 'ada', FRAME);
  assert.ok(again?.wrapped);
  assert.deepEqual(again.editor.caret, { line: 0, at: 3 });
  assert.equal(find(editor, 'nowhere', FRAME), null);
  assert.ok(find(editorOf('1+1 (sic)'), '(SIC)', FRAME));
});

test('justifying takes one paragraph of one quote level, and is one step', () => {
  const text = 'intro\n\n> one\n> two\n>> deep\n\nend';
  const wrap = (part: string) => part.replaceAll('\n> ', ' ');
  const editor = justify(putCaret(editorOf(text), { line: 2, at: 3 }, FRAME), wrap, FRAME);
  assert.equal(textOf(editor), 'intro\n\n> one two\n>> deep\n\nend');
  assert.deepEqual(editor.caret, { line: 3, at: 0 });
  assert.equal(textOf(undo(editor)), text);
  const all = justify(selectAll(editorOf('a\nb'), FRAME), part => part.replace('\n', ' '), FRAME);
  assert.equal(textOf(all), 'a b');
});

test('a text from another editor is one step, and the same text none', () => {
  const editor = editorOf('one\ntwo\nthree');
  assert.equal(withText(editor, 'one\r\ntwo\r\nthree'), editor);
  fc.assert(
    fc.property(someText, someText, (a, b) => {
      const before = editorOf(a);
      const changed = withText(before, b);
      assert.equal(textOf(changed), textOf(editorOf(b)));
      assert.equal(textOf(undo(changed)), textOf(before));
    }),
  );
});

test('up and down keep their cell over short lines and wide letters', () => {
  let editor = editorOf('abcdefgh\nab\n漢字漢字\nabcdefgh');
  editor = putCaret(editor, { line: 0, at: 5 }, FRAME);
  const places: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    editor = moveCaret(editor, 'down', FRAME);
    places.push(editor.caret.at);
  }
  assert.deepEqual(places, [2, 2, 5]);
  editor = moveCaret(editor, 'down', FRAME);
  assert.deepEqual(editor.caret, endOf(editor));
});

test('home and end know wrapped rows first, then the line', () => {
  const long = 'one two three four five six seven';
  let editor = putCaret(editorOf(long), { line: 0, at: 25 }, FRAME);
  editor = moveCaret(editor, 'home', FRAME);
  assert.equal(editor.caret.at, 19);
  assert.equal(moveCaret(editor, 'home', FRAME).caret.at, 0);
  editor = moveCaret(moveCaret(editor, 'start', FRAME), 'end', FRAME);
  assert.equal(editor.caret.at, 18);
  assert.equal(moveCaret(editor, 'end', FRAME).caret.at, long.length);
});

/** Milliseconds of this process's own work: others on the machine don't count. */
function cpu(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** What the slowest but a tenth of these cost: the machine warms up. */
function slowest(count: number, run: (i: number) => void): number {
  const times = Array.from({ length: count }, (_, i) => cpu(() => run(i)));
  return times.sort((a, b) => a - b)[Math.floor(count * 0.9)] ?? 0;
}

const KEYS: readonly ((editor: Editor, frame: Frame) => Editor)[] = [
  (editor, frame) => type(editor, 'x', frame),
  (editor, frame) => breakLine(editor, frame),
  (editor, frame) => erase(editor, 'left' satisfies Deletion, frame),
  (editor, frame) => moveCaret(editor, 'down', frame),
  (editor, frame) => moveCaret(editor, 'page-up', frame),
  (editor, frame) => moveCaret(editor, 'word-left', frame),
];

for (const [name, text] of [
  ['lines of prose', 'All work and no play makes Jack a dull boy, said the engine.\n'.repeat(16_000)],
  ['one line of prose', 'All work and no play makes Jack a dull boy. '.repeat(22_000)],
  ['one line of Japanese', '計算機は考えることができるか、と彼は尋ねた。'.repeat(15_000)],
  ['a million empty lines', '\n'.repeat(1_000_000)],
] as const) {
  test(`a megabyte is pasted and edited without a stall: ${name}`, () => {
    const frame = { cells: 78, rows: 40 };
    let editor = editorOf('before ');
    const pasted = cpu(() => {
      editor = insert(editor, text, frame);
      windowRows(editor, frame);
    });
    for (const at of ['start', 'finish'] as const) {
      editor = moveCaret(editor, at, frame);
      const p90 = slowest(60, i => {
        editor = KEYS[i % KEYS.length]?.(editor, frame) ?? editor;
        windowRows(editor, frame);
        caretCell(editor, frame);
      });
      if (process.env.TMAIL_PRINT)
        process.stderr.write(
          `${name}: paste ${pasted.toFixed(0)} ms, key at the ${at} ${p90.toFixed(2)} ms\n`,
        );
      // The budget is 10 ms; this machine may be busy with something else.
      assert.ok(p90 < 40, `a key took ${p90} ms at the ${at}`);
    }
    assert.ok(pasted < 2000, `pasting took ${pasted} ms`);
    assert.deepEqual(after(START, 'a\nbc'), { line: 1, at: 2 });
  });
}
