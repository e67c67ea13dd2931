import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FLAGGED, SEEN } from '../../src/mail/types.ts';
import type { Folder } from '../../src/store/folder.ts';
import type { NewOperation } from '../../src/store/types.ts';
import { TmailError } from '../../src/util/errors.ts';
import { type FileSystem, realFileSystem } from '../../src/util/fsync.ts';
import { nextTurn } from '../../src/util/turn.ts';
import { fillFolder, syntheticMessage } from '../fixtures/synthetic.ts';
import { faultyDisk, systemError } from './faulty-disk.ts';
import { code, inbox, ownedStore, temporaryDirectory, troubles } from './harness.ts';

function flagOperation(folder: Folder, uid: number, add: string[], remove: string[] = []): NewOperation {
  const target = {
    uid,
    remote: folder.remote(uid) ?? null,
    messageId: folder.envelope(uid)?.messageId ?? '',
  };
  return { t: 'flags', folder: folder.host.id, targets: [target], add, remove };
}

/** One unread message that a server has. */
async function oneMessage(t: TestContext, dir: string, fs: FileSystem = realFileSystem) {
  const opened = await ownedStore(t, dir, { fs });
  const { folder, account } = await inbox(opened.store);
  const uid = folder.reserve(1);
  const put = { ...syntheticMessage(uid), flags: [] };
  await folder.apply({ put: [put], sync: { ...folder.sync, filledDownTo: 1 } }, 'now');
  return { ...opened, folder, account, uid };
}

test('an operation is seen at once, durable when told, and still there after closing', async t => {
  const dir = await temporaryDirectory(t);
  const { store, folder, account, uid, events } = await oneMessage(t, dir);
  assert.equal(folder.record.counts.unread, 1);
  events.length = 0;
  const committed = account.commit(flagOperation(folder, uid, ['\\Seen', 'Later']));
  assert.equal((folder.flags(uid) ?? 0) & SEEN, SEEN);
  assert.equal(folder.record.counts.unread, 0);
  assert.deepEqual(new Set(events.map(event => event.t)), new Set(['folder', 'folders', 'queue']));
  const op = await committed;
  assert.deepEqual(account.queue(), [op]);
  await account.attempt(op.id);
  await store.close();

  const again = await ownedStore(t, dir);
  const { account: reopened, folder: same } = await inbox(again.store);
  assert.deepEqual(reopened.queue(), [{ ...op, tries: 1 }]);
  assert.equal((same.flags(uid) ?? 0) & SEEN, SEEN);
  await reopened.settled(op.id);
  assert.deepEqual(reopened.queue(), []);
  assert.equal((same.flags(uid) ?? 0) & SEEN, SEEN);
});

test('a server’s old flags do not flicker back over pending operations', async t => {
  const { folder, account, uid } = await oneMessage(t, await temporaryDirectory(t));
  const seen = await account.commit(flagOperation(folder, uid, ['\\Seen']));
  const star = await account.commit(flagOperation(folder, uid, ['\\Flagged']));
  await folder.apply({ flags: [{ uid, flags: [] }] });
  assert.equal(folder.flags(uid), SEEN | FLAGGED);
  await folder.apply({ put: [{ ...syntheticMessage(uid), flags: [] }] });
  assert.equal(folder.flags(uid), SEEN | FLAGGED);
  await account.settled(seen.id);
  assert.equal(folder.flags(uid), SEEN | FLAGGED);
  await folder.apply({ flags: [{ uid, flags: ['\\Seen'] }] });
  assert.equal(folder.flags(uid), SEEN | FLAGGED);
  await account.settled(star.id);
  await folder.apply({ flags: [{ uid, flags: [] }] });
  assert.equal(folder.flags(uid), 0);
});

test('a refused operation goes back to what the server says, under the operations that follow it', async t => {
  const { folder, account, uid, events } = await oneMessage(t, await temporaryDirectory(t));
  const star = await account.commit(flagOperation(folder, uid, ['\\Flagged']));
  await account.commit(flagOperation(folder, uid, ['\\Seen']));
  const unstar = await account.commit(flagOperation(folder, uid, [], ['\\Flagged']));
  assert.equal(folder.flags(uid), SEEN);
  await account.refused(unstar.id, new TmailError('rejected', 'imap.no'));
  assert.equal(folder.flags(uid), SEEN | FLAGGED);
  // Meanwhile another client starred it: refusing our star must not take that away.
  await folder.apply({ flags: [{ uid, flags: ['\\Flagged', '\\Answered'] }] });
  await account.refused(star.id, new TmailError('rejected', 'imap.no'));
  assert.deepEqual(account.queue().length, 1);
  assert.equal(folder.flags(uid), SEEN | FLAGGED | 2);
  assert.deepEqual(troubles(events), ['imap.no', 'imap.no']);
});

test('flags go to where the server has the message now, whatever older place whoever asks remembers', async t => {
  const { folder, account, uid } = await oneMessage(t, await temporaryDirectory(t));
  const stale = flagOperation(folder, uid, ['\\Flagged']);
  const message = { ...syntheticMessage(uid), remote: { t: 'imap', uidValidity: '7', uid: 4711 } } as const;
  await folder.apply({ put: [message] }, 'now');
  const op = await account.commit(stale);
  assert.deepEqual(op.targets[0]?.remote, folder.remote(uid));
  assert.notDeepEqual(op.targets, stale.targets);
});

test('an operation that is ended twice is ended for nobody before it is durable', async t => {
  let failing = false;
  const fs = faultyDisk(() => {
    if (failing) throw systemError('EIO');
    return undefined;
  });
  const { folder, account, uid } = await oneMessage(t, await temporaryDirectory(t), fs);
  const op = await account.commit(flagOperation(folder, uid, ['\\Seen']));
  failing = true;
  const first = account.refused(op.id, new TmailError('rejected', 'test.no'));
  first.catch(() => undefined);
  while (account.queue().length > 0) await nextTurn();
  const second = account.settled(op.id);
  await assert.rejects(first, code('disk.io'));
  await assert.rejects(second, code('disk.io'));
  failing = false;
  await account.settled(op.id);
});

test('an operation on messages that are not in memory is applied to them all the same', async t => {
  const dir = await temporaryDirectory(t);
  const first = await ownedStore(t, dir);
  await fillFolder(first.store, 'a', 'INBOX', 3000);
  await first.store.close();
  const { store } = await ownedStore(t, dir);
  const account = await store.account('a');
  await account.commit({
    t: 'flags',
    folder: 'a:1',
    targets: [{ uid: 4, remote: { t: 'imap', uidValidity: '7', uid: 4 }, messageId: '4.mail@example.org' }],
    add: ['\\Flagged'],
    remove: [],
  });
  const folder = await account.folder('a:1');
  assert.equal(folder.flags(4), FLAGGED);
});

test('fifty thousand messages can be marked as read in one operation', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  const { folder, id } = await fillFolder(store, 'a', 'INBOX', 50_000);
  const account = await store.account('a');
  const targets = Array.from({ length: 50_000 }, (_, i) => {
    const uid = folder.uidAt(i) ?? 0;
    return { uid, remote: folder.remote(uid) ?? null, messageId: `${uid}.mail@example.org` };
  });
  await account.commit({ t: 'flags', folder: id, targets, add: ['\\Seen'], remove: [] });
  assert.equal(folder.unread, 0);
  assert.equal(folder.record.counts.unread, 0);
  await store.close();
  const again = await (await ownedStore(t, dir)).store.account('a');
  assert.equal(again.queue()[0]?.targets.length, 50_000);
});
