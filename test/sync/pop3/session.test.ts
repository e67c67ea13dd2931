import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ServerCopy } from '../../../src/config/types.ts';
import { TmailError } from '../../../src/util/errors.ts';
import { startDovecot } from '../../servers/dovecot.ts';
import { sha256, startPop3Server } from '../../servers/pop3.ts';
import { hardBodies } from '../../servers/pop3-messages.ts';
import { openAccount } from './account.ts';

const root = await mkdtemp(join(tmpdir(), 'tmail-pop3-session-'));
after(() => rm(root, { recursive: true, force: true }));
let count = 0;
const freshDir = () => join(root, String(count++));

const DAY = 24 * 60 * 60 * 1000;
const mail = (n: number, extra = '') =>
  Buffer.from(
    `From: Ada <ada@example.org>\r\nDate: Thu, 1 Jan 2026 00:00:0${n % 10} +0000\r\nMessage-ID: <${n}@x>\r\nSubject: number ${n}\r\n\r\nhello ${n}\r\n${extra}`,
  );

test('every body that mail can hold is kept as the server has it', async () => {
  const bodies = Object.values(hardBodies);
  await using server = await startPop3Server({ messages: bodies });
  const dir = freshDir();
  {
    await using home = await openAccount({ dir, port: server.port, serverCopy: 'keep' });
    const { error, received } = await home.check();
    assert.equal(error, null);
    assert.equal(received, bodies.length);
    assert.deepEqual(await home.hashes(), bodies.map(sha256));
  }
  await using again = await openAccount({ dir, port: server.port, serverCopy: 'keep' });
  assert.equal((await again.check()).received, 0);
  assert.deepEqual(await again.hashes(), bodies.map(sha256));
});

test('messages are listed with what their headers say, unread, in the inbox', async () => {
  await using server = await startPop3Server({ messages: [mail(1), mail(2)] });
  await using home = await openAccount({ dir: freshDir(), port: server.port, serverCopy: 'keep' });
  await home.check();
  await home.inbox.ensure(0, 10);
  const newest = home.inbox.envelope(home.inbox.uidAt(0) ?? 0);
  assert.equal(newest?.subject, 'number 2');
  assert.equal(newest?.from[0]?.address, 'ada@example.org');
  assert.equal(newest?.size, mail(2).length);
  assert.deepEqual(home.inbox.record.counts, { total: 2, unread: 2 });
  const roles = home.account.folders().map(record => [record.role, record.remote]);
  assert.deepEqual(roles, [
    ['inbox', true],
    ['sent', false],
    ['drafts', false],
    ['archive', false],
    ['trash', false],
    ['junk', false],
  ]);
});

test('delete empties the server once all is kept, and says how many went', async () => {
  await using server = await startPop3Server({ messages: [mail(1), mail(2), mail(3)] });
  await using home = await openAccount({ dir: freshDir(), port: server.port, serverCopy: 'delete' });
  const { last } = await home.check();
  assert.deepEqual(
    [last?.tally.received, last?.tally.deletedOnServer, last?.report?.onServer.messages],
    [3, 3, 0],
  );
  assert.equal(server.messages.length, 0);
  assert.equal((await home.hashes()).length, 3);
});

test('deleteAfterDays counts across restarts, and the next check is announced', async () => {
  const dir = freshDir();
  let now = Date.UTC(2026, 0, 1);
  await using server = await startPop3Server({ messages: [mail(1), mail(2)] });
  const serverCopy = { deleteAfterDays: 14 };
  for (const [days, left, announced] of [
    [0, 2, 0],
    [13, 2, 0],
    [2, 0, 2],
  ] as const) {
    now += days * DAY;
    await using home = await openAccount({ dir, port: server.port, serverCopy, now: () => now });
    const session = home.newSession();
    assert.equal(session.willDelete(), announced);
    assert.equal((await home.check()).error, null);
    assert.equal(server.messages.length, left);
    assert.equal((await home.hashes()).length, 2);
  }
});

