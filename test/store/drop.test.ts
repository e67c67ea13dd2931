// Operations that a person takes out of the queue, while others work on it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { envelopeOf } from '../../src/mail/headers.ts';
import type { RemoteRef } from '../../src/mail/types.ts';
import { flagNames } from '../../src/store/flags.ts';
import { TmailError } from '../../src/util/errors.ts';
import { fillFolder } from '../fixtures/synthetic.ts';
import { code, info, ownedStore, temporaryDirectory } from './harness.ts';

async function twoFolders(t: Parameters<typeof temporaryDirectory>[0], count: number) {
  const { store } = await ownedStore(t, await temporaryDirectory(t));
  const { folder, id } = await fillFolder(store, 'a', 'INBOX', count);
  const account = await store.account('a');
  await account.setFolders([info('INBOX', { role: 'inbox' }), info('Archive')]);
  const to = account.folders()[1]?.id ?? 'a:0';
  const uids = Array.from({ length: count }, (_, i) => folder.uidAt(i) ?? 0);
  const targets = uids.map(uid => ({ uid, remote: folder.remote(uid) ?? null, messageId: '' }));
  return { account, folder, id, to, uids, targets, there: await account.folder(to) };
}

test('what is being taken back is not sent meanwhile, also where others build on it', async t => {
  const { account, folder, id, to, uids, targets } = await twoFolders(t, 2);
  const move = await account.commit({ t: 'move', folder: id, to, targets });
  assert.ok(move.t === 'move');
  const landed = move.landing.map(uid => ({ uid, remote: null, messageId: '' }));
  await account.commit({ t: 'flags', folder: to, targets: landed, add: ['\\Flagged'], remove: [] });
  await account.commit({ t: 'move', folder: to, to: id, targets: landed.slice(1) });
  const dropped = account.drop(move.id);
  let tries = 0;
  // As an engine that looks at the queue all the time.
  let over = false;
  const engine = (async () => {
    while (!over) {
      const next = account.queue().find(op => op.id === move.id && account.ready(op));
      if (next) tries++;
      if (next) await account.attempt(next.id).catch(() => tries--);
      await new Promise(resolve => setImmediate(resolve));
    }
  })();
  assert.equal((await dropped).length, 2, 'those that built on it');
  over = true;
  await engine;
  assert.equal(tries, 0);
  assert.deepEqual(account.queue(), []);
  assert.deepEqual(
    uids.map(uid => folder.flags(uid) !== undefined),
    [true, true],
  );
});

test('of a half made move only the rest can be taken back; what has arrived goes on', async t => {
  const { account, folder, id, to, uids, targets, there } = await twoFolders(t, 3);
  const move = await account.commit({ t: 'move', folder: id, to, targets });
  assert.ok(move.t === 'move');
  await account.attempt(move.id);
  const place: RemoteRef = { t: 'imap', uidValidity: '8', uid: 70 };
  await account.moved(move.id, [null, place, null]);
  account.tried(move.id);
  assert.deepEqual(await account.drop(move.id), []);
  const [left] = account.queue();
  assert.deepEqual([left?.id, left?.tries, left?.targets.map(({ uid }) => uid)], [move.id, 1, [uids[1]]]);
  assert.deepEqual(
    uids.map(uid => folder.flags(uid) !== undefined),
    [true, false, true],
  );
  assert.deepEqual(there.remote(move.landing[1] ?? 0), place);
  await assert.rejects(account.drop(move.id), code('operation.under-way'));
  await account.settled(move.id);
  assert.deepEqual(account.queue(), []);
});

test('a copy that is refused takes the deletion of what it was a copy of back with it, and nothing else', async t => {
  const { account, folder, id, to, uids, targets, there } = await twoFolders(t, 3);
  const copy = await account.commit({ t: 'copy', folder: id, to, targets: targets.slice(0, 1) });
  assert.ok(copy.t === 'copy');
  await account.commit({ t: 'delete', folder: id, targets: targets.slice(0, 2) });
  await account.attempt(copy.id);
  await account.refused(copy.id, new TmailError('rejected', 'imap.over-quota'));
  assert.deepEqual(
    uids.map(uid => folder.flags(uid) !== undefined),
    [true, false, true],
    'the only one is back',
  );
  assert.equal(there.length, 0);
  assert.deepEqual(
    account.queue().map(op => [op.t, op.targets.map(({ uid }) => uid)]),
    [['delete', [uids[1]]]],
  );
});

test('a refused copy that has gone on is made from where its message was, before that goes', async t => {
  const { account, id, to, uids, targets, there } = await twoFolders(t, 1);
  const copy = await account.commit({ t: 'copy', folder: id, to, targets });
  assert.ok(copy.t === 'copy');
  const landed = copy.landing.map(uid => ({ uid, remote: null, messageId: '' }));
  await account.commit({ t: 'move', folder: id, to, targets });
  await account.commit({ t: 'move', folder: to, to: id, targets: landed });
  await account.attempt(copy.id);
  await account.refused(copy.id, new TmailError('rejected', 'imap.permission'));
  assert.deepEqual(
    account.queue().map(op => [op.t, op.folder, op.targets.map(({ uid }) => uid)]),
    [
      ['copy', id, uids],
      ['move', id, uids],
    ],
  );
  assert.equal(there.length, 1);
});

