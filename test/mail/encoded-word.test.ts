import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBytes } from '../../src/mail/charsets.ts';
import { decodeWords, parseParameters } from '../../src/mail/encoded-word.ts';
import { stopwatch } from './cpu-time.ts';

const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex');

const CHARSETS: readonly (readonly [string, string, string])[] = [
  ['utf-8', '67 72 c3 bc c3 9f', 'grüß'],
  ['UTF8', 'c3 bc', 'ü'],
  ['"utf-8"', 'c3 bc', 'ü'],
  ['iso-8859-1', '67 fc 80', 'gü€'],
  ['windows-1252', '93 e9 94 96', '“é”–'],
  ['iso-8859-2', 'b1 ea', 'ąę'],
  ['iso-8859-5', 'bf e0', 'Пр'],
  ['iso-8859-7', 'c1 e2', 'Αβ'],
  ['iso-8859-8-i', 'f9 ec', 'של'],
  ['iso-8859-9', 'fd f0', 'ığ'],
  ['iso-8859-15', 'a4', '€'],
  ['iso-8859-16', 'aa ba', 'Șș'],
  ['windows-1250', '9c b3', 'śł'],
  ['windows-1251', 'cf f0', 'Пр'],
  ['windows-1256', 'e3', 'م'],
  ['koi8-r', 'f0 d2', 'Пр'],
  ['koi8-u', 'a4', 'є'],
  ['cp850', '81 e1', 'üß'],
  ['cp437', '81 e1', 'üß'],
  ['ibm866', '8f e0', 'Пр'],
  ['macintosh', '9f', 'ü'],
  ['gb2312', 'c4 e3 ba c3', '你好'],
  ['big5', 'a7 41 a6 6e', '你好'],
  ['shift_jis', '93 fa 96 7b', '日本'],
  ['cp932', '93 fa 87 40', '日①'],
  ['euc-jp', 'c6 fc cb dc', '日本'],
  ['iso-2022-jp', '1b 24 42 46 7c 4b 5c 1b 28 42 61', '日本a'],
  ['euc-kr', 'be c8', '안'],
  ['ks_c_5601-1987', 'be c8', '안'],
  ['iso-2022-kr', '1b 24 29 43 0e 3e 48 0f 61', '안a'],
  ['hz-gb-2312', '7e 7b 44 63 3a 43 7e 7d 61', '你好a'],
  ['utf-7', '67 72 2b 41 50 77 41 33 77 2d 20 2b 2d', 'grüß +'],
  ['utf-16', 'fe ff 00 67 00 fc', 'gü'],
  ['utf-16le', '67 00 fc 00', 'gü'],
  ['windows-874', 'a1', 'ก'],
];

for (const [charset, bytes, text] of CHARSETS) {
  test(`${charset} is read`, () => assert.deepEqual(decodeBytes(hex(bytes), charset), { text, guessed: false }));
}

test('GB 18030 reads its four-byte characters', () => {
  const { text } = decodeBytes(hex('c4 e3 94 39 da 33'), 'gb18030');
  assert.equal(text, '你💩');
});

test('wrong and unknown labels fall back to UTF-8, then windows-1252, and say so', () => {
  assert.deepEqual(decodeBytes(hex('c3 bc'), 'klingon'), { text: 'ü', guessed: true });
  assert.deepEqual(decodeBytes(hex('fc 93'), 'klingon'), { text: 'ü“', guessed: true });
  assert.deepEqual(decodeBytes(hex('67 fc df'), 'utf-8'), { text: 'güß', guessed: true });
  // Cut in the middle of a character, it is still UTF-8.
  assert.deepEqual(decodeBytes(hex('c3 bc c3 bc c3'), 'utf-8'), { text: 'üü\ufffd', guessed: true });
  assert.deepEqual(decodeBytes(hex('fc'), 'us-ascii'), { text: 'ü', guessed: false });
  assert.deepEqual(decodeBytes(hex('c3 bc'), ''), { text: 'ü', guessed: false });
});

test('any bytes under any label give text', () => {
  const label = fc.oneof(fc.constantFrom(...CHARSETS.map(([name]) => name)), fc.string({ unit: 'binary', maxLength: 12 }));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), label, (bytes, charset) => {
      assert.equal(typeof decodeBytes(bytes, charset).text, 'string');
    }),
    { numRuns: 500 },
  );
});

