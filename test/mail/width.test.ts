import assert from 'node:assert/strict';
import { test } from 'node:test';
import xterm from '@xterm/headless';
import fc from 'fast-check';
import { eastAsianWidth } from 'get-east-asian-width';
import npmStringWidth from 'string-width';
import { sanitize } from '../../src/mail/sanitize.ts';
import { codePointWidth, cut, fit, fitRight, stringWidth, truncate, width, wrapCells } from '../../src/mail/width.ts';

const WIDTHS: readonly (readonly [string, number])[] = [
  ['', 0],
  ['abc', 3],
  ['é', 1],
  ['e\u0301', 1],
  ['日本語', 6],
  ['한국어', 6],
  ['\u1112\u1161\u11ab', 2],
  ['👍', 2],
  ['👍🏽', 2],
  ['☝🏽', 2],
  ['👨‍👩‍👧‍👦', 2],
  ['❤', 1],
  ['❤\ufe0f', 2],
  ['❤\ufe0f‍🔥', 2],
  ['🇩🇪', 2],
  ['🇩🇪🇫🇷', 4],
  ['1\ufe0f\u20e3', 2],
  ['#\u20e3', 2],
  ['🏴󠁧󠁢󠁥󠁮󠁧󠁿', 2],
  ['ｶﾞ', 2],
  ['हिन्दी', 5],
  ['ภาษาไทย', 7],
  ['שלום', 4],
  ['مرحبا', 5],
  ['\u200b\u2060', 0],
  ['…·—“”', 5],
];

for (const [text, cells] of WIDTHS) {
  test(`${JSON.stringify(text)} takes ${cells} cells`, () => assert.equal(width(text), cells));
}

test('the tables say what Unicode says', () => {
  const zero = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}]/u;
  const unassigned = /\p{Cn}/u;
  const wrong: string[] = [];
  // A newer Unicode than the tables' may know more.
  const newer = Number(process.versions['unicode']) > 17;
  for (let c = 0; c < 0x110000; c++) {
    const char = String.fromCodePoint(c);
    if (unassigned.test(char)) continue;
    const expected = zero.test(char) ? 0 : eastAsianWidth(c);
    if (codePointWidth(c) !== expected) wrong.push(c.toString(16));
  }
  if (newer) assert.ok(wrong.length < 2000);
  else assert.deepEqual(wrong, []);
});

const scripts = fc.constantFrom(
  ...['abc def', 'äöüßé', 'Привет', 'Ελλάδα', 'שלום', 'مرحبا', '日本語', 'ひらがな', 'ｶﾞｷﾞ', '한국어', '你好，世界'],
  ...['e\u0301o\u0302\u0323', 'ไทย', 'ქართული', 'Հայերեն', 'አማርኛ', '𝓗𝓮𝓵', '…·—', '☀☁', '☀\ufe0f', '👍', '👍🏽'],
  ...['👨‍👩‍👧', '🇩🇪', '1\ufe0f\u20e3', '🏴‍☠\ufe0f', '❤\ufe0f‍🔥', '🧑🏻‍🚀', '🏳\ufe0f‍🌈', '✋🏿', '\u1112\u1161\u11ab', 'か\u3099', ' '],
);
const mixed = fc.array(scripts, { maxLength: 12 }).map(parts => parts.join(''));

test('widths are those of string-width, over many scripts and emoji', () => {
  fc.assert(fc.property(mixed, text => assert.equal(stringWidth(text), npmStringWidth(text))), { numRuns: 1000 });
});

test('every emoji that Unicode recommends has the width that string-width gives it', () => {
  const emoji = /^\p{Emoji}$/u;
  for (let c = 0xa0; c < 0x20000; c++) {
    const char = String.fromCodePoint(c);
    if (!emoji.test(char) || (c >= 0x1f1e6 && c <= 0x1f1ff) || (c >= 0x1f3fb && c <= 0x1f3ff)) continue;
    for (const text of [char, `${char}\ufe0f`, `${char}\u200d${char}`]) {
      assert.equal(stringWidth(text), npmStringWidth(text), c.toString(16));
    }
    if (/\p{Emoji_Modifier_Base}/u.test(char)) assert.equal(stringWidth(`${char}🏽`), 2);
  }
});

