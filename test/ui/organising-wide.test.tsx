// At 160x45, in the list over all inboxes: marks in two accounts go each to its own folder and come back together; the
// counts beside the folders go along; a message that is open makes room for the next.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { both, into, stage } from './organising-stage.tsx';

test('160x45, all inboxes: marks of both accounts are deleted, archived, copied and starred, and taken back', t =>
  stage(t, { columns: 160, rows: 45 }, async it => {
    const { robot } = it;
    await it.openFolder('all inboxes');
    const before = await both(it);
    const rows = it.list();
    assert.deepEqual(it.subjects().slice(0, 6), [
      'Engine',
      'Aw: Plan',
      'Dinner',
      'Cards',
      'Harbour',
      'Garden',
    ]);
    const choose = async () => {
      for (const subject of ['Aw: Plan', 'Garden']) {
        await it.cursorTo(subject);
        await robot.press('space');
      }
      await robot.expectRow(/4 marked/);
    };
    const goes = (line: string) => /\| (Aw: Plan|Re: Plan|Plan|Garden) \|/.test(line);
    const stays = (line: string) => !goes(line);
    const inFolder = (folder: string, { server, here }: typeof before) => ({
      server: [...server.filter(stays), ...into(server.filter(goes), folder)].sort(),
      here: [...here.filter(stays), ...into(here.filter(goes), folder)].sort(),
    });

    await choose();
    await it.typeUntil('d', /Moved 4 messages to (Trash|their folders)\. u to undo\./);
    assert.deepEqual(await both(it), inFolder('Trash', before));
    await robot.expectRow(/^>? *All inboxes +5 *\|/);
    await robot.press('u');
    assert.deepEqual(await both(it), before);
    assert.deepEqual(it.list(), rows);
    await robot.expectRow(/^>? *All inboxes +8 *\|/);

    await choose();
    await robot.send('au');
    assert.deepEqual(await both(it), before);

    await choose();
    await it.typeUntil('a', /Archived 4 messages\. u to undo\./);
    await it.openFolder('projects');
    await robot.press('u');
    assert.deepEqual(await both(it), before);

    await it.openFolder('all inboxes');
    await choose();
    await it.typeUntil('*', /Starred 4 messages\. u to undo\.|Starred/);
    const starred = await both(it);
    assert.equal(starred.server.filter(line => line.includes('\\Flagged')).length, 4);
    assert.equal(starred.here.filter(line => line.includes('\\Flagged')).length, 1);
    await robot.press('u');
    assert.deepEqual(await both(it), before);

    // Each in turn in the message pane.
    await it.cursorTo('Garden');
    await robot.press('enter');
    await robot.expectRow(/Subject +Garden/);
    await robot.press('d');
    await robot.expectRow(/Subject +Ferry/);
    await robot.press('u', 'q');
    assert.deepEqual((await both(it)).here.filter(goes).length, 1);
  }));
