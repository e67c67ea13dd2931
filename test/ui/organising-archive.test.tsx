// Mail is archived: into one folder, into those of years and months that are made for it, and all that is older than an
// age; and taken back. On the screen and on a real server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { moved, type Operation, SELECTIONS, says, walk, walkAll } from './organising-walk.tsx';

test('a: whatever is chosen is archived, and comes back whenever u is pressed', t =>
  stage(t, {}, it =>
    walkAll(it, { name: 'a', bytes: 'a', leaves: true, after: moved('Archive'), says: says('Archived') }, 2),
  ));

/** By the fourth column of the truth, which is the message's own date as well. */
const dateOf = (line: string) => line.split(' | ')[3] ?? '';
const byYear = moved(line => `Archive/${dateOf(line).slice(0, 4)}`);
const byMonth = moved(line => `Archive/${dateOf(line).slice(0, 7).replace('-', '/')}`);

for (const [archive, after] of [
  ['year', byYear],
  ['month', byMonth],
] as const)
  test(`a by ${archive}: u pressed at once, while the folders are made, and once more when they are there`, t =>
    stage(t, { archive }, async it => {
      const a: Operation = { name: 'a', bytes: 'a', leaves: true, after, says: () => 'Archived' };
      for (const selection of SELECTIONS.slice(2, 4)) await walk(it, a, selection, 'at once');
      for (const selection of SELECTIONS.slice(4)) await walk(it, a, selection, 'after a folder change');
    }));

test('what is older than an age is counted, asked about, archived together and comes back together', t =>
  stage(t, {}, async it => {
    const { robot } = it;
    const before = await it.truth();
    await it.command('archive older');
    await robot.press('C-u');
    await robot.type('1 y');
    await robot.press('enter');
    await robot.expectRow(/2 messages in Inbox, older than 1 y, are archived\./);
    await robot.expectRow(/1 of them starred\./);
    await robot.press('n');
    assert.deepEqual(await it.truth(), before);
    await it.command('archive older');
    await robot.press('enter');
    await robot.expectRow(/2 messages in Inbox, older than 1 y/);
    await robot.press('y');
    await robot.expectRow(/Archived 2 messages\. u to undo\./);
    assert.deepEqual(await it.truth(), moved('Archive')(before, ['Attic', 'Budget']));
    assert.ok(!it.subjects().includes('Attic'));
    await it.openFolder('archive');
    assert.deepEqual(it.subjects(), ['Budget', 'Attic']);
    await robot.press('u');
    assert.deepEqual(await it.truth(), before);
  }));
