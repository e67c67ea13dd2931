// Commands that are stopped, whose readers go away, and that must leave nothing behind.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { place } from './place.ts';
import { tmail } from './program.ts';

test('Ctrl-C during a sync with a server that hangs ends with 130', async t => {
  const server = createServer(socket => {
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  const sockets: { destroy(): void }[] = [];
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  const here = await place(t, { host: '127.0.0.1', port: address.port, security: 'none' });
  const before = performance.now();
  const ran = await tmail(['sync'], {
    ...here,
    during: child => server.once('connection', () => setImmediate(() => child.kill('SIGINT'))),
  });
  assert.deepEqual([ran.status, ran.signal, ran.stdout, ran.stderr], [130, null, '', '']);
  assert.ok(performance.now() - before < 10_000);
});

test('a password command that hangs ends with the command that asked for it', async t => {
  const here = await place(t, { host: '127.0.0.1', port: 1, security: 'none' });
  const pid = join(here.dir, 'pid');
  await writeFile(
    join(here.dir, 'config.json'),
    JSON.stringify({
      accounts: {
        work: {
          email: 'a@b.c',
          protocol: 'imap',
          incoming: { host: '127.0.0.1', port: 1, security: 'none' },
          auth: { passwordCommand: `echo $$ > ${pid}.new; mv ${pid}.new ${pid}; exec sleep 60` },
        },
      },
    }),
  );
  const ran = await tmail(['sync'], {
    ...here,
    during: async child => {
      while (!(await readFile(pid).catch(() => null))) await new Promise(resolve => setTimeout(resolve, 20));
      child.kill('SIGINT');
    },
  });
  assert.equal(ran.status, 130);
  const command = Number(await readFile(pid, 'utf8'));
  const alive = async () =>
    !/^$|\) [ZX]/.test(await readFile(`/proc/${command}/stat`, 'utf8').catch(() => ''));
  while (await alive()) await new Promise(resolve => setTimeout(resolve, 10));
});

test('the demo answers without a configuration and leaves nothing behind', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-nothing-'));
  t.after(() => rm(dir, { recursive: true }));
  // Compiled code is kept by whatever runs longer than a moment: not the demo's business.
  const env = { HOME: dir, TMPDIR: dir, NODE_DISABLE_COMPILE_CACHE: '1' };
  const listed = await tmail(['list', '--demo', '--json', '--limit', '3'], { env });
  assert.equal(listed.status, 0, listed.stderr);
  const rows = listed.stdout
    .trim()
    .split('\n')
    .map(row => JSON.parse(row));
  assert.equal(rows.length, 3);
  const shown = await tmail(['show', '--demo', rows[0].id, '--raw'], { env });
  assert.equal(shown.status, 0, shown.stderr);
  assert.match(shown.stdout, /^[A-Za-z-]+: /);
  assert.deepEqual(await readdir(dir), []);
});

test('a reader that stops reading a long list is no error', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-pipe-'));
  t.after(() => rm(dir, { recursive: true }));
  const ran = await tmail(['list', '--demo', '--json'], {
    env: { HOME: dir, TMPDIR: dir, NODE_DISABLE_COMPILE_CACHE: '1' },
    during: child => child.stdout?.destroy(),
  });
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  assert.deepEqual(await readdir(dir), []);
});
