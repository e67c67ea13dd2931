// Directories that are made with their parents: several at once, through links, and where none can be made.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Disk } from '../../src/store/disk.ts';
import { realFileSystem } from '../../src/util/fsync.ts';
import { code, temporaryDirectory } from './harness.ts';

const disk = new Disk(realFileSystem, true);

test('directories are made with their parents, many at once, and are private', async t => {
  const dir = await temporaryDirectory(t);
  for (let round = 0; round < 30; round++) {
    const names = ['a', 'b', 'c', 'd', 'a'].map(name => join(dir, `${round}`, 'deep', 'raw', name));
    await Promise.all(names.map(name => disk.makeDirectory(name)));
    for (const name of names) assert.equal((await stat(name)).mode & 0o777, 0o700);
  }
});

test('a link to a directory is one; a file and a dangling link are none', async t => {
  const dir = await temporaryDirectory(t);
  await mkdir(join(dir, 'real'));
  await symlink(join(dir, 'real'), join(dir, 'link'));
  await disk.makeDirectory(join(dir, 'link'));
  await disk.makeDirectory(join(dir, 'link', 'below'));
  assert.ok(existsSync(join(dir, 'real', 'below')));
  await writeFile(join(dir, 'file'), '');
  await symlink(join(dir, 'absent'), join(dir, 'dangling'));
  for (const name of ['file', 'dangling', 'file/below']) {
    await assert.rejects(disk.makeDirectory(join(dir, name)), code('disk.io'), name);
  }
});

test('where no directory can be made, the attempt ends', { skip: !existsSync('/proc/self') }, async () => {
  for (const path of ['/proc/tmail', '/proc/tmail/deep/er']) {
    await assert.rejects(disk.makeDirectory(path), code('disk.io'));
  }
});
