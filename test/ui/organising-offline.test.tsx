// Without a network everything is done here at once, waits, and can be taken back; what is left reaches the server when
// it is there again, and nothing that was taken back does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { moved } from './organising-walk.tsx';

test('offline: half of what was done is taken back, the other half is on the server when it is back', t =>
  stage(t, {}, async it => {
    const { robot, server } = it;
    const before = await it.truth();
    await server.stop();
    await robot.waitFor('the line is gone', () => it.engine.status().phase !== 'online');
    await it.cursorTo('Aw: Plan');
    await robot.press('d');
    await robot.expectRow(/work: offline, 1 queued/);
    await it.cursorTo('Budget');
    await robot.send('smill\r');
    await it.cursorTo('Cards');
    await robot.press('space');
    await it.cursorTo('Attic');
    await it.typeUntil(' X', /Moved 2 messages to Junk\. u to undo\./);
    await robot.settled();
    await it.openFolder('mill');
    await robot.press('a');
    assert.deepEqual(it.subjects(), []);
    // Archiving, and what was moved to Junk, never was.
    await it.typeUntil('u', /Taken back: Budget \(archived\)/);
    await it.typeUntil('u', /Taken back: 2 messages \(moved to Junk\)/);
    await robot.settled();
    await it.command('what waits');
    await robot.expectRow(/Move 3 messages from Inbox to Trash +waits for a connection/);
    await robot.expectRow(/Move 1 message from Inbox to Projects\/Mill: Budget/);
    await robot.press('q');
    await server.restart();
    await robot.press('$');
    await robot.waitFor('online', () => it.engine.status().phase === 'online');
    const trashed = moved('Trash')(before, ['Aw: Plan', 'Re: Plan', 'Plan']);
    const after = moved('Projects/Mill')(trashed, ['Budget']);
    assert.deepEqual(await it.truth(), after);
    await it.openFolder('work/inbox');
    assert.deepEqual(it.subjects(), ['Engine', 'Dinner', 'Cards', 'Attic']);
    // The rest now, when the server has it.
    await robot.press('u', 'u');
    assert.deepEqual(await it.truth(), before);
    assert.deepEqual(it.subjects(), ['Engine', 'Aw: Plan', 'Dinner', 'Cards', 'Budget', 'Attic']);
  }));

test('done with the network and taken back without it: the server hears of it later', t =>
  stage(t, {}, async it => {
    const { robot, server } = it;
    const before = await it.truth();
    await robot.press('%');
    await robot.send('a');
    assert.deepEqual(
      await it.truth(),
      moved('Archive')(
        before,
        before.map(line => line.split(' | ')[1] ?? ''),
      ),
    );
    await server.stop();
    await robot.waitFor('the line is gone', () => it.engine.status().phase !== 'online');
    await it.typeUntil('u', /Taken back: 8 messages \(archived\)/);
    await robot.settled();
    assert.equal(it.subjects().length, 6);
    // Of many that come back the cursor is on the newest, not at the end of the list.
    await robot.expectRow(/^>.*Engine/);
    await server.restart();
    await robot.press('$');
    await robot.waitFor('online', () => it.engine.status().phase === 'online');
    assert.deepEqual(await it.truth(), before);
  }));
