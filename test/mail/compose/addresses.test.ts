import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addressKey,
  asciiDomain,
  entries,
  entryAt,
  formatMailbox,
  formatMailboxes,
  isAddress,
  readAddresses,
  sameMailbox,
  unique,
} from '../../../src/mail/compose/addresses.ts';
import { stopwatch } from '../cpu-time.ts';

type Pair = readonly [string, string];
const CASES: readonly (readonly [string, readonly Pair[], readonly string[]])[] = [
  ['', [], []],
  [' , ;; ,\n', [], []],
  ['ada@example.org', [['', 'ada@example.org']], []],
  ['<ada@example.org>', [['', 'ada@example.org']], []],
  ['Ada Lovelace <ada@example.org>', [['Ada Lovelace', 'ada@example.org']], []],
  ['Ada Lovelace ada@example.org', [['Ada Lovelace', 'ada@example.org']], []],
  ['ada@example.org (Ada Lovelace)', [['Ada Lovelace', 'ada@example.org']], []],
  ['ada@example.org (the @ lady)', [['the @ lady', 'ada@example.org']], []],
  ['"Lovelace, Ada; (C)" <ada@example.org>', [['Lovelace, Ada; (C)', 'ada@example.org']], []],
  ['"a \\"b\\" \\\\ c" <a@x.org>', [['a "b" \\ c', 'a@x.org']], []],
  ['a@x.org, b@y.org; c@z.org\nd@w.org', [['', 'a@x.org'], ['', 'b@y.org'], ['', 'c@z.org'], ['', 'd@w.org']], []],
  ['Ada\n <ada@example.org>', [['Ada', 'ada@example.org']], []],
  ['Team: A <a@x.org>, b@y.org; c@z.org', [['A', 'a@x.org'], ['', 'b@y.org'], ['', 'c@z.org']], []],
  ['undisclosed-recipients:;', [], []],
  ['mailto:ada@example.org', [['', 'ada@example.org']], []],
  ['李雷 <li@例子.公司>', [['李雷', 'li@例子.公司']], []],
  ['Ã¼ <a@x.org>', [['Ã¼', 'a@x.org']], []],
  ['=?utf-8?q?x?= <a@x.org>', [['=?utf-8?q?x?=', 'a@x.org']], []],
  ['jürgen@bücher.example', [['', 'jürgen@bücher.example']], []],
  ['"ada lovelace"@example.org', [['', '"ada lovelace"@example.org']], []],
  ['ada@[127.0.0.1], ada@[IPv6:::1]', [['', 'ada@[127.0.0.1]'], ['', 'ada@[IPv6:::1]']], []],
  ['ada+news@sub.example.org', [['', 'ada+news@sub.example.org']], []],
  ["o'brien@example.org", [['', "o'brien@example.org"]], []],
  ['ada@localhost', [['', 'ada@localhost']], []],
  ['ada@example.org <ada@example.org>', [['ada@example.org', 'ada@example.org']], []],
  // half typed
  ['ada', [], ['ada']],
  ['ada@', [], ['ada@']],
  ['@example.org', [], ['@example.org']],
  ['Ada <ada@example.org', [], ['Ada <ada@example.org']],
  ['"Ada <ada@example.org>', [], ['"Ada <ada@example.org>']],
  ['Ada <>', [], ['Ada <>']],
  ['a@x.org, bo', [['', 'a@x.org']], ['bo']],
  ['a@x.org b@y.org', [], ['a@x.org b@y.org']],
  ['a@b@c.org', [], ['a@b@c.org']],
  ['a..b@x.org, .a@x.org, a.@x.org', [], ['a..b@x.org', '.a@x.org', 'a.@x.org']],
  ['a@x..org, a@.org, a@x.org., a@-x.org', [], ['a@x..org', 'a@.org', 'a@x.org.', 'a@-x.org']],
  ['<a@x.org,b@y.org>', [], ['<a@x.org,b@y.org>']],
  ['a@ex\u200bample.org, a\u202eb@x.org', [], ['a@ex\u200bample.org', 'a\u202eb@x.org']],
  ['__proto__, constructor@x.org', [['', 'constructor@x.org']], ['__proto__']],
];

