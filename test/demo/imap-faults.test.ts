// Each fault of the embedded server does what it says: tests elsewhere rely on it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { ImapFlow } from 'imapflow';
import {
  HOSTILE,
  HOSTILE_NAMES,
  type ImapServer,
  type ImapServerOptions,
  startImapServer,
} from '../../src/demo/imap-server.ts';
import { makeCertificate } from '../servers/certificates.ts';
import { openWire, signedIn } from './wire.ts';

const started: ImapServer[] = [];
after(async () => {
  for (const server of started) {
    await server.stop();
    assert.deepEqual(server.defects(), []);
  }
});

async function start(messages = 0, options: Partial<ImapServerOptions> = {}): Promise<ImapServer> {
  const server = await startImapServer({ users: { ada: 'secret' }, ...options });
  started.push(server);
  for (let n = 1; n <= messages; n++) server.deliver('INBOX', `Subject: number ${n}\r\n\r\nbody ${n}\r\n`);
  return server;
}

async function selected(server: ImapServer) {
  const wire = await signedIn(server.port);
  await wire.command('SELECT INBOX');
  return wire;
}

test('a drop cuts the answer to a command after the bytes named, once', async () => {
  const server = await start(3);
  server.setFault({ commands: [{ command: 'FETCH', action: { t: 'drop', bytes: 40 } }] });
  const wire = await selected(server);
  wire.send('x UID FETCH 1:* BODY.PEEK[]');
  const cut = await wire.closed();
  assert.equal(cut.length, 40);
  const again = await selected(server);
  assert.match(await again.command('UID FETCH 1:* BODY.PEEK[]'), /body 3/);
});

test('a reset is seen as one', async () => {
  const server = await start(1);
  server.setFault({ commands: [{ command: 'NOOP', action: { t: 'drop', reset: true } }] });
  const wire = await selected(server);
  const failed = once(wire.socket, 'error');
  wire.send('x NOOP');
  const [error] = await failed;
  assert.equal(error.code, 'ECONNRESET');
});

test('a hang leaves the line open and silent while other connections are served', async () => {
  const server = await start(3);
  server.setFault({ commands: [{ command: 'FETCH', skip: 1, action: { t: 'hang', bytes: 10 } }] });
  const wire = await selected(server);
  await wire.command('FETCH 1 FLAGS');
  wire.send('x FETCH 1:3 FLAGS', 'y NOOP');
  const other = await selected(server);
  assert.match(await other.command('FETCH 1:3 FLAGS'), /\* 3 FETCH/);
  await other.command('NOOP');
  assert.equal(wire.pending().length, 10);
  assert.equal(wire.socket.destroyed, false);
});

test('BYE comes in place of a command, or between the responses of a FETCH', async () => {
  const server = await start(5);
  server.setFault({
    commands: [
      { command: 'FETCH', action: { t: 'bye', responses: 2, text: 'maintenance' } },
      { command: 'NOOP', action: { t: 'bye', text: 'idle too long' } },
    ],
  });
  const wire = await selected(server);
  wire.send('x FETCH 1:* UID');
  assert.equal(await wire.closed(), '* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\n* BYE maintenance\r\n');
  const other = await selected(server);
  other.send('x NOOP');
  assert.equal(await other.closed(), '* BYE idle too long\r\n');
});

