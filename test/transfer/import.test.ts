// What an import takes from other programs, and what it makes of files that mean harm.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, open, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { accountsIn } from '../../src/transfer/accounts-in.ts';
import { importMail } from '../../src/transfer/import.ts';
import { code, temporaryDirectory } from '../store/harness.ts';
import { computer, contentOf, imported, sha256 } from './world.ts';

const at = (text: string) => String(Date.parse(text));
const hash = (text: string) => sha256(Buffer.from(text, 'latin1'));

async function mboxContent(t: Parameters<typeof temporaryDirectory>[0], text: string) {
  const path = join(await temporaryDirectory(t), 'Mail.mbox');
  await writeFile(path, text, 'latin1');
  const store = await computer(t);
  const report = await imported(store, path);
  return { report, rows: (await contentOf(store)).Mail ?? [], store, path };
}

test('an mbox of mutt: flags, dates, quoted lines, a line that only looks like a From_ line', async t => {
  const text =
    'From ada@example.org Mon Nov 23 09:42:00 2020\nSubject: one\nStatus: RO\nX-Status: F\n\n>From here\n>>From there\nFrom now on it is text\n\n' +
    'From bob@example.org Tue Nov 24 10:00:00 2020\nSubject: two\n\nno flags, no final newline';
  const { rows, report } = await mboxContent(t, text);
  assert.deepEqual(rows, [
    `${hash('Subject: one\n\nFrom here\n>From there\nFrom now on it is text\n')} \\Flagged \\Seen ${at('2020-11-23T09:42:00Z')}`,
    `${hash('Subject: two\n\nno flags, no final newline')} ${at('2020-11-24T10:00:00Z')}`,
  ]);
  assert.deepEqual([report.imported, report.duplicates, report.complete], [2, 0, true]);
});

test('a Content-Length that fits is believed: nothing was quoted, and From_ lines in the text are text', async t => {
  const body = '>From kept\n\nFrom x@y Mon Nov 23 09:42:00 2020\nstill the first\n';
  const text =
    `From a@b Mon Nov 23 09:42:00 2020\nContent-Length: ${body.length}\n\n${body}\n` +
    'From a@b Mon Nov 23 09:43:00 2020\nContent-Length: 999\n\nlies\n\n' +
    'From a@b Mon Nov 23 09:44:00 2020\n\nlast\n';
  const { rows } = await mboxContent(t, text);
  assert.deepEqual(
    rows.map(row => row.split(' ')[0]),
    [
      hash(`Content-Length: ${body.length}\n\n${body}`),
      hash('Content-Length: 999\n\nlies\n'),
      hash('\nlast\n'),
    ],
  );
});

test('an mbox with CRLF line ends keeps them', async t => {
  const text =
    'From a@b Mon Nov 23 09:42:00 2020\r\nSubject: one\r\n\r\nx\r\n\r\nFrom a@b Mon Nov 23 09:43:00 2020\r\nSubject: two\r\n\r\ny\r\n\r\n';
  const { rows } = await mboxContent(t, text);
  assert.deepEqual(
    rows.map(row => row.split(' ')[0]),
    [hash('Subject: one\r\n\r\nx\r\n'), hash('Subject: two\r\n\r\ny\r\n')],
  );
});

test('an import that is repeated skips what is there; two that are alike in one source stay two', async t => {
  const one = 'From a@b Mon Nov 23 09:42:00 2020\nSubject: one\n\nx\n\n';
  const { report, store, path } = await mboxContent(t, one + one);
  assert.deepEqual([report.imported, report.duplicates], [2, 0]);
  const again = await imported(store, path);
  assert.deepEqual([again.imported, again.duplicates, again.complete], [0, 2, true]);
  await writeFile(path, one);
  assert.deepEqual((await imported(store, path)).imported, 0);
  await writeFile(path, one + one + one);
  assert.deepEqual((await imported(store, path)).imported, 1);
  assert.equal((await contentOf(store)).Mail?.length, 3);
});

test('the same message in two sources that go to one folder is one', async t => {
  const dir = join(await temporaryDirectory(t), 'mail');
  await mkdir(dir);
  const one = 'From a@b Mon Nov 23 09:42:00 2020\nSubject: one\n\nx\n\n';
  for (const name of ['old.mbox', 'older.mbox']) await writeFile(join(dir, name), one);
  await writeFile(
    join(dir, 'tmail-export.json'),
    JSON.stringify({
      tmail: 1,
      account: 'a',
      format: 'mbox',
      folders: [
        { levels: ['Box'], role: null, file: 'old.mbox' },
        { levels: ['Box'], role: null, file: 'older.mbox' },
      ],
    }),
  );
  const store = await computer(t);
  const report = await imported(store, dir);
  assert.deepEqual([report.imported, report.duplicates], [1, 1]);
});

