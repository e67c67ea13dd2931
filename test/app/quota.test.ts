// What is said of a quota: each crossing once, upwards only, and a refusal for want of room once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  fullness,
  quotaMeter,
  quotaNumbers,
  quotaPercent,
  quotaText,
  quotaWord,
} from '../../src/app/quota.ts';
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
