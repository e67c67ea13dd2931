import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { copyUid } from '../../../src/sync/imap/answers.ts';
import {
  expandUidSet,
  formatUidSet,
  inRanges,
  parseUidSet,
  uidSetsDescending,
} from '../../../src/sync/imap/uid-set.ts';

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

test('a set of COPYUID keeps the order that pairs it with the other one, and its size is bounded', () => {
  assert.deepEqual(expandUidSet('7,1:3,9:8', 10), [7, 1, 2, 3, 8, 9]);
  assert.equal(expandUidSet('1:4294967295', 1000), null);
  assert.equal(expandUidSet('1:3', 2), null);
  for (const text of ['', '0', '1:', '*', '1:*', '1,,2', '-1', '1e3', 'x', '99999999999']) {
    assert.equal(expandUidSet(text, 1000), null, text);
  }
  assert.equal(expandUidSet('1,'.repeat(1_000_000), 1000), null);
});

test('COPYUID is read, or taken for not said', () => {
  const answer = (...words: string[]) => ({ attributes: [{ section: words.map(value => ({ value })) }] });
  const copied = copyUid(answer('COPYUID', '77', '5,1:2', '10:12'), 100);
  assert.equal(copied?.uidValidity, '77');
  assert.deepEqual(
    [...(copied?.places ?? [])],
    [
      [5, 10],
      [1, 11],
      [2, 12],
    ],
  );
  for (const words of [
    ['COPYUID', '77', '1:3', '10:11'],
    ['COPYUID', '0', '1', '1'],
    ['COPYUID', '77', '1:4294967295', '1:4294967295'],
    ['COPYUID', '77'],
    ['APPENDUID', '77', '1'],
    [],
  ]) {
    assert.equal(copyUid(answer(...words), 1000), null, words.join(' '));
  }
});
