// What an import finds under a path: messages in mbox files, Maildirs and .eml files, folder by folder. Everything in
// it may be hostile: only plain files are opened, no link below the path is followed, names are bytes.
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, stat } from 'node:fs/promises';
import { lettersFlags, maildirLevels, nameTime, readKeywordLines, splitName } from '../mail/maildir.ts';
import { fromLineDate, looksLikeMessage } from '../mail/mbox.ts';
import type { Role } from '../mail/types.ts';
import { Disk, errnoOf } from '../store/disk.ts';
import { TmailError } from '../util/errors.ts';
import { realFileSystem } from '../util/fsync.ts';
import { IMPORT_DEPTH, IMPORT_NAMES, MESSAGE_BYTES } from '../util/limits.ts';
import { MARKER, type Marker, readMarker } from './marker.ts';
import { readMbox } from './mbox-file.ts';

export interface FoundMessage {
  /** For a person: the file, and in an mbox the message's number. Hostile text. */
  readonly name: string;
  readonly size: number;
  /** As on the wire. */
  readonly flags: readonly string[];
  /** Milliseconds since 1970; 0: not known. */
  readonly arrival: number;
  /** Repeatable until the next message is asked for. */
  bytes(): AsyncIterable<Buffer>;
}

export interface FoundFolder {
  /** Levels of its path; [] is the place that was named. Hostile text. */
  readonly levels: readonly string[];
  readonly role: Role | null;
  /** Our own export names it. */
  readonly marked: boolean;
  /** It is the very place that was named. */
  readonly root: boolean;
  /** What the messages came in, for where they go when nothing else says it. */
  readonly kind: 'maildir' | 'mbox' | 'eml';
  messages(): AsyncGenerator<FoundMessage>;
}

export interface Passed {
  /** Links, pipes and the like, and files that can't be read: never opened. Named, as far as they are few. */
  readonly refused: { readonly name: string; readonly reason: string }[];
  refusedCount: number;
  /** Plain files that are no mail. */
  otherFiles: number;
}

type Path = Buffer;
const REFUSED_NAMED = 100;
const SLASH = Buffer.from('/');
const under = (dir: Path, name: Buffer): Path => Buffer.concat([dir, SLASH, name]);

/**
 * The folders under `path`, an absolute path that a person gave, which may itself be a link.
 * @throws TmailError `import.not-found` (path), `import.not-mail` (path), `import.not-mbox` (path)
 */
export async function* foldersIn(path: string, passed: Passed): AsyncGenerator<FoundFolder> {
  const facts = { path };
  const found = await stat(path).catch(() => null);
  if (!found) throw new TmailError('config', 'import.not-found', { facts });
  const root = Buffer.from(path);
  if (found.isDirectory()) {
    const marker = await readMarker(new Disk(realFileSystem, false), path);
    yield* walk({ root, marker, passed }, root, [], 0);
    return;
  }
  if (!found.isFile()) throw new TmailError('config', 'import.not-mail', { facts });
  const kind = await kindOf(root, path);
  if (kind === null) {
    const code = /\.mbo?x$/i.test(path) ? 'import.not-mbox' : 'import.not-mail';
    throw new TmailError('config', code, { facts });
  }
  const levels = kind === 'mbox' ? [mboxLevel(path.split('/').at(-1) ?? '')] : [];
  const messages = kind === 'mbox' ? mboxMessages(root, passed) : oneFile(root, passed);
  yield { levels, role: null, marked: false, root: true, kind, messages: () => messages };
}

interface Walk {
  readonly root: Path;
  readonly marker: Marker | null;
  readonly passed: Passed;
}

