import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { addressesOf, inspect, type Protocol } from '../../src/cli/doctor-line.ts';
import type { Security, ServerSettings } from '../../src/config/types.ts';
import { TmailError } from '../../src/util/errors.ts';
import { startDovecot } from '../servers/dovecot.ts';

/** A server that says its lines: first the greeting, then one for each line that it hears. */
async function scripted(...lines: string[]) {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    const say = () => {
      const line = lines[heard.length];
      if (line !== undefined) socket.write(line);
    };
    socket.on('error', () => undefined);
    socket.on('data', data => {
      heard.push(data.toString('latin1'));
      say();
    });
    say();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  return {
    heard,
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function settings(port: number, security: Security, tls: ServerSettings['tls'] = {}): ServerSettings {
  return { host: '127.0.0.1', port, security, user: 'ada', tls };
}

async function codeOf(server: ServerSettings, protocol: Protocol): Promise<string> {
  try {
    await inspect(server, protocol, new AbortController().signal);
  } catch (error) {
    assert.ok(error instanceof TmailError);
    return error.code;
  }
  return 'connected';
}

const talks: [what: string, protocol: Protocol, lines: string[], code: string][] = [
  ['an IMAP server without STARTTLS', 'imap', ['* OK hi\r\n', 'a BAD what?\r\n'], 'tls.starttls-missing'],
  ['an IMAP server that is signed in already', 'imap', ['* PREAUTH hi\r\n'], 'tls.starttls-missing'],
  ['an IMAP server that says bye', 'imap', ['* BYE go away\r\n'], 'tls.starttls-missing'],
  ['a POP3 server without STLS', 'pop3', ['+OK hi\r\n', '-ERR no\r\n'], 'tls.starttls-missing'],
  [
    'an SMTP server without STARTTLS',
    'smtp',
    ['220-hi\r\n220 there\r\n', '250-me\r\n250 SIZE\r\n', '502 no\r\n'],
    'tls.starttls-missing',
  ],
  [
    'something before the handshake',
    'imap',
    ['* OK hi\r\n', 'a OK go\r\n* BAD injected\r\n'],
    'tls.injection',
  ],
  ['no TLS after STARTTLS', 'imap', ['* OK hi\r\n', 'a OK go\r\n', 'hello?\r\n'], 'tls.not-tls'],
  ['an endless greeting', 'imap', ['x'.repeat(100_000)], 'imap.limit'],
];
for (const [what, protocol, lines, code] of talks) {
  test(`${what} is named`, async () => {
    await using server = await scripted(...lines);
    assert.equal(await codeOf(settings(server.port, 'starttls'), protocol), code);
    assert.doesNotMatch(server.heard.join(''), /ada/);
  });
}

test('a port without TLS is named when TLS was expected', async () => {
  await using server = await scripted('', 'HTTP/1.1 400 Bad Request\r\n\r\n');
  assert.equal(await codeOf(settings(server.port, 'tls'), 'imap'), 'tls.not-tls');
});

test('nobody there, and a name that does not exist, are network trouble', async () => {
  let port = 0;
  {
    await using server = await scripted();
    port = server.port;
  }
  assert.equal(await codeOf(settings(port, 'none'), 'imap'), 'net.refused');
  await assert.rejects(addressesOf('no-such-host.invalid'), (error: TmailError) => error.code === 'net.dns');
  assert.deepEqual(await addressesOf('127.0.0.1'), ['127.0.0.1']);
});

test('a server that says nothing is given up when the person does', async () => {
  await using server = await scripted();
  const controller = new AbortController();
  const looking = inspect(settings(server.port, 'starttls'), 'imap', controller.signal);
  controller.abort();
  await assert.rejects(looking, (error: TmailError) => error.code === 'cancelled');
});

test('a real server shows its certificate over TLS and over STARTTLS, for IMAP and POP3', async () => {
  await using server = await startDovecot();
  const signal = new AbortController().signal;
  const seen = [];
  for (const [port, security, protocol] of [
    [server.imapsPort, 'tls', 'imap'],
    [server.imapPort, 'starttls', 'imap'],
    [server.pop3sPort, 'tls', 'pop3'],
    [server.pop3Port, 'starttls', 'pop3'],
  ] as const) {
    const facts = await inspect(settings(port, security, { ca: server.ca }), protocol, signal);
    assert.match(facts?.protocol ?? '', /^TLSv1\.[23]$/);
    seen.push(facts?.fingerprint256);
  }
  assert.equal(new Set(seen).size, 1);
  const pinned = settings(server.imapsPort, 'tls', { fingerprint256: seen[0] ?? '' });
  assert.equal(await codeOf(pinned, 'imap'), 'connected');
  assert.equal(await codeOf(settings(server.imapsPort, 'tls'), 'imap'), 'tls.self-signed');
  assert.equal(await inspect(settings(server.imapPort, 'none'), 'imap', signal), null);
});
