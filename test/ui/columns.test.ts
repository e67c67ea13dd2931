import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DATE_FORMS, LIST_COLUMNS } from '../../src/config/types.ts';
import { SEEN } from '../../src/mail/types.ts';
import { width } from '../../src/mail/width.ts';
import { messageRow } from '../../src/ui/parts/message-row.ts';
import {
  columnsOf,
  type RowColumns,
  rowDate,
  USUAL_COLUMNS,
  type Wish,
} from '../../src/ui/parts/row-columns.ts';
import { themeFor } from '../../src/ui/theme.ts';
import { envelope, NOW } from '../app/fakes.ts';

const usual = (badge: boolean, threads: boolean): Wish => ({
  columns: USUAL_COLUMNS,
  dates: 'short',
  badge,
  threads,
});
const ALL = [usual(false, false), usual(true, false), usual(false, true), usual(true, true)];
/** 0: it is not there. */
const cellsOf = ({ cells }: RowColumns, name: string): number =>
  cells.find(([column]) => column === name)?.[1] ?? 0;

const anyWish: fc.Arbitrary<Wish> = fc.record({
  columns: fc.uniqueArray(fc.constantFrom(...LIST_COLUMNS), { minLength: 1 }),
  dates: fc.constantFrom(...DATE_FORMS),
  badge: fc.boolean(),
  threads: fc.boolean(),
});

test('the subject keeps 20 cells: names shrink first, then the count goes, then the date', () => {
  for (const wish of ALL) {
    let before = columnsOf(200, wish);
    assert.ok(cellsOf(before, 'date') > 0 && cellsOf(before, 'from') === 20);
    assert.equal(cellsOf(before, 'count') > 0, wish.threads);
    for (let cells = 199; cells >= 38; cells--) {
      const now = columnsOf(cells, wish);
      assert.ok(cellsOf(now, 'subject') >= 20, `${cells} cells leave ${cellsOf(now, 'subject')}`);
      assert.ok(cellsOf(now, 'from') >= 8, `${cells} cells leave ${cellsOf(now, 'from')} to names`);
      // What has gone does not come back where it is narrower still.
      assert.ok(now.cells.length <= before.cells.length);
      if (cellsOf(now, 'date') === 0)
        assert.equal(cellsOf(now, 'count'), 0, 'the count goes before the date');
      before = now;
    }
  }
});

test('whatever is set, columns and what stands between them fill the row, and the subject keeps 20 cells', () => {
  fc.assert(
    fc.property(anyWish, fc.integer({ min: 38, max: 200 }), (wish, cells) => {
      const found = columnsOf(cells, wish);
      const used = found.cells.reduce((sum, [, room]) => sum + room + 1, 6 + (found.badge ? 1 : 0));
      assert.equal(used, cells);
      assert.ok(cellsOf(found, 'subject') >= 20);
      assert.equal(found.badge, wish.badge && wish.columns.includes('account'));
      const order = found.cells.map(([column]) => column);
      const wanted = wish.columns.filter(column => order.some(each => each === column));
      assert.deepEqual(
        order.filter(column => wish.columns.includes(column)),
        wanted,
      );
    }),
  );
});

test('columns drop by rank: long dates become short, then size goes, then the count, then the date', () => {
  const wish: Wish = {
    columns: ['date', 'from', 'count', 'size', 'subject'],
    dates: 'full',
    badge: false,
    threads: true,
  };
  const seen: string[] = [];
  for (let cells = 160; cells >= 38; cells--) {
    const found = columnsOf(cells, wish);
    const names = found.cells
      .map(([column]) => column)
      .filter(column => column !== 'from' && column !== 'subject');
    const text = [found.dates, ...names].join(' ');
    if (seen.at(-1) !== text) seen.push(text);
  }
  assert.deepEqual(seen, [
    'full date count size',
    'iso date count size',
    'short date count size',
    'short date count',
    'short date',
    'short',
  ]);
});

test('rows say what is set, in the order that is set, and are as wide as the list', () => {
  const message = {
    envelope: envelope({
      subject: 's'.repeat(200),
      size: 214_000,
      date: NOW - 3_600_000,
      from: [{ name: 'Ada Lovelace', address: 'a@b.example' }],
    }),
    flags: SEEN,
    cursor: false,
    marked: false,
    focused: true,
    outgoing: false,
    here: true,
    badge: 'w',
    fold: null,
    now: NOW,
  };
  const theme = themeFor({ colors: 'none', borders: 'ascii' }, { colors: 'none', unicode: false });
  for (const cells of [50, 60, 80, 85, 110, 140, 160]) {
    for (const dates of DATE_FORMS) {
      const row = messageRow(message, cells, theme, {
        columns: ['from', 'subject', 'size', 'date', 'account'],
        dates,
      });
      assert.equal(width(row), cells);
      assert.match(row, /^ {5}w Ada /);
      assert.ok((/s+/.exec(row)?.[0].length ?? 0) >= 18, row);
      if (cells >= 80) assert.match(row, / 209K +[\d: -]+ $/);
    }
  }
  const plain = messageRow(message, 80, theme, { columns: ['subject'], dates: 'iso' });
  assert.match(plain, /^ {6}s{70,}\.\. $/);
});

test('dates: today’s clock, else the day; or always both', () => {
  const at = new Date(2027, 10, 12, 9, 5).getTime();
  const later = new Date(2027, 10, 12, 23, 0).getTime();
  const next = new Date(2027, 10, 13, 0, 1).getTime();
  assert.equal(rowDate(at, later, 'iso'), '09:05');
  assert.equal(rowDate(at, next, 'iso'), '2027-11-12');
  assert.equal(rowDate(at, later, 'full'), '2027-11-12 09:05');
  assert.equal(rowDate(Number.NaN, later, 'full'), '');
  assert.equal(rowDate(at, next, 'short'), 'Fri');
});
