// Files outside the store: written beside, durable, read back and compared before they get their name; never over
// another file. Knows no mail.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Disk, errnoOf, storageError } from '../store/disk.ts';
import { writeTemporary } from '../store/raw-file.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { isLeftTemporary } from '../util/fsync.ts';

export interface Checked {
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

const CHUNK = 1024 * 1024;

/** Names what went wrong on the disk that is exported to: `export.full` (path), `export.write` (path, errno). */
export async function onTarget<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const error = asTmailError(thrown instanceof TmailError ? thrown : storageError(thrown, path));
    if (!error.code.startsWith('disk.')) throw error;
    const facts = { path, errno: error.facts.errno };
    throw new TmailError('storage', error.code === 'disk.full' ? 'export.full' : 'export.write', {
      facts,
      cause: error,
    });
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

/**
 * Writes `bytes` to a temporary file in the directory `beside`, makes them durable, reads them back, and gives them the
 * name `path`, which nobody may have. The name is durable after the caller has synced its directory.
 * @throws TmailError `export.verify` (path), `export.full`, `export.write`, and what `bytes` throws, as it is
 */
export async function writeVerified(
  disk: Disk,
  options: { readonly path: string; readonly beside: string; readonly modified: number },
  bytes: AsyncIterable<Buffer>,
  expected: Checked | null,
): Promise<Checked> {
  const { path, beside, modified } = options;
  const source = outside(bytes);
  let temporary: string | null = null;
  try {
    return await onTarget(path, async () => {
      const file = await writeTemporary(disk, join(beside, basename(path)), source.bytes);
      temporary = file.temporary;
      try {
        const seconds = Math.max(0, Number.isFinite(modified) ? modified : 0) / 1000;
        await file.handle.utimes(seconds, seconds);
        await file.handle.sync();
      } finally {
        await file.handle.close();
      }
      const written = await checksumOf(disk, file.temporary);
      const wanted = expected ?? file;
      if (written?.sha256 !== wanted.sha256 || written.size !== wanted.size) {
        throw new TmailError('storage', 'export.verify', { facts: { path } });
      }
      await disk.rename(file.temporary, path);
      temporary = null;
      return written;
    });
  } catch (error) {
    if (temporary !== null) await disk.remove(temporary).catch(() => undefined);
    throw source.failed() ?? error;
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
