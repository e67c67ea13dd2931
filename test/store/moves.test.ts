// Moves and deletions in the store: seen at once, durable when told, taken back where they can't be kept.
import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FLAGGED } from '../../src/mail/types.ts';
import type { Folder } from '../../src/store/folder.ts';
import type { StoreOptions } from '../../src/store/store.ts';
import { TmailError } from '../../src/util/errors.ts';
import { syntheticMessage } from '../fixtures/synthetic.ts';
import { faultyDisk, systemError } from './faulty-disk.ts';
import { code, info, ownedStore, temporaryDirectory, troubles } from './harness.ts';

const bytesOf = (n: number) => Buffer.from(`Subject: ${n}\r\n\r\nbody ${n}\r\n`);
const target = (uid: number) => ({ uid, remote: null, messageId: '' });

/** An inbox of three messages as a POP3 account has it, and Trash. */
async function home(t: TestContext, dir: string, options: Partial<StoreOptions> = {}) {
  const opened = await ownedStore(t, dir, options);
  const account = await opened.store.account('home');
  if (account.folders().length === 0)
    await account.setFolders([info('Inbox'), info('Trash', { remote: false })]);
  const [inbox, trash] = await Promise.all(account.folders().map(({ id }) => account.folder(id)));
  assert.ok(inbox && trash);
  if (inbox.length + trash.length === 0) {
    await inbox.apply({ sync: { ...inbox.sync, filledDownTo: 1 } }, 'now');
    for (let n = 1; n <= 3; n++) {
      const uid = inbox.reserve(1);
      const remote = { t: 'pop3', uidl: `u${n}` } as const;
      const owner = { folder: inbox.host.id, uid, remote, partial: false };
      const raw = await account.raw.write(bytesOf(n), owner);
      await inbox.apply({ put: [{ ...syntheticMessage(uid), remote, flags: [], raw }] }, 'now');
    }
  }
  const read = async (folder: Folder, uid: number) => {
    const raw = folder.raw(uid);
    return raw ? (await account.raw.read(raw)).toString() : null;
  };
  const move = (uid: number) =>
    account.commit({ t: 'move', folder: inbox.host.id, to: trash.host.id, targets: [target(uid)] });
  const destroy = (folder: Folder, uid: number) =>
    account.commit({ t: 'delete', folder: folder.host.id, targets: [target(uid)] });
  return { ...opened, account, inbox, trash, read, move, destroy };
}

test('a move is seen before anything is waited for, keeps flags, UIDL and file, and comes back to its place', async t => {
  const dir = await temporaryDirectory(t);
  const h = await home(t, dir);
  await h.account.commit({
    t: 'flags',
    folder: h.inbox.host.id,
    targets: [{ ...target(2), remote: { t: 'pop3', uidl: 'u2' } }],
    add: ['\\Flagged', 'Later'],
    remove: [],
  });
  const moving = h.move(2);
  assert.deepEqual([h.inbox.length, h.trash.length], [2, 1]);
  const op = await moving;
  assert.ok(op.t === 'move');
  const [there = 0] = op.landing;
  assert.equal(h.trash.byUidl('u2'), there);
  assert.equal(h.inbox.byUidl('u2'), undefined);
  assert.equal((h.trash.flags(there) ?? 0) & FLAGGED, FLAGGED);
  assert.deepEqual(h.trash.keywords, ['Later']);
  assert.deepEqual(h.account.queue(), [], 'no server has to hear of it');
  await h.store.close();

  const again = await home(t, dir);
  assert.equal(await again.read(again.trash, there), bytesOf(2).toString());
  await again.account.commit({
    t: 'move',
    folder: again.trash.host.id,
    to: again.inbox.host.id,
    targets: [target(there)],
    landing: [2],
  });
  assert.equal(again.inbox.positionOf(2), 1);
  assert.equal(again.trash.length, 0);
  assert.equal(await again.read(again.inbox, 2), bytesOf(2).toString());
  await again.store.close();
});

test('what is not here is left out; a folder that never was is refused', async t => {
  const h = await home(t, await temporaryDirectory(t));
  const both = [target(1), target(99)];
  const op = await h.account.commit({
    t: 'move',
    folder: h.inbox.host.id,
    to: h.trash.host.id,
    targets: both,
  });
  assert.deepEqual(
    op.targets.map(({ uid }) => uid),
    [1],
  );
  const nowhere = { t: 'move', folder: h.inbox.host.id, to: 'home:77', targets: both } as const;
  await assert.rejects(h.account.commit(nowhere), code('folder.unknown'));
  const same = { ...nowhere, to: h.inbox.host.id, targets: [target(2)] } as const;
  await assert.rejects(h.account.commit(same), code('folder.unknown'));
  assert.equal(h.inbox.length, 2);
  await h.store.close();
});

