// What an import finds under a path: messages in mbox files, Maildirs and .eml files, folder by folder. Everything in
// it may be hostile: only plain files are opened, no link below the path is followed, names are bytes.
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, stat } from 'node:fs/promises';
import { envelopeOf } from '../mail/headers.ts';
import {
  lettersFlags,
  maildirLevels,
  nameTime,
  ownName,
  readKeywordLines,
  readUidlLines,
  splitName,
} from '../mail/maildir.ts';
import { fromLineDate, looksLikeMessage } from '../mail/mbox.ts';
import type { Role } from '../mail/types.ts';
import { Disk, errnoOf } from '../store/disk.ts';
import { TmailError } from '../util/errors.ts';
import { realFileSystem } from '../util/fsync.ts';
import { IMPORT_DEPTH, IMPORT_NAMES, MESSAGE_BYTES } from '../util/limits.ts';
import { UIDLS, UIDLS_BYTES } from './export-files.ts';
import { type Failure, isFailure } from './file-work.ts';
import type { Files, FoundFile } from './files.ts';
import { MARKER, type Marker, readMarker } from './marker.ts';
import { type MboxFile, type MboxPlace, mboxFile } from './mbox-file.ts';

export interface FoundMessage {
  /** For a person: the file, and in an mbox the message's number. Hostile text. */
  readonly name: string;
  readonly size: number;
  /** As on the wire. */
  readonly flags: readonly string[];
  /** Milliseconds since 1970; 0: not known. */
  readonly arrival: number;
  /** The name under which the POP3 server of the exported account knows it. */
  readonly uidl?: string | null;
  /** All of it, where it was read already. */
  readonly whole?: Buffer;
  /** Repeatable until the next message is asked for. */
  bytes(): AsyncIterable<Buffer>;
}