async function* walk(
  to: Walk,
  dir: Path,
  levels: readonly string[],
  depth: number,
): AsyncGenerator<FoundFolder> {
  const { passed } = to;
  const names = await namesIn(dir, passed);
  const kinds = new Map<string, 'directory' | 'file'>();
  for (const name of names) {
    const kind = await plainKind(under(dir, name), passed);
    if (kind) kinds.set(name.toString('latin1'), kind);
  }
  const latin = (name: Buffer) => name.toString('latin1');
  const isDirectory = (name: string) => kinds.get(name) === 'directory';
  const isMaildir = isDirectory('cur') && (isDirectory('new') || isDirectory('tmp'));
  const own = ownFolder(to, dir, levels);
  if (isMaildir)
    yield { ...own, kind: 'maildir', messages: () => maildirMessages(dir, isDirectory('new'), passed) };
  const isEml = (name: Buffer) => kinds.get(latin(name)) === 'file' && /\.eml$/i.test(latin(name));
  const emls = names.filter(isEml);
  if (emls.length > 0 || (marked(to, dir) && to.marker?.format === 'eml'))
    yield { ...own, kind: 'eml', messages: () => emlMessages(dir, emls, passed) };
  for (const name of names) {
    const path = under(dir, name);
    const text = name.toString('utf8');
    if (kinds.get(latin(name)) === 'file') {
      if (isEml(name) || text === MARKER || /^dovecot|^maildirfolder$|^courierimap/.test(text)) continue;
      if ((await kindOf(path, text)) !== 'mbox') {
        passed.otherFiles++;
        continue;
      }
      const folder = ownFolder(to, path, [...levels, mboxLevel(text)]);
      yield { ...folder, kind: 'mbox', messages: () => mboxMessages(path, passed) };
    } else if (kinds.get(latin(name)) === 'directory') {
      if (isMaildir && ['cur', 'new', 'tmp'].includes(text)) continue;
      if (depth >= IMPORT_DEPTH) refuse(passed, path, 'depth');
      else yield* walk(to, path, [...levels, ...childLevels(text, isMaildir || depth === 0)], depth + 1);
    }
  }
}

/** `.Archive.2026` beside a Maildir's messages is a folder of two levels. */
function childLevels(name: string, dots: boolean): string[] {
  return dots && /^\.[^.]/.test(name) ? maildirLevels(name) : [name];
}

function mboxLevel(name: string): string {
  return name.replace(/\.(?:mbox|mbx)$/i, '') || name;
}

/** What our own export says of this place, if anything. */
function marked({ root, marker }: Walk, path: Path) {
  const file = path.subarray(root.length + 1).toString('utf8');
  return marker?.folders.find(folder => folder.file === file);
}

/** That, else what the place's names say. */
function ownFolder(to: Walk, path: Path, levels: readonly string[]) {
  const known = marked(to, path);
  const root = path.length === to.root.length;
  return known
    ? { levels: known.levels, role: known.role, marked: true, root }
    : { levels, role: null, marked: false, root };
}

async function namesIn(dir: Path, passed: Passed): Promise<Buffer[]> {
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

async function plainKind(path: Path, passed: Passed): Promise<'directory' | 'file' | null> {
  const found = await lstat(path).catch(() => null);
  if (found?.isDirectory()) return 'directory';
  if (found?.isFile()) return 'file';
  refuse(passed, path, found?.isSymbolicLink() ? 'link' : 'not-a-file');
  return null;
}

function refuse(passed: Passed, path: Path, reason: string): void {
  passed.refusedCount++;
  if (passed.refused.length < REFUSED_NAMED) passed.refused.push({ name: path.toString('utf8'), reason });
}

/** Opens a plain file; null: refused. Never waits for a pipe. */
async function openPlain(
  path: Path,
  passed: Passed,
): Promise<{ handle: FileHandle; size: number; modified: number } | null> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (found.isFile()) return { handle, size: found.size, modified: Math.round(found.mtimeMs) };
    await handle.close();
    refuse(passed, path, 'not-a-file');
  } catch (error) {
    refuse(passed, path, errnoOf(error) ?? 'unknown');
  }
  return null;
}

