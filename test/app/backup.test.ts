import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupRow, type Drop, isDue, messagesIn, onlyHere } from '../../src/app/backup.ts';
import { notes } from '../../src/app/notes.ts';
import type { AccountConfig } from '../../src/config/types.ts';
import type { ExportNote } from '../../src/store/types.ts';
import type { AccountStatus, MaildropFacts } from '../../src/sync/types.ts';
import { NOW, testConfig, world } from './fakes.ts';

const DAY = 24 * 60 * 60_000;
const checked = (alsoHere: MaildropFacts['alsoHere']) => ({ alsoHere });
const drop = (
  id: string,
  facts: Drop['facts'],
  more: Partial<Drop> & { readonly into?: string } = {},
): Drop => ({
  config: { id, ...(more.into !== undefined && { deliverTo: more.into }) },
  facts,
  checking: more.checking ?? false,
});

test('only here is what no maildrop has; what lies on the server and was never fetched makes it no less', () => {
  // 60 were skipped and are there, 6 came and are deleted there.
  assert.equal(onlyHere('home', 6, [drop('home', checked({}))]), 6);
  assert.equal(onlyHere('home', 100, [drop('home', checked({ home: 80 }))]), 20);
  assert.equal(onlyHere('home', 0, [drop('home', checked({ home: 2 }))]), 0);
});

test('mail of another account in this inbox is not only here either, also when that one delivers here no longer', () => {
  const home = drop('home', checked({ home: 5 }));
  assert.equal(onlyHere('home', 11, [home, drop('two', checked({ home: 6 }), { into: 'home' })]), 0);
  assert.equal(onlyHere('home', 11, [home, drop('two', checked({ home: 4, two: 9 }))]), 2);
  assert.equal(onlyHere('two', 9, [home, drop('two', checked({ home: 4, two: 9 }))]), 0);
});

test('what is only here is not known before the memory was read, nor while a check runs of whoever fills the inbox', () => {
  const home = drop('home', checked({ home: 5 }));
  const unknown: Drop[][] = [
    [],
    [drop('home', null)],
    [drop('home', checked({ home: 5 }), { checking: true })],
    [home, drop('two', null, { into: 'home' })],
    [home, drop('two', checked({}), { into: 'home', checking: true })],
    [home, drop('two', checked({ home: 1 }), { checking: true })],
  ];
  for (const drops of unknown) assert.equal(onlyHere('home', 11, drops), null);
  // Others are nothing to it, and one that was never reached has brought nothing.
  assert.equal(onlyHere('home', 11, [home, drop('two', null)]), 6);
  assert.equal(onlyHere('home', 11, [home, drop('two', checked({ two: 3 }), { checking: true })]), 6);
  assert.equal(onlyHere('home', 11, [home, drop('two', { alsoHere: {} }, { into: 'home' })]), 6);
});

test('an export is due when there was none, and after 30 days', () => {
  assert.deepEqual(
    [null, NOW - 31 * DAY, NOW - 29 * DAY, NOW + DAY].map(at => isDue(at, NOW)),
    [true, true, false, false],
  );
});

test('the sentences say what would be lost and what to do, and the row fits 80 columns', () => {
  assert.equal(
    notes.backup(212, null, NOW),
    'never exported: if this disk breaks, 212 messages are gone. tmail export',
  );
  assert.match(notes.backup(1, NOW - 43 * DAY, NOW), /^last exported 43 days ago: .* 1 message is gone/);
  const at = (days: number) => ({ at: NOW - days * DAY, to: '/backup/tmail', format: 'maildir' });
  for (const exported of [null, at(43), at(0)]) {
    for (const only of [99_999, null]) {
      const row = backupRow({ only, exported, due: only !== null && exported?.at !== NOW }, NOW);
      assert.ok(row.length <= 80 - 25, row);
    }
  }
  assert.equal(
    backupRow({ only: 3, exported: at(19), due: false }, NOW),
    '19 days ago, to /backup/tmail (maildir)',
  );
  assert.equal(
    backupRow({ only: null, exported: null, due: false }, NOW),
    'never exported, only here: known after the check',
  );
});

/** A start of an account with mail here, exported as `note` says, of which `maildrop` gets known a moment later. */
async function start(note: ExportNote | null, maildrop: MaildropFacts | null = facts()) {
  const [work] = testConfig().accounts;
  const home: AccountConfig = {
    ...(work ?? assert.fail()),
    id: 'home',
    protocol: 'pop3',
    serverCopy: 'delete',
  };
  const config = { ...testConfig(['home']), accounts: [home] };
  const exports = {
    last: async () => note,
    note: async () => undefined,
    importBegins: async (first: number) => first,
    importEnded: async () => undefined,
  };
  const { app, engines } = await world({
    accounts: ['home'],
    deps: { config },
    prepare: store => {
      store.exports = exports;
    },
  });
  const said = () => app.state.get().log.filter(({ text }) => text.includes('export'));
  const [engine] = engines;
  const become = async (change: Partial<AccountStatus>) => {
    engine?.become(change);
    await app.settled();
  };
  await app.settled();
  assert.deepEqual(said(), []);
  await become({ phase: 'connecting', maildrop });
  const here = messagesIn(app.state.get().accounts[0]?.folders ?? assert.fail());
  return { here, said, become };
}

function facts(change: Partial<MaildropFacts> = {}): MaildropFacts {
  return {
    lastCheck: NOW - DAY,
    onServer: { messages: 600, bytes: 1000, oldest: NOW - DAY },
    alsoHere: {},
    willDelete: 0,
    held: 0,
    placeholders: { messages: 0, bytes: 0, largest: null },
    skipped: 600,
    later: 0,
    warnings: [],
    ...change,
  };
}

test('a start says once that mail which is only here was never exported, as soon as that is known', async () => {
  const { said, here, become } = await start(null);
  const expected = [`info home: ${notes.backup(here, null, NOW)}`];
  assert.deepEqual(
    said().map(({ level, text }) => `${level} ${text}`),
    expected,
  );
  await become({ phase: 'online', nextCheck: NOW + 1000, maildrop: facts({ lastCheck: NOW }) });
  assert.equal(said().length, 1);
});

test('a first check says nothing of an export until it is over', async () => {
  const { said, become } = await start(null, facts({ lastCheck: null }));
  await become({ phase: 'online', nextCheck: null });
  await become({ maildrop: facts() });
  assert.deepEqual(said(), []);
  await become({ nextCheck: NOW + 1000 });
  assert.equal(said().length, 1);
});

test('after a recent export, where the server has it all, and where nobody looks, a start says nothing of it', async () => {
  const note = { at: NOW, messages: 3, format: 'maildir', to: '/backup' };
  const all = facts({ alsoHere: { home: 1000 } });
  for (const { said } of [await start(note), await start(null, all), await start(null, null)]) {
    assert.deepEqual(said(), []);
  }
});
