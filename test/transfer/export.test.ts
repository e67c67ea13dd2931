// What an export does where something is already, where something is missing, and where the disk fails.
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { LocalStore } from '../../src/store/store.ts';
import { work } from '../../src/transfer/file-work.ts';
import { messageFiles } from '../../src/transfer/files.ts';
import type { Format } from '../../src/transfer/marker.ts';
import { faultyCalls, faultyDisk, systemError } from '../store/faulty-disk.ts';
import { code, temporaryDirectory } from '../store/harness.ts';
import { computer, contentOf, exported, fill, imported, type Letter } from './world.ts';

const FORMATS: readonly Format[] = ['maildir', 'eml', 'mbox'];
const letters = (from: number, count: number): Letter[] =>
  Array.from({ length: count }, (_, n) => ({
    bytes: Buffer.from(`Subject: number ${from + n}\r\n\r\nFrom me\r\n`),
    arrival: Date.UTC(2021, 0, 1) + (from + n) * 1000,
  }));

async function filesIn(dir: string): Promise<string[]> {
  const found = await readdir(dir, { recursive: true, withFileTypes: true });
  return found
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort();
}

/** The store's file of the n-th message of the inbox. */
async function rawOf(store: LocalStore, n: number): Promise<string> {
  const account = await store.account('home');
  const folder = await account.folder(account.folders()[0]?.id ?? 'home:0');
  const uid = folder.uidAt(folder.length - n) ?? 0;
  return account.raw.path(folder.raw(uid) ?? assert.fail());
}

