import assert from 'node:assert/strict';
import { test } from 'node:test';
import { envelopeOf } from '../../src/store/headers.ts';

const read = (...lines: string[]) =>
  envelopeOf(Buffer.from(`${lines.join('\r\n')}\r\n\r\nSubject: body\r\n`));

test('a header gives its envelope: words, people, date, references', () => {
  const envelope = read(
    'From: =?utf-8?q?Ren=C3=A9?= <rene@example.org>, "Doe, \\"J\\"" <j@x.org>, plain@x.org',
    'To: (nobody)',
    'Subject: =?UTF-8?B?w6Q=?=',
    ' =?ISO-8859-1?Q?_=FC?= plain',
    'Date: Mon, 1 Jan 2024 10:00:00 +0100 (CET)',
    'Message-ID: <a@b>',
    'References: <one@x>',
    '\t<two@x>',
    'In-Reply-To: <two@x> from someone',
  );
  assert.equal(envelope.subject, 'ä ü plain');
  assert.deepEqual(envelope.from, [
    { name: 'René', address: 'rene@example.org' },
    { name: 'Doe, "J"', address: 'j@x.org' },
    { name: '', address: 'plain@x.org' },
  ]);
  assert.equal(envelope.date, Date.UTC(2024, 0, 1, 9));
  assert.equal(envelope.messageId, 'a@b');
  assert.deepEqual(envelope.references, ['one@x', 'two@x']);
  assert.equal(envelope.inReplyTo, 'two@x');
});

test('whatever is no mail still gives an envelope', () => {
  const hostile = [
    Buffer.alloc(0),
    Buffer.alloc(5000),
    Buffer.from('no header at all'),
    Buffer.from(`Subject: ${'('.repeat(200_000)}\n\n`),
    Buffer.from(`From: ${'"<,'.repeat(60_000)}\r\n\r\n`),
    Buffer.from(`Subject: ${'=?utf-8?q?'.repeat(50_000)}\r\n\r\n`),
    Buffer.from('Date: Mon, 99 Foo 99999\r\nSubject: =?nonsense?B?####?=\r\n\r\n'),
    Buffer.from(`${'X: y\r\n'.repeat(50_000)}\r\n`),
  ];
  for (const bytes of hostile) {
    const started = performance.now();
    const envelope = envelopeOf(bytes);
    assert.ok(Number.isFinite(envelope.date));
    assert.equal(envelope.size, bytes.length);
    assert.ok(performance.now() - started < 2000, bytes.subarray(0, 30).toString());
  }
});
