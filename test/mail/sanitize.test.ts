import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasRtl, isolate, sanitize } from '../../src/mail/sanitize.ts';

const CASES: readonly (readonly [string, string, string])[] = [
  ['plain ASCII', 'Hello, world!', 'Hello, world!'],
  ['letters of many scripts', 'Grüße Привет 日本語 שלום مرحبا', 'Grüße Привет 日本語 שלום مرحبا'],
  ['a colour', 'a\x1b[31mred\x1b[0m', 'a\ufffd[31mred\ufffd[0m'],
  ['a clipboard write (OSC 52)', '\x1b]52;c;cm0=\x07', '\ufffd]52;c;cm0=\ufffd'],
  ['an 8-bit CSI', '\x9b2J', '\ufffd2J'],
  ['NUL, backspace, delete', 'a\0b\bc\x7f', 'a\ufffdb\ufffdc\ufffd'],
  ['line breaks in one line', 'a\r\nb\nc\rd\u2028e\u2029f\u0085g', 'a b c d e f g'],
  ['a tab', 'a\tb', 'a b'],
  ['a file name turned around', 'annexe\u202efdp.exe', 'annexefdp.exe'],
  ['isolates and marks', '\u2066a\u2069\u200eb\u200f\u061c', 'ab'],
  ['zero-width spaces', 'pay\u200bpal\ufeff\u2060', 'paypal'],
  ['a soft hyphen', 'Donau\u00addampf', 'Donaudampf'],
  ['a joiner between Latin letters', 'a\u200db\u200cc', 'abc'],
  ['a non-joiner in Persian', 'می\u200cخواهم', 'می\u200cخواهم'],
  ['a joiner in Sinhala', 'ශ්\u200dරී', 'ශ්\u200dරී'],
  ['a joiner at the end', 'می\u200c', 'می'],
  ['a family', '👨\u200d👩\u200d👧', '👨\u200d👩\u200d👧'],
  ['a kiss with skin tones', '👩🏽\u200d❤\ufe0f\u200d💋\u200d👨🏽', '👩🏽\u200d❤\ufe0f\u200d💋\u200d👨🏽'],
  ['a heart on fire', '❤\ufe0f\u200d🔥', '❤\ufe0f\u200d🔥'],
  ['a chain of joined emoji', `👨${'\u200d👨'.repeat(20)}`, `👨${'\u200d👨'.repeat(4)}${'👨'.repeat(16)}`],
  ['a keycap', '1\ufe0f\u20e3', '1\ufe0f\u20e3'],
  ['a variation selector after a letter', 'a\ufe0fb\ufe0ec\u{e0100}', 'abc'],
  ['a flag', '🇩🇪', '🇩🇪'],
  ['tag characters', 'x\u{e0041}\u{e0042}', 'x'],
  ['a skin tone', '👍🏽', '👍🏽'],
  ['a skin tone on a letter', 'a🏽', 'a\ufffd'],
  ['composed and decomposed marks', 'é e\u0301', 'é e\u0301'],
  ['Vietnamese, decomposed', 'e\u0302\u0323', 'e\u0302\u0323'],
  ['zalgo', `a${'\u0301'.repeat(40)}b`, `a${'\u0301'.repeat(4)}b`],
  ['zalgo hidden by zero-width spaces', `a${'\u0301\u200b'.repeat(40)}b`, `a${'\u0301'.repeat(4)}b`],
  ['a mark without a base', '\u0301a', '◌\u0301a'],
  ['lone surrogates', 'a\ud83db\udc4d', 'a\ufffdb\ufffd'],
  ['private use', 'a\ue0b0b', 'a\ufffdb'],
  ['a noncharacter', 'a\uffffb', 'a\ufffdb'],
  ['Hangul fillers', 'a\u3164\u115fb', 'ab'],
];

for (const [name, given, shown] of CASES) {
  test(`sanitize: ${name}`, () => assert.equal(sanitize(given), shown));
}

test('line breaks and tabs stay where they are asked for', () => {
  assert.equal(sanitize('a\r\nb\rc\u2028d\n\te\x1b', { keepNewlines: true }), 'a\nb\nc\nd\n e\ufffd');
  assert.equal(sanitize('a\tb\x07', { tabs: 'keep' }), 'a\tb\ufffd');
  assert.equal(sanitize('x\n\u0301', { keepNewlines: true }), 'x\n◌\u0301');
});

/** Text made of what attacks are made of, and of what they hide in. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...'\x1b \x9b \x07 \0 \r \n \t \u200b \u200c \u200d \ufe0f \ufe0e \u202e \u2066 \u2069 \u0301 \u20e3 \ud83d \udc4d'.split(' '),
        ...'👨 👍 🏽 ❤ 🇩 🇪 1 # a ש م क ् ष ก ำ ㅤ ᄀ ᅡ ᆨ 日 ◌ ☝ © \u{e0067} \u{e007f} \u{1f3f4}'.split(' '),
        ' ',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    { maxLength: 40 },
  )
  .map(parts => parts.join(''));

test('nothing that steers a terminal, hides or reorders comes out, whatever goes in', () => {
  const forbidden =
    /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0e\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}\p{Co}\p{Cs}\p{Cn}]/u;
  fc.assert(
    fc.property(hostile, text => {
      const shown = sanitize(text);
      assert.doesNotMatch(shown, forbidden);
      assert.doesNotMatch(shown, /\p{M}{6}/u);
      assert.doesNotMatch(shown, /^\p{M}/u);
      const lines = sanitize(text, { keepNewlines: true, tabs: 'keep' });
      assert.doesNotMatch(lines.replace(/[\n\t]/g, ''), forbidden);
      assert.doesNotMatch(lines, /^\p{M}/mu);
    }),
    { numRuns: 1000 },
  );
});

test('sanitising twice changes nothing more', () => {
  fc.assert(
    fc.property(hostile, fc.boolean(), (text, keepNewlines) => {
      const once = sanitize(text, { keepNewlines });
      assert.equal(sanitize(once, { keepNewlines }), once);
    }),
    { numRuns: 1000 },
  );
});

test('a field with right-to-left letters can be isolated, others stay as they are', () => {
  assert.equal(isolate('שלום 3'), '\u2068שלום 3\u2069');
  assert.equal(isolate('Grüße'), 'Grüße');
  assert.ok(hasRtl('a مرحبا'));
});
