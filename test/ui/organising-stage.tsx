// Two accounts at the keys, one IMAP and one POP3, with a mailbox that every operation finds something in; and what
// their servers and this computer really have, line by line, looked up past tmail.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ImapFlow } from 'imapflow';
import type { AccountConfig, ArchiveScheme, Config, ServerCopy } from '../../src/config/types.ts';
import { flagNames } from '../../src/store/flags.ts';
import { type Dovecot, type DovecotOptions, startDovecot } from '../servers/dovecot.ts';
import { type Session, session } from './session.tsx';

/** A message of the mailbox; the conversation is "Plan" and what answers it. */
export interface Mail {
  readonly subject: string;
  /** Its own and INTERNALDATE. */
  readonly date: string;
  readonly flags?: readonly string[];
  readonly answers?: string;
  readonly body?: string;
}

/** Oldest first. */
export const INBOX: readonly Mail[] = [
  { subject: 'Attic', date: '2023-03-11T08:00:00Z', flags: ['\\Seen', '\\Flagged'] },
  { subject: 'Budget', date: '2024-07-12T09:30:00Z', flags: ['\\Seen', '$Work'] },
  { subject: 'Plan', date: '2026-05-04T10:00:00Z', flags: ['\\Seen', '\\Answered'] },
  { subject: 'Cards', date: '2026-05-20T11:00:00Z', flags: [] },
  { subject: 'Re: Plan', date: '2026-06-02T12:00:00Z', flags: ['\\Flagged'], answers: 'Plan' },
  { subject: 'Dinner', date: '2026-06-15T13:00:00Z', flags: ['$Work', 'Later'] },
  { subject: 'Aw: Plan', date: '2026-07-01T14:00:00Z', flags: [], answers: 'Plan' },
  {
    subject: 'Engine',
    date: '2026-07-02T15:00:00Z',
    flags: [],
    body: 'x\r\n.\r\n..y\r\nGr\u00fc\u00dfe \r\n\r\n',
  },
];

/** Oldest first; of the POP3 account. */
export const MAILDROP: readonly Mail[] = [
  { subject: 'Ferry', date: '2025-11-03T08:00:00Z' },
  { subject: 'Garden', date: '2026-02-03T08:00:00Z', body: 'a\r\n.\r\n..b\r\nGr\u00fc\u00dfe\r\n' },
  { subject: 'Harbour', date: '2026-04-03T08:00:00Z' },
];

export function bytesOf({ subject, date, answers, body }: Mail): Buffer {
  const id = (of: string) => `<${of.replaceAll(/\W+/g, '-').toLowerCase()}@mail.example>`;
  const lines = [
    'From: Grace <grace@mail.example>',
    'To: Ada <ada@mail.example>',
    `Subject: ${subject}`,
    `Date: ${new Date(date).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: ${id(subject)}`,
    ...(answers === undefined ? [] : [`In-Reply-To: ${id(answers)}`, `References: ${id(answers)}`]),
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    body ?? `The text of ${subject}.\r\n`,
  ];
  return Buffer.from(lines.join('\r\n'));
}

export interface StageOptions {
  readonly archive?: ArchiveScheme;
  readonly serverCopy?: ServerCopy;
  readonly columns?: number;
  readonly rows?: number;
  readonly inbox?: readonly Mail[];
  readonly maildrop?: readonly Mail[];
  /** Where the mailbox is, and what finds that folder in the picker; the inbox unless said. */
  readonly home?: Home;
  readonly server?: DovecotOptions;
}

export interface Home {
  readonly path: string;
  readonly words: string;
}

export interface Stage extends Session {
  readonly server: Dovecot;
  /** Another client of the IMAP account. */
  raw(): Promise<ImapFlow>;
  readonly home: Home;
  /** What the IMAP server has: `folder | subject | flags | INTERNALDATE | hash of the bytes`, sorted. */
  truth(): Promise<readonly string[]>;
  /** What the POP3 account has on this computer, in the same form; bytes are read from the disk. */
  local(): Promise<readonly string[]>;
  /** Subjects in the POP3 server's maildrop. */
  maildrop(): Promise<readonly string[]>;
  /** The list on the screen, without the cursor. */
  list(): readonly string[];
  /** Subjects from top to bottom. */
  subjects(): readonly string[];
  /** The cursor goes to this message or fold of the list on the screen. */
  cursorTo(subject: string): Promise<void>;
  /** What is typed for that. */
  keysTo(subject: string): string;
  /** Types without waiting for servers, until it is said; seen in the log too, as something else may be said next. */
  typeUntil(bytes: string, said: string | RegExp): Promise<void>;
  openFolder(words: string): Promise<void>;
  /** Opens the palette, runs what it finds. */
  command(words: string): Promise<void>;
  /** Every engine has nothing to do, and the screen shows it. */
  still(): Promise<void>;
}