for (const [text, addresses, malformed] of CASES) {
  test(`typed: ${JSON.stringify(text)}`, () => {
    const found = readAddresses(text);
    assert.deepEqual(
      found.addresses.map(({ name, address }) => [name, address]),
      addresses,
    );
    assert.deepEqual(found.malformed, malformed);
  });
}

test('an entry knows where it stands, and the one under the caret is found', () => {
  const text = ' Ada <ada@x.org>,  "B, C" <b@y.org> ; gr';
  assert.deepEqual(
    entries(text).map(({ start, end }) => text.slice(start, end)),
    ['Ada <ada@x.org>', '"B, C" <b@y.org>', 'gr'],
  );
  assert.deepEqual(entryAt(text, text.length), { start: text.length - 2, end: text.length, text: 'gr' });
  assert.equal(entryAt(text, 22).text, '"B, C" <b@y.org>');
  assert.deepEqual(entryAt('a@x.org, ', 9), { start: 9, end: 9, text: '' });
});

test('mailboxes are the same when only the case or the spelling of the domain differs', () => {
  assert.ok(sameMailbox('Ada@Example.ORG', 'ada@example.org'));
  assert.ok(sameMailbox('ada@bücher.example', 'ada@xn--bcher-kva.example'));
  assert.ok(!sameMailbox('ada@example.org', 'ada@example.com'));
  assert.equal(addressKey('NoDomain'), 'nodomain');
  assert.deepEqual(
    unique([
      { name: 'A', address: 'a@x.org' },
      { name: 'B', address: 'A@X.ORG' },
      { name: 'C', address: 'c@x.org' },
    ], [{ name: '', address: 'C@x.org' }]).map(({ name }) => name),
    ['A'],
  );
});

test('a domain becomes A-labels, or is none', () => {
  assert.equal(asciiDomain('Bücher.Example'), 'xn--bcher-kva.example');
  assert.equal(asciiDomain('EXAMPLE.org'), 'example.org');
  for (const bad of ['', 'a b.org', 'a..b', '-a.org', 'a,b', `${'a'.repeat(64)}.org`, 'a\n.org', '[x\n]', 'x%41.ü.org']) {
    assert.equal(asciiDomain(bad), null, bad);
  }
});

test('whatever a sender calls himself, his mailbox is one entry that reads as it was', () => {
  const names = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.string());
  fc.assert(
    fc.property(fc.array(names, { maxLength: 4 }), list => {
      const mailboxes = list.map((name, n) => ({ name, address: `user${n}@example.org` }));
      const { addresses, malformed } = readAddresses(formatMailboxes(mailboxes));
      assert.deepEqual(malformed, []);
      assert.deepEqual(
        addresses,
        mailboxes.map(({ name, address }) => ({ name: name.replace(/[\s\p{Cc}]+/gu, ' ').trim(), address })),
      );
    }),
    { numRuns: 1000 },
  );
});

test('whatever stands for an address in a mail is at most one recipient', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ unit: fc.constantFrom(...'ab@.,;<>"()[]:\\ \n\r\t') }), (name, address) => {
      const text = formatMailbox({ name, address });
      const { addresses, malformed } = readAddresses(text);
      assert.ok(addresses.length + malformed.length <= 1, text);
      if (addresses[0]) assert.ok(isAddress(addresses[0].address));
    }),
    { numRuns: 3000 },
  );
});

test('hostile text ends quickly', () => {
  const started = stopwatch();
  for (const text of ['(', '"', '<', '[', ':', '\\', 'a@', '<"', 'a@x.org,', ' ', '"a']) {
    readAddresses(text.repeat(20_000));
  }
  assert.ok(started() < 3000, `${started()} ms`);
});
