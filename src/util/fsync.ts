// Files that survive a power cut: write beside, fdatasync, rename, fsync the directory. The one seam through
// which the store and the configuration touch the disk, so that a test can fill or break it.
import * as fsPromises from 'node:fs/promises';
import { dirname } from 'node:path';
import { randomHex } from './random.ts';

/** The calls that write or read the disk; `realFileSystem` in the program, a failing one in tests. */
export type FileSystem = Pick<
  typeof fsPromises,
  'open' | 'rename' | 'link' | 'mkdir' | 'readdir' | 'unlink' | 'lstat' | 'statfs' | 'chmod' | 'rm'
>;

export const realFileSystem: FileSystem = fsPromises;

/** A name beside `path` that no other process uses, now or after a crash. */
export function temporaryName(path: string): string {
  return `${path}.tmp-${process.pid}-${randomHex()}`;
}

/** A name that `temporaryName` made in another process: what a crash left behind, once that one is gone. */
export function isLeftTemporary(name: string): boolean {
  const match = /\.tmp-(\d+)-[0-9a-f]{8}$/.exec(name);
  return match !== null && Number(match[1]) !== process.pid;
}

/** Makes renames, creations and removals in a directory durable. */
export async function syncDirectory(dir: string, fs: FileSystem = realFileSystem): Promise<void> {
  const handle = await fs.open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file whole or not at all; other readers see the old or the new one. The bytes are durable when it
 * resolves; the name is too unless `directory: false` leaves the directory's fsync to the caller. Mode 0600.
 */
export async function writeFileDurably(
  path: string,
  data: string | Uint8Array,
  options: { fs?: FileSystem; directory?: boolean } = {},
): Promise<void> {
  const fs = options.fs ?? realFileSystem;
  const temporary = temporaryName(path);
  try {
    const handle = await fs.open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(data);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, path);
  } catch (error) {
    // The first error is the one worth telling; what can't be removed now is swept at the next start.
    await fs.unlink(temporary).catch(() => undefined);
    throw error;
  }
  if (options.directory !== false) await syncDirectory(dirname(path), fs);
}
