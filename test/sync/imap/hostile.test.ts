// Servers that misbehave in the middle of a session, and mail that would break a weaker client.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  HOSTILE_NAMES,
  type ImapServer,
  type ImapServerOptions,
  startImapServer,
} from '../../../src/demo/imap-server.ts';
import { messageId } from '../../../src/mail/ids.ts';
import { LINE_LIMITS } from '../../../src/sync/imap/client.ts';
import { message, openWorld, remoteUids, until, type World } from '../world.ts';

async function serverWith(
  t: TestContext,
  count: number,
  options: Partial<ImapServerOptions> = {},
): Promise<ImapServer> {
  const server = await startImapServer({ users: { ada: 'secret' }, ...options });
  t.after(() => server.stop());
  for (let n = 1; n <= count; n++) server.deliver('INBOX', message(n));
  return server;
}

function worldOf(server: ImapServer, more: Partial<Parameters<typeof openWorld>[0]> = {}): Promise<World> {
  return openWorld({ port: server.port, user: 'ada', password: 'secret', ...more });
}

test('folders with names that no sane server has are listed, opened and named back as they were', async t => {
  const server = await serverWith(t, 1, { rawMailboxes: HOSTILE_NAMES });
  for (const name of HOSTILE_NAMES) server.deliver(name, message(1));
  await using world = await worldOf(server);
  const report = await world.engine.syncOnce(null);
  assert.deepEqual(report.errors, []);
  const paths = world.account.folders().map(folder => folder.path);
  assert.equal(new Set(paths).size, HOSTILE_NAMES.length + 2, 'each is there, once, with a parent');
  const nameless = world.account.folders().filter(folder => !folder.selectable);
  assert.deepEqual(
    nameless.map(folder => folder.path).sort(),
    ['../..', 'caf\ufffd'],
    'a parent without mail, and bytes that are no UTF-8 and can not be named back',
  );
  for (const folder of world.account.folders().filter(each => each.selectable)) {
    assert.equal(
      (await world.account.folder(folder.id)).length,
      1,
      `the mail of ${JSON.stringify(folder.path)}`,
    );
  }
  const ids = world.account.folders().map(folder => folder.id);
  await world.engine.syncOnce(null);
  assert.deepEqual(
    world.account.folders().map(folder => folder.id),
    ids,
    'the same folders the next time',
  );
});

test('one monstrous mail costs a placeholder, not the folder', async t => {
  const server = await serverWith(t, 30);
  const crowd = Array.from({ length: 6000 }, (_, i) => `person${i}@example.org`).join(',\r\n ');
  server.deliver('INBOX', `From: a@b\r\nSubject: to everyone\r\nTo: ${crowd}\r\n\r\nhello\r\n`);
  for (let n = 32; n <= 60; n++) server.deliver('INBOX', message(n));
  const limits = { ...LINE_LIMITS, lineBytes: 100_000, literalBytes: 100_000 };
  await using world = await worldOf(server, { session: { limits } });
  let rounds = 0;
  for (let error: string | undefined = 'none yet'; error !== undefined; rounds++) {
    error = (await world.engine.syncOnce(null)).errors[0]?.code;
    assert.ok(error === undefined || error === 'imap.limit', error);
    assert.ok(rounds < 8, 'it never ends');
  }
  assert.ok(rounds > 1, 'the mail was no trouble at all');
  const inbox = await world.folder('INBOX');
  assert.deepEqual(
    await remoteUids(inbox),
    Array.from({ length: 60 }, (_, i) => 60 - i),
  );
  assert.equal(inbox.envelope(inbox.byRemoteUid(31) ?? 0)?.subject, 'to everyone');
});

