// What asks first: everything older than an age is archived, a folder is made for what moves there. Taken back, on the
// screen and on a real server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { moved } from './organising-walk.tsx';

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
    await it.typeUntil('y', /Archived 2 messages\. u to undo\./);
    await robot.settled();
    assert.deepEqual(await it.truth(), moved('Archive')(before, ['Attic', 'Budget']));
    assert.ok(!it.subjects().includes('Attic'));
    await it.openFolder('archive');
    assert.deepEqual(it.subjects(), ['Budget', 'Attic']);
    await robot.press('u');
    assert.deepEqual(await it.truth(), before);
  }));

test('s to a folder that is made for it: u pressed at once takes the move back, and once more the folder', t =>
  stage(t, {}, async it => {
    const before = await it.truth();
    const rows = it.list();
    await it.cursorTo('Cards');
    await it.robot.send('sBrand new\ru');
    assert.deepEqual(await it.truth(), before);
    assert.deepEqual(it.list(), rows);
    assert.match(await it.server.doveadm('mailbox', 'list', '-u', it.server.user), /Brand new/);
    await it.typeUntil('u', /Taken back: the new folder "Brand new" \(made\)\./);
    assert.deepEqual(await it.truth(), before);
    assert.doesNotMatch(await it.server.doveadm('mailbox', 'list', '-u', it.server.user), /Brand new/);
  }));
