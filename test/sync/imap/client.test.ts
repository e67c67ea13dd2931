// One connection against everything that goes wrong before and during its first command.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { ImapFlow } from 'imapflow';
import type { ServerSettings } from '../../../src/config/types.ts';
import { type Faults, HOSTILE, type ImapServer, startImapServer } from '../../../src/demo/imap-server.ts';
import { type ImapClient, LINE_LIMITS, openClient } from '../../../src/sync/imap/client.ts';
import { TmailError } from '../../../src/util/errors.ts';
import { makeCertificate } from '../../servers/certificates.ts';

const LIMITS = {
  ...LINE_LIMITS,
  connectMs: 1000,
  commandMs: 500,
  commandTotalMs: 10_000,
  lineBytes: 1024 * 1024,
};

function settings(port: number, more: Partial<ServerSettings> = {}): ServerSettings {
  return { host: '127.0.0.1', port, security: 'none', user: 'ada', tls: {}, ...more };
}

function open(server: ServerSettings, password = 'secret', limits = LIMITS): Promise<ImapClient> {
  const options = { server, password, version: '1.2.3', limits };
  return openClient(options, new AbortController().signal);
}

/** The code and facts that a promise rejects with. */
async function failure(promise: Promise<unknown>): Promise<TmailError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof TmailError, `not translated: ${error}`);
    return error;
  }
  assert.fail('it went well');
}

async function serverWith(t: TestContext, faults: Faults = {}, more = {}): Promise<ImapServer> {
  const server = await startImapServer({ users: { ada: 'secret' }, faults, ...more });
  t.after(() => server.stop());
  return server;
}

/** `openssl req` signs for the future only; its small authority signs for any time. */
async function expiredCertificate(dir: string): Promise<{ cert: string; key: string }> {
  const [cert, key] = [join(dir, 'old.pem'), join(dir, 'old.key')];
  const policy =
    '[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n';
  const names =
    '[p]\ncommonName=supplied\n[v]\nsubjectAltName=IP:127.0.0.1\n[req]\ndistinguished_name=n\n[n]\n';
  await writeFile(join(dir, 'ca.conf'), policy + names);
  await writeFile(join(dir, 'index'), '');
  await writeFile(join(dir, 'serial'), '01');
  const run = (...args: string[]) => promisify(execFile)('openssl', args, { cwd: dir });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await run(
    'req',
    '-new',
    ...curve,
    '-config',
    'ca.conf',
    '-subj',
    '/CN=old',
    '-keyout',
    key,
    '-out',
    'old.csr',
  );
  const dates = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'];
  const signing = ['-config', 'ca.conf', '-extensions', 'v', '-keyfile', key, '-in', 'old.csr', '-out', cert];
  await run('ca', '-batch', '-selfsign', '-notext', ...dates, ...signing);
  return { cert, key };
}

async function certificates(t: TestContext): Promise<{ cert: string; key: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-cert-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return await makeCertificate(dir);
}

test('signs in, lists, and tells the server no more than a name and a version', async t => {
  const server = await serverWith(t);
  const client = await open(settings(server.port));
  const folders = await client.list(true);
  assert.deepEqual(
    folders.map(folder => folder.path),
    ['INBOX'],
  );
  const id = server.log().find(line => /\bID\b/.test(line)) ?? '';
  assert.match(id, /"tmail"/);
  assert.doesNotMatch(id, /vendor|support|imapflow|postal/i);
  client.close();
  assert.equal(await client.closed, null);
});

test('a wrong password is refused with the words of the server and never shown', async t => {
  const server = await serverWith(t);
  const error = await failure(open(settings(server.port), 'wr0ng-canary'));
  assert.equal(error.kind, 'auth');
  assert.equal(error.code, 'auth.refused');
  assert.doesNotMatch(JSON.stringify({ ...error, stack: error.stack }), /wr0ng-canary/);
});

test('a server that takes no password on a clear line is not given one', async t => {
  const server = await serverWith(t, {}, { capabilities: ['IMAP4rev1', 'LOGINDISABLED'] });
  const error = await failure(open(settings(server.port)));
  assert.deepEqual([error.kind, error.code], ['auth', 'auth.disabled']);
  assert.deepEqual(
    server.log().filter(line => /LOGIN|AUTHENTICATE/.test(line)),
    [],
  );
});

