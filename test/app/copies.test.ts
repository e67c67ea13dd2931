import assert from 'node:assert/strict';
import { test } from 'node:test';
import { world } from './fakes.ts';

test('what is kept here is counted again while somebody looks and mail comes', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let seconds = 0;
  const { app, inbox, press } = await world({ deps: { now: () => 1_000 * seconds } });
  const tick = async () => {
    seconds += 1;
    t.mock.timers.tick(1000);
    await app.settled();
  };
  press('@');
  await app.settled();
  const total = () => app.state.get().copies.work?.total ?? assert.fail('nothing was counted');
  const before = total();
  for (let i = 0; i < 5; i += 1) inbox.add();
  seconds += 1; // what was announced in one burst is taken into the state
  await app.settled();
  await tick();
  assert.equal(total(), before + 5);
  const counted = app.state.get().copies;
  await tick();
  assert.equal(app.state.get().copies, counted, 'nothing came: nothing is counted');
});
