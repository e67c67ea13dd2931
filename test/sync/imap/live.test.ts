// What a person sees of a mailbox that lives: arrivals are told of once and only when they are arrivals, and an account
// never has more than two connections for reading.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ImapServer, startImapServer } from '../../../src/demo/imap-server.ts';
import type { FolderId, LocalUid } from '../../../src/mail/types.ts';
import { openStore } from '../../../src/store/store.ts';
import { createEngine } from '../../../src/sync/engine.ts';
import { createImapSession, IMAP_CAPS } from '../../../src/sync/imap/session.ts';
import { accountConfig, message } from '../world.ts';

async function setUp(t: TestContext, hide: readonly string[] = []) {
  const server = await startImapServer({
    users: { ada: 'secret' },
    mailboxes: [{ name: 'Work' }, { name: 'Play' }],
    faults: { hide },
  });
  const dir = await mkdtemp(join(tmpdir(), 'tmail-live-'));
  const store = await openStore({ dir, mode: 'owner', groupMs: 2 });
  const config = accountConfig({ port: server.port, user: 'ada', password: 'secret' });
  const account = await store.account(config.id);
  const arrived: string[] = [];
  const engine = createEngine({
    config,
    store: account,
    password: async () => 'secret',
    createSession: deps => createImapSession(deps),
    caps: IMAP_CAPS,
    version: '0',
    subscribe: listener => store.subscribe(listener),
    arrived: (folder, uids) => arrived.push(...names(folder, uids)),
  });
  const opened = new Map<FolderId, Awaited<ReturnType<typeof account.folder>>>();
  const names = (id: FolderId, uids: readonly LocalUid[]) =>
    uids.map(uid => `${opened.get(id)?.record.path} ${opened.get(id)?.envelope(uid)?.subject}`);
  t.after(async () => {
    await engine.stop();
    await store.close();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });
  await engine.syncOnce(null);
  for (const { id } of account.folders()) opened.set(id, await account.folder(id));
  return { server, account, engine, arrived };
}

const deliver = (server: ImapServer, folder: string, n: number) => server.deliver(folder, message(n));

for (const hide of [[], ['UIDPLUS'], ['CONDSTORE', 'QRESYNC', 'ENABLE']]) {
  test(`mail that came since the last pull is told of once; what was moved here is not, without ${hide.join(', ') || 'nothing'}`, async t => {
    const { server, account, engine, arrived } = await setUp(t, hide);
    assert.deepEqual(arrived, [], 'a first fill is no arrival');
    deliver(server, 'INBOX', 1);
    deliver(server, 'Work', 2);
    await engine.syncOnce(null);
    await engine.syncOnce(null);
    assert.deepEqual(arrived.sort(), ['INBOX message 1', 'Work message 2']);
    const inbox = account.folders().find(({ path }) => path === 'INBOX');
    const play = account.folders().find(({ path }) => path === 'Play');
    assert.ok(inbox && play);
    const folder = await account.folder(inbox.id);
    const uid = folder.uidAt(0) ?? 0;
    const targets = [{ uid, remote: folder.remote(uid) ?? null, messageId: 'm1@example.org' }];
    await account.commit({ t: 'move', folder: inbox.id, targets, to: play.id });
    await engine.syncOnce(null);
    await engine.syncOnce(null);
    assert.equal(server.folder('Play').messages.length, 1);
    assert.equal(arrived.length, 2, 'what was moved here from here is no arrival');
    server.folder('INBOX').renumber();
    await engine.syncOnce(null);
    await engine.syncOnce(null);
    assert.equal(arrived.length, 2, 'nor is what was numbered anew');
  });
}

test('however much is to be done, there are two connections at most: sending has the third', async t => {
  const { server, account, engine } = await setUp(t);
  for (let n = 1; n <= 200; n++) deliver(server, n % 2 ? 'INBOX' : 'Work', n);
  let most = 0;
  const stop = engine.subscribe(() => {
    most = Math.max(most, server.connections());
  });
  const ids = account.folders().map(({ id }) => id);
  engine.start();
  for (const id of [...ids, ...ids]) {
    engine.show(id);
    engine.refresh();
    const folder = await account.folder(id);
    const uid = folder.uidAt(0);
    if (uid !== undefined) {
      const targets = [{ uid, remote: folder.remote(uid) ?? null, messageId: '' }];
      await account.commit({ t: 'flags', folder: id, targets, add: ['\\Flagged'], remove: [] });
    }
    await engine.settled();
  }
  stop();
  assert.ok(most > 0 && most <= 2, `${most} connections`);
});
