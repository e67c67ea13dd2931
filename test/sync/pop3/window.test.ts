// A server that lists only a part of the mail that it has (Gmail, with and without `recent:`): what leaves that part
// counts neither as deleted nor as new when it comes back, whatever the policy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isListed } from '../../../src/sync/pop3/plan.ts';
import { settingsOf } from '../../../src/sync/pop3/settings.ts';
import { createWorld, DAY, mail, policies } from './world.ts';

const name = (policy: (typeof policies)[number]) =>
  typeof policy === 'string' ? policy : `${policy.deleteAfterDays} days`;

for (const policy of policies) {
  test(`${name(policy)}: what leaves the window is not concluded from, and does not come twice`, async () => {
    const { world, run, deliver, copies } = createWorld({ policy, settings: { window: true } });
    for (let n = 0; n < 6; n++) deliver(n, mail(n));
    await run();
    const gone = policy === 'delete';
    assert.equal(world.maildrop.length, gone ? 0 : 6);
    if (gone) return;
    const retrieved = world.retrieved;
    // The window moves on, again and again.
    const all = world.maildrop;
    for (const first of [2, 4, 4]) {
      world.maildrop = all.slice(first);
      const { report } = await run();
      assert.deepEqual(report?.warnings, []);
      const known = [...world.disk.known.values()];
      assert.ok(known.every(one => one.onServer));
      assert.deepEqual(
        known.map(isListed),
        [0, 1, 2, 3, 4, 5].map(n => n >= first),
      );
    }
    // Their days are over where nobody sees them: nothing is announced, and nothing happens.
    world.now += 10 * DAY;
    await run();
    const aged = typeof policy === 'object';
    assert.deepEqual([...world.deletedByUs].sort(), aged ? [4, 5] : []);
    // All of it comes into sight (another user name, a provider's whim).
    world.maildrop = all.filter(one => !world.deletedByUs.has(one.n));
    const { report, error } = await run();
    assert.equal(error, null);
    assert.ok(!report?.warnings.some(({ t }) => t === 'returned' || t === 'renumbered'));
    assert.equal(world.retrieved, retrieved);
    assert.deepEqual([...world.deletedByUs].sort(), aged ? [0, 1, 2, 3, 4, 5] : []);
    for (let n = 0; n < 6; n++) assert.equal(copies(n), 1);
    assert.ok([...world.disk.known.values()].every(one => one.outOfSight === undefined));
  });
}

test('untilDeletedHere: what was deleted here out of sight stays there and stays deleted here', async () => {
  const { world, run, deliver, deleteHere, copies } = createWorld({
    policy: 'untilDeletedHere',
    settings: { window: true },
  });
  for (let n = 0; n < 4; n++) deliver(n, mail(n));
  await run();
  const all = world.maildrop;
  world.maildrop = all.slice(2);
  await run();
  deleteHere(0);
  deleteHere(3);
  await run();
  assert.deepEqual([...world.deletedByUs], [3]);
  const retrieved = world.retrieved;
  world.maildrop = all.filter(one => one.n !== 3);
  await run();
  // Seen again it goes, for the person has deleted it; nothing else does, and nothing comes back.
  assert.deepEqual([...world.deletedByUs].sort(), [0, 3]);
  assert.equal(world.retrieved, retrieved);
  assert.deepEqual([0, 1, 2, 3].map(copies), [0, 1, 1, 0]);
});

test('the window is Gmail’s, whatever the user is called; others show all that they have', () => {
  const auth = { t: 'plain', password: 'x' } as const;
  const at = (host: string, user: string) =>
    settingsOf({
      id: 'home',
      email: 'ada@example.org',
      name: '',
      protocol: 'pop3',
      incoming: { host, port: 995, security: 'tls', user, tls: {} },
      outgoing: null,
      auth,
      outgoingAuth: auth,
      offline: 'all',
      serverCopy: 'keep',
      disabled: false,
    }).window;
  assert.deepEqual(
    [at('pop.gmail.com', 'recent:ada'), at('pop.googlemail.com', 'ada'), at('pop.isp.example', 'recent:ada')],
    [true, true, false],
  );
});

test('what is missing from the list of any other server is gone from it', async () => {
  const { world, run, deliver } = createWorld({ policy: 'keep' });
  for (let n = 0; n < 3; n++) deliver(n, mail(n));
  await run();
  world.maildrop = world.maildrop.slice(1);
  await run();
  assert.deepEqual([...world.disk.known.values()].map(isListed), [false, true, true]);
});