test('untilDeletedHere: what was deleted here goes there at the next check', async () => {
  await using server = await startPop3Server({ messages: [mail(1), mail(2)] });
  await using home = await openAccount({
    dir: freshDir(),
    port: server.port,
    serverCopy: 'untilDeletedHere',
  });
  await home.check();
  const uid = home.inbox.uidAt(0) ?? 0;
  const remote = home.inbox.remote(uid);
  assert.ok(remote?.t === 'pop3');
  await home.newSession().deletedHere([remote.uidl]);
  await home.inbox.apply({ remove: [uid] }, 'now');
  assert.equal(home.newSession().willDelete(), 1);
  await home.check();
  assert.deepEqual(
    server.messages.map(one => one.bytes),
    [mail(1)],
  );
  assert.deepEqual(await home.hashes(), [sha256(mail(1))]);
});

test('a large message comes as its head, and whole when it is asked for', async () => {
  const big = mail(2, 'x'.repeat(5000));
  await using server = await startPop3Server({ messages: [mail(1), big] });
  const session = { settings: { sizeLimit: 2000 } };
  await using home = await openAccount({ dir: freshDir(), port: server.port, serverCopy: 'delete', session });
  await home.check();
  const uid = home.inbox.uidAt(0) ?? 0;
  assert.equal(home.inbox.raw(uid)?.partial, true);
  await home.inbox.ensure(0, 10);
  assert.equal(home.inbox.envelope(uid)?.size, big.length);
  assert.equal(server.messages.length, 1);
  const opened = home.newSession();
  for await (const _ of opened.body(home.idAt(0), 'whole')) void _;
  await opened.close();
  assert.deepEqual(await home.hashes(), [sha256(mail(1)), sha256(big)]);
  assert.equal(home.inbox.length, 2);
  assert.equal(server.messages.length, 0);
});

for (const [name, step] of [
  ['in the middle of RETR 3', 'RETR'],
  ['at DELE 3', 'DELE'],
] as const) {
  for (const commits of ['quit', 'drop'] as const) {
    test(`a line cut ${name}, where the server deletes at ${commits}: three checks later all is well`, async () => {
      const all = [1, 2, 3, 4, 5].map(n => mail(n));
      await using server = await startPop3Server({
        messages: all,
        commits,
        fault: ({ verb, nth, session }) =>
          session === 1 && verb === step && nth === 3 ? { t: 'cut', after: 30, how: 'reset' } : undefined,
      });
      await using home = await openAccount({ dir: freshDir(), port: server.port, serverCopy: 'delete' });
      assert.equal((await home.check()).error?.code, 'net.closed');
      for (let n = 0; n < 3; n++) assert.equal((await home.check()).error, null);
      assert.deepEqual((await home.hashes()).sort(), all.map(sha256).sort());
      assert.equal(server.messages.length, 0);
    });
  }
}

for (const [name, fault, commits] of [
  ['lost before it', { t: 'cut', after: 0, how: 'reset' }, 'quit'],
  ['refused', { t: 'say', bytes: '-ERR not all removed\r\n' }, 'never'],
  ['silent', { t: 'cut', after: 0, how: 'end' }, 'never'],
] as const) {
  test(`QUIT ${name}: nothing lost, nothing doubled, nothing left`, async () => {
    const all = [1, 2, 3].map(n => mail(n));
    await using server = await startPop3Server({
      messages: all,
      commits,
      fault: ({ verb, session }) => (session === 1 && verb === 'QUIT' ? fault : undefined),
    });
    await using home = await openAccount({ dir: freshDir(), port: server.port, serverCopy: 'delete' });
    const { error, last } = await home.check();
    assert.notEqual(error, null);
    assert.equal(last?.tally.deletedOnServer, 0);
    server.set({ commits: 'quit' });
    for (let n = 0; n < 3; n++) assert.equal((await home.check()).error, null);
    assert.deepEqual(await home.hashes(), all.map(sha256));
    assert.equal(server.messages.length, 0);
  });
}

