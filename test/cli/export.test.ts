// tmail export and tmail import as a person and a script run them: the built program, alone and beside an open one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openStore } from '../../src/store/store.ts';
import { type Place, place } from './place.ts';
import { tmail } from './program.ts';

const one = (n: number, flags = 'RO') =>
  `From ada@example.org Mon Nov 23 09:42:${String(n % 60).padStart(2, '0')} 2020\nStatus: ${flags}\nSubject: number ${n}\n\ntext\n\n`;
const mailbox = (count: number) => Array.from({ length: count }, (_, n) => one(n)).join('');

/** A POP3 account whose server nobody answers for. */
async function home(t: TestContext): Promise<Place> {
  const incoming = { host: '127.0.0.1', port: 1, security: 'none', user: 'ada' };
  return place(t, incoming, { protocol: 'pop3', serverCopy: 'delete' });
}

async function withMail(t: TestContext, count: number): Promise<Place> {
  const here = await home(t);
  await writeFile(join(here.dir, 'old.mbox'), mailbox(count));
  const ran = await tmail(['import', join(here.dir, 'old.mbox'), '--folder', 'inbox'], here);
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  assert.match(ran.stdout, new RegExp(`^work: ${count} messages? imported into 1 folder, .*\n$`));
  return here;
}

const exportTo = (here: Place, to: string, ...more: string[]) =>
  tmail(['export', '--account', 'work', '--format', 'maildir', '--to', to, ...more], {
    ...here,
    cwd: here.dir,
  });

test('imported mail is listed with its flags and dates, exported, and comes again as JSON', async t => {
  const here = await withMail(t, 3);
  const list = (await tmail(['list', '--json'], here)).stdout
    .trim()
    .split('\n')
    .map(row => JSON.parse(row));
  assert.deepEqual(
    list.map(row => [row.subject, row.flags]),
    [2, 1, 0].map(n => [`number ${n}`, ['seen']]),
  );
  const out = await exportTo(here, 'backup');
  assert.deepEqual([out.status, out.stderr], [0, '']);
  const to = join(here.dir, 'backup');
  assert.equal(
    out.stdout,
    `work: 3 messages in ${to} (maildir), each read back and compared; 3 written now, 72 B\n`,
  );
  assert.equal((await readdir(join(to, 'cur'))).length, 3);
  const again = await exportTo(here, 'backup', '--json');
  const report = JSON.parse(again.stdout);
  assert.deepEqual(report, {
    account: 'work',
    format: 'maildir',
    to,
    complete: true,
    verified: 3,
    written: 0,
    bytes: 0,
    folders: 6,
    notHere: 0,
    partial: 0,
    damaged: 0,
    errors: [],
  });
  const back = await tmail(['import', to, '--account', 'work', '--json'], here);
  assert.equal(back.status, 0);
  const { imported, duplicates, complete } = JSON.parse(back.stdout);
  assert.deepEqual([imported, duplicates, complete], [0, 3, true]);
});

