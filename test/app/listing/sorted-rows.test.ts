import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Entry, SortedRows } from '../../../src/app/listing/sorted-rows.ts';

const entry = fc.record({ key: fc.integer({ min: 1, max: 60 }), value: fc.integer({ min: 0, max: 9 }) });
const step = fc.oneof(
  fc.array(entry, { maxLength: 25 }).map(put => ({ put, gone: [] as number[] })),
  fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 20 }).map(gone => ({ put: [] as Entry[], gone })),
);

test('after any history rows stand as if they had been sorted at once, and each is found where it is', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { maxLength: 20 }), (descending, steps) => {
      const rows = new SortedRows(descending);
      const model = new Map<number, number>();
      for (const { put, gone } of steps) {
        rows.put(put);
        for (const { key, value } of put) model.set(key, Number(value));
        const had = gone.some(key => model.has(key));
        assert.equal(rows.remove(gone), had);
        for (const key of gone) model.delete(key);
      }
      const wanted = [...model].sort(([a, x], [b, y]) => (x === y ? b - a : descending ? y - x : x - y));
      assert.deepEqual(
        Array.from({ length: rows.length + 1 }, (_, i) => rows.keyAt(i)),
        [...wanted.map(([key]) => key), undefined],
      );
      wanted.forEach(([key], position) => {
        assert.equal(rows.positionOf(key), position);
        assert.equal(rows.locate(key), position);
      });
      for (let value = 0; value < 10; value++) {
        const before = wanted.filter(([, x]) => (descending ? x >= value : x <= value)).length;
        assert.equal(rows.countTo(value), before);
      }
    }),
  );
});

test('a row that is gone is looked for where it was', () => {
  const rows = new SortedRows(true);
  rows.put([9, 7, 5, 3].map(value => ({ key: value * 10, value })));
  rows.remove([70]);
  assert.equal(rows.positionOf(70), -1);
  assert.equal(rows.locate(70), 1);
  rows.remove([30]);
  assert.equal(rows.locate(30), 1);
  assert.equal(rows.locate(1, 8), 1);
  assert.equal(rows.locate(1), 0);
});

test('names stand from A to Z, and those that are equal newest first', () => {
  const rows = new SortedRows(false);
  rows.put([
    { key: 1, value: 'grace' },
    { key: 2, value: 'ada' },
    { key: 3, value: 'ada' },
  ]);
  rows.put([{ key: 1, value: 'aa' }]);
  assert.deepEqual([rows.keyAt(0), rows.keyAt(1), rows.keyAt(2)], [1, 3, 2]);
});
