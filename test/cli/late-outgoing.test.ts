// The way out while its code is not loaded: looking waits, doing loads it, leaving ends both.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lateOutgoing } from '../../src/cli/late-outgoing.ts';
import { openWorld } from '../outgoing/world.ts';

test('what only looks waits until it is loaded; what a person does loads it; both hear of changes', async t => {
  const world = await openWorld(t);
  let made = 0;
  const late = lateOutgoing(async () => {
    made++;
    return world.outgoing;
  });
  let changes = 0;
  late.subscribe(() => changes++);
  const drafts = late.drafts();
  assert.deepEqual([late.outbox(), made], [[], 0]);
  const draft = world.draft({ id: late.newDraftId() });
  await late.saveDraft(draft);
  assert.deepEqual([made, (await drafts).length <= 1], [1, true]);
  const item = await late.send(draft, { undo: 60_000 });
  assert.equal(late.outbox()[0]?.id, item.id);
  assert.ok(changes > 0);
  assert.ok(late.check(world.draft({ to: '' })).some(({ code }) => code === 'no-recipient'));
  await late.load();
  assert.equal(made, 1);
  await late.close();
});

test('closed before anybody asked, nothing is loaded; whoever waits is answered', async t => {
  const idle = lateOutgoing(() => Promise.reject(new Error('not to be loaded')));
  await idle.close();
  const world = await openWorld(t);
  const late = lateOutgoing(async () => world.outgoing);
  const drafts = late.drafts();
  await late.close();
  assert.deepEqual(await drafts, []);
});
