// Folders that the person makes, renames and removes here: what names are allowed, and what becomes of a list of
// folders. Pure; a name never becomes a path on the disk, where folders have numbers.
import { TmailError } from '../util/errors.ts';
import { at } from './folder-overlay.ts';
import type { FolderEntry } from './shapes.ts';

/** Between the levels of a local folder's path. */
export const LOCAL_DELIMITER = '/';
/** As long as file systems allow: an export makes directories of them. */
const LEVEL_BYTES = 200;
const MOST_LEVELS = 16;

export interface ListChange {
  readonly folders: readonly FolderEntry[];
  /** The number of the next new folder. */
  readonly next: number;
  /** Which folder it is about. */
  readonly number: number;
}

/**
 * A path as it is kept: NFC, without space around its levels.
 * @throws TmailError `folder.name` (path, reason: `empty`, `control`, `long`, `deep`)
 */
export function localPath(wanted: string, delimiter = LOCAL_DELIMITER): string {
  const normal = wanted.normalize('NFC');
  const levels = (delimiter === '' ? [normal] : normal.split(delimiter)).map(cleanLevel);
  const refuse = (reason: string) =>
    new TmailError('rejected', 'folder.name', { retry: 'never', facts: { folder: wanted, reason } });
  if (levels.some(level => level === '')) throw refuse('empty');
  if (levels.length > MOST_LEVELS) throw refuse('deep');
  for (const level of levels) {
    // Invisible and reordering characters would make two names look alike; joiners are letters' business.
    if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\ufffd]/u.test(level)) throw refuse('control');
    if (Buffer.byteLength(level) > LEVEL_BYTES) throw refuse('long');
  }
  return levels.join(delimiter);
}

const cleanLevel = (level: string): string => level.replace(/\p{Zs}+/gu, ' ').trim();

/**
 * A new folder, with those above it that are missing. One that was removed comes back under its number.
 * @throws TmailError `folder.name`, `folder.exists` (folder)
 */
export function withFolder(folders: readonly FolderEntry[], next: number, wanted: string): ListChange {
  const path = spelled(folders, localPath(wanted));
  refuseTaken(folders, path);
  return withPath(folders, next, path);
}

/**
 * A folder and all below it under another path.
 * @throws TmailError `folder.name`, `folder.exists`, `folder.role`, `folder.on-server`, `folder.within-itself` (folder)
 */
export function withRenamed(
  folders: readonly FolderEntry[],
  next: number,
  entry: FolderEntry,
  wanted: string,
): ListChange {
  refuseUnlessOwn(entry);
  const branch = branchOf(folders, entry);
  const path = spelled(
    folders.filter(one => one !== entry),
    localPath(wanted),
  );
  if (isWithin(entry.path, entry.delimiter, path)) throw refusal('folder.within-itself', entry.path);
  const numbers = new Set(branch.map(({ n }) => n));
  const others = folders.filter(({ n }) => !numbers.has(n));
  const moved = branch.map(one => at(one, path + one.path.slice(entry.path.length)));
  for (const one of moved) refuseTaken(others, one.path);
  const above = path.split(LOCAL_DELIMITER).slice(0, -1).join(LOCAL_DELIMITER);
  const made = above === '' ? { folders: others, next } : ensured(others, next, above);
  const byNumber = new Map(moved.map(one => [one.n, one]));
  const kept = folders.map(one => byNumber.get(one.n) ?? made.folders.find(({ n }) => n === one.n) ?? one);
  const added = made.folders.filter(one => !folders.some(({ n }) => n === one.n));
  return { folders: [...kept, ...added], next: made.next, number: entry.n };
}

/**
 * The folder and what is below it; each may be removed by the person.
 * @throws TmailError `folder.role`, `folder.on-server` (folder)
 */
export function removable(folders: readonly FolderEntry[], entry: FolderEntry): readonly FolderEntry[] {
  const branch = branchOf(folders, entry);
  for (const one of branch) refuseUnlessOwn(one);
  return branch;
}

/**
 * The paths of a new folder on the server and of those above it that are missing, from the top.
 * @throws TmailError `folder.name`, `folder.exists` (folder)
 */
export function newServerPaths(shown: readonly FolderEntry[], wanted: string, delimiter: string): string[] {
  const path = spelled(shown, localPath(wanted, delimiter), delimiter);
  refuseTaken(shown, path);
  const levels = delimiter === '' ? [path] : path.split(delimiter);
  const paths = levels.map((_, depth) => levels.slice(0, depth + 1).join(delimiter));
  return paths.filter(each => !isThere(shown, each));
}