for (const format of FORMATS) {
  test(`${format}: repeated, an export adds what is new, and keeps what is gone here`, async t => {
    const to = join(await temporaryDirectory(t), 'out');
    const store = await computer(t);
    await fill(store, 'Inbox', letters(1, 150));
    assert.deepEqual(counts(await exported(store, format, to)), [150, 150]);
    const before = await filesIn(to);
    assert.deepEqual(counts(await exported(store, format, to)), [150, 0]);
    assert.deepEqual(await filesIn(to), before);
    await fill(store, 'Inbox', letters(151, 3));
    await fill(store, 'New/folder', letters(1, 2));
    const account = await store.account('home');
    const folder = await account.folder(account.folders()[0]?.id ?? 'home:0');
    await folder.apply({ remove: [folder.uidAt(folder.length - 1) ?? 0] }, 'now');
    assert.deepEqual(counts(await exported(store, format, to)), [154, 5]);
    const second = await computer(t);
    assert.equal((await imported(second, to)).imported, 155);
    assert.equal((await contentOf(second)).Inbox?.length, 153);
  });

  test(`${format}: somebody else's files are refused and left alone`, async t => {
    const dir = await temporaryDirectory(t);
    const store = await computer(t);
    await fill(store, 'Inbox', letters(1, 2));
    await mkdir(join(dir, 'full'));
    await writeFile(join(dir, 'full', 'theirs'), 'x');
    await writeFile(join(dir, 'file'), 'x');
    for (const name of ['full', 'file']) {
      await assert.rejects(exported(store, format, join(dir, name)), code('export.exists'));
    }
    // Nor another format into an export of ours.
    const other = format === 'eml' ? 'mbox' : 'eml';
    await exported(store, other, join(dir, 'ours'));
    await assert.rejects(exported(store, format, join(dir, 'ours')), code('export.exists'));
    assert.deepEqual(await readdir(join(dir, 'full')), ['theirs']);
    assert.equal(await readFile(join(dir, 'file'), 'utf8'), 'x');
  });

  test(`${format}: a damaged, a missing and a linked file are named, and all others exported`, async t => {
    const to = join(await temporaryDirectory(t), 'out');
    const store = await computer(t);
    await fill(store, 'Inbox', letters(1, 6));
    const [flipped, cut, gone, linked] = await Promise.all([2, 3, 4, 5].map(n => rawOf(store, n)));
    await writeFile(flipped ?? '', (await readFile(flipped ?? '', 'latin1')).replace('number', 'NUMBER'));
    await truncate(cut ?? '', 5);
    await unlink(gone ?? '');
    await rename(linked ?? '', `${linked}.elsewhere`);
    await symlink(`${linked}.elsewhere`, linked ?? '');
    const report = await exported(store, format, to);
    assert.deepEqual([report.complete, report.verified, report.error], [true, 2, null]);
    assert.deepEqual(
      report.damaged
        .map(({ id, error }) => `${id.split(':').at(-1)} ${error.code} ${error.facts.reason}`)
        .sort(),
      ['2 raw.damaged sha256', '3 raw.damaged size', '4 raw.missing undefined', '5 raw.damaged symlink'],
    );
    const second = await computer(t);
    assert.equal((await imported(second, to)).imported, 2);
    assert.equal((await filesIn(to)).filter(name => name.includes('.tmp-')).length, 0);
  });

  test(`${format}: a disk that is full leaves what is complete, and the next try goes on`, async t => {
    const to = join(await temporaryDirectory(t), 'out');
    const store = await computer(t);
    await fill(store, 'Inbox', letters(1, 200));
    await fill(store, 'Archive', letters(1, 2));
    let left = 150;
    const fault = (change: string, path: string) => {
      if (path.startsWith(to) && (change === 'write' || change === 'rename') && left-- < 0)
        throw systemError('ENOSPC');
      return undefined;
    };
    // The mbox is written through a plain handle: there the rename is what fails.
    if (format === 'mbox') left = 2;
    const report = await exported(store, format, to, {
      fs: faultyDisk(fault),
      files: messageFiles(async request => (await work(request, faultyCalls(fault))).result),
    });
    assert.deepEqual([report.error?.code, report.complete], ['export.full', false]);
    assert.equal((await filesIn(to)).filter(name => name.includes('.tmp-')).length, 0);
    const again = await exported(store, format, to);
    assert.deepEqual([again.error, again.verified, again.written], [null, 202, 202 - report.written]);
  });

  test(`${format}: stopped in the middle, it says how far it came and goes on from there`, async t => {
    const to = join(await temporaryDirectory(t), 'out');
    const store = await computer(t);
    await fill(store, 'Inbox', letters(1, 300));
    await fill(store, 'Sent', letters(1, 1000));
    const stop = new AbortController();
    const report = await exported(store, format, to, {
      signal: stop.signal,
      onProgress: (folder, done) => folder === 'Sent' && done > 100 && stop.abort(),
    });
    assert.equal(report.error?.kind, 'cancelled');
    assert.ok(report.verified >= 300 && report.verified < 1300, String(report.verified));
    const second = await computer(t);
    // What was reported is there.
    assert.ok((await imported(second, to)).imported >= report.verified);
    const again = await exported(store, format, to);
    assert.deepEqual(counts(again), [1300, 1300 - report.written]);
  });
}

const counts = (report: Awaited<ReturnType<typeof exported>>) => [report.verified, report.written];

test('messages that are not here in full are counted, not exported', async t => {
  const to = join(await temporaryDirectory(t), 'out');
  const store = await computer(t);
  await fill(store, 'Inbox', letters(1, 4));
  const account = await store.account('home');
  const folder = await account.folder(account.folders()[0]?.id ?? 'home:0');
  const owner = { folder: folder.record.id, remote: null, partial: true };
  const part = await account.raw.write(Buffer.from('Subject: part\r\n\r\n'), { ...owner, uid: 2 });
  await folder.apply(
    {
      raw: [
        { uid: 1, raw: null },
        { uid: 2, raw: part },
      ],
    },
    'now',
  );
  const report = await exported(store, 'eml', to);
  assert.deepEqual([report.verified, report.notHere, report.partial, report.complete], [2, 1, 1, true]);
});

