import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Position, Target } from '../../src/ui/frame.ts';
import { Screen } from '../../src/ui/output.ts';
import type { TerminalTraits } from '../../src/ui/traits.ts';
import { createEmulator, type Emulator } from '../robot/emulator.ts';

const traits: TerminalTraits = {
  colors: 'truecolor',
  unicode: true,
  scrollRegions: true,
  synchronized: true,
};

interface Write {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** A screen whose clock moves a second with every look, so that every paint is drawn at once. */
function screenOn(columns: number, rows: number, given: Partial<TerminalTraits> = {}) {
  const chunks: string[] = [];
  const sink = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  let clock = 0;
  const screen = new Screen({
    sink,
    size: { columns, rows },
    traits: { ...traits, ...given },
    now: () => {
      clock += 1000;
      return clock;
    },
  });
  screen.resume();
  return {
    screen,
    /** Everything sent since the last `show`. */
    sent: () => chunks.join(''),
    show(writes: readonly Write[], cursor?: Position): string {
      chunks.length = 0;
      screen.paint(drawing(writes), cursor);
      return chunks.join('');
    },
  };
}

function drawing(writes: readonly Write[]) {
  return (target: Target) => {
    for (const { x, y, text } of writes) target.write(x, y, text, { transformers: [] });
  };
}

/** What is visible: of a blank, only what shows on a blank. */
function seen(emulator: Emulator): string[] {
  const rows: string[] = [];
  for (let y = 0; y < emulator.rows; y++) {
    for (let x = 0; x < emulator.columns; x++) {
      const { text, bg, fg, inverse, underline, strike, bold, dim, italic } = emulator.cell(x, y);
      const shape = text === '' || text === ' ' ? ' ' : text;
      const ink = shape === ' ' && !inverse && !underline && !strike ? '' : `${fg} ${bold} ${dim} ${italic}`;
      rows.push(`${x},${y} ${shape} ${bg} ${inverse} ${underline} ${strike} ${ink}`);
    }
  }
  return rows;
}

const COLUMNS = 14;
const ROWS = 7;

const grapheme = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...'abcxyzABC.  ─│é') },
  { weight: 2, arbitrary: fc.constantFrom('漢', '字', 'ｱ', 'e\u0301', 'ö\u0323', '한') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('😀', '❤️', '👩‍👩‍👧', '🇩🇪', '1️⃣', '⌚', '☃', '👍🏽', 'नि', '\ue0b0'),
  },
);
const sgr = fc.constantFrom(
  '\x1b[m',
  '\x1b[1m',
  '\x1b[2m',
  '\x1b[22m',
  '\x1b[7m',
  '\x1b[27m',
  '\x1b[4m',
  '\x1b[24m',
  '\x1b[3;9m',
  '\x1b[31m',
  '\x1b[92m',
  '\x1b[39m',
  '\x1b[44m',
  '\x1b[103m',
  '\x1b[49m',
  '\x1b[38;5;200m',
  '\x1b[48;2;1;2;3m',
  '\x1b[0;1;31m',
);
const styled = fc
  .array(fc.oneof({ weight: 5, arbitrary: grapheme }, { weight: 1, arbitrary: sgr }), { maxLength: COLUMNS })
  .map(pieces => pieces.join(''));
const write = fc.record({ x: fc.integer({ min: -2, max: COLUMNS }), y: fc.nat(ROWS), text: styled });
const content = fc.array(write, { maxLength: 12 });
/** A frame as a change of the one before: most frames differ little, and many are scrolled. */
const step = fc.oneof(
  { weight: 1, arbitrary: content.map(writes => () => writes) },
  { weight: 3, arbitrary: write.map(one => (before: readonly Write[]) => [...before, one]) },
  {
    weight: 3,
    arbitrary: fc.record({ by: fc.integer({ min: -3, max: 3 }), from: fc.nat(ROWS), to: fc.nat(ROWS) }).map(
      ({ by, from, to }) =>
        (before: readonly Write[]) =>
          before.map(one => (one.y >= from && one.y <= to ? { ...one, y: one.y + by } : one)),
    ),
  },
);

