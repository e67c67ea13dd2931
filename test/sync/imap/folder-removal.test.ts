// A folder is removed here while its mail is on the way out of it: the server loses none of it.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ImapServer, startImapServer } from '../../../src/demo/imap-server.ts';
import type { FolderStore } from '../../../src/store/types.ts';
import { message, openWorld, subjects, until, type World } from '../world.ts';

async function begin(
  t: TestContext,
  hide: readonly string[] = [],
): Promise<{ server: ImapServer; world: World }> {
  const mailboxes = [{ name: 'Trash', use: '\\Trash' }, { name: 'Lists' }, { name: 'Lists/tools' }];
  const server = await startImapServer({ users: { ada: 'secret' }, mailboxes, faults: { hide } });
  t.after(() => server.stop());
  for (const n of [1, 2]) server.deliver('Lists/tools', message(n));
  const world = await openWorld({ port: server.port, user: 'ada', password: 'secret', groupMs: 2 });
  t.after(() => world[Symbol.asyncDispose]());
  world.engine.start();
  await until(world, () => world.engine.status().phase === 'online');
  await world.engine.settled();
  return { server, world };
}

async function moveAll(world: World, folder: FolderStore): Promise<void> {
  const targets = Array.from({ length: folder.length }, (_, i) => {
    const uid = folder.uidAt(i) ?? 0;
    return { uid, remote: folder.remote(uid) ?? null, messageId: folder.envelope(uid)?.messageId ?? '' };
  });
  const to = world.record('Trash').id;
  await world.account.commit({ t: 'move', folder: folder.record.id, to, targets });
}

for (const hide of [[], ['MOVE'], ['MOVE', 'UIDPLUS']]) {
  test(`mail that is on its way to Trash gets there before its folder goes, without ${hide.join(' and ') || 'nothing'}`, async t => {
    const { server, world } = await begin(t, hide);
    const folder = await world.folder('Lists/tools');
    await folder.loadAll();
    // Both at once: the move is being sent when the folder goes.
    await Promise.all([moveAll(world, folder), world.account.removeFolder(folder.record.id)]);
    await until(world, () => world.account.queue().length === 0, 'the queue');
    await world.engine.settled();
    assert.equal(server.folder('Trash').messages.length, 2);
    assert.deepEqual(server.folders().sort(), ['INBOX', 'Lists', 'Trash']);
    assert.deepEqual((await subjects(await world.folder('Trash'))).sort(), ['message 1', 'message 2']);
    assert.deepEqual(world.troubles, []);
  });
}

test('a folder in which mail is left is not deleted on the server and comes back here', async t => {
  const { server, world } = await begin(t);
  await world.account.removeFolder(world.record('Lists/tools').id);
  await until(world, () => world.account.queue().length === 0, 'the queue');
  await world.engine.settled();
  assert.equal(server.folder('Lists/tools').messages.length, 2);
  assert.deepEqual(
    world.troubles.map(({ code }) => code),
    ['imap.folder-not-empty'],
  );
  assert.equal((await world.folder('Lists/tools')).length, 2);
});
