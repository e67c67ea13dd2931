// Commands beside a process that owns the store, and stores that lost something.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startDovecot } from '../servers/dovecot.ts';
import { type Place, place } from './place.ts';
import { tmail } from './program.ts';

const message = (n: number, more = '') =>
  `From: a@example.org\r\nSubject: number ${n}\r\nMessage-ID: <${n}@x>\r\n${more}\r\nbody ${n}\r\n`;

/** Runs until the returned function is called; resolves when it owns the store. */
async function owner({ env }: Place): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ['.build/test/cli/owner.child.js'], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return async () => {
    if (child.exitCode !== null) return;
    child.stdin.end();
    await once(child, 'exit');
  };
}

test('beside an owner a sync, a list and a message that is not here yet all work', async t => {
  await using server = await startDovecot({ pop3: false });
  await server.deliver(
    'INBOX',
    [1, 2].map(n => message(n)),
  );
  const incoming = { host: '127.0.0.1', port: server.imapPort, security: 'none', user: server.user };
  const here = await place(t, incoming, { offline: 'headers' });
  const leave = await owner(here);
  t.after(leave);
  const first = await tmail(['sync', '--json'], here);
  assert.equal(first.status, 0, first.stderr);
  const report = JSON.parse(first.stdout);
  assert.deepEqual([report.onServer, report.errors], [2, []]);
  assert.equal((await tmail(['sync', '--folder', 'inbox'], here)).status, 0);
  const rows = (await tmail(['list', '--json'], here)).stdout
    .trim()
    .split('\n')
    .map(row => JSON.parse(row));
  assert.deepEqual(
    rows.map(row => row.subject),
    ['number 2', 'number 1'],
  );
  const offline = await tmail(['show', rows[0].id, '--raw', '--offline'], here);
  assert.deepEqual([offline.status, offline.stdout], [75, '']);
  const shown = await tmail(['show', rows[0].id, '--raw'], here);
  assert.equal(shown.stdout, message(2), shown.stderr);
  const doctor = await tmail(['doctor', '--json'], here);
  assert.equal(doctor.status, 0, doctor.stdout);
  const rebuild = await tmail(['doctor', '--rebuild'], here);
  assert.equal(rebuild.status, 1);
  assert.match(rebuild.stdout, /another tmail has this mail open/);
  await leave();
  // Now this process fetches for itself.
  const alone = await tmail(['show', rows[1].id, '--raw'], here);
  assert.equal(alone.stdout, message(1), alone.stderr);
});

// LIST-STATUS and STATUS tell old counts of a folder that is selected (RFC 9051 section 6.3.11).
test('through the owner a sync sees what came meanwhile into the folder it has selected', async t => {
  await using server = await startDovecot({ pop3: false });
  await server.deliver('INBOX', message(1));
  const here = await place(t, {
    host: '127.0.0.1',
    port: server.imapPort,
    security: 'none',
    user: server.user,
  });
  const leave = await owner(here);
  t.after(leave);
  assert.equal((await tmail(['sync'], here)).status, 0);
  await server.deliver('INBOX', message(2));
  const second = await tmail(['sync', '--folder', 'inbox', '--json'], here);
  assert.equal(JSON.parse(second.stdout).onServer, 2);
});

test('a message file that was lost is fetched again, and doctor tells and mends', async t => {
  await using server = await startDovecot({ pop3: false });
  await server.deliver(
    'INBOX',
    [1, 2].map(n => message(n)),
  );
  const here = await place(t, {
    host: '127.0.0.1',
    port: server.imapPort,
    security: 'none',
    user: server.user,
  });
  assert.equal((await tmail(['sync'], here)).status, 0);
  const lose = async () => {
    const files = await readdir(join(here.dir, 'data'), { recursive: true });
    const [eml] = files.filter(name => name.endsWith('.eml'));
    assert.ok(eml);
    await unlink(join(here.dir, 'data', eml));
  };
  await lose();
  const rows = (await tmail(['list', '--json'], here)).stdout
    .trim()
    .split('\n')
    .map(row => JSON.parse(row));
  for (const [n, row] of [2, 1].entries()) {
    const shown = await tmail(['show', rows[n].id, '--raw'], here);
    assert.equal(shown.stdout, message(row), shown.stderr);
  }
  await lose();
  const sick = await tmail(['doctor'], here);
  assert.equal(sick.status, 1);
  assert.match(sick.stdout, /^FAILED +store: 1 message files are missing/m);
  const mended = await tmail(['doctor', '--rebuild'], here);
  assert.match(mended.stdout, /^ok +store: .*1 lost, to be fetched again/m);
  assert.equal((await tmail(['sync'], here)).status, 0);
  assert.equal((await tmail(['doctor'], here)).status, 0);
});
