// Conversations at the keys: folded and unfolded, read through, acted on, muted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createArrivals } from '../../../src/app/arrivals.ts';
import { cursorPosition } from '../../../src/app/list-view.ts';
import { marksOf } from '../../../src/app/selection.ts';
import { openListing } from '../../../src/app/selectors.ts';
import { listOf, topLayer } from '../../../src/app/state.ts';
import { splitMessageId } from '../../../src/mail/ids.ts';
import { type Envelope, SEEN } from '../../../src/mail/types.ts';
import { fakeSettings } from '../fake-settings.ts';
import { type FakeFolder, NOW, type World, world } from '../fakes.ts';

const HOUR = 3_600_000;
const person = (name: string) => [{ name, address: `${name.toLowerCase()}@engine.example` }];

function mail(id: string, name: string, hours: number, ...references: string[]): Partial<Envelope> {
  const date = NOW - hours * HOUR;
  const subject = id === 'z' ? 'Something else' : references.length > 0 ? 'Re: Timetable' : 'Timetable';
  return { messageId: id, from: person(name), subject, references, date, arrival: date };
}

/** In the inbox, from below: 1 Timetable, 2 its answer, 3 something else, 4 the newest answer; in Sent an answer between. */
async function talk() {
  const arrivals = createArrivals();
  const w = await world({
    messages: 0,
    deps: { arrivals },
    prepare: store => {
      store.settings = fakeSettings();
      for (const [name, role] of [
        ['Archive', 'archive'],
        ['Trash', 'trash'],
      ] as const)
        store.addFolder('work', name, role);
      const inbox = named(store.folders.values(), 'INBOX');
      const sent = named(store.folders.values(), 'Sent');
      inbox.add(mail('a', 'Ada', 40), SEEN);
      inbox.add(mail('b', 'Charles', 30, 'a'), SEEN);
      sent.add(mail('s', 'Me', 20, 'a', 'b'), SEEN);
      inbox.add(mail('z', 'Grace', 10), SEEN);
      inbox.add(mail('c', 'Ada', 1, 'a', 'b', 's'), 0);
    },
  });
  const folder = (path: string) => named(w.store.folders.values(), path);
  return { ...w, arrivals, sent: folder('Sent'), archive: folder('Archive'), folder };
}

function named(folders: Iterable<FakeFolder>, path: string): FakeFolder {
  return [...folders].find(({ record }) => record.path === path) ?? assert.fail(path);
}

const rows = (w: World) =>
  openListing({ state: w.app.state.get(), data: w.app.data }) ?? assert.fail('no list');
/** Folder and number of each row, and of the row under the cursor. */
const names = (w: World) => Array.from({ length: rows(w).length }, (_, position) => nameAt(w, position));
const under = (w: World) => nameAt(w, cursorPosition(listOf(w.app.state.get(), rows(w).id), rows(w)));
function nameAt(w: World, position: number): string {
  const key = rows(w).keyAt(position);
  const message = key === undefined ? undefined : rows(w).message(key);
  return message ? `${message.folder.record.name} ${message.uid}` : 'nothing';
}
const said = (w: World) => w.app.state.get().toast?.text ?? '';
const opened = (w: World) => {
  const { reader } = w.app.state.get();
  return reader && `${w.app.data.folder(reader.folder)?.record.name} ${reader.uid}`;
};

test('a conversation is one row, where its newest message stands, and says what is in it', async () => {
  const w = await talk();
  assert.deepEqual(names(w), ['INBOX 4', 'INBOX 3']);
  const fold = rows(w).fold?.(4);
  assert.deepEqual([fold?.count, fold?.unread, fold?.folded], [4, 1, true]);
  assert.equal(rows(w).fold?.(3)?.count, 1);
});

