import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  fromLine,
  fromLineDate,
  mailboxLines,
  quoteFrom,
  contentLength,
  readMailboxHeader,
  unquoteFrom,
} from '../../src/mail/mbox.ts';

async function* inPieces(text: string, sizes: readonly number[]): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text, 'latin1');
  let at = 0;
  for (let n = 0; at < bytes.length; n++) {
    const size = sizes[n % Math.max(1, sizes.length)] ?? 7;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function all(source: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

/** By the definition, on the whole text. */
const quoted = (text: string) => text.replace(/^(?=>*From )/gm, '>');

// `m` would also take \r for a line end; mbox lines end with \n alone.
const words = fc.array(fc.constantFrom('From ', '>', '>>', '\n', 'F', 'Fro', 'From', ' ', 'x', 'é', '\0'), {
  maxLength: 40,
});

test('quoting is mboxrd whatever the pieces are, and unquoting undoes it', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(words, sizes, sizes, async (parts, first, second) => {
      const text = parts.join('');
      const there = await all(quoteFrom(inPieces(text, first)));
      assert.equal(there, quoted(text));
      assert.equal(await all(unquoteFrom(inPieces(there, second))), text);
    }),
    { numRuns: 500 },
  );
});

test('a From_ line is written in UTC and read back; a sender that is none becomes MAILER-DAEMON', () => {
  const at = Date.UTC(2026, 10, 3, 9, 4, 5);
  assert.equal(fromLine('ada@example.org', at), 'From ada@example.org Tue Nov  3 09:04:05 2026\n');
  assert.match(fromLine('a b\n@c', at), /^From MAILER-DAEMON Tue/);
  assert.equal(fromLineDate(fromLine('x@y', at).trimEnd()), at);
});

const lines: [line: string, at: string | null][] = [
  ['From MAILER-DAEMON Fri Jul  8 12:08:34 2011', '2011-07-08T12:08:34Z'],
  ['From - Sat Jan  1 01:02:03 2005', '2005-01-01T01:02:03Z'],
  ['From a@b Sat Jan  1 01:02 2005', '2005-01-01T01:02:00Z'],
  ['From a@b Sat Jan  1 01:02:03 CEST 2005', '2005-01-01T01:02:03Z'],
  ['From 1234@xxx Mon Nov 23 09:42:00 +0100 2026', '2026-11-23T08:42:00Z'],
  ['From a@b Mon Nov 23 09:42:00 2026 remote from host', '2026-11-23T09:42:00Z'],
  ['From "a b"@c Mon Nov 23 09:42:00 2026\r', '2026-11-23T09:42:00Z'],
  ['From here it goes on', null],
  ['From Monday on we meet at 10:00', null],
  ['>From a@b Sat Jan  1 01:02:03 2005', null],
];
for (const [line, at] of lines) {
  test(`"${line.trim()}" ${at ? 'begins a message' : 'is text'}`, () => {
    assert.equal(fromLineDate(line), at === null ? null : Date.parse(at));
  });
}

test("flags stand in the mailbox's own fields, and the message's fields of the same name stay", () => {
  const own = 'Status: of the message\nSubject: x\nX-Keywords: its\n\n';
  const flags = ['\\Seen', '\\Answered', '\\Flagged', '$Forwarded', 'todo'];
  const read = readMailboxHeader(Buffer.from(mailboxLines(flags, true) + own));
  assert.deepEqual([read.flags, read.rest.toString(), read.ours, read.endsWithFeed], [flags, own, true, true]);
  assert.equal(readMailboxHeader(Buffer.from(mailboxLines([], false) + own)).endsWithFeed, false);
});

test('a Content-Length is the first one that is a number; ours has none', () => {
  const length = (text: string) => contentLength(Buffer.from(text));
  assert.equal(length('Subject: x\r\ncontent-length : 12 \r\nContent-Length: 13\r\n\r\n'), 12);
  assert.equal(length('Content-Length: many\nContent-Length: 7\n\n'), 7);
  assert.equal(length('X-Content-Length: 7\n Content-Length: 8\n\n'), null);
  assert.equal(length(`${mailboxLines([], true)}Content-Length: 7\n\n`), null);
});

test('flags of mutt, Dovecot and Mozilla are read, and their fields taken away with their folds', () => {
  const header = (fields: string) => readMailboxHeader(Buffer.from(`${fields}Subject: x\r\n\r\n`));
  const mutt = header('Status: RO\r\nX-Status: AF\r\nX-Keywords: one\r\n two\r\nContent-Length: 12\r\n');
  assert.deepEqual(mutt.flags, ['\\Seen', '\\Answered', '\\Flagged', 'one']);
  assert.equal(mutt.rest.toString(), 'Content-Length: 12\r\nSubject: x\r\n\r\n');
  assert.deepEqual(header('X-Mozilla-Status: 0005\nX-Mozilla-Status2: 00000000\n').flags, ['\\Seen', '\\Flagged']);
});
