import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JobLoop } from '../../src/sync/jobs.ts';
import type { Progress } from '../../src/sync/types.ts';

const at = (label: string, done = 0): Progress => ({ label, done, total: 0 });

/** A job that writes down each of its steps. */
function steps(log: string[], name: string, count: number) {
  return async function* (): AsyncGenerator<Progress> {
    try {
      for (let i = 1; i <= count; i++) {
        log.push(`${name}${i}`);
        yield at(name, i);
      }
    } finally {
      log.push(`${name}.`);
    }
  };
}

test('an urgent job overtakes a long one at its next yield', async () => {
  const log: string[] = [];
  const loop = new JobLoop();
  const long = loop.add({ key: 'long', priority: 5, run: steps(log, 'L', 4) });
  await new Promise(resolve => setImmediate(resolve));
  log.length = 0;
  const other = new JobLoop();
  let urgent: Promise<void> | null = null;
  const pull = other.add({
    key: 'pull',
    priority: 5,
    async *run() {
      log.push('P1');
      urgent = other.add({ key: 'body', priority: 0, run: steps(log, 'B', 2) });
      yield at('P');
      log.push('P2');
    },
  });
  await Promise.all([long, pull]);
  await urgent;
  assert.deepEqual(log, ['P1', 'B1', 'B2', 'B.', 'P2']);
});

test('a second job of a key joins the first while that waits, and follows it while it runs', async () => {
  const log: string[] = [];
  const loop = new JobLoop();
  const first = loop.add({ key: 'a', priority: 1, run: steps(log, 'a', 1) });
  const joined = loop.add({ key: 'a', priority: 1, run: steps(log, 'never', 1) });
  assert.equal(joined, first);
  let follower: Promise<void> = Promise.resolve();
  const running = loop.add({
    key: 'b',
    priority: 1,
    async *run() {
      follower = loop.add({ key: 'b', priority: 1, run: steps(log, 'b', 1) });
      yield at('b');
      log.push('b-end');
    },
  });
  await Promise.all([first, running]);
  await follower;
  assert.deepEqual(log, ['a1', 'a.', 'b-end', 'b1', 'b.']);
});

test('a cancelled job ends at its yield, cleans up, and rejects as cancelled', async () => {
  const log: string[] = [];
  const loop = new JobLoop();
  const job = loop.add({
    key: 'a',
    priority: 1,
    async *run() {
      try {
        log.push('1');
        loop.cancel();
        yield at('a');
        log.push('never');
      } finally {
        log.push('cleaned');
      }
    },
  });
  await assert.rejects(job, { code: 'cancelled' });
  assert.deepEqual(log, ['1', 'cleaned']);
  assert.equal(loop.has(), false);
});

test('a failing job rejects and the others go on', async () => {
  const log: string[] = [];
  const loop = new JobLoop();
  const bad = loop.add({
    key: 'bad',
    priority: 0,
    // biome-ignore lint/correctness/useYield: it fails before its first step
    async *run() {
      throw new Error('broken');
    },
  });
  const good = loop.add({ key: 'good', priority: 1, run: steps(log, 'g', 1) });
  await assert.rejects(bad, /broken/);
  await good;
  await loop.idle();
  assert.deepEqual(log, ['g1', 'g.']);
});

test('asked for more urgently, a waiting job moves ahead and both askers are served by one run', async () => {
  const log: string[] = [];
  const loop = new JobLoop();
  const x = loop.add({ key: 'x', priority: 2, run: steps(log, 'x', 1) });
  const late = loop.add({ key: 'p', priority: 5, run: steps(log, 'p', 1) });
  const soon = loop.add({ key: 'p', priority: 1, run: steps(log, 'p', 1) });
  await Promise.all([x, late, soon]);
  assert.deepEqual(log, ['p1', 'p.', 'x1', 'x.']);
});
