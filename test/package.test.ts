import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { version } from '../package.json';

const exec = promisify(execFile);

test('the packed program installs without dependencies and without a build, and runs', async t => {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-package-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const npm = (...words: string[]) =>
    exec('npm', [...words, '--ignore-scripts', '--offline', '--silent'], {
      env: { ...process.env, HOME: dir },
    });
  await npm('pack', '--pack-destination', dir);
  const [tarball = ''] = (await readdir(dir)).filter(name => name.endsWith('.tgz'));
  await npm('install', '--global', '--prefix', join(dir, 'prefix'), join(dir, tarball));

  const { stdout } = await exec(join(dir, 'prefix', 'bin', 'tmail'), ['--version'], { cwd: dir });
  assert.match(stdout, new RegExp(version.replaceAll('.', '\\.')));
  const installed = join(dir, 'prefix', 'lib', 'node_modules', 'tmail');
  const top = await readdir(installed);
  assert.ok(!top.includes('node_modules') && !top.includes('src'), top.join(' '));
  assert.ok((await readdir(join(installed, 'dist'))).includes('THIRD-PARTY.txt'));
});
