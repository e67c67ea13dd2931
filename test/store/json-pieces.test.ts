import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonBytes } from '../../src/store/json-pieces.ts';

const small = fc.jsonValue({ maxDepth: 2 });
const member = fc.oneof(small, fc.constant(undefined), fc.array(small, { maxLength: 450, size: 'max' }));
const list = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), member, { maxKeys: 6 }), { maxLength: 5 });

test('text made in spells is the text that JSON.stringify makes', async () => {
  await fc.assert(
    fc.asyncProperty(list, async objects => {
      const text = (await jsonBytes('{"a":[', objects, ']}')).toString('utf8');
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify({ a: objects })));
      assert.equal(text, Buffer.from(`{"a":${JSON.stringify(objects)}}`).toString('utf8'));
    }),
    { numRuns: 60 },
  );
});

test('a key gets its turn while much is turned into text', async () => {
  const rows = Array.from({ length: 60_000 }, (_, n) => ({
    subject: `message ${n}`,
    refs: ['a', 'b', `${n}`],
  }));
  let turns = 0;
  let going = true;
  const count = () => {
    turns++;
    if (going) setImmediate(count);
  };
  setImmediate(count);
  const bytes = await jsonBytes('', [{ rows }], '');
  going = false;
  assert.equal(bytes.toString('utf8'), JSON.stringify({ rows }));
  assert.ok(turns > 1, `${turns} turns`);
});