export interface FoundFolder {
  /** Levels of its path; [] is the place that was named. Hostile text. */
  readonly levels: readonly string[];
  readonly role: Role | null;
  /** Our own export names it. */
  readonly marked: boolean;
  /** Whose it was, by our own export. */
  readonly account: string | null;
  /** It is the very place that was named. */
  readonly root: boolean;
  /** What the messages came in, for where they go when nothing else says it. */
  readonly kind: 'maildir' | 'mbox' | 'eml';
  /** In the order in which they are to be numbered: our own exports' is the list's, else by arrival. */
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
export async function* foldersIn(path: string, passed: Passed, files: Files): AsyncGenerator<FoundFolder> {
  const facts = { path };
  const found = await stat(path).catch(() => null);
  if (!found) throw new TmailError('config', 'import.not-found', { facts });
  const root = Buffer.from(path);
  if (found.isDirectory()) {
    const marker = await readMarker(new Disk(realFileSystem, false), path);
    yield* walk({ root, marker, passed, files }, root, [], 0);
    return;
  }
  if (!found.isFile()) throw new TmailError('config', 'import.not-mail', { facts });
  const kind = await kindOf(root, path);
  if (kind === null) {
    const code = /\.mbo?x$/i.test(path) ? 'import.not-mbox' : 'import.not-mail';
    throw new TmailError('config', code, { facts });
  }
  const levels = kind === 'mbox' ? [mboxLevel(path.split('/').at(-1) ?? '')] : [];
  const messages =
    kind === 'mbox' ? mboxMessages(root, passed, false) : emlMessages({ passed, files }, root, null, false);
  yield { levels, role: null, marked: false, account: null, root: true, kind, messages: () => messages };
}

interface Walk {
  readonly root: Path;
  readonly marker: Marker | null;
  readonly passed: Passed;
  readonly files: Files;
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
    yield {
      ...own,
      kind: 'maildir',
      messages: () => maildirMessages(to, dir, isDirectory('new'), own.marked),
    };
  const isEml = (name: Buffer) => kinds.get(latin(name)) === 'file' && /\.eml$/i.test(latin(name));
  const emls = names.filter(isEml);
  if (emls.length > 0 || (marked(to, dir) && to.marker?.format === 'eml'))
    yield { ...own, kind: 'eml', messages: () => emlMessages(to, dir, emls, own.marked) };
  for (const name of names) {
    const path = under(dir, name);
    const text = name.toString('utf8');
    if (kinds.get(latin(name)) === 'file') {
      if (isEml(name) || text === MARKER || /^dovecot|^maildirfolder$|^courierimap|^tmail-uidl$/.test(text))
        continue;
      if ((await kindOf(path, text)) !== 'mbox') {
        passed.otherFiles++;
        continue;
      }
      const folder = ownFolder(to, path, [...levels, mboxLevel(text)]);
      yield { ...folder, kind: 'mbox', messages: () => mboxMessages(path, passed, folder.marked) };
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
    ? { levels: known.levels, role: known.role, marked: true, account: to.marker?.account ?? null, root }
    : { levels, role: null, marked: false, account: null, root };
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
async function openPlain(path: Path, passed: Passed): Promise<{ handle: FileHandle; size: number } | null> {
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

async function* mboxMessages(path: Path, passed: Passed, ours: boolean): AsyncGenerator<FoundMessage> {
  const file = await openPlain(path, passed);
  if (!file) return;
  const name = path.toString('utf8');
  try {
    const mbox = mboxFile(file.handle, file.size);
    const places = ours || (await isInOrder(mbox)) ? mbox.places() : await byArrival(mbox);
    for await (const place of places) {
      const { n, size, flags, arrival, uidl, bytes } = await mbox.message(place);
      yield { name: `${name}: message ${n}`, size, flags, arrival, uidl, bytes };
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

/** As most are: then no list of it is needed. */
async function isInOrder(mbox: MboxFile): Promise<boolean> {
  let last = 0;
  for await (const { arrival } of mbox.places()) {
    if (arrival < last) return false;
    last = arrival;
  }
  return true;
}

async function byArrival(mbox: MboxFile): Promise<MboxPlace[]> {
  const places: MboxPlace[] = [];
  for await (const place of mbox.places()) places.push(place);
  return places.sort((a, b) => a.arrival - b.arrival || a.n - b.n);
}

interface Reading {
  readonly passed: Passed;
  readonly files: Files;
}

/** A message file before it is read. */
interface Listed {
  readonly path: Path;
  /** Characters are bytes. */
  readonly name: string;
  readonly size: number;
  readonly arrival: number;
}

async function* maildirMessages(
  reading: Reading,
  dir: Path,
  hasNew: boolean,
  ours: boolean,
): AsyncGenerator<FoundMessage> {
  const parts = hasNew ? ['cur', 'new'] : ['cur'];
  const paths: Path[] = [];
  for (const part of parts) {
    const within = under(dir, Buffer.from(part));
    for (const name of await namesIn(within, reading.passed)) {
      // Programs keep files of their own there; messages never begin with a dot.
      if (name[0] !== 46) paths.push(under(within, name));
    }
  }
  const listed = await listedOf(reading, paths, 0, (name, { modified }) => {
    const told = nameTime(name);
    // What copies or fetches mail makes one of the two later than it was, never earlier.
    return told === null || Math.floor(modified / 1000) * 1000 === told ? modified : Math.min(told, modified);
  });
  yield* messagesOf(reading, ordered(listed, ours), await tablesIn(dir, ours));
}

/** @param names null: `dir` is the file itself */
async function* emlMessages(
  reading: Reading,
  dir: Path,
  names: readonly Buffer[] | null,
  ours: boolean,
): AsyncGenerator<FoundMessage> {
  const paths = names === null ? [dir] : names.map(name => under(dir, name));
  const listed = await listedOf(reading, paths, ours ? 0 : HEAD, (_, { head, modified, size }) => {
    // The time of a file that a program saved is when it was saved.
    const { date } = ours ? { date: 0 } : envelopeOf(head, { size, arrival: 0 });
    return date > 0 && date < modified ? date : modified;
  });
  const tables = names === null ? NO_TABLES : await tablesIn(dir, ours);
  yield* messagesOf(reading, ordered(listed, ours), tables);
}

/** What is looked at of a file for its date. */
const HEAD = 16 * 1024;
/** Files looked at together. */
const LISTED = 500;

async function listedOf(
  { passed, files }: Reading,
  paths: readonly Path[],
  head: number,
  arrival: (name: string, file: FoundFile) => number,
): Promise<Listed[]> {
  const listed: Listed[] = [];
  for (let at = 0; at < paths.length; at += LISTED) {
    const some = paths.slice(at, at + LISTED);
    const found = await files.read(some, -1, head);
    for (const [n, path] of some.entries()) {
      const file = found[n];
      if (!file || isFailure(file)) refuse(passed, path, file?.reason ?? file?.errno ?? 'unknown');
      else {
        const name = path.subarray(path.lastIndexOf(SLASH) + 1).toString('latin1');
        listed.push({ path, name, size: file.size, arrival: arrival(name, file) });
      }
    }
  }
  return listed;
}

/** Our own by their numbers, which are the list's order; others by arrival. */
function ordered(listed: Listed[], ours: boolean): Listed[] {
  const number = ({ name }: Listed) => (ours ? (ownName(splitName(name).base)?.uid ?? 0) : 0);
  const keyed = listed.map(file => ({ file, number: number(file) }));
  keyed.sort(
    (a, b) => a.number - b.number || a.file.arrival - b.file.arrival || (a.file.name < b.file.name ? -1 : 1),
  );
  return keyed.map(({ file }) => file);
}

/** A message up to this size is read whole, with others. */
const SMALL = 256 * 1024;
const TOGETHER = 200;
const TOGETHER_BYTES = 4 * 1024 * 1024;

/** Small ones are read together, the next while these are taken. */
async function* messagesOf(
  reading: Reading,
  listed: readonly Listed[],
  tables: Tables,
): AsyncGenerator<FoundMessage> {
  const read = (some: readonly Listed[]) =>
    reading.files.read(
      some.map(({ path }) => path),
      SMALL,
    );
  const groups = groupsOf(listed);
  let next = groups[0] && read(groups[0]);
  for (const [n, group] of groups.entries()) {
    const found = (await next) ?? [];
    const after = groups[n + 1];
    next = after && read(after);
    next?.catch(() => undefined); // said when it is its turn
    for (const [i, file] of group.entries()) {
      yield* oneMessage(reading, file, found[i], tables);
    }
  }
}

function groupsOf(listed: readonly Listed[]): Listed[][] {
  const groups: Listed[][] = [];
  let bytes = 0;
  for (const file of listed) {
    const size = file.size <= SMALL ? file.size : 0;
    const last = groups.at(-1);
    bytes += size;
    if (last && last.length < TOGETHER && bytes <= TOGETHER_BYTES) last.push(file);
    else {
      groups.push([file]);
      bytes = size;
    }
  }
  return groups;
}

async function* oneMessage(
  { passed }: Reading,
  { path, name, arrival }: Listed,
  found: FoundFile | Failure | undefined,
  { keywords, uidls }: Tables,
): AsyncGenerator<FoundMessage> {
  if (!found || isFailure(found)) {
    refuse(passed, path, found?.reason ?? found?.errno ?? 'unknown');
    return;
  }
  const { base, letters } = splitName(name);
  const own = uidls.size > 0 ? ownName(base) : null;
  const message = {
    name: path.toString('utf8'),
    flags: lettersFlags(letters, keywords),
    arrival,
    uidl: own ? (uidls.get(`${own.uid} ${own.hash}`) ?? null) : null,
  };
  const whole = found.bytes;
  if (whole) {
    yield { ...message, size: whole.length, whole, bytes: () => pieces([whole]) };
    return;
  }
  const file = await openPlain(path, passed);
  if (!file) return;
  const { handle, size } = file;
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
    yield { ...message, size, bytes };
  } finally {
    await handle.close();
  }
}

async function* pieces(all: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* all;
}

/** What stands beside the message files. */
interface Tables {
  readonly keywords: readonly string[];
  /** Of our own exports, by `NUMBER HASH`. */
  readonly uidls: ReadonlyMap<string, string>;
}

const NO_TABLES: Tables = { keywords: [], uidls: new Map() };

async function tablesIn(dir: Path, ours: boolean): Promise<Tables> {
  const keywords = readKeywordLines(
    (await textOf(under(dir, Buffer.from('dovecot-keywords')), 64 * 1024)) ?? '',
  );
  const names = ours ? await textOf(under(dir, Buffer.from(UIDLS)), UIDLS_BYTES) : null;
  return { keywords, uidls: names === null ? NO_TABLES.uidls : readUidlLines(names) };
}

/** Null: no plain file of that name, or one that is too long. */
async function textOf(path: Path, most: number): Promise<string | null> {
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
