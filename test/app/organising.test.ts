// Moving, deleting and taking back, for accounts whose mail is only here; the others say that it comes later.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topLayer } from '../../src/app/state.ts';
import type { ServerCopy } from '../../src/config/types.ts';
import { type FakeFolder, testConfig, type World, world } from './fakes.ts';

async function home(serverCopy: ServerCopy = 'untilDeletedHere') {
  const config = testConfig(['home']);
  const accounts = config.accounts.map(account => ({ ...account, protocol: 'pop3' as const, serverCopy }));
  const there = await world({
    accounts: ['home'],
    messages: 5,
    deps: { config: { ...config, accounts } },
    prepare: store => {
      for (const [name, role] of [
        ['Archive', 'archive'],
        ['Trash', 'trash'],
        ['Junk', 'junk'],
      ] as const) {
        store.addFolder('home', name, role);
      }
    },
  });
  const folder = (path: string): FakeFolder => {
    const found = [...there.store.folders.values()].find(each => each.record.path === path);
    return found ?? assert.fail(path);
  };
  return { ...there, folder };
}

const said = (w: World) => w.app.state.get().toast?.text ?? '';
const cursor = (w: World) => w.app.state.get().lists[w.inbox.id]?.cursor;
const subjects = (folder: FakeFolder) => folder.uids.map(uid => folder.envelope(uid)?.subject);

test('d moves to Trash and says so, the cursor goes on, u puts it back in its place', async () => {
  const w = await home();
  w.press('j', 'd');
  await w.app.settled();
  assert.deepEqual(subjects(w.folder('Trash')), ['Message 4']);
  assert.deepEqual(w.inbox.uids, [1, 2, 3, 5]);
  assert.equal(cursor(w), 3);
  assert.equal(said(w), 'Moved to Trash: Message 4. u to undo.');
  w.press('a', 'u');
  await w.app.settled();
  assert.deepEqual(w.inbox.uids, [1, 2, 3, 5]);
  w.press('u');
  await w.app.settled();
  assert.deepEqual(w.inbox.uids, [1, 2, 3, 4, 5]);
  assert.equal(cursor(w), 4);
  assert.equal(w.folder('Trash').length, 0);
  w.press('u');
  assert.equal(said(w), 'There is nothing to undo.');
});

test('in the message d goes on to the next one, and back to the list after the last', async () => {
  const w = await home();
  w.press('G', 'k', 'enter');
  await w.app.settled();
  assert.equal(w.app.state.get().reader?.uid, 2);
  w.press('d');
  await w.app.settled();
  assert.equal(w.app.state.get().reader?.uid, 1);
  for (let n = 0; n < 4; n++) {
    w.press('d');
    await w.app.settled();
  }
  assert.equal(w.inbox.length, 0);
  assert.equal(topLayer(w.app.state.get()).t, 'list');
  assert.equal(w.app.state.get().reader, null);
});

test('s asks for a folder of this account, X goes to Junk and back, what is there already stays', async () => {
  const w = await home();
  w.press('s', ...'archive', 'enter');
  await w.app.settled();
  assert.deepEqual(subjects(w.folder('Archive')), ['Message 5']);
  assert.equal(topLayer(w.app.state.get()).t, 'list');
  w.press('X', 'g', 'j');
  await w.app.settled();
  assert.deepEqual(subjects(w.folder('Junk')), ['Message 4']);
  w.press('X');
  await w.app.settled();
  assert.deepEqual(subjects(w.inbox), ['Message 1', 'Message 2', 'Message 3', 'Message 4']);
  w.press('g', 'a');
  await w.app.settled();
  w.press('a');
  assert.equal(said(w), 'It is in Archive already.');
});

test('D asks; n keeps, y deletes that message for good, whatever the cursor did meanwhile', async () => {
  const w = await home();
  w.press('d', 'g', 't');
  await w.app.settled();
  w.press('d');
  assert.match(said(w), /in Trash already; D deletes/);
  w.press('D');
  const layer = topLayer(w.app.state.get());
  assert.ok(layer.t === 'confirm');
  assert.deepEqual(layer.lines, [
    '"Message 5" is deleted from this computer for good.',
    'What is still on the server is deleted there at the next check.',
  ]);
  w.press('n');
  await w.app.settled();
  assert.equal(w.folder('Trash').length, 1);
  w.press('D');
  w.folder('Trash').add({ subject: 'newer' });
  await w.app.settled();
  w.press('y');
  await w.app.settled();
  assert.deepEqual(subjects(w.folder('Trash')), ['newer']);
  assert.equal(w.store.operations.at(-1)?.t, 'delete');
  assert.equal(topLayer(w.app.state.get()).t, 'list');
});

test('emptying Trash asks with the count and says what becomes of the server’s copies', async () => {
  const words = [
    ['keep', /stays there, and does not come again/],
    ['delete', /The server has no copy/],
    [{ deleteAfterDays: 14 }, /stays until its 14 days are over/],
  ] as const;
  for (const [policy, pattern] of words) {
    const w = await home(policy);
    w.press('d', 'd', 'd');
    await w.app.settled();
    w.press(':', ...'empty', 'enter');
    const layer = topLayer(w.app.state.get());
    assert.ok(layer.t === 'confirm');
    assert.equal(layer.lines[0], '3 messages in Trash are deleted from this computer for good.');
    assert.match(layer.lines[1] ?? '', pattern);
    w.press('y');
    await w.app.settled();
    assert.equal(w.folder('Trash').length, 0);
    assert.equal(w.inbox.length, 2);
    w.press(':', ...'empty', 'enter');
    assert.equal(said(w), 'Trash is empty.');
  }
});

test('a star is taken back as well', async () => {
  const w = await home();
  w.press('F', 'u');
  await w.app.settled();
  assert.equal((w.inbox.flags(5) ?? 0) & 4, 0);
  assert.equal(said(w), 'Taken back: Message 5.');
});

test('for mail that a server keeps these keys say that they come later, and change nothing', async () => {
  const w = await world({ messages: 5 });
  for (const key of ['d', 'D', 'a', 'e', 's', 'X']) {
    w.press(key);
    assert.equal(said(w), 'Moving and deleting mail comes with a later version of tmail.', key);
  }
  w.press('F', 'u');
  assert.match(said(w), /undoing comes with a later version/);
  await w.app.settled();
  assert.deepEqual(
    w.store.operations.map(({ t }) => t),
    ['flags'],
  );
});
