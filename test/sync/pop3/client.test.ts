import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import type { ServerSettings } from '../../../src/config/types.ts';
import { type ClientOptions, connectPop3, type Pop3Client } from '../../../src/sync/pop3/client.ts';
import { TmailError } from '../../../src/util/errors.ts';
import { type Certificate, makeCertificate } from '../../servers/certificates.ts';
import { type Pop3Server, type Pop3ServerOptions, sha256, startPop3Server } from '../../servers/pop3.ts';
import { hardBodies } from '../../servers/pop3-messages.ts';

const directory = await mkdtemp(join(tmpdir(), 'tmail-pop3-'));
after(() => rm(directory, { recursive: true, force: true }));
const certificate = await makeCertificate(directory);

const PASSWORD = 'secret';
const quick = { connect: 2000, answer: 400, slowAnswer: 400 };

function settings(server: Pop3Server, change: Partial<ServerSettings> = {}): ServerSettings {
  return { host: '127.0.0.1', port: server.port, security: 'none', user: 'ada', tls: {}, ...change };
}

function open(server: Pop3Server, change: Partial<ServerSettings> = {}, more: Partial<ClientOptions> = {}) {
  return connectPop3({
    server: settings(server, change),
    password: async () => PASSWORD,
    signal: new AbortController().signal,
    ...more,
  });
}

async function bytesOf(pieces: AsyncIterable<Buffer> | null): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces ?? []) all.push(piece);
  return Buffer.concat(all);
}

/** Every message as its hash, or as the code of its error. */
async function fetchAll(client: Pop3Client): Promise<string[]> {
  const all: string[] = [];
  for await (const one of client.retrieve(await client.list())) {
    all.push(one.error ? one.error.code : sha256(await bytesOf(one.bytes)));
  }
  return all;
}

const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof TmailError, String(error));
  assert.equal(error.code, expected);
  assert.ok(!JSON.stringify({ ...error, cause: String(error.cause) }).includes(PASSWORD));
  return true;
};

const small = (n: number) => Buffer.from(`Message-ID: <${n}@x>\r\nSubject: ${n}\r\n\r\nhello ${n}\r\n`);
const three = [small(1), small(2), small(3)];

test('every body that mail can hold arrives as it is stored there', async () => {
  const bodies = Object.values(hardBodies);
  await using server = await startPop3Server({ messages: bodies });
  const client = await open(server);
  assert.deepEqual(await fetchAll(client), bodies.map(sha256));
  await client.quit();
  assert.equal(await client.closed, null);
});

for (const size of [1, 2, 3, 4, 5, 7]) {
  test(`answers that come ${size} bytes at a time are read alike`, async () => {
    const bodies = Object.values(hardBodies).filter(body => body.length < 120);
    await using server = await startPop3Server({
      messages: bodies.slice(0, 5),
      split: answer =>
        Array.from({ length: Math.ceil(answer.length / size) }, (_, n) =>
          answer.subarray(n * size, n * size + size),
        ),
    });
    const client = await open(server);
    assert.deepEqual(await fetchAll(client), bodies.slice(0, 5).map(sha256));
    await client.quit();
  });
}

test('a packet that is exactly dot CRLF inside a message does not end it', async () => {
  const body = Buffer.from('Subject: x\r\n\r\nthe end.\r\nmore\r\n');
  await using server = await startPop3Server({
    messages: [body, small(2)],
    split: answer => {
      const at = answer.indexOf('.\r\nmore');
      return at < 0
        ? [answer]
        : [answer.subarray(0, at), answer.subarray(at, at + 3), answer.subarray(at + 3)];
    },
  });
  const client = await open(server);
  assert.deepEqual(await fetchAll(client), [sha256(body), sha256(small(2))]);
  await client.quit();
});

test('1,000 small messages over 50 ms of round trip take a few round trips, not a thousand', async () => {
  const bodies = Array.from({ length: 1000 }, (_, n) => small(n));
  await using server = await startPop3Server({ messages: bodies, delay: 50 });
  const started = Date.now();
  const client = await open(server);
  assert.deepEqual(await fetchAll(client), bodies.map(sha256));
  assert.ok((await client.dele(bodies.map((_, n) => n + 1))).every(error => error === null));
  await client.quit();
  const took = Date.now() - started;
  assert.ok(server.mostUnderWay > 100, `${server.mostUnderWay} commands under way`);
  assert.ok(took < 10_000, `${took} ms`); // one by one: 100 s
  assert.equal(server.messages.length, 0);
});

