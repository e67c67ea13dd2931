// A maildrop that another client has while cron comes by: it is waited for, and whoever waits in vain says so.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startPop3Server } from '../servers/pop3.ts';
import { tmail } from './program.ts';

/** What `tmail sync --json` says while the first so many tries to sign in find the maildrop locked. */
async function synced(t: TestContext, locked: number) {
  let tries = 0;
  await using server = await startPop3Server({
    messages: [Buffer.from('Subject: one\r\n\r\ntext\r\n')],
    fault: ({ verb }) =>
      verb === 'AUTH' && ++tries <= locked ? { t: 'say', bytes: '-ERR [IN-USE] locked\r\n' } : undefined,
  });
  const dir = await mkdtemp(join(tmpdir(), 'tmail-in-use-'));
  t.after(() => rm(dir, { recursive: true }));
  const home = {
    email: 'ada@example.org',
    protocol: 'pop3',
    incoming: { host: '127.0.0.1', port: server.port, user: 'ada', security: 'none', allowInsecure: true },
    auth: { passwordEnv: 'P' },
    serverCopy: 'keep',
  };
  await writeFile(join(dir, 'config.json'), JSON.stringify({ accounts: { home } }));
  const env = { TMAIL_CONFIG: join(dir, 'config.json'), TMAIL_DATA: join(dir, 'data'), P: 'secret' };
  const { status, stdout } = await tmail(['sync', '--json'], { env, cwd: dir });
  const lines = stdout.split('\n').filter(Boolean);
  assert.equal(lines.length, 1, stdout);
  return { status, tries, report: JSON.parse(lines[0] ?? '') };
}

test('a sync without a screen waits for a maildrop that is locked for a moment, and fetches', async t => {
  const { status, tries, report } = await synced(t, 1);
  assert.deepEqual([status, tries, report.received, report.errors], [0, 2, 1, []]);
});

test('a sync without a screen that waits in vain says so and ends with 75', async t => {
  const { status, report } = await synced(t, Number.POSITIVE_INFINITY);
  assert.equal(status, 75);
  assert.deepEqual([report.account, report.received], ['home', 0]);
  assert.equal(report.errors[0].code, 'pop3.in-use');
});