test('zo shows its tree with the answer in Sent, the cursor stays on its message; zc, za, zM, zR', async () => {
  const w = await talk();
  w.press('z', 'o');
  assert.deepEqual(names(w), ['INBOX 1', 'INBOX 2', 'Sent 1', 'INBOX 4', 'INBOX 3']);
  assert.equal(under(w), 'INBOX 4');
  const depths = [1, 2, 4].map(key => rows(w).fold?.(key)?.depth);
  assert.deepEqual(depths, [0, 1, 3]);
  w.press('k');
  assert.equal(under(w), 'Sent 1');
  w.press('z', 'c');
  assert.deepEqual(names(w), ['INBOX 4', 'INBOX 3']);
  assert.equal(under(w), 'INBOX 4', 'on the fold that it is in');
  w.press('z', 'a', 'z', 'M');
  assert.equal(names(w).length, 2);
  w.press('z', 'R', 'j');
  assert.equal(names(w).length, 5);
  assert.equal(under(w), 'INBOX 3');
  w.press('z', 'c');
  assert.equal(said(w), 'This message is alone: nobody has answered it.');
});

test('an answer that comes raises its conversation, folded or not, and the cursor stays with it', async () => {
  const w = await talk();
  w.press('j');
  assert.equal(under(w), 'INBOX 3');
  w.inbox.add(mail('d', 'Charles', 0, 'a', 'c'));
  await w.app.settled();
  assert.deepEqual(names(w), ['INBOX 5', 'INBOX 3']);
  assert.equal(under(w), 'INBOX 3');
  w.press('k', 'z', 'o');
  w.press('g', 'g');
  w.inbox.add(mail('y', 'Grace', 0, 'z'));
  await w.app.settled();
  assert.deepEqual(names(w), ['INBOX 6', 'INBOX 1', 'INBOX 2', 'Sent 1', 'INBOX 4', 'INBOX 5']);
  assert.equal(under(w), 'INBOX 1');
});

test('Enter opens what was not read yet, J and K go through the conversation and on, P to what it answers', async () => {
  const w = await talk();
  w.press('enter');
  await w.app.settled();
  assert.equal(opened(w), 'INBOX 4');
  w.press('K');
  await w.app.settled();
  assert.equal(opened(w), 'Sent 1');
  assert.equal(w.app.state.get().list, w.inbox.id, 'the list stays');
  w.press('P');
  await w.app.settled();
  assert.equal(opened(w), 'INBOX 2');
  w.press('J', 'J', 'J');
  await w.app.settled();
  assert.equal(opened(w), 'INBOX 3');
  assert.equal(under(w), 'INBOX 3');
  w.press('J');
  assert.equal(said(w), 'This is the last message of the folder.');
});

test('Tab finds unread mail inside a fold', async () => {
  const w = await talk();
  w.inbox.setFlags(4, SEEN);
  w.inbox.setFlags(2, 0);
  await w.app.settled();
  w.press('j', 'S-tab');
  assert.equal(under(w), 'INBOX 4');
  w.press('enter');
  await w.app.settled();
  assert.equal(opened(w), 'INBOX 2');
});

test('what is done to a folded conversation is done to all of it in this folder, says the count, and goes back', async () => {
  const w = await talk();
  w.press('d');
  await w.app.settled();
  assert.equal(w.folder('Trash').length, 3);
  assert.match(said(w), /^Moved 3 messages to Trash/);
  assert.equal(w.sent.length, 1);
  w.press('u');
  await w.app.settled();
  assert.deepEqual(w.inbox.uids, [1, 2, 3, 4]);
  assert.deepEqual(names(w), ['INBOX 4', 'INBOX 3']);
  w.press('g', 'g', 'z', 'o', 'g', 'g', 'd');
  await w.app.settled();
  assert.equal(w.folder('Trash').length, 1, 'unfolded, only the one under the cursor');
});

/** Marked messages: folder and number. */
const marked = (w: World) =>
  [...marksOf(w.app.state.get())].map(id => {
    const { folder, uid } = splitMessageId(id);
    return `${w.app.data.folder(folder)?.record.name} ${uid}`;
  });
