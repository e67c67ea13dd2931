// The engine against sessions that do as they are told, on a clock that stands still.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { messageId } from '../../src/mail/ids.ts';
import type { FolderId } from '../../src/mail/types.ts';
import { openStore } from '../../src/store/store.ts';
import { createEngine, type EngineDeps } from '../../src/sync/engine.ts';
import { TmailError } from '../../src/util/errors.ts';
import { RECONNECT_MAX_MS, STATUS_EVERY_MS } from '../../src/util/limits.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FAKE_CAPS, FakeServer } from '../fakes/session.ts';
import { accountConfig } from './world.ts';

const closed = new TmailError('network', 'net.closed');
const refusedLine = new TmailError('network', 'net.refused');
const wrongPassword = new TmailError('auth', 'auth.refused', { facts: { text: 'no' } });
const full = new TmailError('storage', 'disk.full', { retry: 'auto' });

async function setUp(t: TestContext, more: Partial<EngineDeps> = {}, offline: 'all' | 'headers' = 'headers') {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-engine-'));
  const store = await openStore({ dir, mode: 'owner' });
  const account = await store.account('work');
  await account.setFolders(
    ['INBOX', 'Work', 'Play'].map(path => ({
      path,
      name: path,
      delimiter: '/',
      role: path === 'INBOX' ? 'inbox' : null,
      subscribed: true,
      selectable: true,
      remote: true,
    })),
  );
  const clock = new FakeClock();
  const server = new FakeServer();
  const engine = createEngine({
    config: accountConfig({ port: 1, user: 'ada', password: 'x', offline }),
    store: account,
    password: async () => 'x',
    createSession: server.create,
    caps: FAKE_CAPS,
    version: '0',
    clock,
    random: () => 0.5,
    subscribe: listener => store.subscribe(listener),
    ...more,
  });
  t.after(async () => {
    await engine.stop();
    await store.close();
    await rm(dir, { recursive: true, force: true });
  });
  const [inbox, work, play] = account.folders().map(folder => folder.id) as [FolderId, FolderId, FolderId];
  return { engine, clock, server, account, store, inbox, work, play };
}

test('it connects, lists, and pulls the folder on the screen first', async t => {
  const { engine, clock, server, inbox, work, play } = await setUp(t);
  const phases: string[] = [];
  engine.subscribe(() => {
    if (phases.at(-1) !== engine.status().phase) phases.push(engine.status().phase);
  });
  engine.show(work);
  engine.start();
  await engine.settled();
  await clock.advance(0);
  assert.deepEqual(phases, ['connecting', 'online']);
  assert.deepEqual(server.calls, ['folders', `pull ${work}`, `pull ${inbox}`, `pull ${play}`]);
  assert.equal(server.current?.watching, work);
  assert.equal(engine.status().lastSync, clock.now());
});

test('a server that is gone is tried twice in five seconds at most, and again within a minute for ever', async t => {
  const { engine, clock, server } = await setUp(t);
  server.script.connect = () => refusedLine;
  const start = clock.now();
  engine.start();
  await clock.advance(0);
  assert.equal(engine.status().phase, 'offline');
  assert.equal(engine.status().error?.code, 'net.refused');
  assert.ok((engine.status().retryAt ?? 0) > clock.now());
  for (let i = 0; i < 60; i++) await clock.advance(10_000);
  const { connects } = server;
  assert.ok(connects.filter(at => at - start < 5000).length < 3, `${connects.map(at => at - start)}`);
  for (let i = 1; i < connects.length; i++) {
    assert.ok((connects[i] ?? 0) - (connects[i - 1] ?? 0) <= RECONNECT_MAX_MS);
  }
  server.script.connect = () => null;
  await clock.advance(RECONNECT_MAX_MS);
  assert.equal(engine.status().phase, 'online');
  assert.equal(engine.status().error, null);
});

test('a line that is cut is back soon, also when it is cut again and again', async t => {
  const { engine, clock, server } = await setUp(t);
  engine.start();
  await engine.settled();
  const start = clock.now();
  for (let i = 0; i < 10; i++) {
    server.current?.lose(closed);
    await clock.advance(500);
  }
  assert.ok(server.connects.filter(at => at > start && at - start < 5000).length < 3);
  await clock.advance(60_000);
  assert.equal(engine.status().phase, 'online');
  assert.equal(server.open, 1);
});

test('a refused password needs the person and is not tried again by itself', async t => {
  const { engine, clock, server } = await setUp(t);
  server.script.connect = () => wrongPassword;
  engine.start();
  await engine.settled();
  for (let i = 0; i < 36; i++) await clock.advance(100_000);
  await clock.sleep(8 * 3600_000);
  assert.deepEqual([engine.status().phase, engine.status().error?.code], ['attention', 'auth.refused']);
  assert.equal(server.connects.length, 1);
  server.script.connect = () => null;
  engine.refresh();
  await engine.settled();
  assert.equal(engine.status().phase, 'online');
});

