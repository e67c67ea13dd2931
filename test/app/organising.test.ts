// What is done with messages and taken back: of POP3 and IMAP accounts, of one, of marks, over several folders.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pickerMatches } from '../../src/app/matching.ts';
import { operationText, waitText } from '../../src/app/organising/queue.ts';
import { topLayer } from '../../src/app/state.ts';
import type { ServerCopy } from '../../src/config/types.ts';
import { TmailError } from '../../src/util/errors.ts';
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

test('what was said of a step goes when a newer one is what u takes back', async () => {
  for (const key of ['F', 'U']) {
    const w = await home();
    w.press('d');
    await w.app.settled();
    assert.equal(said(w), 'Moved to Trash: Message 5. u to undo.');
    w.press(key);
    await w.app.settled();
    assert.equal(said(w), '');
    w.press('u');
    await w.app.settled();
    assert.match(said(w), /^Taken back: Message 4/);
    assert.equal(w.folder('Trash').length, 1);
  }
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
  assert.equal(said(w), 'Taken back: Message 5 (starred).');
});

/** An IMAP account without any of the folders that mail is filed in. */
async function work(archive?: 'year' | 'month') {
  const config = testConfig(['work']);
  const accounts = config.accounts.map(account => ({ ...account, ...(archive && { archive }) }));
  const there = await world({ messages: 8, deps: { config: { ...config, accounts } } });
  const folder = (path: string): FakeFolder => {
    const found = [...there.store.folders.values()].find(each => each.record.path === path);
    return found ?? assert.fail(path);
  };
  return { ...there, folder };
}

const marked = (w: World) => [...(w.app.state.get().marks[w.inbox.id] ?? [])].length;

test('a folder that is missing is made, said, and knows from then on what it is for', async () => {
  const w = await work();
  w.press('d');
  await w.app.settled();
  assert.deepEqual(subjects(w.folder('Trash')), ['Message 8']);
  assert.equal(w.folder('Trash').record.role, 'trash');
  assert.equal(said(w), 'Moved to Trash: Message 8. Made the folder "Trash". u to undo.');
  w.press('d');
  await w.app.settled();
  assert.equal(said(w), 'Moved to Trash: Message 7. u to undo.');
});

