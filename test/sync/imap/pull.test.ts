// First and later pulls against the embedded server, whose faults are switched on where a line breaks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ImapServer, startImapServer } from '../../../src/demo/imap-server.ts';
import { message, openWorld, remoteUids, subjects, until, type World } from '../world.ts';

const USERS = { ada: 'secret' };

async function serverWith(count: number, options: Parameters<typeof startImapServer>[0] = { users: USERS }) {
  const server = await startImapServer(options);
  for (let n = 1; n <= count; n++) server.deliver('INBOX', message(n));
  return server;
}

function worldOf(server: ImapServer, more: Partial<Parameters<typeof openWorld>[0]> = {}): Promise<World> {
  return openWorld({ port: server.port, user: 'ada', password: 'secret', ...more });
}

/** As another client would. */
function addFlags(server: ImapServer, uids: readonly number[], flags: readonly string[]): void {
  const inbox = server.folder('INBOX');
  for (const each of inbox.messages.filter(one => uids.includes(one.uid))) {
    inbox.setFlags(each, [...each.flags, ...flags]);
  }
}

function expunge(server: ImapServer, uids: readonly number[]): void {
  server.folder('INBOX').expunge(one => uids.includes(one.uid));
}

const descending = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => from - i);

test('the first pull fetches the newest screenful first and then everything, in the order of the server', async t => {
  const server = await serverWith(1300);
  t.after(() => server.stop());
  await using world = await worldOf(server);
  const lengths: number[] = [];
  const report = await world.engine.syncOnce(null, progress => lengths.push(progress.done));
  assert.deepEqual(report.errors, []);
  assert.equal(report.received, 1300);
  assert.equal(report.onServer, 1300);
  const inbox = await world.folder('INBOX');
  assert.deepEqual(await remoteUids(inbox), descending(1300, 1));
  assert.equal(inbox.sync.filledDownTo, 1);
  assert.ok(lengths.includes(60), `a screenful first: ${lengths}`);
  const fetches = server.log().filter(line => /FETCH/.test(line));
  assert.match(fetches[0] ?? '', /FETCH 1241:1300 /);
});

test('a pull without changes costs one SELECT and no FETCH', async t => {
  const server = await serverWith(200);
  t.after(() => server.stop());
  await using world = await worldOf(server);
  await world.engine.syncOnce(null);
  const before = server.log().length;
  const report = await world.engine.syncOnce(null);
  assert.equal(report.received, 0);
  const commands = server
    .log()
    .slice(before)
    .filter(line => /FETCH|SEARCH/.test(line));
  assert.deepEqual(commands, []);
});

for (const hidden of [
  [],
  ['QRESYNC'],
  ['QRESYNC', 'CONDSTORE', 'ENABLE'],
  ['QRESYNC', 'CONDSTORE', 'ENABLE', 'LIST-STATUS', 'ESEARCH', 'LIST-EXTENDED'],
]) {
  test(`later pulls bring what others did, without ${hidden.join(', ') || 'nothing missing'}`, async t => {
    const server = await serverWith(50, { users: USERS, faults: { hide: hidden } });
    t.after(() => server.stop());
    await using world = await worldOf(server);
    await world.engine.syncOnce(null);
    const inbox = await world.folder('INBOX');
    assert.equal(inbox.length, 50);
    addFlags(server, [10, 11], ['\\Seen', '$Label']);
    expunge(server, [5, 20]);
    server.deliver('INBOX', message(51), ['\\Flagged']);
    const report = await world.engine.syncOnce(null);
    assert.deepEqual(report.errors, []);
    assert.equal(report.received, 1);
    assert.equal(inbox.length, 49);
    assert.deepEqual(
      await remoteUids(inbox),
      descending(51, 1).filter(uid => uid !== 5 && uid !== 20),
    );
    assert.equal(inbox.unread, 47);
    assert.deepEqual(inbox.keywords, ['$Label']);
  });
}

test('a line that is cut during the first pull keeps what came, and the rest follows without fetching it again', async t => {
  const server = await serverWith(2000);
  t.after(() => server.stop());
  server.setFault({ commands: [{ command: 'FETCH', skip: 2, action: { t: 'drop', bytes: 20_000 } }] });
  await using world = await worldOf(server);
  const first = await world.engine.syncOnce(null);
  assert.equal(first.errors[0]?.code, 'net.closed');
  const inbox = await world.folder('INBOX');
  const kept = inbox.length;
  assert.ok(kept >= 560 && kept < 2000, `${kept}`);
  assert.notEqual(inbox.sync.filledDownTo, 1);
  const second = await world.engine.syncOnce(null);
  assert.deepEqual(second.errors, []);
  assert.equal(second.received, 2000 - kept);
  assert.deepEqual(await remoteUids(inbox), descending(2000, 1));
});

test('messages that others expunge in the middle of the first pull leave no gap and no double', async t => {
  const server = await serverWith(1500);
  t.after(() => server.stop());
  server.setFault({
    commands: [
      { command: 'FETCH', action: { t: 'run', run: () => expunge(server, [100, 1400, 1460]) } },
      {
        command: 'FETCH',
        skip: 1,
        action: { t: 'run', run: () => expunge(server, [101, 939, 940, 941, 1399]) },
      },
      { command: 'FETCH', skip: 2, action: { t: 'vanish', uids: [400, 401, 402], responses: 3 } },
    ],
  });
  await using world = await worldOf(server);
  await world.engine.syncOnce(null);
  server.clearFaults();
  const report = await world.engine.syncOnce(null);
  assert.deepEqual(report.errors, []);
  const inbox = await world.folder('INBOX');
  const there = server
    .folder('INBOX')
    .messages.map(each => each.uid)
    .reverse();
  assert.deepEqual(await remoteUids(inbox), there);
  const texts = await subjects(inbox);
  assert.deepEqual(
    texts,
    there.map(uid => `message ${uid}`),
  );
});

test('after a new UIDVALIDITY nothing old is mixed in and the person is told', async t => {
  const server = await serverWith(30);
  t.after(() => server.stop());
  await using world = await worldOf(server);
  await world.engine.syncOnce(null);
  const inbox = await world.folder('INBOX');
  const oldest = inbox.uidAt(29);
  server.folder('INBOX').renumber();
  const report = await world.engine.syncOnce(null);
  assert.deepEqual(report.errors, []);
  assert.equal(world.engine.status().error?.code, 'imap.uidvalidity');
  assert.equal(inbox.length, server.folder('INBOX').messages.length);
  assert.ok((inbox.uidAt(inbox.length - 1) ?? 0) > (oldest ?? 0) + 29, 'numbers are never used again');
});

test('mail that arrives, flags and expunges of others appear while one watches', async t => {
  const server = await serverWith(20);
  t.after(() => server.stop());
  await using world = await worldOf(server);
  world.engine.start();
  await world.engine.settled();
  const inbox = await world.folder('INBOX');
  world.engine.show(world.record('INBOX').id);
  await world.engine.settled();
  await until(world, () => server.log().some(line => /IDLE/.test(line)), 'IDLE');
  server.deliver('INBOX', message(21));
  await until(world, () => inbox.length === 21, 'the new message');
  await until(world, () => /IDLE/.test(server.log().at(-1) ?? ''), 'IDLE again');
  addFlags(server, [3], ['\\Flagged']);
  await until(world, () => (inbox.flags(inbox.byRemoteUid(3) ?? 0) ?? 0) !== 0, 'the flag');
  await until(world, () => /IDLE/.test(server.log().at(-1) ?? ''), 'IDLE again');
  expunge(server, [7]);
  await until(world, () => inbox.length === 20, 'the expunge');
});
