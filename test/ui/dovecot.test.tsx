import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../src/config/types.ts';
import { type Dovecot, startDovecot } from '../servers/dovecot.ts';
import { session } from './session.tsx';

const COUNT = 1500;

function message(n: number): string {
  const date = new Date(Date.now() - (COUNT - n) * 60_000).toUTCString();
  const head = `From: Sender ${n} <s${n}@mail.example>\r\nTo: Ada <ada@mail.example>\r\nSubject: Message ${n}\r\n`;
  return `${head}Date: ${date}\r\nMessage-ID: <${n}@mail.example>\r\n\r\nThis is the text of message ${n}.\r\n`;
}

function configOf(server: Dovecot): Config {
  const auth = { t: 'plain', password: server.password } as const;
  const incoming = {
    host: server.host,
    port: server.imapsPort,
    security: 'tls',
    user: server.user,
    tls: { ca: server.ca },
  } as const;
  return {
    file: null,
    defaultAccount: 'work',
    ui: { colors: 'auto', borders: 'auto', markReadAfter: 0, keys: {} },
    accounts: [
      {
        id: 'work',
        email: 'ada@mail.example',
        name: 'Ada',
        protocol: 'imap',
        incoming,
        outgoing: null,
        auth,
        outgoingAuth: auth,
        // What was not opened is not kept: so that its absence can be seen.
        offline: 'headers',
        serverCopy: null,
        disabled: false,
      },
    ],
  };
}

test('a real server: thousands of messages browsed and read, the server gone in between, and back', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-screen-'));
  await using server = await startDovecot();
  try {
    await server.deliver(
      'INBOX',
      Array.from({ length: COUNT }, (_, i) => message(i + 1)),
    );
    const options = { config: configOf(server), dir, password: server.password };
    await session(options, async ({ robot, engine }) => {
      // The newest are there at once; the rest follows.
      await robot.expectRow(/^> N .*Sender 1500 +Message 1500/);
      await engine.settled();
      await robot.expectRow(/work \/ Inbox +1,500 unread of 1,500/);
      await robot.press('enter');
      await robot.expectRow(/text of message 1500\./);
      await robot.press('q', 'G');
      await robot.expectRow(/^> N .*Sender 1 +Message 1$/);
      await robot.press('enter');
      await robot.expectRow(/text of message 1\./);
      await robot.expectRow(/1,498 unread of 1,500/);
      await robot.press('q');

      // Another client delivers and reads.
      await robot.type('gg');
      await server.deliver('INBOX', message(COUNT + 1));
      await robot.expectRow(/^ +N .*Message 1501/);
      await robot.expectRow(/^> .*Message 1500/);
      await server.doveadm(
        'flags',
        'add',
        '-u',
        server.user,
        '\\Seen',
        'mailbox',
        'INBOX',
        'subject',
        'Message 1501',
      );
      await robot.expectRow(/^ {8}.*Message 1501/);

      // The server goes: what was opened opens, what was not says so; it opens by itself when it is back.
      await server.stop();
      await robot.expectRow(/work: offline/);
      await robot.press('enter');
      await robot.expectRow(/text of message 1500\./);
      await robot.press('J');
      await robot.expectRow(/not on this computer/);
      await server.restart();
      await robot.press('$');
      await robot.expectRow(/text of message 1499\./);
    });

    await server.stop();
    await session({ ...options, offline: true }, async ({ robot }) => {
      await robot.expectRow(/1,501/);
      await robot.press('j');
      await robot.expectRow(/^> .*Message 1500/);
      await robot.press('enter');
      await robot.expectRow(/text of message 1500\./);
      await robot.press('J', 'J');
      await robot.expectRow(/not on this computer/);
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