const WORDS: readonly (readonly [string, string])[] = [
  ['plain', 'plain'],
  ['=?utf-8?q?gr=C3=BC=C3=9Fe?=', 'grüße'],
  ['=?UTF-8?B?Z3LDvMOfZQ==?=', 'grüße'],
  ['=?iso-8859-1?Q?a_b=5F?=', 'a b_'],
  ['a =?utf-8?q?b?= c', 'a b c'],
  ['=?utf-8?q?a?= =?utf-8?q?b?=', 'ab'],
  ['=?utf-8?q?a?=  =?iso-8859-1?q?=FC?= x', 'aü x'],
  ['=?utf-8?b?w7w=?= =?utf-8?b?w58=?=', 'üß'],
  // One character cut into two words.
  ['=?utf-8?b?ww==?= =?utf-8?b?vA==?=', 'ü'],
  ['=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=', '日本'],
  ['=?utf-8*en?q?hi?=', 'hi'],
  ['=?utf-8?q?has space?=', 'has space'],
  ['=?utf-8?x?bad?=', '=?utf-8?x?bad?='],
  ['=?utf-8?q?open', '=?utf-8?q?open'],
  ['=?', '=?'],
  ['=?=?=?utf-8?q?a?=', '=?=?a'],
  ['=?klingon?q?=C3=BC?=', 'ü'],
  ['gr\xc3\xbc\xc3\x9fe', 'grüße'],
  ['gr\xfc\xdfe', 'grüße'],
  ['\x1b$B\x46\x7c\x1b(B', '日'],
  ['schon grüße →', 'schon grüße →'],
  ['=?utf-8?q?=1B[31m?=', '\x1b[31m'],
];

for (const [value, text] of WORDS) {
  test(`header text ${JSON.stringify(value)}`, () => assert.equal(decodeWords(value), text));
}

test('parameters in all their forms', () => {
  const cases: readonly (readonly [string, string, Record<string, string>])[] = [
    ['text/plain', 'text/plain', {}],
    ['Text/HTML; Charset="UTF-8"; format=flowed', 'text/html', { charset: 'UTF-8', format: 'flowed' }],
    ['attachment; filename="a;b \\"c\\".txt"', 'attachment', { filename: 'a;b "c".txt' }],
    ["attachment; filename*=utf-8''%C3%A4%20b.pdf", 'attachment', { filename: 'ä b.pdf' }],
    ["attachment; filename=a.txt; filename*=iso-8859-1'en'%E4.txt", 'attachment', { filename: 'ä.txt' }],
    ["attachment; filename*0*=utf-8''%C3%A4; filename*1=b; filename*2*=%C3%B6", 'attachment', { filename: 'äbö' }],
    ['attachment; filename*1="b.txt"; filename*0="a-"', 'attachment', { filename: 'a-b.txt' }],
    ['attachment; filename="=?utf-8?q?=C3=A4.txt?="', 'attachment', { filename: 'ä.txt' }],
    ['attachment; filename=no quotes.txt', 'attachment', { filename: 'no quotes.txt' }],
    ['attachment; filename="open', 'attachment', { filename: 'open' }],
    ['multipart/mixed (comment); boundary = "x"', 'multipart/mixed', { boundary: 'x' }],
    ['x; __proto__=1; constructor=2', 'x', { ['__proto__']: '1', constructor: '2' } as never],
  ];
  for (const [header, value, params] of cases) {
    const parsed = parseParameters(header);
    assert.equal(parsed.value, value);
    assert.deepEqual([...parsed.params].sort(), Object.entries(params).sort(), header);
  }
});

test('hostile header values end quickly', () => {
  const started = stopwatch();
  for (const text of ['=?', '=?a?q?', '=?utf-8?q?a', ';', ';a', ';a="', ';a*1=', "'", '\\"', '?', '=?utf-8?b?w7w=?= ']) {
    decodeWords(text.repeat(100_000));
    parseParameters(`x;${text.repeat(100_000)}`);
  }
  assert.ok(started() < 4000);
});
