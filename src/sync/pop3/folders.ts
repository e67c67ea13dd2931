// The folders of a POP3 account: the inbox, where the server's mail comes in, and those that exist only here.
import type { Role } from '../../mail/types.ts';
import type { AccountStore, FolderInfo, FolderRecord } from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';

const STANDARD: readonly (readonly [string, Role])[] = [
  ['Inbox', 'inbox'],
  ['Sent', 'sent'],
  ['Drafts', 'drafts'],
  ['Archive', 'archive'],
  ['Trash', 'trash'],
  ['Junk', 'junk'],
];

/** Makes those that are missing; the person's own stay. Durable, repeatable. */
export async function ensureFolders(store: AccountStore): Promise<void> {
  const here = store.folders();
  const missing = STANDARD.filter(([, role]) => !here.some(record => record.role === role));
  if (missing.length > 0) {
    const added = missing.map(([path, role]) => ({ ...infoOf(path, path), role, remote: role === 'inbox' }));
    // The store drops what a list leaves out.
    await store.setFolders([...here.map(keep), ...added]);
  }
  const inbox = await store.folder(inboxOf(store).id);
  // What is here is all that there is to count; the server's count is of its maildrop.
  if (inbox.sync.filledDownTo !== 1) {
    await inbox.apply({ sync: { ...inbox.sync, filledDownTo: 1 } }, 'now');
  }
}

export function inboxOf(store: AccountStore): FolderRecord {
  const inbox = store.folders().find(record => record.role === 'inbox');
  if (!inbox) throw new TmailError('storage', 'folder.unknown', { facts: { folder: 'inbox' } });
  return inbox;
}

function infoOf(path: string, name: string): FolderInfo {
  return { path, name, delimiter: '/', role: null, subscribed: true, selectable: true, remote: false };
}

function keep(record: FolderRecord): FolderInfo {
  const { path, name, delimiter, role, subscribed, selectable, remote, counts } = record;
  return { path, name, delimiter, role, subscribed, selectable, remote, counts };
}
