// The whole of it against a real Dovecot: what the embedded server only imitates is proved here.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { signIn } from '../../../src/sync/sign-in.ts';
import { dovecot, options, worldOf } from '../dovecot-world.ts';
import { accountConfig, message, openWorld, remoteUids, until } from '../world.ts';

test('signs in by TLS and by STARTTLS, and not in clear where the server forbids it', async t => {
  const server = await dovecot(t, 0, {
    extraConfig: 'disable_plaintext_auth = yes\nlogin_trusted_networks = 192.0.2.1',
  });
  const base = options(server);
  const signal = new AbortController().signal;
  const tls = await signIn(accountConfig(base), server.password, signal);
  assert.deepEqual([...tls.roles].sort(), ['archive', 'drafts', 'inbox', 'junk', 'sent', 'trash']);
  const starttls = { ...base, port: server.imapPort, security: 'starttls' as const };
  assert.equal((await signIn(accountConfig(starttls), server.password, signal)).total, tls.total);
  await assert.rejects(signIn(accountConfig({ ...base, ca: undefined } as never), server.password, signal), {
    code: 'tls.self-signed',
  });
  await assert.rejects(signIn(accountConfig(base), 'wrong', signal), { code: 'auth.refused' });
});

test('folders have their roles, names in every script, counts and levels', async t => {
  const server = await dovecot(t, 3);
  await server.deliver('Lists/größer & mehr/日本語', [message(1), message(2)], { flags: ['\\Seen'] });
  await server.deliver('__proto__', message(5));
  await server.doveadm('mailbox', 'subscribe', '-u', server.user, 'Lists/größer & mehr/日本語');
  await using world = await worldOf(server);
  await world.engine.syncOnce(null);
  const deep = world.record('Lists/größer & mehr/日本語');
  assert.deepEqual(
    [deep.name, deep.delimiter, deep.role, deep.subscribed, deep.counts],
    ['日本語', '/', null, true, { total: 2, unread: 0 }],
  );
  assert.equal(world.record('INBOX').role, 'inbox');
  assert.equal(world.record('Sent').role, 'sent');
  assert.deepEqual(world.record('INBOX').counts, { total: 3, unread: 3 });
  assert.equal(world.record('__proto__').subscribed, false);
  assert.equal((await world.folder('__proto__')).length, 1);
  assert.equal((await world.folder('Lists/größer & mehr/日本語')).length, 2);
});

test('5,000 messages come whole, in order, and a second look costs no fetch', async t => {
  const server = await dovecot(t, 5000);
  await using world = await worldOf(server);
  const first = await world.engine.syncOnce(null);
  assert.deepEqual(first.errors, []);
  assert.deepEqual([first.received, first.onServer], [5000, 5000]);
  const inbox = await world.folder('INBOX');
  const uids = await remoteUids(inbox);
  assert.equal(uids.length, 5000);
  assert.ok(uids.every((uid, i) => i === 0 || uid < (uids[i - 1] ?? 0)));
  assert.equal(inbox.envelope(inbox.uidAt(0) ?? 0)?.subject, 'message 5000');
  const again = await world.engine.syncOnce(null);
  assert.deepEqual([again.received, again.errors], [0, []]);
});

test('a folder that was made anew under the same name is read anew, and the person is told', async t => {
  const server = await dovecot(t, 0);
  await server.deliver(
    'Work',
    [1, 2, 3].map(n => message(n)),
  );
  await using world = await worldOf(server);
  await world.engine.syncOnce(null);
  const work = await world.folder('Work');
  const before = [0, 1, 2].map(position => work.uidAt(position));
  await server.doveadm('mailbox', 'delete', '-u', server.user, 'Work');
  await new Promise(resolve => setTimeout(resolve, 1100)); // Dovecot takes UIDVALIDITY from the clock, in seconds.
  await server.deliver('Work', [message(7), message(8)]);
  const report = await world.engine.syncOnce(null);
  assert.deepEqual(report.errors, []);
  const subjects = [0, 1].map(position => work.envelope(work.uidAt(position) ?? 0)?.subject);
  assert.deepEqual([work.length, ...subjects], [2, 'message 8', 'message 7']);
  assert.ok(
    before.every(uid => uid !== undefined && work.flags(uid) === undefined),
    'no number is used again',
  );
  assert.equal(world.engine.status().error?.code, 'imap.uidvalidity');
});

test('a first pull that is stopped goes on where it was, also in the next run of the program', async t => {
  const server = await dovecot(t, 2500);
  const dir = await mkdtemp(join(tmpdir(), 'tmail-resume-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  let kept = 0;
  {
    await using world = await openWorld({ ...options(server), dir });
    world.engine.start();
    await until(world, () => world.account.folders().length > 0, 'the folders');
    const inbox = await world.folder('INBOX');
    await until(world, () => inbox.length >= 560, 'the first chunks');
    await world.engine.stop();
    kept = inbox.length;
  }
  await using world = await openWorld({ ...options(server), dir });
  const inbox = await world.folder('INBOX');
  await inbox.loadAll();
  assert.equal(inbox.length, kept);
  const report = await world.engine.syncOnce(null);
  assert.deepEqual(report.errors, []);
  assert.equal(report.received, 2500 - kept);
  assert.deepEqual(
    await remoteUids(inbox),
    Array.from({ length: 2500 }, (_, i) => 2500 - i),
  );
});
