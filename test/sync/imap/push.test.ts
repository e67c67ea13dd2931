// Queued operations → the server: applied, refused, matched again after a new UIDVALIDITY, and never twice.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ImapServer, startImapServer } from '../../../src/demo/imap-server.ts';
import type { FolderStore, NewOperation } from '../../../src/store/types.ts';
import { message, openWorld, until, type World } from '../world.ts';

const credentials = { user: 'ada', password: 'secret' };

async function serverWith(t: TestContext, count: number): Promise<ImapServer> {
  const server = await startImapServer({ users: { ada: 'secret' } });
  t.after(() => server.stop());
  for (let n = 1; n <= count; n++) server.deliver('INBOX', message(n));
  return server;
}

function flagOperation(
  folder: FolderStore,
  remotes: readonly number[],
  add: string[],
  remove: string[] = [],
): NewOperation {
  return {
    t: 'flags',
    folder: folder.record.id,
    targets: remotes.map(remote => {
      const uid = folder.byRemoteUid(remote) ?? 0;
      return { uid, remote: folder.remote(uid) ?? null, messageId: folder.envelope(uid)?.messageId ?? '' };
    }),
    add,
    remove,
  };
}

function flagsOn(server: ImapServer, uid: number): string[] {
  return [...(server.folder('INBOX').byUid(uid)?.flags ?? [])].sort();
}

async function pulled(world: World): Promise<FolderStore> {
  await world.engine.syncOnce(null);
  return await world.folder('INBOX');
}

test('what was flagged offline reaches the server at the next connection, in order', async t => {
  const server = await serverWith(t, 20);
  await using world = await openWorld({ port: server.port, ...credentials });
  const inbox = await pulled(world);
  await world.account.commit(flagOperation(inbox, [1, 2, 3, 9], ['\\Seen', '\\Flagged']));
  await world.account.commit(flagOperation(inbox, [2], [], ['\\Flagged']));
  assert.equal(world.account.queue().length, 2);
  const report = await world.engine.syncOnce(null);
  assert.equal(report.pushed, 2);
  assert.deepEqual(report.errors, []);
  assert.equal(world.account.queue().length, 0);
  assert.deepEqual(
    [1, 2, 3, 4, 9].map(uid => flagsOn(server, uid)),
    [['\\Flagged', '\\Seen'], ['\\Seen'], ['\\Flagged', '\\Seen'], [], ['\\Flagged', '\\Seen']],
  );
  const stores = server.log().filter(line => /UID STORE/.test(line));
  assert.match(stores[0] ?? '', /UID STORE 1:3,9 \+FLAGS\.SILENT/, 'one command for all of them');
});

test('while connected an operation is sent at once', async t => {
  const server = await serverWith(t, 3);
  await using world = await openWorld({ port: server.port, ...credentials });
  world.engine.start();
  await world.engine.settled();
  const inbox = await world.folder('INBOX');
  await world.account.commit(flagOperation(inbox, [2], ['\\Seen']));
  await until(world, () => world.account.queue().length === 0, 'the queue to empty');
  assert.deepEqual(flagsOn(server, 2), ['\\Seen']);
});

test('a refusal is rolled back here, told with the reason, and does not stop the others', async t => {
  const server = await serverWith(t, 3);
  await using world = await openWorld({ port: server.port, ...credentials });
  const inbox = await pulled(world);
  await world.account.commit(flagOperation(inbox, [1], ['\\Flagged']));
  await world.account.commit(flagOperation(inbox, [2], ['\\Flagged']));
  server.setFault({
    commands: [
      { command: 'STORE', action: { t: 'answer', status: 'NO', text: '[NOPERM] read only folder' } },
    ],
  });
  await world.engine.syncOnce(null);
  assert.equal(world.account.queue().length, 0);
  const refusal = world.troubles.find(error => error.kind === 'rejected');
  assert.equal(refusal?.code, 'imap.permission');
  assert.match(String(refusal?.facts.text), /read only folder/);
  assert.deepEqual([flagsOn(server, 1), flagsOn(server, 2)], [[], ['\\Flagged']]);
  assert.equal((inbox.flags(inbox.byRemoteUid(1) ?? 0) ?? 0) & 4, 0, 'rolled back here');
});