const OWN = ['INBOX 1', 'INBOX 2', 'INBOX 4', 'INBOX 3'];

test('% marks the same of an unfolded conversation as of a folded one: nothing that is in another folder', async () => {
  const w = await talk();
  w.press('%');
  await w.app.settled();
  assert.deepEqual(marked(w).toSorted(), OWN.toSorted());
  w.press('%', 'z', 'o', '%');
  await w.app.settled();
  assert.deepEqual(marked(w), OWN);
  assert.equal(said(w), '4 messages marked.');
  w.press('d');
  await w.app.settled();
  assert.equal(w.sent.length, 1);
  assert.equal(w.folder('Trash').length, 4);
});

test('% takes marks away where all of the list are marked, whatever else is', async () => {
  const w = await talk();
  w.press('z', 'o', 'k', 'x', '%');
  await w.app.settled();
  assert.deepEqual(marked(w), OWN);
  w.press('x', '%');
  await w.app.settled();
  assert.deepEqual(marked(w), []);
});

test('a range and a number of rows leave out what is in another folder', async () => {
  const w = await talk();
  w.press('z', 'o', 'g', 'g', 'V', 'G');
  assert.deepEqual(marked(w), OWN);
  w.press('V', 'esc', 'g', 'g', '4', 'space');
  assert.deepEqual(marked(w), ['INBOX 1', 'INBOX 2', 'INBOX 4']);
});

test('under a filter % leaves out what the filter does, also where its conversation shows it', async () => {
  const w = await talk();
  w.press('l', ...'from:charles', 'enter');
  await w.app.settled();
  w.press('z', 'o', '%');
  await w.app.settled();
  assert.ok(names(w).length > 1, 'the conversation is unfolded');
  assert.deepEqual(marked(w), ['INBOX 2']);
});

test('a filter says how many messages it found, not how many conversations', async () => {
  const w = await talk();
  w.press('l', ...'timetable', 'enter');
  await w.app.settled();
  assert.equal(rows(w).length, 1);
  assert.equal(said(w), '3 messages found; Esc shows all again.');
});

test('keys in one go: what is marked is what the filter finds, not what was shown before', async () => {
  const w = await talk();
  w.press('l', ...'timetable', 'enter', '%');
  await w.app.settled();
  assert.equal(marksOf(w.app.state.get()).size, 3);
});

test('a message of another folder is marked by hand, by x and by Space', async () => {
  const w = await talk();
  w.press('z', 'o', 'k', 'x');
  assert.deepEqual(marked(w), ['Sent 1']);
  w.press('x', 'space');
  assert.deepEqual(marked(w), ['Sent 1']);
});

test('in the reader d goes on inside the folded conversation, then to the next one', async () => {
  const w = await talk();
  w.press('enter', 'K', 'K', 'd');
  await w.app.settled();
  assert.deepEqual(w.inbox.uids, [1, 3, 4]);
  assert.equal(opened(w), 'Sent 1');
  w.press('J', 'd');
  await w.app.settled();
  assert.deepEqual(w.inbox.uids, [1, 3]);
  assert.equal(opened(w), 'INBOX 3');
  w.press('u', 'q');
  await w.app.settled();
  assert.equal(under(w), 'INBOX 4');
});

test('A archives all of a conversation, unfolded too', async () => {
  const w = await talk();
  w.press('z', 'o', 'A');
  await w.app.settled();
  assert.equal(w.archive.length, 3);
  assert.deepEqual(w.inbox.uids, [3]);
  w.press('u');
  await w.app.settled();
  assert.deepEqual(w.inbox.uids, [1, 2, 3, 4]);
});

