// Where imported mail goes: the local folder for what was found, made when it is not there, and what is in it already.
import type { FolderId, LocalUid, RawRef, Role } from '../mail/types.ts';
import type { AccountStore, FolderInfo, FolderRecord, FolderStore } from '../store/types.ts';
import { TmailError } from '../util/errors.ts';
import { levelsOf } from './messages.ts';
import type { FoundFolder } from './source.ts';

export interface Target {
  readonly folder: FolderStore;
  readonly id: FolderId;
  readonly path: string;
  /**
   * Messages that have these bytes and that no message of the source was found to be yet, the oldest file first. Two
   * that are alike in one folder are two, and stay two.
   */
  readonly here: Map<string, LocalUid[]>;
  /** Message files from here on may be of an import that did not end. */
  readonly unfinished: number;
  /**
   * Names under which the account's POP3 server knows messages that are here. Null: the source is another account's,
   * whose names say nothing here.
   */
  readonly names: Set<string> | null;
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
  const held: { uid: LocalUid; ref: RawRef }[] = [];
  for (let position = folder.length - 1; position >= 0; position--) {
    const uid = folder.uidAt(position);
    const ref = uid === undefined ? null : folder.raw(uid);
    if (uid !== undefined && ref && !ref.partial) held.push({ uid, ref });
  }
  // In the order of the manifests, of which only a few are in memory.
  held.sort((a, b) => a.ref.n - b.ref.n);
  const here = new Map<string, LocalUid[]>();
  for (const { uid, ref } of held) {
    const checksum = await account.raw.checksum(ref);
    if (!checksum) continue;
    const alike = here.get(checksum.sha256);
    if (alike) alike.push(uid);
    else here.set(checksum.sha256, [uid]);
  }
  return { folder, id: record.id, path: record.path, here, unfinished, names };
}

export interface Wanted {
  readonly account: AccountStore;
  /** As in `ImportOptions`. */
  readonly folder: FolderRecord | string | null;
}

/** The local folder for what was found; made when it is not there. */
export async function targetOf({ account, folder }: Wanted, found: FoundFolder): Promise<FolderRecord> {
  if (folder !== null && typeof folder !== 'string' && found.root) return folder;
  if (folder !== null) {
    const base = typeof folder === 'string' ? folder.split('/').filter(Boolean) : levelsOf(folder);
    return localFolder(account, found.root ? base : [...base, ...found.levels], null);
  }
  if (found.levels.length > 0) return localFolder(account, found.levels, found.role, found.marked);
  return found.kind === 'maildir'
    ? localFolder(account, ['Inbox'], 'inbox')
    : localFolder(account, ['Imported'], null);
}

async function localFolder(
  account: AccountStore,
  levels: readonly string[],
  role: Role | null,
  exact = false,
): Promise<FolderRecord> {
  const names = levels.map(safeLevel);
  const path = names.join('/') || '_';
  const find = () => {
    const here = account.folders();
    const byRole = role === null ? undefined : here.find(record => record.role === role);
    const byPath = byRole ?? here.find(record => record.path === path);
    return byPath ?? (exact ? undefined : here.find(record => sameName(record, path)));
  };
  const found = find();
  if (found) return found;
  const info = { path, name: names.at(-1) ?? path, delimiter: '/', role: null };
  const made: FolderInfo = { ...info, subscribed: true, selectable: true, remote: false };
  // The store drops what a list leaves out.
  await account.setFolders([...account.folders(), made]);
  const record = find();
  if (!record) throw new TmailError('storage', 'folder.unknown', { facts: { folder: path } });
  return record;
}

/** `INBOX` of a Maildir is `Inbox` here, and so on for the folders that every account has. */
function sameName(record: FolderRecord, path: string): boolean {
  return record.role !== null && record.path.toLowerCase() === path.toLowerCase();
}

/** A name of a file is not yet a name of a folder: no separators, no control characters, not without end. */
function safeLevel(level: string): string {
  const plain = level.replace(/[\p{Cc}\p{Cs}\ufffd/]/gu, '_').trim();
  return plain.slice(0, 200) || '_';
}