test('NO, BAD and response codes can be put in place of a command, which is then not run', async () => {
  const server = await start(1);
  const refuse = { t: 'answer', status: 'NO', text: '[OVERQUOTA] Full \x1b[31m' } as const;
  server.setFault({ commands: [{ command: 'STORE', action: refuse }] });
  const wire = await selected(server);
  assert.match(await wire.command('STORE 1 +FLAGS (\\Seen)'), /NO \[OVERQUOTA\] Full \x1b\[31m/);
  assert.equal(server.folder('INBOX').messages[0]?.flags.size, 0);
});

test('a lost answer means that the command was done and the line is gone', async () => {
  const server = await start(1);
  server.setFault({ commands: [{ command: 'APPEND', action: { t: 'lost' } }] });
  const wire = await signedIn(server.port);
  wire.send('x APPEND INBOX {12+}', 'Subject: x\r\n');
  assert.equal(await wire.closed(), '');
  assert.equal(server.folder('INBOX').messages.length, 2);
  server.setFault({ commands: [{ command: 'MOVE', action: { t: 'lost' } }] });
  server.deliver('Archive', 'x: y\r\n\r\n');
  const other = await selected(server);
  other.send('x UID MOVE 1 Archive');
  assert.equal(await other.closed(), '');
  assert.deepEqual(
    [server.folder('INBOX').messages.length, server.folder('Archive').messages.length],
    [1, 2],
  );
});

test('output can be cut into single bytes, or into pieces of any size, and still is read right', async () => {
  const server = await start(20, { faults: { chunk: 1 } });
  const sizes = [1, 700, 3, 50];
  server.setFault({
    commands: [
      {
        command: 'FETCH',
        action: {
          t: 'run',
          run: () => server.setFault({ chunk: () => sizes[server.log().length % 4] ?? 1 }),
        },
      },
    ],
  });
  const flow = new ImapFlow({
    host: server.host,
    port: server.port,
    secure: false,
    doSTARTTLS: false,
    auth: { user: 'ada', pass: 'secret' },
    logger: false,
  });
  await flow.connect();
  await flow.mailboxOpen('INBOX');
  const subjects: string[] = [];
  for await (const row of flow.fetch('1:*', { envelope: true, source: true }))
    subjects.push(row.envelope?.subject ?? '');
  flow.close();
  assert.deepEqual(
    subjects,
    Array.from({ length: 20 }, (_, n) => `number ${n + 1}`),
  );
});

test('every connection is cut after so many bytes until the fault is cleared', async () => {
  const server = await start(1, { faults: { dropAfter: 30 } });
  for (const _ of [1, 2]) assert.equal((await (await openWire(server.port)).closed()).length, 30);
  server.clearFaults();
  assert.match(await (await signedIn(server.port)).command('NOOP'), /OK/);
});

test('messages vanish in the middle of a fetch, for everybody', async () => {
  const server = await start(5);
  server.setFault({ commands: [{ command: 'FETCH', action: { t: 'vanish', uids: [2, 4], responses: 1 } }] });
  const wire = await selected(server);
  const answer = await wire.command('UID FETCH 1:* FLAGS');
  assert.deepEqual(
    [...answer.matchAll(/UID (\d)/g)].map(match => match[1]),
    ['1', '3', '5'],
  );
  assert.match(answer, /\* 4 EXPUNGE\r\n\* 2 EXPUNGE\r\nt\d NO \[EXPUNGEISSUED\]/);
  assert.match(await wire.command('UID SEARCH ALL'), /SEARCH 1 3 5\r/);
});

test('UIDVALIDITY changes between sessions and under a selected folder', async () => {
  const server = await start(3);
  server.folder('INBOX').expunge(message => message.uid === 1);
  const wire = await selected(server);
  const before = server.folder('INBOX').uidValidity;
  server.setFault({
    commands: [{ command: 'NOOP', action: { t: 'run', run: () => server.folder('INBOX').renumber() } }],
  });
  const told = await wire.command('NOOP');
  assert.match(told, new RegExp(`\\[UIDVALIDITY ${before + 1}\\]`));
  assert.match(told, /\* 2 EXPUNGE\r\n\* 1 EXPUNGE\r\n\* 2 EXISTS/);
  assert.match(await wire.command('UID FETCH 1:* BODY.PEEK[HEADER]'), /UID 1 .*number 2.*UID 2 .*number 3/s);
  const fresh = await signedIn(server.port);
  assert.match(await fresh.command('SELECT INBOX'), new RegExp(`UIDVALIDITY ${before + 1}\\]`));
});

test('hidden capabilities are neither announced nor obeyed', async () => {
  const hide = ['MOVE', 'UIDPLUS', 'CONDSTORE', 'QRESYNC', 'IDLE', 'SPECIAL-USE', 'ESEARCH'];
  const server = await start(1, { faults: { hide }, mailboxes: [{ name: 'Sent', use: '\\Sent' }] });
  const wire = await selected(server);
  const announced = await wire.command('CAPABILITY');
  for (const name of hide) assert.ok(!announced.split(/\s/).includes(name), name);
  for (const line of [
    'UID MOVE 1 Sent',
    'UID EXPUNGE 1',
    'FETCH 1 MODSEQ',
    'IDLE',
    'UID SEARCH RETURN (ALL) ALL',
  ]) {
    assert.match(await wire.command(line), /BAD/, line);
  }
  assert.doesNotMatch(await wire.command('COPY 1 Sent'), /COPYUID/);
  assert.doesNotMatch(await wire.command('LIST "" *'), /\\Sent/);
  assert.doesNotMatch(await wire.command('SELECT INBOX'), /MODSEQ/);
});

test('greetings: PREAUTH, BYE, silence, junk', async () => {
  const server = await start(1, { faults: { greeting: 'preauth' } });
  const wire = await openWire(server.port);
  assert.match(await wire.until(/\r\n/), /^\* PREAUTH/);
  assert.match(await wire.command('SELECT INBOX'), /1 EXISTS/);
  server.setFault({ greeting: 'bye' });
  assert.match(await (await openWire(server.port)).closed(), /^\* BYE/);
  server.setFault({ greeting: { raw: 'HTTP/1.1 400 Bad Request\r\n' } });
  assert.match(await (await openWire(server.port)).until(/\r\n/), /^HTTP/);
  server.setFault({ greeting: 'silent' });
  const silent = await openWire(server.port);
  silent.send('a CAPABILITY');
  await silent.closed();
  assert.equal(silent.pending(), '');
});

test('junk and hostile bytes are written as they are', async () => {
  const server = await start(1);
  server.setFault({
    junk: ['* 4294967296 EXISTS', '* X-NONSENSE (((', '* OK \x1b]0;owned\x07'],
    commands: [
      { command: 'LIST', action: { t: 'raw', bytes: HOSTILE.hugeLiteral } },
      { command: 'LSUB', action: { t: 'raw', bytes: HOSTILE.parentheses } },
    ],
  });
  const wire = await signedIn(server.port);
  assert.match(await wire.command('NOOP'), /4294967296 EXISTS\r\n\* X-NONSENSE \(\(\(\r\n.*owned/s);
  assert.match(await wire.command('LIST "" *'), /^\* LIST \(\\HasNoChildren\) "\/" \{4294967296\}\r\n/);
  assert.ok((await wire.command('LSUB "" *')).length > 200_000);
});

test('an endless line goes on until the client leaves', async () => {
  const server = await start(1);
  server.setFault({ commands: [{ command: 'NOOP', action: { t: 'endless' } }] });
  const wire = await signedIn(server.port);
  wire.send('x NOOP');
  await until(() => wire.pending().length > 1_000_000);
  wire.socket.destroy();
  await until(() => server.connections() === 0);
});

test('names that no sane server has are listed and selected as they are', async () => {
  const server = await start(0, { rawMailboxes: HOSTILE_NAMES });
  const wire = await signedIn(server.port);
  const list = await wire.command('LIST "" *');
  for (const name of HOSTILE_NAMES) {
    const quoted = `"${name.replace(/["\\]/g, '\\$&')}"`;
    assert.ok(list.includes(quoted) || list.includes(`{${name.length}}\r\n${name}`), JSON.stringify(name));
    assert.match(
      await wire.command(`SELECT {${name.length}+}\r\n${name}`),
      /OK \[READ-WRITE\]/,
      JSON.stringify(name),
    );
  }
});

test('delays hold the answer back', async () => {
  const server = await start(1, { faults: { delay: 30 } });
  const begin = performance.now();
  await signedIn(server.port);
  assert.ok(performance.now() - begin >= 29);
});

test('what a client sends is bounded: lines, literals, nesting', async () => {
  const server = await start(1);
  const long = await signedIn(server.port);
  long.socket.write(`x SEARCH ${'a'.repeat(70_000)}`);
  assert.match(await long.closed(), /^\* BYE Line or literal too long/);
  for (const literal of ['{4294967296}', '{4294967296+}', '{99999999999999999999}']) {
    const wire = await signedIn(server.port);
    wire.send(`x APPEND INBOX ${literal}`);
    assert.match(await wire.closed(), /^\* BYE/);
  }
  const deep = await selected(server);
  assert.match(
    await deep.command(`SEARCH ${'('.repeat(1000)}ALL${')'.repeat(1000)}`),
    /BAD Too many parentheses/,
  );
  assert.match(await deep.command('NOOP'), /OK/);
});

test('wrong passwords and commands out of place are refused, AUTHENTICATE works in one step and in two', async () => {
  const server = await start(1);
  const wire = await openWire(server.port);
  await wire.until(/\r\n/);
  assert.match(await wire.command('SELECT INBOX'), /BAD/);
  assert.match(await wire.command('LOGIN ada wrong'), /NO \[AUTHENTICATIONFAILED\]/);
  assert.match(await wire.command('LOGIN constructor x'), /NO/);
  const secret = Buffer.from('\0ada\0secret').toString('base64');
  wire.send('x AUTHENTICATE PLAIN');
  await wire.until(/\+ \r\n/);
  wire.send(secret);
  assert.match(await wire.until(/^x [^\n]*\n/m), /OK/);
  const other = await openWire(server.port);
  await other.until(/\r\n/);
  assert.match(await other.command(`AUTHENTICATE PLAIN ${secret}`), /OK/);
  assert.ok(!server.log().some(line => line.includes('secret') || line.includes(secret)));
});

test('quota is reported and obeyed', async () => {
  const server = await start(0, { quota: 1 });
  const wire = await signedIn(server.port);
  assert.match(await wire.command('GETQUOTAROOT INBOX'), /QUOTA "User quota" \(STORAGE 0 1\)/);
  assert.match(await wire.command(`APPEND INBOX {2000+}\r\n${'x'.repeat(2000)}`), /NO \[OVERQUOTA\]/);
});

test('TLS and STARTTLS with a certificate of one’s own, and bytes slipped in before the handshake', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tmail-tls-'));
  try {
    const files = await makeCertificate(directory);
    const [cert, key] = [await readFile(files.cert, 'utf8'), await readFile(files.key, 'utf8')];
    const implicit = await start(1, { tls: { cert, key, mode: 'implicit' } });
    const secure = await openWire(connectTls({ port: implicit.port, host: '127.0.0.1', ca: cert }));
    await secure.until(/OK/);
    assert.match(await secure.command('LOGIN ada secret'), /OK/);
    secure.socket.destroy();

    const upgraded = await start(1, { tls: { cert, key, mode: 'starttls' } });
    upgraded.setFault({ beforeHandshake: '* OK slipped in\r\n' });
    const plain = await openWire(upgraded.port);
    assert.match(await plain.until(/\r\n/), /STARTTLS/);
    assert.match(await plain.command('STARTTLS'), /OK/);
    assert.match(await plain.until(/in\r\n/), /slipped in/);
    plain.socket.removeAllListeners('data');
    const tls = await openWire(connectTls({ socket: plain.socket, ca: cert, servername: 'localhost' }));
    assert.match(await tls.command('LOGIN ada secret'), /OK/);
    assert.doesNotMatch(await tls.command('CAPABILITY'), /STARTTLS/);
    tls.socket.destroy();
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('all lines can be dropped, and the server stopped and started on its port with its mail', async () => {
  const server = await start(2);
  const wire = await selected(server);
  assert.equal(server.connections(), 1);
  server.dropAll();
  await wire.closed();
  await server.stop();
  await assert.rejects(openWire(server.port), /ECONNREFUSED/);
  await server.restart();
  assert.match(await (await signedIn(server.port)).command('STATUS INBOX (MESSAGES)'), /MESSAGES 2/);
});

test('expunges are not told while a client counts by sequence numbers', async () => {
  const server = await start(3);
  const wire = await selected(server);
  server.folder('INBOX').expunge(message => message.uid === 1);
  const answer = await wire.command('FETCH 2:3 UID');
  assert.match(answer, /\* 2 FETCH \(UID 2\)\r\n\* 3 FETCH \(UID 3\)\r\nt\d+ OK/);
  assert.match(await wire.command('NOOP'), /^\* 1 EXPUNGE/);
  assert.match(await wire.command('FETCH 1 UID'), /\* 1 FETCH \(UID 2\)/);
});

test('a folder deleted under a client ends that client’s session with BYE', async () => {
  const server = await start(1);
  server.deliver('Old', 'a: b\r\n\r\n');
  const wire = await signedIn(server.port);
  await wire.command('SELECT Old');
  server.deleteFolder('Old');
  assert.match(await wire.closed(), /^\* BYE/);
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setImmediate(resolve));
}
