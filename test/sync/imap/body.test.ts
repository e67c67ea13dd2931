// Opening messages and fetching them in the background, against the embedded server.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ImapServer, startImapServer } from '../../../src/demo/imap-server.ts';
import { messageId } from '../../../src/mail/ids.ts';
import type { FolderStore } from '../../../src/store/types.ts';
import { message, openWorld, until, type World } from '../world.ts';

async function serverWith(t: TestContext, messages: readonly (string | Buffer)[]): Promise<ImapServer> {
  const server = await startImapServer({ users: { ada: 'secret' } });
  t.after(() => server.stop());
  for (const each of messages) server.deliver('INBOX', each);
  return server;
}

const credentials = { user: 'ada', password: 'secret' };

function idOf(folder: FolderStore, remote: number) {
  const uid = folder.byRemoteUid(remote);
  assert.ok(uid !== undefined);
  return messageId(folder.record.id, uid);
}

function rawOf(folder: FolderStore, remote: number) {
  return folder.raw(folder.byRemoteUid(remote) ?? 0);
}

async function bytesOf(world: World, folder: FolderStore, remote: number): Promise<Buffer> {
  const raw = rawOf(folder, remote);
  assert.ok(raw);
  return await world.account.raw.read(raw);
}

async function online(world: World): Promise<FolderStore> {
  world.engine.start();
  await world.engine.settled();
  return await world.folder('INBOX');
}

/** A mail with a text and an attachment of that many bytes. */
function withAttachment(bytes: number): string {
  const line = `${'QUJD'.repeat(19)}\r\n`;
  return [
    'From: grace@example.org',
    'Subject: with attachment',
    'Message-ID: <big@example.org>',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="b1"',
    '',
    '--b1',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'The text comes first.',
    '--b1',
    'Content-Type: application/octet-stream; name="data.bin"',
    'Content-Disposition: attachment; filename="data.bin"',
    'Content-Transfer-Encoding: base64',
    '',
    `${line.repeat(Math.ceil(bytes / line.length))}--b1--`,
    '',
  ].join('\r\n');
}

test('an opened message is kept byte for byte and never fetched twice', async t => {
  const odd = Buffer.from(
    'Subject: odd\r\n\r\n8-bit \xff\xfe, NUL \0, lone dot\r\n.\r\n..\r\nno end',
    'latin1',
  );
  const server = await serverWith(t, [message(1), odd]);
  await using world = await openWorld({ port: server.port, ...credentials });
  const inbox = await online(world);
  await world.engine.body(idOf(inbox, 2), 'text');
  assert.deepEqual(await bytesOf(world, inbox, 2), odd);
  const before = server.log().length;
  await world.engine.body(idOf(inbox, 2), 'text');
  await world.engine.body(idOf(inbox, 2), 'whole');
  assert.equal(
    server
      .log()
      .slice(before)
      .filter(line => /FETCH/.test(line)).length,
    0,
  );
  assert.equal(
    server.folder('INBOX').messages[1]?.flags.has('\\Seen'),
    false,
    'fetching marks nothing as read',
  );
});

test('a large message opens by its text; the whole follows when it is asked for', async t => {
  const big = withAttachment(3_000_000);
  const server = await serverWith(t, [big]);
  await using world = await openWorld({ port: server.port, ...credentials });
  const inbox = await online(world);
  const id = idOf(inbox, 1);
  await world.engine.body(id, 'text');
  assert.equal(rawOf(inbox, 1)?.partial, true);
  const text = (await bytesOf(world, inbox, 1)).toString('latin1');
  assert.match(text, /The text comes first\./);
  assert.match(text, /X-Tmail-Omitted: \d+/);
  assert.ok(text.length < 4000);
  const seen: number[] = [];
  const stop = world.engine.subscribe(() => seen.push(world.engine.status().progress[0]?.done ?? 0));
  await world.engine.body(id, 'whole');
  stop();
  assert.ok(new Set(seen).size > 3, 'with progress');
  assert.equal((await bytesOf(world, inbox, 1)).toString('latin1'), big);
  assert.equal(rawOf(inbox, 1)?.partial, false);
});