test('space marks and goes on; what is marked goes together, is counted, and is taken back together', async () => {
  const w = await work();
  w.press('3', 'space');
  assert.equal(marked(w), 3);
  w.press('a');
  await w.app.settled();
  assert.equal(said(w), 'Archived 3 messages. Made the folder "Archive". u to undo.');
  assert.equal(marked(w), 0);
  assert.equal(w.inbox.length, 5);
  w.press('g', 'd');
  await w.app.settled();
  w.press('u');
  await w.app.settled();
  assert.equal(said(w), 'Taken back: 3 messages (archived).');
  assert.deepEqual(w.inbox.uids, [1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a number before space marks as many, and not more often than there are', async () => {
  const w = await work();
  w.press('j', '4', 'space');
  assert.equal(marked(w), 4);
  w.press('9', '0', '0', '0', 'space');
  assert.equal(marked(w), 7);
  w.press('g', 'g', '9', '0', '0', '0', 'space');
  assert.equal(marked(w), 1, 'marked ones lose their marks');
});

test('V marks what the cursor passes, % all and none, ~ by words, Esc takes the marks away', async () => {
  const w = await work();
  w.press('V', 'j', 'j', 'j', 'k');
  assert.equal(marked(w), 3);
  w.press('V', 'j', 'j');
  assert.equal(marked(w), 3);
  w.press('esc');
  assert.equal(marked(w), 0);
  w.press('%');
  await w.app.settled();
  assert.equal(marked(w), 8);
  w.press('%');
  await w.app.settled();
  assert.equal(marked(w), 0);
  w.press('~', ...'message', 'space', '7', 'enter');
  await w.app.settled();
  assert.equal(said(w), '1 message marked.');
  w.press('~', ...'nobody', 'enter');
  await w.app.settled();
  const layer = topLayer(w.app.state.get());
  assert.ok(layer.t === 'prompt' && layer.problem === 'No message of this list matches.');
});

test('what was said of marks does not stay when they are taken away', async () => {
  const w = await work();
  w.press('%');
  await w.app.settled();
  assert.equal(said(w), '8 messages marked.');
  w.press('esc');
  assert.equal(said(w), 'No message is marked.');
  w.press('V', 'j', 'V');
  assert.equal(said(w), '2 messages marked.');
  w.press('V', 'j', 'esc', 'esc');
  assert.equal(said(w), 'No message is marked.');
});

test('of flags only what changed is taken back', async () => {
  const w = await work();
  // The newest three are unread, the fourth is not.
  w.press('4', 'space', 'U');
  await w.app.settled();
  assert.equal(said(w), 'Marked 4 messages read. u to undo.');
  assert.equal(w.inbox.unread, 0);
  w.press('u');
  await w.app.settled();
  assert.deepEqual(
    w.inbox.uids.map(uid => ((w.inbox.flags(uid) ?? 0) & 1) === 0),
    [false, false, false, false, false, true, true, true],
  );
});

test('. does the last thing again with what is chosen now', async () => {
  const w = await work();
  w.press('s', ...'debian', 'enter');
  await w.app.settled();
  w.press('2', 'space', '.');
  await w.app.settled();
  assert.equal(said(w), 'Moved 2 messages to lists/debian. u to undo.');
  assert.equal(w.folder('lists/debian').length, 4);
  w.press('F', 'j', '.');
  await w.app.settled();
  assert.deepEqual(
    w.inbox.uids.filter(uid => ((w.inbox.flags(uid) ?? 0) & 4) !== 0),
    [4, 5],
  );
});

test('a copy is put beside, and goes again with u', async () => {
  const w = await work();
  w.press('g', 'C', ...'debian', 'enter');
  await w.app.settled();
  assert.equal(said(w), 'Copied to lists/debian: Message 8. u to undo.');
  assert.equal(w.inbox.length, 8);
  assert.equal(w.folder('lists/debian').length, 2);
  w.press('u');
  await w.app.settled();
  assert.equal(w.folder('lists/debian').length, 1);
});

test('archived by month each goes to the folder of its date, made where it is missing', async () => {
  const w = await work('month');
  w.inbox.add({ subject: 'older', date: new Date(2026, 0, 15).getTime() });
  w.inbox.add({ subject: 'newer', date: new Date(2027, 10, 3).getTime() });
  await w.app.settled();
  w.press('g', 'g', '2', 'space', 'a');
  await w.app.settled();
  assert.deepEqual(subjects(w.folder('Archive/2026/01')), ['older']);
  assert.deepEqual(subjects(w.folder('Archive/2027/11')), ['newer']);
  assert.equal(w.folder('Archive').record.role, 'archive');
  w.press('u');
  await w.app.settled();
  assert.equal(w.inbox.length, 10);
});

test('everything older is counted and asked about before it is archived', async () => {
  const w = await work();
  w.inbox.add({ subject: 'ancient', date: new Date(2020, 0, 15).getTime() });
  w.inbox.add({ subject: 'old', date: new Date(2025, 0, 15).getTime() }, 4);
  await w.app.settled();
  w.press(':', ...'archive-older', 'enter', ...'soon', 'enter');
  const prompt = topLayer(w.app.state.get());
  assert.ok(prompt.t === 'prompt' && prompt.problem?.startsWith('An age is'));
  w.press('C-u', '1', 'y', 'enter');
  await w.app.settled();
  const question = topLayer(w.app.state.get());
  assert.ok(question.t === 'confirm');
  assert.deepEqual(question.lines, [
    '2 messages in Inbox, older than 1y, are archived. u takes it back.',
    '2 of them unread.',
    '1 of them starred.',
  ]);
  w.press('y');
  await w.app.settled();
  assert.deepEqual(subjects(w.folder('Archive')), ['ancient', 'old']);
});

test('labels: a new one is typed, a known one is ticked for all and taken away again', async () => {
  const w = await work();
  w.press('Y', ...'to do', 'enter', 'esc');
  await w.app.settled();
  assert.deepEqual(w.inbox.keywords, ['to_do']);
  assert.equal(said(w), '');
  w.press('2', 'space', 'Y', 'enter', 'esc');
  await w.app.settled();
  assert.equal(said(w), 'Labelled 2 messages "to_do". u to undo.');
  w.press('u');
  await w.app.settled();
  const has = (uid: number) => ((w.inbox.flags(uid) ?? 0) & 256) !== 0;
  assert.deepEqual([has(8), has(7)], [true, false]);
  w.press('Y', ...'wörk', 'enter');
  assert.match(said(w), /letters from a to z/);
});

test('fifty steps are taken back one by one, after other folders were shown', async () => {
  const w = await work();
  for (let n = 0; n < 25; n++) w.press('F', 'U');
  await w.app.settled();
  w.press('g', 's');
  await w.app.settled();
  const before = w.store.operations.length;
  for (let n = 0; n < 50; n++) w.press('u');
  await w.app.settled();
  assert.equal(w.store.operations.length, before + 50);
  w.press('u');
  assert.equal(said(w), 'There is nothing to undo.');
});

test('marks in several accounts go each to its own Trash', async () => {
  const w = await world({ accounts: ['work', 'home'], messages: 3 });
  const home = [...w.store.folders.values()].find(({ id }) => id.startsWith('home:')) ?? assert.fail();
  await w.app.settled();
  const marks = new Set([`${w.inbox.id}:3`, `${home.id}:2`] as const);
  w.app.open(home.id);
  await w.app.settled();
  w.app.state.set({ ...w.app.state.get(), marks: { [home.id]: marks } });
  w.press('d');
  await w.app.settled();
  const trashes = [...w.store.folders.values()].filter(each => each.record.role === 'trash');
  assert.deepEqual(trashes.map(each => [each.record.account, subjects(each)]).sort(), [
    ['home', ['Message 2']],
    ['work', ['Message 3']],
  ]);
  w.press('u');
  await w.app.settled();
  assert.deepEqual([home.length, w.inbox.length], [3, 3]);
});

test('of folders that fit what is typed equally well, those of the message’s own account come first', async () => {
  const w = await world({ accounts: ['work', 'home'], messages: 3 });
  await w.app.settled();
  const home = [...w.store.folders.values()].find(({ id }) => id.startsWith('home:')) ?? assert.fail();
  for (const own of [home, w.inbox]) {
    w.app.open(own.id);
    await w.app.settled();
    w.press('d');
    await w.app.settled();
  }
  for (const own of [home, w.inbox]) {
    w.app.open(own.id);
    await w.app.settled();
    w.press('s', ...'trash');
    const layer = topLayer(w.app.state.get());
    assert.ok(layer.t === 'picker');
    const accounts = pickerMatches(w.app.state.get(), layer).map(({ account }) => account);
    assert.deepEqual([accounts.length, accounts[0]], [2, own.record.account]);
    w.press('escape');
  }
});

test('what a server refuses is told by message in the log, and in one line on the screen', async () => {
  const w = await work();
  w.press('3', 'space', 's', ...'debian', 'enter');
  await w.app.settled();
  const [op] = w.store.operations.slice(-1);
  assert.ok(op?.t === 'move');
  const error = new TmailError('rejected', 'imap.quota', { facts: { text: 'Over by 3 MB' } });
  const subjects = ['A', 'B', 'C'];
  w.store.emit({ t: 'trouble', error, operation: op, subjects });
  await w.app.settled();
  assert.equal(
    said(w),
    '3 messages were not moved to lists/debian, because the mailbox on the server is full. They are in Inbox again. The server said: "Over by 3 MB" @ then f shows what fills it. :log names them.',
  );
  const named = w.app.state.get().log.slice(-4, -1);
  assert.match(named[1]?.text ?? '', /^"B" was not moved to lists\/debian, because the mailbox/);
  const lost = new TmailError('rejected', 'imap.message-lost', { facts: { folder: 'INBOX' } });
  w.store.emit({
    t: 'trouble',
    error: lost,
    operation: { ...op, targets: op.targets.slice(0, 1) },
    subjects: ['A'],
  });
  await w.app.settled();
  assert.equal(
    said(w),
    '"A" was not moved to lists/debian, because it was not on the server any more. It is gone from here too.',
  );
});

test('the queue shows what waits and why; dropping one names what builds on it', async () => {
  const w = await work();
  const dropped: string[] = [];
  const account = await w.store.account('work');
  Object.assign(account, {
    drop: async (id: string) => {
      dropped.push(id);
      return w.store.operations.splice(w.store.operations.findIndex(op => op.id === id)).slice(1);
    },
  });
  w.engines[0]?.become({ phase: 'offline' });
  w.press('s', ...'debian', 'enter');
  await w.app.settled();
  w.press('c', ...'debian', 'enter');
  await w.app.settled();
  w.press('g', 'g', 'F', ':', ...'queue', 'enter');
  await w.app.settled();
  const view = { state: w.app.state.get(), data: w.app.data };
  const rows = w.app.data
    .queue('work')
    .map(op => `${operationText(view, op)}; ${waitText(view, 'work', op)}`);
  assert.deepEqual(rows, [
    'Move 1 message from Inbox to lists/debian: Message 8; waits for a connection',
    'Star 1 message in lists/debian: Message 8; waits for a connection',
  ]);
  w.press('d');
  const question = topLayer(w.app.state.get());
  assert.ok(question.t === 'confirm');
  assert.deepEqual(question.lines, [
    'Move 1 message from Inbox to lists/debian: Message 8.',
    'It is taken back here, and the server never hears of it.',
    'With it goes what builds on it:',
    'Star 1 message in lists/debian: Message 8.',
  ]);
  w.press('y');
  await w.app.settled();
  assert.equal(dropped.length, 1);
  assert.equal(
    said(w),
    'Not done, and taken back here: Move 1 message from Inbox to lists/debian: Message 8, and 1 that built on it.',
  );
});