test('a server without PIPELINING gets one command at a time', async () => {
  for (const capabilities of [['TOP', 'UIDL', 'USER'], null]) {
    await using server = await startPop3Server({ messages: three, capabilities });
    const client = await open(server);
    assert.deepEqual(await fetchAll(client), three.map(sha256));
    await client.dele([1, 2]);
    await client.quit();
    assert.equal(server.mostUnderWay, 1);
    assert.equal(server.messages.length, 1);
  }
});

test('leaving a download early leaves the line usable', async () => {
  await using server = await startPop3Server({ messages: three });
  const client = await open(server);
  for await (const one of client.retrieve(await client.list())) {
    assert.equal(one.number, 1);
    break;
  }
  assert.deepEqual(await client.stat(), { messages: 3, bytes: three.join('').length });
  await client.quit();
});

test('a message that is refused does not stop the ones behind it', async () => {
  await using server = await startPop3Server({
    messages: three,
    fault: ({ verb, args }) =>
      verb === 'RETR' && args[0] === '2' ? { t: 'say', bytes: '-ERR gone\r\n' } : undefined,
  });
  const client = await open(server);
  assert.deepEqual(await fetchAll(client), [sha256(small(1)), 'pop3.refused', sha256(small(3))]);
  await client.quit();
});

test('a large message passes through while its reader is slow, and nothing piles up', async () => {
  const big = Buffer.alloc(
    32 * 1024 * 1024,
    'A line of a large message, seventy-two bytes with its line end.....\r\n',
  );
  const message = Buffer.concat([Buffer.from('Subject: big\r\n\r\n'), big, Buffer.from('\r\n')]);
  await using server = await startPop3Server({ messages: [message, small(2)] });
  const client = await open(server);
  const seen: number[] = [];
  let lag = 0;
  let last = Date.now();
  const watch = setInterval(() => {
    lag = Math.max(lag, Date.now() - last - 5);
    last = Date.now();
  }, 5);
  for await (const one of client.retrieve(await client.list())) {
    let total = 0;
    for await (const piece of one.bytes ?? []) {
      total += piece.length;
      if (total % 7 === 0) await new Promise(resolve => setTimeout(resolve, 2));
    }
    seen.push(total);
  }
  clearInterval(watch);
  assert.deepEqual(seen, [message.length, small(2).length]);
  assert.ok(lag < 2000, `event loop stood for ${lag} ms`); // the server of the test shares the process
  await client.quit();
});

