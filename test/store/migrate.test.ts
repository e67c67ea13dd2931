import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Disk } from '../../src/store/disk.ts';
import { type Migration, migrate } from '../../src/store/migrate.ts';
import { realFileSystem } from '../../src/util/fsync.ts';
import { code, temporaryDirectory } from './harness.ts';

const disk = new Disk(realFileSystem, true);
const options = (dir: string) => ({ disk, dir, now: () => 5, damaged: () => undefined });
const version = async (dir: string) => JSON.parse(await readFile(join(dir, 'store.json'), 'utf8'));

test('a new store gets this program’s version', async t => {
  const dir = await temporaryDirectory(t);
  await migrate(options(dir));
  assert.deepEqual(await version(dir), { v: 1 });
});

test('each step runs once and in order, and its version is kept before the next begins', async t => {
  const dir = await temporaryDirectory(t);
  await writeFile(join(dir, 'store.json'), '{"v":1}');
  const ran: string[] = [];
  const step =
    (name: string): Migration =>
    async () => {
      ran.push(`${name} at ${(await version(dir)).v}`);
      if (name === 'fails' && ran.length < 3) throw new Error('power cut');
    };
  const steps = new Map([
    [1, step('one')],
    [2, step('fails')],
  ]);
  await assert.rejects(migrate({ ...options(dir), steps, version: 3 }), /power cut/);
  await migrate({ ...options(dir), steps, version: 3 });
  assert.deepEqual(ran, ['one at 1', 'fails at 2', 'fails at 2']);
  assert.deepEqual(await version(dir), { v: 3 });
  await migrate({ ...options(dir), steps, version: 3 });
  assert.equal(ran.length, 3);
});

test('a version that no step leads from is refused, and nothing is written', async t => {
  const dir = await temporaryDirectory(t);
  for (const v of [0, 4]) {
    await writeFile(join(dir, 'store.json'), JSON.stringify({ v }));
    await assert.rejects(migrate({ ...options(dir), version: 3 }), code('store.version'));
    assert.deepEqual(await readdir(dir), ['store.json']);
  }
});
