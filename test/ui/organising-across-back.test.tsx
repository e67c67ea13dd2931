// Mail goes from the POP3 account to the server's, moved and copied, with and without a network, and is taken back: not a
// byte, a flag or a date is lost, nothing is there twice, and the source stays until its copy is where it belongs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { both, into, stage } from './organising-stage.tsx';

test('from POP3: moved and copied to the server, in their order, and back; the next check brings nothing twice', t =>
  stage(t, {}, async it => {
    const { robot } = it;
    await it.openFolder('home/inbox');
    await it.cursorTo('Garden');
    await robot.send('*Ylater\r');
    await robot.press('esc');
    const before = await both(it);
    const rows = it.list();
    const garden = before.here.find(line => line.includes('| Garden |')) ?? '';
    assert.match(garden, /\\Flagged later/);

    await it.typeUntil('swork mill\r', /Moved to work \/ Projects\/Mill: Garden\. u to/);
    await robot.settled();
    const moved = {
      server: [...before.server, ...into([garden], 'Projects/Mill')].sort(),
      here: before.here.filter(line => line !== garden),
    };
    assert.deepEqual(await both(it), moved);
    // Its copy on the POP3 server is kept, and known: it does not come again.
    await robot.press('$');
    assert.deepEqual(await both(it), moved);
    assert.deepEqual(await it.maildrop(), ['Ferry', 'Garden', 'Harbour']);
    await it.openFolder('mill');
    await robot.press('u');
    assert.deepEqual(await both(it), before);
    await robot.press('$');
    assert.deepEqual(await both(it), before);

    await it.openFolder('home/inbox');
    await robot.press('%');
    await robot.expectRow(/3 marked/);
    await robot.send('swork mill\r');
    await it.still();
    assert.deepEqual(await both(it), {
      server: [...before.server, ...into(before.here, 'Projects/Mill')].sort(),
      here: [],
    });
    await it.openFolder('mill');
    assert.deepEqual(it.subjects(), ['Harbour', 'Garden', 'Ferry']);
    await robot.press('u');
    assert.deepEqual(await both(it), before);

    await it.openFolder('home/inbox');
    assert.deepEqual(it.list(), rows);
    await it.cursorTo('Ferry');
    await it.typeUntil('gCwork mill\r', /Copied to work \/ Projects\/Mill: Ferry\. u to/);
    await robot.settled();
    const ferry = before.here.filter(line => line.includes('| Ferry |'));
    assert.deepEqual(await both(it), {
      server: [...before.server, ...into(ferry, 'Projects/Mill')].sort(),
      here: before.here,
    });
    await robot.press('u');
    assert.deepEqual(await both(it), before);
  }));

test('without a network what goes to the server stays to be had back here, and goes when it is reached again', t =>
  stage(t, {}, async it => {
    const { robot, server } = it;
    const before = await both(it);
    await it.openFolder('home/inbox');
    await server.stop();
    await robot.waitFor('the line is gone', () => it.engine.status().phase !== 'online');
    await it.cursorTo('Garden');
    await it.typeUntil('swork mill\r', /Moved to work \/ Projects\/Mill: Garden/);
    await robot.settled();
    await it.cursorTo('Ferry');
    await it.typeUntil('swork mill\r', /Moved to work \/ Projects\/Mill: Ferry/);
    await robot.settled();
    await it.command('what waits');
    await robot.expectRow(/Take 1 message away from Inbox.* waits for the copy in work/);
    await robot.press('q');
    await it.typeUntil('u', /Taken back: Ferry/);
    await robot.settled();
    assert.deepEqual(it.subjects().toSorted(), ['Ferry', 'Harbour']);
    await server.restart();
    await robot.press('$');
    await robot.waitFor('online', () => it.engine.status().phase === 'online');
    const garden = before.here.filter(line => line.includes('| Garden |'));
    assert.deepEqual(await both(it), {
      server: [...before.server, ...into(garden, 'Projects/Mill')].sort(),
      here: before.here.filter(line => !garden.includes(line)),
    });
  }));
