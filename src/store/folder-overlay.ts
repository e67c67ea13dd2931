// The folders as the person has arranged them: the server's list with the operations that wait laid over it. Pure.
import { splitFolderId } from '../mail/ids.ts';
import type { PendingFolder } from './queue.ts';
import type { FolderEntry } from './shapes.ts';
import type { FolderInfo } from './types.ts';

export type QueuedFolderOperation = PendingFolder['op'];

/** A folder as it is shown. */
export interface ShownFolder {
  readonly entry: FolderEntry;
  /** What the server calls it where that differs; null: it does not have it yet. */
  readonly serverPath?: string | null;
}

/** Living folders with what waits done to them. Repeatable: what the server has done already changes nothing. */
export function overlaid(
  folders: readonly FolderEntry[],
  operations: readonly QueuedFolderOperation[],
): readonly ShownFolder[] {
  let shown: readonly FolderEntry[] = folders.filter(({ dropped }) => dropped === 0);
  for (const op of operations) {
    const { folder } = splitFolderId(op.folder);
    if (op.t === 'folder-delete') shown = shown.filter(({ n }) => n !== folder);
    else if (op.t === 'folder-rename') shown = renamed(shown, folder, op.path);
    else if (op.t === 'folder-subscribe') {
      shown = shown.map(entry => (entry.n === folder ? { ...entry, subscribed: op.subscribed } : entry));
    }
  }
  const base = new Map(folders.map(entry => [entry.n, entry]));
  return shown.map((entry): ShownFolder => {
    if (entry.waits) return { entry, serverPath: null };
    const path = base.get(entry.n)?.path ?? entry.path;
    return path === entry.path ? { entry } : { entry, serverPath: path };
  });
}

/** A folder and all below it under another path. */
export function renamed(
  folders: readonly FolderEntry[],
  number: number,
  path: string,
): readonly FolderEntry[] {
  const before = folders.find(({ n }) => n === number);
  if (!before || before.path === path) return folders;
  return folders.map(entry => {
    const isBelow = before.delimiter !== '' && entry.path.startsWith(before.path + before.delimiter);
    if (entry.n !== number && (!isBelow || entry.remote !== before.remote)) return entry;
    return at(entry, path + entry.path.slice(before.path.length));
  });
}

export function at(entry: FolderEntry, path: string): FolderEntry {
  const name = entry.delimiter === '' ? path : (path.split(entry.delimiter).at(-1) ?? path);
  return { ...entry, path, name };
}

/**
 * The server's folders under the paths that it lists them with: a renaming that waits may have reached it, or may not
 * have after all.
 */
export function followed(
  folders: readonly FolderEntry[],
  infos: readonly FolderInfo[],
  operations: readonly QueuedFolderOperation[],
): readonly FolderEntry[] {
  const listed = new Set(infos.map(({ path }) => path));
  let now = folders;
  for (const op of operations) {
    if (op.t !== 'folder-rename') continue;
    const { folder } = splitFolderId(op.folder);
    const entry = now.find(({ n }) => n === folder);
    if (!entry || entry.waits || listed.has(entry.path)) continue;
    const names = operations.flatMap(each =>
      each.t === 'folder-rename' && each.folder === op.folder ? [each.from, each.path] : [],
    );
    const others = new Set(now.flatMap(({ n, path, dropped }) => (n === folder || dropped ? [] : [path])));
    const path = names.findLast(name => listed.has(name) && !others.has(name));
    if (path !== undefined) now = renamed(now, folder, path);
  }
  return now;
}

/** Folders that others have renamed on the server, under the paths that they have now. */
export function movedElsewhere(
  folders: readonly FolderEntry[],
  infos: readonly FolderInfo[],
): readonly FolderEntry[] {
  const now = new Map(infos.flatMap(({ was, path }) => (was === undefined ? [] : [[was, path] as const])));
  if (now.size === 0) return folders;
  const living = folders.filter(({ dropped, remote }) => dropped === 0 && remote);
  const taken = new Set(living.map(({ path }) => path));
  return folders.map(entry => {
    const path = living.includes(entry) ? now.get(entry.path) : undefined;
    return path === undefined || taken.has(path) ? entry : at(entry, path);
  });
}

/** What an operation says when a renaming before it is not made: its paths are those that there are then. */
export function withoutRenaming(
  op: QueuedFolderOperation,
  { from, path }: { readonly from: string; readonly path: string },
  delimiter: string,
): QueuedFolderOperation {
  const back = (other: string): string => {
    const isBelow = delimiter !== '' && other.startsWith(path + delimiter);
    return other === path || isBelow ? from + other.slice(path.length) : other;
  };
  if (op.t === 'folder-rename') return { ...op, from: back(op.from), path: op.path };
  return { ...op, path: back(op.path) };
}
