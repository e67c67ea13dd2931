import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createKeyReader, type InputEvent } from '../../src/ui/keys.ts';

/** Everything that these bytes give, in one piece, with the time-out at the end. */
function read(...chunks: readonly (string | Uint8Array)[]): InputEvent[] {
  const reader = createKeyReader();
  const events = chunks.flatMap(chunk => reader.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
  return reader.pending() === null ? events : [...events, ...reader.timeout()];
}

function keys(...chunks: readonly (string | Uint8Array)[]): string[] {
  return read(...chunks).map(event =>
    event.t === 'key' ? event.key : `paste ${JSON.stringify(event.text)}`,
  );
}

const sequences: readonly [name: string, bytes: string, words: readonly string[]][] = [
  ['letters', 'jG?', ['j', 'G', '?']],
  ['UTF-8', 'é漢😀', ['é', '漢', '😀']],
  ['space, tab, enter', ' \t\r', ['space', 'tab', 'enter']],
  ['line feed is Ctrl-J', '\n', ['C-j']],
  ['both backspaces', '\x7f\b', ['backspace', 'backspace']],
  ['control letters', '\x01\x1a\x00\x1c\x1f', ['C-a', 'C-z', 'C-space', 'C-\\', 'C-_']],
  ['lone Esc', '\x1b', ['esc']],
  ['Esc twice', '\x1b\x1b', ['esc', 'esc']],
  ['Alt letters', '\x1bj\x1bG\x1bé', ['M-j', 'M-G', 'M-é']],
  [
    'Alt with control and names',
    '\x1b\x01\x1b\r\x1b\x7f\x1b ',
    ['C-M-a', 'M-enter', 'M-backspace', 'M-space'],
  ],
  ['Alt-[ and Alt-O', '\x1b[', ['M-[']],
  ['Alt-O', '\x1bO', ['M-O']],
  ['arrows', '\x1b[A\x1b[B\x1b[C\x1b[D', ['up', 'down', 'right', 'left']],
  ['arrows in application mode', '\x1bOA\x1bOB\x1bOC\x1bOD', ['up', 'down', 'right', 'left']],
  [
    'home and end in all forms',
    '\x1b[H\x1b[F\x1bOH\x1bOF\x1b[1~\x1b[4~\x1b[7~\x1b[8~',
    ['home', 'end', 'home', 'end', 'home', 'end', 'home', 'end'],
  ],
  ['editing keys', '\x1b[2~\x1b[3~\x1b[5~\x1b[6~', ['insert', 'delete', 'pgup', 'pgdn']],
  [
    'function keys of xterm',
    '\x1bOP\x1bOQ\x1bOR\x1bOS\x1b[15~\x1b[17~\x1b[24~',
    ['f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f12'],
  ],
  ['function keys of vt', '\x1b[11~\x1b[14~\x1b[34~', ['f1', 'f4', 'f20']],
  ['function keys of the Linux console', '\x1b[[A\x1b[[E', ['f1', 'f5']],
  [
    'modifiers',
    '\x1b[1;5C\x1b[1;3A\x1b[1;2B\x1b[1;6H\x1b[5;5~\x1b[1;2P',
    ['C-right', 'M-up', 'S-down', 'C-S-home', 'C-pgup', 'S-f1'],
  ],
  ['all modifiers', '\x1b[1;8D', ['C-M-S-left']],
  ['Super is nobody’s', '\x1b[1;9D', []],
  ['Shift-Tab', '\x1b[Z', ['S-tab']],
  ['rxvt', '\x1b[a\x1bOa\x1b[3$\x1b[3^\x1b[3@', ['S-up', 'C-up', 'S-delete', 'C-delete', 'C-S-delete']],
  ['rxvt Alt', '\x1b\x1b[A\x1b\x1bOP', ['M-up', 'M-f1']],
  ['application keypad', '\x1bOM\x1bOp\x1bOy\x1bOk', ['enter', '0', '9', '+']],
  [
    'CSI u',
    '\x1b[97u\x1b[97;5u\x1b[27u\x1b[13;2u\x1b[9;5u\x1b[32;5u',
    ['a', 'C-a', 'esc', 'S-enter', 'C-tab', 'C-space'],
  ],
  ['CSI u with Shift', '\x1b[97;2u\x1b[49:33;2u\x1b[97;6u', ['A', '!', 'C-a']],
  ['CSI u releases and unknown keys', '\x1b[97;1:3u\x1b[57358u', []],
  ['CSI u repeats', '\x1b[97;1:2u', ['a']],
  ['modifyOtherKeys', '\x1b[27;5;13~\x1b[27;3;106~', ['C-enter', 'M-j']],
  ['mouse reports', '\x1b[M !!\x1b[<0;10;20M\x1b[<0;10;20m\x1b[32;10;20Mj', ['j']],
  ['focus, cursor and attribute reports', '\x1b[I\x1b[O\x1b[24;80R\x1b[?64;1;2c\x1b[0nj', ['j']],
  ['mode reports', '\x1b[?2026;2$yj', ['j']],
  ['colour reports', '\x1b]11;rgb:0000/0000/0000\x07j\x1b]11;rgb:0/0/0\x1b\\k', ['j', 'k']],
  ['DCS and APC replies', '\x1bP1$r0m\x1b\\j\x1b_Gi=1;OK\x1b\\k', ['j', 'k']],
  ['8-bit introducers', '\u009bAj', ['up', 'j']],
  ['a sequence broken off', '\x1b[1;\x1b[Aj', ['up', 'j']],
  ['unknown finals', '\x1b[5y\x1b[1;1Ej', ['j']],
  ['an unfinished report', '\x1b[?62;1', []],
  ['paste', 'a\x1b[200~d D\r\nq\x1b[201~b', ['a', 'paste "d D\\nq"', 'b']],
  ['paste with controls', '\x1b[200~a\x1b[A\x00\x07\tb\x1b[201~', ['paste "a[A\\tb"']],
  ['Esc before a paste', '\x1b\x1b[200~dd\x1b[201~', ['esc', 'paste "dd"']],
  ['an unknown key of the keypad with a digit before it', '\x1bO0!j', ['j']],
  ['empty paste', '\x1b[200~\x1b[201~j', ['j']],
];

describe('keys', () => {
  for (const [name, bytes, words] of sequences) {
    test(`reads ${name}`, () => assert.deepEqual(keys(bytes), words));
    test(`reads ${name} byte by byte`, () => {
      assert.deepEqual(keys(...[...Buffer.from(bytes)].map(byte => Uint8Array.of(byte))), words);
    });
  }

  test('gives the same keys however the bytes are cut', () => {
    const piece = fc.oneof(
      fc.constantFrom(...sequences.map(([, bytes]) => Buffer.from(bytes))),
      fc.string({ unit: 'binary' }).map(text => Buffer.from(text)),
      fc.uint8Array({ maxLength: 8 }).map(bytes => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.array(fc.nat(200), { maxLength: 12 }),
        (pieces, cuts) => {
          const bytes = Buffer.concat(pieces);
          const edges = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b);
          const chunks = [0, ...edges].map((from, i) => bytes.subarray(from, edges[i] ?? bytes.length));
          assert.deepEqual(read(...chunks), read(bytes));
        },
      ),
      { numRuns: 600 },
    );
  });

  test('never takes a word of a paste for a key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const inside = text.replaceAll('\x1b[201~', '');
        const events = read(`\x1b[200~${inside}\x1b[201~`);
        assert.ok(events.every(event => event.t === 'paste'));
        assert.ok(events.length <= 1);
      }),
    );
  });

  test('a lone Esc waits shortly, an unfinished sequence longer, a paste for ever', () => {
    const reader = createKeyReader();
    reader.push(Buffer.from('\x1b'));
    assert.equal(reader.pending(), 25);
    reader.push(Buffer.from('[1;'));
    assert.equal(reader.pending(), 500);
    assert.deepEqual(reader.timeout(), []);
    assert.equal(reader.pending(), null);
    reader.push(Buffer.from('\x1b[200~dd'));
    assert.equal(reader.pending(), null);
    assert.deepEqual(reader.timeout(), []);
    assert.deepEqual(reader.push(Buffer.from('\x1b[201~')), [{ t: 'paste', text: 'dd' }]);
  });

  test('a reply without end is swallowed without being kept', () => {
    const reader = createKeyReader();
    assert.deepEqual(reader.push(Buffer.from('\x1b]52;c;')), []);
    for (let i = 0; i < 100; i++) assert.deepEqual(reader.push(Buffer.alloc(10_000, 'q')), []);
    assert.deepEqual(reader.push(Buffer.from('q\x1b\\j')), [{ t: 'key', key: 'j' }]);
  });
});
