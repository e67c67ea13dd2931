// What is said of a quota: each crossing once, upwards only, and a refusal for want of room once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  fullness,
  quotaLines,
  quotaMeter,
  quotaNumbers,
  quotaPercent,
  quotaText,
  quotaWord,
} from '../../src/app/quota.ts';
import type { AccountStatus } from '../../src/sync/types.ts';
import { fakeSettings } from './fake-settings.ts';
import { world } from './fakes.ts';

const of = (used: number, limit = 1000) => ({ usedBytes: used * 1e6, limitBytes: limit * 1e6 });

test('a quota in words', () => {
  const gigabytes = { usedBytes: 4.05e9, limitBytes: 5e9 };
  assert.equal(quotaText(gigabytes), '[################----]  81%   4.05 of 5.00 GB');
  assert.equal(quotaText(null), 'the server does not report one');
  assert.match(quotaText(undefined), /next connection/);
  assert.equal(
    quotaNumbers({ usedBytes: 0, limitBytes: 0, usedMessages: 7, limitMessages: 1 }),
    '7 of 1 message',
  );
  assert.equal(quotaNumbers({ ...of(100), usedMessages: 999, limitMessages: 1000 }), '999 of 1,000 messages');
  assert.equal(quotaNumbers({ usedBytes: 400_000, limitBytes: 900_000 }), '400 of 900 kB');
});

test('100 % means that nothing fits any more, and a meter never leaves its frame', () => {
  assert.equal(quotaPercent(of(999.9)), 99);
  assert.equal(quotaPercent(of(1000)), 100);
  assert.equal(quotaPercent(of(1200)), 120);
  assert.equal(quotaMeter(of(1200), 10), '[##########]');
  assert.equal(quotaMeter(of(0), 10), '[----------]');
  assert.deepEqual([of(899), of(900), of(950)].map(fullness), ['info', 'warning', 'error']);
});

test('the status row shows the fullest account above 75 %', async () => {
  const { app, engines } = await world({ accounts: ['work', 'home'] });
  const word = () => quotaWord(app.state.get().accounts)?.text;
  engines[0]?.become({ quota: of(750) });
  await app.settled();
  assert.equal(word(), undefined);
  engines[0]?.become({ quota: of(760) });
  engines[1]?.become({ quota: of(910) });
  await app.settled();
  assert.equal(word(), 'home quota 91%');
});

test('crossing 90 % and 95 % upwards is said once each, and again only after it fell', async () => {
  const { app, engines } = await world();
  const steps: [number, number][] = [
    [880, 0],
    [900, 1],
    [930, 1],
    [949, 1],
    [950, 2],
    [990, 2],
    [940, 2],
    [960, 3],
    [100, 3],
    [960, 4],
  ];
  for (const [used, said] of steps) {
    engines[0]?.become({ quota: of(used) });
    await app.settled();
    const entries = app.state.get().log.filter(({ text }) => /mailbox on the server/.test(text));
    assert.equal(entries.length, said, `after ${used}`);
  }
});

test('a mailbox that is nearly full at the start is said', async () => {
  const { app, engines } = await world();
  engines[0]?.become({ quota: of(970) });
  await app.settled();
  const [entry] = app.state.get().log.filter(({ text }) => /97% full/.test(text));
  assert.equal(entry?.level, 'error');
  assert.match(entry?.text ?? '', /0\.97 of 1\.00 GB/);
});

test('a refusal for want of room is said once, until there was room again', async () => {
  const { app, engines } = await world();
  const said = () => app.state.get().log.filter(({ text }) => /no room left/.test(text)).length;
  engines[0]?.become({ quota: of(960), noRoom: 1 });
  await app.settled();
  engines[0]?.become({ noRoom: 2 });
  await app.settled();
  assert.equal(said(), 1);
  engines[0]?.become({ quota: of(100) });
  await app.settled();
  assert.equal(said(), 1);
  engines[0]?.become({ quota: of(960), noRoom: 3 });
  await app.settled();
  assert.equal(said(), 2);
});

