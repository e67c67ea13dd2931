import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { folded, isEmpty, matches, parseQuery, type Searchable } from '../../src/mail/query.ts';
import { ANSWERED, FLAGGED, SEEN } from '../../src/mail/types.ts';

const NOW = new Date(2027, 10, 22, 10, 0).getTime();
const mail = (change: Partial<Searchable> = {}): Searchable => ({
  date: new Date(2027, 10, 20, 9, 0).getTime(),
  arrival: NOW,
  size: 300_000,
  attachments: 1,
  from: folded('Ada Löwelace ada@analytical.example'),
  to: folded('Me me@work.example Charles charles@analytical.example'),
  subject: folded('Re: Engine timetable: spring'),
  ...change,
});
const found = (query: string, flags = SEEN, change: Partial<Searchable> = {}) =>
  matches(parseQuery(query, NOW), mail(change), flags);

test('words are looked for in sender, recipients and subject, without regard to case and accents', () => {
  for (const query of ['ada', 'LOWELACE', 'löwelace', 'time spring', 'charles', '"timetable: spring"', '']) {
    assert.ok(found(query), query);
  }
  for (const query of ['grace', 'ada grace', '"spring timetable"', '-ada', '!engine']) {
    assert.ok(!found(query), query);
  }
  assert.ok(found('ada -grace'));
});

test('operators say where', () => {
  for (const query of ['from:ada', 'to:charles', 'subject:engine', 'from:"ada löw"', 'cc:me', 'FROM:Ada']) {
    assert.ok(found(query), query);
  }
  for (const query of ['from:charles', 'to:ada', 'subject:ada', '-from:ada']) assert.ok(!found(query), query);
});

test('flags and files', () => {
  assert.ok(found('is:unread', 0) && !found('is:unread', SEEN));
  assert.ok(found('is:flagged', FLAGGED) && found('is:starred', FLAGGED) && !found('is:flagged', 0));
  assert.ok(found('-is:unread', SEEN) && found('is:answered', ANSWERED) && found('is:read', SEEN));
  assert.ok(found('has:file') && found('has:attachment') && !found('has:file', 0, { attachments: 0 }));
  assert.ok(!found('has:file', 0, { attachments: null }));
});

test('dates are days, months and years here, or so long ago', () => {
  for (const query of [
    'on:2027-11-20',
    'after:2027-11-19',
    'before:2027-11-21',
    'before:2028',
    'on:2027-11',
    'on:20.11.2027',
    'since:2027-11-20',
    'newer:3d',
    'newer:1m',
    'older:1d',
    'older:5h',
    'before:today',
    'before:yesterday',
  ]) {
    assert.ok(found(query), query);
  }
  for (const query of ['after:2027-11-20', 'before:2027-11-20', 'before:2027', 'newer:1d', 'older:1w', 'on:today']) {
    assert.ok(!found(query), query);
  }
});

test('sizes', () => {
  assert.ok(found('larger:200K') && found('smaller:1M') && found('larger:0.2M') && found('larger:1000'));
  assert.ok(!found('larger:1M') && !found('smaller:300000'));
});

test("mutt's patterns say the same", () => {
  assert.ok(found('~f ada') && found('~s engine ~f ada') && found('~t charles') && found('~fada'));
  assert.ok(!found('~f charles') && !found('!~f ada'));
  assert.ok(found('~N', 0) && !found('~N', SEEN) && found('~F', FLAGGED) && found('!~N', SEEN));
});

test('an operator that is being typed changes nothing yet', () => {
  for (const query of ['from:', 'is:', 'is:un', 'is:f', 'has:', 'has:fi', 'before:', 'before:2027-', 'newer:', '~f', '-'])
    assert.ok(isEmpty(parseQuery(query, NOW)) || query === '-', query);
  assert.ok(found('engine from:') && found('newer:7'));
});

test('an operator that makes no sense is told and left out; what is none is a word', () => {
  assert.deepEqual(parseQuery('is:blue ada newer:7x larger:big', NOW).odd, ['is:blue', 'newer:7x', 'larger:big']);
  assert.ok(found('is:blue ada'));
  assert.ok(found('timetable:') && found('re: engine'));
  assert.deepEqual(parseQuery('foo:bar', NOW).terms, [{ t: 'text', where: 'any', text: 'foo:bar', not: false }]);
});

test('no text makes it fail, and what it is tried on is never changed', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-!~"a-z:0-9 .]{0,40}$/)), fc.nat(63), (text, flags) => {
      const query = parseQuery(text, NOW);
      const one = Object.freeze(mail());
      assert.equal(typeof matches(query, one, flags), 'boolean');
      for (const term of query.terms) {
        const other = { terms: [{ ...term, not: !term.not }], odd: [] };
        assert.notEqual(matches({ terms: [term], odd: [] }, one, flags), matches(other, one, flags));
      }
    }),
  );
});
