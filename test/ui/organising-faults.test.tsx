// What servers do to operations that are on their way: the folder goes, there is no room, or not now;
// each is told in one sentence, nothing is lost or doubled, and nothing else waits for it.
import assert from 'node:assert/strict';
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { into, stage } from './organising-stage.tsx';
import { moved, toggled } from './organising-walk.tsx';

test('a folder that somebody removes while moves into it wait: they are back, and it says where and why', t =>
  stage(t, {}, async it => {
    const { robot, server } = it;
    const before = await it.truth();
    const rows = it.list();
    await server.stop();
    await robot.waitFor('the line is gone', () => it.engine.status().phase !== 'online');
    await it.cursorTo('Aw: Plan');
    await robot.send('smill\r');
    await it.cursorTo('Cards');
    await robot.send('smill\r');
    await rm(join(server.mailRoot, '.Projects.Mill'), { recursive: true });
    await server.restart();
    await it.typeUntil(
      '$',
      /^ ?work: 4 messages were not moved to Projects\/Mill, because the server has no folder "Projects\/Mill" \(any more\)\. They are in Inbox again\. s moves to another folder\./,
    );
    assert.deepEqual(await it.truth(), before);
    assert.deepEqual(it.list(), rows);
    // There is nothing left of it, here or in the steps.
    await it.typeUntil('u', /Cards is not where it was put any more\./);
    assert.deepEqual(await it.truth(), before);
  }));

test('no room on the server: no copy is made, the source stays, and it says which key shows what fills it', t =>
  stage(t, { server: { quota: '20K' } }, async it => {
    const { robot } = it;
    const big = 'x'.repeat(70).concat('\r\n').repeat(120);
    const raw = await it.raw();
    await raw.append('Projects', Buffer.from(`From: G <g@x>\r\nSubject: Big\r\n\r\n${big}`), []);
    await it.openFolder('projects');
    await robot.press('$');
    const before = await it.truth();
    await robot.press('g', 'g');
    await robot.send('gCmill\r');
    await it.still();
    const copies = into(
      before.filter(line => line.includes('| Big |')),
      'Projects/Mill',
    );
    assert.deepEqual(await it.truth(), [...before, ...copies].sort());
    const full = await it.truth();
    await it.typeUntil(
      'gCarchive\r',
      /work: "Big" was not copied to Archive, because the mailbox on the server is full\. No copy was made\..*@ then f shows what fills it\./,
    );
    assert.deepEqual(await it.truth(), full);
    await robot.press('u', 'u');
    assert.deepEqual(await it.truth(), before);
  }));

test('not now: it waits and says so, what stands behind it goes on, and it goes when it can', t =>
  stage(t, {}, async it => {
    const { robot, server } = it;
    const before = await it.truth();
    const folder = join(server.mailRoot, '.Projects.Mill');
    const places = [folder, ...['cur', 'new', 'tmp'].map(name => join(folder, name))];
    for (const place of places) await chmod(place, 0o555);
    await it.cursorTo('Cards');
    await it.typeUntil('smill\r', /work: .*has trouble of its own\. 1 change is kept here; \$ tries now\./);
    await it.cursorTo('Dinner');
    await robot.press('*');
    assert.deepEqual(await it.truth().catch(() => []), toggled('\\Flagged')(before, ['Dinner']));
    await it.command('what waits');
    await robot.expectRow(/Move 1 message from Inbox to Projects.* is tried again later, \$ now, \d/);
    await robot.press('q');
    for (const place of places) await chmod(place, 0o755);
    await robot.press('$');
    await it.still();
    assert.deepEqual(
      await it.truth(),
      moved('Projects/Mill')(toggled('\\Flagged')(before, ['Dinner']), ['Cards']),
    );
    await robot.press('u', 'u');
    assert.deepEqual(await it.truth(), before);
  }));