/**
 * A server's folder under another path: that path, and the missing ones above it.
 * @throws TmailError `folder.name`, `folder.exists`, `folder.role`, `folder.within-itself` (folder)
 */
export function newServerPath(
  shown: readonly FolderEntry[],
  entry: FolderEntry,
  wanted: string,
): { path: string; above: readonly string[] } {
  if (entry.role !== null) throw refusal('folder.role', entry.path);
  const branch = new Set(serverBranch(shown, entry));
  const others = shown.filter(one => !branch.has(one));
  const { delimiter } = entry;
  if (isWithin(entry.path, delimiter, localPath(wanted, delimiter)))
    throw refusal('folder.within-itself', entry.path);
  const made = newServerPaths(others, wanted, delimiter);
  return { path: made.at(-1) ?? wanted, above: made.slice(0, -1) };
}

/** A server's folder and what is below it. */
export function serverBranch(shown: readonly FolderEntry[], entry: FolderEntry): FolderEntry[] {
  const below = shown.filter(
    one => one.n !== entry.n && one.remote && isWithin(entry.path, entry.delimiter, one.path),
  );
  return [...shown.filter(one => one.n === entry.n), ...below];
}

/** @throws TmailError `folder.role` (folder) */
export function refuseRoles(folders: readonly FolderEntry[]): void {
  for (const one of folders) if (one.role !== null) throw refusal('folder.role', one.path);
}

function withPath(folders: readonly FolderEntry[], next: number, path: string): ListChange {
  const above = path.split(LOCAL_DELIMITER).slice(0, -1).join(LOCAL_DELIMITER);
  const made = above === '' ? { folders, next } : ensured(folders, next, above);
  // Nobody but the person has removed it: whatever is remembered of it (an undo) finds it again.
  const old = made.folders.find(one => one.dropped !== 0 && !one.remote && one.path === path);
  if (old) {
    const back = { ...old, dropped: 0 };
    return { ...made, folders: made.folders.map(one => (one === old ? back : one)), number: old.n };
  }
  const nothing = { role: null, subscribed: true, selectable: true, remote: false };
  const counts: [number, number] = [0, 0];
  const entry = at(
    { n: made.next, path, name: path, delimiter: LOCAL_DELIMITER, ...nothing, counts, dropped: 0 },
    path,
  );
  return { folders: [...made.folders, entry], next: made.next + 1, number: entry.n };
}

/** With this folder, and those above it, where they are missing. */
function ensured(folders: readonly FolderEntry[], next: number, path: string) {
  return isThere(folders, path) ? { folders, next } : withPath(folders, next, path);
}

/** Levels above that are there in other letters (`inbox/x`) are those. */
function spelled(folders: readonly FolderEntry[], path: string, delimiter = LOCAL_DELIMITER): string {
  if (delimiter === '') return path;
  const levels = path.split(delimiter);
  for (let depth = levels.length - 1; depth > 0; depth--) {
    const key = folded(levels.slice(0, depth).join(delimiter));
    const above = folders.find(one => one.dropped === 0 && folded(one.path) === key);
    if (above) return [above.path, ...levels.slice(depth)].join(delimiter);
  }
  return path;
}

function branchOf(folders: readonly FolderEntry[], entry: FolderEntry): readonly FolderEntry[] {
  const below = folders.filter(
    one => one.dropped === 0 && one !== entry && isWithin(entry.path, entry.delimiter, one.path),
  );
  return [entry, ...below];
}

function isWithin(path: string, delimiter: string, other: string): boolean {
  return delimiter !== '' && other.startsWith(path + delimiter);
}

function isThere(folders: readonly FolderEntry[], path: string): boolean {
  return folders.some(one => one.dropped === 0 && one.path === path);
}

/** Names that differ only in case are one directory on some disks, and one folder to most people. */
function refuseTaken(folders: readonly FolderEntry[], path: string): void {
  const key = folded(path);
  const taken = folders.find(one => one.dropped === 0 && folded(one.path) === key);
  if (taken) throw refusal('folder.exists', taken.path);
}

const folded = (path: string): string => path.normalize('NFC').toLowerCase();

function refuseUnlessOwn(entry: FolderEntry): void {
  if (entry.role !== null) throw refusal('folder.role', entry.path);
  if (entry.remote) throw refusal('folder.on-server', entry.path);
}

function refusal(code: string, folder: string): TmailError {
  return new TmailError('rejected', code, { retry: 'never', facts: { folder } });
}