test('after a new UIDVALIDITY the message is found by its Message-ID, never by its old number', async t => {
  const server = await serverWith(t, 5);
  await using world = await openWorld({ port: server.port, ...credentials });
  const inbox = await pulled(world);
  await world.account.commit(flagOperation(inbox, [4], ['\\Flagged']));
  server.folder('INBOX').expunge(each => each.uid === 1);
  server.folder('INBOX').renumber();
  const report = await world.engine.syncOnce(null);
  assert.deepEqual(report.errors, []);
  const flagged = server.folder('INBOX').messages.filter(each => each.flags.has('\\Flagged'));
  assert.deepEqual(
    flagged.map(each => /message (\d)/.exec(each.raw.toString())?.[1]),
    ['4'],
  );
});

test('what can not be found again after a new UIDVALIDITY is reported, not guessed', async t => {
  const server = await serverWith(t, 3);
  await using world = await openWorld({ port: server.port, ...credentials });
  const inbox = await pulled(world);
  await world.account.commit(flagOperation(inbox, [2], ['\\Flagged']));
  server.folder('INBOX').expunge(each => each.uid === 2);
  server.folder('INBOX').renumber();
  await world.engine.syncOnce(null);
  assert.equal(world.account.queue().length, 0);
  assert.ok(world.troubles.some(error => error.code === 'imap.message-lost'));
  assert.ok(server.folder('INBOX').messages.every(each => each.flags.size === 0));
});

test('a message that another client expunged needs no flag any more', async t => {
  const server = await serverWith(t, 3);
  await using world = await openWorld({ port: server.port, ...credentials });
  const inbox = await pulled(world);
  await world.account.commit(flagOperation(inbox, [2], ['\\Seen']));
  server.folder('INBOX').expunge(each => each.uid === 2);
  await world.engine.syncOnce(null);
  assert.equal(world.account.queue().length, 0);
  assert.equal(inbox.length, 2);
});

test('an operation whose answer was lost is sent again and stands once', async t => {
  const server = await serverWith(t, 3);
  await using world = await openWorld({ port: server.port, ...credentials });
  const inbox = await pulled(world);
  await world.account.commit(flagOperation(inbox, [2], ['\\Seen']));
  server.setFault({ commands: [{ command: 'STORE', action: { t: 'lost' } }] });
  const cut = await world.engine.syncOnce(null);
  assert.equal(cut.pushed, 0);
  assert.equal(world.account.queue()[0]?.tries, 1);
  await world.engine.syncOnce(null);
  assert.equal(world.account.queue().length, 0);
  assert.deepEqual(flagsOn(server, 2), ['\\Seen']);
});

test('one operation that breaks the line each time does not keep the others here for ever', async t => {
  const server = await serverWith(t, 5);
  await using world = await openWorld({ port: server.port, ...credentials });
  const inbox = await pulled(world);
  await world.account.commit(flagOperation(inbox, [1], ['$Poison']));
  await world.account.commit(flagOperation(inbox, [2], ['\\Seen']));
  const poison = () => server.setFault({ commands: [{ command: 'STORE', action: { t: 'drop' } }] });
  for (let round = 0; round < 5; round++) {
    poison();
    await world.engine.syncOnce(null);
    assert.deepEqual(flagsOn(server, 2), []);
  }
  server.clearFaults();
  server.setFault({ commands: [{ command: 'STORE', skip: 1, action: { t: 'drop' } }] });
  await world.engine.syncOnce(null);
  assert.deepEqual(flagsOn(server, 2), ['\\Seen']);
  assert.equal(world.account.queue().length, 1);
});
