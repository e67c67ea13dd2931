// Messages made here, over crashes: each is in its folder once, with its bytes and its operation, or never was.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { envelopeOf } from '../../src/mail/headers.ts';
import { type LocalStore, openStore } from '../../src/store/store.ts';
import type { OnMessages, Operation } from '../../src/store/types.ts';
import { TmailError } from '../../src/util/errors.ts';
import { dyingDisk } from './faulty-disk.ts';
import { info, MEMORY, ownedStore, temporaryDirectory } from './harness.ts';

const bytesOf = (n: number): Buffer =>
  Buffer.from(`Message-ID: <${n}@x>\r\nSubject: ${n}\r\n\r\nbody ${n}\r\n`);

async function prepared(store: LocalStore) {
  const account = await store.account('a');
  if (account.folders().length === 0) {
    await account.setFolders([
      info('INBOX', { role: 'inbox' }),
      info('Drafts'),
      info('Here', { remote: false }),
    ]);
  }
  const at = (path: string) => account.folders().find(folder => folder.path === path)?.id ?? 'a:0';
  const put = (
    n: number,
    path: string,
    replaces: readonly OnMessages[] = [],
    place: { readonly uid?: number } = {},
  ): Promise<Operation> => {
    const bytes = bytesOf(n);
    const envelope = envelopeOf(bytes, { size: bytes.length, arrival: n });
    const upload = path !== 'Here';
    return account.append({
      folder: at(path),
      bytes,
      envelope,
      flags: ['\\Draft'],
      date: n,
      upload,
      replaces,
      ...place,
    });
  };
  return { account, at, put };
}

test('what comes back has its place again where nobody took it, and never takes another message’s', async t => {
  const { store } = await ownedStore(t, await temporaryDirectory(t));
  const { account, at, put } = await prepared(store);
  const numbers = [];
  for (const n of [1, 2, 3]) numbers.push((await put(n, 'Here')).targets[0]?.uid);
  const [, second] = numbers;
  assert.ok(second !== undefined);
  const targets = [{ uid: second, remote: null, messageId: '' }];
  await account.commit({ t: 'delete', folder: at('Here'), targets });
  const subjects = async () => {
    const folder = await account.folder(at('Here'));
    const list: string[] = [];
    for await (const { envelope } of folder.scan()) list.push(envelope.subject);
    return list;
  };
  assert.deepEqual(await subjects(), ['3', '1']);
  const [back, late] = await Promise.all([
    put(2, 'Here', [], { uid: second }),
    put(4, 'Here', [], { uid: second }),
  ]);
  assert.deepEqual([back.targets[0]?.uid === second, late.targets[0]?.uid === second], [true, false]);
  assert.deepEqual(await subjects(), ['4', '3', '2', '1']);
  assert.deepEqual(await found(store, 'Here'), ['1', '2', '3', '4']);
  // One that was never given out is no place to come back to.
  const far = await put(5, 'Here', [], { uid: 1_000_000 });
  assert.notEqual(far.targets[0]?.uid, 1_000_000);
});

const placeOf = ({ folder, targets }: Operation): OnMessages => ({ folder, targets });

/** Subjects of a folder, each with its bytes looked at. */
async function found(store: LocalStore, path: string): Promise<string[]> {
  const { account, at } = await prepared(store);
  await account.recovered();
  const folder = await account.folder(at(path));
  const subjects: string[] = [];
  for await (const { uid, envelope } of folder.scan()) {
    const raw = folder.raw(uid);
    assert.ok(raw, `${envelope.subject} has no file`);
    assert.deepEqual(await account.raw.read(raw), bytesOf(Number(envelope.subject)));
    subjects.push(envelope.subject);
  }
  return subjects.sort();
}

