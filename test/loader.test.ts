import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createPty } from './robot/pty.ts';

const WHOLE = 'dist/tmail.js';

describe('the program’s start', () => {
  let home = '';
  let env: NodeJS.ProcessEnv = {};
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'tmail-loader-'));
    env = { HOME: home, XDG_CACHE_HOME: join(home, 'cache'), NODE_DISABLE_COMPILE_CACHE: '' };
  });
  after(() => rm(home, { recursive: true, force: true }));

  const caches = () => join(home, 'cache', 'tmail', 'code');
  const command = (extra: NodeJS.ProcessEnv = {}) => run([WHOLE, 'config', 'path'], { ...env, ...extra });

  test('a short command leaves nothing behind', async () => {
    assert.match(await command(), /config\.json/);
    await assert.rejects(readdir(caches()), { code: 'ENOENT' });
  });

  test('a session on the screen keeps its compiled code, for this user only', async () => {
    const pty = await createPty([process.execPath, WHOLE], { env });
    try {
      await pty.waitFor('the first screen', () => pty.emulator.alternate);
      const dir = await untilWritten(caches());
      assert.equal((await stat(dir)).mode & 0o777, 0o700);
      for (const file of await readdir(dir)) assert.equal((await stat(join(dir, file))).mode & 0o777, 0o600);
      // Nothing is on the screen but the first screen: no notice of it.
      pty.signal('SIGTERM');
      assert.equal(await pty.exited, 0);
    } finally {
      await pty.close();
    }
  });

  test('damaged caches are as good as none', async () => {
    const expected = await command({ NODE_DISABLE_COMPILE_CACHE: '1' });
    const [build = ''] = await readdir(caches());
    const dir = join(caches(), build);
    const files = await readdir(dir);
    assert.ok(files.includes('main.pack.js.bin'));
    const damages: ((bytes: Buffer) => Buffer)[] = [
      () => Buffer.alloc(0),
      () => Buffer.from('garbage'),
      bytes => bytes.subarray(0, bytes.length >> 1),
      bytes => Buffer.alloc(bytes.length, 0x41),
    ];
    for (const damage of damages) {
      for (const file of files) await writeFile(join(dir, file), damage(await readFile(join(dir, file))));
      assert.equal(await command(), expected);
    }
  });

  test('a cache folder that can’t be had is no reason to fail', async () => {
    await writeFile(join(home, 'file'), '');
    const pty = await createPty([process.execPath, WHOLE], {
      env: { ...env, XDG_CACHE_HOME: join(home, 'file', 'cache') },
    });
    try {
      await pty.waitFor('the first screen', () => pty.emulator.alternate);
      pty.signal('SIGTERM');
      assert.equal(await pty.exited, 0);
    } finally {
      await pty.close();
    }
  });
});

/** The cache is written some time after the first frame, a file at a time; what is smallest is written last. */
async function untilWritten(dir: string): Promise<string> {
  for (let tries = 0; tries < 500; tries++) {
    const [build] = await readdir(dir).catch(() => []);
    if (build !== undefined) {
      const files = await readdir(join(dir, build));
      if (files.includes('main.pack.js.bin')) return join(dir, build);
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  throw new Error('no cache was written');
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', status => {
      if (status === 0) resolve(text);
      else reject(new Error(`${args.join(' ')} ended with ${status}`));
    });
  });
}
