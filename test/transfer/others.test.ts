// What other programs make of our exports: Dovecot of a Maildir and an mbox, Python of an mbox; and back from Dovecot.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { ImapFlow } from 'imapflow';
import { type Dovecot, startDovecot } from '../servers/dovecot.ts';
import { temporaryDirectory } from '../store/harness.ts';
import { computer, contentOf, exported, fill, imported, type Letter, sha256 } from './world.ts';

const head = (n: number) => `From: Ada <ada@example.org>\r\nSubject: number ${n}\r\nMessage-ID: <${n}@x>\r\n`;
const FLAGS = [
  [],
  ['\\Seen'],
  ['\\Seen', '\\Answered', '$Forwarded'],
  ['\\Flagged', 'todo'],
  ['\\Draft', 'todo', 'later'],
];

/** Line ends as IMAP has them: then every byte can be compared. */
const letters = (count: number, text: (n: number) => string = n => 'x'.repeat(n)): Letter[] =>
  Array.from({ length: count }, (_, n) => ({
    bytes: Buffer.from(`${head(n)}\r\n${text(n)}\r\n`, 'latin1'),
    arrival: Date.UTC(2020, 0, 1 + n, 12, 0, n),
    flags: FLAGS[n % FLAGS.length] ?? [],
  }));

async function connected(t: TestContext, server: Dovecot): Promise<ImapFlow> {
  const flow = new ImapFlow({
    host: '127.0.0.1',
    port: server.imapPort,
    secure: false,
    doSTARTTLS: false,
    auth: { user: server.user, pass: server.password },
    logger: false,
    disableAutoIdle: true,
  });
  flow.on('error', () => undefined);
  await flow.connect();
  t.after(() => flow.close());
  return flow;
}

/** Checksum, flags and INTERNALDATE of each message, in the server's order. */
async function rowsOf(flow: ImapFlow, path: string): Promise<string[]> {
  const lock = await flow.getMailboxLock(path);
  try {
    const rows: string[] = [];
    const wanted = { source: true, flags: true, internalDate: true };
    for await (const { source, flags, internalDate } of flow.fetch('1:*', wanted)) {
      const names = [...(flags ?? [])].filter(flag => flag !== '\\Recent').sort();
      const at = internalDate instanceof Date ? internalDate.getTime() : Date.parse(internalDate ?? '');
      rows.push([sha256(source ?? Buffer.alloc(0)), ...names, at].join(' '));
    }
    return rows;
  } finally {
    lock.release();
  }
}

/** Dovecot is another user. */
async function giveTo(server: Dovecot): Promise<void> {
  const { uid, gid } = await stat(server.mailRoot);
  execFileSync('chown', ['-R', `${uid}:${gid}`, server.mailRoot]);
}

test('Dovecot reads an exported Maildir: folders, bytes, flags, keywords and dates; and back', async t => {
  const server = await startDovecot({ pop3: false, extraConfig: 'mail_save_crlf = yes' });
  t.after(() => server.dispose());
  const store = await computer(t);
  await fill(
    store,
    'Inbox',
    letters(120, n => `8-bit \xe9\xff\r\nFrom here\r\n>From there ${'y'.repeat(n * 50)}`),
  );
  await fill(store, 'Sent', letters(3));
  await fill(store, 'Archive/2026', letters(4));
  await fill(store, 'Archive/für später 邮件', letters(5));
  const wanted = await contentOf(store);
  assert.equal((await exported(store, 'maildir', server.mailRoot)).verified, 132);
  await giveTo(server);
  const flow = await connected(t, server);
  assert.deepEqual(await rowsOf(flow, 'INBOX'), wanted.Inbox);
  for (const path of ['Sent', 'Archive/2026', 'Archive/für später 邮件'])
    assert.deepEqual(await rowsOf(flow, path), wanted[path], path);
  // Somebody works there for a while; then it comes home.
  await flow.mailboxOpen('INBOX');
  await flow.messageFlagsAdd('1', ['\\Flagged', 'fresh']);
  await flow.messageFlagsRemove('2', ['\\Seen']);
  await flow.messageMove('3:5', 'Archive/2026');
  await flow.append(
    'Sent',
    'Subject: written there\r\n\r\nx\r\n',
    ['\\Seen'],
    new Date('2024-01-01T00:00:00Z'),
  );
  const now = await Promise.all(
    ['INBOX', 'Sent', 'Archive/2026'].map(async path => (await status(flow, path)) ?? 0),
  );
  assert.deepEqual(now, [117, 4, 7]);
  const there = { Inbox: await rowsOf(flow, 'INBOX'), Sent: await rowsOf(flow, 'Sent') };
  await flow.logout();
  await server.stop();
  const second = await computer(t);
  const back = await imported(second, server.mailRoot);
  assert.deepEqual([back.error, back.imported, back.refused], [null, 133, 0]);
  const content = await contentOf(second);
  assert.deepEqual(content.Inbox, there.Inbox);
  assert.deepEqual(content.Sent?.toSorted(), there.Sent.toSorted());
  assert.equal(content['Archive/2026']?.length, 7);
});

