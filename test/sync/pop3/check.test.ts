import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TmailError } from '../../../src/util/errors.ts';
import { Crash, createWorld, DAY, mail, policies, schemes } from './world.ts';

/** How many arrows a check of this world has. */
async function arrowsOf(make: () => ReturnType<typeof createWorld>): Promise<number> {
  const { run, world } = make();
  await run();
  return world.arrows;
}

for (const policy of policies) {
  for (const scheme of schemes) {
    test(`${JSON.stringify(policy)}, names ${scheme}: ended at any arrow, nothing is lost and nothing doubles`, async () => {
      let adopts = false;
      const make = () => {
        const made = createWorld({ policy, scheme, adopts });
        for (let n = 0; n < 4; n++) made.deliver(n, mail(n));
        return made;
      };
      const arrows = await arrowsOf(make);
      assert.ok(arrows > 10);
      for (let at = 1; at <= arrows; at++) {
        adopts = at % 2 === 0;
        const { world, run, copies, deliver } = make();
        assert.ok((await run(at)).error instanceof Crash);
        for (const n of world.deletedByUs) assert.equal(copies(n), 1, `${n} after a crash at ${at}`);
        deliver(4, mail(4));
        for (let again = 0; again < 3; again++) assert.equal((await run()).error, null);
        assert.deepEqual([0, 1, 2, 3, 4].map(copies), [1, 1, 1, 1, 1], `crash at ${at}`);
        assert.equal(world.maildrop.length, policy === 'delete' ? 0 : 5, `crash at ${at}`);
      }
    });
  }
}

test('a check that finds nothing new fetches nothing and deletes nothing', async () => {
  for (const scheme of schemes) {
    const { world, run, deliver } = createWorld({ scheme });
    for (let n = 0; n < 10; n++) deliver(n, mail(n));
    await run();
    assert.equal(world.retrieved, 10, scheme);
    await run();
    await run();
    assert.equal(world.retrieved, 10, scheme);
    assert.equal(world.maildrop.length, 10);
  }
});

test('the tally and the report say what happened', async () => {
  const { world, run, deliver } = createWorld({ policy: 'delete' });
  for (let n = 0; n < 3; n++) deliver(n, mail(n));
  const first = await run();
  assert.deepEqual(
    [first.tally.received, first.tally.deletedOnServer, first.report?.onServer.messages],
    [3, 3, 0],
  );
  assert.deepEqual(first.report?.warnings, [
    { t: 'first-deletion', policy: 'delete', count: 3, held: false },
  ]);
  deliver(3, mail(3));
  const second = await run();
  assert.deepEqual([second.tally.received, second.tally.deletedOnServer], [1, 1]);
  assert.deepEqual(second.report?.warnings, []);
  assert.equal(world.memory.lastCheck, world.now);
});

test('deleteAfterDays counts from when it was first seen here', async () => {
  const { world, run, deliver, copies } = createWorld({ policy: { deleteAfterDays: 14 } });
  deliver(1, mail(1));
  await run();
  world.now += 7 * DAY;
  deliver(2, mail(2));
  await run();
  world.now += 6.9 * DAY;
  await run();
  assert.equal(world.maildrop.length, 2);
  world.now += 0.2 * DAY;
  await run();
  assert.deepEqual(
    world.maildrop.map(one => one.n),
    [2],
  );
  world.now += 7 * DAY;
  await run();
  assert.equal(world.maildrop.length, 0);
  assert.deepEqual([copies(1), copies(2)], [1, 1]);
});

test('a clock that was ahead when mail came does not keep it on the server for ever', async () => {
  const { world, run, deliver } = createWorld({ policy: { deleteAfterDays: 2 } });
  world.now += 5000 * DAY;
  deliver(1, mail(1));
  await run();
  world.now -= 5000 * DAY;
  await run();
  assert.equal(world.maildrop.length, 1);
  world.now += 2.1 * DAY;
  await run();
  assert.equal(world.maildrop.length, 0);
});

