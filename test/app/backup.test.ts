import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupOf, backupRow, isDue, onlyHere } from '../../src/app/backup.ts';
import { notes } from '../../src/app/notes.ts';
import type { AccountConfig, ServerCopy } from '../../src/config/types.ts';
import type { ExportNote } from '../../src/store/types.ts';
import { NOW, testConfig, world } from './fakes.ts';

const DAY = 24 * 60 * 60_000;
const pop3 = (serverCopy: ServerCopy) => ({ protocol: 'pop3', serverCopy }) as const;

test('only here is what is beyond the maildrop; IMAP mail never is, nor what a policy leaves on the server', () => {
  assert.equal(onlyHere({ protocol: 'imap', serverCopy: null }, 100, null), 0);
  assert.equal(onlyHere(pop3('delete'), 100, null), 100);
  assert.equal(onlyHere(pop3('keep'), 100, null), 0);
  assert.equal(onlyHere(pop3('keep'), 100, 80), 20);
  assert.equal(onlyHere(pop3('delete'), 100, 120), 0);
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
    const row = backupRow({ only: 99_999, exported, due: exported?.at !== NOW }, NOW);
    assert.ok(row.length <= 80 - 25, row);
  }
  assert.equal(
    backupRow({ only: 3, exported: at(19), due: false }, NOW),
    '19 days ago, to /backup/tmail (maildir)',
  );
});

async function start(note: ExportNote | null, serverCopy: ServerCopy = 'delete') {
  const [work] = testConfig().accounts;
  const home: AccountConfig = { ...(work ?? assert.fail()), id: 'home', protocol: 'pop3', serverCopy };
  const config = { ...testConfig(['home']), accounts: [home] };
  const exports = {
    last: async () => note,
    note: async () => undefined,
    importBegins: async (first: number) => first,
    importEnded: async () => undefined,
  };
  const there = await world({
    accounts: ['home'],
    deps: { config },
    prepare: store => {
      store.exports = exports;
    },
  });
  await there.app.settled();
  return { home, view: there.app.state.get().accounts[0], log: there.app.state.get().log };
}

test('a start says once that mail which is only here was never exported', async () => {
  const { log, view, home } = await start(null);
  const said = log.filter(({ text }) => text.includes('tmail export'));
  assert.deepEqual(
    said.map(({ level, text }) => `${level} ${text}`),
    [`info home: ${notes.backup(backupOf(view ?? assert.fail(), home, null, NOW).only, null, NOW)}`],
  );
});

test('after a recent export, and where all mail stays on the server, a start says nothing of it', async () => {
  const note = { at: NOW, messages: 3, format: 'maildir', to: '/backup' };
  for (const { log } of [await start(note), await start(null, 'keep')]) {
    assert.ok(!log.some(({ text }) => text.includes('export')));
  }
});