test('in a local folder it needs no server; in another it waits for one, over a new start', async t => {
  const dir = await temporaryDirectory(t);
  {
    const { store } = await ownedStore(t, dir);
    const { account, put } = await prepared(store);
    await put(1, 'Here');
    await put(2, 'Drafts');
    await store.flush();
    assert.deepEqual(
      account.queue().map(({ t: type, folder }) => [type, folder]),
      [['append', account.folders()[1]?.id]],
    );
    await store.close();
  }
  const { store } = await ownedStore(t, dir);
  const { account } = await prepared(store);
  assert.deepEqual([await found(store, 'Here'), await found(store, 'Drafts')], [['1'], ['2']]);
  const [op] = account.queue();
  assert.ok(op?.t === 'append');
  await account.appended(op.id, { t: 'imap', uidValidity: '7', uid: 12 });
  await account.appended(op.id, { t: 'imap', uidValidity: '7', uid: 12 });
  await account.settled(op.id);
  assert.deepEqual(account.queue(), []);
  const folder = await account.folder(op.folder);
  assert.deepEqual(folder.remote(op.targets[0]?.uid ?? 0), { t: 'imap', uidValidity: '7', uid: 12 });
  // A file that is found again knows whose it is.
  await store.rebuild('a');
  assert.deepEqual(await found(store, 'Drafts'), ['2']);
});

test('another version in its place: the old one goes, with its operation and its file', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  const { account, put } = await prepared(store);
  for (const path of ['Here', 'Drafts']) {
    const first = await put(1, path);
    const second = await put(2, path, [placeOf(first)]);
    assert.deepEqual(await found(store, path), ['2']);
    await account.commit({ t: 'delete', ...placeOf(second) });
    assert.deepEqual(await found(store, path), []);
  }
  await store.flush();
  assert.deepEqual(account.queue(), []);
  const files = await readdir(join(dir, 'accounts/a/raw/000'));
  assert.deepEqual(
    files.filter(name => name.endsWith('.eml')),
    [],
  );
});

test('a disk that dies at any change: each is there once and whole, or not at all', async () => {
  let promised = 0;
  for (let changes = 1; changes < 150; changes += 2) {
    const dir = await mkdtemp(join(MEMORY, 'tmail-appends-'));
    const kept: [n: number, path: string][] = [];
    const gone: [n: number, path: string][] = [];
    try {
      const disk = dyingDisk(changes);
      try {
        const store = await openStore({ dir, mode: 'owner', fs: disk, groupMs: 2 });
        try {
          const { put } = await prepared(store);
          for (const path of ['Here', 'Drafts']) {
            const base = path === 'Here' ? 10 : 20;
            const first = await put(base, path);
            kept.push([base, path]);
            await put(base + 1, path, [placeOf(first)]);
            kept.pop();
            gone.push([base, path]);
            kept.push([base + 1, path]);
            await put(base + 2, path);
            kept.push([base + 2, path]);
          }
        } finally {
          await store.close();
        }
      } catch (error) {
        if (!(error instanceof TmailError) || error.kind !== 'storage') throw error;
      }
      promised += kept.length;
      const store = await openStore({ dir, mode: 'owner' });
      try {
        await prepared(store);
        for (const path of ['Here', 'Drafts']) {
          const here = await found(store, path);
          assert.equal(new Set(here).size, here.length, `doubled at ${changes}: ${here}`);
          for (const [n, at] of kept) {
            // The one that was to take its place may have come, though nobody was told.
            const successor = n % 10 === 0 && here.includes(String(n + 1));
            if (at === path)
              assert.ok(here.includes(String(n)) || successor, `lost at ${changes}: ${n} of ${here}`);
          }
          for (const [n, at] of gone) {
            if (at === path) assert.ok(!here.includes(String(n)), `came back at ${changes}: ${n}`);
          }
        }
        const { account, at } = await prepared(store);
        const waiting = account.queue().filter(op => op.t === 'append');
        // What no server has and no operation brings there would stay here for ever.
        const drafts = await account.folder(at('Drafts'));
        assert.equal(waiting.length, drafts.length, `operations at ${changes}`);
      } finally {
        await store.close();
      }
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }
  assert.ok(promised > 30, String(promised));
});
