import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as nodeFs from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Disk } from '../../src/store/disk.ts';
import { type FileBatches, filesInPlace } from '../../src/store/file-batch.ts';
import { filesInThread } from '../../src/store/file-batch-thread.ts';
import { type SyncFileSystem, work } from '../../src/store/file-batch-work.ts';
import { realFileSystem } from '../../src/util/fsync.ts';
import { threadFile } from '../../src/util/thread-file.ts';
import { systemError } from './faulty-disk.ts';
import { temporaryDirectory } from './harness.ts';

const inPlace = () => filesInPlace(new Disk(realFileSystem, true));
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const contents = Array.from({ length: 40 }, (_, i) => Buffer.from(`message ${i}\r\n`.repeat(i)));

async function writeAll(t: TestContext, batches: FileBatches): Promise<void> {
  t.after(() => batches.close());
  const dir = await temporaryDirectory(t);
  const files = contents.map((bytes, i) => ({ path: join(dir, `${i}.eml`), bytes }));
  const staged = await batches.stage(files);
  const names = staged.map((file, i) => {
    assert.ok(!(file instanceof Error), String(file));
    assert.equal(file.sha256, sha256(contents[i] ?? Buffer.alloc(0)));
    assert.equal(file.size, contents[i]?.length);
    return { from: file.temporary, to: files[i]?.path ?? '' };
  });
  assert.equal((await readdir(dir)).filter(name => name.endsWith('.eml')).length, 0);
  assert.deepEqual(await batches.rename(names), { done: 40, error: null });
  assert.equal((await readdir(dir)).length, 40);
  for (const { path, bytes } of files) assert.deepEqual(await readFile(path), bytes);
}

test('files of a batch get their bytes, checksums and names in place', t => writeAll(t, inPlace()));

test('files of a batch get their bytes, checksums and names in a thread', async t => {
  const file = threadFile('files.js', import.meta.url);
  assert.ok(file);
  const nobody: FileBatches = {
    stage: () => Promise.reject(new Error('not in the thread')),
    rename: () => Promise.reject(new Error('not in the thread')),
    close: async () => undefined,
  };
  await writeAll(t, filesInThread(nobody, file));
});

test('without a file for the thread the work is done in place', t =>
  writeAll(t, filesInThread(inPlace(), null)));

test('a thread that dies breaks its batch, and the next is done in place', async t => {
  const dir = await temporaryDirectory(t);
  const file = join(dir, 'dies.cjs');
  await writeFile(file, "require('node:worker_threads').parentPort.on('message', () => process.exit(3));");
  const batches = filesInThread(inPlace(), pathToFileURL(file));
  const files = contents.map((bytes, i) => ({ path: join(dir, `${i}.eml`), bytes }));
  await assert.rejects(batches.stage(files), /ended with 3/);
  await writeAll(t, batches);
});

test('a file that the disk refuses is told by itself and leaves nothing', async t => {
  const dir = await temporaryDirectory(t);
  const block = Buffer.from('abcdef');
  const files = ['a', 'b', 'c'].map((name, i) => ({
    temporary: join(dir, name),
    from: i * 2,
    to: i * 2 + 2,
  }));
  const failing = (change: keyof SyncFileSystem, at: number, errno: string): SyncFileSystem => {
    let calls = 0;
    const fails = () => {
      if (calls++ === at) throw systemError(errno);
    };
    return {
      ...nodeFs,
      openSync: (...args: Parameters<typeof nodeFs.openSync>) => {
        if (change === 'openSync') fails();
        return nodeFs.openSync(...args);
      },
      // Only the form that is used.
      writeSync: ((fd: number, bytes: Uint8Array, from: number) => {
        if (change === 'writeSync') fails();
        return nodeFs.writeSync(fd, bytes, from);
      }) as typeof nodeFs.writeSync,
      fdatasync: ((fd: number, then: (error: Error | null) => void) => {
        if (change === 'fdatasync' && calls++ === at) then(systemError(errno));
        else nodeFs.fdatasync(fd, then);
      }) as typeof nodeFs.fdatasync,
    };
  };
  for (const change of ['openSync', 'writeSync', 'fdatasync'] as const) {
    const results = await work({ id: 1, t: 'stage', block, files }, failing(change, 1, 'ENOSPC'));
    assert.deepEqual(
      results,
      [
        { sha256: sha256(Buffer.from('ab')) },
        { errno: 'ENOSPC', message: 'ENOSPC' },
        { sha256: sha256(Buffer.from('ef')) },
      ],
      change,
    );
    assert.deepEqual((await readdir(dir)).sort(), ['a', 'c'], change);
    for (const name of ['a', 'c']) nodeFs.unlinkSync(join(dir, name));
  }
});

test('naming files stops at the first that fails and says how far it came', async t => {
  const dir = await temporaryDirectory(t);
  await writeFile(join(dir, 'a'), '');
  const names = ['a', 'b', 'c'].map(name => ({ from: join(dir, name), to: join(dir, `${name}.eml`) }));
  const inThread = await work({ id: 1, t: 'rename', names });
  assert.ok('done' in inThread);
  assert.equal(inThread.done, 1);
  assert.equal(inThread.failure?.errno, 'ENOENT');
  await writeFile(join(dir, 'a'), '');
  const { done, error } = await inPlace().rename(names);
  assert.equal(done, 1);
  assert.ok(error);
});