test('mail of others stands in the order of its dates, whatever the order of files', async t => {
  const dir = join(await temporaryDirectory(t), 'mail');
  const day = (n: number) => `2020-01-0${n}T00:00:00Z`;
  const put = async (path: string, text: string, when: string) => {
    await mkdir(join(dir, path, '..'), { recursive: true });
    await writeFile(join(dir, path), text);
    await utimes(join(dir, path), new Date(when), new Date(when));
  };
  // A Maildir that was copied: its files are all of one day, their names tell more; and one that was fetched.
  const seconds = (n: number) => Date.parse(day(n)) / 1000;
  await put(`.Copied/cur/${seconds(3)}.a.host:2,S`, 'Subject: 3\n\n', day(9));
  await put(`.Copied/cur/${seconds(1)}.b.host:2,S`, 'Subject: 1\n\n', day(9));
  await put(`.Copied/new/${seconds(9)}.c.host`, 'Subject: 2\n\n', day(2));
  // Saved by a program, today.
  await put('Saved/b.eml', `Date: ${new Date(day(1)).toUTCString()}\nSubject: 1\n\n`, day(9));
  await put('Saved/a.eml', `Date: ${new Date(day(3)).toUTCString()}\nSubject: 3\n\n`, day(9));
  await put('Saved/c.eml', 'Subject: 2, without a date\n\n', day(2));
  const from = (n: number) =>
    `From a@b ${new Date(day(n)).toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) (.*) GMT$/, '$1 $3 $2 $5 $4')}\nSubject: ${n}\n\n\n`;
  await put('Moved.mbox', from(2) + from(3) + from(1), day(9));
  const store = await computer(t);
  assert.equal((await imported(store, dir)).imported, 9);
  const content = await contentOf(store);
  for (const path of ['Copied', 'Saved', 'Moved']) {
    assert.deepEqual(
      content[path]?.map(row => row.split(' ').at(-1)),
      [1, 2, 3].map(n => at(day(n))),
      path,
    );
  }
});

test('what is no mail is refused before anything changes', async t => {
  const dir = await temporaryDirectory(t);
  const store = await computer(t);
  const folders = (await store.account('home')).folders().length;
  for (const [name, text, wanted] of [
    ['none.mbox', 'Subject: no From_ line\n\nx', 'import.not-mbox'],
    ['photo.jpg', '\xff\xd8\xff\0JFIF', 'import.not-mail'],
    ['nul', '\0'.repeat(5000), 'import.not-mail'],
  ] as const) {
    await writeFile(join(dir, name), text, 'latin1');
    await assert.rejects(imported(store, join(dir, name)), code(wanted), name);
  }
  await assert.rejects(imported(store, join(dir, 'absent')), code('import.not-found'));
  execFileSync('mkfifo', [join(dir, 'pipe')]);
  await assert.rejects(imported(store, join(dir, 'pipe')), code('import.not-mail'));
  assert.equal((await store.account('home')).folders().length, folders);
});

test('a Maildir++ of another program: subfolders, new mail, keywords, times, and files of its own', async t => {
  const dir = join(await temporaryDirectory(t), 'Maildir');
  const put = async (path: string, text: string, when = '2019-01-02T03:04:05Z') => {
    await mkdir(join(dir, path, '..'), { recursive: true });
    await writeFile(join(dir, path), text);
    await utimes(join(dir, path), new Date(when), new Date(when));
  };
  for (const part of ['cur', 'new', 'tmp']) await mkdir(join(dir, part), { recursive: true });
  await put('cur/1546398245.M1P2.host,S=20:2,FSab', 'Subject: a\n\n1\n');
  await put('new/1546398246.M2P2.host', 'Subject: b\n\n2\n', '2019-01-02T03:04:06Z');
  await put('tmp/1546398247.M3P2.host', 'half-written');
  await put('dovecot-keywords', '0 todo\n1 $Label1\n');
  await put('dovecot-uidlist', '3 V1 N3\n');
  await put('.Sent/cur/1.a.b:2,S', 'Subject: c\n\n3\n');
  await mkdir(join(dir, '.Sent', 'new'));
  await put('.Archive.f&APw-r mich/cur/1.a.b:2,', 'Subject: d\n\n4\n');
  await mkdir(join(dir, '.Archive.f&APw-r mich', 'new'));
  const store = await computer(t);
  const report = await imported(store, dir);
  assert.deepEqual([report.imported, report.refused, report.otherFiles, report.error], [4, 0, 0, null]);
  const time = at('2019-01-02T03:04:05Z');
  assert.deepEqual(await contentOf(store), {
    Inbox: [
      `${hash('Subject: a\n\n1\n')} $Label1 \\Flagged \\Seen todo ${time}`,
      `${hash('Subject: b\n\n2\n')} ${at('2019-01-02T03:04:06Z')}`,
    ],
    Sent: [`${hash('Subject: c\n\n3\n')} \\Seen ${time}`],
    'Archive/für mich': [`${hash('Subject: d\n\n4\n')} ${time}`],
  });
});

