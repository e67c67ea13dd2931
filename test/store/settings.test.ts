import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/store/store.ts';
import { ownedStore, temporaryDirectory, troubles } from './harness.ts';

const SORT = { by: 'from', reverse: true } as const;

test('what was set is there again after closing, and the file is for the person alone', async t => {
  const dir = await temporaryDirectory(t);
  const first = await ownedStore(t, dir);
  first.store.settings.change(settings => ({
    ...settings,
    lists: { 'a:1': { sort: SORT, threads: false } },
  }));
  first.store.settings.change(settings => ({ ...settings, muted: { a: ['root@example.org'] } }));
  assert.deepEqual(first.store.settings.get().lists['a:1'], { sort: SORT, threads: false });
  await first.store.close();
  assert.equal((await stat(join(dir, 'settings.json'))).mode & 0o777, 0o600);

  const { store } = await ownedStore(t, dir);
  const { lists, muted, layout } = store.settings.get();
  assert.deepEqual(
    { lists, muted, layout },
    {
      lists: { 'a:1': { sort: SORT, threads: false } },
      muted: { a: ['root@example.org'] },
      layout: {},
    },
  );
});

test('a change is durable after flush, and one that changes nothing writes nothing', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  store.settings.change(settings => settings);
  await store.flush();
  assert.ok(!(await readdir(dir)).includes('settings.json'));
  store.settings.change(settings => ({ ...settings, layout: { single: 'below' } }));
  await store.flush();
  assert.equal(JSON.parse(await readFile(join(dir, 'settings.json'), 'utf8')).layout.single, 'below');
});

for (const [what, content] of [
  ['torn', '{"v":1,"lists":{'],
  [
    'of another shape',
    '{"v":1,"lists":{"a:1":{"sort":{"by":"weight","reverse":false}}},"muted":{},"layout":{}}',
  ],
  ['empty', ''],
] as const) {
  test(`a file that is ${what} is set aside, told, and begun anew`, async t => {
    const dir = await temporaryDirectory(t);
    const before = await ownedStore(t, dir);
    await before.store.close();
    await writeFile(join(dir, 'settings.json'), content);
    const { store, events } = await ownedStore(t, dir);
    assert.deepEqual(store.settings.get().lists, {});
    assert.deepEqual(troubles(events), ['store.set-aside']);
    const kept = (await readdir(dir)).find(name => name.startsWith('settings.json.damaged-'));
    assert.equal(await readFile(join(dir, kept ?? ''), 'utf8'), content);
    store.settings.change(settings => ({ ...settings, lists: { 'a:1': { sort: SORT } } }));
    await store.flush();
    assert.deepEqual(JSON.parse(await readFile(join(dir, 'settings.json'), 'utf8')).lists, {
      'a:1': { sort: SORT },
    });
  });
}

test('a reader changes what it sees itself and never the file', async t => {
  const dir = await temporaryDirectory(t);
  const owner = await ownedStore(t, dir);
  owner.store.settings.change(settings => ({ ...settings, layout: { single: 'below' } }));
  await owner.store.flush();
  const before = await readFile(join(dir, 'settings.json'), 'utf8');
  const reader = await openStore({ dir, mode: 'reader' });
  reader.settings.change(settings => ({ ...settings, layout: { single: 'one' } }));
  assert.equal(reader.settings.get().layout.single, 'one');
  await reader.flush();
  await reader.close();
  assert.equal(await readFile(join(dir, 'settings.json'), 'utf8'), before);
});
