// tmail flag, move, archive, delete and unread where mail is only here, and where nothing is asked of a server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPop3Server } from '../servers/pop3.ts';
import { place } from './place.ts';
import { tmail } from './program.ts';
import { done, lines, message, rows } from './rows.ts';

test('mail that is only here is moved, archived and deleted without a server, and keeps an id', async t => {
  await using server = await startPop3Server({ messages: [1, 2, 3, 4].map(n => Buffer.from(message(n))) });
  const incoming = { host: '127.0.0.1', port: server.port, security: 'none', user: 'ada' };
  const here = await place(t, incoming, { protocol: 'pop3', serverCopy: 'untilDeletedHere' });
  done(await tmail(['sync'], here));
  const sessions = server.sessions;
  const [one, two, three, four] = await rows(here);
  assert.ok(one && two && three && four);

  const moved = lines(done(await tmail(['move', '--to', 'junk', '--json', one.id], here)).stdout);
  assert.deepEqual(moved, [{ id: one.id, now: (await rows(here, 'junk'))[0]?.id, error: null }]);
  done(await tmail(['archive', two.id], here));
  assert.deepEqual(
    (await rows(here, 'archive')).map(({ subject }) => subject),
    ['number 2'],
  );
  done(await tmail(['delete', three.id, four.id], here));
  const trash = await rows(here, 'trash');
  assert.deepEqual(
    trash.map(({ subject }) => subject),
    ['number 3', 'number 4'],
  );
  const again = await tmail(['delete', trash[0]?.id ?? ''], here);
  assert.equal(again.status, 1);
  assert.match(again.stderr, /in Trash already/);
  done(await tmail(['delete', '--for-ever', trash[0]?.id ?? ''], here));
  assert.equal((await rows(here, 'trash')).length, 1);
  const nowhere = await tmail(['move', '--to', 'Arhcive', trash[1]?.id ?? ''], here);
  assert.equal(nowhere.status, 1);
  assert.match(nowhere.stderr, /no folder "Arhcive".*Did you mean "Archive"/);
  assert.equal(server.sessions, sessions);
  // What was deleted for good goes on the server as well, once the person was told.
  assert.equal((await tmail(['sync', '--agree'], here)).status, 0);
  assert.equal(server.messages.length, 3);
  assert.equal((await tmail(['list'], here)).stdout, '');
});

test('unread counts are read from what is here: inboxes as a number, all folders as JSON', async t => {
  await using server = await startPop3Server({ messages: [1, 2].map(n => Buffer.from(message(n))) });
  const incoming = { host: '127.0.0.1', port: server.port, security: 'none', user: 'ada' };
  const here = await place(t, incoming, { protocol: 'pop3', serverCopy: 'keep' });
  assert.equal(done(await tmail(['unread'], here)).stdout, '0\n');
  done(await tmail(['sync'], here));
  const sessions = server.sessions;
  assert.equal(done(await tmail(['unread'], here)).stdout, '2\n');
  assert.equal(done(await tmail(['unread', '--folder', 'trash'], here)).stdout, '0\n');
  const [account] = lines(done(await tmail(['unread', '--json'], here)).stdout);
  assert.deepEqual([account.account, account.unread], ['work', 2]);
  assert.deepEqual(account.folders[0], { folder: 'Inbox', role: 'inbox', unread: 2, total: 2 });
  const wrong = await tmail(['unread', '--account', 'wrok'], here);
  assert.deepEqual([wrong.status, wrong.stdout], [2, '']);
  assert.equal(server.sessions, sessions);
});

test('what is no flag is wrong usage', async t => {
  const here = await place(t, { host: '127.0.0.1' });
  for (const words of [
    ['work:1:1'],
    ['--set', 'deleted', 'work:1:1'],
    ['--set', '\\Recent', 'work:1:1'],
    ['--set', 'two words', 'work:1:1'],
    ['--set', 'seen', '--clear', 'seen', 'work:1:1'],
    ['--set', 'seen'],
  ]) {
    const { status, stdout } = await tmail(['flag', ...words], here);
    assert.deepEqual([status, stdout], [2, ''], words.join(' '));
  }
});