test('a clock that jumps ahead makes nothing go before the person was told', async () => {
  const { world, run, deliver } = createWorld({ policy: { deleteAfterDays: 14 } });
  for (let n = 0; n < 200; n++) deliver(n, mail(n));
  await run();
  world.now += 5000 * DAY;
  const { report, tally } = await run();
  assert.deepEqual([report?.held, tally.deletedOnServer, world.maildrop.length], [200, 0, 200]);
  const warning = report?.warnings.find(one => one.t === 'many-deletions');
  assert.deepEqual(warning, { t: 'many-deletions', count: 200, usual: 0, held: true });
  world.now -= 5000 * DAY; // set right again before the next check
  await run();
  assert.equal(world.maildrop.length, 200);
});

test('far more than usual waits for the next check, and then goes', async () => {
  const { world, run, deliver } = createWorld({ policy: { deleteAfterDays: 14 } });
  for (let n = 0; n < 200; n++) deliver(n, mail(n));
  await run();
  world.now += 15 * DAY;
  await run();
  assert.equal(world.maildrop.length, 200);
  await run();
  assert.equal(world.maildrop.length, 0);
  assert.equal(world.memory.told?.many, 0);
});

test('untilDeletedHere deletes there what was deleted here, and only that', async () => {
  const { world, run, deliver, deleteHere, copies } = createWorld({ policy: 'untilDeletedHere' });
  for (let n = 0; n < 5; n++) deliver(n, mail(n));
  await run();
  deleteHere(2);
  deleteHere(3);
  await run();
  assert.deepEqual(
    world.maildrop.map(one => one.n),
    [0, 1, 4],
  );
  await run();
  assert.deepEqual([copies(2), copies(3)], [0, 0]);
});

test('keep deletes nothing there and does not bring back what was deleted here', async () => {
  const { world, run, deliver, deleteHere, copies } = createWorld({ policy: 'keep' });
  deliver(1, mail(1));
  await run();
  deleteHere(1);
  await run();
  assert.equal(world.maildrop.length, 1);
  assert.equal(copies(1), 0);
});

test('a copy that vanished here without being deleted is fetched again, and nothing is deleted for it', async () => {
  const { world, run, deliver, copies } = createWorld({ policy: 'untilDeletedHere' });
  for (let n = 0; n < 3; n++) deliver(n, mail(n));
  await run();
  world.disk.mail.delete('u1');
  await run();
  assert.deepEqual([0, 1, 2].map(copies), [1, 1, 1]);
  await run();
  assert.equal(world.maildrop.length, 3);
});

test('a damaged copy here is no reason to delete there, and is fetched again', async () => {
  const { world, run, deliver, copies } = createWorld({ policy: { deleteAfterDays: 1 } });
  deliver(1, mail(1));
  await run();
  world.disk.mail.set('u1', { bytes: Buffer.from('damaged'), partial: false });
  world.now += 2 * DAY;
  const { tally } = await run();
  assert.deepEqual(
    tally.errors.map(error => error.code),
    ['pop3.copy-damaged'],
  );
  assert.equal(world.maildrop.length, 1);
  // What the server has takes its place, and goes there only once that was read again.
  assert.deepEqual(world.disk.mail.get('u1')?.bytes, mail(1));
  assert.deepEqual((await run()).tally.errors, []);
  assert.deepEqual([world.maildrop.length, copies(1)], [0, 1]);
});

test('going back to a policy that was told of before makes nothing go untold', async () => {
  const { world, run, deliver } = createWorld({ policy: 'delete' });
  for (let n = 0; n < 3; n++) deliver(n, mail(n));
  await run();
  assert.equal(world.maildrop.length, 0);
  world.policy = 'keep';
  for (let n = 3; n < 10; n++) deliver(n, mail(n));
  await run();
  world.policy = 'delete';
  const { report } = await run();
  assert.deepEqual(report?.warnings, [{ t: 'first-deletion', policy: 'delete', count: 7, held: true }]);
  assert.equal(world.maildrop.length, 7);
  await run();
  assert.equal(world.maildrop.length, 0);
});

