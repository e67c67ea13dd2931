// kill -9 at chosen and at random moments of a synchronisation: nothing is lost, nothing is done twice.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ImapServer, startImapServer } from '../../src/demo/imap-server.ts';
import { message, openWorld, remoteUids } from './world.ts';

async function setUp(t: TestContext, count: number): Promise<{ server: ImapServer; dir: string }> {
  const server = await startImapServer({ users: { ada: 'secret' } });
  const dir = await mkdtemp(join(tmpdir(), 'tmail-kill-'));
  t.after(async () => {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });
  for (let n = 1; n <= count; n++) server.deliver('INBOX', message(n));
  return { server, dir };
}

const open = (server: ImapServer, dir: string, offline: 'all' | 'headers') =>
  openWorld({ dir, port: server.port, user: 'ada', password: 'secret', offline });

function child(server: ImapServer, dir: string, offline: 'all' | 'headers'): ChildProcess {
  const program = ['.build/test/sync/sync.child.js', dir, String(server.port), offline];
  return spawn(process.execPath, program, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** A run that is killed when the server sees its nth command of that name. */
async function killedAt(
  server: ImapServer,
  dir: string,
  at: { command: string; skip: number; offline: 'all' | 'headers' },
): Promise<void> {
  const run = child(server, dir, at.offline);
  const action = { t: 'run' as const, run: () => void run.kill('SIGKILL') };
  server.setFault({ commands: [{ command: at.command, skip: at.skip, action }] });
  await once(run, 'exit');
  server.clearFaults();
}

test('killed with ten queued operations, at any of them: each is applied exactly once', async t => {
  const { server, dir } = await setUp(t, 12);
  {
    await using world = await open(server, dir, 'headers');
    await world.engine.syncOnce(null);
    const inbox = await world.folder('INBOX');
    for (let n = 1; n <= 10; n++) {
      const uid = inbox.byRemoteUid(n) ?? 0;
      const target = { uid, remote: inbox.remote(uid) ?? null, messageId: '' };
      const add = n % 2 ? ['\\Seen'] : ['\\Flagged'];
      await world.account.commit({ t: 'flags', folder: inbox.record.id, targets: [target], add, remove: [] });
    }
  }
  for (const skip of [0, 2, 3]) await killedAt(server, dir, { command: 'STORE', skip, offline: 'headers' });
  await using world = await open(server, dir, 'headers');
  assert.ok(world.account.queue().length >= 5, 'what was not sent is still queued');
  const report = await world.engine.syncOnce(null);
  assert.deepEqual(report.errors, []);
  assert.equal(world.account.queue().length, 0);
  const flags = server.folder('INBOX').messages.map(each => [...each.flags].join());
  assert.deepEqual(
    flags,
    Array.from({ length: 12 }, (_, i) => (i >= 10 ? '' : i % 2 ? '\\Flagged' : '\\Seen')),
  );
  const stores = server.log().filter(line => /UID STORE/.test(line)).length;
  assert.ok(stores <= 10 + 3, `${stores} commands: only those under way when it was killed went out twice`);
});

test('killed again and again during the first synchronisation: all there, once, byte for byte', async t => {
  const { server, dir } = await setUp(t, 900);
  for (const [command, skip] of [
    ['FETCH', 0],
    ['FETCH', 1],
    ['FETCH', 2],
    ['FETCH', 3],
  ] as const) {
    await killedAt(server, dir, { command, skip, offline: 'all' });
  }
  await using world = await open(server, dir, 'all');
  const report = await world.engine.syncOnce(null);
  assert.deepEqual(report.errors, []);
  const inbox = await world.folder('INBOX');
  assert.deepEqual(
    await remoteUids(inbox),
    Array.from({ length: 900 }, (_, i) => 900 - i),
  );
  for (let position = 0; position < 900; position += 37) {
    const uid = inbox.uidAt(position) ?? 0;
    const raw = inbox.raw(uid);
    assert.ok(raw);
    assert.equal((await world.account.raw.read(raw)).toString(), message(900 - position));
  }
});
