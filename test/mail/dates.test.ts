import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { listDate, longDate, parseDate } from '../../src/mail/dates.ts';

const CASES: readonly (readonly [string, string | null])[] = [
  ['Tue, 12 Mar 2024 14:05:09 +0100', '2024-03-12T13:05:09Z'],
  ['12 Mar 2024 14:05 GMT', '2024-03-12T14:05:00Z'],
  ['Tue, 12 Mar 2024 14:05:09 -0330 (NST)', '2024-03-12T17:35:09Z'],
  ['Tue, 12 Mar 2024 14:05:09 EST', '2024-03-12T19:05:09Z'],
  ['Tue, 12 Mar 2024 14:05:09 (comment) +0100', '2024-03-12T13:05:09Z'],
  ['Tue,12 Mar 2024 14:05:09', '2024-03-12T14:05:09Z'],
  ['Tue, 12 March 2024 14:05:09 +0100', '2024-03-12T13:05:09Z'],
  ['Tue, 12 Mar 24 14:05:09 +0000', '2024-03-12T14:05:09Z'],
  ['12-Mar-2024 14:05:09 +0000', '2024-03-12T14:05:09Z'],
  ['Tue Mar 12 14:05:09 2024', '2024-03-12T14:05:09Z'],
  ['Tue Mar 12 14:05:09 CET 2024', '2024-03-12T13:05:09Z'],
  ['2024-03-12T14:05:09+01:00', '2024-03-12T13:05:09Z'],
  ['2024-03-12 14:05:09', '2024-03-12T14:05:09Z'],
  ['Sat, 12 Mar 94 14:05:09 GMT', '1994-03-12T14:05:09Z'],
  ['Sat, 12 Mar 102 14:05:09 GMT', '2002-03-12T14:05:09Z'],
  ['Tue, 12 Mar 2024 23:59:60 +0000', '2024-03-12T23:59:59Z'],
  ['Thu, 1 Jan 1970 00:00:00 +0000', null],
  ['Thu, 1 Jan 1969 00:00:00 +0000', null],
  ['Thu, 1 Jan 9999 00:00:00 +0000', null],
  ['Thu, 1 Jan 20240 00:00:00 +0000', null],
  ['Thu, 99 Foo 2024 25:00:00 +0000', null],
  ['', null],
  ['yesterday', null],
  ['undefined', null],
];

for (const [header, expected] of CASES) {
  test(`the date ${JSON.stringify(header)}`, () => {
    const ms = parseDate(header);
    assert.equal(ms, expected === null ? null : Date.parse(expected));
  });
}

test('every date that JavaScript writes is read back', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('1971-01-02'), max: new Date('2099-12-30'), noInvalidDate: true }), date => {
      assert.equal(parseDate(date.toUTCString()), Math.floor(date.getTime() / 1000) * 1000);
    }),
  );
});

test('any text is a date of a sensible year, or none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9A-Za-z:+, -]{0,40}$/)), text => {
      const ms = parseDate(text);
      assert.ok(ms === null || (ms > 0 && ms < Date.UTC(2101, 0)));
    }),
  );
});

test('a row shows the time today, the weekday this week, the day this year, else the month', () => {
  const now = new Date(2024, 2, 14, 10, 0).getTime();
  const at = (year: number, month: number, day: number, hour = 0, minute = 0) =>
    listDate(new Date(year, month - 1, day, hour, minute).getTime(), now);
  assert.equal(at(2024, 3, 14, 0, 5), '00:05');
  assert.equal(at(2024, 3, 14, 23, 59), '23:59');
  assert.equal(at(2024, 3, 13, 23, 59), 'Wed');
  assert.equal(at(2024, 3, 8), 'Fri');
  assert.equal(at(2024, 3, 7, 23, 59), '7 Mar');
  assert.equal(at(2023, 12, 24), '24 Dec');
  assert.equal(at(2023, 4, 30), '2023-04');
  assert.equal(at(2023, 5, 1), '1 May');
  assert.equal(at(2023, 3, 14), '2023-03');
  assert.equal(at(1994, 3, 14), '1994-03');
  assert.equal(at(2024, 3, 15), '15 Mar');
  assert.equal(at(2031, 5, 15), '2031-05');
  assert.equal(listDate(Number.NaN, now), '');
  assert.equal(listDate(8.7e15, now), '');
});

test('no row date is wider than seven cells', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e14, max: 1e14 }), fc.integer({ min: 0, max: 4e12 }), (ms, now) => {
      assert.match(listDate(ms, now), /^.{0,7}$/);
    }),
  );
});

test('the reader shows the whole date', () => {
  assert.equal(longDate(new Date(2024, 2, 12, 9, 5).getTime()), 'Tue 12 Mar 2024 09:05');
  assert.equal(longDate(Number.NaN), '');
});