test('UIDLs come with sizes; missing, doubled, over-long and hostile ones are no names', async () => {
  const uidls = [
    'plain',
    null,
    '',
    'x'.repeat(2000),
    '../../evil',
    '\x1b]52;c;x\x07',
    '__proto__',
    'y'.repeat(300),
    'a\0b',
  ];
  await using server = await startPop3Server({
    messages: uidls.map((uidl, n) => ({ bytes: small(n), uidl })),
  });
  const client = await open(server);
  const listed = await client.list();
  assert.deepEqual(
    listed.map(one => one.number),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  const found = listed.map(one => one.uidl);
  assert.deepEqual(
    [found[0], found[1], found[2], found[3], found[4], found[6]],
    ['plain', null, null, null, '../../evil', '__proto__'],
  );
  for (const hashed of [found[5], found[7], found[8]]) assert.match(hashed ?? '', /^uidl [0-9a-f]{64}$/);
  assert.ok(listed.every((one, n) => one.size === small(n).length));
  await client.quit();
});

test('a number that UIDL names twice has no name', async () => {
  await using server = await startPop3Server({
    messages: three,
    fault: ({ verb }) =>
      verb === 'UIDL' ? { t: 'say', bytes: '+OK\r\n1 a\r\n1 b\r\n2 c\r\njunk\r\n0 z\r\n.\r\n' } : undefined,
  });
  const client = await open(server);
  assert.deepEqual(
    (await client.list()).map(one => one.uidl),
    [null, 'c', null],
  );
  await client.quit();
});

test('a UIDL of 1 MB costs nothing and names nothing', async () => {
  await using server = await startPop3Server({
    messages: [{ bytes: small(1), uidl: 'u'.repeat(1024 * 1024) }, small(2)],
  });
  const client = await open(server);
  const listed = await client.list();
  assert.equal(listed[0]?.uidl, null);
  assert.notEqual(listed[1]?.uidl, null);
  await client.quit();
});

test('without UIDL the messages are listed all the same', async () => {
  await using server = await startPop3Server({ messages: three, hasUidl: false });
  const client = await open(server);
  assert.deepEqual(
    (await client.list()).map(one => one.uidl),
    [null, null, null],
  );
  await client.quit();
});

test('TOP brings the header and so many lines', async () => {
  await using server = await startPop3Server({
    messages: [Buffer.from('Subject: x\r\n\r\n1\r\n2\r\n3\r\n')],
  });
  const client = await open(server);
  for (const [lines, expected] of [
    [0, ''],
    [2, '1\r\n2\r\n'],
  ] as const) {
    for await (const one of client.top([1], lines)) {
      assert.equal((await bytesOf(one.bytes)).toString(), `Subject: x\r\n\r\n${expected}`);
    }
  }
  await client.quit();
});

test('DELE is taken back by RSET, and counts only after QUIT', async () => {
  await using server = await startPop3Server({ messages: three });
  const client = await open(server);
  await client.dele([1]);
  await client.rset();
  assert.deepEqual(await client.dele([2, 9]).then(all => all.map(error => error?.code ?? null)), [
    null,
    'pop3.refused',
  ]);
  assert.equal(server.messages.length, 3);
  await client.noop();
  await client.quit();
  assert.deepEqual(
    server.messages.map(one => one.bytes),
    [small(1), small(3)],
  );
});

// Signing in

const ways: readonly [string, Pop3ServerOptions, RegExp][] = [
  ['AUTH PLAIN where it is offered', {}, /^AUTH PLAIN \S+$/],
  ['USER and PASS where AUTH PLAIN is not', { capabilities: ['USER', 'UIDL'] }, /^PASS secret$/],
  ['USER and PASS where CAPA is unknown', { capabilities: null }, /^PASS secret$/],
  [
    'APOP in clear where the greeting has a challenge',
    { greeting: '+OK <1.2@host>' },
    /^APOP ada [0-9a-f]{32}$/,
  ],
];
for (const [name, options, expected] of ways) {
  test(`signs in by ${name}`, async () => {
    await using server = await startPop3Server({ messages: three, ...options });
    const client = await open(server);
    assert.ok(
      server.commands.some(line => expected.test(line)),
      server.commands.join(),
    );
    assert.deepEqual(await fetchAll(client), three.map(sha256));
    await client.quit();
  });
}

test('an AUTH PLAIN too long for one command waits for the server to ask', async () => {
  const user = 'u'.repeat(200);
  await using server = await startPop3Server({ user });
  const client = await open(server, { user });
  assert.ok(server.commands.includes('AUTH PLAIN'));
  await client.quit();
});

test('a password with spaces and other alphabets goes through each way of signing in', async () => {
  const password = 'pass wörd ☃ ';
  for (const options of [{}, { capabilities: null }, { greeting: '+OK <1.2@host>' }]) {
    await using server = await startPop3Server({ password, ...options });
    const client = await open(server, {}, { password: async () => password });
    await client.quit();
  }
});

test('UTF8 is asked for before signing in, where it is offered', async () => {
  await using server = await startPop3Server();
  await (await open(server)).quit();
  assert.ok(server.commands.indexOf('UTF8') < server.commands.findIndex(line => line.startsWith('AUTH')));
  assert.ok(server.commands.includes('UTF8'));
});

test('a line break in a user name or a password is no second command', async () => {
  await using server = await startPop3Server({ capabilities: null });
  await assert.rejects(open(server, { user: 'ada\r\nDELE 1' }), code('pop3.argument'));
  await assert.rejects(open(server, {}, { password: async () => 'x\r\nDELE 1' }), code('pop3.argument'));
  assert.ok(!server.commands.some(line => line.startsWith('DELE') || line.startsWith('USER')));
});

test('a wrong password is an error of signing in, also when the server repeats it', async () => {
  await using server = await startPop3Server({ password: 'other' });
  await assert.rejects(open(server), code('auth.refused'));
  server.set({
    fault: ({ verb }) => (verb === 'AUTH' ? { t: 'say', bytes: `-ERR no ${PASSWORD} here\r\n` } : undefined),
  });
  await assert.rejects(open(server), code('auth.refused'));
});

const refusals: readonly [string, string, string, string][] = [
  ['[IN-USE] busy', 'pop3.in-use', 'rejected', 'auto'],
  ['[in-use] busy', 'pop3.in-use', 'rejected', 'auto'],
  ['maildrop already locked', 'pop3.in-use', 'rejected', 'auto'],
  ['[LOGIN-DELAY] wait', 'pop3.login-delay', 'rejected', 'auto'],
  ['[AUTH] wrong', 'auth.refused', 'auth', 'user'],
  ['[SYS/TEMP] later', 'pop3.server-trouble', 'rejected', 'auto'],
  ['[SYS/PERM] never', 'pop3.server-broken', 'rejected', 'user'],
  ['go away', 'auth.refused', 'auth', 'user'],
];
for (const [text, expected, kind, retry] of refusals) {
  test(`-ERR ${text} is ${expected}`, async () => {
    await using server = await startPop3Server({
      fault: ({ verb }) => (verb === 'AUTH' ? { t: 'say', bytes: `-ERR ${text}\r\n` } : undefined),
    });
    const error = await open(server).catch((thrown: unknown) => thrown);
    assert.ok(code(expected)(error) && error instanceof TmailError);
    assert.deepEqual([error.kind, error.retry], [kind, retry]);
  });
}

// TLS

test('STLS, then the password', async () => {
  await using server = await startPop3Server({ messages: three, certificate });
  const client = await open(server, { security: 'starttls', tls: { ca: certificate.cert } });
  assert.deepEqual(await fetchAll(client), three.map(sha256));
  await client.quit();
  assert.ok(
    !server.clear.includes('ada') && !server.clear.includes('AUTH') && !server.clear.includes('CAPA'),
  );
});

for (const [name, options] of Object.entries<Pop3ServerOptions>({
  'not offered': {},
  refused: {
    certificate,
    fault: ({ verb }) => (verb === 'STLS' ? { t: 'say', bytes: '-ERR no\r\n' } : undefined),
  },
})) {
  test(`where STLS is ${name}, nothing more is said`, async () => {
    await using server = await startPop3Server(options);
    await assert.rejects(
      open(server, { security: 'starttls', tls: { ca: certificate.cert } }),
      code('tls.starttls-missing'),
    );
    assert.equal(server.clear.toString(), 'STLS\r\n');
  });
}

test('what an attacker puts behind the answer to STLS is refused', async () => {
  for (const split of [undefined, (answer: Buffer) => [answer.subarray(0, 5), answer.subarray(5)]]) {
    await using server = await startPop3Server({
      certificate,
      injected: '+OK injected\r\n',
      ...(split && { split }),
    });
    const error = await open(server, { security: 'starttls', tls: { ca: certificate.cert } }).catch(
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof TmailError && error.kind === 'tls', String(error));
    assert.ok(!server.commands.some(line => /AUTH|USER|PASS/.test(line)));
  }
});

async function tlsServer(options: Partial<Pop3ServerOptions> = {}, made: Certificate = certificate) {
  return startPop3Server({ messages: three, certificate: made, implicitTls: true, ...options });
}

test('TLS from the first byte, with the authority of the settings', async () => {
  await using server = await tlsServer();
  const client = await open(server, { security: 'tls', tls: { ca: certificate.cert } });
  assert.deepEqual(await fetchAll(client), three.map(sha256));
  await client.quit();
});

/** openssl's req makes no certificate that has ended; x509 does. */
async function makeExpired(): Promise<Certificate> {
  const cert = join(directory, 'expired.pem');
  const run = promisify(execFile);
  await run('openssl', [
    'x509',
    '-in',
    certificate.cert,
    '-signkey',
    certificate.key,
    '-days',
    '-1',
    '-out',
    cert,
  ]);
  return { cert, key: certificate.key };
}

test('certificates are checked: authority, host, time', async () => {
  const expired = await makeExpired();
  const other = await makeCertificate(directory, 'other', { names: ['DNS:other.example'] });
  const cases: [string, Certificate, ServerSettings['tls']][] = [
    ['tls.self-signed', certificate, {}],
    ['tls.expired', expired, { ca: expired.cert }],
    ['tls.host', other, { ca: other.cert }],
    ['tls.host', certificate, { ca: certificate.cert, servername: 'elsewhere.example' }],
    ['tls.fingerprint', certificate, { fingerprint256: 'AA:BB' }],
  ];
  for (const [expected, made, tls] of cases) {
    for (const security of ['tls', 'starttls'] as const) {
      await using server = await tlsServer({ implicitTls: security === 'tls' }, made);
      await assert.rejects(open(server, { security, tls }), code(expected), `${expected} ${security}`);
      assert.ok(!server.commands.some(line => /AUTH|USER|PASS/.test(line)));
    }
  }
  await using server = await tlsServer({}, other);
  await (
    await open(server, { security: 'tls', tls: { ca: other.cert, servername: 'other.example' } })
  ).quit();
});

test('a pinned certificate is enough', async () => {
  const { X509Certificate } = await import('node:crypto');
  const { readFile } = await import('node:fs/promises');
  const { fingerprint256 } = new X509Certificate(await readFile(certificate.cert));
  await using server = await tlsServer();
  await (await open(server, { security: 'tls', tls: { fingerprint256 } })).quit();
});

test('a server that speaks no TLS where TLS was asked for hears no name', async () => {
  await using server = await startPop3Server();
  await assert.rejects(open(server, { security: 'tls' }, { times: quick }), code('tls.not-tls'));
  assert.ok(!server.clear.includes('ada'));
});

// Faults

test('nobody listens: refused, in clear and with TLS', async () => {
  const server = await startPop3Server();
  await server.close();
  for (const security of ['none', 'tls', 'starttls'] as const) {
    await assert.rejects(open(server, { security }), code('net.refused'));
  }
});

const greetings: readonly [string, string][] = [
  ['-ERR go away', 'pop3.greeting-refused'],
  ['-ERR [SYS/TEMP] later', 'pop3.server-trouble'],
  ['-ERR [IN-USE] wait', 'pop3.in-use'],
  ['HTTP/1.1 400 Bad Request', 'pop3.unexpected'],
  ['* OK IMAP4rev1', 'pop3.unexpected'],
  ['+OKAY', 'pop3.unexpected'],
];
for (const [greeting, expected] of greetings) {
  test(`the greeting ${greeting} is ${expected}, and no password is asked for`, async () => {
    await using server = await startPop3Server({ greeting });
    let asked = false;
    const password = async () => {
      asked = true;
      return PASSWORD;
    };
    await assert.rejects(open(server, {}, { password }), code(expected));
    assert.equal(asked, false);
    assert.deepEqual(server.commands, []);
  });
}

const steps = ['(greeting)', 'CAPA', 'UTF8', 'AUTH', 'LIST', 'UIDL', 'RETR', 'DELE', 'QUIT'];
const troubles = {
  'is cut': { t: 'cut', after: 2, how: 'end' },
  'is reset': { t: 'cut', after: 0, how: 'reset' },
  'falls silent': { t: 'cut', after: 3, how: 'silence' },
  'falls silent at once': { t: 'cut', after: 0, how: 'silence' },
  'is junk': { t: 'say', bytes: 'what?\r\n' },
  trickles: { t: 'trickle', ms: 150 },
  'is a line without end': { t: 'endless', start: '+OK ', again: 'x'.repeat(1000) },
} as const;
for (const [trouble, fault] of Object.entries(troubles)) {
  test(`when the answer ${trouble}, whatever was asked ends with a named error in time`, async () => {
    await Promise.all(
      steps.map(async step => {
        await using server = await startPop3Server({
          messages: three,
          fault: ({ verb }) => (verb === step ? fault : undefined),
        });
        const started = Date.now();
        let client: Pop3Client | undefined;
        const error = await (async () => {
          client = await open(server, {}, { times: quick });
          await fetchAll(client);
          await client.dele([1, 2, 3]);
          await client.quit();
        })().catch((thrown: unknown) => thrown);
        assert.ok(error instanceof TmailError, `${step}: ${error}`);
        assert.match(error.code, /^(net\.(closed|timeout)|pop3\.(unexpected|line-too-long))$/, step);
        assert.ok(Date.now() - started < quick.answer * 3 + 1000, `${step} took ${Date.now() - started} ms`);
        if (client) {
          await assert.rejects(client.noop(), TmailError);
          assert.notEqual(await client.closed, null);
        }
      }),
    );
  });
}

test('a message that comes a byte at a time is given up', async () => {
  await using server = await startPop3Server({
    messages: [Buffer.alloc(3000, 'x\r\n')],
    fault: ({ verb }) => (verb === 'RETR' ? { t: 'trickle', ms: 5 } : undefined),
  });
  const client = await open(server, {}, { times: quick });
  await assert.rejects(fetchAll(client), code('net.timeout'));
});

test('a message that is cut is an error to its reader, and to what comes after it', async () => {
  await using server = await startPop3Server({
    messages: three,
    fault: ({ verb, nth }) =>
      verb === 'RETR' && nth === 2 ? { t: 'cut', after: 20, how: 'end' } : undefined,
  });
  const client = await open(server);
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const one of client.retrieve(await client.list())) seen.push(sha256(await bytesOf(one.bytes)));
  }, code('net.closed'));
  assert.deepEqual(seen, [sha256(small(1))]);
});

