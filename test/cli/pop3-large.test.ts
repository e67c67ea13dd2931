// A maildrop of 5,000 messages, as cron would fetch it: everything once.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startDovecot } from '../servers/dovecot.ts';
import { tmail } from './program.ts';

const COUNT = 5000;
const message = (n: number) =>
  `From: Ada <ada@example.org>\r\nSubject: number ${n}\r\nMessage-ID: <p${n}@x>\r\n\r\ntext of ${n}\r\n`;

test('5,000 messages come once, and a second check downloads nothing', async t => {
  await using server = await startDovecot();
  const dir = await mkdtemp(join(tmpdir(), 'tmail-pop3-large-'));
  t.after(() => rm(dir, { recursive: true }));
  await server.deliver(
    'INBOX',
    Array.from({ length: COUNT }, (_, n) => message(n + 1)),
  );
  const home = {
    email: 'ada@example.org',
    protocol: 'pop3',
    incoming: { host: '127.0.0.1', port: server.pop3sPort, user: server.user, tls: { ca: server.ca } },
    auth: { passwordEnv: 'P' },
    serverCopy: { deleteAfterDays: 14 },
  };
  await writeFile(join(dir, 'config.json'), JSON.stringify({ accounts: { home } }));
  const env = { TMAIL_CONFIG: join(dir, 'config.json'), TMAIL_DATA: join(dir, 'data'), P: server.password };
  const sync = async () => {
    const { status, stdout, stderr } = await tmail(['sync', '--json'], { env, cwd: dir });
    assert.equal(status, 0, stderr);
    const { received, deletedOnServer, onServer } = JSON.parse(stdout);
    return [received, deletedOnServer, onServer];
  };
  assert.deepEqual(await sync(), [COUNT, 0, COUNT]);
  assert.deepEqual(await sync(), [0, 0, COUNT]);
  const files = await readdir(join(dir, 'data'), { recursive: true });
  assert.equal(files.filter(name => name.endsWith('.eml')).length, COUNT);
  const ledger = await readFile(join(dir, 'data', 'accounts', 'home', 'pop3.jsonl'), 'utf8');
  assert.equal(ledger.includes(server.password), false);
});