test('a password that can not be had is named and waits for the person too', async t => {
  const noPassword = new TmailError('auth', 'password.command', { facts: { status: 1 } });
  const { engine, server } = await setUp(t);
  server.script.connect = () => noPassword;
  engine.start();
  await engine.settled();
  assert.equal(engine.status().phase, 'attention');
  assert.equal(engine.status().error, noPassword);
});

test('after the computer slept it reconnects at once', async t => {
  const { engine, clock, server } = await setUp(t);
  engine.start();
  await engine.settled();
  await clock.advance(60_000);
  const before = server.connects.length;
  await clock.sleep(3 * 3600_000);
  await clock.advance(1500);
  assert.equal(server.connects.length, before + 1);
  assert.equal(engine.status().phase, 'online');
  assert.equal(server.open, 1, 'the dead connection was let go');
});

test('a wait that is long is cut short by sleep and by the person, but nothing hammers', async t => {
  const { engine, clock, server } = await setUp(t);
  server.script.connect = () => refusedLine;
  engine.start();
  for (let i = 0; i < 20; i++) await clock.advance(30_000);
  const before = server.connects.length;
  for (let i = 0; i < 50; i++) {
    engine.refresh();
    await clock.advance(100);
  }
  assert.ok(server.connects.length - before <= 3, `${server.connects.length - before} in five seconds`);
});

for (const code of ['net.unreachable', 'net.dns']) {
  test(`however long there was no way to the server (${code}), it is back within five seconds of one`, async t => {
    const { engine, clock, server } = await setUp(t);
    server.script.connect = () => new TmailError('network', code);
    engine.start();
    for (let i = 0; i < 20; i++) await clock.advance(30_000);
    server.script.connect = () => null;
    await clock.advance(5000);
    assert.equal(engine.status().phase, 'online');
  });
}

test('after sleep the network comes up late: back within five seconds of that', async t => {
  const { engine, clock, server } = await setUp(t);
  engine.start();
  await engine.settled();
  server.script.connect = () => new TmailError('network', 'net.timeout');
  await clock.sleep(8 * 3600_000);
  await clock.advance(40_000);
  assert.equal(engine.status().phase, 'offline');
  server.script.connect = () => null;
  await clock.advance(5000);
  assert.equal(engine.status().phase, 'online');
});

test('another network: a line from an address that is gone is given up, a wait is cut short', async t => {
  let addresses = new Set(['192.0.2.7']);
  const { engine, clock, server } = await setUp(t, { addresses: () => addresses });
  engine.start();
  await engine.settled();
  await clock.advance(60_000);
  addresses = new Set(['192.0.2.7', '198.51.100.4']);
  await clock.advance(5000);
  assert.equal(server.connects.length, 1, 'one more address harms no line');
  addresses = new Set(['198.51.100.4']);
  await clock.advance(6000);
  assert.deepEqual([server.connects.length, engine.status().phase], [2, 'online']);
  server.script.connect = () => refusedLine;
  server.current?.lose(closed);
  for (let i = 0; i < 30; i++) await clock.advance(30_000);
  assert.equal(engine.status().phase, 'offline');
  server.script.connect = () => null;
  addresses = new Set(['203.0.113.9']);
  await clock.advance(6000);
  assert.equal(engine.status().phase, 'online');
});

test('a full disk stops the fetching, says so, and goes on by itself when there is room', async t => {
  const { engine, clock, server, inbox, work } = await setUp(t);
  server.script.pull = folder => (folder === inbox ? full : null);
  engine.start();
  await engine.settled();
  await clock.advance(10_000);
  assert.deepEqual([engine.status().phase, engine.status().error?.code], ['online', 'disk.full']);
  server.current?.dirty?.(work);
  await clock.advance(0);
  const pulls = server.calls.filter(call => call.startsWith('pull')).length;
  server.script.pull = () => null;
  await clock.advance(30_000);
  await engine.settled();
  assert.equal(engine.status().error, null);
  assert.ok(server.calls.filter(call => call.startsWith('pull')).length >= pulls + 3);
});

test('too little room pauses only the background, and says so', async t => {
  const { engine, server, clock } = await setUp(t, {}, 'all');
  const floor = new TmailError('storage', 'disk.floor', { retry: 'auto', facts: { free: 1 } });
  server.script.prefetch = () => floor;
  engine.start();
  await engine.settled();
  await clock.advance(0);
  assert.equal(engine.status().error?.code, 'disk.floor');
  server.script.prefetch = () => null;
  const before = server.calls.filter(call => call.startsWith('prefetch')).length;
  await clock.advance(20_000);
  assert.ok(server.calls.filter(call => call.startsWith('prefetch')).length > before);
});

test('opening a message does not wait for a pull that hangs', async t => {
  const { engine, server, inbox, clock } = await setUp(t);
  server.script.pull = () => 'hang';
  engine.show(inbox);
  engine.start();
  await clock.advance(0);
  await engine.body(messageId(inbox, 1), 'text');
  assert.ok(server.calls.includes(`body ${inbox}:1 text`));
});

