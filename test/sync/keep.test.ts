// What is kept here of an account can be changed while it runs, and is obeyed at once.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { type ImapServer, startImapServer } from '../../src/demo/imap-server.ts';
import { messageId } from '../../src/mail/ids.ts';
import type { FolderStore } from '../../src/store/types.ts';
import { message, openWorld, until, type World } from './world.ts';

const DAY = 24 * 3600_000;

async function serverWith(t: TestContext): Promise<ImapServer> {
  const server = await startImapServer({
    users: { ada: 'secret' },
    mailboxes: ['Lists', 'Lists/debian', 'Junk'].map(name => ({ name })),
  });
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

const account = (server: ImapServer) => ({ port: server.port, user: 'ada', password: 'secret', groupMs: 2 });

/** Local numbers of those whose file is here, newest first. */
const here = (folder: FolderStore) =>
  Array.from({ length: folder.length }, (_, i) => folder.uidAt(i) ?? 0).filter(uid => folder.raw(uid));

async function online(world: World): Promise<void> {
  world.engine.start();
  await until(world, () => world.engine.status().lastSync !== null);
  await world.engine.settled();
}

/** Everything that is fetched in the background has come. */
async function quiet(world: World): Promise<void> {
  await world.engine.settled();
  await until(world, () => world.engine.status().progress.length === 0, 'the background');
}

test('a folder is kept otherwise than its account, and those inside it are not meant', async t => {
  const server = await serverWith(t);
  for (const name of ['Lists', 'Lists/debian']) server.deliver(name, message(9));
  await using world = await openWorld({
    ...account(server),
    offline: 'headers',
    offlineFolders: { Lists: 'all' },
  });
  await online(world);
  const lists = await world.folder('Lists');
  await until(world, () => bodies(lists) === 1);
  await quiet(world);
  assert.equal(bodies(await world.folder('INBOX')), 0);
  assert.equal(bodies(await world.folder('Lists/debian')), 0);
  world.engine.keep?.('headers', { 'Lists/debian': 'all' });
  const debian = await world.folder('Lists/debian');
  await until(world, () => bodies(debian) === 1);
  await quiet(world);
  assert.equal(bodies(await world.folder('INBOX')), 0);
});

test('the newest of each folder come, and more only as newer ones come or go', async t => {
  const server = await serverWith(t);
  await using world = await openWorld({ ...account(server), offline: { newest: 2 } });
  await online(world);
  const inbox = await world.folder('INBOX');
  await until(world, () => bodies(inbox) === 2);
  await quiet(world);
  assert.deepEqual(here(inbox), [6, 5]);
  server.deliver('INBOX', message(7));
  world.engine.refresh();
  await until(world, () => bodies(inbox) === 3);
  assert.deepEqual(here(inbox), [7, 6, 5], 'what is here stays');
  // The two newest go: those behind them move up.
  server.folder('INBOX').expunge(({ uid }) => uid >= 5);
  world.engine.refresh();
  await until(world, () => inbox.length === 4 && bodies(inbox) === 2);
  assert.deepEqual(here(inbox), [4, 3]);
});

test('starred mail comes however old it is', async t => {
  const server = await startImapServer({ users: { ada: 'secret' } });
  t.after(() => server.stop());
  for (let n = 1; n <= 6; n++) {
    const flags = n === 2 ? ['\\Flagged', '\\Seen'] : ['\\Seen'];
    server.deliver('INBOX', message(n), flags, new Date(Date.now() - (n <= 4 ? 100 : 1) * DAY));
  }
  await using world = await openWorld({ ...account(server), offline: { days: 30 } });
  await online(world);
  const inbox = await world.folder('INBOX');
  await until(world, () => bodies(inbox) === 3);
  await quiet(world);
  assert.deepEqual(here(inbox), [6, 5, 2]);
});

test('of a folder that is not kept nothing comes but its counts, until it is opened', async t => {
  const server = await serverWith(t);
  for (let n = 1; n <= 3; n++) server.deliver('Junk', message(n));
  await using world = await openWorld({
    ...account(server),
    offline: 'all',
    offlineFolders: { Junk: 'none' },
  });
  await online(world);
  const junk = await world.folder('Junk');
  const inbox = await world.folder('INBOX');
  await until(world, () => bodies(inbox) === 6);
  await until(world, () => world.record('Junk').counts.total === 3, 'its count');
  server.deliver('Junk', message(4));
  world.engine.refresh();
  await until(world, () => world.record('Junk').counts.total === 4, 'its new count');
  await quiet(world);
  assert.equal(junk.length, 0);
  assert.equal(server.log().filter(line => /(SELECT|EXAMINE) "?Junk/.test(line)).length, 0);
  world.engine.show(world.record('Junk').id);
  await until(world, () => junk.length === 4, 'its list');
  await quiet(world);
  assert.equal(bodies(junk), 0);
  world.engine.show(world.record('INBOX').id);
  world.engine.keep?.('all', {});
  await until(world, () => bodies(junk) === 4, 'all of it');
});

test('tmail sync leaves such a folder alone unless it is named', async t => {
  const server = await serverWith(t);
  server.deliver('Junk', message(1));
  await using world = await openWorld({
    ...account(server),
    offline: 'all',
    offlineFolders: { Junk: 'none' },
  });
  const report = await world.engine.syncOnce(null);
  assert.deepEqual(report.errors, []);
  assert.equal((await world.folder('Junk')).length, 0);
  assert.equal(bodies(await world.folder('INBOX')), 6);
  await world.engine.syncOnce(world.record('Junk').id);
  assert.equal((await world.folder('Junk')).length, 1);
});

/** Text and a file of that many bytes. */
function withFile(n: number, bytes: number): string {
  return [
    'From: grace@example.org',
    `Subject: with a file ${n}`,
    `Message-ID: <f${n}@example.org>`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    `The text of ${n}.`,
    '--b',
    'Content-Type: application/octet-stream; name=scan.bin',
    'Content-Disposition: attachment; filename=scan.bin',
    'Content-Transfer-Encoding: base64',
    '',
    ...Array.from({ length: Math.ceil(bytes / 57) }, () => 'A'.repeat(76)),
    '--b--',
    '',
  ].join('\r\n');
}

test('without attachments the texts come; what is small comes whole, and opened all of it', async t => {
  const server = await startImapServer({ users: { ada: 'secret' } });
  t.after(() => server.stop());
  server.deliver('INBOX', withFile(1, 100_000));
  server.deliver('INBOX', withFile(2, 1000));
  server.deliver('INBOX', message(3, `X-Filler: ${'x'.repeat(900)}`).replace('Body', 'y'.repeat(60_000)));
  await using world = await openWorld({ ...account(server), offline: { attachments: false } });
  await online(world);
  const inbox = await world.folder('INBOX');
  await until(world, () => bodies(inbox) === 3);
  await quiet(world);
  assert.deepEqual(
    [1, 2, 3].map(uid => inbox.raw(uid)?.partial),
    [true, false, false],
  );
  const raw = inbox.raw(1);
  const text = raw ? await readFile(world.account.raw.path(raw), 'utf8') : '';
  assert.match(text, /The text of 1\./);
  assert.ok(text.length < 5000);
  await world.engine.body(messageId(inbox.record.id, 1), 'whole');
  assert.equal(inbox.raw(1)?.partial, false);
  // What was opened stays, and with attachments wished for the rest is fetched.
  server.deliver('INBOX', withFile(4, 100_000));
  world.engine.refresh();
  await until(world, () => inbox.raw(4)?.partial === true);
  world.engine.keep?.('all');
  await until(world, () => inbox.raw(4)?.partial === false);
});
