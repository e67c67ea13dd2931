import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonLine } from '../../src/cli/output.ts';

test('a line of JSON keeps every value and holds nothing that steers a terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const line = jsonLine({ text });
      assert.deepEqual(JSON.parse(line), { text });
      assert.match(line, /^[^\n]*\n$/);
      assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
});
