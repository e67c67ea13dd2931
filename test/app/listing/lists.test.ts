import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cursorPosition } from '../../../src/app/list-view.ts';
import { openListing, target } from '../../../src/app/selectors.ts';
import { listOf, topLayer } from '../../../src/app/state.ts';
import { ANSWERED, FLAGGED, SEEN } from '../../../src/mail/types.ts';
import { type FakeStore, NOW, type World, world } from '../fakes.ts';

const HOUR = 3_600_000;

/** Two accounts with a handful of messages each, so many hours old as their number says. */
function small(store: FakeStore): void {
  store.folders.clear();
  for (const [account, ages] of [
    ['work', [9, 5, 3, 1]],
    ['home', [8, 4, 2]],
  ] as const) {
    const inbox = store.addFolder(account, 'INBOX', 'inbox');
    for (const hours of ages) add(inbox, account, hours);
    store.addFolder(account, 'Sent', 'sent');
    store.addFolder(account, 'Junk', 'junk').add({ subject: 'win' });
    store.addFolder(account, 'All', 'all').add({ subject: 'again' });
    store.addFolder(account, 'lists');
  }
}

function add(folder: ReturnType<FakeStore['addFolder']>, name: string, hours: number, flags = SEEN): number {
  const date = NOW - hours * HOUR;
  const from = [{ name, address: `${name}@${hours}.example` }];
  return folder.add({ subject: `${name} ${hours}`, from, date, arrival: date, size: hours * 1000 }, flags);
}

const folder = (w: World, account: string, path: string) => {
  const found = [...w.store.folders.values()].find(
    ({ record }) => record.account === account && record.path === path,
  );
  assert.ok(found);
  return found;
};
const rows = (w: World) => {
  const listing = openListing({ state: w.app.state.get(), data: w.app.data });
  assert.ok(listing);
  return listing;
};
const subjects = (w: World) =>
  Array.from({ length: rows(w).length }, (_, position) => {
    const key = rows(w).keyAt(position);
    const message = key === undefined ? undefined : rows(w).message(key);
    return message && w.app.data.envelope(message)?.subject;
  });
const under = (w: World) => {
  const found = target({ state: w.app.state.get(), data: w.app.data });
  return found && w.app.data.envelope(found)?.subject;
};
const at = (w: World) => cursorPosition(listOf(w.app.state.get(), rows(w).id), rows(w));
const toast = (w: World) => w.app.state.get().toast?.text ?? '';

async function two(change: (store: FakeStore) => void = () => undefined): Promise<World> {
  return world({
    accounts: ['work', 'home'],
    prepare: store => {
      small(store);
      change(store);
    },
  });
}

test('all inboxes are one list, newest first, and the same key twice leads there and back', async () => {
  const w = await two();
  w.press('g', 'i');
  await w.app.settled();
  assert.equal(w.app.state.get().list, 'all:inbox');
  assert.deepEqual(subjects(w), ['work 1', 'home 2', 'work 3', 'home 4', 'work 5', 'home 8', 'work 9']);
  w.press('j', 'g', 'i');
  await w.app.settled();
  assert.equal(w.app.state.get().list, folder(w, 'home', 'INBOX').id, 'of the account under the cursor');
  for (const engine of w.engines) assert.ok(engine.calls.length > 0);
});

test('mail that comes, goes and changes anywhere leaves the cursor on its message', async () => {
  const w = await two();
  w.app.open('all:inbox' as `${string}:${number}`);
  await w.app.settled();
  w.press('j', 'j', 'j');
  assert.equal(under(w), 'home 4');
  add(folder(w, 'home', 'INBOX'), 'home', 0);
  add(folder(w, 'work', 'INBOX'), 'work', 6);
  await w.app.settled();
  assert.equal(under(w), 'home 4');
  assert.deepEqual(subjects(w).slice(0, 2), ['home 0', 'work 1']);
  assert.deepEqual(subjects(w).slice(4, 7), ['home 4', 'work 5', 'work 6']);
  const work = folder(w, 'work', 'INBOX');
  work.drop(work.uidAt(0) ?? 0);
  await w.app.settled();
  assert.equal(under(w), 'home 4');
  const home = folder(w, 'home', 'INBOX');
  const here = target({ state: w.app.state.get(), data: w.app.data });
  home.drop(here?.uid ?? 0);
  await w.app.settled();
  assert.equal(under(w), 'work 5', 'what comes next takes its place');
});