test('T shows message by message and conversations again; Sent is shown message by message by itself', async () => {
  const w = await talk();
  w.press('T');
  assert.deepEqual(names(w), ['INBOX 4', 'INBOX 3', 'INBOX 2', 'INBOX 1']);
  assert.equal(w.store.settings?.get().lists[w.inbox.id]?.threads, false);
  w.press('z', 'o');
  assert.match(said(w), /T shows conversations/);
  w.press('T');
  assert.deepEqual(names(w), ['INBOX 4', 'INBOX 3']);
  w.press('g', 's');
  await w.app.settled();
  assert.equal(rows(w).fold, undefined);
});

test('M mutes: answers come read; M or the list of muted ones lets them be heard again', async () => {
  const w = await talk();
  const arrivals = w.arrivals;
  w.press('M');
  await w.app.settled();
  assert.deepEqual(w.store.settings?.get().muted, { work: ['a'] });
  const comes = async (envelope: Partial<Envelope>) => {
    const uid = w.inbox.add(envelope);
    arrivals.arrived(w.inbox.id, [uid]);
    await w.app.settled();
    return ((w.inbox.flags(uid) ?? 0) & SEEN) !== 0;
  };
  assert.equal(await comes(mail('d', 'Ada', 0, 's')), true, 'an answer to an answer');
  assert.equal(await comes(mail('y', 'Ada', 0, 'z')), false, 'another conversation');
  for (const key of [':', ...'muted']) w.press(key);
  w.press('enter');
  await w.app.settled();
  const layer = topLayer(w.app.state.get());
  assert.deepEqual(layer.t === 'chooser' && layer.about === 'muted' && layer.muted, [
    { account: 'work', messageId: 'a', subject: 'Timetable' },
  ]);
  w.press('enter');
  await w.app.settled();
  assert.deepEqual(w.store.settings?.get().muted, { work: [] });
  assert.equal(said(w), 'Not muted any more: Timetable.');
  assert.equal(await comes(mail('e', 'Ada', 0, 's')), false);
});

test('all inboxes: conversations of each account, with the answers in its Sent; new ones come to the top', async () => {
  const w = await world({
    messages: 0,
    accounts: ['work', 'home'],
    prepare: store => {
      for (const [account, ago] of [
        ['work', 5],
        ['home', 4],
      ] as const) {
        const of = [...store.folders.values()].filter(({ record }) => record.account === account);
        // The same Message-IDs: accounts have nothing to do with each other.
        named(of, 'INBOX').add(mail('a', 'Ada', 40 + ago), SEEN);
        named(of, 'Sent').add(mail('s', 'Me', 20, 'a'), SEEN);
        named(of, 'INBOX').add(mail('b', 'Ada', ago, 'a', 's'), SEEN);
      }
    },
  });
  w.app.open('all:inbox' as `${string}:${number}`);
  await w.app.settled();
  const places = () =>
    Array.from({ length: rows(w).length }, (_, position) => {
      const key = rows(w).keyAt(position);
      const message = key === undefined ? undefined : rows(w).message(key);
      return message && `${message.folder.record.account} ${message.folder.record.name} ${message.uid}`;
    });
  assert.deepEqual(places(), ['home INBOX 2', 'work INBOX 2']);
  w.press('z', 'o');
  assert.deepEqual(places(), ['home INBOX 1', 'home Sent 1', 'home INBOX 2', 'work INBOX 2']);
  const work = [...w.store.folders.values()].filter(({ record }) => record.account === 'work');
  named(work, 'INBOX').add(mail('c', 'Ada', 0, 'a'));
  await w.app.settled();
  assert.deepEqual(places(), ['work INBOX 3', 'home INBOX 1', 'home Sent 1', 'home INBOX 2']);
  w.press('g', 'g', 'j', 'j', 'enter', 'J');
  await w.app.settled();
  assert.equal(opened(w), 'INBOX 2');
  w.press('q', 'z', 'c', 'A');
  await w.app.settled();
  assert.deepEqual(places(), ['work INBOX 3']);
});
