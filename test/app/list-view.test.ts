import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  cursorPosition,
  EMPTY_VIEW,
  type ListView,
  moveCursor,
  putCursor,
  reconcile,
  scrollBy,
  topPosition,
  windowOf,
} from '../../src/app/list-view.ts';
import { rowsOf } from '../../src/app/listing/folder.ts';
import type { Rows } from '../../src/app/listing/types.ts';

/** Uids oldest first, as a folder keeps them. */
function folder(uids: readonly number[]): Rows {
  return rowsOf({
    length: uids.length,
    uidAt: position => uids[uids.length - 1 - position],
    positionOf: uid => {
      const at = uids.indexOf(uid);
      return at < 0 ? -1 : uids.length - 1 - at;
    },
  });
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const shown = (view: ListView, from: Rows, height: number) => {
  const { from: first, to } = windowOf(view, from, height);
  return range(first, to - 1).map(position => from.keyAt(position));
};

test('a new list begins at the newest message', () => {
  const mail = folder(range(1, 50));
  assert.deepEqual(reconcile(EMPTY_VIEW, mail, 10), { cursor: 50, top: null });
  assert.deepEqual(reconcile(EMPTY_VIEW, folder([]), 10), EMPTY_VIEW);
});

test('the cursor of a vanished message goes to the next older one, or to the oldest', () => {
  assert.equal(folder([1, 3, 7, 9]).locate(5), 2);
  assert.equal(folder([1, 3, 7, 9]).keyAt(folder([1, 3, 7, 9]).locate(5)), 3);
  assert.equal(folder([4, 5]).keyAt(folder([4, 5]).locate(2)), 4);
  assert.equal(reconcile({ cursor: 8, top: null }, folder([4, 5]), 5).cursor, 5);
});

test('mail that arrives while the newest is in sight is shown above the cursor', () => {
  const before = reconcile({ cursor: 48, top: null }, folder(range(1, 50)), 10);
  const after = reconcile(before, folder(range(1, 52)), 10);
  assert.equal(after.cursor, 48);
  assert.equal(after.top, null);
  assert.equal(shown(after, folder(range(1, 52)), 10)[0], 52);
});

test('a cursor at the edge of the window scrolls by half a page', () => {
  const mail = folder(range(1, 100));
  let view = reconcile(EMPTY_VIEW, mail, 20);
  for (let i = 0; i < 19; i += 1) view = moveCursor(view, mail, 20, 1);
  assert.equal(topPosition(view, mail), 0);
  view = moveCursor(view, mail, 20, 1);
  assert.equal(topPosition(view, mail), 10);
  assert.equal(cursorPosition(view, mail), 20);
});

test('paging moves window and cursor together and ends on the last message', () => {
  const mail = folder(range(1, 45));
  let view = scrollBy(reconcile(EMPTY_VIEW, mail, 20), mail, 20, 20);
  assert.deepEqual([topPosition(view, mail), cursorPosition(view, mail)], [20, 20]);
  view = scrollBy(scrollBy(view, mail, 20, 20), mail, 20, 20);
  assert.deepEqual([topPosition(view, mail), cursorPosition(view, mail)], [25, 44]);
});

const world = fc.record({
  uids: fc
    .uniqueArray(fc.integer({ min: 1, max: 400 }), { maxLength: 120 })
    .map(list => list.sort((a, b) => a - b)),
  height: fc.integer({ min: 1, max: 30 }),
  start: fc.nat(),
  page: fc.nat(),
  arrived: fc.nat({ max: 60 }),
  vanished: fc.array(fc.nat(), { maxLength: 40 }),
});

test('whatever arrives or vanishes, the cursor stays on its message, in sight, and visible rows stay visible', () => {
  fc.assert(
    fc.property(world, ({ uids, height, start, page, arrived, vanished }) => {
      const before = folder(uids);
      let view = reconcile(EMPTY_VIEW, before, height);
      if (uids.length > 0) {
        view = scrollBy(view, before, height, page % uids.length);
        view = putCursor(view, before, height, start % uids.length);
      }
      const gone = new Set(vanished.map(n => uids[n % Math.max(1, uids.length)]));
      const kept = uids.filter(uid => !gone.has(uid));
      const last = uids[uids.length - 1] ?? 0;
      const now = folder([...kept, ...range(last + 1, last + arrived)]);
      const next = reconcile(view, now, height);
      if (now.length === 0) {
        assert.deepEqual(next, EMPTY_VIEW);
        return;
      }
      assert.ok(next.cursor !== null);
      if (view.cursor !== null && !gone.has(view.cursor)) assert.equal(next.cursor, view.cursor);
      else if (view.cursor !== null) {
        // The nearest: no message lies between the old place and the new one.
        const older = kept.filter(uid => uid < (view.cursor ?? 0));
        const newest = older[older.length - 1];
        if (newest !== undefined) assert.equal(next.cursor, newest);
        else assert.equal(next.cursor, kept[0] ?? last + 1);
      }
      const { from, to } = windowOf(next, now, height);
      const at = cursorPosition(next, now);
      assert.ok(at >= from && at < to, 'the cursor is in the window');
      assert.ok(to - from === Math.min(height, now.length), 'the window is full');
      const stays = shown(view, before, height).filter(uid => uid !== undefined && !gone.has(uid));
      if (gone.size === 0 && view.top !== null) {
        assert.deepEqual(shown(next, now, height).slice(0, stays.length), stays, 'the rows stand still');
      }
    }),
    { numRuns: 500 },
  );
});

test('no motion leaves the folder or loses the cursor', () => {
  const motion = fc.tuple(fc.constantFrom('rows', 'page', 'to'), fc.integer({ min: -200, max: 200 }));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 150 }),
      fc.integer({ min: 1, max: 30 }),
      fc.array(motion, { maxLength: 30 }),
      (count, height, motions) => {
        const mail = folder(range(1, count));
        let view = reconcile(EMPTY_VIEW, mail, height);
        for (const [kind, by] of motions) {
          if (kind === 'rows') view = moveCursor(view, mail, height, by);
          else if (kind === 'page') view = scrollBy(view, mail, height, by);
          else view = putCursor(view, mail, height, Math.abs(by) % count);
          const at = cursorPosition(view, mail);
          const { from, to } = windowOf(view, mail, height);
          assert.ok(at >= from && at < to);
          assert.equal(to - from, Math.min(height, count));
        }
      },
    ),
  );
});
