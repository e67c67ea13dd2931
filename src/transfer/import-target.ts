// Where imported mail goes: the folder for what was found, made when it is not there, and what is in it already.
import type { FolderId, LocalUid, RawRef, Role } from '../mail/types.ts';
import type { AccountStore, FolderInfo, FolderRecord, FolderStore } from '../store/types.ts';
import { TmailError } from '../util/errors.ts';
import { levelsOf } from './messages.ts';
import type { FoundFolder } from './source.ts';

export interface Target {
  readonly folder: FolderStore;
  readonly id: FolderId;
  readonly path: string;
  readonly here: Present;
  /** Message files from here on may be of an import that did not end. */
  readonly unfinished: number;
  /**
   * Names under which the account's POP3 server knows messages that are here. Null: the source is another account's,
   * whose names say nothing here.
   */
  readonly names: Set<string> | null;
}

/**
 * Messages of a folder that no message of the source was found to be yet, the oldest first. Two that are alike in one
 * folder are two, and stay two.
 */
export class Present {
  readonly #by = new Map<string, LocalUid[]>();
  readonly #taken = new Set<LocalUid>();

  add(uid: LocalUid, key: string): void {
    const alike = this.#by.get(key);
    if (alike) alike.push(uid);
    else this.#by.set(key, [uid]);
  }

  /** By the first of its names under which one is here. */
  take(keys: readonly string[]): LocalUid | undefined {
    for (const key of keys) {
      const alike = this.#by.get(key) ?? [];
      for (let uid = alike.shift(); uid !== undefined; uid = alike.shift()) {
        if (this.#taken.has(uid)) continue;
        this.#taken.add(uid);
        return uid;
      }
    }
    return undefined;
  }
}

/** A message that is here under such a name is not made a second time: a server's name leads to one message. */
export async function namesIn(account: AccountStore): Promise<Set<string>> {
  const names = new Set<string>();
  for (const record of account.folders()) {
    const folder = await account.folder(record.id);
    await folder.loadAll();
    for (const name of folder.uidlNames?.() ?? []) names.add(name);
  }
  return names;
}

export async function openTarget(
  account: AccountStore,
  record: FolderRecord,
  unfinished: number,
  names: Set<string> | null,
): Promise<Target> {
  const folder = await account.folder(record.id);
  await folder.loadAll();
  const here = new Present();
  const held: { uid: LocalUid; ref: RawRef }[] = [];
  for (let position = folder.length - 1; position >= 0; position--) {
    const uid = folder.uidAt(position);
    const ref = uid === undefined ? null : folder.raw(uid);
    if (uid !== undefined && ref && !ref.partial) held.push({ uid, ref });
  }
  // In the order of the manifests, of which only a few are in memory.
  held.sort((a, b) => a.ref.n - b.ref.n);
  for (const { uid, ref } of held) {
    const checksum = await account.raw.checksum(ref);
    if (checksum) here.add(uid, checksum.sha256);
  }
  return { folder, id: record.id, path: record.path, here, unfinished, names };
}

export interface Wanted {
  readonly account: AccountStore;
  /** As in `ImportOptions`. */
  readonly folder: FolderRecord | string | null;
  /** A server's folder. */
  readonly upload: boolean;
}

interface Place {
  readonly levels: readonly string[];
  readonly role: Role | null;
  /** No other folder will do that is only called like it. */
  readonly exact: boolean;
}

/** The folder for what was found; made when it is not there. */
export function targetOf({ account, folder, upload }: Wanted, found: FoundFolder): Promise<FolderRecord> {
  if (folder !== null && typeof folder !== 'string' && found.root) return Promise.resolve(folder);
  const make = upload ? serverFolder : localFolder;
  return make(account, placeOf(folder, found));
}

function placeOf(folder: FolderRecord | string | null, found: FoundFolder): Place {
  const plain = { role: null, exact: false };
  if (folder !== null) {
    const base = typeof folder === 'string' ? folder.split('/').filter(Boolean) : levelsOf(folder);
    return { ...plain, levels: found.root ? base : [...base, ...found.levels] };
  }
  if (found.levels.length > 0) return { levels: found.levels, role: found.role, exact: found.marked };
  return found.kind === 'maildir'
    ? { levels: ['Inbox'], role: 'inbox', exact: false }
    : { ...plain, levels: ['Imported'] };
}

async function localFolder(account: AccountStore, place: Place): Promise<FolderRecord> {
  const names = place.levels.map(level => safeLevel(level, '/'));
  const path = names.join('/') || '_';
  const found = folderAt(account, path, place);
  if (found) return found;
  const info = { path, name: names.at(-1) ?? path, delimiter: '/', role: null };
  const made: FolderInfo = { ...info, subscribed: true, selectable: true, remote: false };
  // The store drops what a list leaves out.
  await account.setFolders([...account.folders(), made]);
  return mustBe(folderAt(account, path, place), path);
}

/** Made there when the queue comes to it. */
async function serverFolder(account: AccountStore, place: Place): Promise<FolderRecord> {
  const delimiter = account.folders().find(record => record.delimiter)?.delimiter ?? '/';
  const path = place.levels.map(level => safeLevel(level, delimiter)).join(delimiter) || '_';
  const found = folderAt(account, path, place);
  // A row that only holds others takes no mail; a folder that is not on the server is nothing to upload to.
  if (found?.selectable && found.remote) return found;
  const id = await account.createFolder(path, 'server');
  return mustBe(
    account.folders().find(record => record.id === id),
    path,
  );
}

function folderAt(account: AccountStore, path: string, { role, exact }: Place): FolderRecord | undefined {
  const here = account.folders();
  const byRole = role === null ? undefined : here.find(record => record.role === role);
  const byPath = byRole ?? here.find(record => record.path === path);
  return byPath ?? (exact ? undefined : here.find(record => sameName(record, path)));
}

function mustBe(record: FolderRecord | undefined, path: string): FolderRecord {
  if (!record) throw new TmailError('storage', 'folder.unknown', { facts: { folder: path } });
  return record;
}

/** `INBOX` of a Maildir is `Inbox` here, and so on for the folders that every account has. */
function sameName(record: FolderRecord, path: string): boolean {
  return record.role !== null && record.path.toLowerCase() === path.toLowerCase();
}

/** A name of a file is not yet a name of a folder: no separators, no control characters, not without end. */
function safeLevel(level: string, delimiter: string): string {
  const plain = level
    .replace(/[\p{Cc}\p{Cs}\ufffd/]/gu, '_')
    .replaceAll(delimiter, '_')
    .trim();
  return plain.slice(0, 200) || '_';
}