test('old mail that is put here now stands where it was written, mail of the future where it came', async () => {
  const w = await two();
  w.app.open('all:inbox' as `${string}:${number}`);
  await w.app.settled();
  const work = folder(w, 'work', 'INBOX');
  work.add({ subject: 'moved here', date: NOW - 400 * 24 * HOUR, arrival: NOW }, SEEN);
  work.add({ subject: 'from the future', date: NOW + 400 * 24 * HOUR, arrival: NOW - 4.5 * HOUR }, SEEN);
  await w.app.settled();
  assert.equal(subjects(w).at(-1), 'moved here');
  assert.equal(subjects(w)[4], 'from the future');
});

test('unread mail of all folders, but junk and what is there twice; what is read stays until the list is left', async () => {
  const w = await two(store => {
    for (const one of store.folders.values()) {
      if (one.record.path === 'lists') add(one, 'lists', 7, 0);
      if (one.record.path === 'INBOX') add(one, 'new', 6, 0);
    }
  });
  w.press('g', 'N');
  await w.app.settled();
  assert.deepEqual(subjects(w), ['new 6', 'new 6', 'lists 7', 'lists 7']);
  const lists = folder(w, 'work', 'lists');
  w.press('j', 'j', 'U');
  await w.app.settled();
  assert.equal(subjects(w).length, 4);
  add(lists, 'lists', 5, 0);
  await w.app.settled();
  assert.deepEqual(subjects(w)[0], 'lists 5');
  w.press('g', 'i');
  await w.app.settled();
  w.press('g', 'N');
  await w.app.settled();
  assert.equal(subjects(w).length, 4);
});

test('a folder that gets its first unread message comes into the list of unread mail', async () => {
  const w = await two();
  w.press('g', 'N');
  await w.app.settled();
  assert.deepEqual(subjects(w), []);
  add(folder(w, 'home', 'lists'), 'lists', 5, 0);
  w.store.emit({ t: 'folders', account: 'home' });
  await w.app.settled();
  assert.deepEqual(subjects(w), ['lists 5']);
});

test('a star set anywhere comes into the list of stars', async () => {
  const w = await two();
  w.press('g', 'F');
  await w.app.settled();
  assert.deepEqual(subjects(w), []);
  const home = folder(w, 'home', 'INBOX');
  home.setFlags(home.uidAt(1) ?? 0, SEEN | FLAGGED);
  await w.app.settled();
  assert.deepEqual(subjects(w), ['home 4']);
});

test('a message is opened, answered, starred and deleted from a list over all accounts where it belongs', async () => {
  const w = await two(store => {
    for (const account of ['work', 'home']) store.addFolder(account, 'Trash', 'trash');
  });
  w.app.open('all:inbox' as `${string}:${number}`);
  await w.app.settled();
  const home = folder(w, 'home', 'INBOX');
  w.press('j', 'F');
  await w.app.settled();
  const [flag] = w.store.operations;
  assert.equal(flag?.folder, home.id);
  w.press('enter');
  await w.app.settled();
  const { reader, list } = w.app.state.get();
  assert.equal(reader?.folder, home.id);
  assert.equal(reader?.phase, 'ready');
  assert.equal(list, 'all:inbox');
  w.press('J');
  await w.app.settled();
  assert.equal(w.app.state.get().reader?.folder, folder(w, 'work', 'INBOX').id);
  w.press('K', 'q');
  await w.app.settled();
  assert.equal(under(w), 'home 2');
  w.press('d');
  await w.app.settled();
  assert.equal(home.length, 2);
  assert.equal(folder(w, 'home', 'Trash').length, 1);
  assert.equal(under(w), 'work 3');
  w.press('u');
  await w.app.settled();
  assert.equal(home.length, 3);
  assert.ok(subjects(w).includes('home 2'));
});

