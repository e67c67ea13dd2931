import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../../src/sync/backoff.ts';

/** Connects and fails for `ms`, as the engine does; the moments of the connects. */
function hammer(random: () => number, ms: number): number[] {
  let now = 1_000_000;
  const start = now;
  const backoff = new Backoff(() => now, random);
  const connects: number[] = [];
  while (now - start < ms) {
    connects.push(now - start);
    backoff.connecting();
    now += backoff.afterFailure();
  }
  return connects;
}

test('fewer than three connections in the first five seconds, whatever chance says', () => {
  for (const random of [() => 0, () => 0.5, () => 0.999]) {
    const connects = hammer(random, 10 * 60_000);
    for (const at of connects) {
      const window = connects.filter(other => other >= at && other < at + 5000);
      assert.ok(window.length <= 2, `${window}`);
    }
  }
});

test('however long the server was gone, it is tried again within a minute', () => {
  const connects = hammer(() => 0.999, 3600_000);
  for (let i = 1; i < connects.length; i++) {
    assert.ok((connects[i] ?? 0) - (connects[i - 1] ?? 0) <= 60_000);
  }
  assert.ok(connects.length < 80, `${connects.length} connections in an hour`);
});

test('two clients do not return in step', () => {
  assert.notDeepEqual(
    hammer(() => 0.1, 60_000),
    hammer(() => 0.9, 60_000),
  );
});

test('after a good connection the story begins anew', () => {
  let now = 0;
  const backoff = new Backoff(
    () => now,
    () => 1,
  );
  for (let i = 0; i < 6; i++) backoff.afterFailure();
  backoff.succeeded();
  now += 60_000;
  assert.equal(backoff.afterFailure(), 1000);
});
