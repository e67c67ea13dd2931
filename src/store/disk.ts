// The store's hands on the disk: private modes, bounded reads that follow no link, few writes at once, and every
// failure as a TmailError. Knows no file's meaning.
import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { TmailError } from '../util/errors.ts';
import { type FileSystem, syncDirectory, writeFileDurably } from '../util/fsync.ts';

/** Files written at once: libuv has four threads, and a disk gains nothing from more. */
const WRITES_AT_ONCE = 4;

/** The storage error behind a failed system call. `disk.full`, `disk.read-only`, `disk.io`; facts: path, errno. */
export function storageError(error: unknown, path: string): TmailError {
  if (error instanceof TmailError) return error;
  const errno = errnoOf(error);
  const facts = { path, errno: errno ?? String(error) };
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new TmailError('storage', 'disk.full', { retry: 'auto', facts, cause: error });
  }
  if (errno === 'EROFS' || errno === 'EACCES' || errno === 'EPERM') {
    return new TmailError('storage', 'disk.read-only', { facts, cause: error });
  }
  if (errno === undefined) return new TmailError('bug', 'bug.unexpected', { facts, cause: error });
  return new TmailError('storage', 'disk.io', { facts, cause: error });
}

export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Waits for all of them, also when one fails: a write that still runs behind a failure would put its old content over
 * what is written next.
 */
export async function together(works: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) if (result.status === 'rejected') throw result.reason;
}

export class Disk {
  readonly fs: FileSystem;
  /** False for a reader: every call that would change something throws `store.reader`. */
  readonly writable: boolean;
  #writing = 0;
  #waiting: (() => void)[] = [];

  constructor(fs: FileSystem, writable: boolean) {
    this.fs = fs;
    this.writable = writable;
  }

  /** The whole file, following no link; null when it is absent. An owner makes it private on the way. */
  async read(path: string, limit: number): Promise<Buffer | 'huge' | 'not-a-file' | null> {
    try {
      const handle = await this.fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        const stat = await handle.stat();
        if (!stat.isFile()) return 'not-a-file';
        if (stat.size > limit) return 'huge';
        if (this.writable && (stat.mode & 0o077) !== 0) await handle.chmod(0o600);
        return await handle.readFile();
      } finally {
        await handle.close();
      }
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT' || errno === 'ENOTDIR') return null;
      if (errno === 'ELOOP' || errno === 'EISDIR') return 'not-a-file';
      throw storageError(error, path);
    }
  }

  /** Replaces a file durably; see writeFileDurably. */
  async write(path: string, data: string | Uint8Array, options: { directory?: boolean } = {}): Promise<void> {
    this.assertWritable();
    await this.limited(path, () => writeFileDurably(path, data, { fs: this.fs, ...options }));
  }

  async syncDirectory(path: string): Promise<void> {
    this.assertWritable();
    await this.limited(path, () => syncDirectory(path, this.fs));
  }

  /** Makes a private directory and its parents, durably. */
  async makeDirectory(path: string): Promise<void> {
    this.assertWritable();
    await this.limited(path, () => this.#makeDirectory(path));
  }

  // Step by step: a recursive mkdir of Node's never ends where parents can't be made, as in /proc.
  async #makeDirectory(path: string, again = true): Promise<void> {
    try {
      await this.fs.mkdir(path, { mode: 0o700 });
    } catch (error) {
      const errno = errnoOf(error);
      const above = dirname(path);
      if (errno === 'EEXIST' && (await this.#leadsToDirectory(path))) return;
      if (errno !== 'ENOENT' || above === path || !again) throw error;
      // It may be there by now: two directories in a new one are made at once.
      if (!(await this.#leadsToDirectory(above))) await this.#makeDirectory(above);
      return this.#makeDirectory(path, false);
    }
    await syncDirectory(dirname(path), this.fs);
  }

  /** Through links as well. */
  async #leadsToDirectory(path: string): Promise<boolean> {
    try {
      const handle = await this.fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
      await handle.close();
      return true;
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return false;
      throw error;
    }
  }

  /** Names in a directory, unsorted; none when it is absent. */
  async list(path: string): Promise<string[]> {
    try {
      return await this.fs.readdir(path);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT' || errno === 'ENOTDIR') return [];
      throw storageError(error, path);
    }
  }

  /** When a name in this directory was last added, replaced or removed; 0: there is none. */
  async timeOf(path: string): Promise<number> {
    try {
      return (await this.fs.lstat(path)).mtimeMs;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return 0;
      throw storageError(error, path);
    }
  }

  /** Bytes of a regular file; null for anything else. */
  async size(path: string): Promise<number | null> {
    try {
      const stat = await this.fs.lstat(path);
      return stat.isFile() ? stat.size : null;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null;
      throw storageError(error, path);
    }
  }

  async exists(path: string): Promise<boolean> {
    try {
      await this.fs.lstat(path);
      return true;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
      throw storageError(error, path);
    }
  }

  async rename(from: string, to: string): Promise<void> {
    this.assertWritable();
    await this.limited(to, () => this.fs.rename(from, to));
  }

  /** Repeatable: an absent file is a removed file. */
  async remove(path: string): Promise<void> {
    this.assertWritable();
    try {
      await this.fs.unlink(path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw storageError(error, path);
    }
  }

  /** Repeatable. Removes links, never what they lead to. */
  async removeTree(path: string): Promise<void> {
    this.assertWritable();
    await this.limited(path, () => this.fs.rm(path, { recursive: true, force: true }));
  }

  async freeBytes(path: string): Promise<number> {
    try {
      const stat = await this.fs.statfs(path);
      return stat.bavail * stat.bsize;
    } catch (error) {
      throw storageError(error, path);
    }
  }

  assertWritable(): void {
    if (!this.writable) throw new TmailError('storage', 'store.reader');
  }

  /** Runs a system call when fewer than WRITES_AT_ONCE others run, and translates its error. */
  async limited<T>(path: string, work: () => Promise<T>): Promise<T> {
    if (this.#writing >= WRITES_AT_ONCE) await new Promise<void>(resolve => this.#waiting.push(resolve));
    else this.#writing++;
    try {
      return await work();
    } catch (error) {
      throw storageError(error, path);
    } finally {
      // The place is handed over, not freed, so that nobody slips in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#writing--;
    }
  }
}
