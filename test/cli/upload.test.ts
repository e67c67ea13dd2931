// tmail import into an IMAP account: the built program against a real server, alone, beside an owner, and killed.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Dovecot, startDovecot } from '../servers/dovecot.ts';
import { owner } from './owner.ts';
import { type Place, place } from './place.ts';
import { tmail } from './program.ts';
import { done, lines, message, rows } from './rows.ts';

async function account(t: TestContext, server: Dovecot): Promise<Place> {
  const incoming = { host: '127.0.0.1', port: server.imapPort, security: 'none', user: server.user };
  return place(t, incoming, { offline: 'headers' });
}

const mbox = (numbers: readonly number[]) =>
  numbers
    .map(
      n =>
        `From a@b Mon Nov 23 09:42:${String(n % 60).padStart(2, '0')} 2020\nStatus: RO\nX-Keywords: todo\n${message(n).replaceAll('\r', '')}\n`,
    )
    .join('');

/** Subject, flags and arrival of all that is in a folder of the server. */
async function onServer(server: Dovecot, folder: string): Promise<string[]> {
  const fields = 'hdr.subject flags date.received.unixtime';
  const text = await server.doveadm('-f', 'tab', 'fetch', '-u', server.user, fields, 'mailbox', folder);
  return text
    .split('\n')
    .filter(line => line.includes('number'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

test('an mbox goes to the server with flags, keywords and dates, once however often it is imported', async t => {
  await using server = await startDovecot({ pop3: false });
  await server.deliver('INBOX', [message(1)]);
  const here = await account(t, server);
  const path = join(here.dir, 'Old mail.mbox');
  await writeFile(path, mbox([1, 2, 3]));
  const early = await tmail(['import', path], here);
  assert.equal(early.status, 1);
  assert.match(early.stderr, /nothing of "work" is on this computer yet. Next: tmail sync --account work/);

  done(await tmail(['sync'], here));
  const [report] = lines(done(await tmail(['import', path, '--json'], here)).stdout);
  assert.deepEqual([report.imported, report.duplicates, report.complete], [3, 0, true]);
  const at = (n: number) => Date.UTC(2020, 10, 23, 9, 42, n) / 1000;
  const expected = [1, 2, 3].map(
    n => new RegExp(`^number ${n}\t.*\\\\Seen.*\ttodo|^number ${n}\t.*${at(n)}$`),
  );
  const there = await onServer(server, 'Old mail');
  assert.equal(there.length, 3);
  for (const [i, line] of there.entries()) {
    assert.match(line, expected[i] ?? /never/);
    assert.match(line, /\\Seen/);
    assert.match(line, /todo/);
    assert.match(line, new RegExp(String(at(i + 1))));
  }
  // Also into the folder that has one of them, from another computer that knows it by its size alone.
  const [again] = lines(done(await tmail(['import', path, '--json'], here)).stdout);
  assert.deepEqual([again.imported, again.duplicates], [0, 3]);
  const other = await account(t, server);
  done(await tmail(['sync'], other));
  const [inbox] = lines(done(await tmail(['import', path, '--folder', 'inbox', '--json'], other)).stdout);
  assert.deepEqual([inbox.imported, inbox.duplicates], [2, 1]);
  assert.equal((await onServer(server, 'INBOX')).length, 3);
});

test('without the server it waits here, readable, and goes with the next sync; a Maildir keeps its folders', async t => {
  await using server = await startDovecot({ pop3: false });
  const here = await account(t, server);
  done(await tmail(['sync'], here));
  const maildir = join(here.dir, 'Maildir');
  for (const folder of ['', '.Projects', '.Projects.2020']) {
    for (const sub of ['cur', 'new', 'tmp']) await mkdir(join(maildir, folder, sub), { recursive: true });
  }
  await writeFile(join(maildir, 'cur', '1600000000.M1.host:2,FS'), message(1));
  await writeFile(join(maildir, '.Projects', 'new', '1600000001.M2.host'), message(2));
  await writeFile(join(maildir, '.Projects.2020', 'cur', '1600000002.M3.host:2,R'), message(3));
  await server.stop();
  const offline = await tmail(['import', maildir], here);
  assert.equal(offline.status, 0, offline.stderr);
  assert.match(offline.stdout, /^work: 3 messages imported into 3 folders/);
  assert.match(offline.stderr, /work: \d changes wait for the next tmail sync/);
  const [row] = await rows(here);
  assert.match((await tmail(['show', '--offline', row?.id ?? ''], here)).stdout, /body 1/);
  await server.restart();
  done(await tmail(['sync'], here));
  const separator = (await server.doveadm('mailbox', 'list', '-u', server.user)).includes('Projects/2020')
    ? '/'
    : '.';
  assert.match((await onServer(server, 'INBOX'))[0] ?? '', /number 1.*\\Flagged|number 1.*\\Seen/);
  assert.equal((await onServer(server, 'Projects')).length, 1);
  assert.match((await onServer(server, `Projects${separator}2020`))[0] ?? '', /number 3.*\\Answered/);
});

test('beside an open screen its process uploads', async t => {
  await using server = await startDovecot({ pop3: false });
  const here = await account(t, server);
  done(await tmail(['sync'], here));
  const leave = await owner(t, here);
  const path = join(here.dir, 'a.mbox');
  await writeFile(path, mbox([1, 2]));
  done(await tmail(['import', path, '--folder', 'inbox'], here));
  done(await tmail(['sync'], here));
  assert.equal((await onServer(server, 'INBOX')).length, 2);
  await leave();
});

test('killed at any time and repeated, each message is on the server once', async t => {
  await using server = await startDovecot({ pop3: false });
  const here = await account(t, server);
  done(await tmail(['sync'], here));
  const path = join(here.dir, 'a.mbox');
  const numbers = Array.from({ length: 60 }, (_, n) => n + 1);
  await writeFile(path, mbox(numbers));
  for (const ms of [350, 500, 650]) {
    await tmail(['import', path, '--folder', 'inbox'], {
      ...here,
      during: child => void setTimeout(() => child.kill('SIGKILL'), ms),
    });
  }
  const last = await tmail(['import', path, '--folder', 'inbox', '--json'], here);
  const [report] = lines(last.stdout);
  assert.equal(report.imported + report.duplicates, 60);
  done(await tmail(['sync'], here));
  const there = (await onServer(server, 'INBOX')).map(line => line.split('\t')[0]);
  assert.deepEqual(
    there,
    numbers.map(n => `number ${n}`),
  );
});
