import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { flow, unflow } from '../../../src/mail/compose/flowed.ts';
import { rewrap, rewrapAt } from '../../../src/mail/compose/rewrap.ts';
import { width } from '../../../src/mail/width.ts';
import { stopwatch } from '../cpu-time.ts';

const CASES: readonly (readonly [string, string, string])[] = [
  ['joins and breaks', 'one two three\nfour five six seven', 'one two three four\nfive six seven'],
  ['keeps paragraphs', 'one\ntwo\n\nthree\nfour', 'one two\n\nthree four'],
  ['keeps quote levels', '> one two three four five\n> six\n>> seven\nmine', '> one two three four\n> five six\n>> seven\nmine'],
  ['keeps spaced quote marks', '> > one two three four five six', '> > one two three\n> > four five six'],
  ['gives marks a space', '>one two three four five', '> one two three four\n> five'],
  ['leaves code', '    one two three four five six\n\tone two three four five six', '    one two three four five six\n\tone two three four five six'],
  ['leaves fences', '```\none\ntwo\n```\nthree\nfour', '```\none\ntwo\n```\nthree four'],
  ['leaves tables', '| a |\n| b |', '| a |\n| b |'],
  ['leaves the signature', 'one\ntwo\n-- \nAda\nLovelace, Countess of Lovelace', 'one two\n-- \nAda\nLovelace, Countess of Lovelace'],
  ['goes on below a signature that a quote follows', '-- \nAda\n> one\n> two', '-- \nAda\n> one two'],
  ['hangs bullets', '- one two three four five\n- six\n  seven', '- one two three four\n  five\n- six seven'],
  ['hangs numbers', '10. one two three four five', '10. one two three\n    four five'],
  ['keeps an indent', '  one two three four five', '  one two three four\n  five'],
  ['cuts no word', 'a https://example.org/a-very-long-address b', 'a\nhttps://example.org/a-very-long-address\nb'],
  ['breaks between ideographs', '数学是研究数量、结构以及空间等概念的', '数学是研究数量、结构\n以及空间等概念的'],
  ['joins ideographs without a space', '数学是\n研究数量', '数学是研究数量'],
  ['joins Hangul with one', '안녕\n세상', '안녕 세상'],
  ['begins no line with what would be a mark', 'one two three four > five', 'one two three four >\nfive'],
  ['begins no line with a bullet', 'one two three fours - five', 'one two three fours -\nfive'],
  ['leaves headers of a forwarded message', 'From: a\nTo: b\nSubject: c', 'From: a\nTo: b\nSubject: c'],
  ['leaves empty text', '', ''],
];

for (const [name, text, expected] of CASES) {
  test(`rewrap ${name}`, () => {
    assert.equal(rewrap(text, 20), expected);
    assert.equal(rewrap(expected, 20), expected, 'not stable');
  });
}

test('the paragraph under the caret alone is broken again', () => {
  const text = 'one\ntwo\n\n> three\n> four\n\nfive\nsix';
  assert.deepEqual(rewrapAt(text, text.indexOf('four'), 20), { start: 9, end: 23, text: '> three four' });
  assert.deepEqual(rewrapAt(text, 0, 20), { start: 0, end: 7, text: 'one two' });
  assert.deepEqual(rewrapAt(text, text.length, 20), { start: 25, end: text.length, text: 'five six' });
  assert.equal(rewrapAt(text, 8, 20), null);
  assert.equal(rewrapAt('one', 1, 20), null);
});

const words = fc.string({ unit: fc.constantFrom(...'ab .>-1漢字안é👍\n', '> ', '\n\n', '\n> ', 'word '), maxLength: 200 });

test('no character but spaces and line ends comes, goes or moves, and it is stable', () => {
  const bare = (text: string) => text.replace(/^[ >]+/gm, '').replace(/\s+/g, '');
  fc.assert(
    fc.property(words, fc.integer({ min: 20, max: 80 }), (text, cells) => {
      const once = rewrap(text, cells);
      assert.equal(bare(once), bare(text));
      assert.equal(rewrap(once, cells), once);
      const depths = (value: string) =>
        [...new Set(value.split('\n').map(line => /^ ?(?:> ?)*/.exec(line)?.[0].replace(/[^>]/g, '').length))].sort();
      assert.deepEqual(depths(once), depths(text));
    }),
    { numRuns: 2000 },
  );
});

test('prose of short words is never wider than asked for', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'word', '漢字', 'été', '안녕', '👍'), { maxLength: 60 }), fc.integer({ min: 20, max: 80 }), (list, cells) => {
      for (const line of rewrap(list.join(' '), cells).split('\n')) assert.ok(width(line) <= cells, line);
    }),
  );
});

test('rewrapping a megabyte takes no time to speak of', () => {
  const started = stopwatch();
  rewrap('> word word word\n'.repeat(60_000));
  rewrap('word '.repeat(200_000));
  assert.ok(started() < 4000, `${started()} ms`);
});

// ── format=flowed

const FLOWED: readonly (readonly [string, string, string])[] = [
  ['short lines', 'one\ntwo', 'one\ntwo'],
  ['a paragraph', 'one two three four five', 'one two three \nfour five'],
  ['a quote', '> > one two three four five', '>> one two \n>> three four \n>> five'],
  ['trailing spaces', 'one  \n \ntwo', 'one\n\ntwo'],
  ['stuffing', ' indented\nFrom here\n>quoted', '  indented\n From here\n> quoted'],
  ['the signature', 'x\n-- \nAda', 'x\n-- \nAda'],
  ['a long word', `a ${'x'.repeat(30)} b`, `a \n${'x'.repeat(30)} \nb`],
  ['aligned columns', 'a    b    c    d    e    f', 'a    b    c    d    e    f'],
  ['nothing', '', ''],
];

for (const [name, text, expected] of FLOWED) {
  test(`format=flowed: ${name}`, () => {
    assert.equal(flow(text, 15), expected);
  });
}

test('flowed text comes back as it was, quote marks spaced, trailing spaces gone', () => {
  const normal = (text: string) =>
    text
      .split('\n')
      .map(line => {
        if (line === '-- ') return line;
        const marks = /^(?:> ?)*/.exec(line)?.[0] ?? '';
        const depth = marks.replace(/[^>]/g, '').length;
        const body = line.slice(marks.length);
        return `${'> '.repeat(depth)}${body === '-- ' ? body : body.trimEnd()}`.replace(/^((?:> )*>) $/, '$1');
      })
      .join('\n');
  fc.assert(
    fc.property(words, fc.integer({ min: 10, max: 72 }), (text, cells) => {
      assert.equal(unflow(flow(text, cells)), normal(text));
    }),
    { numRuns: 2000 },
  );
});

test('soft breaks of other programs are joined, DelSp included', () => {
  assert.equal(unflow('one \ntwo\n>> three \n>> four\n-- \nAda'), 'one two\n> > three four\n-- \nAda');
  assert.equal(unflow('数学是 \n研究', true), '数学是研究');
  assert.equal(unflow('one \n> two \nthree'), 'one \n> two \nthree');
});
