// kill -9 at random moments, dozens of times over the same store: it opens, holds what was promised, and nothing twice.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { openStore } from '../../src/store/store.ts';
import { temporaryDirectory, troubles } from './harness.ts';
import { liveAndDie } from './killed.ts';
import { check, type Note, random } from './workload.ts';

const LANES = 2;
const KILLS = 30;
/** On a busy machine fewer kills have to do. */
const LONGEST_MS = 14_000;

test(`killed ${LANES * KILLS} times, it lost nothing that it had promised`, async t => {
  const seed = Number(process.env.TMAIL_SEED ?? Date.now() % 1_000_000);
  await Promise.all(Array.from({ length: LANES }, (_, lane) => killAgainAndAgain(t, seed + lane * 1000)));
});

async function killAgainAndAgain(t: TestContext, seed: number): Promise<void> {
  const dir = await temporaryDirectory(t);
  const chance = random(seed);
  const notes: Note[] = [];
  let from = 0;
  const until = performance.now() + LONGEST_MS;
  for (let kill = 0; kill < KILLS && performance.now() < until; kill++) {
    // The first line comes before the folder is open: some die while the last crash is being looked at.
    const nth = 1 + Math.floor(chance() * 40);
    const args = [dir, seed + kill * 7, from];
    notes.push(...(await liveAndDie<Note>('kill', args, nth, Math.floor(chance() * 8))));
    from = 1 + notes.reduce((highest, note) => ('i' in note ? Math.max(highest, note.i) : highest), from);
    const store = await openStore({ dir, mode: 'owner' });
    const said: string[] = [];
    store.subscribe(event => said.push(...troubles([event])));
    try {
      await check(store, notes);
      assert.deepEqual(said, [], 'nothing was damaged');
    } catch (error) {
      t.diagnostic(`TMAIL_SEED=${seed} kill ${kill}`);
      const { TMAIL_NOTES } = process.env;
      if (TMAIL_NOTES) await writeFile(TMAIL_NOTES, notes.map(note => JSON.stringify(note)).join('\n'));
      throw error;
    } finally {
      await store.close();
    }
  }
  const promised = notes.filter(note => 'done' in note).length;
  assert.ok(promised > 30, `only ${promised} promises in ${notes.length} steps`);
}
