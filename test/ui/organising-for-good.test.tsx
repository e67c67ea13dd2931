// What is deleted for good asks first, with the count and with where it goes; then the server does not have it either,
// and nothing but that.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage } from './organising-stage.tsx';
import { gone, SELECTIONS } from './organising-walk.tsx';

test('D: whatever is chosen is counted and asked about; n keeps it, y deletes that and nothing else', t =>
  stage(t, {}, async it => {
    const { robot } = it;
    const [one, marked, , all, pattern, fold] = SELECTIONS;
    for (const [selection, asks] of [
      [fold, /3 messages are deleted on the server for good\./],
      [one, /"Cards" is deleted on the server for good\./],
      [marked, /2 messages are deleted on the server for good\./],
    ] as const) {
      assert.ok(selection);
      const before = await it.truth();
      const rows = it.list();
      const subjects = await selection.choose(it);
      await robot.press('D');
      await robot.expectRow(asks);
      await robot.expectRow(/This can not be undone\./);
      await robot.press('n');
      assert.deepEqual(await it.truth(), before);
      await robot.press('D');
      await it.typeUntil('y', /Deleted for good: /);
      assert.deepEqual(await it.truth(), gone(before, subjects));
      const left = rows.filter(row => !subjects.some(subject => row.includes(subject)));
      assert.deepEqual(it.list().length, left.length);
    }
    assert.ok(all && pattern);
    // What is left: Attic, Dinner. By words, then all.
    await robot.press('~');
    await robot.type('dinner');
    await robot.press('enter', 'D');
    await robot.expectRow(/"Dinner" is deleted on the server for good\./);
    await robot.press('y', '%', 'D');
    await robot.expectRow(/"Attic" is deleted on the server for good\./);
    await robot.press('y');
    const left = await it.truth();
    assert.equal(left.length, 1);
    assert.match(left[0] ?? '', /^Projects \| Fixed/);
    // There is nothing that u could take back, and it says so.
    await it.typeUntil('u', /There is nothing to undo\./);
    await robot.settled();
  }));

test('Trash is emptied after a question with the count; others’ marked mail elsewhere stays', t =>
  stage(t, { serverCopy: 'untilDeletedHere' }, async it => {
    const { robot, server } = it;
    // Another client has marked one as deleted, and not expunged it.
    await server.doveadm('flags', 'add', '-u', 'ada', '\\Deleted', 'mailbox', 'INBOX', 'subject', 'Attic');
    await robot.press('$');
    await it.cursorTo('Aw: Plan');
    await robot.send('d');
    await it.cursorTo('Cards');
    await robot.send('d');
    await it.still();
    const before = await it.truth();
    await it.command('empty trash');
    await robot.expectRow(/4 messages in Trash are deleted on the server for good\./);
    await robot.press('n');
    assert.deepEqual(await it.truth(), before);
    await it.command('empty trash');
    await it.typeUntil('y', /Deleted for good: 4 messages\./);
    await robot.settled();
    assert.deepEqual(
      await it.truth(),
      before.filter(line => !line.startsWith('Trash |')),
    );
    assert.ok((await it.truth()).some(line => /^INBOX \| Attic \|.*\\Deleted/.test(line)));

    // The POP3 account's goes from here, and by the next check from its server.
    await it.openFolder('home/inbox');
    await it.cursorTo('Garden');
    await robot.press('d');
    await it.command('empty trash');
    await robot.expectRow(/1 message in Trash is deleted from this computer for good\./);
    await robot.expectRow(/What is still on the server is deleted there at the next/);
    await robot.press('y');
    await it.still();
    assert.deepEqual(
      (await it.local()).map(line => line.split(' | ')[1]),
      ['Ferry', 'Harbour'],
    );
    await robot.press('$');
    await it.still();
    assert.deepEqual(await it.maildrop(), ['Ferry', 'Harbour']);
  }));
