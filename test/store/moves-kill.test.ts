// kill -9 while mail that is only here is moved, taken back and deleted: each message is once where it was put.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openStore } from '../../src/store/store.ts';
import { temporaryDirectory, troubles } from './harness.ts';
import { liveAndDie } from './killed.ts';
import { checkMoves, liveWithMoves, type MoveNote } from './moves-life.ts';
import { random } from './workload.ts';

const LANES = 2;
const KILLS = 40;
/** On a busy machine fewer kills have to do. */
const LONGEST_MS = 12_000;

async function killAgainAndAgain(t: TestContext, seed: number): Promise<void> {
  const dir = await temporaryDirectory(t);
  const chance = random(seed);
  const notes: MoveNote[] = [];
  const until = performance.now() + LONGEST_MS;
  for (let kill = 0; kill < KILLS && performance.now() < until; kill++) {
    const [i, k] = notes.reduce(
      ([i, k], note) => ('done' in note ? [i, k] : [Math.max(i, note.i + 1), Math.max(k, note.k + 1)]),
      [0, 0],
    );
    const args = [dir, seed + kill * 7, i, k];
    const nth = 1 + Math.floor(chance() * 60);
    notes.push(...(await liveAndDie<MoveNote>('moves', args, nth, Math.floor(chance() * 8))));
    const store = await openStore({ dir, mode: 'owner' });
    const said: string[] = [];
    store.subscribe(event => said.push(...troubles([event])));
    try {
      await checkMoves(store, notes);
      assert.deepEqual(said, [], 'nothing was damaged');
    } catch (error) {
      t.diagnostic(`TMAIL_SEED=${seed} kill ${kill}`);
      throw error;
    } finally {
      await store.close();
    }
  }
  assert.ok(notes.length > 100, `only ${notes.length} steps`);
}

test(`killed ${LANES * KILLS} times while mail was moved, it lost and doubled nothing`, async t => {
  const seed = Number(process.env.TMAIL_SEED ?? Date.now() % 1_000_000);
  await Promise.all(Array.from({ length: LANES }, (_, lane) => killAgainAndAgain(t, seed + lane * 1000)));
});

test('after many moves and a clean end everything is once where it was put', async t => {
  const dir = await temporaryDirectory(t);
  const notes: MoveNote[] = [];
  const first = await openStore({ dir, mode: 'owner', groupMs: 10 });
  await liveWithMoves(first, 7, { i: 0, k: 0 }, note => notes.push(note), 600);
  await checkMoves(first, notes);
  await first.close();
  const second = await openStore({ dir, mode: 'owner' });
  await checkMoves(second, notes);
  await second.close();
});
