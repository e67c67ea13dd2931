import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { envelopeOf, readHeaders } from '../../src/mail/headers.ts';
import { ADDRESSES, ENVELOPE_TEXT, HEADER_BYTES, REFERENCES } from '../../src/util/limits.ts';

const facts = { size: 1234, arrival: 1_700_000_000_000 };
const envelope = (text: string) => envelopeOf(Buffer.from(text, 'latin1'), facts);

test('an ordinary header becomes an envelope', () => {
  const mail = [
    'From: Ada Lovelace <ada@example.org>',
    'To: "Babbage, Charles" <cb@example.org>,',
    '\tMary <mary@example.org>',
    'Cc: =?utf-8?q?J=C3=BCrgen?= <j@example.org>',
    'Reply-To: list@example.org',
    'Subject: =?utf-8?b?R3LDvMOfZSBh?=',
    ' =?utf-8?b?dXMgV2llbg==?=',
    'Date: Tue, 12 Mar 2024 14:05:09 +0100',
    'Message-ID: <one@example.org>',
    'In-Reply-To: <zero@example.org>',
    'References: <root@example.org> <zero@example.org>',
    '',
    'Subject: not this',
  ].join('\r\n');
  assert.deepEqual(envelope(mail), {
    subject: 'Grüße aus Wien',
    from: [{ name: 'Ada Lovelace', address: 'ada@example.org' }],
    to: [
      { name: 'Babbage, Charles', address: 'cb@example.org' },
      { name: 'Mary', address: 'mary@example.org' },
    ],
    cc: [{ name: 'Jürgen', address: 'j@example.org' }],
    replyTo: [{ name: '', address: 'list@example.org' }],
    date: Date.UTC(2024, 2, 12, 13, 5, 9),
    arrival: facts.arrival,
    messageId: 'one@example.org',
    inReplyTo: 'zero@example.org',
    references: ['root@example.org', 'zero@example.org'],
    size: 1234,
    attachments: null,
  });
});

test('a message without From, Date or Subject has an empty envelope dated by its arrival', () => {
  for (const text of ['', '\r\n', 'X: y\r\n\r\nbody', 'Date: yesterday\n\n', 'Date: Thu, 1 Jan 1970 00:00:00 +0000\n\n']) {
    const { subject, from, date, messageId } = envelope(text);
    assert.deepEqual({ subject, from, date, messageId }, { subject: '', from: [], date: facts.arrival, messageId: '' });
  }
});

test('where the body begins', () => {
  const cases: readonly (readonly [string, number, number])[] = [
    ['A: b\r\n\r\nbody', 8, 1],
    ['A: b\n\nbody', 6, 1],
    ['A: b\r\n\nbody', 7, 1],
    ['A: b\r\n', 6, 1],
    ['\r\nbody', 2, 0],
    ['just text\r\nmore: text\r\n\r\n', 0, 0],
    ['From ada Tue Mar 12\r\nA: b\r\n\r\nbody', 29, 1],
    ['A: b\r\nnonsense here\r\nC: d\r\n\r\nbody', 29, 2],
  ];
  for (const [text, bodyAt, count] of cases) {
    const block = readHeaders(Buffer.from(text));
    assert.deepEqual([block.bodyAt, block.fields.length], [bodyAt, count], JSON.stringify(text));
  }
});

test('folded, repeated, odd and hostile fields', () => {
  assert.equal(envelope('Subject: a\r\n\tb\r\n  c\r\n\r\n').subject, 'a b c');
  assert.equal(envelope('SUBJECT : odd\r\n\r\n').subject, 'odd');
  assert.equal(envelope('Subject: one\r\nSubject: two\r\n\r\n').subject, 'one');
  assert.equal(envelope('To: a@x.org\r\nTo: b@x.org\r\n\r\n').to.length, 2);
  assert.equal(envelope('Message-ID: bare@example.org\r\n\r\n').messageId, 'bare@example.org');
  assert.equal(envelope('Subject: gr\xfc\xdfe\r\n\r\n').subject, 'grüße');
  assert.equal(envelope('Subject: gr\xc3\xbc\xc3\x9fe\r\n\r\n').subject, 'grüße');
  assert.equal(envelope('__proto__: x\r\nconstructor: y\r\nSubject: z\r\n\r\n').subject, 'z');
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
});

test('what is too long is cut to its limits', () => {
  const ids = Array.from({ length: 200 }, (_, i) => `<${i}@x>`).join(' ');
  const cut = envelope(`Subject: ${'x'.repeat(5000)}\r\nReferences: ${ids}\r\nTo: ${'a@x.org,'.repeat(5000)}\r\n\r\n`);
  assert.equal(cut.subject.length, ENVELOPE_TEXT);
  assert.equal(cut.references.length, REFERENCES);
  assert.equal(cut.references[0], '0@x');
  assert.equal(cut.references.at(-1), '199@x');
  assert.equal(cut.to.length, ADDRESSES);
  const big = readHeaders(Buffer.from(`${'X: y\r\n'.repeat(2_000_000)}\r\nbody`));
  assert.ok(big.cut);
  assert.equal(big.bodyAt, 12_000_002);
  assert.ok(big.fields.length <= HEADER_BYTES / 6 + 1);
});

test('any bytes give an envelope', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      const found = envelopeOf(Buffer.from(bytes), facts);
      assert.equal(typeof found.subject, 'string');
      assert.ok(Number.isFinite(found.date));
    }),
    { numRuns: 1000 },
  );
});
