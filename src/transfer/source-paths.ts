// Plain files under a path that may hold anything: opened without following links and without waiting for pipes; what
// is refused is counted, the first of them by name. Names are bytes.
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { errnoOf } from '../store/disk.ts';
import { TmailError } from '../util/errors.ts';
import { IMPORT_NAMES } from '../util/limits.ts';

export type Path = Buffer;

export interface Passed {
  /** Links, pipes and the like, and files that can't be read: never opened. Named, as far as they are few. */
  readonly refused: { readonly name: string; readonly reason: string }[];
  refusedCount: number;
  /** Plain files that are no mail. */
  otherFiles: number;
}

const REFUSED_NAMED = 100;
export const SLASH = Buffer.from('/');
export const under = (dir: Path, name: Buffer): Path => Buffer.concat([dir, SLASH, name]);

export async function namesIn(dir: Path, passed: Passed): Promise<Buffer[]> {
  try {
    const names = await readdir(dir, { encoding: 'buffer' });
    if (names.length > IMPORT_NAMES) throw new TmailError('rejected', 'import.too-many');
    return names.sort(Buffer.compare);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    refuse(passed, dir, errno);
    return [];
  }
}

export async function plainKind(path: Path, passed: Passed): Promise<'directory' | 'file' | null> {
  const found = await lstat(path).catch(() => null);
  if (found?.isDirectory()) return 'directory';
  if (found?.isFile()) return 'file';
  refuse(passed, path, found?.isSymbolicLink() ? 'link' : 'not-a-file');
  return null;
}

export function refuse(passed: Passed, path: Path, reason: string): void {
  passed.refusedCount++;
  if (passed.refused.length < REFUSED_NAMED) passed.refused.push({ name: path.toString('utf8'), reason });
}

/** Opens a plain file; null: refused. Never waits for a pipe. */
export async function openPlain(
  path: Path,
  passed: Passed,
): Promise<{ handle: FileHandle; size: number } | null> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (found.isFile()) return { handle, size: found.size };
    await handle.close();
    refuse(passed, path, 'not-a-file');
  } catch (error) {
    refuse(passed, path, errnoOf(error) ?? 'unknown');
  }
  return null;
}

/** Null: no plain file of that name, or one that is too long. */
export async function textOf(path: Path, most: number): Promise<string | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch(() => null);
  if (!handle) return null;
  try {
    const found = await handle.stat();
    return found.isFile() && found.size <= most ? await handle.readFile('utf8') : null;
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}
