// Lists over all accounts: where the program starts, what the folder pane says and leads to, and where the next unread
// message is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openListing, paneRows, target } from '../../../src/app/selectors.ts';
import { topLayer } from '../../../src/app/state.ts';
import { FLAGGED, SEEN } from '../../../src/mail/types.ts';
import { frame } from '../../ui/frames.tsx';
import { type FakeStore, NOW, testConfig, type World, world } from '../fakes.ts';

const HOUR = 3_600_000;
const ANYWHERE = { account: null, folder: null };

function fill(store: FakeStore): void {
  store.folders.clear();
  for (const [account, ages] of [
    ['work', [9, 5, 1]],
    ['home', [8, 2]],
  ] as const) {
    const inbox = store.addFolder(account, 'INBOX', 'inbox');
    for (const hours of ages) add(inbox, `${account} ${hours}`, hours);
    store.addFolder(account, 'Drafts', 'drafts');
    store.addFolder(account, 'Sent', 'sent');
    store.addFolder(account, 'Trash', 'trash');
    store.addFolder(account, 'lists');
  }
}

function add(folder: ReturnType<FakeStore['addFolder']>, subject: string, hours: number, flags = SEEN) {
  const date = NOW - hours * HOUR;
  return folder.add({ subject, date, arrival: date }, flags);
}

const folder = (w: World, account: string, path: string) => {
  const found = [...w.store.folders.values()].find(
    ({ record }) => record.account === account && record.path === path,
  );
  assert.ok(found);
  return found;
};
const under = (w: World) => {
  const found = target({ state: w.app.state.get(), data: w.app.data });
  return found && w.app.data.envelope(found)?.subject;
};
const countOf = (w: World, label: string) => {
  const row = paneRows(w.app.state.get()).find(each => 'label' in each && each.label === label);
  assert.ok(row && row.t !== 'account' && row.t !== 'folder', `no row ${label}`);
  return row.count;
};

