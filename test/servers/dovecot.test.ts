import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { startDovecot } from './dovecot.ts';

/** Sends lines one after the other and collects what comes back until `until` matches. */
async function talk(socket: Socket, lines: string[], until: RegExp): Promise<string> {
  let seen = '';
  return new Promise((resolve, reject) => {
    socket.on('data', chunk => {
      seen += chunk.toString('latin1');
      const line = lines.shift();
      if (line !== undefined) socket.write(`${line}\r\n`);
      if (until.test(seen)) {
        socket.destroy();
        resolve(seen);
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after: ${seen}`)));
  });
}

const message = (n: number) => `From: a@x.example\r\nSubject: number ${n}\r\n\r\nbody ${n}\r\n`;

test('the throw-away Dovecot serves delivered mail in order over IMAP, TLS and POP3', async () => {
  await using server = await startDovecot();
  await server.deliver('INBOX', [1, 2, 3].map(message));
  await server.deliver('INBOX', [4, 5].map(message));
  await server.deliver('Lists/größer & mehr', message(9));
  const login = [`a login ${server.user} ${server.password}`, 'b list "" *', 'c select INBOX'];
  const plain = await talk(
    connect(server.imapPort, '127.0.0.1'),
    [...login, 'd fetch 1:* body.peek[header.fields (subject)]', 'e logout'],
    /e OK/,
  );
  const subjects = [...plain.matchAll(/Subject: number (\d)/g)].map(match => match[1]);
  assert.deepEqual(subjects, ['1', '2', '3', '4', '5']);
  assert.match(plain, /\\Sent\) "\/" Sent/);
  assert.match(plain, /"Lists\/gr&APYA3w-er &- mehr"/);

  const ca = await readFile(server.ca);
  const tls = connectTls({ port: server.imapsPort, host: '127.0.0.1', ca });
  assert.match(await talk(tls, [...login, 'd logout'], /d OK/), /5 EXISTS/);

  const pop = [`USER ${server.user}`, `PASS ${server.password}`, 'STAT', 'QUIT'];
  assert.match(await talk(connect(server.pop3Port, '127.0.0.1'), [...pop], /Logging out/i), /\+OK 5 /);
  const pops = connectTls({ port: server.pop3sPort, host: '127.0.0.1', ca });
  assert.match(await talk(pops, [...pop], /Logging out/i), /\+OK 5 /);
});

test('it restarts on the same ports with the same mail, after a stop and after a kill', async () => {
  await using server = await startDovecot({ pop3: false });
  await server.deliver('INBOX', message(1));
  const look = () =>
    talk(connect(server.imapPort, '127.0.0.1'), [`a login ada secret`, 'b select INBOX'], /b OK/);
  assert.match(await look(), /1 EXISTS/);
  await server.stop();
  await assert.rejects(look(), /ECONNREFUSED/);
  await server.restart();
  assert.match(await look(), /1 EXISTS/);
  const watching = connect(server.imapPort, '127.0.0.1');
  watching.on('error', () => undefined); // a reset is one way to drop
  await once(watching, 'data');
  const dropped = once(watching, 'close');
  await server.kill();
  await dropped;
  await server.restart();
  assert.match(await look(), /1 EXISTS/);
});

test('5,000 messages are delivered within 2 seconds and doveadm counts them', async () => {
  await using server = await startDovecot({ pop3: false });
  const start = performance.now();
  await server.deliver(
    'INBOX',
    Array.from({ length: 5000 }, (_, n) => message(n)),
  );
  const took = performance.now() - start;
  assert.match(await server.doveadm('mailbox', 'status', '-u', 'ada', 'messages', 'INBOX'), /messages=5000/);
  assert.ok(took < 2000, `${took} ms`);
});

test('flags and dates of a delivery are kept, and sdbox, quota and no TLS can be asked for', async () => {
  await using server = await startDovecot({ quota: '1M', plain: true });
  await server.deliver('Sent', message(1), {
    flags: ['\\Seen', '\\Flagged'],
    date: new Date('2024-02-03T04:05:06Z'),
  });
  const lines = [
    'a login ada secret',
    'b select Sent',
    'c fetch 1 (flags internaldate)',
    'd getquotaroot INBOX',
  ];
  const seen = await talk(connect(server.imapPort, '127.0.0.1'), lines, /d OK/);
  assert.match(seen, /FLAGS \((\\Recent )?\\Flagged \\Seen( \\Recent)?\)|FLAGS \(\\Seen \\Flagged/);
  assert.match(seen, /INTERNALDATE "03-Feb-2024 04:05:06 \+0000"/);
  assert.match(seen, /QUOTA "User quota" \(STORAGE \d+ 1024\)/);
  assert.doesNotMatch(seen, /STARTTLS/);

  await using boxed = await startDovecot({ format: 'sdbox', pop3: false });
  await boxed.deliver('Archive', message(7));
  assert.match(await boxed.doveadm('mailbox', 'status', '-u', 'ada', 'messages', 'Archive'), /messages=1/);
});

test('disposing leaves neither a process nor a file', async () => {
  const server = await startDovecot({ pop3: false });
  const root = dirname(server.ca);
  await server.dispose();
  await server.dispose();
  assert.equal(existsSync(root), false);
  const processes = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  for (const id of processes) {
    const command = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''); // it ended meanwhile
    assert.ok(!command.includes(root), command);
  }
});