test('a server that is not there, or whose name is not, is named by its trouble', async () => {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => probe.once('listening', resolve));
  const address = probe.address();
  assert.ok(address && typeof address === 'object');
  await new Promise(resolve => probe.close(resolve));
  const refused = await failure(open(settings(address.port)));
  assert.deepEqual(
    [refused.kind, refused.code, refused.facts.port],
    ['network', 'net.refused', address.port],
  );
  const unknown = await failure(open({ ...settings(993), host: 'no-such-host.invalid' }));
  assert.deepEqual([unknown.kind, unknown.code], ['network', 'net.dns']);
});

test('silence instead of a greeting ends within the deadline', async t => {
  const server = await serverWith(t, { greeting: 'silent' });
  const started = Date.now();
  const error = await failure(open(settings(server.port)));
  assert.equal(error.code, 'net.timeout');
  assert.ok(Date.now() - started < LIMITS.connectMs + 1000);
});

test('a greeting that is no IMAP, or BYE, is a named error and no password was sent', async t => {
  const http = await serverWith(t, { greeting: { raw: 'HTTP/1.1 400 Bad Request\r\n\r\n' } });
  const error = await failure(open(settings(http.port)));
  assert.match(error.code, /^(net|imap)\./);
  assert.deepEqual(
    http.log().filter(line => /LOGIN|AUTHENTICATE/.test(line)),
    [],
  );
  const busy = await serverWith(t, { greeting: { raw: '* BYE Too many connections from your host\r\n' } });
  const bye = await failure(open(settings(busy.port)));
  assert.deepEqual([bye.kind, bye.code, bye.retry], ['network', 'imap.busy', 'auto']);
  assert.match(String(bye.facts.text), /Too many/);
});

test('untagged junk before and after signing in is ignored', async t => {
  const junk = [
    '* NIL',
    '* 99999999999999999999 EXISTS',
    '* OK [NIL] x',
    '* X-NONSENSE ((((',
    '* LIST NIL NIL NIL',
  ];
  const server = await serverWith(t, { junk });
  const client = await open(settings(server.port));
  t.after(() => client.close());
  assert.equal((await client.list(false)).filter(folder => folder.path === 'INBOX').length, 1);
  assert.equal((await client.select({ path: 'INBOX', wire: 'INBOX' })).exists, 0);
});

test('PREAUTH is refused whatever the security, before anything is sent', async t => {
  for (const security of ['none', 'starttls'] as const) {
    const server = await serverWith(t, { greeting: 'preauth' });
    const error = await failure(open(settings(server.port, { security })));
    assert.equal(error.code, 'imap.preauth');
    assert.equal(error.retry, 'user');
    assert.deepEqual(server.log(), []);
  }
});

