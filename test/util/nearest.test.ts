import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nearest } from '../../src/util/nearest.ts';

test('distance counts insertions, deletions, replacements and swaps', () => {
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('host', 'hots'), 1);
  assert.equal(editDistance('port', 'part'), 1);
  assert.equal(editDistance('incoming', 'incomming'), 1);
  assert.equal(editDistance('same', 'same'), 0);
});

test('only a word that is near is suggested', () => {
  const known = ['list', 'show', 'save', 'sync'];
  assert.equal(nearest('lst', known), 'list');
  assert.equal(nearest('LIST', known), 'list');
  assert.equal(nearest('sycn', known), 'sync');
  assert.equal(nearest('frobnicate', known), undefined);
  assert.equal(nearest('', known), undefined);
});