test('a change of policy that was taken back in time is told again when it is made again', async () => {
  const { world, run, deliver } = createWorld({ policy: 'keep' });
  for (let n = 0; n < 4; n++) deliver(n, mail(n));
  await run();
  for (const policy of ['delete', 'keep', 'delete'] as const) {
    world.policy = policy;
    await run();
    assert.equal(world.maildrop.length, 4, policy);
  }
  await run();
  assert.equal(world.maildrop.length, 0);
});

test('changing to a policy that deletes what is here says so first and does it at the next check', async () => {
  const { world, run, deliver } = createWorld({ policy: 'keep' });
  for (let n = 0; n < 5; n++) deliver(n, mail(n));
  await run();
  world.policy = 'delete';
  deliver(5, mail(5));
  const { report } = await run();
  assert.deepEqual(report?.warnings, [{ t: 'first-deletion', policy: 'delete', count: 6, held: true }]);
  assert.equal(world.maildrop.length, 5); // the new one came under the new policy
  await run();
  assert.equal(world.maildrop.length, 0);
});

test('a server that renumbers everything fills nothing twice, and says so', async () => {
  const { world, run, deliver, copies } = createWorld({ scheme: 'reset' });
  for (let n = 0; n < 10; n++) deliver(n, mail(n));
  await run();
  world.era++;
  deliver(10, mail(10));
  const { report, tally } = await run();
  assert.equal(tally.received, 1);
  assert.equal(world.retrieved, 11);
  assert.deepEqual(report?.warnings, [{ t: 'renumbered', count: 10 }]);
  for (let n = 0; n <= 10; n++) assert.equal(copies(n), 1);
  assert.deepEqual((await run()).report?.warnings, []);
});

test('a server that renumbers and has no TOP fetches again, but fills nothing twice', async () => {
  const { world, run, deliver, copies } = createWorld({ scheme: 'reset', hasTop: false });
  for (let n = 0; n < 5; n++) deliver(n, mail(n));
  await run();
  world.era++;
  await run();
  await run();
  for (let n = 0; n < 5; n++) assert.equal(copies(n), 1);
  assert.equal(world.retrieved, 10);
});

test('a server with neither names nor TOP loses nothing, doubles nothing, and is told of', async () => {
  for (const policy of policies) {
    const { world, run, deliver, copies } = createWorld({ scheme: 'none', hasTop: false, policy });
    for (let n = 0; n < 4; n++) deliver(n, mail(n));
    const { report } = await run();
    assert.ok(report?.warnings.some(one => one.t === 'unrecognisable'));
    await run();
    await run();
    assert.deepEqual([0, 1, 2, 3].map(copies), [1, 1, 1, 1]);
    assert.equal(world.maildrop.length, policy === 'delete' ? 0 : 4);
  }
});

test('a name that is given to another message never deletes it unseen', async () => {
  // The same name and size, another content: getmail6 loses mail to this.
  const { world, run, deliver, copies } = createWorld({ scheme: 'slot', policy: { deleteAfterDays: 1 } });
  deliver(1, mail(1, 1, 5));
  await run();
  world.maildrop = []; // another client
  deliver(2, mail(2, 2, 5));
  world.now += 2 * DAY;
  await run();
  assert.equal(copies(2), 1);
  assert.equal(world.deletedByUs.size, 0);
  world.now += 2 * DAY;
  await run();
  await run();
  assert.equal(copies(2), 1);
  assert.deepEqual([...world.deletedByUs], [2]);
});

test('messages with the same head and size are told apart by their content', async () => {
  for (const scheme of ['none', 'equal', 'session'] as const) {
    const { world, run, deliver, copies } = createWorld({ scheme, policy: 'delete' });
    deliver(1, mail(1, 9, 3));
    deliver(2, mail(2, 9, 3));
    world.quitFails = true;
    await run();
    world.quitFails = false;
    await run();
    await run();
    assert.deepEqual([copies(1), copies(2), world.maildrop.length], [1, 1, 0], scheme);
  }
});

