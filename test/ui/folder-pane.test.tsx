// What the folder pane says of an account and of folders that others do not show.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type World, world } from '../app/fakes.ts';
import { frame } from './frames.tsx';

const of = (used: number) => ({ usedBytes: used * 1e6, limitBytes: 1000e6 });

async function press(w: World, ...keys: string[]): Promise<void> {
  for (const key of keys) {
    w.press(key);
    await w.app.settled();
  }
}

const plain = (w: World) => frame(w).map(line => line.replace(/\u001b\[[0-9;]*m/g, ''));

/** The row of the pane with this word in it. */
function row(w: World, word: string, cells = 30): string {
  const found = plain(w).find(line => line.slice(0, cells).includes(word)) ?? assert.fail(`no ${word}`);
  return found.slice(0, cells).replace(/\|.*$/, '').trimEnd();
}

test('an account says how full it is, as soon as that is known, at both sizes', async () => {
  for (const size of [
    { columns: 160, rows: 45 },
    { columns: 80, rows: 24 },
  ]) {
    const w = await world({ size });
    if (size.columns === 80) await press(w, '`');
    w.engines[0]?.become({ phase: 'online' });
    await w.app.settled();
    const pane = () =>
      plain(w)
        .map(line => line.slice(0, 30))
        .find(line => /work .*online/.test(line)) ?? assert.fail(plain(w).join('\n'));
    assert.match(pane(), / work +online /);
    assert.doesNotMatch(pane(), /%/);
    w.engines[0]?.become({ quota: of(812) });
    await w.app.settled();
    assert.match(pane(), / work +online 81% /);
    w.app.quit();
  }
});

test('an unsubscribed folder stays in the pane, is marked in words, and S there brings it back', async () => {
  const w = await world({ size: { columns: 160, rows: 45 } });
  const lists = [...w.store.folders.values()].find(({ record }) => record.path === 'lists/debian');
  assert.doesNotMatch(row(w, 'lists/debian', 24), /off/);
  await press(w, '`', 'j', 'j', 'j', 'S');
  assert.equal(lists?.record.subscribed, false);
  await press(w, 'k');
  assert.match(row(w, 'lists/debian', 26), /lists\/debian \(off\)/);
  await press(w, 'j', 'S', 'k');
  assert.equal(lists?.record.subscribed, true);
  assert.doesNotMatch(row(w, 'lists/debian', 26), /off/);
  w.app.quit();
});

test('where nobody ever subscribed to anything, nothing is marked', async () => {
  const w = await world({ size: { columns: 160, rows: 45 } });
  for (const folder of w.store.folders.values()) folder.become({ subscribed: false });
  await w.app.settled();
  assert.ok(!plain(w).some(line => line.includes('(off)')));
  w.app.quit();
});
