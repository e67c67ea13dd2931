// The disk dies under an import at every single write: what came is not lost, and the next import makes it whole.
import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/store/store.ts';
import { dyingDisk } from '../store/faulty-disk.ts';
import { temporaryDirectory } from '../store/harness.ts';
import { computer, contentOf, exported, fill, imported, type Letter, namesOf, sorted } from './world.ts';

test('an import that dies at any of its writes is whole after the next one', async t => {
  const base = await temporaryDirectory(t);
  const first = await computer(t);
  const letters: Letter[] = [1, 2, 3].map(n => ({
    bytes: Buffer.from(`Subject: ${n}\r\n\r\n${'x'.repeat(n === 2 ? 300_000 : n)}\r\n`),
    arrival: Date.UTC(2020, 0, n),
    flags: n === 3 ? [] : ['\\Seen', 'todo'],
    ...(n === 1 ? {} : { uidl: `name ${n}` }),
  }));
  await fill(first, 'Inbox', letters.slice(0, 2));
  await fill(first, 'Archive/2020', letters.slice(2));
  const wanted = sorted(await contentOf(first));
  const names = await namesOf(first);
  const from = join(base, 'export');
  await exported(first, 'maildir', from);
  const template = join(base, 'template');
  await (await computer(t, template)).close();
  /** False: the disk outlived the import. */
  const dieAt = async (at: number): Promise<boolean> => {
    const data = join(base, String(at));
    const fs = dyingDisk(at);
    await cp(template, data, { recursive: true });
    try {
      const store = await openStore({ dir: data, mode: 'owner', fs, groupMs: 1 });
      try {
        await imported(store, from);
      } finally {
        await store.close();
      }
    } catch {
      // Dead.
    }
    const store = await openStore({ dir: data, mode: 'owner', groupMs: 1 });
    try {
      const report = await imported(store, from);
      assert.deepEqual([report.error, report.complete], [null, true], `dead at ${at}`);
      assert.equal(report.imported + report.duplicates, letters.length, `dead at ${at}`);
      assert.deepEqual(sorted(await contentOf(store)), wanted, `dead at ${at}`);
      assert.deepEqual(await namesOf(store), names, `dead at ${at}`);
    } finally {
      await store.close();
    }
    return fs.died();
  };
  // Most of the time goes into waiting: several at once.
  let writes = 0;
  for (let died = true; died; ) {
    const all = await Promise.all(Array.from({ length: 6 }, (_, n) => dieAt(writes + n)));
    died = all.every(Boolean);
    writes += all.filter(Boolean).length;
  }
  assert.ok(writes > 40, `only ${writes} writes`);
});
