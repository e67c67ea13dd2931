// Folders of one's own: made, renamed and deleted by keys and by name, with what each of them asks and says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topLayer } from '../../src/app/state.ts';
import { type FakeFolder, testConfig, type World, world } from './fakes.ts';

async function home(protocol: 'pop3' | 'imap' = 'pop3', readOnly = false) {
  const config = testConfig(['home']);
  const accounts = config.accounts.map(account => ({ ...account, protocol, serverCopy: 'keep' as const }));
  const there = await world({
    accounts: ['home'],
    messages: 3,
    deps: { config: { ...config, accounts }, readOnly },
    prepare: store => {
      store.addFolder('home', 'Trash', 'trash');
      const list = [...store.folders.values()].find(({ record }) => record.path === 'lists/debian');
      if (list) store.folders.delete(list.id);
    },
  });
  const paths = () => [...there.store.folders.values()].map(folder => folder.record.path);
  const folder = (path: string): FakeFolder => {
    const found = [...there.store.folders.values()].find(each => each.record.path === path);
    return found ?? assert.fail(path);
  };
  return { ...there, paths, folder };
}

const said = (w: World) => w.app.state.get().toast?.text ?? '';
const layer = (w: World) => topLayer(w.app.state.get());

test('C in the pane asks for a name; what will not do is said there, and the pane goes to the new folder', async () => {
  const w = await home();
  w.press('`', 'C');
  let top = layer(w);
  assert.ok(top.t === 'prompt');
  assert.equal(top.title, 'New folder');
  assert.match(top.about, /only on this computer, in the account home\. A "\/" in the name/);
  w.press(...'Sent', 'enter');
  await w.app.settled();
  top = layer(w);
  assert.ok(top.t === 'prompt');
  assert.equal(top.problem, 'There is a folder "Sent" already.');
  w.press('!');
  top = layer(w);
  assert.ok(top.t === 'prompt' && top.problem === null && top.field.text === 'Sent!');
  w.press('C-u', ...'lists', 'enter');
  await w.app.settled();
  assert.ok(w.paths().includes('lists'));
  assert.equal(said(w), 'Made "lists". It exists only on this computer.');
  top = layer(w);
  assert.ok(top.t === 'drawer' && top.cursor === w.folder('lists').id);
  w.press('C', ...'never', 'esc');
  await w.app.settled();
  assert.ok(!w.paths().includes('never'));
});

test('the commands are there by name over list and message, and act on the open folder', async () => {
  const w = await home();
  w.press(':', ...'mkdir', 'enter', ...'a', 'enter');
  await w.app.settled();
  assert.ok(w.paths().includes('a'));
  w.press(':', ...'rename folder', 'enter');
  assert.equal(said(w), 'Every account has this folder; it keeps its name and its place.');
  w.press('C', 'r', 'd');
  assert.notEqual(layer(w).t, 'prompt');
});

test('r takes the folder’s path, and u gives the old name back', async () => {
  const w = await home();
  w.store.addFolder('home', 'lists');
  await w.app.settled();
  w.press('`', 'G');
  w.press('r');
  const top = layer(w);
  assert.ok(top.t === 'prompt' && top.field.text === 'lists');
  w.press(...'/old', 'enter');
  await w.app.settled();
  assert.ok(w.paths().includes('lists/old'));
  assert.equal(said(w), '"lists" is "lists/old" now. u to undo.');
  w.press('q', 'u');
  await w.app.settled();
  assert.ok(w.paths().includes('lists'));
});

test('an empty folder goes at once; one with mail asks with the count, and its mail goes to Trash', async () => {
  const w = await home();
  w.store.addFolder('home', 'empty');
  const lists = w.store.addFolder('home', 'lists');
  const debian = w.store.addFolder('home', 'lists/debian');
  lists.add({ subject: 'one' });
  debian.add({ subject: 'two' });
  debian.add({ subject: 'three' });
  await w.app.settled();
  w.press('c', ...'empty', 'enter');
  await w.app.settled();
  w.press(':', ...'rmdir', 'enter');
  await w.app.settled();
  assert.ok(!w.paths().includes('empty'));
  assert.equal(said(w), 'Deleted the folder "empty". u to undo.');
  // What was open is gone: the inbox is there instead.
  assert.equal(w.app.state.get().folder, w.inbox.id);

  w.press('c', ...'lists', 'enter');
  await w.app.settled();
  w.press(':', ...'rmdir', 'enter');
  let top = layer(w);
  assert.ok(top.t === 'confirm');
  assert.deepEqual(top.lines, [
    '"lists" and 1 folder in it hold 3 messages.',
    'They move to Trash, and the folders are deleted. u takes it back.',
  ]);
  w.press('n');
  await w.app.settled();
  assert.ok(w.paths().includes('lists/debian'));
  w.press(':', ...'rmdir', 'enter', 'y');
  await w.app.settled();
  top = layer(w);
  assert.deepEqual(w.paths(), ['INBOX', 'Sent', 'Drafts', 'Trash']);
  const trash = w.folder('Trash');
  assert.deepEqual(trash.uids.map(uid => trash.envelope(uid)?.subject).sort(), ['one', 'three', 'two']);
  assert.equal(said(w), 'Deleted the folder "lists". 3 messages moved to Trash. u to undo.');
  assert.equal(w.store.operations.filter(op => op.t === 'delete').length, 0);
});

test('s offers to make the folder that is not there, and moves the message into it', async () => {
  const w = await home();
  w.press('s', ...'new place', 'enter');
  await w.app.settled();
  assert.ok(w.paths().includes('new place'));
  assert.equal(w.folder('new place').length, 1);
  assert.equal(w.inbox.length, 2);
  assert.match(said(w), /^Moved to new place: Message 3\. u to undo\./);
  // Found by its letters, it is still the old one that Enter takes.
  w.press('s', ...'new', 'enter');
  await w.app.settled();
  assert.equal(w.folder('new place').length, 2);
  // The last row makes one all the same.
  w.press('s', ...'new', 'down', 'enter');
  await w.app.settled();
  assert.equal(w.folder('new').length, 1);
});

test('on an IMAP account, and beside another tmail, each says why it can’t', async () => {
  const imap = await home('imap');
  imap.press('`', 'C');
  assert.match(said(imap), /On an IMAP account folders are made on the server; that comes with a later/);
  const reader = await home('pop3', true);
  for (const key of ['C', 'r', 'd']) {
    reader.press('`', key);
    assert.match(said(reader), /Another tmail has this mail open/);
    assert.notEqual(layer(reader).t, 'prompt');
    reader.press('`');
  }
});
