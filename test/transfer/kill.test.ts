// kill -9 of an import at random moments, then the same again: nothing lost, nothing doubled, every flag and date there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/store/store.ts';
import { temporaryDirectory } from '../store/harness.ts';
import { random } from '../store/workload.ts';
import { computer, contentOf, exported, fill, type Letter, namesOf, sorted } from './world.ts';

const KILLS = 25;
/** On a busy machine these have to do. */
const LEAST_KILLS = 5;
const LONGEST_MS = 6000;

/** Kills the child `after` ms after its n-th line; true: it had ended by itself. */
function runAndKill(dir: string, path: string, nth: number, after: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['.build/test/transfer/import.child.js', dir, path], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let lines = 0;
    let errors = '';
    let dying = false;
    child.stdout.on('data', (chunk: Buffer) => {
      for (const byte of chunk) if (byte === 10) lines++;
      if (lines < nth || dying) return;
      dying = true;
      setTimeout(() => child.kill('SIGKILL'), after);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk;
    });
    child.on('close', (status, signal) => {
      if (signal === 'SIGKILL') resolve(false);
      else if (status === 0) resolve(true);
      else reject(new Error(errors));
    });
  });
}

for (const format of ['maildir', 'mbox'] as const) {
  test(`${format}: an import killed again and again ends with every message once`, async t => {
    const seed = Number(process.env.TMAIL_SEED ?? Date.now() % 1_000_000);
    const chance = random(seed);
    const dir = await temporaryDirectory(t);
    const first = await computer(t);
    const letters: Letter[] = Array.from({ length: 600 }, (_, n) => ({
      bytes: Buffer.from(`Subject: ${n}\r\n\r\n${'x'.repeat(n % 40 === 0 ? 300_000 : n)}\r\n`),
      arrival: Date.UTC(2020, 0, 1) + n * 1000,
      flags: n % 3 === 0 ? [] : ['\\Seen', 'todo'],
      ...(n % 2 === 0 ? {} : { uidl: `name/${n}` }),
    }));
    await fill(first, 'Inbox', letters.slice(0, 350));
    await fill(first, 'Archive/2020', letters.slice(350));
    const wanted = sorted(await contentOf(first));
    const names = await namesOf(first);
    const from = join(dir, 'export');
    assert.equal((await exported(first, format, from)).verified, letters.length);
    const data = join(dir, 'data');
    let kills = 0;
    const until = performance.now() + LONGEST_MS / 2;
    while (kills < LEAST_KILLS || (kills < KILLS && performance.now() < until)) {
      // From the opening of the store to long after the last message.
      const nth = 1 + Math.floor(chance() * (kills < 5 ? 100 : 650));
      if (!(await runAndKill(data, from, nth, Math.floor(chance() * 12)))) kills++;
      const store = await openStore({ dir: data, mode: 'owner' });
      try {
        await (await store.account('home')).recovered();
        const now = Object.values(await contentOf(store, { arrival: false })).flat();
        const hashes = now.map(row => row.split(' ')[0]);
        assert.equal(new Set(hashes).size, hashes.length, `TMAIL_SEED=${seed}: doubled after kill ${kills}`);
      } finally {
        await store.close();
      }
    }
    assert.ok(await runAndKill(data, from, Number.POSITIVE_INFINITY, 0));
    const store = await openStore({ dir: data, mode: 'reader' });
    t.after(() => store.close());
    assert.deepEqual(sorted(await contentOf(store)), wanted, `TMAIL_SEED=${seed}`);
    assert.deepEqual(await namesOf(store), names, `TMAIL_SEED=${seed}`);
  });
}
