// A disk without room, or one that may only be read: one clear error, nothing claimed that is not so, and it goes on
// without a restart once there is room again.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FolderChange } from '../../src/store/types.ts';
import type { TmailError } from '../../src/util/errors.ts';
import { syntheticMessage } from '../fixtures/synthetic.ts';
import { faultyDisk, systemError } from './faulty-disk.ts';
import { code, inbox, ownedStore, temporaryDirectory, troubles } from './harness.ts';
import { check, live, type Note } from './workload.ts';

const owner = (uid: number) => ({ folder: 'a:1', uid, remote: null, partial: false }) as const;

/** A disk whose every write fails while `broken.errno` says how. */
function breakable() {
  const broken: { errno: string | null } = { errno: null };
  const fs = faultyDisk(change => {
    if (broken.errno !== null && change !== 'unlink') throw systemError(broken.errno);
    return undefined;
  });
  return { fs, broken };
}

test('each failure of the disk has its code', async t => {
  const { fs, broken } = breakable();
  const { store } = await ownedStore(t, await temporaryDirectory(t), { fs });
  const { account, folder } = await inbox(store);
  const codes = {
    ENOSPC: 'disk.full',
    EDQUOT: 'disk.full',
    EROFS: 'disk.read-only',
    EACCES: 'disk.read-only',
    EIO: 'disk.io',
  };
  for (const [errno, wanted] of Object.entries(codes)) {
    broken.errno = errno;
    const uid = folder.reserve(1);
    await assert.rejects(folder.apply({ put: [syntheticMessage(uid)] }, 'now'), code(wanted));
    await assert.rejects(account.raw.write(Buffer.from('x'), owner(uid)), error => {
      assert.ok(code(wanted)(error));
      assert.equal((error as TmailError).kind, 'storage');
      return true;
    });
    await assert.rejects(account.setFolders(account.folders()), code(wanted));
    await assert.rejects(store.flush(), code(wanted));
    broken.errno = null;
    await store.flush();
  }
});

test('an operation that can’t be kept is not done, and can be made again when there is room', async t => {
  const { fs, broken } = breakable();
  const dir = await temporaryDirectory(t);
  const { store, events } = await ownedStore(t, dir, { fs });
  const { account, folder } = await inbox(store);
  const uid = folder.reserve(1);
  await folder.apply({ put: [{ ...syntheticMessage(uid), flags: [] }] }, 'now');
  const target = { uid, remote: null, messageId: '' };
  const op = { t: 'flags', folder: 'a:1', targets: [target], add: ['\\Seen'], remove: [] } as const;
  broken.errno = 'ENOSPC';
  const committed = account.commit(op);
  assert.equal(folder.flags(uid), 1, 'shown at once');
  await assert.rejects(committed, code('disk.full'));
  assert.equal(folder.flags(uid), 0, 'taken back');
  assert.deepEqual(account.queue(), []);
  assert.ok(troubles(events).includes('disk.full'));
  broken.errno = null;
  const { id } = await account.commit(op);
  broken.errno = 'ENOSPC';
  await assert.rejects(account.attempt(id), code('disk.full'));
  assert.equal(account.queue()[0]?.tries, 0);
  broken.errno = null;
  await store.close();
  const again = await inbox((await ownedStore(t, dir)).store);
  assert.equal(again.folder.flags(uid), 1);
  assert.equal(again.account.queue().length, 1);
});

test('what was applied while the disk was full becomes durable by itself when there is room', async t => {
  const { fs, broken } = breakable();
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir, { fs });
  const { folder } = await inbox(store);
  broken.errno = 'ENOSPC';
  const uid = folder.reserve(2);
  const sync = { uidValidity: '7', uidNext: 3, highestModseq: null, filledDownTo: 1 };
  const change: FolderChange = { put: [syntheticMessage(uid), syntheticMessage(uid + 1)], sync };
  await assert.rejects(folder.apply(change, 'now'), code('disk.full'));
  assert.equal(folder.length, 2, 'in memory it is there');
  broken.errno = null;
  await folder.apply({ remove: [uid] }, 'now');
  await store.close();
  const again = (await inbox((await ownedStore(t, dir)).store)).folder;
  assert.deepEqual([again.length, again.sync.uidNext, again.uidAt(0)], [1, 3, uid + 1]);
});

