// Y on an account with Gmail's labels: its folders are what can be set, and any name will do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldersOf } from '../../src/app/listing/unified.ts';
import { labelChoices } from '../../src/app/organising/labels.ts';
import { topLayer } from '../../src/app/state.ts';
import { INBOX_LABEL } from '../../src/mail/labels.ts';
import { KEYWORD_BIT, type Role } from '../../src/mail/types.ts';
import { type FakeStore, world } from './fakes.ts';

const gmail = () =>
  world({
    prepare(store: FakeStore) {
      store.addFolder('work', '[Gmail]', null, false);
      store.addFolder('work', '[Gmail]/All Mail', 'all');
      store.addFolder('work', 'Grüße & Co');
    },
  });

test('the labels to choose from are the folders that are labels, and what is typed', async () => {
  const { app, press, store } = await gmail();
  press('Y');
  const names = () => {
    const layer = topLayer(app.state.get());
    assert.equal(layer.t, 'labels');
    if (layer.t !== 'labels') return [];
    return labelChoices({ state: app.state.get(), data: app.data }, layer).map(({ name }) => name);
  };
  // Sent, Drafts and [Gmail] are no labels of a person's; here the fake's Sent is an ordinary folder.
  assert.ok(names().includes('label:Grüße & Co'));
  assert.ok(!names().some(name => /Gmail|INBOX/.test(name)));
  press(...'Gr', 'enter');
  assert.deepEqual(store.operations.at(-1)?.t === 'flags' && store.operations.at(-1), {
    ...store.operations.at(-1),
    add: ['label:Grüße & Co'],
    remove: [],
  });
  press(...'two', 'space', ...'words');
  assert.deepEqual(names(), ['label:two words']);
  press('enter');
  const last = store.operations.at(-1);
  assert.deepEqual(last?.t === 'flags' && last.add, ['label:two words']);
});

test('elsewhere a label is a keyword, one word', async () => {
  const { press, store } = await world();
  press('Y', ...'two', 'space', ...'words', 'enter');
  const last = store.operations.at(-1);
  assert.deepEqual(last?.t === 'flags' && last.add, ['two_words']);
});

test('for good is only what is in Trash there', async () => {
  const { app, press, store } = await gmail();
  press('D');
  assert.equal(topLayer(app.state.get()).t, 'list');
  assert.match(app.state.get().toast?.text ?? '', /Gmail deletes only what is in Trash/);
  assert.equal(store.operations.length, 0);
});

test('outside the inbox a takes the inbox away and nothing else, and only where there is something to take', async () => {
  const { app, press, store } = await gmail();
  const lists = [...store.folders.values()].find(({ record }) => record.path === 'lists/debian');
  assert.ok(lists);
  app.open(lists.id);
  await app.settled();
  press('a');
  assert.match(app.state.get().toast?.text ?? '', /It is in Archive already/);
  lists.keywords.push(INBOX_LABEL);
  const entry = lists.entries.get(lists.uids[0] ?? 0);
  assert.ok(entry);
  entry.flags |= 1 << KEYWORD_BIT;
  press('a');
  const last = store.operations.at(-1);
  assert.deepEqual(last?.t === 'flags' && [last.folder, last.add, last.remove], [
    lists.id,
    [],
    [INBOX_LABEL],
  ]);
});

test('in the lists over all accounts each message of Gmail stands once, archived or labelled', () => {
  const record = (account: string, path: string, role: Role | null, selectable = true) => ({
    account,
    path,
    role,
    selectable,
  });
  const paths = (folders: readonly ReturnType<typeof record>[]) =>
    foldersOf('all:unread', folders).map(({ account, path }) => `${account} ${path}`);
  const gmail = [
    record('g', 'INBOX', 'inbox'),
    record('g', '[Gmail]', null, false),
    record('g', '[Gmail]/All Mail', 'all'),
    record('g', '[Gmail]/Important', 'important'),
    record('g', '[Gmail]/Trash', 'trash'),
    record('g', 'Work', null),
  ];
  const other = [
    record('o', 'INBOX', 'inbox'),
    record('o', 'Virtual/All', 'all'),
    record('o', 'Lists', null),
  ];
  assert.deepEqual(paths([...gmail, ...other]), ['g [Gmail]/All Mail', 'o INBOX', 'o Lists']);
  assert.deepEqual(paths(gmail.filter(({ role }) => role !== 'all')), ['g INBOX', 'g Work']);
  assert.deepEqual(
    foldersOf('all:inbox', [...gmail, ...other]).map(({ path }) => path),
    ['INBOX', 'INBOX'],
  );
});