test('a flag that changed here is renamed there; a copy that was changed there stays beside a good one', async t => {
  const to = join(await temporaryDirectory(t), 'out');
  const store = await computer(t);
  await fill(store, 'Inbox', letters(1, 2));
  await exported(store, 'maildir', to);
  const [first = ''] = (await readdir(join(to, 'cur'))).sort();
  await writeFile(join(to, 'cur', first), 'changed by somebody');
  const account = await store.account('home');
  const folder = await account.folder(account.folders()[0]?.id ?? 'home:0');
  await folder.apply({ flags: [{ uid: 2, flags: ['\\Seen', '\\Flagged'] }] }, 'now');
  assert.deepEqual(counts(await exported(store, 'maildir', to)), [2, 1]);
  const names = (await readdir(join(to, 'cur'))).sort();
  assert.deepEqual(
    names.map(name => name.split(':')[1]),
    ['2,', '2,', '2,FS'],
  );
  assert.equal(await readFile(join(to, 'cur', first), 'utf8'), 'changed by somebody');
  // A third time nothing is left to do.
  assert.deepEqual(counts(await exported(store, 'maildir', to)), [2, 0]);
});

test('a message that moves to another folder meanwhile is not left out', async t => {
  const to = join(await temporaryDirectory(t), 'out');
  const store = await computer(t);
  await fill(store, 'Inbox', letters(1, 3));
  const reader = { moved: false };
  const account = await store.account('home');
  const move = async () => {
    reader.moved = true;
    // As seen by an export that had opened the folders before: the file is gone from its old place.
    await unlink(await rawOf(store, 3));
    const folder = await account.folder(account.folders()[0]?.id ?? 'home:0');
    await folder.apply({ remove: [3] }, 'now');
    await fill(store, 'Archive', letters(3, 1));
  };
  const frozen = await account.folder(account.folders()[0]?.id ?? 'home:0');
  const old = { ...snapshot(frozen), record: frozen.record };
  let round = 0;
  const report = await exported(store, 'eml', to, {
    account: async () => {
      if (round++ > 0) return account;
      await move();
      return Object.assign(Object.create(account), {
        id: account.id,
        raw: account.raw,
        folders: () => account.folders(),
        folder: async (id: typeof frozen.record.id) => (id === frozen.record.id ? old : account.folder(id)),
      });
    },
  });
  assert.deepEqual([report.error, report.verified, report.damaged.length], [null, 3, 0]);
});

/** A folder as a reader holds it that was opened before the change. */
function snapshot(folder: Awaited<ReturnType<Awaited<ReturnType<LocalStore['account']>>['folder']>>) {
  const uids = Array.from({ length: folder.length }, (_, position) => folder.uidAt(position) ?? 0);
  const raws = new Map(uids.map(uid => [uid, folder.raw(uid)]));
  return {
    length: uids.length,
    keywords: [],
    loadAll: async () => undefined,
    ensure: async () => undefined,
    uidAt: (position: number) => uids[position],
    positionOf: (uid: number) => uids.indexOf(uid),
    flags: () => 0,
    remote: () => null,
    raw: (uid: number) => raws.get(uid),
    envelope: () => undefined,
  };
}

test('left-overs of a killed export go, those of one that lives stay', async t => {
  const to = join(await temporaryDirectory(t), 'out');
  const store = await computer(t);
  await fill(store, 'Inbox', letters(1, 2));
  await exported(store, 'mbox', to);
  // No process has this number; process 1 always lives.
  const dead = join(to, 'Inbox.mbox.tmp-99999999-00000000');
  const living = join(to, 'Inbox.mbox.tmp-1-00000000');
  for (const path of [dead, living]) await writeFile(path, 'half');
  await exported(store, 'mbox', to);
  const names = await readdir(dirname(dead));
  assert.deepEqual(
    [dead, living].map(path => names.includes(path.split('/').at(-1) ?? '')),
    [false, true],
  );
});

test('a large message whose damage shows only at its end leaves nothing of itself in an mbox', async t => {
  const to = join(await temporaryDirectory(t), 'out');
  const store = await computer(t);
  await fill(store, 'Inbox', [
    ...letters(1, 1),
    { bytes: Buffer.concat([Buffer.from('Subject: large\r\n\r\n'), Buffer.alloc(3_000_000, 'x')]) },
    ...letters(2, 1),
  ]);
  const path = await rawOf(store, 2);
  const bytes = await readFile(path);
  bytes[bytes.length - 1] = 0;
  await writeFile(path, bytes);
  const report = await exported(store, 'mbox', to);
  assert.deepEqual([report.verified, report.damaged.length, report.error], [2, 1, null]);
  assert.ok((await readFile(join(to, 'Inbox.mbox'))).length < 1000);
});