/** What a file that was named or lies about is, by its first bytes. */
async function kindOf(path: Path, name: string): Promise<'mbox' | 'eml' | null> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (!handle) return null;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    const head = buffer.subarray(0, bytesRead);
    const lines = head
      .toString('latin1')
      .replace(/^[\r\n]+/, '')
      .split('\n', 1);
    if (fromLineDate(lines[0] ?? '') !== null) return 'mbox';
    if (/\.mbo?x$/i.test(name)) return bytesRead === 0 ? 'mbox' : null;
    if (/\.eml$/i.test(name)) return 'eml';
    return looksLikeMessage(head) && !/[\x00]/.test(head.toString('latin1')) ? 'eml' : null;
  } finally {
    await handle.close();
  }
}

async function* mboxMessages(path: Path, passed: Passed): AsyncGenerator<FoundMessage> {
  const file = await openPlain(path, passed);
  if (!file) return;
  const name = path.toString('utf8');
  try {
    for await (const message of readMbox(file.handle, file.size)) {
      const { n, size, flags, arrival, bytes } = message;
      yield { name: `${name}: message ${n}`, size, flags, arrival, bytes };
    }
  } catch (error) {
    if (error instanceof TmailError && error.code === 'import.not-mbox') {
      throw new TmailError('rejected', error.code, { facts: { path: name } });
    }
    throw error;
  } finally {
    await file.handle.close();
  }
}

async function* maildirMessages(dir: Path, hasNew: boolean, passed: Passed): AsyncGenerator<FoundMessage> {
  const keywords = await keywordsIn(dir);
  const parts = hasNew ? ['cur', 'new'] : ['cur'];
  const found: { path: Path; name: string }[] = [];
  for (const part of parts) {
    const within = under(dir, Buffer.from(part));
    for (const name of await namesIn(within, passed)) {
      // Programs keep files of their own there; messages never begin with a dot.
      if (name[0] !== 46) found.push({ path: under(within, name), name: name.toString('latin1') });
    }
  }
  const time = (name: string) => nameTime(name) ?? 0;
  found.sort((a, b) => time(a.name) - time(b.name) || (a.name < b.name ? -1 : 1));
  for (const { path, name } of found) {
    const flags = lettersFlags(splitName(name).letters, keywords);
    yield* fileMessage(path, passed, flags);
  }
}

async function* emlMessages(
  dir: Path,
  names: readonly Buffer[],
  passed: Passed,
): AsyncGenerator<FoundMessage> {
  const keywords = await keywordsIn(dir);
  for (const name of names) {
    const flags = lettersFlags(splitName(name.toString('latin1')).letters, keywords);
    yield* fileMessage(under(dir, name), passed, flags);
  }
}

function oneFile(path: Path, passed: Passed): AsyncGenerator<FoundMessage> {
  const { letters } = splitName(path.toString('latin1').split('/').at(-1) ?? '');
  return fileMessage(path, passed, lettersFlags(letters, []));
}

async function* fileMessage(
  path: Path,
  passed: Passed,
  flags: readonly string[],
): AsyncGenerator<FoundMessage> {
  const file = await openPlain(path, passed);
  if (!file) return;
  const { handle, size, modified } = file;
  async function* bytes() {
    // At most what the file had: one that grows has no end.
    const most = Math.min(size, MESSAGE_BYTES + 1);
    for (let at = 0; at < most; ) {
      const wanted = Math.min(1024 * 1024, most - at);
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
  try {
    yield { name: path.toString('utf8'), size, flags, arrival: modified, bytes };
  } finally {
    await handle.close();
  }
}

async function keywordsIn(dir: Path): Promise<string[]> {
  const path = under(dir, Buffer.from('dovecot-keywords'));
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => null,
  );
  if (!handle) return [];
  try {
    if (!(await handle.stat()).isFile()) return [];
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, 0);
    return readKeywordLines(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await handle.close();
  }
}
