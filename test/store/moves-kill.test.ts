// kill -9 while mail that is only here is moved, taken back and deleted: each message is once where it was put.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openStore } from '../../src/store/store.ts';
import { temporaryDirectory, troubles } from './harness.ts';
import { checkMoves, liveWithMoves, type MoveNote } from './moves-life.ts';
import { random } from './workload.ts';

const LANES = 2;
const KILLS = 40;
/** On a busy machine fewer kills have to do. */
const LONGEST_MS = 12_000;

function liveAndDie(args: readonly string[], nth: number, after: number): Promise<MoveNote[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join('.build/test/store/moves.child.js'), ...args]);
    let out = '';
    let errors = '';
    let dying = false;
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
      if (dying || out.split('\n').length <= nth) return;
      dying = true;
      setTimeout(() => child.kill('SIGKILL'), after);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk;
    });
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') return reject(new Error(`ended by itself: ${errors}`));
      const lines = out.slice(0, out.lastIndexOf('\n') + 1).split('\n');
      resolve(lines.filter(line => line !== '' && !line.includes('open')).map(line => JSON.parse(line)));
    });
  });
}

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
    const args = [dir, String(seed + kill * 7), String(i), String(k)];
    notes.push(...(await liveAndDie(args, 1 + Math.floor(chance() * 60), Math.floor(chance() * 8))));
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
