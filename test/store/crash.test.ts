// The disk stops at every single change of a short life: whatever reached it is a store that keeps its promises.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/store/store.ts';
import { TmailError } from '../../src/util/errors.ts';
import { dyingDisk } from './faulty-disk.ts';
import { MEMORY, troubles } from './harness.ts';
import { check, live, type Note, random } from './workload.ts';

/** Lives twice on disks that die; returns whether the first died at all. */
async function dieAt(changes: number, seed: number): Promise<boolean> {
  const dir = await mkdtemp(join(MEMORY, 'tmail-crash-'));
  const notes: Note[] = [];
  let died = false;
  try {
    for (const [life, budget] of [changes, 40 + (changes % 60)].entries()) {
      const disk = dyingDisk(budget);
      const from =
        1 + notes.reduce((highest, note) => ('i' in note ? Math.max(highest, note.i) : highest), 0);
      try {
        const store = await openStore({ dir, mode: 'owner', fs: disk, groupMs: 3 });
        const note = (one: Note) => notes.push(one);
        await live(store, seed + life, 60, from, note, disk.died).finally(() => store.close());
      } catch (error) {
        if (!(error instanceof TmailError) || error.kind !== 'storage') throw error;
      }
      if (life === 0) died = disk.died();
    }
    const store = await openStore({ dir, mode: 'owner' });
    const said: string[] = [];
    store.subscribe(event => said.push(...troubles([event])));
    try {
      await check(store, notes);
    } finally {
      await store.close();
    }
    assert.deepEqual(said, [], 'nothing was damaged');
    return died;
  } catch (error) {
    const { TMAIL_NOTES } = process.env;
    if (TMAIL_NOTES) await writeFile(TMAIL_NOTES, notes.map(note => JSON.stringify(note)).join('\n'));
    throw new Error(`dieAt(${changes}, ${seed}): ${error}`, { cause: error });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

test('a disk that dies at any change leaves a store that keeps its promises', async () => {
  const seed = Number(process.env.TMAIL_SEED ?? Date.now() % 1_000_000);
  const only = process.env.TMAIL_CHANGES;
  if (only) {
    await dieAt(Number(only), seed);
    return;
  }
  let deaths = 0;
  const until = performance.now() + 6000;
  const chance = random(seed);
  for (let run = 0; performance.now() < until; run++) {
    if (await dieAt(1 + Math.floor(chance() * 90), seed + run)) deaths++;
  }
  assert.ok(deaths > 5, `${deaths} deaths`);
});