test('lists and messages without end are given up at their limits', async () => {
  for (const [step, again, expected] of [
    ['LIST', '1 1\r\n', 'pop3.list-too-long'],
    ['UIDL', '1 a\r\n', 'pop3.list-too-long'],
    ['CAPA', 'X\r\n', 'pop3.list-too-long'],
    ['RETR', 'body\r\n', 'pop3.body-too-long'],
  ] as const) {
    await using server = await startPop3Server({
      messages: three,
      fault: ({ verb }) =>
        verb === step ? { t: 'endless', start: '+OK\r\n', again: again.repeat(1000) } : undefined,
    });
    const limits = { messageBytes: 1024 * 1024, listedMessages: 10_000 };
    await assert.rejects(async () => fetchAll(await open(server, {}, limits)), code(expected), step);
  }
});

test('an autologout that nobody asked for ends the line, not the program', async () => {
  await using server = await startPop3Server({ messages: three });
  const client = await open(server);
  server.say('-ERR Autologout; idle for too long\r\n', true);
  const error = await client.closed;
  assert.equal(error?.code, 'pop3.ended-by-server');
  assert.equal(error?.retry, 'auto');
  await assert.rejects(client.stat(), code('pop3.ended-by-server'));
});

test('an answer too many is not taken for the next answer', async () => {
  await using server = await startPop3Server({
    messages: three,
    fault: ({ verb }) => (verb === 'STAT' ? { t: 'append', bytes: '+OK 99 99\r\n' } : undefined),
  });
  const client = await open(server);
  await client.stat();
  assert.equal((await client.closed)?.code, 'pop3.unexpected');
});