describe('output', () => {
  test('frame after frame, the terminal shows what drawing the frame whole would show', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.boolean(), async (steps, scrollRegions) => {
        const emulator = createEmulator(COLUMNS, ROWS);
        const { show } = screenOn(COLUMNS, ROWS, { scrollRegions });
        await emulator.write('\x1b[?7l');
        let writes: readonly Write[] = [];
        for (const change of steps) {
          writes = change(writes);
          await emulator.write(show(writes, { x: 1, y: 2 }));
        }
        const whole = createEmulator(COLUMNS, ROWS);
        await whole.write('\x1b[?7l');
        await whole.write(screenOn(COLUMNS, ROWS).show(writes, { x: 1, y: 2 }));
        assert.deepEqual(seen(emulator), seen(whole));
        if (steps.length > 0) assert.deepEqual(emulator.cursor(), { x: 1, y: 2, shown: true });
        emulator.dispose();
        whole.dispose();
      }),
      { numRuns: 200 },
    );
  });

  test('lists that scroll beside and between other panes stay what they are', async () => {
    const line = fc
      .tuple(fc.nat(3), fc.nat(40))
      .map(([style, n]) => `\x1b[${[0, 1, 7, 31][style]}m${`row ${n} `.repeat(5)}\x1b[m`);
    const lines = fc.array(line, { minLength: 30, maxLength: 30 });
    const tops = fc.array(fc.nat(18), { minLength: 2, maxLength: 5 });
    const bounds = fc.record({
      top: fc.nat(3),
      height: fc.integer({ min: 3, max: 9 }),
      beside: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(lines, tops, bounds, async (list, positions, { top, height, beside }) => {
        const emulator = createEmulator(40, 12);
        const { show } = screenOn(40, 12);
        const frame = (from: number) => [
          { x: 0, y: 0, text: 'title' },
          ...(beside ? [{ x: 0, y: 3, text: 'side\n漢字 pane' }] : []),
          ...list.slice(from, from + height).map((text, i) => ({ x: beside ? 10 : 0, y: top + i, text })),
          { x: 0, y: 11, text: `status ${from}` },
        ];
        for (const from of positions) await emulator.write(show(frame(from)));
        const whole = createEmulator(40, 12);
        await whole.write(screenOn(40, 12).show(frame(positions.at(-1) ?? 0)));
        assert.deepEqual(seen(emulator), seen(whole));
        emulator.dispose();
        whole.dispose();
      }),
      { numRuns: 80 },
    );
  });

  test('a frame drawn whole shows its text and styles', async () => {
    const emulator = createEmulator(20, 3);
    const { show } = screenOn(20, 3);
    await emulator.write(
      show([
        { x: 0, y: 0, text: 'plain \x1b[1;31mred 漢字\x1b[m.' },
        { x: 2, y: 1, text: 'two\nthree' },
        { x: 18, y: 1, text: 'cut off' },
      ]),
    );
    assert.deepEqual(emulator.lines(), ['plain red 漢字.', '  two             cu', '  three']);
    assert.equal(emulator.cell(6, 0).fg, '1');
    assert.equal(emulator.cell(6, 0).bold, true);
    assert.equal(emulator.cell(14, 0).fg, 'default');
    assert.equal(emulator.cursor().shown, false);
  });

  test('the same frame again sends nothing', () => {
    const { show } = screenOn(20, 3);
    show([{ x: 0, y: 0, text: 'hello' }], { x: 0, y: 0 });
    assert.equal(show([{ x: 0, y: 0, text: 'hello' }], { x: 0, y: 0 }), '');
  });

  test('one changed letter costs a handful of bytes', () => {
    const { show } = screenOn(80, 24);
    show([{ x: 0, y: 10, text: 'the quick brown fox' }]);
    const bytes = show([{ x: 0, y: 10, text: 'the quick brawn fox' }]);
    assert.ok(bytes.length <= 10, JSON.stringify(bytes));
  });

  test('a list that scrolls by one row costs the new row', async () => {
    const emulator = createEmulator(80, 24);
    const { show } = screenOn(80, 24);
    const list = (top: number) =>
      Array.from({ length: 22 }, (_, i) => ({ x: 0, y: i + 1, text: `${top + i} `.repeat(15) }));
    const around = [
      { x: 0, y: 0, text: 'title' },
      { x: 0, y: 23, text: 'status' },
    ];
    await emulator.write(show([...around, ...list(100)]));
    const bytes = show([...around, ...list(101)]);
    await emulator.write(bytes);
    assert.ok(bytes.length < 130, String(bytes.length));
    assert.equal(emulator.row(0), 'title');
    assert.equal(emulator.row(1), '101 '.repeat(15).trim());
    assert.equal(emulator.row(22), '122 '.repeat(15).trim());
    assert.equal(emulator.row(23), 'status');
    const back = show([...around, ...list(100)]);
    await emulator.write(back);
    assert.ok(back.length < 130, String(back.length));
    assert.equal(emulator.row(1), '100 '.repeat(15).trim());
  });

  test('only large frames are synchronized', () => {
    const { show } = screenOn(80, 24);
    const large = Array.from({ length: 24 }, (_, y) => ({ x: 0, y, text: `${y}`.repeat(70) }));
    const bytes = show(large);
    assert.ok(bytes.startsWith('\x1b[?2026h') && bytes.endsWith('\x1b[?2026l'));
    assert.ok(!show([...large, { x: 0, y: 0, text: 'small' }]).includes('2026'));
  });

  test('a wide grapheme cut in two by another write leaves no half', async () => {
    const emulator = createEmulator(10, 2);
    const { show } = screenOn(10, 2);
    await emulator.write(
      show([
        { x: 0, y: 0, text: '漢字漢字' },
        { x: 3, y: 0, text: 'x' },
      ]),
    );
    assert.equal(emulator.row(0), '漢 x漢字');
  });

  test('clips nest, and cut text, not what is beside it', async () => {
    const emulator = createEmulator(10, 3);
    const { screen, sent } = screenOn(10, 3);
    screen.paint(target => {
      target.clip({ x1: 1, x2: 6, y1: 0, y2: 2 });
      target.clip({ x1: undefined, x2: undefined, y1: 1, y2: undefined });
      target.write(0, 0, 'aaaaaaaa\nb漢字漢\ncccccccc', { transformers: [] });
      target.unclip();
      target.unclip();
      target.write(7, 2, 'end', { transformers: [] });
    }, undefined);
    await emulator.write(sent());
    assert.deepEqual(emulator.lines(), ['', ' 漢字', '       end']);
  });

  test('transformers apply line by line', async () => {
    const emulator = createEmulator(10, 2);
    const { screen, sent } = screenOn(10, 2);
    const transformers = [(line: string, i: number) => `${i}\x1b[1m${line}\x1b[m`];
    screen.paint(target => target.write(0, 0, 'a\nb', { transformers }), undefined);
    await emulator.write(sent());
    assert.deepEqual(emulator.lines(), ['0a', '1b']);
    assert.equal(emulator.cell(1, 1).bold, true);
  });

  test('control characters and foreign sequences never reach the terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const { show } = screenOn(20, 2);
        const bytes = show([{ x: 0, y: 0, text: `\x1b]0;title\x07\x1b[5n${text}` }]);
        const known = bytes.replace(/\x1b\[[\d;]*[mHGCDKABLMr]|\x1b\[\?(2026|25)[hl]|[\r\n\b]/g, '');
        assert.ok(!/[\x00-\x1f\x7f-\x9f]/.test(known), JSON.stringify(bytes));
      }),
    );
  });

  test('colours are reduced to what the terminal has', () => {
    const text = '\x1b[38;2;255;0;0;48;5;21;1mx';
    const at = (colors: TerminalTraits['colors']) =>
      /\x1b\[([\d;]+)mx/.exec(screenOn(5, 1, { colors }).show([{ x: 0, y: 0, text }]))?.[1];
    assert.equal(at('truecolor'), '1;38;2;255;0;0;48;5;21');
    assert.equal(at('256'), '1;38;5;196;48;5;21');
    assert.equal(at('16'), '1;91;104');
    assert.equal(at('none'), '1');
  });

  test('without Unicode everything is ASCII in the same columns', async () => {
    const emulator = createEmulator(20, 1);
    const bytes = screenOn(20, 1, { unicode: false }).show([{ x: 0, y: 0, text: 'Zoë 漢│😀 end' }]);
    await emulator.write(bytes);
    assert.equal(emulator.row(0), 'Zoe ????? end');
    assert.ok([...bytes].every(char => char < '\x7f'));
  });

  test('a slow terminal gets the newest frame, not every frame', async () => {
    const sink = new PassThrough({ highWaterMark: 1 });
    const screen = new Screen({ sink, size: { columns: 40, rows: 2 }, traits });
    screen.resume();
    let n = 0;
    const draw = (target: Target) => target.write(0, 0, `frame ${n}`, { transformers: [] });
    for (; n < 500; n++) {
      screen.expedite();
      screen.paint(draw, undefined);
    }
    const emulator = createEmulator(40, 2);
    let reads = 0;
    sink.on('data', (chunk: Buffer) => {
      reads++;
      void emulator.write(chunk);
    });
    await screen.idle();
    await emulator.write('');
    assert.equal(emulator.row(0), 'frame 500');
    assert.ok(reads <= 4, `${reads} frames for one look`);
    assert.ok(screen.frames <= 4);
  });

  test('paints within one frame time are drawn once, the first one at once', async () => {
    const chunks: string[] = [];
    const sink = new Writable({
      decodeStrings: false,
      write: (chunk: string, _e, done) => {
        chunks.push(chunk);
        done();
      },
    });
    const screen = new Screen({ sink, size: { columns: 20, rows: 1 }, traits });
    screen.resume();
    for (let n = 0; n < 50; n++) screen.paint(drawing([{ x: 0, y: 0, text: `n ${n}` }]), undefined);
    assert.equal(chunks.length, 1);
    await screen.idle();
    assert.equal(chunks.length, 2);
    assert.match(chunks[1] ?? '', /49/);
  });

  test('nothing is written while the terminal is lent, everything afterwards', () => {
    const { screen, show } = screenOn(20, 2);
    show([{ x: 0, y: 0, text: 'before' }]);
    screen.pause();
    assert.equal(
      show([
        { x: 0, y: 0, text: 'after' },
        { x: 0, y: 1, text: 'more' },
      ]),
      '',
    );
    screen.resume();
    assert.equal(
      show([
        { x: 0, y: 0, text: 'after' },
        { x: 0, y: 1, text: 'more' },
      ]),
      '',
    );
  });

  test('a resize draws everything at the new size', async () => {
    const emulator = createEmulator(12, 4);
    const { screen, show } = screenOn(20, 2);
    show([{ x: 0, y: 0, text: 'a long line of text' }]);
    screen.resize({ columns: 12, rows: 4 });
    await emulator.write('garbage\r\n'.repeat(3));
    await emulator.write(show([{ x: 0, y: 3, text: 'a long line of text' }]));
    assert.deepEqual(emulator.lines(), ['', '', '', 'a long line']);
  });
});
