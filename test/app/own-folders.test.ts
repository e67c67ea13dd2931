// Folders of one's own: made, renamed and deleted by keys and by name, with what each of them asks and says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topLayer } from '../../src/app/state.ts';
import type { AppDeps } from '../../src/app/types.ts';
import { type FakeFolder, testConfig, type World, world } from './fakes.ts';

async function home(protocol: 'pop3' | 'imap' = 'pop3', readOnly: AppDeps['readOnly'] = null) {
  const config = testConfig(['home']);
  const accounts = config.accounts.map(account => ({ ...account, protocol, serverCopy: 'keep' as const }));
  const there = await world({
    accounts: ['home'],
    messages: 3,
    deps: { config: { ...config, accounts }, readOnly },
    prepare: store => {
      store.remote = protocol === 'imap';
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
  assert.equal(said(w), 'Made "lists". It exists only on this computer. u to undo.');
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
  assert.equal(said(w), 'The account uses this folder as its Inbox; it keeps its name and its place.');
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

test('u in the pane takes back what was done there', async () => {
  const w = await home();
  w.store.addFolder('home', 'lists');
  await w.app.settled();
  w.press('`', 'G', 'd');
  await w.app.settled();
  assert.equal(said(w), 'Deleted the folder "lists". u to undo.');
  assert.ok(!w.paths().includes('lists'));
  w.press('u');
  await w.app.settled();
  assert.ok(w.paths().includes('lists'));
  w.press('G', 'r', ...'/old', 'enter');
  await w.app.settled();
  w.press('u');
  await w.app.settled();
  assert.ok(w.paths().includes('lists') && !w.paths().includes('lists/old'));
  w.press('C', ...'more', 'enter');
  await w.app.settled();
  assert.ok(w.paths().includes('more'));
  w.press('u');
  await w.app.settled();
  assert.ok(!w.paths().includes('more'));
  assert.equal(layer(w).t, 'drawer');
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

test('beside another tmail each says why it can’t', async () => {
  const reader = await home('pop3', 'other');
  for (const key of ['C', 'r', 'd', 'E', 'S']) {
    reader.press('`', key);
    assert.match(said(reader), /Another tmail has this mail open/);
    assert.notEqual(layer(reader).t, 'prompt');
    reader.press('`');
  }
});

test('on an IMAP account a folder is made on the server, and u takes that back while it is empty', async () => {
  const w = await home('imap');
  w.press('`', 'C');
  const top = layer(w);
  assert.ok(top.t === 'prompt');
  assert.match(top.about, /on the server of the account home/);
  w.press(...'новое', 'enter');
  await w.app.settled();
  assert.ok(w.paths().includes('новое'));
  assert.equal(said(w), 'Made "новое". u to undo.');
  w.press('q', 'u');
  await w.app.settled();
  assert.ok(!w.paths().includes('новое'));
  w.press('`', 'C', ...'full', 'enter');
  await w.app.settled();
  w.folder('full').add();
  await w.app.settled();
  w.press('q', 'u');
  await w.app.settled();
  assert.ok(w.paths().includes('full'), 'there is mail in it now');
  assert.match(said(w), /not where it was put any more/);
});

test('without the server it says that the server hears of it later', async () => {
  const w = await home('imap');
  w.engines[0]?.become({ phase: 'offline' });
  await w.app.settled();
  w.press('`', 'C', ...'later', 'enter');
  await w.app.settled();
  assert.equal(said(w), 'Made "later". The server hears of it when it can be reached. u to undo.');
});

test('a deleted folder comes back with its mail in its places', async () => {
  const w = await home('imap');
  const lists = w.store.addFolder('home', 'lists');
  const uids = [lists.add({ subject: 'one' }), lists.add({ subject: 'two' })];
  await w.app.settled();
  w.press('c', ...'lists', 'enter');
  await w.app.settled();
  w.press(':', ...'rmdir', 'enter', 'y');
  await w.app.settled();
  assert.ok(!w.paths().includes('lists'));
  assert.equal(w.folder('Trash').length, 2);
  w.press('u');
  await w.app.settled();
  const again = w.folder('lists');
  assert.equal(w.folder('Trash').length, 0);
  assert.equal(again.length, uids.length);
  assert.deepEqual(again.uids.map(uid => again.envelope(uid)?.subject).sort(), ['one', 'two']);
});

test('E moves all mail of a folder to Trash after a question, and u brings it back; Trash is emptied for good', async () => {
  const w = await home('imap');
  const lists = w.store.addFolder('home', 'lists');
  lists.add();
  lists.add();
  await w.app.settled();
  w.press('c', ...'lists', 'enter');
  await w.app.settled();
  w.press('`', 'E');
  const asked = layer(w);
  assert.ok(asked.t === 'confirm');
  assert.deepEqual(asked.lines, ['2 messages move from "lists" to Trash. u takes it back.']);
  w.press('y');
  await w.app.settled();
  assert.equal(lists.length, 0);
  assert.equal(w.folder('Trash').length, 2);
  w.press('q', 'u');
  await w.app.settled();
  assert.equal(lists.length, 2);
  w.folder('Trash').add();
  await w.app.settled();
  w.press('c', ...'trash', 'enter');
  await w.app.settled();
  w.press('`', 'E');
  const last = layer(w);
  assert.ok(last.t === 'confirm');
  assert.match(last.lines.join(' '), /1 message in "Trash" is deleted for good, here and on the server/);
  w.press('y');
  await w.app.settled();
  assert.equal(w.folder('Trash').length, 0);
});

test('a folder whose mail is not all listed here is neither deleted nor emptied', async () => {
  const w = await home('imap');
  const lists = w.store.addFolder('home', 'lists');
  lists.add();
  Object.assign(lists, { sync: { ...lists.sync, filledDownTo: 100 } });
  await w.app.settled();
  w.press('c', ...'lists', 'enter');
  await w.app.settled();
  for (const name of ['rmdir', 'empty folder']) {
    w.press(':', ...name, 'enter', 'y');
    await w.app.settled();
    assert.match(said(w), /not all mail of "lists" is listed here yet/i);
    assert.equal(lists.length, 1);
  }
  assert.ok(w.paths().includes('lists'));
});

test('S subscribes and unsubscribes; what is only here can not be', async () => {
  const w = await home('imap');
  w.press('`', 'S');
  await w.app.settled();
  assert.equal(w.inbox.record.subscribed, false);
  assert.match(said(w), /^Unsubscribed from "INBOX"/);
  w.press('q', 'u');
  await w.app.settled();
  assert.equal(w.inbox.record.subscribed, true);
  const local = await home('pop3');
  local.press('`', 'S');
  assert.match(said(local), /only here/);
});

test('a folder is used for sent mail, and u gives the one before its use back', async () => {
  const w = await home('imap');
  const mine = w.store.addFolder('home', 'Ausgang');
  await w.app.settled();
  w.press('c', ...'ausgang', 'enter');
  await w.app.settled();
  w.press(':', ...'as sent', 'enter');
  await w.app.settled();
  assert.equal(mine.record.role, 'sent');
  assert.equal(w.folder('Sent').record.role, null);
  assert.equal(said(w), '"Ausgang" is the account\'s sent folder now. u to undo.');
  w.press('u');
  await w.app.settled();
  assert.equal(mine.record.role, null);
  assert.equal(w.folder('Sent').record.role, 'sent');
  w.press(':', ...'nothing special', 'enter');
  assert.match(said(w), /does not use this folder for anything/);
  w.press('c', ...'inbox', 'enter');
  await w.app.settled();
  w.press(':', ...'as archive', 'enter');
  assert.match(said(w), /The inbox is where new mail comes/);
  const local = await home('pop3');
  local.press(':', ...'as trash', 'enter');
  assert.match(said(local), /stay as they are/);
});
