// The command line as a script meets it: the built program as a child process against a real server.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Dovecot, startDovecot } from '../servers/dovecot.ts';
import { type Ran, tmail } from './program.ts';

/** The password of the account: it must be found nowhere. */
const CANARY = 'canary-4vQx9z';
const CRLF = '\r\n';
const plain = (n: number) =>
  [
    `From: =?utf-8?q?Ad=C3=A4?= <ada@example.org>`,
    'To: Bob <bob@example.org>',
    `Subject: number ${n}`,
    `Message-ID: <m${n}@example.org>`,
    ...(n > 1 ? [`References: <m1@example.org>`] : []),
    'Date: Mon, 23 Nov 2026 09:42:00 +0100',
    '',
    `text of ${n}`,
    '',
  ].join(CRLF);
const attached = Buffer.from(
  [
    'From: evil <evil@example.org>',
    'Subject: with \u001b[31m files',
    'Message-ID: <files@example.org>',
    'Date: Mon, 23 Nov 2026 10:00:00 +0000',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain; charset=iso-8859-1',
    'Content-Transfer-Encoding: 8bit',
    '',
    'gr\xfc\xdfe \x1b]0;owned\x07',
    '--b',
    'Content-Type: application/octet-stream; name="../../x.sh"',
    'Content-Disposition: attachment; filename="../../x.sh"',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('#!/bin/sh\n').toString('base64'),
    '--b',
    'Content-Type: text/html',
    'Content-Disposition: attachment; filename="page.html"',
    '',
    '<p>hello</p>',
    '--b--',
    '',
  ].join(CRLF),
  'latin1',
);

