// Saves parts of a mail as files: where to, and under the first free name. No name from a mail chooses a path,
// nothing is overwritten; the parser writes the bytes.
import { lstat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { numbered } from '../mail/file-name.ts';
import { TmailError } from '../util/errors.ts';

/** Equal names in one folder before it is given up. */
const TRIES = 1000;

/** `~/Downloads` where there is one, else where tmail was started. */
export async function saveDirectory(home = homedir(), here = process.cwd()): Promise<string> {
  const downloads = join(home, 'Downloads');
  return (await taken(downloads)) ? downloads : here;
}

/**
 * Under the first free name, which is returned; `write` must refuse a name that is taken meanwhile (`save.exists`).
 * @throws TmailError `save.names-taken`, and what `write` throws
 */
export async function saveAs(
  folder: string,
  name: string,
  write: (to: string) => Promise<unknown>,
): Promise<string> {
  for (let n = 0; n < TRIES; n++) {
    const to = join(folder, numbered(name, n));
    if (await taken(to)) continue;
    try {
      await write(to);
      return to;
    } catch (error) {
      // Somebody took the name since it was looked at.
      if (!(error instanceof TmailError) || error.code !== 'save.exists') throw error;
    }
  }
  throw new TmailError('storage', 'save.names-taken', { facts: { folder, name } });
}

async function taken(path: string): Promise<boolean> {
  // lstat: a dangling link is a name that is taken too.
  return (await lstat(path).catch(() => null)) !== null;
}