async function status(flow: ImapFlow, path: string): Promise<number | undefined> {
  const found = await flow.status(path, { messages: true });
  return found ? found.messages : undefined;
}

test('Dovecot reads an exported mbox: count, flags, dates and texts', async t => {
  const server = await startDovecot({
    pop3: false,
    extraConfig: 'mail_location = mbox:~/mail:INBOX=~/mail/Inbox.mbox\nmbox_write_locks = fcntl',
  });
  t.after(() => server.dispose());
  const store = await computer(t);
  // What would be quoted reads as it stands there: unquoting is not Dovecot's way.
  await fill(
    store,
    'Inbox',
    letters(60, n => `line of text\r\n${'z'.repeat(n * 100)}\r\nthe end of it`),
  );
  assert.equal((await exported(store, 'mbox', server.mailRoot)).verified, 60);
  await giveTo(server);
  const flow = await connected(t, server);
  const lock = await flow.getMailboxLock('INBOX');
  const rows: string[] = [];
  for await (const { source, flags, internalDate } of flow.fetch('1:*', {
    source: true,
    flags: true,
    internalDate: true,
  })) {
    const text = (source ?? Buffer.alloc(0)).toString('latin1');
    const at = internalDate instanceof Date ? internalDate.getTime() : 0;
    const own = text.replace(/^X-Tmail-Mbox: .*\r\n/, '');
    const names = [...(flags ?? [])].filter(flag => flag !== '\\Recent').sort();
    rows.push([sha256(Buffer.from(own, 'latin1')), ...names, at].join(' '));
  }
  lock.release();
  // Keywords it takes from an mbox only with a UIDVALIDITY of its own in it (X-IMAPbase).
  const wanted = (await contentOf(store)).Inbox?.map(row =>
    row.replace(/ (?:todo|later|\$Forwarded)\b/g, ''),
  );
  assert.deepEqual(rows, wanted);
});

const python = spawnSync('python3', ['-c', 'import mailbox']).status === 0;

test("Python's mailbox module reads an exported mbox and Maildir", { skip: !python }, async t => {
  const dir = await temporaryDirectory(t);
  const store = await computer(t);
  await fill(
    store,
    'Inbox',
    letters(40, n => `text ${n}`),
  );
  for (const format of ['mbox', 'maildir'] as const) await exported(store, format, join(dir, format));
  const program = `
import hashlib, json, mailbox, sys
kind, path = sys.argv[1:]
box = mailbox.mbox(path, create=False) if kind == 'mbox' else mailbox.Maildir(path, create=False)
print(json.dumps([[m['subject'], m.get_payload().replace('\\r\\n', '\\n').strip(), ''.join(sorted(m.get_flags()))] for m in box]))
`;
  for (const [kind, path] of [
    ['mbox', join(dir, 'mbox', 'Inbox.mbox')],
    ['maildir', join(dir, 'maildir')],
  ] as const) {
    const { stdout } = await promisify(execFile)('python3', ['-c', program, kind, path]);
    const found = (JSON.parse(stdout) as [string, string, string][]).sort((a, b) => (a[0] < b[0] ? -1 : 1));
    const letter = (flag: string) =>
      ({
        '\\Seen': kind === 'mbox' ? 'R' : 'S',
        '\\Answered': kind === 'mbox' ? 'A' : 'R',
        '\\Flagged': 'F',
        '\\Draft': kind === 'mbox' ? '' : 'D',
        $Forwarded: kind === 'mbox' ? '' : 'P',
      })[flag] ?? '';
    const wanted = Array.from({ length: 40 }, (_, n) => [
      `number ${n}`,
      `text ${n}`,
      (FLAGS[n % FLAGS.length] ?? []).map(letter).sort().join(''),
    ]).sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
    // Letters of our own keywords, and what mbox programs say of age and drafts, are not what is asked here.
    const plain = found.map(([subject, text, flags]) => [subject, text, flags.replace(/[OTa-z]/g, '')]);
    assert.deepEqual(plain, wanted, kind);
  }
});
