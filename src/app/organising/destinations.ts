// Where messages go that are filed by what they are: Trash, Junk, Archive with its years and months. Pure: says which
// folder that is, or how the missing one is called; makes none.
import type { AccountConfig, ArchiveScheme } from '../../config/types.ts';
import type { AccountId, FolderId, Role } from '../../mail/types.ts';
import type { FolderRecord } from '../../store/types.ts';

/** The accounts of a state, as far as folders go. */
export interface Folders {
  readonly accounts: readonly { readonly id: AccountId; readonly folders: readonly FolderRecord[] }[];
}

export type FilingRole = 'trash' | 'archive' | 'junk' | 'inbox';

export interface Destination {
  readonly account: AccountId;
  readonly path: string;
  /** Undefined: it has to be made. */
  readonly id: FolderId | undefined;
  /** What the folder is to be from now on. */
  readonly becomes: Role | null;
  /** The folder that it is in, where that has to be made or told what it is for first. */
  readonly top?: Destination;
}

const NAMES: Readonly<Record<FilingRole, string>> = {
  trash: 'Trash',
  archive: 'Archive',
  junk: 'Junk',
  inbox: 'INBOX',
};

/** The folders of an account by what they are for. */
export function folderByRole(state: Folders, account: AccountId, role: string): FolderId | undefined {
  return recordByRole(foldersOf(state, account), role)?.id;
}

export const foldersOf = (state: Folders, account: AccountId): readonly FolderRecord[] =>
  state.accounts.find(({ id }) => id === account)?.folders ?? [];

function recordByRole(folders: readonly FolderRecord[], role: string): FolderRecord | undefined {
  return folders.find(folder => folder.role === role && folder.selectable);
}

/** A folder that has the name but was never told what it is for is taken; else a new one beside the others. */
export function roleDestination(state: Folders, account: AccountId, role: FilingRole): Destination {
  const folders = foldersOf(state, account);
  // Where a server keeps all mail in one folder, archived is what is only there.
  const known =
    recordByRole(folders, role) ?? (role === 'archive' ? recordByRole(folders, 'all') : undefined);
  if (known) return { account, path: known.path, id: known.id, becomes: null };
  const path = prefixOf(folders) + NAMES[role];
  const same = folders.find(folder => folder.path.toLowerCase() === path.toLowerCase());
  const free = same?.selectable && same.role === null ? same : undefined;
  return { account, path: free?.path ?? path, id: free?.id, becomes: role };
}

/** Servers that keep a person's folders below INBOX take new ones only there. */
function prefixOf(folders: readonly FolderRecord[]): string {
  const others = folders.filter(({ role, remote }) => role !== 'inbox' && remote);
  const inbox = folders.find(({ role }) => role === 'inbox');
  if (!inbox || others.length === 0) return '';
  const below = inbox.path + inbox.delimiter;
  return inbox.delimiter !== '' && others.every(({ path }) => path.startsWith(below)) ? below : '';
}

export const schemeOf = (config: AccountConfig | undefined): ArchiveScheme => config?.archive ?? 'flat';

/** `2027`, or `2027/11`: below the archive, by the message's own date here. */
export function archiveDestination(
  state: Folders,
  account: AccountId,
  scheme: ArchiveScheme,
  date: number,
): Destination {
  const top = roleDestination(state, account, 'archive');
  const folders = foldersOf(state, account);
  const delimiter = folders.find(({ id }) => id === top.id)?.delimiter ?? delimiterOf(folders);
  const isAll = folders.find(({ id }) => id === top.id)?.role === 'all';
  if (scheme === 'flat' || delimiter === '' || isAll) return top;
  const day = new Date(date);
  const levels = [
    String(day.getFullYear()),
    ...(scheme === 'month' ? [String(day.getMonth() + 1).padStart(2, '0')] : []),
  ];
  const path = [top.path, ...levels].join(delimiter);
  const known = folders.find(folder => folder.path === path && folder.selectable);
  const above = top.id === undefined || top.becomes ? { top } : {};
  return { account, path, id: known?.id, becomes: null, ...above };
}

function delimiterOf(folders: readonly FolderRecord[]): string {
  return folders.find(({ delimiter }) => delimiter !== '')?.delimiter ?? '/';
}

/** The message is archived already as its account's scheme has it, or in a folder that a person made below. */
export function isArchived(state: Folders, folder: FolderRecord, scheme: ArchiveScheme): boolean {
  const top = recordByRole(foldersOf(state, folder.account), 'archive');
  if (!top) return folder.role === 'all';
  if (folder.id === top.id) return scheme === 'flat';
  return folder.delimiter !== '' && folder.path.startsWith(top.path + folder.delimiter);
}
