// Lists over the real store: two accounts of thousands of messages, in every order, without a connection.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openListing } from '../../src/app/selectors.ts';
import { openStore } from '../../src/store/store.ts';
import { testConfig } from '../app/fakes.ts';
import { fillFolder, syntheticMessage } from '../fixtures/synthetic.ts';
import { type Session, session } from './session.tsx';

const COUNT = 3500;

test('thousands of messages of two accounts: as one list, sorted, filtered, and again after a restart', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-lists-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const filling = await openStore({ dir, mode: 'owner' });
  for (const account of ['work', 'home']) {
    await filling.account(account);
    await fillFolder(filling, account, 'INBOX', COUNT);
  }
  await filling.close();
  const options = { config: testConfig(['work', 'home']), dir, password: 'x', offline: true };
  const length = ({ robot }: Session) =>
    openListing({ state: robot.app.state.get(), data: robot.app.data })?.length ?? 0;
  const subjectOf = (row: string) => Number(/(\d+)$/.exec(row)?.[1] ?? 0);

  await session(options, async s => {
    const { robot } = s;
    await robot.settled();
    assert.equal(robot.app.state.get().list, 'all:inbox');
    await robot.press('T');
    await robot.settled();
    assert.equal(length(s), 2 * COUNT);
    // Each message is there twice, one of each account, side by side.
    const [first, second] = [robot.row(1), robot.row(2)];
    assert.deepEqual([subjectOf(first), subjectOf(second)], [COUNT, COUNT]);
    assert.notEqual(first.charAt(5), second.charAt(5));
    await robot.press('G');
    await robot.settled();
    const last = robot.rows().findLast(row => row.startsWith('>')) ?? '';
    assert.equal(subjectOf(last), 1);
    assert.doesNotMatch(robot.rows().join('\n'), /\.\.\.$/m);

    await robot.press('l');
    await robot.type('from:lovelace is:unread -grace');
    await robot.settled();
    // Every twentieth is hers and unread.
    const found = Array.from({ length: COUNT }, (_, i) => syntheticMessage(i + 1))
      .filter(({ envelope, flags }) => envelope.from[0]?.name.endsWith('Lovelace') && flags.length === 0)
      .filter(({ envelope }) => !envelope.from[0]?.name.startsWith('Grace'));
    assert.ok(found.length > 100);
    assert.equal(length(s), 2 * found.length);
    for (const row of robot.rows().slice(1, 20)) assert.match(row, /^.. ?N.* Lovelace/);
    await robot.press('esc');
    await robot.settled();
    assert.equal(length(s), 2 * COUNT);

    await robot.press('g', 'i');
    await robot.settled();
    await robot.press('g', 'g', 'o', 'j', 'j', 'j', 'enter');
    await robot.settled();
    await robot.press('G');
    await robot.settled();
    const words = robot
      .rows()
      .slice(1, 21)
      .map(row => row.slice(36).replace(/^Re: /, ''));
    const sorted = [...words].sort();
    assert.equal(words[0]?.slice(0, 2), sorted[0]?.slice(0, 2));
    assert.doesNotMatch(robot.rows().join('\n'), /\.\.\.$/m);
  });

  await session(options, async ({ robot }) => {
    await robot.settled();
    const { sorts, list } = robot.app.state.get();
    const sorted = Object.entries(sorts).map(([id, { by }]) => `${id} ${by}`);
    assert.equal(sorted.length, 1);
    assert.match(sorted[0] ?? '', / subject$/);
    assert.equal(list, 'all:inbox');
  });
});