test('a deletion of POP3 mail waits until it was heard of, also over a restart; its file is gone', async t => {
  const dir = await temporaryDirectory(t);
  const h = await home(t, dir);
  const raw = h.inbox.raw(3);
  assert.ok(raw);
  const op = await h.destroy(h.inbox, 3);
  assert.equal(h.inbox.length, 2);
  await h.store.flush();
  await assert.rejects(h.account.raw.read(raw), code('raw.missing'));
  await h.store.close();
  const again = await home(t, dir);
  assert.deepEqual(again.account.queue(), [op]);
  assert.deepEqual(op.targets[0]?.remote, { t: 'pop3', uidl: 'u3' });
  assert.equal(again.inbox.length, 2);
  await again.account.settled(op.id);
  assert.deepEqual(again.account.queue(), []);
  await again.store.close();
});

test('on a full disk a move and a deletion are not done, and can be made again when there is room', async t => {
  const broken = { now: false };
  const fs = faultyDisk(change => {
    if (broken.now && change !== 'unlink') throw systemError('ENOSPC');
    return undefined;
  });
  const dir = await temporaryDirectory(t);
  const h = await home(t, dir, { fs });
  broken.now = true;
  await assert.rejects(h.move(1), code('disk.full'));
  await assert.rejects(h.destroy(h.inbox, 2), code('disk.full'));
  assert.deepEqual([h.inbox.length, h.trash.length, h.account.queue().length], [3, 0, 0]);
  broken.now = false;
  await h.store.flush();
  for (const n of [1, 2, 3]) assert.equal(await h.read(h.inbox, n), bytesOf(n).toString());
  await h.move(1);
  await h.destroy(h.inbox, 2);
  await h.store.close();
  const again = await home(t, dir);
  assert.deepEqual([again.inbox.length, again.trash.length], [1, 1]);
  await again.store.close();
});

test('a move that a server refuses is taken back; until then it waits in the queue', async t => {
  const { store, events } = await ownedStore(t, await temporaryDirectory(t));
  const account = await store.account('work');
  await account.setFolders([info('INBOX'), info('Archive')]);
  const [inbox, archive] = await Promise.all(account.folders().map(({ id }) => account.folder(id)));
  assert.ok(inbox && archive);
  const uid = inbox.reserve(1);
  await inbox.apply({ put: [syntheticMessage(uid)] }, 'now');
  const remote = inbox.remote(uid);
  const move = { t: 'move', folder: inbox.host.id, to: archive.host.id, targets: [target(uid)] } as const;
  const op = await account.commit(move);
  assert.deepEqual(account.queue(), [op]);
  assert.deepEqual(op.targets[0]?.remote, remote);
  assert.deepEqual([inbox.length, archive.length], [0, 1]);
  await account.refused(op.id, new TmailError('rejected', 'imap.no'));
  assert.deepEqual([inbox.length, archive.length, account.queue().length], [1, 0, 0]);
  assert.deepEqual(inbox.remote(uid), remote);
  assert.deepEqual(troubles(events), ['imap.no']);
  await store.close();
});

test('an index rebuilt from files alone finds a moved message where it was moved', async t => {
  const dir = await temporaryDirectory(t);
  const h = await home(t, dir);
  const op = await h.move(2);
  assert.ok(op.t === 'move');
  await h.store.close();
  const folders = join(dir, 'accounts', 'home', 'folders');
  for (const folder of await readdir(folders)) {
    for (const name of await readdir(join(folders, folder))) {
      if (/^\d{6}/.test(name)) await rm(join(folders, folder, name));
    }
  }
  const again = await home(t, dir);
  await again.inbox.loadAll();
  await again.trash.loadAll();
  assert.deepEqual([again.inbox.byUidl('u2'), again.trash.byUidl('u2')], [undefined, op.landing[0]]);
  assert.equal(await again.read(again.trash, op.landing[0] ?? 0), bytesOf(2).toString());
  assert.equal(again.inbox.length, 2);
  await again.store.close();
});

test('a comparison of files and index removes nothing that is moved while it looks', async t => {
  const dir = await temporaryDirectory(t);
  const before = await home(t, dir);
  const there = await before.move(2);
  assert.ok(there.t === 'move');
  await before.store.close();
  const h = await home(t, dir);
  const [at = 0] = there.landing;
  const back = { folder: h.trash.host.id, to: h.inbox.host.id, landing: [2], targets: [target(at)] };
  // Back to the folder that was looked at already, right before this one is.
  const loadStates = h.trash.loadStates.bind(h.trash);
  h.trash.loadStates = async numbers => {
    h.trash.loadStates = loadStates;
    await h.account.commit({ t: 'move', ...back });
    await loadStates(numbers);
  };
  // The file's new owner is not written down before the comparison is over.
  let goOn: () => void = () => undefined;
  const looked = new Promise<void>(resolve => {
    goOn = resolve;
  });
  const giveTo = h.account.raw.giveTo.bind(h.account.raw);
  h.account.raw.giveTo = async owners => {
    await looked;
    await giveTo(owners);
  };
  const report = await h.account.sweep();
  goOn();
  assert.equal(h.trash.length, 0);
  assert.equal(report.removed, 0);
  assert.equal(await h.read(h.inbox, 2), bytesOf(2).toString());
  await h.store.close();
});