test('NIL everywhere, and rows that no parser takes, leave a sensible row for every message', async t => {
  const server = await serverWith(t, 5);
  const rows = [
    '* 1 FETCH (UID 1 FLAGS NIL ENVELOPE NIL BODYSTRUCTURE NIL INTERNALDATE NIL RFC822.SIZE NIL)',
    '* 2 FETCH (UID 2 ENVELOPE ("x" NIL ((NIL NIL NIL NIL)) NIL NIL NIL NIL NIL NIL NIL))',
    '* 3 FETCH (UID 99999999999999999999 FLAGS (\\Seen',
    '* NIL FETCH NIL',
  ];
  server.setFault({ junk: rows });
  await using world = await worldOf(server);
  const report = await world.engine.syncOnce(null);
  assert.deepEqual(report.errors, []);
  const inbox = await world.folder('INBOX');
  assert.deepEqual(await remoteUids(inbox), [5, 4, 3, 2, 1]);
  for await (const { envelope } of inbox.scan()) {
    assert.ok(Number.isFinite(envelope.date) && Number.isFinite(envelope.size), JSON.stringify(envelope));
    assert.equal(typeof envelope.subject, 'string');
  }
});

test('a server that goes silent while one listens is left, and the new mail shown by the next connection', async t => {
  const server = await serverWith(t, 5);
  await using world = await worldOf(server, { session: { probeMs: 200, probeAnswerMs: 200 } });
  world.engine.start();
  await world.engine.settled();
  world.engine.show(world.record('INBOX').id);
  const inbox = await world.folder('INBOX');
  await until(world, () => server.log().some(line => /IDLE/.test(line)), 'IDLE');
  const before = server.accepted();
  server.setFault({ commands: [{ command: 'NOOP', times: 1, action: { t: 'hang' } }] });
  server.deliver('INBOX', message(6));
  await until(world, () => server.accepted() > before, 'another connection');
  await until(world, () => inbox.length === 6 && world.engine.status().phase === 'online', 'the new mail');
});

test('where IDLE is missing the folder is asked again and again', async t => {
  const server = await serverWith(t, 5, { faults: { hide: ['IDLE'] } });
  await using world = await worldOf(server, { session: { probeMs: 100 } });
  world.engine.start();
  await world.engine.settled();
  world.engine.show(world.record('INBOX').id);
  const inbox = await world.folder('INBOX');
  await world.engine.settled();
  server.deliver('INBOX', message(6));
  await until(world, () => inbox.length === 6, 'the new mail');
});

test('a server that grants one connection only serves everything by that one', async t => {
  const server = await serverWith(t, 40, { mailboxes: [{ name: 'Work' }, { name: 'Play' }] });
  server.deliver('Work', message(100));
  server.deliver('Play', message(101));
  await using world = await worldOf(server, { offline: 'all' });
  world.engine.start();
  await until(world, () => world.account.folders().length === 3, 'the folders');
  server.setFault({ greeting: { raw: '* BYE Too many connections\r\n' } });
  world.engine.show(world.record('INBOX').id);
  const work = await world.folder('Work');
  const play = await world.folder('Play');
  await until(world, () => work.length === 1 && play.length === 1, 'the other folders');
  await world.engine.body(messageId(work.record.id, work.uidAt(0) ?? 0), 'text');
  await until(world, () => Boolean(play.raw(play.uidAt(0) ?? 0)), 'the bodies in the background');
  assert.equal(world.engine.status().phase, 'online');
  server.clearFaults();
  server.deliver('INBOX', message(41));
  const inbox = await world.folder('INBOX');
  await until(world, () => inbox.length === 41, 'new mail in the open folder');
});

test('a folder that is gone on the server is an answer, not the end of the session', async t => {
  const server = await serverWith(t, 3, { mailboxes: [{ name: 'Work' }] });
  await using world = await worldOf(server);
  world.engine.start();
  await world.engine.settled();
  const id = world.record('Work').id;
  server.deleteFolder('Work');
  world.engine.show(id);
  await world.engine.settled();
  assert.equal(world.engine.status().phase, 'online');
  world.engine.refresh();
  await world.engine.settled();
  assert.deepEqual(
    world.account.folders().map(folder => folder.path),
    ['INBOX'],
  );
});
