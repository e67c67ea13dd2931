import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAGGED, SEEN } from '../../src/mail/types.ts';
import { openStore } from '../../src/store/store.ts';
import { syntheticEnvelope } from '../fixtures/synthetic.ts';
import { inbox, info, ownedStore, temporaryDirectory } from './harness.ts';

test('a reader sees what the owner changes, adds and removes, and tells of it', async t => {
  const dir = await temporaryDirectory(t);
  const owner = await ownedStore(t, dir);
  const { account, folder, id } = await inbox(owner.store);
  const add = async (i: number) => {
    const uid = folder.reserve(1);
    await folder.apply({ put: [{ uid, envelope: syntheticEnvelope(i), flags: [], remote: null }] }, 'now');
    return uid;
  };
  const first = await add(1);
  const second = await add(2);
  await owner.store.flush();

  const reader = await openStore({ dir, mode: 'reader' });
  t.after(() => reader.close());
  const seen = await (await reader.account('a')).folder(id);
  await seen.ensure(0, 10);
  assert.equal(seen.length, 2);
  await reader.refresh();
  const told: string[] = [];
  reader.subscribe(event => told.push(event.t === 'folder' ? event.folder : event.t));
  await reader.refresh();
  assert.equal(told.length, 0, 'nothing has changed');

  const third = await add(3);
  await folder.apply({ flags: [{ uid: first, flags: ['\\Flagged', '\\Seen'] }], remove: [second] }, 'now');
  await account.setFolders([info('INBOX', { role: 'inbox' }), info('New')]);
  await owner.store.flush();
  await reader.refresh();
  assert.equal(seen.length, 2);
  assert.equal(seen.positionOf(second), -1);
  assert.equal(seen.flags(first), FLAGGED | SEEN);
  await seen.ensure(0, 10);
  assert.equal(seen.envelope(third)?.subject, syntheticEnvelope(3).subject);
  const names = (await reader.account('a')).folders().map(record => record.path);
  assert.deepEqual(names, ['INBOX', 'New']);
  assert.ok(told.includes(id) && told.includes('folders'), told.join());
});

test('a reader that follows sees a change by itself', async t => {
  const dir = await temporaryDirectory(t);
  const owner = await ownedStore(t, dir);
  const { account } = await inbox(owner.store);
  await owner.store.flush();
  const reader = await openStore({ dir, mode: 'reader' });
  t.after(() => reader.close());
  const seen = await reader.account('a');
  const told = new Promise<void>(resolve => {
    reader.subscribe(() => {
      if (seen.folders().some(record => record.path === 'New')) resolve();
    });
  });
  // What waits is not to keep a process alive; here nothing else does.
  const awake = setTimeout(() => undefined, 15_000);
  reader.follow();
  await account.setFolders([info('INBOX', { role: 'inbox' }), info('New')]);
  await told;
  clearTimeout(awake);
});