test('what was said is not said again by the next run, unless it went on rising or there was room between', async () => {
  const settings = fakeSettings();
  const run = async (...steps: readonly Partial<AccountStatus>[]) => {
    const { app, engines } = await world({
      prepare: store => {
        store.settings = settings;
      },
    });
    for (const step of steps) {
      engines[0]?.become(step);
      await app.settled();
    }
    const said = app.state.get().log.filter(({ text }) => /mailbox on the server|no room left/.test(text));
    app.quit();
    return said.map(({ text }) => /\d+%|no room left|over its quota/.exec(text)?.[0]);
  };
  assert.deepEqual(await run({ quota: of(910) }), ['91%']);
  assert.deepEqual(await run({ quota: of(920) }), []);
  assert.deepEqual(await run({ quota: of(960) }, { noRoom: 1 }), ['96%', 'no room left']);
  assert.deepEqual(await run({ quota: of(960), noRoom: 1 }), []);
  assert.deepEqual(await run({ quota: of(970), overQuota: { text: 'Full', times: 1 } }), []);
  assert.deepEqual(await run({ quota: of(100) }), []);
  assert.deepEqual(await run({ quota: of(970), overQuota: { text: 'Full', times: 1 } }), [
    '97%',
    'over its quota',
  ]);
});

test('each root is told by itself, and the screen of accounts shows all of them', async () => {
  const { app, engines } = await world();
  const root = (name: string, used: number, folders: readonly string[]) => ({ name, folders, ...of(used) });
  const mine = root('User', 500, ['INBOX', 'Sent', 'Drafts']);
  const lists = { ...root('Li\u001bsts', 930, ['lists']), usedMessages: 7, limitMessages: 1000 };
  engines[0]?.become({ quota: of(930), quotaRoots: [mine, lists] });
  await app.settled();
  const said = () => app.state.get().log.filter(({ text }) => /mailbox on the server/.test(text));
  assert.equal(said().length, 1);
  assert.match(said()[0]?.text ?? '', /^work: .* 93% full \(0\.93 of 1\.00 GB of "Li.sts"\)/);
  assert.ok(!said()[0]?.text.includes('\u001b'));
  engines[0]?.become({
    quota: of(940),
    quotaRoots: [
      { ...mine, ...of(910) },
      { ...lists, ...of(940) },
    ],
  });
  await app.settled();
  assert.equal(said().length, 2, 'the other root crossed it too');
  const rows = quotaLines(app.state.get().accounts[0]?.status ?? assert.fail());
  assert.deepEqual(
    rows.map(({ text, fullness }) => `${fullness} ${text}`),
    [
      'warning [###################-]  94%   0.94 of 1.00 GB',
      'info "Li\u001bsts": 7 of 1,000 messages; lists',
      'warning [##################--]  91%   0.91 of 1.00 GB',
      'info "User": Inbox, Sent and 1 more folder',
    ],
  );
  app.quit();
});

test('a root that limits messages too shows both, the nearer one beside its meter', async () => {
  const line = (usedMessages: number) =>
    quotaLines({
      account: 'work',
      phase: 'online',
      error: null,
      retryAt: null,
      progress: [],
      queued: 0,
      lastSync: null,
      quota: { ...of(500), usedMessages, limitMessages: 1000 },
    }).map(({ text }) => text);
  assert.deepEqual(line(7), ['[##########----------]  50%   0.50 of 1.00 GB', 'and 7 of 1,000 messages']);
  assert.deepEqual(line(990), ['[####################]  99%   990 of 1,000 messages', 'and 0.50 of 1.00 GB']);
});

test("a server's alert is shown once, without what would steer the terminal, and stays in the log", async () => {
  const { app, engines } = await world();
  const alerts = ['The \u001b[31mdisk\r\nis failing'];
  engines[0]?.become({ alerts });
  await app.settled();
  engines[0]?.become({ alerts, quota: of(10) });
  await app.settled();
  const said = () => app.state.get().log.filter(({ text }) => /server says/.test(text));
  assert.equal(said().length, 1);
  assert.equal(said()[0]?.level, 'warning');
  assert.match(said()[0]?.text ?? '', /^work: the server says: The .*disk.*is failing$/);
  assert.ok(!/[\u001b\r\n]/.test(said()[0]?.text ?? ''));
  engines[0]?.become({ alerts: [...alerts, 'Down at noon'] });
  await app.settled();
  assert.match(said().at(-1)?.text ?? '', /Down at noon/);
  assert.equal(said().length, 2);
  app.quit();
});
