// Mail is moved and copied by the picker's fuzzy letters, whatever was chosen, and taken back: on the screen and on a
// real server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { copied, moved, says, walkAll } from './organising-walk.tsx';

test('s: whatever is chosen moves to the folder of the letters, and comes back whenever u is pressed', t =>
  stage(t, {}, it =>
    walkAll(
      it,
      {
        name: 's',
        bytes: 'smill\r',
        leaves: true,
        after: moved('Projects/Mill'),
        says: says('Moved to Projects/Mill'),
      },
      3,
    ),
  ));

test('gC: a copy of whatever is chosen is put into that folder, and goes again whenever u is pressed', t =>
  stage(t, {}, it =>
    walkAll(
      it,
      {
        name: 'gC',
        bytes: 'gCmill\r',
        leaves: false,
        after: copied('Projects/Mill'),
        says: says('Copied to Projects/Mill'),
      },
      0,
    ),
  ));

test('s to a folder that is made for it: u pressed at once takes the move back, and once more the folder', t =>
  stage(t, {}, async it => {
    const before = await it.truth();
    const rows = it.list();
    await it.cursorTo('Cards');
    await it.robot.send('sBrand new\ru');
    assert.deepEqual(await it.truth(), before);
    assert.deepEqual(it.list(), rows);
    assert.match(await it.server.doveadm('mailbox', 'list', '-u', it.server.user), /Brand new/);
    await it.robot.press('u');
    await it.robot.expectRow(/Taken back: the new folder "Brand new" \(made\)\./);
    assert.deepEqual(await it.truth(), before);
    assert.doesNotMatch(await it.server.doveadm('mailbox', 'list', '-u', it.server.user), /Brand new/);
  }));