test('a message file goes from a disk without any room, in the first moment of a run too, and makes some', async t => {
  const dir = await temporaryDirectory(t);
  const before = await ownedStore(t, dir);
  const earlier = await inbox(before.store);
  const uids = [earlier.folder.reserve(1), earlier.folder.reserve(1)];
  for (const uid of uids) {
    const written = earlier.account.raw.write(Buffer.from(`Subject: ${uid}\r\n\r\n`), owner(uid));
    await earlier.account.raw.flush();
    const change = { put: [syntheticMessage(uid)], raw: [{ uid, raw: await written }] };
    await earlier.folder.apply(change, 'now');
  }
  await before.store.close();
  let full = false;
  const fs = faultyDisk(change => {
    if (change === 'unlink') full = false;
    else if (full) throw systemError('ENOSPC');
    return undefined;
  });
  const { store, events } = await ownedStore(t, dir, { fs });
  const { account, folder } = await inbox(store);
  await folder.loadAll();
  full = true;
  const raw = folder.raw(uids[0] ?? 0) ?? assert.fail();
  await assert.rejects(
    folder.apply({ raw: uids.map(uid => ({ uid, raw: null })) }, 'now'),
    code('disk.full'),
  );
  await account.raw.remove(raw);
  await store.flush();
  await store.close();
  const again = await inbox((await ownedStore(t, dir)).store);
  await again.folder.loadAll();
  assert.deepEqual(
    uids.map(uid => again.folder.raw(uid)),
    [null, null],
  );
  assert.equal(again.folder.length, 2);
  assert.equal(await again.account.raw.usage(), 0);
  assert.deepEqual(
    troubles(events).filter(one => one !== 'disk.full'),
    [],
  );
});

test('no DELE may follow a failed fsync: a message file is promised only when all of it is durable', async t => {
  const dir = await temporaryDirectory(t);
  const failing = new Set<string>();
  const fs = faultyDisk((change, path) => {
    if (failing.has(change) && path.includes('/raw/')) throw systemError('EIO');
    return undefined;
  });
  const { store } = await ownedStore(t, dir, { fs });
  const { account } = await inbox(store);
  const first = await account.raw.write(Buffer.from('good'), owner(1));
  for (const change of ['open', 'write', 'datasync', 'rename', 'sync']) {
    failing.add(change);
    await assert.rejects(account.raw.write(Buffer.from('lost?'), owner(2)), code('disk.io'), change);
    failing.clear();
    const names = await readdir(join(dir, 'accounts/a/raw/000'));
    assert.deepEqual(names.sort(), ['000001.eml', 'manifest.json'], change);
  }
  assert.equal((await account.raw.read(first)).toString(), 'good');
});

test('a random life on a disk that is full now and then keeps its promises', async t => {
  const seed = Number(process.env.TMAIL_SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`TMAIL_SEED=${seed}`);
  let changes = 0;
  const fs = faultyDisk(change => {
    // Some dozens of changes go well, some fail; removing always frees room.
    if (change !== 'unlink' && changes++ % 90 > 70) throw systemError('ENOSPC');
    return undefined;
  });
  const dir = await temporaryDirectory(t);
  const notes: Note[] = [];
  for (let life = 0; life < 3; life++) {
    const from = 1 + notes.reduce((highest, note) => ('i' in note ? Math.max(highest, note.i) : highest), 0);
    changes = 0;
    const { store } = await ownedStore(t, dir, { fs, groupMs: 3 });
    await live(store, seed + life, 150, from, note => notes.push(note));
    for (let i = 0; i < 20; i++) await store.flush().catch(() => undefined);
    await store.close().catch(() => undefined);
    const whole = await ownedStore(t, dir);
    await check(whole.store, notes);
    await whole.store.close();
    assert.deepEqual(troubles(whole.events), []);
  }
});

test('a real small disk: full, then with room again', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-small-'));
  t.after(() => rmdir(dir));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    t.skip('mounting is not allowed here; the tests above fail the disk by hand');
    return;
  }
  try {
    const { store, events } = await ownedStore(t, join(dir, 'data'));
    const { account, folder } = await inbox(store);
    const ballast = join(dir, 'ballast');
    await writeFile(ballast, Buffer.alloc(Math.max(0, (await store.freeBytes()) - 300_000)));
    const kept: { n: number; partial: boolean }[] = [];
    const bodies = new Map<number, Buffer>();
    await assert.rejects(async () => {
      for (let i = 0; i < 100; i++) {
        const body = randomBytes(20_000);
        const uid = folder.reserve(1);
        const raw = await account.raw.write(body, owner(uid));
        await folder.apply({ put: [{ ...syntheticMessage(uid), remote: null, raw }] }, 'now');
        kept.push(raw);
        bodies.set(raw.n, body);
      }
    }, code('disk.full'));
    assert.ok(kept.length > 3, `${kept.length} messages fitted`);
    await rm(ballast);
    const uid = folder.reserve(1);
    const raw = await account.raw.write(Buffer.from('after'), owner(uid));
    await folder.apply({ put: [{ ...syntheticMessage(uid), remote: null, raw }] }, 'now');
    assert.equal(events.filter(event => event.t === 'trouble' && event.error.code !== 'disk.full').length, 0);
    await store.close();
    const again = await ownedStore(t, join(dir, 'data'));
    const reopened = await inbox(again.store);
    await reopened.folder.loadAll();
    assert.ok(reopened.folder.length >= kept.length + 1);
    for (const ref of kept)
      assert.ok((await reopened.account.raw.read(ref)).equals(bodies.get(ref.n) ?? Buffer.of()));
    await again.store.close();
    assert.deepEqual(troubles(again.events), []);
  } finally {
    execFileSync('umount', ['-l', dir]);
  }
});
