// Two accounts, IMAP and POP3, in one program: mail comes to both without a key, every count moves, each has a state
// of its own, and one server that goes away and comes back is nothing to the other.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AccountConfig, Config } from '../../src/config/types.ts';
import { type Clock, systemClock } from '../../src/sync/clock.ts';
import { type Dovecot, startDovecot } from '../servers/dovecot.ts';
import { type Pop3Server, startPop3Server } from '../servers/pop3.ts';
import { session } from './session.tsx';

const message = (n: number, from: string) =>
  `From: ${from} <${from.toLowerCase()}@mail.example>\r\nTo: Ada <ada@mail.example>\r\nSubject: Letter ${n}\r\nDate: Mon, 23 Nov 2026 09:${10 + n}:00 +0000\r\nMessage-ID: <${from}${n}@mail.example>\r\n\r\nText ${n}.\r\n`;

const MINUTES = 60_000;

/** What is done every few minutes is done every second. */
const hurried: Clock = {
  now: systemClock.now,
  after: (ms, fire, hold) => systemClock.after(ms >= MINUTES ? 1000 : ms, fire, hold),
};

function configOf(imap: Dovecot, pop3: Pop3Server): Config {
  const auth = { t: 'plain', password: 'secret' } as const;
  const common = {
    email: 'ada@mail.example',
    name: 'Ada',
    outgoing: null,
    auth,
    outgoingAuth: auth,
    offline: 'all',
    disabled: false,
  } as const;
  const work: AccountConfig = {
    ...common,
    id: 'work',
    protocol: 'imap',
    incoming: { host: imap.host, port: imap.imapPort, security: 'none', user: imap.user, tls: {} },
    serverCopy: null,
  };
  const home: AccountConfig = {
    ...common,
    id: 'home',
    protocol: 'pop3',
    incoming: { host: '127.0.0.1', port: pop3.port, security: 'none', user: 'ada', tls: {} },
    serverCopy: 'keep',
    pop3: { firstRun: 'all', sizeLimit: null, sessionMessages: null, sessionBytes: null, checkEvery: 1000 },
  };
  return {
    file: null,
    defaultAccount: 'work',
    accounts: [work, home],
    notices: { by: ['osc9'], command: null, every: 1000, quiet: null, folders: {} },
    ui: { colors: 'auto', borders: 'ascii', markReadAfter: null, keys: {} },
  };
}

test('two accounts: mail at both, counts of all folders, one server away and back, without a key', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-accounts-'));
  await using imap = await startDovecot({ pop3: false });
  await using pop3 = await startPop3Server({ messages: [Buffer.from(message(1, 'Charles'))] });
  try {
    await imap.deliver('INBOX', message(1, 'Grace'));
    await imap.doveadm('mailbox', 'create', '-s', '-u', imap.user, 'Lists');
    const options = {
      config: configOf(imap, pop3),
      dir,
      password: imap.password,
      columns: 120,
      rows: 40,
      clock: hurried,
    };
    await session(options, async ({ robot, engines }) => {
      await Promise.all(engines.map(engine => engine.settled()));
      await robot.expectRow(/work: online +home: next \d\d:\d\d/);
      await robot.expectRow(/N .*Grace +Letter 1/);
      // The first fill is no news.
      assert.doesNotMatch(robot.terminal.takeText(), /\x1b\]9;/);

      // The open folder by push, the other account by its next check, another folder of the first by its count.
      await imap.deliver('INBOX', message(2, 'Grace'));
      await robot.expectRow(/N .*Grace +Letter 2/);
      pop3.messages.push({ bytes: Buffer.from(message(2, 'Charles')) });
      await imap.deliver('Lists', message(3, 'Lists'));
      const unread = () =>
        robot.app.state
          .get()
          .accounts.map(({ folders }) =>
            folders.flatMap(({ path, counts }) => (counts.unread > 0 ? [`${path} ${counts.unread}`] : [])),
          );
      await robot.waitFor('the counts of all folders', () => {
        const [work = [], home = []] = unread();
        return home.join() === 'Inbox 2' && [...work].sort().join() === 'INBOX 2,Lists 1';
      });
      await robot.expectRow(/Lists +1 /);
      let said = '';
      await robot.waitFor('a notice of each account', () => {
        said += robot.terminal.takeText();
        return (
          /9;tmail: [^\x07]*1 new in work\/Inbox: Grace/.test(said) &&
          /1 new in home\/Inbox: Charles/.test(said)
        );
      });
      assert.doesNotMatch(said, /new in work\/Lists/);

      // Each has a state of its own.
      await imap.stop();
      await robot.expectRow(/work: offline/);
      pop3.messages.push({ bytes: Buffer.from(message(3, 'Charles')) });
      await robot.waitFor('mail of the account that is there', () => unread()[1]?.join() === 'Inbox 3');
      await robot.expectRow(/work: offline.* home: next \d\d:\d\d/);
      // Meanwhile what is here can be read and changed.
      await robot.press('j');
      await robot.press('*');
      await imap.restart();
      await imap.deliver('INBOX', message(4, 'Grace'));
      await robot.expectRow(/N .*Grace +Letter 4/);
      await robot.expectRow(/work: online +home: next \d\d:\d\d/);
      await robot.waitFor('the star to have reached the server', () => engines[0]?.status().queued === 0);
      assert.match(
        await imap.doveadm('fetch', '-u', imap.user, 'flags', 'mailbox', 'INBOX', 'FLAGGED'),
        /\\Flagged/,
      );
      await robot.expectRow(/^.*\*.*Grace +Letter/);
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
