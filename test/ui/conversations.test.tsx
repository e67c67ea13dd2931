// Conversations on the screen over a real server: folded, unfolded, acted on, muted, shown message by message, with
// one's own answer in Sent and copies in other folders, at both sizes.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Program } from '../../src/app/app.ts';
import type { Config } from '../../src/config/types.ts';
import type { Engine } from '../../src/sync/types.ts';
import type { Robot } from '../robot/robot.tsx';
import { type Dovecot, startDovecot } from '../servers/dovecot.ts';
import { golden } from './golden.ts';
import { session } from './session.tsx';

const TIMETABLE = 'Engine timetable for the spring meeting';

/** Of years ago, so that rows say the same on every day. */
function mail(
  id: string,
  name: string,
  subject: string,
  day: number,
  references: readonly string[] = [],
): string {
  const address = `${name.split(' ')[0]?.toLowerCase()}@mail.example`;
  const ids = references.map(each => `<${each}@mail.example>`);
  return [
    `From: ${name} <${address}>`,
    'To: Ada <ada@mail.example>',
    `Subject: ${subject}`,
    `Date: ${new Date(Date.UTC(2019, 2, day, 9, 0)).toUTCString()}`,
    `Message-ID: <${id}@mail.example>`,
    ...(ids.length > 0 ? [`In-Reply-To: ${ids.at(-1)}`, `References: ${ids.join(' ')}`] : []),
    '',
    `The text of ${id}.`,
    '',
  ].join('\r\n');
}

const SECOND = mail('t2', 'Ada', `Re: ${TIMETABLE}`, 3, ['t1']);
const FOURTH = mail('t4', 'Charles Babbage', `Re: ${TIMETABLE}`, 6, ['t1', 't2', 't3']);

async function fill(server: Dovecot): Promise<void> {
  const seen = { flags: ['\\Seen'] };
  await server.deliver(
    'INBOX',
    [mail('h1', 'Tony Hoare', 'header file question', 1), mail('t1', 'Charles Babbage', TIMETABLE, 2)],
    seen,
  );
  await server.deliver('INBOX', [
    mail('c1', 'Grace Hopper', 'Compiler notes and scans', 4),
    mail('t3', 'Grace Hopper', `Re: ${TIMETABLE}`, 4, ['t1', 't2']),
    mail('h2', 'Dennis Ritchie', 'Re: header file question', 5, ['h1']),
    FOURTH,
  ]);
  await server.deliver('Sent', SECOND, seen);
  // Copies that a rule of the server has made.
  await server.deliver('Archive', [SECOND, FOURTH], seen);
  await server.doveadm('mailbox', 'create', '-u', server.user, 'Trash');
}

function configOf(server: Dovecot): Config {
  const auth = { t: 'plain', password: server.password } as const;
  const incoming = {
    host: server.host,
    port: server.imapPort,
    security: 'none',
    user: server.user,
    tls: {},
  } as const;
  return {
    file: null,
    defaultAccount: 'work',
    ui: { colors: 'auto', borders: 'unicode', markReadAfter: null, keys: {} },
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
        offline: 'all',
        serverCopy: null,
        disabled: false,
      },
    ],
  };
}

interface Walk {
  readonly robot: Robot<Program>;
  readonly engine: Engine;
  readonly server: Dovecot;
  /** The screen as it is now, once nothing moves any more. */
  shows(name: string): Promise<void>;
  /** Subjects of a folder on the server. */
  there(folder: string): Promise<readonly string[]>;
}