test('offline, a message that is not here is refused with the reason; connecting, it is waited for', async t => {
  const { engine, server, inbox, clock } = await setUp(t);
  server.script.connect = () => refusedLine;
  engine.start();
  await clock.advance(0);
  await assert.rejects(engine.body(messageId(inbox, 1), 'text'), (error: unknown) => {
    assert.ok(error instanceof TmailError);
    assert.deepEqual([error.code, error.facts.why], ['body.offline', 'net.refused']);
    return true;
  });
  server.script.connect = () => 'hang';
  await clock.advance(10_000);
  assert.equal(engine.status().phase, 'connecting');
  const waiting = engine.body(messageId(inbox, 1), 'text');
  await engine.stop();
  await assert.rejects(waiting);
});

test('stopping ends whatever hangs', async t => {
  const { engine, server, inbox, clock } = await setUp(t);
  server.script.pull = () => 'hang';
  engine.show(inbox);
  engine.start();
  await clock.advance(0);
  await engine.stop();
  assert.equal(engine.status().phase, 'stopped');
  assert.equal(server.open, 0);
  assert.equal(clock.timers, 0);
});

test('cancelling stops the background until the next refresh', async t => {
  const { engine, server, inbox, clock } = await setUp(t);
  let steps = 0;
  server.script.pull = (folder, step) => {
    steps++;
    return step > 1000 ? null : { label: folder, done: step, total: 1000 };
  };
  engine.show(inbox);
  engine.start();
  await clock.advance(0);
  engine.cancel();
  await engine.settled();
  const stopped = steps;
  await clock.advance(10_000);
  assert.equal(steps, stopped);
  assert.ok(steps < 2000);
  engine.refresh();
  await engine.settled();
  assert.ok(steps >= 3000);
});

test('what others changed is pulled when the session says so, in the open folder and elsewhere', async t => {
  const { engine, server, inbox, play, clock } = await setUp(t);
  engine.show(inbox);
  engine.start();
  await engine.settled();
  server.calls.length = 0;
  server.current?.dirty?.(inbox);
  server.current?.dirty?.(play);
  await engine.settled();
  assert.deepEqual([...server.calls].sort(), [`pull ${inbox}`, `pull ${play}`].sort());
  server.calls.length = 0;
  await clock.advance(STATUS_EVERY_MS);
  assert.deepEqual(server.calls, ['folders'], 'the other folders are asked about on a timer');
});

test('the queue is sent before anything is pulled, and an operation made while connected at once', async t => {
  const { engine, server, account, inbox } = await setUp(t);
  const operation = (add: string) => ({
    t: 'flags' as const,
    folder: inbox,
    targets: [{ uid: 1, remote: null, messageId: '' }],
    add: [add],
    remove: [],
  });
  await account.commit(operation('\\Seen'));
  await account.commit(operation('\\Flagged'));
  engine.show(inbox);
  engine.start();
  await engine.settled();
  const pulls = server.calls.indexOf(`pull ${inbox}`);
  assert.deepEqual(server.calls.slice(0, pulls), ['folders', 'push \\Seen', 'push \\Flagged']);
  assert.equal(account.queue().length, 0);
  await account.commit(operation('$Forwarded'));
  await engine.settled();
  assert.equal(server.calls.at(-1), 'push $Forwarded');
});

test('what the server can not do now is put off; what stands behind it goes on at once', async t => {
  const { engine, server, account, clock, inbox, work } = await setUp(t);
  const targets = [{ uid: 1, remote: null, messageId: 'a@x' }];
  const flags = (folder: FolderId, add: string) =>
    account.commit({ t: 'flags', folder, targets, add: [add], remove: [] });
  let broken = true;
  server.script.push = op =>
    broken && op.folder === inbox
      ? new TmailError('network', 'imap.busy', { facts: { word: 'SERVERBUG', text: 'Internal error' } })
      : null;
  await flags(inbox, '\\Seen');
  // The same message: this has to wait with it.
  await flags(inbox, '\\Flagged');
  await flags(work, '$Work');
  engine.start();
  await engine.settled();
  const pushed = () => server.calls.filter(call => call.startsWith('push'));
  assert.deepEqual(pushed(), ['push \\Seen', 'push $Work']);
  assert.equal(engine.status().phase, 'online');
  assert.equal(engine.status().error?.code, 'imap.busy');
  assert.deepEqual(
    account.queue().map(op => (op.t === 'flags' ? op.add[0] : op.t)),
    ['\\Seen', '\\Flagged'],
  );
  broken = false;
  await clock.advance(STATUS_EVERY_MS);
  await engine.settled();
  assert.deepEqual(pushed().slice(2), ['push \\Seen', 'push \\Flagged']);
  assert.equal(account.queue().length, 0);
});

test('a syncOnce of an engine that was never started leaves nothing running', async t => {
  const { engine, server, clock, inbox } = await setUp(t, {}, 'all');
  const report = await engine.syncOnce(null);
  assert.deepEqual(report.errors, []);
  assert.equal(report.protocol, 'imap');
  assert.ok(server.calls.includes(`prefetch ${inbox}`));
  assert.equal(server.open, 0);
  assert.equal(clock.timers, 0);
  server.script.connect = () => wrongPassword;
  const failed = await engine.syncOnce(null);
  assert.equal(failed.errors[0]?.code, 'auth.refused');
  assert.equal(engine.status().phase, 'stopped');
});
