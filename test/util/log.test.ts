import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLog } from '../../src/util/log.ts';

test('secrets are blacked out, announced or not, and lines stay lines', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-log-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'deep', 'log');
  const log = openLog(file, () => 0);
  log.secret('hunter2"\\');
  log.info('sign-in', {
    a: 'the password is hunter2"\\ indeed',
    b: Buffer.from('hunter2"\\').toString('base64'),
    c: 'AUTH PLAIN AGFkYQBzZXNhbWU=',
    d: '{"password": "open sesame"}',
    e: 'A1 LOGIN ada sesame',
    f: 'Authorization: Bearer abc.def',
    g: 'line\nbreak \u001b[2J',
    h: 42,
  });
  log.error('next');
  log.close();
  log.info('after closing');
  const text = await readFile(file, 'utf8');
  for (const secret of ['hunter2', 'aHVudGVyMi', 'AGFkYQ', 'open sesame', 'ada sesame', 'abc.def']) {
    assert.ok(!text.includes(secret), `${secret} in ${text}`);
  }
  const lines = text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  assert.deepEqual(
    lines.map(line => line.event),
    ['sign-in', 'next'],
  );
  assert.equal(lines[0].h, 42);
  assert.ok(!text.includes('\u001b'));
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test('a log that can’t be written harms nobody', () => {
  const log = openLog('/dev/null/nowhere/log');
  log.info('lost');
  log.close();
});

test('a log that grows is set aside once', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-log-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const log = openLog(join(dir, 'log'));
  for (let i = 0; i < 2500; i++) log.info('line', { text: 'x'.repeat(1990) });
  log.close();
  assert.ok((await stat(join(dir, 'log'))).size < 2.2e6);
  assert.ok((await stat(join(dir, 'log.1'))).size < 2.2e6);
});