/** The screen without its colours. */
const shown = (w: World) => frame(w).map(row => row.replace(/\x1b\[[0-9;]*m/g, ''));

const two = (change: (store: FakeStore) => void = () => undefined): Promise<World> =>
  world({
    accounts: ['work', 'home'],
    prepare: store => {
      fill(store);
      change(store);
    },
    deps: { start: ANYWHERE },
  });

test('with two accounts it starts in all inboxes, with one in its inbox', async () => {
  const both = await two();
  assert.equal(both.app.state.get().list, 'all:inbox');
  assert.match(shown(both)[0] ?? '', /^ All inboxes +0 unread of 5/);
  assert.equal(under(both), 'work 1');
  const alone = await world({ deps: { start: ANYWHERE } });
  assert.equal(alone.app.state.get().list, alone.inbox.id);
});

test('a folder or an account that was asked for goes before all inboxes', async () => {
  for (const [start, account, path] of [
    [{ account: 'home', folder: null }, 'home', 'INBOX'],
    [{ account: null, folder: 'lists' }, 'work', 'lists'],
    [{ account: 'home', folder: 'sent' }, 'home', 'Sent'],
  ] as const) {
    const w = await world({ accounts: ['work', 'home'], prepare: fill, deps: { start } });
    assert.equal(w.app.state.get().list, folder(w, account, path).id);
  }
});

test('all inboxes are there before the second account has been seen, and take it in when it comes', async () => {
  const w = await world({
    accounts: ['work', 'home'],
    prepare: store => {
      fill(store);
      for (const [id, { record }] of store.folders) if (record.account === 'home') store.folders.delete(id);
    },
    deps: { start: ANYWHERE },
  });
  assert.equal(w.app.state.get().list, 'all:inbox');
  assert.equal(openListing({ state: w.app.state.get(), data: w.app.data })?.length, 3);
  w.press('j');
  const before = under(w);
  add(w.store.addFolder('home', 'INBOX', 'inbox'), 'home 0', 0);
  await w.app.settled();
  assert.equal(openListing({ state: w.app.state.get(), data: w.app.data })?.length, 4);
  assert.equal(under(w), before);
});

test('an account whose mail comes into another one’s inbox is no second one', async () => {
  const config = testConfig(['work', 'home']);
  const accounts = config.accounts.map(account =>
    account.id === 'work' ? account : ({ ...account, protocol: 'pop3', deliverTo: 'work' } as const),
  );
  const w = await world({ deps: { config: { ...config, accounts }, start: ANYWHERE } });
  assert.equal(w.app.state.get().list, w.inbox.id);
});

test('Flagged counts the stars of all accounts, and follows each one that comes, goes or is moved away', async () => {
  const w = await two(store => {
    for (const one of store.folders.values())
      if (one.record.role === 'inbox') add(one, 'starred', 3, SEEN | FLAGGED);
      else if (one.record.role === 'trash') add(one, 'thrown away', 3, SEEN | FLAGGED);
  });
  assert.equal(countOf(w, 'Flagged'), '2');
  w.press('g', 'g', 'F');
  await w.app.settled();
  assert.equal(countOf(w, 'Flagged'), '3');
  w.press('u');
  await w.app.settled();
  assert.equal(countOf(w, 'Flagged'), '2');
  const inbox = folder(w, 'home', 'INBOX');
  const uid = add(inbox, 'more', 0.5, FLAGGED);
  await w.app.settled();
  assert.equal(countOf(w, 'Flagged'), '3');
  inbox.setFlags(uid, SEEN);
  await w.app.settled();
  assert.equal(countOf(w, 'Flagged'), '2');
  inbox.setFlags(uid, FLAGGED);
  inbox.drop(uid);
  await w.app.settled();
  assert.equal(countOf(w, 'Flagged'), '2');
  add(w.store.addFolder('home', 'projects'), 'new folder', 1, FLAGGED);
  await w.app.settled();
  assert.equal(countOf(w, 'Flagged'), '3');
  w.store.folders.delete(folder(w, 'home', 'projects').id);
  w.store.emit({ t: 'folders', account: 'home' });
  await w.app.settled();
  assert.equal(countOf(w, 'Flagged'), '2');
});

test('Drafts counts those of all accounts', async () => {
  const w = await two();
  assert.equal(countOf(w, 'Drafts'), '');
  for (const account of ['work', 'home']) add(folder(w, account, 'Drafts'), 'unfinished', 1);
  await w.app.settled();
  assert.equal(countOf(w, 'Drafts'), '(2)');
});

test('next unread goes from all inboxes to what they do not hold, in every account, and from there back', async () => {
  const w = await two(store => {
    for (const one of store.folders.values()) {
      const { account, path } = one.record;
      if (path === 'lists') add(one, `${account} list`, 7, 0);
      if (path === 'Trash') add(one, 'thrown away', 7, 0);
      if (path === 'INBOX' && account === 'home') add(one, 'home new', 3, 0);
    }
  });
  const seen = async () => {
    w.press('tab');
    await w.app.settled();
    return [w.app.state.get().list, under(w)];
  };
  assert.deepEqual(await seen(), ['all:inbox', 'home new']);
  assert.deepEqual(await seen(), [folder(w, 'work', 'lists').id, 'work list']);
  assert.deepEqual(await seen(), [folder(w, 'home', 'INBOX').id, 'home new']);
  assert.deepEqual(await seen(), [folder(w, 'home', 'lists').id, 'home list']);
  assert.deepEqual(await seen(), [folder(w, 'work', 'lists').id, 'work list']);
});

test('next unread above the cursor of a list over all accounts is found in the same list', async () => {
  const w = await two(store => {
    for (const one of store.folders.values())
      if (one.record.path === 'INBOX' && one.record.account === 'work') add(one, 'newest', 0.1, 0);
  });
  w.press('G', 'tab');
  await w.app.settled();
  assert.deepEqual([w.app.state.get().list, under(w)], ['all:inbox', 'newest']);
});

test('Flagged is left by Tab for the folder that has the next unread message', async () => {
  const w = await two(store => {
    for (const one of store.folders.values()) {
      if (one.record.path !== 'INBOX' || one.record.account !== 'home') continue;
      add(one, 'starred', 1, SEEN | FLAGGED);
      add(one, 'unread', 0.5, 0);
    }
  });
  w.press('g', 'F');
  await w.app.settled();
  w.press('tab');
  await w.app.settled();
  assert.deepEqual([w.app.state.get().list, under(w)], [folder(w, 'home', 'INBOX').id, 'unread']);
});

test('the pane has the outbox with what waits in it; Enter opens it and q leads back to the list', async () => {
  const w = await two();
  assert.equal(countOf(w, 'Outbox'), '');
  w.press('m');
  await w.app.settled();
  w.press(...'grace@navy.example', 'tab', 'tab', ...'Engines', 'tab', ...'Text', 'C-x');
  await w.app.settled();
  assert.equal(countOf(w, 'Outbox'), '1');
  const rows = shown(w);
  w.press('`', ...Array.from({ length: 5 }, () => 'j'));
  assert.match(shown(w).join('\n'), /Outbox +1 \|/);
  assert.equal(topLayer(w.app.state.get()).t, 'drawer');
  w.press('enter');
  assert.equal(topLayer(w.app.state.get()).t, 'outbox');
  assert.match(shown(w).join('\n'), /Engines/);
  w.press('q');
  assert.equal(topLayer(w.app.state.get()).t, 'list');
  assert.deepEqual(shown(w).slice(1, 5), rows.slice(1, 5));
  const item = w.outgoing.outbox()[0];
  assert.ok(item);
  w.outgoing.become(item.id, { state: 'unknown' });
  await w.app.settled();
  assert.equal(countOf(w, 'Outbox'), '! 1');
  w.outgoing.become(item.id, { state: 'sent' });
  await w.app.settled();
  assert.equal(countOf(w, 'Outbox'), '');
});

test('with one account the outbox stands below its folders for as long as something is in it', async () => {
  const w = await world();
  const outbox = () => paneRows(w.app.state.get()).findIndex(({ t }) => t === 'outbox');
  assert.equal(outbox(), -1);
  w.press('m');
  await w.app.settled();
  w.press(...'grace@navy.example', 'tab', 'tab', ...'Engines', 'tab', ...'Text', 'C-x');
  await w.app.settled();
  assert.equal(outbox(), paneRows(w.app.state.get()).length - 1);
});