describe('tmail beside a real Dovecot', () => {
  let server: Dovecot;
  let dir: string;
  let env: Record<string, string>;
  const shown: string[] = [];

  /** Remembers all that was printed, to look for the password in it. */
  async function run(...args: string[]): Promise<Ran> {
    const ran = await tmail(args, { env, cwd: dir });
    shown.push(ran.stdout, ran.stderr);
    return ran;
  }
  async function list(...args: string[]) {
    const ran = await run('list', '--json', ...args);
    assert.equal(ran.status, 0, ran.stderr);
    return ran.stdout
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line));
  }

  before(async () => {
    server = await startDovecot({
      pop3: false,
      extraConfig: `passdb {\n  driver = static\n  args = password=${CANARY}\n}\n`,
    });
    dir = await mkdtemp(join(tmpdir(), 'tmail-e2e-'));
    env = {
      TMAIL_CONFIG: join(dir, 'config.json'),
      TMAIL_DATA: join(dir, 'data'),
      SECRET: CANARY,
      HOME: dir,
    };
    await writeConfig({});
    await server.deliver('INBOX', [1, 2, 3].map(plain), { flags: ['\\Seen'] });
    await server.deliver('INBOX', attached);
    await server.deliver('Lists/größer', plain(9));
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });

  async function writeConfig(incoming: Record<string, unknown>, auth: unknown = { passwordEnv: 'SECRET' }) {
    const work = {
      email: 'ada@example.org',
      protocol: 'imap',
      incoming: {
        host: '127.0.0.1',
        port: server.imapsPort,
        user: server.user,
        tls: { ca: server.ca },
        ...incoming,
      },
      auth,
    };
    await writeFile(join(dir, 'config.json'), JSON.stringify({ accounts: { work } }));
  }

  test('before the first sync a list says that nothing is here', async () => {
    const { status, stdout, stderr } = await run('list');
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /Next: tmail sync --account work/);
  });

  test('sync fetches everything and reports it', async () => {
    const { status, stdout, stderr } = await run('sync', '--json');
    assert.equal(status, 0, stderr);
    const report = JSON.parse(stdout);
    assert.deepEqual(
      [report.account, report.protocol, report.received, report.onServer, report.errors],
      ['work', 'imap', 5, 5, []],
    );
    assert.equal(stderr, '');
  });

  test('a second sync finds nothing new', async () => {
    const { status, stdout } = await run('sync', '--json');
    assert.deepEqual([status, JSON.parse(stdout).received], [0, 0]);
  });

  test('list --json is the contract, newest first', async () => {
    const rows = await list();
    assert.deepEqual(
      rows.map(row => row.subject),
      ['with \u001b[31m files', 'number 3', 'number 2', 'number 1'],
    );
    const [, three] = rows;
    assert.deepEqual(
      { ...three, id: typeof three.id, size: typeof three.size },
      {
        id: 'string',
        account: 'work',
        folder: 'INBOX',
        from: [{ name: 'Adä', address: 'ada@example.org' }],
        to: [{ name: 'Bob', address: 'bob@example.org' }],
        subject: 'number 3',
        date: '2026-11-23T08:42:00.000Z',
        flags: ['seen'],
        size: 'number',
        attachments: 0,
        messageId: 'm3@example.org',
        threadId: 'm1@example.org',
      },
    );
    assert.equal(rows[0].attachments, 2);
    assert.match(three.id, /^[A-Za-z0-9._:-]+$/);
  });

  test('list takes a limit and a folder by path', async () => {
    assert.equal((await list('--limit', '2')).length, 2);
    const [row] = await list('--folder', 'Lists/größer');
    assert.equal(row.subject, 'number 9');
    const unknown = await run('list', '--folder', 'Lists/groesser');
    assert.deepEqual([unknown.status, unknown.stdout], [1, '']);
  });

  test('list for people holds no control characters', async () => {
    const { stdout } = await run('list');
    assert.match(stdout, /work:\d+:\d+ .* N {2}@ .*evil/);
    assert.doesNotMatch(stdout, /[^\P{Cc}\n]/u);
  });

  test('show prints text, headers, every byte, or JSON', async () => {
    const [files] = await list();
    const text = await run('show', files.id, '--text');
    assert.equal(text.status, 0, text.stderr);
    assert.match(text.stdout, /^grüße /);
    assert.doesNotMatch(text.stdout, /\u001b|\u0007/);
    const raw = await run('show', files.id, '--raw');
    assert.deepEqual(raw.bytes, attached);
    const headers = await run('show', files.id, '--headers');
    assert.match(headers.stdout, /^From: evil <evil@example\.org>$/m);
    const shownJson = JSON.parse((await run('show', files.id, '--json')).stdout);
    assert.equal(shownJson.id, files.id);
    assert.deepEqual(
      shownJson.parts.map((part: { n: number; filename: string; disposition: string }) => [
        part.n,
        part.filename,
        part.disposition,
      ]),
      [
        [1, '../../x.sh', 'attachment'],
        [2, 'page.html', 'attachment'],
      ],
    );
    assert.deepEqual(Object.keys(shownJson.parts[0]).sort(), [
      'contentId',
      'contentType',
      'disposition',
      'filename',
      'n',
      'size',
    ]);
    const none = await run('show', files.id.replace(/\d+$/, '99'));
    assert.deepEqual([none.status, none.stdout], [1, '']);
    assert.equal((await run('show', 'nonsense')).status, 2);
    assert.equal((await run('show', files.id, '--raw', '--json')).status, 2);
  });

  test('save writes attachments under harmless names, never over another', async () => {
    const [files] = await list();
    const to = join(dir, 'out');
    assert.equal((await run('save', files.id, '--to', to)).status, 2);
    await writeFile(join(dir, 'x.sh'), 'mine');
    const saved = await run('save', files.id, '--part', '1');
    assert.equal(saved.status, 0, saved.stderr);
    assert.equal(saved.stdout, `${join(dir, 'x (1).sh')}\n`);
    assert.match(saved.stderr, /may be a program/);
    assert.equal(await readFile(join(dir, 'x.sh'), 'utf8'), 'mine');
    assert.equal(await readFile(join(dir, 'x (1).sh'), 'utf8'), '#!/bin/sh\n');
    assert.equal((await stat(join(dir, 'x (1).sh'))).mode & 0o777, 0o600);
    assert.equal((await run('save', files.id, '--part', '7')).status, 1);
  });

  test('doctor finds everything in order', async () => {
    const { status, stdout, stderr } = await run('doctor', '--json');
    const steps = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    assert.equal(status, 0, stdout + stderr);
    assert.deepEqual(
      steps.map(({ account, step, ok }) => [account, step, ok]),
      [
        [null, 'configuration', true],
        ['work', 'password', true],
        ['work', 'dns', true],
        ['work', 'tls', true],
        ['work', 'sign-in', true],
        ['work', 'folders', true],
        [null, 'store', true],
      ],
    );
    assert.match(steps[3].text, /SHA-256 [0-9A-F:]{95}/);
  });

  test('with the server gone all that was kept opens; a sync says 75', async () => {
    await server.stop();
    const rows = await list();
    assert.equal(rows.length, 4);
    for (const { id } of rows) assert.equal((await run('show', id, '--json')).status, 0);
    const { status, stdout, stderr } = await run('sync', '--json');
    assert.equal(status, 75);
    assert.equal(JSON.parse(stdout).errors[0].kind, 'network');
    assert.match(stderr, /^work: .*Mail here stays readable/);
  });

  test('every failure names its cause, and the password stays where it is', async () => {
    await server.restart();
    const failures: [
      what: string,
      incoming: Record<string, unknown>,
      auth: unknown,
      status: number,
      code: RegExp,
    ][] = [
      ['a wrong password', {}, { passwordCommand: ['printf', 'wrong'] }, 1, /^auth\.refused$/],
      ['an unknown authority', { tls: {} }, undefined, 1, /^tls\.(self-signed|unknown-issuer)$/],
      [
        'another certificate',
        { tls: { fingerprint256: 'ab'.repeat(32) } },
        undefined,
        1,
        /^tls\.fingerprint$/,
      ],
      ['a port without TLS', { port: server.imapPort }, undefined, 1, /^tls\./],
      ['nobody there', { port: 1 }, undefined, 75, /^net\.refused$/],
      ['no such variable', {}, { passwordEnv: 'NO_SUCH' }, 1, /^secret\.env-missing$/],
      [
        'a command that tells',
        {},
        { passwordCommand: `echo ${CANARY} >&2; echo ${CANARY}; exit 1` },
        1,
        /^secret\.command-failed$/,
      ],
    ];
    for (const [what, incoming, auth, status, code] of failures) {
      await writeConfig(incoming, auth);
      const ran = await run('sync', '--json');
      assert.equal(ran.status, status, `${what}: ${ran.stderr}`);
      assert.match(JSON.parse(ran.stdout).errors[0].code, code, what);
      await run('doctor');
    }
    await writeConfig({});
    for (const text of shown) assert.equal(text.includes(CANARY), false);
    const files = await readdir(join(dir, 'data'), { recursive: true, withFileTypes: true });
    for (const file of files.filter(entry => entry.isFile())) {
      const bytes = await readFile(join(file.parentPath, file.name));
      assert.equal(bytes.includes(CANARY), false, file.name);
      assert.equal((await stat(join(file.parentPath, file.name))).mode & 0o077, 0, file.name);
    }
    assert.ok(files.length > 0);
  });
});
