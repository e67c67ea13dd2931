// One message file: written to a temporary name with its checksum, read back with every doubt. Knows no batches.
import type { Hash } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { TmailError } from '../util/errors.ts';
import { temporaryName } from '../util/fsync.ts';
import { nextTurn } from '../util/turn.ts';
import { type Disk, errnoOf, storageError } from './disk.ts';
import type { ManifestEntry } from './shapes.ts';

/** Bytes hashed or written between two looks at the event loop. */
const CHUNK = 1024 * 1024;

export interface TemporaryFile {
  readonly temporary: string;
  /** Open: whoever has it makes the file durable and closes it. */
  readonly handle: FileHandle;
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

/** Not durable yet. An error of the source comes through as it is; then nothing is left. */
export async function writeTemporary(
  disk: Disk,
  path: string,
  bytes: Buffer | AsyncIterable<Buffer>,
): Promise<TemporaryFile> {
  const temporary = temporaryName(path);
  let handle: FileHandle | null = null;
  try {
    handle = await disk.fs.open(temporary, 'wx', 0o600);
    const hash = newHash();
    const size = await writeAll(handle, bytes, hash);
    return { temporary, handle, size, sha256: hash.digest('hex') };
  } catch (error) {
    await handle?.close().catch(() => undefined);
    await disk.fs.unlink(temporary).catch(() => undefined);
    throw error instanceof TmailError || errnoOf(error) === undefined ? error : storageError(error, path);
  }
}

/** @throws TmailError `raw.missing` (n, path), `raw.damaged` (n, path, reason), `disk.*` */
export async function readChecked(
  disk: Disk,
  path: string,
  n: number,
  entry: ManifestEntry | undefined,
): Promise<Buffer> {
  const damaged = (reason: string) =>
    new TmailError('storage', 'raw.damaged', { facts: { n, path, reason } });
  try {
    const handle = await disk.fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw damaged('not-a-file');
      if (entry && stat.size !== entry.size) throw damaged('size');
      const bytes = await handle.readFile();
      if (entry && (await sha256(bytes)) !== entry.sha256) throw damaged('sha256');
      return bytes;
    } finally {
      await handle.close();
    }
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') {
      throw new TmailError('storage', 'raw.missing', { facts: { n, path } });
    }
    if (errno === 'ELOOP') throw damaged('symlink');
    throw storageError(error, path);
  }
}

/** As `readChecked`, a megabyte at a time; every piece is the caller's. */
export async function* streamChecked(
  disk: Disk,
  path: string,
  n: number,
  entry: ManifestEntry | undefined,
): AsyncGenerator<Buffer> {
  const damaged = (reason: string) =>
    new TmailError('storage', 'raw.damaged', { facts: { n, path, reason } });
  let handle: FileHandle | null = null;
  try {
    handle = await disk.fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (!stat.isFile()) throw damaged('not-a-file');
    if (entry && stat.size !== entry.size) throw damaged('size');
    const hash = newHash();
    for (;;) {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(Math.min(CHUNK, stat.size + 1)));
      if (bytesRead === 0) break;
      const piece = buffer.subarray(0, bytesRead);
      hash.update(piece);
      yield piece;
    }
    if (entry && hash.digest('hex') !== entry.sha256) throw damaged('sha256');
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') {
      throw new TmailError('storage', 'raw.missing', { facts: { n, path } });
    }
    if (errno === 'ELOOP') throw damaged('symlink');
    throw storageError(error, path);
  } finally {
    await handle?.close();
  }
}

async function writeAll(
  handle: FileHandle,
  bytes: Buffer | AsyncIterable<Buffer>,
  hash: Hash,
): Promise<number> {
  if (!Buffer.isBuffer(bytes)) {
    let size = 0;
    for await (const chunk of bytes) size += await writeAll(handle, chunk, hash);
    return size;
  }
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const chunk = bytes.subarray(at, at + CHUNK);
    hash.update(chunk);
    await handle.writeFile(chunk);
  }
  return bytes.length;
}

/** Hex. Gives way to the event loop between megabytes. */
export async function sha256(bytes: Buffer): Promise<string> {
  const hash = newHash();
  for (let at = 0; at < bytes.length; at += CHUNK) {
    if (at > 0) await nextTurn();
    hash.update(bytes.subarray(at, at + CHUNK));
  }
  return hash.digest('hex');
}

/** Loaded when the first file is written or checked: the first frame needs none. */
function newHash(): Hash {
  return process.getBuiltinModule('node:crypto').createHash('sha256');
}
