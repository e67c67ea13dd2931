// Watching a real Dovecot: IDLE, other clients, the server going away and coming back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageId } from '../../../src/mail/ids.ts';
import { FLAGGED } from '../../../src/mail/types.ts';
import type { FolderStore } from '../../../src/store/types.ts';
import { dovecot, worldOf } from '../dovecot-world.ts';
import { message, until, type World } from '../world.ts';

/** The world with its inbox shown and everything pulled. */
async function watching(world: World): Promise<FolderStore> {
  world.engine.start();
  await world.engine.settled();
  world.engine.show(world.record('INBOX').id);
  await world.engine.settled();
  return await world.folder('INBOX');
}

test('new mail, flags and expunges of another client appear while one watches', async t => {
  const server = await dovecot(t, 20);
  await using world = await worldOf(server);
  const inbox = await watching(world);
  await server.deliver('INBOX', message(21));
  await until(world, () => inbox.length === 21, 'the new message');
  assert.equal(inbox.envelope(inbox.uidAt(0) ?? 0)?.subject, 'message 21');
  await server.doveadm('flags', 'add', '-u', server.user, '\\Flagged', 'mailbox', 'INBOX', 'uid', '3');
  await until(world, () => ((inbox.flags(inbox.byRemoteUid(3) ?? 0) ?? 0) & FLAGGED) !== 0, 'the flag');
  await server.doveadm('expunge', '-u', server.user, 'mailbox', 'INBOX', 'uid', '5:7');
  await until(world, () => inbox.length === 18, 'the expunge');
  assert.equal(inbox.byRemoteUid(6), undefined);
});

test('stopped and started again, the server is found again and what came meanwhile is there', async t => {
  const server = await dovecot(t, 10);
  await using world = await worldOf(server);
  const inbox = await watching(world);
  await world.engine.body(messageId(inbox.record.id, inbox.uidAt(0) ?? 0), 'text');
  await server.stop();
  await until(world, () => world.engine.status().phase === 'offline', 'offline');
  assert.match(String(world.engine.status().error?.code), /^(imap\.bye|net\.(closed|refused))$/);
  assert.equal(inbox.length, 10);
  await server.deliver('INBOX', message(11));
  await server.restart();
  await until(world, () => inbox.length === 11, 'the message that came meanwhile');
  assert.equal(world.engine.status().phase, 'online');
  await server.kill();
  await until(world, () => world.engine.status().phase !== 'online', 'that it is gone');
  await server.restart();
  await until(world, () => world.engine.status().phase === 'online', 'online once more');
});

test('a flag that was set here is there for every other client', async t => {
  const server = await dovecot(t, 3);
  await using world = await worldOf(server);
  const inbox = await watching(world);
  const uid = inbox.byRemoteUid(2) ?? 0;
  await world.account.commit({
    t: 'flags',
    folder: inbox.record.id,
    targets: [{ uid, remote: inbox.remote(uid) ?? null, messageId: '' }],
    add: ['\\Seen', '$Forwarded'],
    remove: [],
  });
  await until(world, () => world.account.queue().length === 0, 'the queue to empty');
  const said = await server.doveadm('fetch', '-u', server.user, 'flags', 'mailbox', 'INBOX', 'uid', '2');
  assert.match(said, /\\Seen/);
  assert.match(said, /\$Forwarded/);
});
