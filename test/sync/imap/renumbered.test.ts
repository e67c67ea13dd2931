// Folders that are numbered anew while operations on their messages wait, and are read again before those are sent.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ImapServer, startImapServer } from '../../../src/demo/imap-server.ts';
import type { FolderStore } from '../../../src/store/types.ts';
import { message, openWorld, subjects, type World } from '../world.ts';

async function begin(t: TestContext, count: number): Promise<{ server: ImapServer; world: World }> {
  const server = await startImapServer({ users: { ada: 'secret' }, mailboxes: [{ name: 'Work' }] });
  for (let n = 1; n <= count; n++) server.deliver('INBOX', message(n));
  const world = await openWorld({ port: server.port, user: 'ada', password: 'secret', groupMs: 2 });
  t.after(async () => {
    await world[Symbol.asyncDispose]();
    await server.stop();
  });
  await world.engine.syncOnce(null);
  return { server, world };
}

function target(folder: FolderStore, position: number) {
  const uid = folder.uidAt(position) ?? 0;
  return { uid, remote: folder.remote(uid) ?? null, messageId: folder.envelope(uid)?.messageId ?? '' };
}

/** The folder is read anew; what waits can't be sent before. */
async function readFirst(server: ImapServer, world: World): Promise<void> {
  server.folder('INBOX').renumber();
  const busy = { t: 'answer', status: 'NO', text: '[INUSE] later' } as const;
  server.setFault({
    commands: ['MOVE', 'COPY', 'STORE', 'EXPUNGE'].map(command => ({ command, action: busy, times: 99 })),
  });
  await world.engine.syncOnce(null);
  server.setFault({ commands: [] });
  world.engine.refresh();
}

for (const hide of [[], ['MOVE'], ['UIDPLUS', 'MOVE', 'CONDSTORE', 'QRESYNC']]) {
  test(`moved, deleted and marked: done all the same, and not shown meanwhile, without ${hide.join() || 'nothing'}`, async t => {
    const { server, world } = await begin(t, 5);
    server.setFault({ hide });
    const inbox = await world.folder('INBOX');
    const { id } = inbox.record;
    const [five, four, three, two] = [0, 1, 2, 3].map(at => target(inbox, at));
    assert.ok(five && four && three && two);
    const { account } = world;
    await account.commit({ t: 'move', folder: id, to: world.record('Work').id, targets: [four, five] });
    await account.commit({ t: 'delete', folder: id, targets: [three] });
    await account.commit({ t: 'flags', folder: id, targets: [two], add: ['\\Flagged'], remove: [] });
    await readFirst(server, world);
    assert.deepEqual(await subjects(inbox), ['message 2', 'message 1'], 'in INBOX');
    assert.deepEqual(await subjects(await world.folder('Work')), ['message 5', 'message 4'], 'in Work');
    for (let i = 0; i < 3; i++) await world.engine.syncOnce(null);
    assert.deepEqual(account.queue(), []);
    assert.deepEqual(await subjects(inbox), ['message 2', 'message 1']);
    assert.deepEqual(await subjects(await world.folder('Work')), ['message 5', 'message 4']);
    const there = (path: string) =>
      server.folder(path).messages.map(({ raw }) => /Subject: (.*)\r/.exec(raw.toString())?.[1]);
    assert.deepEqual(there('INBOX'), ['message 1', 'message 2']);
    assert.deepEqual(there('Work'), ['message 4', 'message 5']);
    assert.deepEqual([...(server.folder('INBOX').messages[1]?.flags ?? [])], ['\\Flagged']);
  });
}
