import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddress, nameMisleads, parseAddresses, shortName } from '../../src/mail/address.ts';
import { ADDRESSES } from '../../src/util/limits.ts';
import { stopwatch } from './cpu-time.ts';

const CASES: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  ['', []],
  ['ada@example.org', [['', 'ada@example.org']]],
  ['<ada@example.org>', [['', 'ada@example.org']]],
  ['Ada Lovelace <ada@example.org>', [['Ada Lovelace', 'ada@example.org']]],
  ['"Lovelace, Ada" <ada@example.org>', [['Lovelace, Ada', 'ada@example.org']]],
  ['"Ada \\"Countess\\" L" <ada@example.org>', [['Ada "Countess" L', 'ada@example.org']]],
  ['ada@example.org (Ada Lovelace)', [['Ada Lovelace', 'ada@example.org']]],
  ['ada@example.org (Ada (the first) L)', [['Ada (the first) L', 'ada@example.org']]],
  ['a@x.org, b@y.org', [['', 'a@x.org'], ['', 'b@y.org']]],
  ['A <a@x.org>,, ,B <b@y.org>,', [['A', 'a@x.org'], ['B', 'b@y.org']]],
  ['team: A <a@x.org>, b@y.org;, c@z.org', [['A', 'a@x.org'], ['', 'b@y.org'], ['', 'c@z.org']]],
  ['undisclosed-recipients:;', []],
  ['a@x.org; b@y.org', [['', 'a@x.org'], ['', 'b@y.org']]],
  ['=?utf-8?q?J=C3=BCrgen?= <j@x.org>', [['Jürgen', 'j@x.org']]],
  ['"=?utf-8?b?SsO8cmdlbg==?=" <j@x.org>', [['Jürgen', 'j@x.org']]],
  ['=?utf-8?q?a=2C_b_=3Cevil=40x=2Eorg=3E?= <j@x.org>', [['a, b <evil@x.org>', 'j@x.org']]],
  ['J\xc3\xbcrgen <j@x.org>', [['Jürgen', 'j@x.org']]],
  ['J\xfcrgen <j@x.org>', [['Jürgen', 'j@x.org']]],
  ['Ada Lovelace ada@example.org', [['Ada Lovelace', 'ada@example.org']]],
  ['ada @ example . org', [['', 'ada@example.org']]],
  ['"ada lovelace"@example.org', [['', '"ada lovelace"@example.org']]],
  ['A <@relay.org,@other.org:ada@example.org>', [['A', 'ada@example.org']]],
  ['ada@[IPv6:::1]', [['', 'ada@[IPv6:::1]']]],
  ['root', [['', 'root']]],
  ['Ada <>', [['Ada', '']]],
  ['<>', []],
  ['"unclosed <ada@example.org>', [['unclosed', 'ada@example.org']]],
  ['Ada <ada@example.org', [['Ada', 'ada@example.org']]],
  ['Ada (open <ada@example.org>', [['open <ada@example.org>', 'Ada']]],
  ['__proto__ <constructor>', [['__proto__', 'constructor']]],
];

for (const [header, expected] of CASES) {
  test(`addresses of ${JSON.stringify(header)}`, () => {
    assert.deepEqual(
      parseAddresses(header).map(({ name, address }) => [name, address]),
      expected,
    );
  });
}

test('hostile lists end quickly and stay within the limit', () => {
  const started = stopwatch();
  assert.equal(parseAddresses('a@x.org, '.repeat(100_000)).length, ADDRESSES);
  for (const text of ['(', '"', '<', '[', ':', '\\', 'a@', 'a"@', '=?', '=?utf-8?q?', ' ', '(a', '"a', 'a '] ) {
    parseAddresses(text.repeat(200_000));
    parseAddresses(`x ${text.repeat(200_000)} <a@x.org>`);
  }
  assert.ok(started() < 3000);
});

test('any text gives strings', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), text => {
      for (const { name, address } of parseAddresses(text)) {
        assert.equal(typeof name, 'string');
        assert.equal(typeof address, 'string');
      }
    }),
  );
});

test('an ordinary address survives being written and read again', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,12}$/);
  const name = fc.stringMatching(/^[A-Za-z0-9 ,.;:"\\()<>@-]{0,20}$/).map(text => text.replace(/\s+/g, ' ').trim());
  fc.assert(
    fc.property(name, word, word, (name, local, domain) => {
      const address = { name, address: `${local}@${domain}.example` };
      assert.deepEqual(parseAddresses(formatAddress(address)), [address]);
    }),
  );
});

test('a row names the person, and the real address where the name pretends to be another', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['Ada Lovelace', 'ada@example.org', 'Ada Lovelace'],
    ['', 'ada@example.org', 'ada'],
    ['ada@example.org', 'ada@example.org', 'ada'],
    ['ADA@Example.org', 'ada@example.org', 'ada'],
    ['', 'root', 'root'],
    ['boss@bank.example', 'thief@evil.example', '<thief@evil.example> boss@bank.example'],
    ['Boss (boss@bank.example)', 'thief@evil.example', '<thief@evil.example> Boss (boss@bank.example)'],
    ['boss＠bank．example', 'thief@evil.example', '<thief@evil.example> boss＠bank．example'],
    ['bo\u200bss@bank.example', 'thief@evil.example', '<thief@evil.example> bo\u200bss@bank.example'],
    ['Ada @ work', 'ada@example.org', 'Ada @ work'],
  ];
  for (const [name, address, shown] of cases) assert.equal(shortName({ name, address }), shown);
  assert.ok(!nameMisleads({ name: 'Ada ada@example.org', address: 'Ada@example.org' }));
});