test('the list is narrowed down while a filter is typed, and Esc shows all again with the cursor where it is', async () => {
  const w = await two();
  w.press('j', 'l', ...'work');
  await w.app.settled();
  assert.equal(topLayer(w.app.state.get()).t, 'filter');
  assert.deepEqual(subjects(w), ['work 1', 'work 3', 'work 5', 'work 9']);
  assert.equal(under(w), 'work 3');
  w.press('space', '5');
  await w.app.settled();
  assert.deepEqual(subjects(w), ['work 5']);
  w.press('enter');
  await w.app.settled();
  assert.equal(topLayer(w.app.state.get()).t, 'list');
  assert.equal(toast(w), '1 message found; Esc shows all again.');
  w.press('esc');
  await w.app.settled();
  assert.deepEqual(subjects(w), ['work 1', 'work 3', 'work 5', 'work 9']);
  assert.equal(under(w), 'work 5');
});

test('a filter that nothing matches says so, and leaves the cursor where it was', async () => {
  const w = await two();
  w.press('j', 'j', '\\', ...'zebra');
  await w.app.settled();
  assert.deepEqual(subjects(w), []);
  w.press('esc');
  await w.app.settled();
  assert.equal(topLayer(w.app.state.get()).t, 'list');
  assert.equal(under(w), 'work 5');
  assert.equal(w.app.state.get().filter, null);
});

test('a filter takes in what arrives, and works on a list over all accounts', async () => {
  const w = await two();
  w.app.open('all:inbox' as `${string}:${number}`);
  await w.app.settled();
  w.press('l', ...'is:unread');
  await w.app.settled();
  assert.deepEqual(subjects(w), []);
  add(folder(w, 'home', 'INBOX'), 'home', 1, 0);
  add(folder(w, 'work', 'INBOX'), 'work', 2, 0);
  add(folder(w, 'work', 'INBOX'), 'work', 3, SEEN);
  await w.app.settled();
  assert.deepEqual(subjects(w), ['home 1', 'work 2']);
  w.press('enter', 'q');
  await w.app.settled();
  assert.equal(w.app.state.get().filter, null, 'q is one step back, not the way out');
  assert.equal(w.app.state.get().quitting, false);
  assert.equal(subjects(w).length, 10);
});

test('an operator that makes no sense is told', async () => {
  const w = await two();
  w.press('l', ...'is:blue', 'enter');
  await w.app.settled();
  assert.match(toast(w), /^is:blue means nothing in a filter/);
  assert.equal(w.app.state.get().filter, null);
});

test('the list is sorted, the same again turns it round, and the cursor stays on its message', async () => {
  const w = await two();
  w.press('j');
  assert.equal(under(w), 'work 3');
  w.press('o', 'j', 'j', 'j', 'j', 'enter');
  await w.app.settled();
  assert.deepEqual(subjects(w), ['work 9', 'work 5', 'work 3', 'work 1'], 'by size');
  assert.equal(under(w), 'work 3');
  w.press('o', 'enter');
  await w.app.settled();
  assert.deepEqual(subjects(w), ['work 1', 'work 3', 'work 5', 'work 9']);
  assert.match(toast(w), /smallest first/);
  assert.equal(under(w), 'work 3');
  add(folder(w, 'work', 'INBOX'), 'work', 2, 0);
  await w.app.settled();
  assert.deepEqual(subjects(w), ['work 1', 'work 2', 'work 3', 'work 5', 'work 9']);
  assert.equal(under(w), 'work 3');
});