async function walk(columns: number, rows: number, run: (walk: Walk) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-conversations-'));
  await using server = await startDovecot({ pop3: false });
  try {
    await fill(server);
    const options = { config: configOf(server), dir, password: server.password, columns, rows };
    await session(options, async ({ robot, engine }) => {
      await engine.settled();
      await robot.settled();
      await robot.expectRow(/Charles Bab.*\(4\) Re: Engine timetable/);
      await run({
        robot,
        engine,
        server,
        async shows(name) {
          await engine.settled();
          await robot.settled();
          // What is said goes after a while, and what the engine does comes and goes.
          await golden(`conversations-${name}-${columns}x${rows}`, robot.rows().slice(0, -2));
        },
        async there(folder) {
          const text = await server.doveadm(
            'fetch',
            '-u',
            server.user,
            'hdr.message-id',
            'mailbox',
            folder,
            'all',
          );
          return [...text.matchAll(/<(\w+)@/g)].map(([, id]) => id ?? '').sort();
        },
      });
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

for (const [columns, rows] of [
  [80, 24],
  [160, 45],
] as const) {
  test(`folded with counts, one unfolded, all unfolded, message by message, read through, at ${columns}x${rows}`, () =>
    walk(columns, rows, async ({ robot, shows }) => {
      await shows('folded');
      await robot.press('z', 'o');
      await shows('one');
      await robot.press('z', 'R');
      await shows('all');
      await robot.press('z', 'M', 'T');
      await shows('off');
      await robot.expectNoRow(/\(4\)/);
      await robot.press('T');
      await robot.expectRow(/\(4\) Re: Engine/);
      // What is unread first: the third, after one's own answer.
      await robot.press('enter');
      await robot.expectRow(/text of t3\./);
      await robot.expectRow(/\[thread 3 of 4\] *$/);
      await robot.press('K');
      await robot.expectRow(/text of t2\./);
      await robot.expectRow(/\[thread 2 of 4\] *$/);
      await shows('read');
      await robot.press('J', 'J');
      await robot.expectRow(/\[thread 4 of 4\] *$/);
      await robot.press('J');
      await robot.expectRow(/text of h1\.|text of h2\./);
      await robot.expectRow(/\[thread [12] of 2\] *$/);
    }));

  test(`what is done to a fold is done to all of it here, and undone; a muted one stays quiet, at ${columns}x${rows}`, () =>
    walk(columns, rows, async ({ robot, engine, server, shows, there }) => {
      const before = robot.rows();
      await robot.press('d');
      await robot.expectRow(/Moved 3 messages to Trash\. u to undo\./);
      await shows('deleted');
      assert.deepEqual(await there('Trash'), ['t1', 't3', 't4']);
      assert.deepEqual(await there('INBOX'), ['c1', 'h1', 'h2']);
      assert.deepEqual(await there('Sent'), ['t2']);
      assert.deepEqual(await there('Archive'), ['t2', 't4']);
      await robot.press('u');
      await engine.settled();
      await robot.settled();
      assert.deepEqual(await there('INBOX'), ['c1', 'h1', 'h2', 't1', 't3', 't4']);
      assert.deepEqual(await there('Trash'), []);
      const content = (screen: readonly string[]) => screen.slice(1, -2);
      assert.deepEqual(content(robot.rows()), content(before));

      // Answers to a muted conversation come read.
      await robot.press('j', 'M');
      await robot.expectRow(/Muted, answers come read/);
      await server.deliver('INBOX', mail('h3', 'Ken Thompson', 'Re: header file question', 7, ['h1', 'h2']));
      await robot.expectRow(/> N?.*Ken Thompson .*\(3\) Re: header file/);
      await robot.press('z', 'o');
      await shows('muted');
      const seen = async () =>
        server.doveadm(
          'fetch',
          '-u',
          server.user,
          'flags',
          'mailbox',
          'INBOX',
          'header',
          'Message-ID',
          'h3@mail.example',
        );
      assert.match(await seen(), /\\Seen/);
      // One that is not muted comes unread.
      await server.deliver('INBOX', mail('c2', 'Alan Turing', 'Re: Compiler notes and scans', 8, ['c1']));
      await robot.expectRow(/ N .*Alan Turing .*\(2\) Re: Comp/);
      assert.equal((await there('INBOX')).length, 8);
    }));
}
