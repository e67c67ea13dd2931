// Finds a folder by what a person types: its path, or what it is for.
import type { Role } from '../mail/types.ts';
import type { AccountStore, FolderRecord } from '../store/types.ts';
import { TmailError } from '../util/errors.ts';
import { nearest } from '../util/nearest.ts';

const ROLES: readonly Role[] = ['inbox', 'sent', 'drafts', 'trash', 'archive', 'junk'];

/** The path wins over the role of the same name, and exact spelling over any other. */
export function findFolder(folders: readonly FolderRecord[], wanted: string): FolderRecord | undefined {
  const lower = wanted.toLowerCase();
  return (
    folders.find(folder => folder.path === wanted) ??
    folders.find(folder => folder.role === lower && ROLES.includes(folder.role)) ??
    folders.find(folder => folder.path.toLowerCase() === lower)
  );
}

/** @throws TmailError `folder.unknown`, or `account.empty` when nothing was ever fetched. */
export function chosenFolder(account: AccountStore, wanted: string | undefined): FolderRecord {
  const folders = account.folders();
  if (folders.length === 0)
    throw new TmailError('rejected', 'account.empty', { facts: { account: account.id } });
  const found = findFolder(folders, wanted ?? 'inbox');
  if (found) return found;
  throw new TmailError('rejected', 'folder.unknown', {
    facts: {
      account: account.id,
      folder: wanted ?? 'inbox',
      suggestion: nearest(wanted ?? '', [...folders.map(folder => folder.path), ...ROLES]),
    },
  });
}
