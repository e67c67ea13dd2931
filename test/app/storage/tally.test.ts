import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LARGEST, largestOf, sendersOf, Tally } from '../../../src/app/storage/tally.ts';
import { envelope } from '../fakes.ts';

const from = (address: string, name = '') => ({ from: [{ name, address }] });

test('of many messages the largest stay, in order, whatever order they come in', () => {
  const tally = new Tally();
  const sizes = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 5003);
  for (const [i, size] of sizes.entries()) tally.add('work:1', i + 1, envelope({ size }));
  const expected = [...sizes].sort((a, b) => b - a).slice(0, LARGEST);
  assert.deepEqual(
    tally.largest.map(({ size }) => size),
    expected,
  );
  assert.equal(tally.messages, 5000);
  assert.equal(
    tally.bytes,
    sizes.reduce((a, b) => a + b, 0),
  );
});

test('a sender is one whatever the case of the address, and over all folders', () => {
  const [one, two] = [new Tally(), new Tally()];
  one.add('work:1', 1, envelope({ size: 10, ...from('Ada@Example.org') }));
  two.add('work:2', 1, envelope({ size: 5, ...from('ada@example.ORG', 'Ada') }));
  two.add('work:2', 2, envelope({ size: 100, from: [] }));
  two.add('work:2', 3, envelope({ size: 1, ...from('__proto__') }));
  assert.deepEqual(sendersOf([one.senders, two.senders]), [
    { address: '', name: '', messages: 1, bytes: 100 },
    { address: 'ada@example.org', name: 'Ada', messages: 2, bytes: 15 },
    { address: '__proto__', name: '', messages: 1, bytes: 1 },
  ]);
  assert.deepEqual(
    largestOf([one.largest, two.largest]).map(({ size }) => size),
    [100, 10, 5, 1],
  );
});

test('of one sender alone only their messages are kept', () => {
  const tally = new Tally('ada@example.org');
  tally.add('work:1', 1, envelope({ size: 10, ...from('ADA@example.org') }));
  tally.add('work:1', 2, envelope({ size: 1000, ...from('eve@example.org') }));
  assert.deepEqual(
    tally.largest.map(({ size }) => size),
    [10],
  );
  assert.equal(tally.messages, 2);
});