/** One server for all; each `run` has a data directory and a mailbox of its own. */
export async function stage(
  t: TestContext,
  options: StageOptions,
  run: (stage: Stage) => Promise<void>,
): Promise<void> {
  const server = await startDovecot(options.server);
  t.after(() => server.dispose());
  const dir = await mkdtemp(join(tmpdir(), 'tmail-organising-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const ada = await clientOf(server, 'ada');
  const bob = await clientOf(server, 'bob');
  t.after(() => {
    ada.close();
    bob.close();
  });
  const home = options.home ?? { path: 'INBOX', words: 'work/inbox' };
  const raw = await ada.raw();
  for (const folder of ['Projects', 'Projects/Mill']) await raw.mailboxCreate(folder);
  await fill(raw, home.path, options.inbox ?? INBOX);
  await fill(raw, 'Projects', [{ subject: 'Fixed', date: '2026-01-02T08:00:00Z' }]);
  await fill(await bob.raw(), 'INBOX', options.maildrop ?? MAILDROP);
  const { columns = 80, rows = 24 } = options;
  const config = configOf(server, options);
  // Every step waits until all is written.
  const of = { config, dir, password: server.password, columns, rows, groupMs: 5 };
  // Node writes them over the screen.
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on('warning', warned);
  t.after(() => process.off('warning', warned));
  await session(of, async it => {
    const made = stageOf(server, it, home, ada, bob);
    await made.still();
    await made.openFolder(home.words);
    await run(made);
    await made.still();
    for (const engine of it.engines) assert.equal(engine.status().queued, 0, 'nothing waits');
  });
  assert.deepEqual(warnings, []);
}

function configOf(server: Dovecot, { archive, serverCopy = 'keep' }: StageOptions): Config {
  const auth = { t: 'plain', password: server.password } as const;
  const account = (id: string, protocol: 'imap' | 'pop3', user: string, port: number): AccountConfig => ({
    id,
    email: `${user}@mail.example`,
    name: user,
    protocol,
    incoming: { host: server.host, port, security: 'tls', user, tls: { ca: server.ca } },
    outgoing: null,
    auth,
    outgoingAuth: auth,
    offline: 'all',
    serverCopy: null,
    disabled: false,
    ...(archive && { archive }),
  });
  const pop3 = {
    firstRun: 'all',
    sizeLimit: null,
    sessionMessages: null,
    sessionBytes: null,
    checkEvery: 600_000,
  } as const;
  return {
    file: null,
    defaultAccount: 'work',
    ui: { colors: 'auto', borders: 'ascii', markReadAfter: 0, keys: {} },
    accounts: [
      account('work', 'imap', 'ada', server.imapsPort),
      { ...account('home', 'pop3', 'bob', server.pop3sPort), serverCopy, pop3 },
    ],
  };
}

/** A client that knows no tmail. */
interface Client {
  /** Connected, again after the server was away. */
  raw(): Promise<ImapFlow>;
  close(): void;
}

async function clientOf(server: Dovecot, user: string): Promise<Client> {
  let raw = await connected(server, user);
  return {
    async raw() {
      if (!raw.usable) raw = await connected(server, user);
      return raw;
    },
    close: () => raw.close(),
  };
}

async function connected(server: Dovecot, user: string): Promise<ImapFlow> {
  const raw = new ImapFlow({
    host: server.host,
    port: server.imapPort,
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass: server.password },
    logger: false,
    disableAutoIdle: true,
  });
  raw.on('error', () => undefined);
  await raw.connect();
  return raw;
}

async function fill(raw: ImapFlow, folder: string, mails: readonly Mail[]): Promise<void> {
  for (const mail of mails)
    await raw.append(folder, bytesOf(mail), [...(mail.flags ?? [])], new Date(mail.date));
}

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 12);
const line = (folder: string, subject: string, flags: Iterable<string>, date: Date, bytes: Uint8Array) =>
  [
    folder,
    subject,
    [...flags]
      .filter(flag => flag !== '\\Recent')
      .sort()
      .join(' '),
    date.toISOString().slice(0, 19),
    hash(bytes),
  ].join(' | ');