test('STARTTLS that is missing or refused ends it; nothing in clear, not even the user name', async t => {
  const { cert, key } = await certificates(t);
  const tls = { cert, key, mode: 'starttls' as const };
  const pem = { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
  const cases: Faults[] = [
    { hide: ['STARTTLS'] },
    { commands: [{ command: 'STARTTLS', action: { t: 'answer', status: 'NO', text: 'not today' } }] },
  ];
  for (const faults of cases) {
    const server = await serverWith(t, faults, { tls: { ...tls, ...pem } });
    const error = await failure(open(settings(server.port, { security: 'starttls', tls: { ca: cert } })));
    assert.deepEqual([error.kind, error.code], ['tls', 'tls.starttls-missing']);
    assert.doesNotMatch(server.log().join('\n'), /ada|LOGIN|AUTH|ID/);
  }
  const injected = await serverWith(
    t,
    { beforeHandshake: '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] mine\r\n' },
    { tls: { ...tls, ...pem } },
  );
  const error = await failure(open(settings(injected.port, { security: 'starttls', tls: { ca: cert } })));
  assert.deepEqual([error.kind, error.code], ['tls', 'tls.injection']);
});

test('certificates: trusted, unknown, of another host, pinned', async t => {
  const { cert, key } = await certificates(t);
  const pem = { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
  for (const mode of ['implicit', 'starttls'] as const) {
    const server = await serverWith(t, {}, { tls: { ...pem, mode } });
    const security = mode === 'implicit' ? ('tls' as const) : ('starttls' as const);
    const dial = (tls: ServerSettings['tls']) => open(settings(server.port, { security, tls }));
    (await dial({ ca: cert })).close();
    const unknown = await failure(dial({}));
    assert.deepEqual([unknown.kind, unknown.code, unknown.retry], ['tls', 'tls.self-signed', 'user']);
    const fingerprint = String(unknown.facts.fingerprint256);
    assert.match(fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    const other = await failure(dial({ ca: cert, servername: 'mail.example.net' }));
    assert.equal(other.code, 'tls.host');
    (await dial({ fingerprint256: fingerprint })).close();
    const wrong = await failure(
      dial({ fingerprint256: fingerprint.replace(/^../, fingerprint.startsWith('00') ? '01' : '00') }),
    );
    assert.equal(wrong.code, 'tls.fingerprint');
    assert.equal(wrong.facts.fingerprint256, fingerprint);
    const signedIn = server.log().filter(line => /AUTHENTICATE|LOGIN/.test(line));
    assert.equal(signedIn.length, 2, 'only the two good connections signed in');
  }
});

test('an expired certificate is named with its dates', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-cert-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const { cert, key } = await expiredCertificate(dir);
  const pem = { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
  const server = await serverWith(t, {}, { tls: { ...pem, mode: 'implicit' } });
  const error = await failure(open(settings(server.port, { security: 'tls', tls: { ca: cert } })));
  assert.equal(error.code, 'tls.expired');
  assert.match(String(error.facts.validTo), /GMT/);
});

test('TLS to a server that speaks in clear says so', async t => {
  const server = await serverWith(t);
  const error = await failure(open(settings(server.port, { security: 'tls' })));
  assert.deepEqual([error.kind, error.code], ['tls', 'tls.not-tls']);
});

test('an authorities file that is not there is an error of the configuration', async t => {
  const server = await serverWith(t);
  const error = await failure(
    open(settings(server.port, { security: 'tls', tls: { ca: '/nonexistent.pem' } })),
  );
  assert.deepEqual([error.kind, error.code], ['config', 'tls.ca']);
});

const CUTS: readonly [string, Faults['commands'], string][] = [
  ['a drop', [{ command: 'LIST', action: { t: 'drop', bytes: 3 } }], 'net.closed'],
  ['a reset', [{ command: 'LIST', action: { t: 'drop', reset: true } }], 'net.closed'],
  ['BYE', [{ command: 'LIST', action: { t: 'bye', text: 'shutting down' } }], 'imap.bye'],
  ['silence', [{ command: 'LIST', action: { t: 'hang' } }], 'net.timeout'],
  ['a line without end', [{ command: 'LIST', action: { t: 'endless' } }], 'imap.limit'],
  [
    'a literal of 4 GB',
    [{ command: 'LIST', action: { t: 'raw', bytes: HOSTILE.hugeLiteral } }],
    'imap.limit',
  ],
];

for (const [what, commands, code] of CUTS) {
  test(`${what} under a command ends it in time with ${code}, in bounded memory`, async t => {
    const server = await serverWith(t);
    const client = await open(settings(server.port));
    server.setFault({ commands: commands ?? [] });
    const before = process.memoryUsage().rss;
    const error = await failure(client.list(false));
    assert.equal(error.code, code);
    assert.equal(error.retry, 'auto');
    assert.equal((await client.closed)?.code, code);
    assert.ok(process.memoryUsage().rss - before < 250e6);
    assert.equal((await failure(client.noop())).code, code, 'a dead line says again why it died');
  });
}

test('200,000 parentheses do not end the session or its memory', async t => {
  const server = await serverWith(t);
  const client = await open(settings(server.port));
  t.after(() => client.close());
  server.setFault({ commands: [{ command: 'LIST', action: { t: 'raw', bytes: HOSTILE.parentheses } }] });
  const before = process.memoryUsage().rss;
  const folders = await client.list(false).catch((error: unknown) => error);
  if (folders instanceof TmailError) assert.match(folders.code, /^imap\.(limit|parse)$/);
  else assert.equal((folders as { path: string }[])[0]?.path, 'INBOX');
  assert.ok(process.memoryUsage().rss - before < 250e6);
});

test('a VANISHED set of every number there could be is no work', async t => {
  const server = await serverWith(t);
  const client = await open(settings(server.port));
  t.after(() => client.close());
  await client.select({ path: 'INBOX', wire: 'INBOX' });
  const heard: unknown[] = [];
  client.subscribe(event => heard.push(event));
  server.setFault({
    commands: [{ command: 'NOOP', action: { t: 'raw', bytes: '* VANISHED (EARLIER) 1:4294967295\r\n' } }],
  });
  const started = Date.now();
  await client.noop();
  assert.ok(Date.now() - started < 500);
  assert.deepEqual(heard, [{ t: 'vanished', uids: [{ from: 1, to: 4294967295 }], earlier: true }]);
});

test('rows without end are cut off', async t => {
  const server = await serverWith(t);
  server.deliver('INBOX', 'Subject: x\r\n\r\nx\r\n');
  const client = await open(settings(server.port));
  await client.select({ path: 'INBOX', wire: 'INBOX' });
  const flood = Array.from({ length: 3000 }, (_, i) => `* ${i + 1} FETCH (UID ${i + 1} FLAGS ())\r\n`).join(
    '',
  );
  server.setFault({ commands: [{ command: 'FETCH', action: { t: 'raw', bytes: flood } }] });
  const error = await failure(
    client.rows({ by: 'uid', range: '1:*', items: { uid: true, flags: true }, most: 1000 }),
  );
  assert.deepEqual([error.code, error.facts.limit], ['imap.limit', 'rows']);
});

test('one byte at a time is slow, not wrong', async t => {
  const server = await serverWith(t, { chunk: 1 });
  for (let n = 1; n <= 5; n++) server.deliver('INBOX', `Subject: s${n}\r\n\r\nbody ${n}\r\n`);
  const client = await open(settings(server.port));
  t.after(() => client.close());
  await client.select({ path: 'INBOX', wire: 'INBOX' });
  const rows = await client.rows({
    by: 'seq',
    range: '1:5',
    items: { uid: true, envelope: true, source: true },
    most: 10,
  });
  assert.deepEqual(
    rows.map(row => [row.uid, row.envelope?.subject, row.source?.toString()]),
    [1, 2, 3, 4, 5].map(n => [n, `s${n}`, `Subject: s${n}\r\n\r\nbody ${n}\r\n`]),
  );
});

test('a refused STORE is an error with the words of the server', async t => {
  const server = await serverWith(t);
  server.deliver('INBOX', 'Subject: x\r\n\r\nx\r\n');
  const client = await open(settings(server.port));
  t.after(() => client.close());
  await client.select({ path: 'INBOX', wire: 'INBOX' });
  server.setFault({
    commands: [{ command: 'STORE', action: { t: 'answer', status: 'NO', text: '[NOPERM] not yours' } }],
  });
  const error = await failure(client.storeFlags('1', 'add', ['\\Seen']));
  assert.deepEqual([error.kind, error.code], ['rejected', 'imap.permission']);
  assert.match(String(error.facts.text), /not yours/);
  await client.storeFlags('1', 'add', ['\\Seen']);
  assert.deepEqual([...(server.folder('INBOX').messages[0]?.flags ?? [])], ['\\Seen']);
});

test('a connection that is given up while connecting leaves nothing behind', async t => {
  const server = await serverWith(t, { greeting: 'silent' });
  const abort = new AbortController();
  const opening = openClient(
    { server: settings(server.port), password: 'secret', version: '1', limits: LIMITS },
    abort.signal,
  );
  setTimeout(() => abort.abort(), 50);
  assert.equal((await failure(opening)).kind, 'cancelled');
});

test('the parts of imapflow that its declarations hide are still there', () => {
  const flow = new ImapFlow({ host: '127.0.0.1', port: 1, auth: { user: 'x', pass: 'y' }, logger: false });
  const hidden = flow as unknown as Record<string, unknown>;
  for (const name of ['exec', 'untaggedVanished', 'handleResponse', 'initialPREAUTH']) {
    assert.equal(typeof hidden[name], 'function', name);
  }
  assert.ok(hidden.folders instanceof Map);
});

test('a command of our own does not wait behind IDLE', { timeout: 20_000 }, async t => {
  const server = await serverWith(t);
  // Silence would end the IDLE as well, much later.
  const client = await open(settings(server.port), 'secret', { ...LIMITS, commandMs: 600_000 });
  t.after(() => client.close());
  await client.select({ path: 'INBOX', wire: 'INBOX' });
  const idle = client.idle();
  while (!server.log().some(line => /\bIDLE\b/.test(line)))
    await new Promise(resolve => setImmediate(resolve));
  const bytes = Buffer.from('Subject: made here\r\n\r\nx\r\n');
  const place = await client.append({ path: 'INBOX', wire: 'INBOX' }, { bytes, flags: [], date: 0 });
  await idle;
  assert.equal(place?.uid, 1);
  assert.equal(server.folder('INBOX').messages.length, 1);
});
