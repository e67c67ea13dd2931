// The queue on disk: what an older tmail wrote, what is half written, and what a step costs.
import assert from 'node:assert/strict';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SEEN } from '../../src/mail/types.ts';
import { fillFolder } from '../fixtures/synthetic.ts';
import { code, inbox, info, ownedStore, temporaryDirectory } from './harness.ts';

const target = (uid: number) => ({ uid, remote: null, messageId: '' });

test('a queue of an older tmail is read; one of a newer is refused and stays as it is', async t => {
  const dir = await temporaryDirectory(t);
  const first = await ownedStore(t, dir);
  await fillFolder(first.store, 'a', 'INBOX', 3);
  await first.store.close();
  const common = { id: 'one', at: 1, tries: 2, folder: 1, uid: [2], remote: [['7', 2]], messageId: ['2@x'] };
  const old = { v: 1, ops: [{ t: 'flags', ...common, add: ['\\Seen'], remove: [], was: [0] }] };
  const paths = ['queue.json', 'queue.copy.json'].map(name => join(dir, 'accounts/a', name));
  for (const path of paths) await writeFile(path, JSON.stringify(old));
  const second = await ownedStore(t, dir);
  const { account, folder } = await inbox(second.store);
  assert.deepEqual(
    account.queue().map(({ id, t: kind, tries }) => [id, kind, tries]),
    [['one', 'flags', 2]],
  );
  assert.equal((folder.flags(2) ?? 0) & SEEN, SEEN);
  await account.settled('one');
  await second.store.close();
  const newer = JSON.stringify({ v: 3, ops: [] });
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
