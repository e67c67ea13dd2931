// Folders made, renamed, removed and subscribed here → the server, whatever is lost or done by others on the way.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ImapServer, startImapServer } from '../../../src/demo/imap-server.ts';
import { dovecot, worldOf } from '../dovecot-world.ts';
import { message, openWorld, subjects, type World } from '../world.ts';

async function serverWith(t: TestContext, mailboxes: readonly string[] = []): Promise<ImapServer> {
  const server = await startImapServer({
    users: { ada: 'secret' },
    mailboxes: mailboxes.map(name => ({ name })),
  });
  t.after(async () => {
    await server.stop();
    assert.deepEqual(server.defects(), []);
  });
  return server;
}

async function connected(server: ImapServer): Promise<World> {
  const world = await openWorld({ port: server.port, user: 'ada', password: 'secret', groupMs: 2 });
  await world.engine.syncOnce(null);
  return world;
}

async function settle(world: World): Promise<void> {
  for (let i = 0; i < 3; i++) await world.engine.syncOnce(null);
  assert.deepEqual(world.account.queue(), []);
}

const paths = (world: World): string[] =>
  world.account
    .folders()
    .map(({ path }) => path)
    .sort();

async function moveAll(world: World, from: string, to: string): Promise<void> {
  const folder = await world.folder(from);
  const targets = [];
  for await (const { uid, envelope } of folder.scan()) {
    targets.push({ uid, remote: folder.remote(uid) ?? null, messageId: envelope.messageId });
  }
  await world.account.commit({ t: 'move', folder: folder.record.id, targets, to: world.record(to).id });
}

test('made, filled, renamed, subscribed and removed offline: the server has it in the end, in every script', async t => {
  for (const name of ['Reisen', '旅行/größer & mehr', 'with "quotes" \\']) {
    const server = await dovecot(t, 2);
    await using world = await worldOf(server);
    await world.engine.syncOnce(null);
    const id = await world.account.createFolder(name, 'server');
    assert.ok(paths(world).includes(name), 'shown at once');
    await moveAll(world, 'INBOX', name);
    await settle(world);
    assert.deepEqual(world.troubles, []);
    assert.deepEqual((await subjects(await world.folder(name))).sort(), ['message 1', 'message 2']);
    assert.equal(world.record(name).subscribed, true);
    await world.account.renameFolder(id, `${name} neu`);
    await world.account.subscribe?.(id, false);
    await settle(world);
    assert.deepEqual(world.troubles, []);
    const renamed = world.record(`${name} neu`);
    assert.deepEqual([renamed.id, renamed.subscribed, renamed.counts.total], [id, false, 2]);
    assert.deepEqual((await subjects(await world.folder(`${name} neu`))).sort(), ['message 1', 'message 2']);
    await moveAll(world, `${name} neu`, 'INBOX');
    await world.account.removeFolder(id);
    await settle(world);
    assert.deepEqual(world.troubles, []);
    assert.equal((await world.folder('INBOX')).length, 2);
    assert.ok(!paths(world).some(path => path === `${name} neu`));
  }
});

for (const command of ['CREATE', 'RENAME', 'DELETE', 'SUBSCRIBE', 'UNSUBSCRIBE']) {
  test(`the answer to ${command} lost: done once, nothing in the way of the rest`, async t => {
    const server = await serverWith(t, ['Old', 'Going', 'Here']);
    server.deliver('Old', message(1));
    await using world = await connected(server);
    await world.account.createFolder('New', 'server');
    await world.account.renameFolder(world.record('Old').id, 'Renamed');
    await world.account.removeFolder(world.record('Going').id);
    await world.account.subscribe?.(world.record('Here').id, false);
    server.setFault({ commands: [{ command, action: { t: 'lost' } }] });
    await settle(world);
    assert.deepEqual(world.troubles, []);
    assert.deepEqual(server.folders().sort(), ['Here', 'INBOX', 'New', 'Renamed']);
    assert.deepEqual(paths(world), ['Here', 'INBOX', 'New', 'Renamed']);
    assert.equal(server.folder('Here').subscribed, false);
    assert.deepEqual(await subjects(await world.folder('Renamed')), ['message 1']);
  });
}

test('a name that another client took meanwhile is taken back here and told', async t => {
  const server = await serverWith(t, ['Old', 'Taken']);
  server.deliver('Old', message(1));
  await using world = await connected(server);
  server.deleteFolder('Taken');
  await world.engine.syncOnce(null);
  await world.account.renameFolder(world.record('Old').id, 'Taken');
  server.deliver('Taken', message(2));
  await settle(world);
  assert.deepEqual(paths(world), ['INBOX', 'Old', 'Taken']);
  assert.deepEqual(await subjects(await world.folder('Old')), ['message 1']);
  assert.deepEqual(await subjects(await world.folder('Taken')), ['message 2']);
  assert.equal(world.troubles.length, 1);
});

test('a folder is not removed with mail in it that was never seen here', async t => {
  const server = await serverWith(t, ['Going']);
  server.deliver('Going', message(1));
  await using world = await connected(server);
  await world.account.removeFolder(world.record('Going').id);
  server.deliver('Going', message(2));
  await settle(world);
  assert.deepEqual(
    world.troubles.map(({ code }) => code),
    ['imap.folder-not-empty'],
  );
  assert.deepEqual(server.folder('Going').messages.length, 2);
  assert.deepEqual((await subjects(await world.folder('Going'))).sort(), ['message 1', 'message 2']);
});

test('renamed by another client while operations wait: they reach the folder under its new name', async t => {
  for (const hide of [[], ['LIST-STATUS']]) {
    const server = await serverWith(t, ['Work', 'Play']);
    server.setFault({ hide });
    for (let n = 1; n <= 3; n++) server.deliver('Work', message(n));
    server.deliver('INBOX', message(9));
    await using world = await connected(server);
    const work = await world.folder('Work');
    const { id } = work.record;
    await moveAll(world, 'INBOX', 'Work');
    const uid = work.byRemoteUid(2) ?? 0;
    const target = { uid, remote: work.remote(uid) ?? null, messageId: 'm2@example.org' };
    await world.account.commit({ t: 'flags', folder: id, targets: [target], add: ['\\Flagged'], remove: [] });
    const other = await connected(server);
    await other.account.renameFolder(other.record('Work').id, 'Play/Office');
    await settle(other);
    await other[Symbol.asyncDispose]();
    await settle(world);
    assert.deepEqual(world.troubles, []);
    assert.deepEqual(paths(world), ['INBOX', 'Play', 'Play/Office']);
    assert.equal(world.record('Play/Office').id, id);
    const office = server.folder('Play/Office');
    assert.equal(office.messages.length, 4);
    assert.deepEqual([...(office.byUid(2)?.flags ?? [])], ['\\Flagged']);
    assert.equal((await world.folder('Play/Office')).flags(uid), 4, 'the same message under its old number');
  }
});

test('a folder that another client deleted and made again is another one', async t => {
  const server = await serverWith(t, ['Work']);
  server.deliver('Work', message(1));
  await using world = await connected(server);
  server.deleteFolder('Work');
  server.deliver('Desk', message(2));
  await world.engine.syncOnce(null);
  assert.deepEqual(paths(world), ['Desk', 'INBOX']);
  assert.deepEqual(await subjects(await world.folder('Desk')), ['message 2']);
});