const NO_ROOM = new TmailError('rejected', 'imap.over-quota');

test('a refused copy changes nothing of what its original is marked with, wherever that went since', async t => {
  const { account, folder, id, to, uids, targets, there } = await twoFolders(t, 1);
  const copy = await account.commit({ t: 'copy', folder: id, to, targets });
  const [uid = 0] = uids;
  const { remote = null } = targets[0] ?? {};
  await folder.apply({ flags: [{ uid, flags: ['\\Seen', 'Work'] }] }, 'now');
  const move = await account.commit({ t: 'move', folder: id, to, targets });
  assert.ok(move.t === 'move' && remote);
  const [at = 0] = move.landing;
  const landed = [{ uid: at, remote: null, messageId: '' }];
  const flag = await account.commit({
    t: 'flags',
    folder: to,
    targets: landed,
    add: ['\\Flagged'],
    remove: [],
  });
  await account.attempt(copy.id);
  await account.refused(copy.id, NO_ROOM);
  assert.deepEqual(flagNames(there.flags(at) ?? 0, there.keywords), ['\\Seen', '\\Flagged', 'Work']);
  await account.attempt(flag.id);
  await account.refused(flag.id, NO_ROOM);
  assert.deepEqual(flagNames(there.flags(at) ?? 0, there.keywords), ['\\Seen', 'Work']);
  await account.attempt(move.id);
  await account.refused(move.id, NO_ROOM);
  assert.deepEqual(flagNames(folder.flags(uid) ?? 0, folder.keywords), ['\\Seen', 'Work']);
});

test('what took a refused copy on stays behind the folder that was made for it', async t => {
  const { account, id, to, targets } = await twoFolders(t, 1);
  const copy = await account.commit({ t: 'copy', folder: id, to, targets });
  assert.ok(copy.t === 'copy');
  const made = await account.createFolder('New/Deep');
  const landed = copy.landing.map(uid => ({ uid, remote: null, messageId: '' }));
  await account.commit({ t: 'move', folder: to, to: made, targets: landed });
  await account.attempt(copy.id);
  await account.refused(copy.id, NO_ROOM);
  const order = account.queue().map(op => op.t);
  assert.deepEqual(order.slice(-2), ['folder-create', 'copy']);
  assert.equal(account.queue().at(-2)?.folder, made);
});

test('a message that comes back because its copy was refused takes back the removal of its folder', async t => {
  const { account, id, to, targets } = await twoFolders(t, 1);
  const moved = await account.commit({ t: 'move', folder: id, to, targets });
  assert.ok(moved.t === 'move');
  await account.attempt(moved.id);
  await account.moved(moved.id, [{ t: 'imap', uidValidity: '8', uid: 1 }]);
  await account.settled(moved.id);
  const there = await account.folder(to);
  const [uid = 0] = moved.landing;
  const on = [{ uid, remote: there.remote(uid) ?? null, messageId: '' }];
  const copy = await account.commit({ t: 'copy', folder: to, to: id, targets: on });
  await account.commit({ t: 'delete', folder: to, targets: on });
  await account.removeFolder(to);
  await account.attempt(copy.id);
  await account.refused(copy.id, NO_ROOM);
  assert.deepEqual(account.queue(), []);
  assert.ok(account.folders().some(each => each.id === to));
  assert.notEqual((await account.folder(to)).flags(uid), undefined);
});

for (const [what, next] of [
  ['deleted', 'delete'],
  ['moved', 'move'],
] as const) {
  test(`a message that was copied before it was uploaded, and then ${what}, is uploaded for the copy`, async t => {
    const { account, id, to } = await twoFolders(t, 1);
    const bytes = Buffer.from('Message-ID: <new@x>\r\n\r\nText.\r\n');
    const envelope = envelopeOf(bytes, { size: bytes.length, arrival: 1 });
    const upload = await account.append({ folder: id, bytes, envelope, flags: [], date: 1, upload: true });
    const on = { folder: id, targets: upload.targets };
    const copy = await account.commit({ t: 'copy', ...on, to });
    const op = await account.commit(next === 'move' ? { t: 'move', ...on, to } : { t: 'delete', ...on });
    const order = () => account.queue().map(each => each.id);
    assert.deepEqual(order(), [upload.id, copy.id, op.id]);
    const place: RemoteRef = { t: 'imap', uidValidity: '7', uid: 900 };
    await account.appended(upload.id, place);
    await account.settled(upload.id);
    assert.deepEqual(
      account.queue().map(({ targets }) => targets[0]?.remote),
      [place, place],
    );
  });
}
