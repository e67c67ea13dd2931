import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AccountConfig, Config, ServerCopy } from '../../src/config/types.ts';
import { type Dovecot, startDovecot } from '../servers/dovecot.ts';
import { session } from './session.tsx';

const message = (n: number, more = '') =>
  `From: Sender ${n} <s${n}@mail.example>\r\nTo: Ada <ada@mail.example>\r\nSubject: Message ${n}\r\nDate: Mon, 23 Nov 2026 09:4${n}:00 +0000\r\nMessage-ID: <${n}@mail.example>\r\n\r\nThis is the text of message ${n}.\r\n${more}`;

/** The same mailbox twice: as mail that stays on the server, and as mail that is downloaded. */
function configOf(server: Dovecot, serverCopy: ServerCopy = { deleteAfterDays: 14 }): Config {
  const auth = { t: 'plain', password: server.password } as const;
  const account = (id: string, protocol: 'imap' | 'pop3', port: number): AccountConfig => ({
    id,
    email: 'ada@mail.example',
    name: 'Ada',
    protocol,
    incoming: { host: server.host, port, security: 'tls', user: server.user, tls: { ca: server.ca } },
    outgoing: null,
    auth,
    outgoingAuth: auth,
    offline: 'all',
    serverCopy: protocol === 'pop3' ? serverCopy : null,
    disabled: false,
  });
  const home = account('home', 'pop3', server.pop3sPort);
  const pop3 = {
    firstRun: 'all',
    sizeLimit: 10_000,
    sessionMessages: null,
    sessionBytes: null,
    checkEvery: 600_000,
  } as const;
  return {
    file: null,
    defaultAccount: 'home',
    ui: { colors: 'auto', borders: 'auto', markReadAfter: 0, keys: {} },
    accounts: [{ ...home, pop3 }, account('work', 'imap', server.imapsPort)],
  };
}

