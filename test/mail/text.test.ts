import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type LayoutOptions, layout, layoutRows } from '../../src/mail/text.ts';
import { width } from '../../src/mail/width.ts';
import { stopwatch } from './cpu-time.ts';

const texts = (text: string, options: LayoutOptions) => layout(text, options).map(line => line.text);
/** `kind depth text` of every row. */
const shape = (text: string, options: LayoutOptions) =>
  layout(text, options).map(line => `${line.kind} ${line.depth} ${line.text}`.trim());

test('text is wrapped at the width of the pane, and never wider than 80', () => {
  assert.deepEqual(texts('the quick brown fox', { width: 10 }), ['the quick', 'brown fox']);
  const long = 'word '.repeat(40).trim();
  for (const line of layout(long, { width: 200 })) assert.ok(width(line.text) <= 80);
});

test('empty lines and indentation stay', () => {
  assert.deepEqual(texts('a\n\n  b\r\nc\n', { width: 40 }), ['a', '', '  b', 'c', '']);
});

test('items of a list hang', () => {
  assert.deepEqual(texts(' * one two three four\n10. five six seven', { width: 12 }), [
    ' * one two',
    '   three',
    '   four',
    '10. five six',
    '    seven',
  ]);
});

test('a quote keeps its depth when it is wrapped', () => {
  assert.deepEqual(shape('> > one two three four\n>> five\n> six\nseven', { width: 12 }), [
    'quote 2 >> one two',
    'quote 2 >> three',
    'quote 2 >> four',
    'quote 2 >> five',
    'quote 1 > six',
    'text 0 seven',
  ]);
});

test('continued rows say so', () => {
  assert.deepEqual(
    layout('one two three\nfour', { width: 8 }).map(line => line.continued),
    [false, true, false],
  );
});

test('an address is never broken where it fits, and cut without added characters where it does not', () => {
  const url = 'https://example.org/a/long/path?with=query';
  assert.deepEqual(texts(`please see ${url} soon`, { width: 44 }), ['please see', url, 'soon']);
  const rows = layout(`see ${url} now`, { width: 20 });
  const pieces = rows.filter(row => row.kind === 'link').map(row => row.text);
  assert.equal(pieces.join(''), url);
  assert.deepEqual(
    rows.map(row => row.kind),
    ['text', 'link', 'link', 'link', 'text'],
  );
});

test('format=flowed joins soft breaks of one depth, unstuffs, and leaves the signature alone', () => {
  const mail = 'one \ntwo\n> three \n> four\n>> five \n> six\n From here\n-- \nAda';
  assert.deepEqual(shape(mail, { width: 40, flowed: true }), [
    'text 0 one two',
    'quote 1 > three four',
    'quote 2 >> five',
    'quote 1 > six',
    'text 0 From here',
    'signature 0 --',
    'signature 0 Ada',
  ]);
});

test('DelSp takes the space of the soft break away', () => {
  assert.deepEqual(texts('日本 \n語', { width: 40, flowed: true, delSp: true }), ['日本語']);
});

test('the signature begins at its delimiter and ends at a quote', () => {
  assert.deepEqual(shape('hi\n-- \nAda\n> old\nmore', { width: 40 }), [
    'text 0 hi',
    'signature 0 --',
    'signature 0 Ada',
    'quote 1 > old',
    'text 0 more',
  ]);
});

test('what an answer was written on top of counts as quoted', () => {
  assert.deepEqual(shape('yes\n-----Original Message-----\nFrom: Ada\nQuestion?', { width: 40 }), [
    'text 0 yes',
    'text 0 -----Original Message-----',
    'quote 1 > From: Ada',
    'quote 1 > Question?',
  ]);
});

test('quotes fold after some rows, with the number of hidden rows; short rests stay', () => {
  const quote = (n: number) => Array.from({ length: n }, (_, i) => `> ${i + 1}`).join('\n');
  const lines = layout(`hi\n${quote(8)}\nbye\n${quote(4)}`, { width: 40, fold: 2 });
  assert.deepEqual(
    lines.map(line => (line.kind === 'fold' ? `fold ${line.hidden}` : line.text)),
    ['hi', '> 1', '> 2', 'fold 6', 'bye', '> 1', '> 2', '> 3', '> 4'],
  );
});

test('tabs are expanded, and nothing hostile comes out', () => {
  assert.deepEqual(texts('a\tb\n\tc\x1b[31m', { width: 40 }), ['a       b', '        c\ufffd[31m']);
});

test('no row is wider than the pane and no text is lost, whatever comes', () => {
  const piece = fc.oneof(
    fc.constantFrom('> ', '>> ', '\n', ' \n', '\t', '-- \n', 'https://example.org/a-long-path ', '日本語', '👨‍👩‍👧', 'שלום', 'e\u0301'),
    fc.lorem({ maxCount: 6 }),
    fc.string({ unit: 'binary', maxLength: 6 }),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 30 }).map(parts => parts.join('')),
      fc.integer({ min: 14, max: 100 }),
      fc.boolean(),
      (text, cells, flowed) => {
        for (const line of layout(text, { width: cells, flowed })) {
          assert.ok(width(line.text) <= Math.min(cells, 80), JSON.stringify(line));
          assert.ok(!/[\n\t\x1b]/.test(line.text));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('the first screen of a very long body costs a small part of the whole, and all of it is linear', () => {
  const flat = (text: string) => Buffer.from(text).toString();
  const body = flat(`${'> The quick brown fox jumps over the lazy dog, für immer. '.repeat(2)}\n`.repeat(9_000));
  const timed = (text: string, limit: number) => {
    const started = stopwatch();
    let count = 0;
    for (const _ of layoutRows(text, { width: 80 })) if (++count >= limit) break;
    return started();
  };
  timed(body, 1000);
  assert.ok(timed(body, 50) * 10 < timed(body, Number.POSITIVE_INFINITY));
  const long = [
    body,
    body.replaceAll('\n', ' '),
    '>'.repeat(1e6),
    'x'.repeat(1e6),
    ' '.repeat(1e6),
    '(<'.repeat(5e5),
    '日'.repeat(3e5),
    'https://'.repeat(2e5),
    '\n'.repeat(3e5),
    'e\u0301'.repeat(3e5),
  ];
  for (const text of long) {
    const took = timed(flat(text), Number.POSITIVE_INFINITY);
    // Quadratic work takes minutes; the target is 100 ms per MB on an idle machine.
    assert.ok(took < 5000, `${took} ms for ${JSON.stringify(text.slice(0, 20))}`);
    if (process.env.TMAIL_MEASURE) process.stderr.write(`${Math.round(took)} ms ${JSON.stringify(text.slice(0, 20))}\n`);
  }
});
