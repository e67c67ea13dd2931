import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatUidSet, inRanges, parseUidSet, uidSetsDescending } from '../../../src/sync/imap/uid-set.ts';

test('a set of UIDs is written in ranges and read back', () => {
  assert.equal(formatUidSet([5, 1, 2, 3, 9, 5]), '1:3,5,9');
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 500 })), uids => {
      const ranges = parseUidSet(formatUidSet(uids));
      for (let uid = 1; uid <= 500; uid++) assert.equal(inRanges(ranges, uid), uids.includes(uid));
    }),
  );
});

test('a set that names every message there could be costs nothing', () => {
  assert.deepEqual(parseUidSet('1:4294967295'), [{ from: 1, to: 4294967295 }]);
  assert.deepEqual(parseUidSet('7:3,4,junk,:,99999999999,8'), [{ from: 3, to: 8 }]);
});

test('chunks begin with the newest', () => {
  assert.deepEqual(uidSetsDescending([1, 2, 3, 4, 5], 2), [[5, 4], [3, 2], [1]]);
});