test('a maildrop that another client has for a moment is waited for; nobody is told', async () => {
  let tries = 0;
  await using server = await startPop3Server({
    messages: [mail(1)],
    fault: ({ verb }) =>
      verb === 'AUTH' && ++tries < 3 ? { t: 'say', bytes: '-ERR [IN-USE] locked\r\n' } : undefined,
  });
  const session = { inUseWaitsMs: [1, 1] };
  await using home = await openAccount({ dir: freshDir(), port: server.port, serverCopy: 'keep', session });
  const { error, received } = await home.check();
  assert.deepEqual([error, received, tries, home.reports], [null, 1, 3, []]);
});

test('below the free-space floor nothing is fetched and nothing deleted, and it says so', async () => {
  await using server = await startPop3Server({ messages: [mail(1), mail(2)] });
  const floor = new TmailError('storage', 'disk.floor', { retry: 'auto' });
  const room = () => Promise.reject(floor);
  const dir = freshDir();
  {
    await using home = await openAccount({ dir, port: server.port, serverCopy: 'delete', room });
    assert.equal((await home.check()).error, floor);
    assert.ok(!server.commands.some(line => /^(?:RETR|TOP|DELE)/.test(line)));
    assert.deepEqual([server.messages.length, home.inbox.length], [2, 0]);
  }
  await using home = await openAccount({ dir, port: server.port, serverCopy: 'delete' });
  assert.equal((await home.check()).received, 2);
  assert.equal(server.messages.length, 0);
});

test('a maildrop that another client has locked ends the session for a later try', async () => {
  await using server = await startPop3Server({
    fault: ({ verb }) => (verb === 'AUTH' ? { t: 'say', bytes: '-ERR [IN-USE] locked\r\n' } : undefined),
  });
  const session = { inUseWaitsMs: [1] };
  await using home = await openAccount({ dir: freshDir(), port: server.port, serverCopy: 'keep', session });
  const { error } = await home.check();
  assert.deepEqual([error?.code, error?.retry], ['pop3.in-use', 'auto']);
});

/** Two files and a text; the second file makes it as large as wanted. */
const withFiles = (subject: string, length = 10) =>
  Buffer.from(
    `Subject: ${subject}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n` +
      '--b\r\nContent-Type: application/pdf; name="a.pdf"\r\n\r\nx\r\n' +
      `--b\r\nContent-Disposition: attachment; filename=b.txt\r\n\r\n${'x\r\n'.repeat(length)}\r\n--b--\r\n`,
  );

test('attachments are counted where the whole message came, and not guessed where only its head did', async () => {
  const messages = [mail(1), withFiles('small'), withFiles('large', 100_000), withFiles('huge', 200_000)];
  await using server = await startPop3Server({ messages });
  const session = { settings: { sizeLimit: 400_000 } };
  await using home = await openAccount({ dir: freshDir(), port: server.port, serverCopy: 'keep', session });
  assert.equal((await home.check()).error, null);
  await home.inbox.loadAll();
  const counted: Record<string, number | null | undefined> = {};
  for await (const { envelope } of home.inbox.scan()) counted[envelope.subject] = envelope.attachments;
  const plain = Object.keys(counted).find(subject => !/small|large|huge/.test(subject)) ?? '';
  assert.deepEqual(counted, { [plain]: 0, small: 2, large: 2, huge: null });
});