test('the same bytes delivered twice with two names are two messages', async () => {
  const { run, deliver, copies } = createWorld({ policy: 'delete' });
  deliver(1, mail(7));
  deliver(2, mail(7));
  await run();
  assert.equal(copies(1), 2);
  deliver(3, mail(7));
  await run();
  assert.equal(copies(1), 3);
});

test('the first check may leave old mail alone, for ever', async () => {
  const dated = (n: number, date: string) => Buffer.from(`Date: ${date}\r\nSubject: ${n}\r\n\r\n${n}\r\n`);
  for (const [firstRun, expected] of [
    [{ t: 'all' }, [1, 1, 1, 1]],
    [{ t: 'fromToday' }, [0, 0, 0, 1]],
    [{ t: 'lastDays', days: 30 }, [0, 1, 1, 1]],
  ] as const) {
    const { world, run, deliver, copies } = createWorld({ policy: 'delete', settings: { firstRun } });
    deliver(0, dated(0, '1 Jan 2025 00:00:00 +0000'));
    deliver(1, dated(1, '20 Dec 2025 00:00:00 +0000'));
    deliver(2, dated(2, 'nonsense'));
    const { tally } = await run();
    deliver(3, dated(3, '1 Jan 2020 00:00:00 +0000'));
    await run();
    await run();
    assert.deepEqual([0, 1, 2, 3].map(copies), expected);
    assert.equal(tally.skipped, expected.filter(one => one === 0).length);
    assert.deepEqual(
      world.maildrop.map(one => one.n),
      [0, 1, 2].filter(n => expected[n] === 0),
    );
  }
});

test('a large message comes as a placeholder, whole when it is wanted, and only then goes', async () => {
  const { world, run, deliver, copies } = createWorld({ policy: 'delete', settings: { sizeLimit: 1000 } });
  deliver(1, mail(1));
  deliver(2, mail(2, 2, 2000));
  const { tally } = await run();
  assert.deepEqual([tally.received, tally.placeholders, tally.deletedOnServer], [1, 1, 1]);
  assert.equal(world.disk.mail.get('u2')?.partial, true);
  await run();
  assert.deepEqual(
    world.maildrop.map(one => one.n),
    [2],
  );
  await run(undefined, ['u2']);
  assert.equal(copies(2), 1);
  assert.equal(world.maildrop.length, 0);
});

test('session limits leave the rest for later, and it comes', async () => {
  const { run, deliver, copies, world } = createWorld({ policy: 'delete', settings: { sessionMessages: 3 } });
  for (let n = 0; n < 8; n++) deliver(n, mail(n));
  assert.equal((await run()).report?.later, 5);
  assert.equal((await run()).report?.later, 2);
  assert.equal((await run()).report?.later, 0);
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 7].map(copies), Array(8).fill(1));
  assert.equal(world.maildrop.length, 0);
  const small = createWorld({ settings: { sessionBytes: 10 } });
  small.deliver(1, mail(1, 1, 2000));
  small.deliver(2, mail(2, 2, 2000));
  await small.run();
  assert.deepEqual([small.copies(1), small.copies(2)], [1, 0]);
});

test('QUIT that is refused is no deletion here, and is done again', async () => {
  for (const commitsOnDrop of [false, true]) {
    const { world, run, deliver, copies } = createWorld({ policy: 'delete', commitsOnDrop });
    for (let n = 0; n < 3; n++) deliver(n, mail(n));
    world.quitFails = true;
    const { error, tally } = await run();
    assert.ok(error instanceof TmailError);
    assert.equal(tally.deletedOnServer, 0);
    world.quitFails = false;
    await run();
    assert.equal(world.maildrop.length, 0);
    assert.deepEqual([0, 1, 2].map(copies), [1, 1, 1]);
  }
});
