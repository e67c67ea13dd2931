// Many steps of every kind, one after the other, are taken back one by one: after other folders were shown, when the
// server has them all, and when it has none of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Stage, stage } from './organising-stage.tsx';

/** 22 steps, of which none leaves what the one before it needs. */
async function steps(it: Stage): Promise<number> {
  const { robot } = it;
  let count = 0;
  const step = async (subject: string, bytes: string, ...ends: string[]) => {
    await robot.send(it.keysTo(subject) + bytes);
    if (ends.length > 0) await robot.press(...ends);
    count += 1;
  };
  await step('Cards', '*');
  await step('Cards', 'U');
  await step('Cards', 'Ylater\r', 'esc');
  await step('Cards', 'gCmill\r');
  await step('Cards', 'd');
  await step('Engine', 'X');
  await step('Dinner', 'a');
  await step('Aw: Plan', '*');
  await step('Aw: Plan', 'U');
  await step('Aw: Plan', 'smill\r');
  await step('Budget', '*');
  await step('Budget', 'U');
  await it.openFolder('mill');
  await step('Cards', 'U');
  await step('Aw: Plan', '*');
  await step('Aw: Plan', 'a');
  await it.openFolder('archive');
  await step('Dinner', 'U');
  await step('Dinner', 'Ynew\r', 'esc');
  await step('Dinner', 'd');
  await it.openFolder('trash');
  await step('Cards', '*');
  await step('Dinner', '*');
  await step('Dinner', 'sprojects\r');
  await it.openFolder('work/inbox');
  await robot.press('%');
  await robot.send('d');
  return count + 1;
}

test('22 steps are taken back one by one, each as it was, and then there is nothing more', t =>
  stage(t, {}, async it => {
    const { robot } = it;
    const before = await it.truth();
    const count = await steps(it);
    assert.equal(count, 22);
    const after = await it.truth();
    assert.deepEqual(after.length, before.length + 1);
    assert.ok(!after.some(line => line.startsWith('INBOX |')), after.join('\n'));
    for (let n = 0; n < 10; n += 1) {
      await it.typeUntil('u', /Taken back: /);
      await robot.settled();
    }
    await it.typeUntil('u'.repeat(count - 10), /Taken back: Cards/);
    await it.still();
    await it.typeUntil('u', /There is nothing to undo\./);
    assert.deepEqual(await it.truth(), before);
    await it.openFolder('work/inbox');
    await robot.expectRow(/5 unread of 8/);
  }));