test('attachments of imported mail are counted, of small messages and of those too large for memory', async t => {
  const dir = join(await temporaryDirectory(t), 'mail');
  await mkdir(dir);
  const file = (length: number) =>
    'Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n' +
    `Content-Disposition: attachment; filename=a.txt\n\n${'x\n'.repeat(length)}\n--b--\n`;
  await writeFile(join(dir, '1.eml'), 'Subject: none\n\ntext\n');
  await writeFile(join(dir, '2.eml'), `Subject: small\n${file(1)}`);
  await writeFile(join(dir, '3.eml'), `Subject: large\n${file(200_000)}`);
  const store = await computer(t);
  assert.equal((await imported(store, dir)).imported, 3);
  const counted: Record<string, number | null> = {};
  for (const id of store.accounts()) {
    const account = await store.account(id);
    for (const record of account.folders()) {
      const folder = await account.folder(record.id);
      await folder.loadAll();
      for await (const { envelope } of folder.scan()) counted[envelope.subject] = envelope.attachments;
    }
  }
  assert.deepEqual(counted, { none: 0, small: 1, large: 1 });
});

test('a folder of .eml files and one .eml go to Imported, or where they are told', async t => {
  const dir = join(await temporaryDirectory(t), 'mail');
  await mkdir(join(dir, 'deep'), { recursive: true });
  await writeFile(join(dir, 'one.eml'), 'Subject: 1\n\n');
  await writeFile(join(dir, 'TWO.EML'), 'Subject: 2\n\n');
  await writeFile(join(dir, 'deep', 'three.eml'), 'Subject: 3\n\n');
  await writeFile(join(dir, 'notes.txt'), 'nothing');
  const store = await computer(t);
  const report = await imported(store, dir);
  assert.deepEqual([report.imported, report.otherFiles], [3, 1]);
  await imported(store, join(dir, 'one.eml'), 'Sent');
  const sizes = Object.entries(await contentOf(store)).map(([path, rows]) => [path, rows.length]);
  assert.deepEqual(Object.fromEntries(sizes), { Imported: 2, deep: 1, Sent: 1 });
});

test('links, pipes, loops, broken names and a marker that lies lead nowhere', async t => {
  const outside = await temporaryDirectory(t);
  await writeFile(join(outside, 'secret.eml'), 'Subject: secret\n\n');
  const dir = join(await temporaryDirectory(t), 'mail');
  for (const part of ['cur', 'new', 'tmp']) await mkdir(join(dir, part), { recursive: true });
  await symlink(join(outside, 'secret.eml'), join(dir, 'cur', '1.link:2,S'));
  await symlink(outside, join(dir, '.Linked'));
  await symlink(dir, join(dir, '.Loop'));
  execFileSync('mkfifo', [join(dir, 'cur', '2.pipe:2,S'), join(dir, 'pipe.eml')]);
  await mkdir(join(dir, 'cur', '3.directory:2,S'));
  // A name that is no UTF-8.
  const odd = Buffer.concat([
    Buffer.from(join(dir, 'cur', '4.odd')),
    Buffer.from([0xff, 0xfe]),
    Buffer.from(':2,F'),
  ]);
  await writeFile(odd, 'Subject: odd name\n\n');
  await mkdir(join(dir, '.\u001b[31mred..'));
  for (const part of ['cur', 'new']) await mkdir(join(dir, '.\u001b[31mred..', part));
  await writeFile(join(dir, '.\u001b[31mred..', 'cur', '1.x:2,'), 'Subject: hostile folder\n\n');
  const folders = [
    { levels: ['x'], role: null, file: '../../..' },
    { levels: ['x'], role: null, file: '/etc' },
    { levels: [], role: 'inbox', file: '' },
    { levels: 7 },
  ];
  await writeFile(
    join(dir, 'tmail-export.json'),
    JSON.stringify({ tmail: 1, account: 'a', format: 'maildir', folders }),
  );
  const store = await computer(t);
  const report = await imported(store, dir);
  assert.deepEqual([report.imported, report.complete], [2, true]);
  assert.deepEqual(
    report.refusedNames.map(({ name, reason }) => `${name.split('/').at(-1)} ${reason}`).sort(),
    [
      '.Linked link',
      '.Loop link',
      '1.link:2,S ELOOP',
      '2.pipe:2,S not-a-file',
      '3.directory:2,S not-a-file',
      'pipe.eml not-a-file',
    ],
  );
  const content = await contentOf(store, { arrival: false });
  assert.deepEqual(content.Inbox, [`${hash('Subject: odd name\n\n')} \\Flagged`]);
  assert.deepEqual(Object.keys(content), ['Inbox', '_[31mred']);
});

