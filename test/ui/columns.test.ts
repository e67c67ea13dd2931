import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf } from '../../src/ui/parts/message-row.ts';

const ALL = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

test('the subject keeps 20 cells: names shrink first, then the count goes, then the date', () => {
  for (const [badge, threads] of ALL) {
    let before = columnsOf(200, badge, threads);
    assert.ok(before.date > 0 && before.names === 20 && before.count > 0 === threads);
    for (let cells = 199; cells >= 38; cells--) {
      const now = columnsOf(cells, badge, threads);
      assert.ok(now.subject >= 20, `${cells} cells leave ${now.subject}`);
      assert.ok(now.names >= 8, `${cells} cells leave ${now.names} to names`);
      // What has gone does not come back where it is narrower still.
      assert.ok(now.date <= before.date && now.count <= before.count);
      if (now.date === 0) assert.equal(now.count, 0, 'the count goes before the date');
      before = now;
    }
  }
});

test('columns and what stands between them fill the row', () => {
  for (const [badge, threads] of ALL) {
    for (let cells = 30; cells <= 160; cells++) {
      const { date, names, count, subject } = columnsOf(cells, badge, threads);
      const used = 6 + (badge ? 1 : 0) + (date > 0 ? date + 1 : 0) + names + 1 + count + subject + 1;
      assert.equal(used, cells, `at ${cells}`);
    }
  }
});
