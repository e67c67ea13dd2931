// The queue on disk: what an older tmail wrote, what is half written, and what a step costs.
import assert from 'node:assert/strict';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SEEN } from '../../src/mail/types.ts';
import { Disk } from '../../src/store/disk.ts';
import { openQueueFiles } from '../../src/store/queue-files.ts';
import type { QueuedOperation } from '../../src/store/shapes.ts';
import { realFileSystem } from '../../src/util/fsync.ts';
import { fillFolder } from '../fixtures/synthetic.ts';
import type { Account } from './fake-server.ts';
import { faultyDisk, systemError } from './faulty-disk.ts';
import { code, inbox, info, ownedStore, temporaryDirectory } from './harness.ts';

const target = (uid: number) => ({ uid, remote: null, messageId: '' });

test('a queue of an older tmail is read; one of a newer is refused and stays as it is', async t => {
  const dir = await temporaryDirectory(t);
  const first = await ownedStore(t, dir);
  await fillFolder(first.store, 'a', 'INBOX', 3);
  await first.store.close();
  const common = { id: 'one', at: 1, tries: 2, folder: 1, uid: [2], remote: [['7', 2]], messageId: ['2@x'] };
  // 2: with copies of messages, without steps; of those only the snapshot says anything.
  const old = { v: 2, ops: [{ t: 'flags', ...common, add: ['\\Seen'], remove: [], was: [0] }] };
  const paths = ['queue.json', 'queue.copy.json'].map(name => join(dir, 'accounts/a', name));
  for (const path of paths) await writeFile(path, JSON.stringify(old));
  const stale = `${JSON.stringify({ g: 1, put: [], gone: ['one'], tries: {} })}\n`;
  for (const path of paths) await writeFile(path.replace('.json', '.steps'), stale);
  const second = await ownedStore(t, dir);
  const { account, folder } = await inbox(second.store);
  assert.deepEqual(
    account.queue().map(({ id, t: kind, tries }) => [id, kind, tries]),
    [['one', 'flags', 2]],
  );
  assert.equal((folder.flags(2) ?? 0) & SEEN, SEEN);
  await account.settled('one');
  await second.store.close();
  // One that knows no steps would take the snapshot for all.
  assert.equal(JSON.parse(await readFile(paths[0] ?? '', 'utf8')).v, 3);
  const newer = JSON.stringify({ v: 4, ops: [] });
  for (const path of paths) await writeFile(path, newer);
  const third = await ownedStore(t, dir);
  await assert.rejects(third.store.account('a'), code('store.version'));
  for (const path of paths) assert.equal(await readFile(path, 'utf8'), newer);
});

test('steps are read again after a crash, without a last one that is only half there', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  const { folder, id } = await fillFolder(store, 'a', 'INBOX', 5);
  const account = await store.account('a');
  const flags = (uid: number) =>
    account.commit({ t: 'flags', folder: id, targets: [target(uid)], add: ['\\Flagged'], remove: [] });
  const ops = [await flags(1), await flags(2), await flags(3)];
  await account.attempt(ops[1]?.id ?? '');
  await account.settled(ops[0]?.id ?? '');
  const wanted = account.queue();
  assert.equal(wanted.length, 2);
  assert.ok(folder.length === 5);
  const again = await temporaryDirectory(t);
  const { cp } = await import('node:fs/promises');
  await cp(join(dir, 'accounts'), join(again, 'accounts'), { recursive: true });
  await cp(join(dir, 'store.json'), join(again, 'store.json'));
  for (const name of ['queue.steps', 'queue.copy.steps']) {
    await appendFile(join(again, 'accounts/a', name), '{"g":1,"put":[],"gone":["');
  }
  const reopened = await (await ownedStore(t, again)).store.account('a');
  assert.deepEqual(reopened.queue(), wanted);
  // And what follows is not glued to the half one.
  await reopened.attempt(wanted[0]?.id ?? '');
  assert.equal(reopened.queue()[0]?.tries, 2);
});

