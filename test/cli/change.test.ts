// tmail flag, move, archive and delete: the built program against a real server, alone and beside an owner.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDovecot } from '../servers/dovecot.ts';
import { owner } from './owner.ts';
import { place } from './place.ts';
import { tmail } from './program.ts';
import { done, lines, message, rows } from './rows.ts';

test('flags reach the server at once where it is there, and with the next sync where it is not', async t => {
  await using server = await startDovecot({ pop3: false });
  await server.deliver('INBOX', [1, 2, 3].map(message));
  const incoming = { host: '127.0.0.1', port: server.imapPort, security: 'none', user: server.user };
  const here = await place(t, incoming, { offline: 'headers' });
  done(await tmail(['sync'], here));
  const [one, two, three] = await rows(here);
  assert.ok(one && two && three);
  assert.equal((await tmail(['unread'], here)).stdout, '3\n');
  const flagsOnServer = async (n: number) =>
    (await server.doveadm('fetch', '-u', server.user, 'flags', 'mailbox', 'INBOX', 'UID', String(n))).trim();

  done(await tmail(['flag', '--set', 'seen', '--set', 'todo', one.id, two.id], here));
  assert.match(await flagsOnServer(1), /\\Seen.*todo|todo.*\\Seen/);
  assert.match(await flagsOnServer(2), /\\Seen/);
  assert.doesNotMatch(await flagsOnServer(3), /\\Seen/);
  assert.deepEqual((await rows(here))[0]?.flags, ['seen', 'todo']);
  assert.equal((await tmail(['unread'], here)).stdout, '1\n');

  // Bad ids are named, the others done.
  const some = await tmail(['flag', '--json', '--clear', 'seen', 'nonsense', `${one.id}9`, one.id], here);
  assert.equal(some.status, 1);
  assert.match(some.stderr, /nonsense/);
  assert.match(some.stderr, new RegExp(`${one.id}9`));
  assert.deepEqual(
    lines(some.stdout).map(({ error }) => error),
    ['id.malformed', 'message.not-found', null],
  );
  assert.doesNotMatch(await flagsOnServer(1), /\\Seen/);

  await server.stop();
  const offline = await tmail(['flag', '--set', 'flagged', three.id], here);
  assert.equal(offline.status, 0, offline.stderr);
  assert.match(offline.stderr, /work: 1 change waits for the next tmail sync/);
  assert.deepEqual((await rows(here))[2]?.flags, ['flagged']);
  await server.restart();
  done(await tmail(['sync'], here));
  assert.match(await flagsOnServer(3), /\\Flagged/);
});

test('beside an open screen its process makes the change and sends it', async t => {
  await using server = await startDovecot({ pop3: false });
  await server.deliver('INBOX', [1, 2].map(message));
  const incoming = { host: '127.0.0.1', port: server.imapPort, security: 'none', user: server.user };
  const here = await place(t, incoming, { offline: 'headers' });
  const leave = await owner(t, here);
  done(await tmail(['sync'], here));
  const [one] = await rows(here);
  assert.ok(one);
  done(await tmail(['flag', '--set', 'answered', one.id], here));
  assert.deepEqual((await rows(here))[0]?.flags, ['answered']);
  const bad = await tmail(['flag', '--set', 'answered', 'work:1:999'], here);
  assert.equal(bad.status, 1);
  assert.match(bad.stderr, /work:1:999/);
  // The queue has gone when a sync through the same process has ended.
  done(await tmail(['sync'], here));
  assert.match(
    await server.doveadm('fetch', '-u', server.user, 'flags', 'mailbox', 'INBOX', 'UID', '1'),
    /\\Answered/,
  );
  await leave();
});

test('moved, archived and deleted on the server too, alone and beside an open screen, offline first', async t => {
  await using server = await startDovecot({ pop3: false });
  await server.deliver('INBOX', [1, 2, 3, 4].map(message));
  await server.doveadm('mailbox', 'create', '-u', server.user, 'Lists');
  const incoming = { host: '127.0.0.1', port: server.imapPort, security: 'none', user: server.user };
  const here = await place(t, incoming, { offline: 'headers' });
  done(await tmail(['sync'], here));
  const [one, two, three, four] = await rows(here);
  assert.ok(one && two && three && four);
  const onServer = async (folder: string) =>
    (await server.doveadm('fetch', '-u', server.user, 'hdr.subject', 'mailbox', folder))
      .split('\n')
      .flatMap(line => /number \d/.exec(line) ?? []);

  const [moved] = lines(done(await tmail(['move', '--json', '--to', 'Lists', one.id], here)).stdout);
  assert.deepEqual(await onServer('Lists'), ['number 1']);
  assert.deepEqual(await rows(here, 'Lists').then(([row]) => row?.id), moved.now);

  // Several changes to one message, none of which the server has heard of.
  await server.stop();
  const [gone] = lines((await tmail(['delete', '--json', two.id], here)).stdout);
  assert.equal((await tmail(['flag', '--set', 'flagged', gone.now], here)).status, 0);
  assert.equal((await tmail(['move', '--to', 'Lists', gone.now], here)).status, 0);
  await server.restart();
  done(await tmail(['sync'], here));
  assert.deepEqual(await onServer('Lists'), ['number 1', 'number 2']);
  assert.match(
    await server.doveadm(
      'fetch',
      '-u',
      server.user,
      'flags',
      'mailbox',
      'Lists',
      'HEADER',
      'Subject',
      'number 2',
    ),
    /\\Flagged/,
  );

  const leave = await owner(t, here);
  done(await tmail(['archive', three.id], here));
  done(await tmail(['delete', four.id], here));
  done(await tmail(['sync'], here));
  await leave();
  const archive = (await rows(here, 'archive')).map(({ subject, folder }) => `${folder} ${subject}`);
  const trash = (await rows(here, 'trash')).map(({ subject, folder }) => `${folder} ${subject}`);
  assert.deepEqual([archive, trash], [['Archive number 3'], ['Trash number 4']]);
  assert.deepEqual(await onServer('Archive'), ['number 3']);
  assert.deepEqual(await onServer('Trash'), ['number 4']);
  assert.deepEqual(await onServer('INBOX'), []);
});