test('a message at which the line is always cut lets the others go first, and is tried again', async () => {
  const all = Array.from({ length: 8 }, (_, n) => mail(n));
  let cuts = true;
  await using server = await startPop3Server({
    messages: all,
    // The third: numbers are given anew in each session.
    fault: ({ verb, args }) =>
      cuts && verb === 'RETR' && server.messages[Number(args[0]) - 1]?.bytes === all[2]
        ? { t: 'cut', after: 30, how: 'reset' }
        : undefined,
  });
  await using home = await openAccount({ dir: freshDir(), port: server.port, serverCopy: 'delete' });
  const kinds: (string | undefined)[] = [];
  for (let n = 0; n < 4; n++) kinds.push((await home.check()).error?.kind);
  // Twice in its turn, then the others alone, then it alone.
  assert.deepEqual(kinds, ['network', 'network', undefined, 'network']);
  assert.equal(home.inbox.length, 7);
  assert.deepEqual(
    server.messages.map(one => one.bytes),
    [all[2]],
  );
  cuts = false;
  assert.equal((await home.check()).error, null);
  await home.check();
  assert.equal(server.messages.length, 0);
  assert.deepEqual((await home.hashes()).sort(), all.map(sha256).sort());
});

test('where each message takes its time, progress is told and a cancel heard before a batch is full', async () => {
  const all = Array.from({ length: 10 }, (_, n) => mail(n));
  // One at a time, each 100 ms.
  const capabilities = ['TOP', 'UIDL', 'USER'];
  await using server = await startPop3Server({ messages: all, capabilities, delay: 100 });
  await using home = await openAccount({ dir: freshDir(), port: server.port, serverCopy: 'delete' });
  const session = home.newSession();
  let seen = 0;
  for await (const { done } of session.pull(home.inbox.record.id)) {
    seen = done;
    if (done > 0) break;
  }
  await session.close();
  assert.ok(seen > 0 && seen < 10, `${seen} of 10`);
  assert.equal(home.inbox.length, seen);
  assert.equal(server.messages.length, 10);
  assert.equal((await home.check()).received, 10 - seen);
  assert.deepEqual((await home.hashes()).sort(), all.map(sha256).sort());
});

test('a cancel between batches keeps what is here and deletes nothing', async () => {
  const all = Array.from({ length: 120 }, (_, n) => mail(n));
  await using server = await startPop3Server({ messages: all });
  await using home = await openAccount({ dir: freshDir(), port: server.port, serverCopy: 'delete' });
  const session = home.newSession();
  for await (const { done } of session.pull(home.inbox.record.id)) if (done >= 50) break;
  await session.close();
  assert.equal(home.inbox.length, 50);
  assert.equal(server.messages.length, 120);
  assert.equal((await home.check()).received, 70);
  await home.check();
  assert.equal(server.messages.length, 0);
  assert.deepEqual((await home.hashes()).sort(), all.map(sha256).sort());
});

test('Dovecot: TLS and STLS, each policy, the same bytes, nothing twice', async () => {
  await using dovecot = await startDovecot();
  const all = Array.from({ length: 300 }, (_, n) => mail(n, `${'.dots\r\n'.repeat(n % 5)}8-bit: é\r\n`));
  await dovecot.deliver('INBOX', all);
  const policies: readonly [ServerCopy, 'tls' | 'starttls', number][] = [
    ['keep', 'tls', 300],
    [{ deleteAfterDays: 1 }, 'starttls', 300],
    ['untilDeletedHere', 'tls', 300],
    ['delete', 'starttls', 0],
  ];
  for (const [serverCopy, security, left] of policies) {
    const port = security === 'tls' ? dovecot.pop3sPort : dovecot.pop3Port;
    await using home = await openAccount({ dir: freshDir(), port, security, ca: dovecot.ca, serverCopy });
    const { error, received, last } = await home.check();
    assert.equal(error, null);
    assert.equal(received, 300);
    assert.deepEqual(home.reports, []);
    assert.equal(last?.report?.onServer.messages, left);
    assert.deepEqual((await home.hashes()).sort(), all.map(sha256).sort());
    const again = await home.check();
    assert.deepEqual([again.received, again.last?.report?.onServer.messages], [0, left]);
  }
});
