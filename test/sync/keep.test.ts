// What is kept here of an account can be changed while it runs, and is obeyed at once.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ImapServer, startImapServer } from '../../src/demo/imap-server.ts';
import type { FolderStore } from '../../src/store/types.ts';
import { message, openWorld, until } from './world.ts';

const DAY = 24 * 3600_000;

async function serverWith(t: TestContext): Promise<ImapServer> {
  const server = await startImapServer({ users: { ada: 'secret' } });
  t.after(() => server.stop());
  for (let n = 1; n <= 6; n++) {
    server.deliver('INBOX', message(n), [], new Date(Date.now() - (n <= 3 ? 100 : 1) * DAY));
  }
  return server;
}

function bodies(folder: FolderStore): number {
  let count = 0;
  for (let i = 0; i < folder.length; i++) if (folder.raw(folder.uidAt(i) ?? 0)) count++;
  return count;
}

test('headers only, then the last days, then all mail: fetched as soon as it is wished', async t => {
  const server = await serverWith(t);
  await using world = await openWorld({ port: server.port, user: 'ada', password: 'secret', groupMs: 2 });
  world.engine.start();
  await until(world, () => world.engine.status().phase === 'online');
  await world.engine.settled();
  const inbox = await world.folder('INBOX');
  assert.equal(bodies(inbox), 0);
  world.engine.keep?.({ days: 30 });
  await until(world, () => bodies(inbox) === 3, 'the new mail');
  world.engine.keep?.('all');
  await until(world, () => bodies(inbox) === 6, 'all mail');
});

test('what is kept no longer is not fetched, also not after a line was lost', async t => {
  const server = await serverWith(t);
  const options = { port: server.port, user: 'ada', password: 'secret', groupMs: 2, offline: 'all' } as const;
  await using world = await openWorld(options);
  world.engine.keep?.('headers');
  world.engine.start();
  await until(world, () => world.engine.status().lastSync !== null);
  await world.engine.settled();
  server.dropAll();
  await until(world, () => world.engine.status().phase !== 'online');
  world.engine.refresh();
  await until(world, () => world.engine.status().phase === 'online');
  await world.engine.settled();
  server.deliver('INBOX', message(7));
  const inbox = await world.folder('INBOX');
  world.engine.refresh();
  await until(world, () => inbox.length === 7);
  await world.engine.settled();
  assert.equal(bodies(inbox), 0);
  assert.equal(server.log().filter(line => /BODY(\.PEEK)?\[\]/.test(line)).length, 0);
});
