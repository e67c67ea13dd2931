// Files outside the store: what goes wrong with them, what a dead export left of them, and the small ones that an
// export keeps for itself. Knows no mail.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Disk, errnoOf, storageError } from '../store/disk.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { isLeftTemporary } from '../util/fsync.ts';
import type { Checked } from './file-work.ts';

const CHUNK = 1024 * 1024;

/** What went wrong on the disk that is exported to: `export.full` (path), `export.write` (path, errno). */
export function targetError(thrown: unknown, path: string): TmailError {
  const error = asTmailError(thrown instanceof TmailError ? thrown : storageError(thrown, path));
  if (!error.code.startsWith('disk.')) return error;
  const facts = { path, errno: error.facts.errno };
  const code = error.code === 'disk.full' ? 'export.full' : 'export.write';
  return new TmailError('storage', code, { facts, cause: error });
}

/** Names what goes wrong on the disk that is exported to. */
export async function onTarget<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw targetError(thrown, path);
  }
}

/** Size and checksum of a regular file, following no link; null when there is none. */
export async function checksumOf(disk: Disk, path: string): Promise<Checked | null> {
  try {
    const handle = await disk.fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) return null;
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(CHUNK);
      let size = 0;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, CHUNK, null);
        if (bytesRead === 0) return { size, sha256: hash.digest('hex') };
        hash.update(buffer.subarray(0, bytesRead));
        size += bytesRead;
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return null;
    throw storageError(error, path);
  }
}

/** Keeps apart what the source throws from what the disk does. */
export function outside(bytes: AsyncIterable<Buffer>): {
  readonly bytes: AsyncGenerator<Buffer>;
  failed(): unknown;
} {
  let failed: unknown;
  async function* watched() {
    try {
      yield* bytes;
    } catch (error) {
      failed = error;
      throw asTmailError(error);
    }
  }
  return { bytes: watched(), failed: () => failed };
}

/** Removes half-written files of a tmail that is no longer there. */
export async function removeLeft(disk: Disk, dir: string): Promise<void> {
  for (const name of await disk.list(dir)) {
    if (isLeftTemporary(name) && !lives(Number(/\.tmp-(\d+)-/.exec(name)?.[1])))
      await disk.remove(join(dir, name));
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/** A file that is replaced whole; only for what tmail itself keeps beside exported mail. */
export async function writeOwn(disk: Disk, path: string, text: string): Promise<void> {
  await onTarget(path, () => disk.write(path, text));
}

/** The directory of a path, made with its parents. */
export async function makeParent(disk: Disk, path: string): Promise<void> {
  await onTarget(dirname(path), () => disk.makeDirectory(dirname(path)));
}
