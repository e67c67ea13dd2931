// Mail goes from the IMAP account to this computer, whatever was chosen, and is taken back: not a byte, a flag or a date is
// lost, and nothing is there twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { both, into, stage } from './organising-stage.tsx';
import { ofSubjects, SELECTIONS, WAYS } from './organising-walk.tsx';

test('from IMAP: whatever is chosen is on this computer with its bytes, flags and dates, and back by u', t =>
  stage(t, {}, async it => {
    const { robot } = it;
    const before = await both(it);
    for (const [n, selection] of SELECTIONS.entries()) {
      const way = WAYS[n % WAYS.length];
      const rows = it.list();
      const subjects = await selection.choose(it);
      const goes = ofSubjects(subjects);
      const name = `${selection.name}, ${way}`;
      await robot.send(`shomearch\r${way === 'at once' ? 'u' : ''}`);
      if (way !== 'at once') {
        const gone = before.server.filter(goes);
        assert.equal(gone.length, subjects.length);
        assert.deepEqual(
          await both(it),
          {
            server: before.server.filter(line => !goes(line)),
            here: [...before.here, ...into(gone, 'Archive')].sort(),
          },
          name,
        );
        const what = subjects.length > 1 ? `Moved ${subjects.length} messages to` : 'Moved to';
        await robot.expectRow(new RegExp(`${what} home / Archive`));
        if (way === 'after a folder change') await it.openFolder('home/archive');
        await robot.press('u');
        await it.openFolder('work/inbox');
      }
      assert.deepEqual(await both(it), before, `${name}: taken back`);
      // What was deleted there at that moment comes back as new mail.
      if (way === 'at once') assert.deepEqual(it.list().toSorted(), rows.toSorted(), name);
      else assert.deepEqual(it.list(), rows, `${name}: each in its place`);
    }
  }));

test('from both accounts at once: one sentence, and one u brings all of it back to where it was', t =>
  stage(t, {}, async it => {
    const { robot } = it;
    await it.openFolder('inboxes');
    const before = await both(it);
    const rows = it.list();
    for (const [deed, bytes] of [
      ['Moved', 'swork mill\r'],
      ['Copied', 'gCwork mill\r'],
    ] as const) {
      await robot.press('%');
      await robot.expectRow(/11 marked/);
      await it.typeUntil(bytes, `${deed} 11 messages to work / Projects/Mill. u to undo.`);
      const inbox = before.server.filter(line => line.startsWith('INBOX '));
      const stays = before.server.filter(line => !inbox.includes(line));
      const there = [...stays, ...into([...inbox, ...before.here], 'Projects/Mill')];
      const moved = deed === 'Moved';
      assert.deepEqual(
        await both(it),
        { server: [...there, ...(moved ? [] : inbox)].sort(), here: moved ? [] : before.here },
        deed,
      );
      await robot.press('u');
      assert.deepEqual(await both(it), before, `${deed}, taken back`);
      assert.deepEqual(it.list(), rows, `${deed}: each in its place`);
    }
  }));