test('a line of a gigabyte and a message larger than any mail cost no memory and end nothing', async t => {
  const path = join(await temporaryDirectory(t), 'huge.mbox');
  const handle = await open(path, 'w');
  const first = 'From a@b Mon Nov 23 09:42:00 2020\nSubject: huge\n\n';
  await handle.write(first, 0);
  // Sparse: zeros without a line end.
  await handle.write('\n\nFrom a@b Mon Nov 23 09:43:00 2020\nSubject: small\n\nx\n', 1024 * 1024 * 1024);
  await handle.close();
  const store = await computer(t);
  const before = process.memoryUsage().rss;
  const report = await imported(store, path);
  assert.deepEqual([report.imported, report.tooLarge, report.complete], [1, 1, true]);
  assert.ok(process.memoryUsage().rss - before < 150 * 1024 * 1024);
});

test('a disk that is full keeps what came, says so, and the next try takes the rest', async t => {
  const dir = await temporaryDirectory(t);
  const path = join(dir, 'Mail.mbox');
  const one = (n: number) => `From a@b Mon Nov 23 09:42:00 2020\nSubject: ${n}\nStatus: RO\n\nx\n\n`;
  await writeFile(path, Array.from({ length: 300 }, (_, n) => one(n)).join(''));
  const { faultyDisk, systemError } = await import('../store/faulty-disk.ts');
  const { openStore } = await import('../../src/store/store.ts');
  const { ensureFolders } = await import('../../src/sync/pop3/folders.ts');
  let left = 120;
  let full = false;
  const fs = faultyDisk((change, file) => {
    if (change === 'write' && file.includes('/raw/') && left-- < 0) full = true;
    if (full && change === 'write') throw systemError('ENOSPC');
    return undefined;
  });
  const store = await openStore({ dir: join(dir, 'data'), mode: 'owner', fs });
  t.after(() => store.close().catch(() => undefined));
  await ensureFolders(await store.account('home'));
  const report = await imported(store, path);
  assert.equal(report.error?.code, 'import.full');
  assert.equal(report.complete, false);
  full = false;
  left = Number.POSITIVE_INFINITY;
  const again = await imported(store, path);
  assert.deepEqual([again.error, again.complete], [null, true]);
  const rows = (await contentOf(store)).Mail ?? [];
  assert.equal(new Set(rows).size, 300);
  assert.equal(rows.length, 300);
  assert.ok(rows.every(row => row.includes('\\Seen')));
});

test('stopped in the middle, an import keeps what it reported', async t => {
  const path = join(await temporaryDirectory(t), 'Mail.mbox');
  const one = (n: number) => `From a@b Mon Nov 23 09:42:00 2020\nSubject: ${n}\n\nx\n\n`;
  await writeFile(path, Array.from({ length: 300 }, (_, n) => one(n)).join(''));
  const store = await computer(t);
  const stop = new AbortController();
  const report = await importMail({
    account: await store.account('home'),
    path,
    folder: null,
    signal: stop.signal,
    onProgress: (_, done) => done === 120 && stop.abort(),
    now: Date.now,
  });
  assert.equal(report.error?.kind, 'cancelled');
  assert.equal((await contentOf(store)).Mail?.length, report.imported);
  assert.ok(report.imported >= 100 && report.imported < 300);
  assert.equal((await imported(store, path)).imported, 300 - report.imported);
});

test('a list of accounts that lies leads nowhere outside', async t => {
  const dir = await temporaryDirectory(t);
  const accounts = [
    { account: 'a', file: '../a' },
    { account: 'b', file: '/etc' },
    { account: 'c', file: '..' },
    { account: 'd', file: '' },
    { account: 7, file: 'e' },
    { account: 'f', file: 'f' },
  ];
  await writeFile(join(dir, 'tmail-export.json'), JSON.stringify({ tmail: 1, format: 'eml', accounts }));
  assert.deepEqual(await accountsIn(dir), [{ account: 'f', path: join(dir, 'f') }]);
  assert.equal(await accountsIn(join(dir, 'tmail-export.json')), null);
  assert.equal(await accountsIn(join(dir, 'absent')), null);
});