test('opening a message of another folder does not wait for the pull of the open one', async t => {
  const server = await serverWith(t, []);
  for (let n = 1; n <= 3000; n++) server.deliver('INBOX', message(n));
  server.deliver('Other', message(9000));
  await using world = await openWorld({ port: server.port, ...credentials });
  world.engine.start();
  await until(world, () => world.account.folders().length > 1, 'the folders');
  world.engine.show(world.record('INBOX').id);
  const other = await world.folder('Other');
  await until(world, () => other.length === 1, 'the other folder');
  const inbox = await world.folder('INBOX');
  await world.engine.body(idOf(other, 1), 'text');
  assert.ok(rawOf(other, 1));
  await world.engine.settled();
  assert.equal(inbox.length, 3000);
});

test('offline, what was kept opens and what was not says so', async t => {
  const server = await serverWith(t, [message(1), message(2)]);
  await using world = await openWorld({ port: server.port, ...credentials });
  const inbox = await online(world);
  await world.engine.body(idOf(inbox, 1), 'text');
  await server.stop();
  await until(world, () => world.engine.status().phase === 'offline', 'offline');
  await world.engine.body(idOf(inbox, 1), 'text');
  await assert.rejects(world.engine.body(idOf(inbox, 2), 'text'), { code: 'body.offline' });
});

test('a message that others expunged meanwhile is named as gone', async t => {
  const server = await serverWith(t, [message(1), message(2)]);
  await using world = await openWorld({ port: server.port, ...credentials });
  const inbox = await online(world);
  const id = idOf(inbox, 1);
  server.folder('INBOX').expunge(each => each.uid === 1);
  await assert.rejects(world.engine.body(id, 'text'), { code: 'body.gone' });
});

test('a literal that ends early is asked for again', async t => {
  const server = await serverWith(t, [message(1)]);
  await using world = await openWorld({ port: server.port, ...credentials });
  const inbox = await online(world);
  const short = '* 1 FETCH (UID 1 BODY[] {5}\r\nFrom:)\r\n';
  server.setFault({ commands: [{ command: 'FETCH', action: { t: 'raw', bytes: short } }] });
  await world.engine.body(idOf(inbox, 1), 'text');
  assert.equal((await bytesOf(world, inbox, 1)).toString(), message(1));
});

test('a cut in the middle of a large message leaves nothing half; asked again it is whole', async t => {
  const big = withAttachment(2_000_000);
  const server = await serverWith(t, [big]);
  await using world = await openWorld({ port: server.port, ...credentials });
  const inbox = await online(world);
  const id = idOf(inbox, 1);
  const before = server.accepted();
  server.setFault({ commands: [{ command: 'FETCH', skip: 1, action: { t: 'drop', bytes: 100_000 } }] });
  await assert.rejects(world.engine.body(id, 'whole'));
  assert.equal(rawOf(inbox, 1), null);
  await until(
    world,
    () => server.accepted() > before && world.engine.status().phase === 'online',
    'the next connection',
  );
  await world.engine.body(id, 'whole');
  assert.equal((await bytesOf(world, inbox, 1)).toString('latin1'), big);
});

test('in the background everything, a number of days, or nothing is fetched', async t => {
  const old = new Date(Date.now() - 40 * 24 * 3600_000);
  for (const [offline, kept] of [
    ['all', [1, 2, 3, 4]],
    [{ days: 30 }, [3, 4]],
    ['headers', []],
  ] as const) {
    const server = await serverWith(t, []);
    server.deliver('INBOX', message(1), [], old);
    server.deliver('INBOX', withAttachment(400_000), [], old);
    server.deliver('INBOX', message(3));
    server.deliver('INBOX', withAttachment(400_000));
    await using world = await openWorld({ port: server.port, ...credentials, offline });
    const report = await world.engine.syncOnce(null);
    assert.deepEqual(report.errors, []);
    const inbox = await world.folder('INBOX');
    const whole = [1, 2, 3, 4].filter(uid => rawOf(inbox, uid)?.partial === false);
    assert.deepEqual(whole, [...kept]);
    for (const uid of whole) {
      assert.deepEqual(await bytesOf(world, inbox, uid), server.folder('INBOX').byUid(uid)?.raw);
    }
    const before = server.log().length;
    await world.engine.syncOnce(null);
    assert.equal(
      server
        .log()
        .slice(before)
        .filter(line => /FETCH/.test(line)).length,
      0,
      'nothing twice',
    );
  }
});