test('by sender and subject accents, case and Re: make no difference', async () => {
  const w = await two(store => {
    const [inbox] = store.folders.values();
    inbox?.add({ subject: 'Re: Ärger', from: [{ name: 'Özil', address: 'o@x.example' }] }, SEEN);
    inbox?.add({ subject: 'AW: aal', from: [{ name: 'anna', address: 'a@x.example' }] }, SEEN | ANSWERED);
  });
  w.press('o', 'j', 'j', 'j', 'enter');
  await w.app.settled();
  assert.deepEqual(subjects(w).slice(0, 3), ['AW: aal', 'Re: Ärger', 'work 1']);
  w.press('o', 'k', 'enter');
  await w.app.settled();
  assert.deepEqual([subjects(w)[0], subjects(w)[1]], ['AW: aal', 'Re: Ärger']);
  assert.equal(subjects(w).length, 6);
});

test('unread mail first: what is read keeps its place while the list is looked at', async () => {
  const w = await two(store => {
    const [inbox] = store.folders.values();
    if (inbox) add(inbox, 'work', 7, 0);
  });
  w.press('o', 'G', 'enter');
  await w.app.settled();
  assert.equal(subjects(w)[0], 'work 7');
  w.press('g', 'g', 'U');
  await w.app.settled();
  assert.equal(subjects(w)[0], 'work 7');
  assert.equal(at(w), 0);
  w.press('g', 's');
  await w.app.settled();
  w.press('g', 'i');
  await w.app.settled();
  assert.equal(subjects(w)[0], 'work 7', 'the newest by number');
  assert.equal(w.app.state.get().sorts[folder(w, 'work', 'INBOX').id]?.by, 'unread');
});

test('marks stay through a sort, a filter and mail that comes, and go with their messages', async () => {
  const w = await two();
  w.press('space', 'space');
  w.press('o', 'j', 'j', 'j', 'j', 'enter');
  await w.app.settled();
  const { list } = w.app.state.get();
  const marks = () => [...(w.app.state.get().marks[list ?? ''] ?? [])];
  assert.equal(marks().length, 2);
  w.press('l', '5', 'enter');
  add(folder(w, 'work', 'INBOX'), 'work', 2);
  await w.app.settled();
  w.press('esc');
  await w.app.settled();
  assert.equal(marks().length, 2);
  const inbox = folder(w, 'work', 'INBOX');
  const gone = Number(marks()[0]?.split(':')[2]);
  inbox.drop(gone);
  await w.app.settled();
  assert.equal(marks().length, 1);
});

test('mark by words takes what a filter takes', async () => {
  const w = await two();
  w.press('~', ...'larger:4K', 'enter');
  await w.app.settled();
  assert.equal(w.app.state.get().marks[w.app.state.get().list ?? '']?.size, 2);
});

test('next unread goes on into other accounts', async () => {
  const w = await two(store => {
    for (const one of store.folders.values())
      if (one.record.account === 'home' && one.record.path === 'lists') add(one, 'lists', 7, 0);
  });
  w.press('tab');
  await w.app.settled();
  assert.equal(under(w), 'lists 7');
  assert.equal(w.app.state.get().list, folder(w, 'home', 'lists').id);
});

test('lists over all accounts are found by name, but messages go into folders', async () => {
  const w = await two();
  w.press('c', ...'flag', 'enter');
  await w.app.settled();
  assert.equal(w.app.state.get().list, 'all:flagged');
  w.press('g', 'i');
  await w.app.settled();
  w.press('s', ...'flagged', 'enter');
  await w.app.settled();
  assert.equal(folder(w, 'work', 'flagged').length, 1, 'a folder of that name is made for them');
});

test('it starts in all inboxes where it is asked to', async () => {
  const start = { account: null, folder: 'all' };
  const w = await world({
    accounts: ['work', 'home'],
    prepare: store => {
      small(store);
      for (const [id, one] of store.folders) if (one.record.path === 'All') store.folders.delete(id);
    },
    deps: { start },
  });
  assert.equal(w.app.state.get().list, 'all:inbox');
  assert.equal(subjects(w).length, 7);
});
