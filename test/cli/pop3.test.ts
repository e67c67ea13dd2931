// tmail sync for a POP3 account, as cron runs it: the built program against a real Dovecot.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openStore } from '../../src/store/store.ts';
import { type Dovecot, startDovecot } from '../servers/dovecot.ts';
import { tmail } from './program.ts';

const message = (n: number, more = '') =>
  `From: Ada <ada@example.org>\r\nTo: Bob <bob@example.org>\r\nSubject: number ${n}\r\nMessage-ID: <p${n}@x>\r\nDate: Mon, 23 Nov 2026 09:42:00 +0000\r\n\r\ntext of ${n}\r\n${more}`;
const messages = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => message(from + n));

describe('tmail and a real POP3 server', () => {
  let server: Dovecot;
  const dirs: string[] = [];
  before(async () => {
    server = await startDovecot();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    for (const dir of dirs) await rm(dir, { recursive: true });
  });

  /** A fresh computer with one account. */
  async function computer(more: Record<string, unknown>) {
    const dir = await mkdtemp(join(tmpdir(), 'tmail-pop3-e2e-'));
    dirs.push(dir);
    const env = { TMAIL_CONFIG: join(dir, 'config.json'), TMAIL_DATA: join(dir, 'data'), P: server.password };
    const configure = async (more: Record<string, unknown>) => {
      const incoming = {
        host: '127.0.0.1',
        port: server.pop3sPort,
        user: server.user,
        tls: { ca: server.ca },
      };
      const home = {
        email: 'ada@example.org',
        protocol: 'pop3',
        incoming,
        auth: { passwordEnv: 'P' },
        ...more,
      };
      await writeFile(join(dir, 'config.json'), JSON.stringify({ accounts: { home } }));
    };
    await configure(more);
    const run = (...args: string[]) => tmail(args, { env, cwd: dir });
    return {
      dir,
      run,
      configure,
      async sync(...args: string[]) {
        const ran = await run('sync', '--json', ...args);
        const lines = ran.stdout.split('\n').filter(Boolean);
        assert.equal(lines.length, 1, ran.stderr);
        return { ...ran, report: JSON.parse(lines[0] ?? '') };
      },
    };
  }
  const numbers = ({ report }: { report: Record<string, unknown> }) => [
    report.received,
    report.deletedOnServer,
    report.onServer,
  ];
  async function empty(): Promise<void> {
    await server.doveadm('expunge', '-u', server.user, 'mailbox', 'INBOX', 'ALL');
  }

  test('a folder of one’s own, made on the screen: checks leave it, list, export and import know it', async () => {
    await server.deliver('INBOX', messages(1, 3));
    const here = await computer({ serverCopy: 'untilDeletedHere' });
    await here.sync();
    const path = 'Listen/表 \u{1f600}';
    const data = join(here.dir, 'data');
    const store = await openStore({ dir: data, mode: 'owner' });
    try {
      const account = await store.account('home');
      const own = await account.createFolder(path);
      const inbox = account.folders().find(({ role }) => role === 'inbox')?.id ?? 'home:0';
      const uid = (await account.folder(inbox)).uidAt(0) ?? 0;
      await account.commit({
        t: 'move',
        folder: inbox,
        to: own,
        targets: [{ uid, remote: null, messageId: '' }],
      });
    } finally {
      await store.close();
    }
    // Neither fetched again nor taken for deleted.
    assert.deepEqual(numbers(await here.sync()), [0, 0, 3]);
    const list = async (folder: string) =>
      (await here.run('list', '--json', '--folder', folder)).stdout
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line));
    const [row, ...others] = await list(path);
    assert.deepEqual([row?.subject, row?.folder, others], ['number 3', path, []]);
    for (const format of ['maildir', 'mbox', 'eml']) {
      const to = join(here.dir, format);
      const out = await here.run('export', '--folder', path, '--format', format, '--to', to);
      assert.deepEqual([out.status, out.stderr], [0, ''], format);
      assert.match(out.stdout, /^home: 1 message in /);
      const back = await here.run('import', to, '--folder', `Back/${format}`);
      assert.deepEqual([back.status, back.stderr], [0, ''], format);
    }
    const folders = [...new Set((await listFolders(data)).filter(name => name.startsWith('Back/')))];
    assert.equal(folders.length, 3, folders.join());
    for (const folder of folders) assert.equal((await list(folder))[0]?.subject, 'number 3', folder);
    assert.deepEqual(numbers(await here.sync()), [0, 0, 3]);
    await empty();
  });

  async function listFolders(dir: string): Promise<string[]> {
    const reader = await openStore({ dir, mode: 'reader' });
    const account = await reader.account('home');
    const paths = account
      .folders()
      .filter(({ counts }) => counts.total > 0)
      .map(({ path }) => path);
    await reader.close();
    return paths;
  }

  test('keep: everything comes once, and a message can be read without the server', async () => {
    await server.deliver('INBOX', messages(1, 4));
    const here = await computer({ serverCopy: 'keep' });
    const first = await here.sync();
    assert.equal(first.status, 0, first.stderr);
    assert.equal(first.stderr, '');
    assert.deepEqual(
      [
        first.report.account,
        first.report.protocol,
        first.report.errors,
        first.report.sent,
        first.report.pushed,
      ],
      ['home', 'pop3', [], 0, 0],
    );
    assert.deepEqual(numbers(first), [4, 0, 4]);
    assert.deepEqual(numbers(await here.sync()), [0, 0, 4]);
    const people = await here.run('sync');
    assert.equal(people.stdout, 'home: 0 received, 4 on the server\n');
    await server.stop();
    try {
      const list = await here.run('list', '--json');
      const rows = list.stdout
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line));
      assert.deepEqual(
        rows.map(row => row.subject).sort(),
        [1, 2, 3, 4].map(n => `number ${n}`),
      );
      const shown = await here.run('show', rows[0].id, '--raw');
      assert.match(shown.stdout, /^text of \d\r$/m);
      const gone = await here.sync();
      assert.deepEqual([gone.status, gone.report.errors[0].code], [75, 'net.refused']);
      assert.deepEqual(numbers(gone), [0, 0, 4]);
      assert.match(gone.stderr, /^home: 127\.0\.0\.1:\d+ refuses connections\. Mail here stays readable/);
    } finally {
      await server.restart();
    }
  });

  test('delete: the server is empty afterwards, all of it is here, and it was said', async () => {
    await empty();
    await server.deliver('INBOX', messages(11, 13));
    const here = await computer({ serverCopy: 'delete' });
    const first = await here.sync();
    assert.deepEqual([first.status, ...numbers(first)], [0, 3, 3, 0]);
    assert.match(first.stderr, /^home: 3 messages on the server .*deleted there, for the first time/);
    assert.deepEqual(first.report.warnings[0].code, 'first-deletion');
    const second = await here.sync();
    assert.deepEqual([...numbers(second), second.stderr], [0, 0, 0, '']);
    const files = await readdir(join(here.dir, 'data'), { recursive: true });
    assert.equal(files.filter(name => name.endsWith('.eml')).length, 3);
  });

  test('a policy that changes to one that deletes holds the older mail until the person agrees', async () => {
    await empty();
    await server.deliver('INBOX', messages(21, 23));
    const here = await computer({ serverCopy: 'keep' });
    await here.sync();
    await here.configure({ serverCopy: 'delete' });
    const held = await here.sync();
    assert.deepEqual([held.status, ...numbers(held)], [0, 0, 0, 3]);
    assert.match(held.stderr, /3 messages on the server.*next check does it\..*--agree/);
    assert.equal(held.report.warnings[0].held, true);
    assert.deepEqual(numbers(await here.sync('--agree')), [0, 3, 0]);
  });

  test('a message over the size limit is listed by its head and fetched when it is shown', async () => {
    await empty();
    const large = message(31, 'line\r\n'.repeat(5000));
    await server.deliver('INBOX', [large, message(32)]);
    const here = await computer({ serverCopy: 'keep', sizeLimitMB: 0.01 });
    assert.deepEqual(numbers(await here.sync()), [1, 0, 2]);
    const rows = (await here.run('list', '--json')).stdout
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line));
    const row = rows.find(row => row.subject === 'number 31');
    assert.equal(row.size, large.length);
    const shown = await here.run('show', row.id, '--raw');
    assert.equal(shown.status, 0, shown.stderr);
    assert.equal(shown.stdout, large);
    assert.deepEqual(numbers(await here.sync()), [0, 0, 2]);
  });

  test('the doctor signs in and says what is in the maildrop', async () => {
    const here = await computer({ serverCopy: 'keep' });
    const { status, stdout, stderr } = await here.run('doctor', '--json');
    const steps = stdout
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line));
    assert.equal(status, 0, stdout + stderr);
    assert.deepEqual(
      steps.filter(({ account }) => account === 'home').map(({ step, ok }) => [step, ok]),
      ['password', 'dns', 'tls', 'sign-in', 'folders'].map(step => [step, true]),
    );
    assert.match(steps.find(({ step }) => step === 'folders').text, /^2 messages on the server, 30 kB$/);
    await here.configure({ serverCopy: 'keep', auth: { passwordCommand: ['echo', 'wrong'] } });
    const wrong = await here.run('doctor', '--json');
    assert.equal(wrong.status, 1);
    assert.match(wrong.stdout, /"step":"sign-in","ok":false,"text":"[^"]*refused the sign-in/);
  });
});