test('line breaks inside an -ERR do not become answers', async () => {
  await using server = await startPop3Server({
    fault: ({ verb }) =>
      verb === 'AUTH' ? { t: 'say', bytes: '-ERR no\r\n+OK welcome\r\n+OK 1 1\r\n' } : undefined,
  });
  await assert.rejects(open(server), TmailError);
  assert.ok(!server.commands.includes('LIST'));
});

test('STAT garbage is a named error', async () => {
  await using server = await startPop3Server({
    fault: ({ verb }) => (verb === 'STAT' ? { t: 'say', bytes: '+OK lots of mail\r\n' } : undefined),
  });
  const client = await open(server);
  await assert.rejects(client.stat(), code('pop3.unexpected'));
  await client.quit();
});

test('QUIT that is refused or lost is no success', async () => {
  for (const fault of [
    { t: 'say', bytes: '-ERR some not removed\r\n' },
    { t: 'cut', after: 0, how: 'end' },
  ] as const) {
    await using server = await startPop3Server({
      messages: three,
      commits: 'never',
      fault: ({ verb }) => (verb === 'QUIT' ? fault : undefined),
    });
    const client = await open(server);
    await client.dele([1]);
    await assert.rejects(client.quit(), TmailError);
    await client.closed;
  }
});

test('a cancel ends whatever is under way, at every step', async () => {
  for (const step of steps) {
    const controller = new AbortController();
    await using server = await startPop3Server({
      messages: three,
      fault({ verb }) {
        if (verb !== step) return undefined;
        setImmediate(() => controller.abort());
        return { t: 'cut', after: 0, how: 'silence' };
      },
    });
    const running = (async () => {
      const client = await open(server, {}, { signal: controller.signal });
      await fetchAll(client);
      await client.dele([1]);
      await client.quit();
    })();
    await assert.rejects(running, code('cancelled'), step);
  }
});

test('close drops the line and can be repeated', async () => {
  await using server = await startPop3Server({ messages: three });
  const client = await open(server);
  await client.dele([1]);
  client.close();
  client.close();
  assert.equal(await client.closed, null);
  assert.equal(server.messages.length, 3);
});
