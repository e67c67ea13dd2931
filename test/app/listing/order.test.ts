import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sortedSubject } from '../../../src/app/listing/order.ts';
import { stripPrefixes } from '../../../src/mail/compose/subject.ts';
import { folded } from '../../../src/mail/query.ts';

const PIECES = [
  'Re: ',
  're:',
  'RE : ',
  'AW: ',
  'Fwd: ',
  'R: ',
  '[list] ',
  '[',
  ']',
  ' ',
  'I: ',
  '回复：',
  'x',
  'Cards',
  ':',
  '(2)',
];

test('subjects are sorted by what stands behind their prefixes, whichever way that is found', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }), pieces => {
      const subject = folded(pieces.join(''));
      assert.equal(sortedSubject(subject), stripPrefixes(subject).base);
    }),
    { numRuns: 2000 },
  );
  assert.equal(sortedSubject('re: [list] cards'), '[list] cards');
  assert.equal(sortedSubject('re: aw: cards'), 'cards');
});