test('wrong usage is status 2, what can not be done is 1, with one sentence', async t => {
  const here = await withMail(t, 1);
  await writeFile(join(here.dir, 'x'), 'theirs');
  const imap = await place(t, { host: '127.0.0.1', port: 1, security: 'none', user: 'ada' });
  for (const [args, at, status, words] of [
    [['export', '--to', 'b'], here, 2, /--format is needed: mbox, maildir, eml/],
    [['export', '--format', 'mbox'], here, 2, /--to is needed/],
    [['export', '--format', 'zip', '--to', 'b'], here, 2, /--format must be one of/],
    [['export', '--format', 'eml', '--to', '/sys/x'], here, 1, /\/sys\/x can't be written/],
    [
      ['export', '--format', 'eml', '--to', join(here.dir, 'x')],
      here,
      2,
      /holds something else; nothing was written/,
    ],
    [['export', '--format', 'eml', '--to', 'b', '--folder', 'inbx'], here, 1, /Did you mean/],
    [['export', '--format', 'eml', '--to', 'b'], imap, 1, /nothing of "work" is on this computer/],
    [['import', join(here.dir, 'absent')], here, 2, /does not exist/],
    [
      ['import', join(here.dir, 'data', 'accounts', 'work', 'folders')],
      here,
      2,
      /no mbox file, no Maildir and no \.eml/,
    ],
    [['import', join(here.dir, 'x')], here, 2, /no mbox file, no Maildir and no \.eml/],
    [
      ['import', join(here.dir, 'x')],
      imap,
      1,
      /nothing of "work" is on this computer yet\. Next: tmail sync --account work/,
    ],
  ] as const) {
    const ran = await tmail(args, { ...at, cwd: at.dir });
    assert.equal(ran.status, status, `${args.join(' ')}: ${ran.stderr}`);
    assert.match(ran.stderr, words);
    assert.match(ran.stderr, /^[^\n]+\n$/);
    assert.equal(ran.stdout, '');
  }
  assert.equal(await readFile(join(here.dir, 'x'), 'utf8'), 'theirs');
});

test('a damaged file is named, counted, and the status says so', async t => {
  const here = await withMail(t, 3);
  const files = await readdir(join(here.dir, 'data'), { recursive: true });
  const [eml = ''] = files.filter(name => name.endsWith('.eml')).sort();
  await writeFile(join(here.dir, 'data', eml), 'damaged');
  const out = await exportTo(here, 'backup', '--json');
  const report = JSON.parse(out.stdout);
  assert.deepEqual([out.status, report.verified, report.damaged], [1, 2, 1]);
  assert.match(report.errors[0].id, /^work:1:\d+$/);
  assert.match(out.stderr, /^work: work:1:\d+ is not in the export: .*damaged/);
  // It is no export to rely on.
  const doctor = await tmail(['doctor'], here);
  assert.match(
    doctor.stdout,
    /^ok +work: backup: never exported: if this disk breaks, 3 messages are gone\. tmail export$/m,
  );
});

test('doctor reminds of an export until there is one', async t => {
  const here = await withMail(t, 2);
  const backup = async () =>
    (await tmail(['doctor', '--json'], here)).stdout.match(/"step":"backup"/g)?.length ?? 0;
  assert.equal(await backup(), 1);
  // One folder is not the account.
  await exportTo(here, 'part', '--folder', 'inbox');
  assert.equal(await backup(), 1);
  await exportTo(here, 'all');
  assert.equal(await backup(), 0);
});

test('beside an open tmail that one imports, and remembers the export', async t => {
  const here = await withMail(t, 1);
  const child = spawn(process.execPath, ['.build/test/cli/owner.child.js'], {
    env: { PATH: process.env.PATH, ...here.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill());
  await once(child.stdout, 'data');
  await writeFile(join(here.dir, 'new.mbox'), mailbox(120));
  const ran = await tmail(['import', join(here.dir, 'new.mbox'), '--folder', 'Box', '--json'], here);
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  assert.equal(JSON.parse(ran.stdout).imported, 120);
  const out = await exportTo(here, 'all');
  assert.equal(out.status, 0, out.stderr);
  assert.match(out.stdout, /^work: 121 messages/);
  child.stdin.end();
  await once(child, 'close');
  const store = await openStore({ dir: join(here.dir, 'data'), mode: 'reader' });
  t.after(() => store.close());
  const note = await (await store.account('work')).exports.last();
  assert.deepEqual([note?.messages, note?.format, note?.to], [121, 'maildir', join(here.dir, 'all')]);
});

test('stopped by a signal, an export says what is complete, and the same command goes on', async t => {
  const here = await withMail(t, 1500);
  const to = join(here.dir, 'all');
  const stopped = await tmail(['export', '--account', 'work', '--format', 'eml', '--to', to], {
    ...here,
    during: child => {
      let asked = false;
      const look = setInterval(async () => {
        const names = await readdir(join(to, 'Inbox')).catch(() => []);
        // A second signal would end it at once, without a word.
        if (names.length <= 64 || asked) return;
        asked = true;
        clearInterval(look);
        child.kill('SIGINT');
      }, 5);
      child.on('close', () => clearInterval(look));
    },
  });
  assert.equal(stopped.status, 130, stopped.stderr);
  const complete = Number(
    /(\d+) messages? in .* complete; the same command goes on/.exec(stopped.stderr)?.[1],
  );
  assert.ok(complete > 0 && complete < 1500, stopped.stderr);
  const again = await tmail(['export', '--account', 'work', '--format', 'eml', '--to', to, '--json'], here);
  const report = JSON.parse(again.stdout);
  assert.deepEqual([again.status, report.verified, report.written], [0, 1500, 1500 - complete]);
});

/** Two POP3 accounts with mail and an IMAP account without. */
async function three(t: TestContext): Promise<Place> {
  const here = await withMail(t, 3);
  const incoming = { host: '127.0.0.1', port: 1, security: 'none', user: 'ada' };
  const auth = { passwordEnv: 'P' };
  const pop3 = { email: 'a@b.c', protocol: 'pop3', serverCopy: 'delete', incoming, auth };
  const imap = { email: 'a@b.c', protocol: 'imap', incoming, auth };
  await writeFile(
    join(here.dir, 'config.json'),
    JSON.stringify({ accounts: { work: pop3, home: pop3, web: imap } }),
  );
  await writeFile(join(here.dir, 'home.mbox'), mailbox(2));
  const ran = await tmail(
    ['import', join(here.dir, 'home.mbox'), '--account', 'home', '--folder', 'Mill'],
    here,
  );
  assert.equal(ran.status, 0, ran.stderr);
  return here;
}

const rows = (text: string) =>
  text
    .trim()
    .split('\n')
    .map(row => JSON.parse(row));

test('without --account all accounts go out, each in its folder, and come back each to its own', async t => {
  const here = await three(t);
  const to = join(here.dir, 'backup');
  const all = ['export', '--format', 'eml', '--to', to];
  const out = await tmail(all, here);
  assert.deepEqual([out.status, out.stderr], [0, '']);
  assert.equal(
    out.stdout,
    `work: 3 messages in ${to}/work (eml), each read back and compared; 3 written now, 72 B\n` +
      `home: 2 messages in ${to}/home (eml), each read back and compared; 2 written now, 48 B\n`,
  );
  const again = rows((await tmail([...all, '--json'], here)).stdout);
  assert.deepEqual(
    again.map(row => [row.account, row.verified, row.written]),
    [
      ['work', 3, 0],
      ['home', 2, 0],
    ],
  );
  const fresh = { ...here, env: { ...here.env, TMAIL_DATA: join(here.dir, 'new') } };
  const back = await tmail(['import', to], fresh);
  assert.deepEqual([back.status, back.stderr], [0, '']);
  assert.match(back.stdout, /^work: 3 messages imported .*\nhome: 2 messages imported .*\n$/);
  const list = await tmail(['list', '--account', 'home', '--folder', 'Mill', '--json'], fresh);
  assert.equal(rows(list.stdout).length, 2);
  // One of them alone, also into another account.
  const part = await tmail(['import', to, '--account', 'home', '--json'], fresh);
  assert.deepEqual(
    rows(part.stdout).map(row => [row.account, row.duplicates]),
    [['home', 2]],
  );
  const other = await tmail(['import', join(to, 'home'), '--account', 'work', '--json'], fresh);
  assert.equal(rows(other.stdout)[0].imported, 2);
});

test('an export of all accounts says which of them take nothing here', async t => {
  const here = await three(t);
  const to = join(here.dir, 'backup');
  assert.equal((await tmail(['export', '--format', 'mbox', '--to', to], here)).status, 0);
  const incoming = { host: '127.0.0.1', port: 1, security: 'none', user: 'ada' };
  const one = await place(t, incoming, { protocol: 'pop3', serverCopy: 'delete' });
  const back = await tmail(['import', to], one);
  assert.equal(back.status, 0);
  assert.match(back.stdout, /^work: 3 messages imported [^\n]*\n$/);
  assert.match(back.stderr, /^home: not imported\. There is no such account here; [^\n]*\n$/);
  const imap = await place(t, incoming);
  const none = await tmail(['import', to], imap);
  assert.deepEqual([none.status, none.stdout], [2, '']);
  assert.match(
    none.stderr,
    /backup holds the mail of work, home; .* tmail import .*\/work --account NAME\n$/,
  );
  const named = await tmail(['import', to, '--account', 'work'], imap);
  assert.equal(named.status, 1);
  assert.match(named.stderr, /nothing of "work" is on this computer yet\. Next: tmail sync --account work/);
});

test('an export of one account and one of all are not mixed, nor formats, nor what somebody else has there', async t => {
  const here = await three(t);
  const to = (name: string) => join(here.dir, name);
  const one = (format: string, path: string) =>
    tmail(['export', '--account', 'work', '--format', format, '--to', path], here);
  const all = (format: string, path: string) => tmail(['export', '--format', format, '--to', path], here);
  assert.equal((await one('eml', to('one'))).status, 0);
  assert.equal((await all('eml', to('all'))).status, 0);
  for (const ran of [
    await all('eml', to('one')),
    await one('eml', to('all')),
    await all('mbox', to('all')),
    await all('eml', here.dir),
    await all('eml', to('home.mbox')),
  ]) {
    assert.deepEqual([ran.status, ran.stdout], [2, '']);
    assert.match(ran.stderr, /^[^\n]* holds something else; nothing was written[^\n]*\n$/);
  }
  const proc = await all('eml', '/proc/tmail/deep');
  assert.deepEqual([proc.status, proc.stdout], [1, '']);
  assert.match(proc.stderr, /^[^\n]*\/proc\/tmail\/deep can't be written \(ENOENT\)\.\n$/);
});