test('where string-width counts a cluster of two letters as one, the terminal counts both', () => {
  for (const [text, cells] of [
    ['क्ष', 2],
    ['กำ', 2],
    ['🇽🇽', 2],
  ] as const) {
    assert.equal(width(text), cells);
  }
});

test('colours, links and other escapes take no cells', () => {
  for (const text of [
    '\x1b[31mred\x1b[0m',
    '\x1b[38;5;12mred\x1b[39m',
    '\x1b]8;;https://example.org/\x07red\x1b]8;;\x07',
    '\x1b]8;;https://example.org/\x1b\\red\x1b]8;;\x1b\\',
    '\x9b1mred',
    '\x1b7red\x1b8',
  ]) {
    assert.equal(stringWidth(text), 3);
    assert.equal(npmStringWidth(text), 3);
  }
  assert.equal(stringWidth('\x1b[31m日', { countAnsiEscapeCodes: true }), 6);
});

function cursorAfter(text: string): Promise<number> {
  const terminal = new xterm.Terminal({ cols: 200, rows: 2, allowProposedApi: true });
  return new Promise(resolve =>
    terminal.write(text, () => {
      resolve(terminal.buffer.active.cursorX);
      terminal.dispose();
    }),
  );
}

test('a terminal moves its cursor by as many cells', async () => {
  // xterm.js knows Unicode 6: its emoji are narrow, so only scripts are compared.
  for (const text of ['äöü Привет', '日本語 ひらがな', '한국어', 'e\u0301a\u0308', 'हिन्दी', 'ภาษาไทย', 'กำ', 'שלום', 'مرحبا', '…—“”']) {
    assert.equal(await cursorAfter(text), width(text), text);
  }
});

const anything = fc.oneof(mixed, fc.string({ unit: 'binary', maxLength: 30 })).map(text => sanitize(text));

test('a fitted text has exactly the cells asked for', () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 0, max: 40 }), (text, cells) => {
      assert.equal(width(fit(text, cells)), cells);
      assert.equal(width(fitRight(text, cells)), cells);
      assert.ok(width(truncate(text, cells)) <= cells);
      const head = cut(text, cells);
      assert.ok(width(head) <= cells && text.startsWith(head));
    }),
    { numRuns: 1000 },
  );
});

test('long text ends in an ellipsis, short text is padded', () => {
  assert.equal(fit('Ada Lovelace', 8), 'Ada Lov…');
  assert.equal(fit('Ada', 5), 'Ada  ');
  assert.equal(fit('日本語', 4), '日… ');
  assert.equal(fit('Ada Lovelace', 8, '...'), 'Ada L...');
  assert.equal(fitRight('42', 5), '   42');
  assert.equal(truncate('exactly', 7), 'exactly');
});

test('wrapped text loses nothing but the spaces at the breaks, and no row is too wide', () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 2, max: 30 }), (text, cells) => {
      const rows = wrapCells(text, cells);
      for (const row of rows) assert.ok(width(row) <= cells, JSON.stringify(row));
      assert.equal(rows.join('').replaceAll(' ', ''), text.replaceAll(' ', ''));
    }),
    { numRuns: 1000 },
  );
});

test('text is wrapped at spaces and between wide characters, long words only where they must be', () => {
  const cases: readonly (readonly [string, number, readonly string[]])[] = [
    ['', 5, ['']],
    ['the quick brown fox', 10, ['the quick', 'brown fox']],
    ['  indented text', 10, ['  indented', 'text']],
    ['abcdefghijkl', 5, ['abcde', 'fghij', 'kl']],
    ['日本語の文章です', 6, ['日本語', 'の文章', 'です']],
    ['これは文。', 8, ['これは', '文。']],
    ['one\ntwo three', 5, ['one', 'two', 'three']],
    ['a https://example.org/x b', 21, ['a', 'https://example.org/x', 'b']],
    ['see https://example.org/long/path now', 12, ['see', 'https://exam', 'ple.org/long', '/path', 'now']],
    ['für https://example.org/long/path now', 12, ['für', 'https://exam', 'ple.org/long', '/path', 'now']],
  ];
  for (const [text, cells, rows] of cases) assert.deepEqual(wrapCells(text, cells), rows);
});

test('a letter whose marks make it wider than the row is broken before its marks', () => {
  assert.deepEqual(wrapCells('𠀀ើ', 2), ['𠀀', 'ើ']);
});