async function everything(raw: ImapFlow): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { path, flags } of await raw.list()) {
    if (flags.has('\\Noselect') || flags.has('\\NonExistent')) continue;
    const { exists } = await raw.mailboxOpen(path, { readOnly: true });
    if (exists === 0) continue;
    const wanted = { flags: true, internalDate: true, source: true, envelope: true } as const;
    for await (const one of raw.fetch('1:*', wanted)) {
      assert.ok(one.source && one.flags && one.internalDate && one.envelope);
      lines.push(line(path, one.envelope.subject ?? '', one.flags, new Date(one.internalDate), one.source));
    }
  }
  // Selected is nothing: tmail's own work in that folder is as it is without us.
  await raw.mailboxClose();
  return lines.sort();
}

function stageOf(server: Dovecot, it: Session, home: Home, ada: Client, bob: Client): Stage {
  const { robot, engines, store } = it;
  const still = async () => {
    await robot.settled();
    await Promise.all(engines.map(engine => engine.settled()));
    await robot.settled();
  };
  /** Rows between the title and the last two; the pane in the middle where there are three. */
  const pane = () =>
    robot
      .rows()
      .slice(1, -2)
      .map(row => row.split('|'))
      .flatMap(parts => (parts.length === 1 ? parts : parts.slice(1, 2)))
      .map(row => row.trimEnd());
  const list = () => pane().flatMap(row => (row.length > 1 && !row.startsWith('--') ? [row.slice(1)] : []));
  const subjectIn = (row: string) => /Grace +(?:\(\d+\) )?(.+?)(?: +\[.*)?$/.exec(row)?.[1];
  const subjects = () => list().flatMap(row => subjectIn(row) ?? []);
  const keysTo = (subject: string): string => {
    const at = subjects().indexOf(subject);
    assert.ok(at >= 0, `${subject} is not in\n${robot.rows().join('\n')}`);
    return `gg${'j'.repeat(at)}`;
  };
  return {
    ...it,
    server,
    raw: ada.raw,
    home,
    still,
    list,
    subjects,
    truth: async () => {
      await still();
      return everything(await ada.raw());
    },
    async local() {
      await still();
      const account = await store.account('home');
      const lines: string[] = [];
      for (const record of account.folders()) {
        const folder = await account.folder(record.id);
        await folder.loadAll();
        for await (const { uid, flags, envelope } of folder.scan()) {
          const raw = folder.raw(uid);
          assert.ok(raw, `${envelope.subject} is not on this computer`);
          const names = flagNames(flags, folder.keywords);
          const bytes = await account.raw.read(raw);
          lines.push(line(record.path, envelope.subject, names, new Date(envelope.arrival), bytes));
        }
      }
      return lines.sort();
    },
    async maildrop() {
      await still();
      const all = await everything(await bob.raw());
      return all.map(each => each.split(' | ')[1] ?? '');
    },
    keysTo,
    async typeUntil(bytes, said) {
      const before = robot.app.state.get().log.at(-1);
      robot.terminal.send(bytes);
      const has = (text: string) => (typeof said === 'string' ? text.includes(said) : said.test(text));
      await robot.waitFor(`said: ${String(said)}`, () => {
        const { log } = robot.app.state.get();
        const since = before === undefined ? 0 : log.lastIndexOf(before) + 1;
        return log.slice(since).some(({ text }) => has(text)) || robot.rows().some(has);
      });
    },
    async cursorTo(subject) {
      await robot.send(keysTo(subject));
      const row = pane().find(each => each.startsWith('>')) ?? '';
      assert.equal(subjectIn(row), subject, robot.rows().join('\n'));
    },
    async openFolder(words) {
      await robot.press('c');
      await robot.type(words);
      await robot.press('enter');
      await still();
    },
    async command(words) {
      await robot.press(':');
      await robot.type(words);
      await robot.press('enter');
    },
  };
}

/** These lines of one side are in this folder of the other. */
export const into = (lines: readonly string[], folder: string) =>
  lines.map(line => line.replace(/^[^|]+/, `${folder} `));

/** What both sides have, one after the other. */
export async function both(it: Stage): Promise<{ server: readonly string[]; here: readonly string[] }> {
  return { server: await it.truth(), here: await it.local() };
}
