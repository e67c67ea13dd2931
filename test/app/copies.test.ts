import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FolderStore } from '../../src/store/types.ts';
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

test('a message of POP3 that is here by its head alone has no body here, and one of IMAP by its text has', async () => {
  const { app, inbox, press } = await world();
  const bodies = async () => {
    press('@');
    await app.settled();
    const { copies } = app.state.get();
    press('q');
    return copies.work?.bodies ?? assert.fail('nothing was counted');
  };
  const before = await bodies();
  const uid = inbox.add();
  const { raw, remote } = inbox;
  inbox.raw = of => (of === uid ? { n: uid, partial: true } : raw.call(inbox, of));
  assert.equal(await bodies(), before + 1);
  const pop3: FolderStore['remote'] = of => (of === uid ? { t: 'pop3', uidl: 'u' } : remote.call(inbox, of));
  Object.assign(inbox, { remote: pop3 });
  assert.equal(await bodies(), before);
});