test('one of the two damaged in the middle of its steps costs nothing', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  const { id } = await fillFolder(store, 'a', 'INBOX', 5);
  const account = await store.account('a');
  for (const uid of [1, 2, 3]) {
    await account.commit({ t: 'flags', folder: id, targets: [target(uid)], add: ['\\Flagged'], remove: [] });
  }
  const wanted = account.queue();
  await store.close();
  const path = join(dir, 'accounts/a/queue.steps');
  const bytes = await readFile(path);
  bytes.fill(0, 5, 20);
  await writeFile(path, bytes);
  const again = await (await ownedStore(t, dir)).store.account('a');
  assert.deepEqual(again.queue(), wanted);
});

test('behind a bulk operation a small step stays small', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  const { folder, id } = await fillFolder(store, 'a', 'INBOX', 6000);
  const account = await store.account('a');
  await account.setFolders([info('INBOX', { role: 'inbox' }), info('Archive')]);
  const to = account.folders()[1]?.id ?? 'a:0';
  const uids = Array.from({ length: 5000 }, (_, i) => folder.uidAt(i) ?? 0);
  const move = await account.commit({ t: 'move', folder: id, to, targets: uids.map(target) });
  const one = { folder: id, targets: [target(folder.uidAt(10) ?? 0)] };
  const size = async () => (await stat(join(dir, 'accounts/a/queue.steps'))).size;
  // A new snapshot may come once after what was large.
  await account.commit({ t: 'flags', ...one, add: ['\\Flagged'], remove: [] });
  await account.commit({ t: 'flags', ...one, add: [], remove: ['\\Flagged'] });
  const before = await size();
  await account.attempt(move.id);
  const small = await account.commit({ t: 'flags', ...one, add: ['\\Seen'], remove: [] });
  await account.settled(small.id);
  assert.ok((await size()) - before < 2000, `${(await size()) - before} bytes`);
});

test('on a full disk the queue is there to be read, and goes on when there is room', async t => {
  const dir = await temporaryDirectory(t);
  const first = await ownedStore(t, dir);
  const { id } = await fillFolder(first.store, 'a', 'INBOX', 5);
  const flag = (account: Account, uid: number) =>
    account.commit({ t: 'flags', folder: id, targets: [target(uid)], add: ['\\Flagged'], remove: [] });
  for (const uid of [1, 2, 3]) await flag(await first.store.account('a'), uid);
  await first.store.close();
  let full = true;
  const fs = faultyDisk(change => {
    if (full && (change === 'open' || change === 'write')) throw systemError('ENOSPC');
    return undefined;
  });
  await appendFile(join(dir, 'accounts/a/queue.steps'), '{"g":');
  const { store } = await ownedStore(t, dir, { fs });
  const account = await store.account('a');
  assert.equal(account.queue().length, 3);
  await assert.rejects(flag(account, 4), code('disk.full'));
  full = false;
  await flag(account, 4);
  await store.close();
  assert.equal((await (await ownedStore(t, dir)).store.account('a')).queue().length, 4);
});

/** So many operations of ten million bytes each. */
const large = (count: number): QueuedOperation[] =>
  Array.from({ length: count }, (_, i) => {
    const common = { at: 1, tries: 0, folder: 1, uid: [], remote: [], messageId: [], remove: [], was: [] };
    return { t: 'flags', id: `${i}`, ...common, add: ['x'.repeat(10_000_000)] };
  });

test('a queue of more than a hundred megabytes is found again; one that could not be is not kept', async t => {
  const dir = await temporaryDirectory(t);
  const place = { dir, disk: new Disk(realFileSystem, true), now: Date.now, damaged: assert.fail };
  await (await openQueueFiles(place)).write(null, () => large(11));
  const { found, write } = await openQueueFiles({ ...place, most: 115_000_000 });
  assert.equal(found.length, 11);
  await assert.rejects(
    write(null, () => large(12)),
    code('queue.full'),
  );
  assert.equal((await openQueueFiles(place)).found.length, 11);
});