test('POP3 beside IMAP: what came, the next check, a large message on demand, the server gone and back', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-screen-'));
  await using server = await startDovecot();
  try {
    await server.deliver('INBOX', [message(1), message(2, 'line of text\r\n'.repeat(2000)), message(3)]);
    const options = {
      config: configOf(server),
      dir,
      password: server.password,
      account: 'home',
      columns: 120,
      rows: 40,
    };
    await session(options, async ({ robot, engines }) => {
      await Promise.all(engines.map(engine => engine.settled()));
      await robot.expectRow(/home: next \d\d:\d\d +work: online/);
      await robot.expectRow(/home +next \d\d:\d\d/);
      await robot.expectRow(/Sent \(here\)/);
      await robot.expectRow(/3 unread of 3/);
      // Over the size limit: only its head came, and Enter fetches the rest.
      await robot.expectRow(/[ >]~N .*Sender 2 +Message 2/);
      await robot.type('gg');
      await robot.expectRow(/>~N .*Sender 2 +Message 2/);
      await robot.press('enter');
      await robot.expectRow(/text of message 2\./);
      await robot.press('q');
      await robot.expectRow(/> {2}.*Sender 2 +Message 2/);

      await robot.press('@');
      await robot.expectRow(/home +POP3 +127\.0\.0\.1:\d+ TLS +next \d\d:\d\d/);
      await robot.expectRow(/on server +3 messages, 29 kB, oldest 0 days/);
      await robot.expectRow(/policy +leave 14 days/);
      await robot.expectRow(/next run +deletes nothing on the server/);
      await robot.expectRow(/not here +nothing: all mail is on this computer/);
      await robot.expectRow(/copy here +3 of 3 messages with bodies/);
      await robot.expectRow(/work +IMAP/);
      await robot.press('q');

      // New mail comes with the next check, or now.
      await server.deliver('INBOX', message(4));
      await robot.press('$');
      await robot.expectRow(/ N .*Sender 4 +Message 4/);

      await server.stop();
      await robot.press('$');
      await robot.expectRow(/home: offline/);
      await robot.press('j', 'enter');
      await robot.expectRow(/text of message 3\./);
      await robot.press('q');
      await server.restart();
      await robot.press('$');
      await robot.expectRow(/home: next \d\d:\d\d/);
    });
    await server.stop();
    await session({ ...options, offline: true }, async ({ robot }) => {
      await robot.expectRow(/N .*Message 4/);
      await robot.press('enter');
      await robot.expectRow(/text of message/);
      await robot.press('q', '@');
      await robot.expectRow(/on server +known after the next connection/);
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('folders of one’s own: made, filled, renamed and deleted by keys; checks and a restart leave them alone', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-screen-'));
  await using server = await startDovecot();
  try {
    await server.deliver('INBOX', [message(1), message(2), message(3)]);
    const config = configOf(server, 'untilDeletedHere');
    const options = { config, dir, password: server.password, account: 'home', columns: 100, rows: 40 };
    await session(options, async ({ robot, engines }) => {
      await Promise.all(engines.map(engine => engine.settled()));
      await robot.expectRow(/3 unread of 3/);
      await robot.press('`', 'C');
      await robot.type('Listen/表');
      await robot.press('enter');
      await robot.expectRow(/Made "Listen\/表"\. It exists only on this computer\./);
      await robot.press('`', 's');
      await robot.type('表');
      await robot.press('enter');
      await robot.expectRow(/Moved to Listen\/表: Message 3/);
      await robot.press('s');
      await robot.type('Neu');
      await robot.expectRow(/> create "Neu"/);
      await robot.press('enter');
      await robot.expectRow(/Moved to Neu: Message 2/);
      await robot.press('$');
      await Promise.all(engines.map(engine => engine.settled()));
      await robot.expectRow(/1 unread of 1/);
      await robot.press('c');
      await robot.type('Neu');
      await robot.press('enter');
      await robot.expectRow(/home \/ Neu/);
      await robot.press(':');
      await robot.type('rename folder');
      await robot.press('enter', 'C-u');
      await robot.type('Listen/neu');
      await robot.press('enter');
      await robot.expectRow(/home \/ Listen\/neu/);
      await robot.expectRow(/1 unread of 1/);
    });
    await session(options, async ({ robot, engines }) => {
      await Promise.all(engines.map(engine => engine.settled()));
      await robot.expectRow(/1 unread of 1/);
      await robot.press('`');
      await robot.expectRow(/Listen \(here\)|Listen \(this machine\)/);
      await robot.press('c');
      await robot.type('Listen');
      await robot.press('enter', ':');
      await robot.type('rmdir');
      await robot.press('enter');
      await robot.expectRow(/"Listen" and 2 folders in it hold 2 messages\./);
      await robot.press('y');
      await robot.expectRow(/Deleted the folder "Listen"\. 2 messages moved to Trash\. u to undo\./);
      await robot.type('gt');
      await robot.expectRow(/home \/ Trash.*2 unread of 2/);
      await robot.press('u');
      await robot.expectRow(/home \/ Trash.*0 unread of 0/);
      await robot.press('c');
      await robot.type('neu');
      await robot.press('enter');
      await robot.expectRow(/N .*Message 2/);
      await robot.press('$');
      await Promise.all(engines.map(engine => engine.settled()));
    });
    const left = await server.doveadm('fetch', '-u', server.user, 'hdr.subject', 'mailbox', 'INBOX');
    if ((left.match(/Message \d/g) ?? []).length !== 3) throw new Error(left);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('two POP3 accounts with one inbox: the pane, the message and the accounts’ screen say whose is whose', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-screen-'));
  await using main = await startDovecot();
  await using other = await startDovecot();
  try {
    await main.deliver('INBOX', [message(1)]);
    await other.deliver('INBOX', [message(2), message(3, 'line of text\r\n'.repeat(2000))]);
    const config = configOf(main, 'untilDeletedHere');
    const [home] = config.accounts;
    const [theirs] = configOf(other, 'untilDeletedHere').accounts;
    if (!home || !theirs) throw new Error('no account');
    const accounts = [home, { ...theirs, id: 'old', deliverTo: 'home' }];
    const options = { config: { ...config, accounts }, dir, password: main.password, columns: 120, rows: 40 };
    await session(options, async ({ robot, engines }) => {
      await Promise.all(engines.map(engine => engine.settled()));
      await robot.expectRow(/3 unread of 3/);
      await robot.expectRow(/ old to home +next/);
      // Over the size limit: it is fetched from the server that it came from.
      await robot.type('gg');
      await robot.waitFor('the newest message', () => robot.rows().some(row => />.*Message 3/.test(row)));
      await robot.press('enter');
      await robot.expectRow(/text of message 3\./);
      await robot.expectRow(/From +Sender 3 .*came to old/);
      await robot.press('q', 'D', 'y');
      await robot.expectRow(/Deleted for good: Message 3\./);
      await robot.press('@', 'j');
      await robot.expectRow(/old +POP3 +127\.0\.0\.1:\d+ TLS/);
      await robot.expectRow(/inbox +its mail comes into the inbox of home/);
      await robot.expectRow(/next run +deletes 1 on the server: deleted here for good/);
      await robot.press('$');
      await Promise.all(engines.map(engine => engine.settled()));
      await robot.expectRow(/on server +1 message,/);
    });
    const left = await other.doveadm('fetch', '-u', other.user, 'hdr.subject', 'mailbox', 'INBOX');
    if (/Message 3/.test(left) || !/Message 2/.test(left)) throw new Error(left);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('mail is deleted here, taken back, and deleted for good; the next check deletes it on the server', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-screen-'));
  await using server = await startDovecot();
  try {
    await server.deliver('INBOX', [message(1), message(2), message(3)]);
    const config = configOf(server, 'untilDeletedHere');
    const options = { config, dir, password: server.password, account: 'home', columns: 100, rows: 40 };
    await session(options, async ({ robot, engines }) => {
      await Promise.all(engines.map(engine => engine.settled()));
      await robot.expectRow(/3 unread of 3/);
      await robot.press('j', 'd');
      await robot.expectRow(/Moved to Trash: Message 2\. u to undo\./);
      await robot.expectRow(/2 unread of 2/);
      await robot.press('u');
      await robot.expectRow(/3 unread of 3/);
      await robot.expectRow(/>[ ~]N .*Sender 2 +Message 2/);
      await robot.press('d');
      await robot.type('gt');
      await robot.expectRow(/home \/ Trash/);
      await robot.press('D');
      await robot.expectRow(/"Message 2" is deleted from this computer for good\./);
      await robot.expectRow(/What is still on the server is deleted there at the next/);
      await robot.expectRow(/y yes, for good +n no/);
      await robot.press('y');
      await robot.expectRow(/Deleted for good: Message 2\./);
      await robot.press('@');
      await robot.expectRow(/next run +deletes 1 on the server: deleted here for good/);
      await robot.press('$');
      await robot.expectRow(/on server +2 messages/);
      await robot.expectRow(/next run +deletes nothing on the server/);
      await robot.press('q');
      await robot.type('gi');
      await robot.expectRow(/2 unread of 2/);
    });
    const left = await server.doveadm('fetch', '-u', server.user, 'hdr.subject', 'mailbox', 'INBOX');
    if (/Message 2/.test(left) || !/Message 3/.test(left)) throw new Error(left);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
