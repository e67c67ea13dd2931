// LIST → the store's folders: roles (SPECIAL-USE, RFC 6154, else names in many languages), names as on the wire,
// counts. Remembers what STATUS said, so that an unchanged folder is not even selected.
import type { ListResponse, StatusObject } from 'imapflow';
import type { Role } from '../../mail/types.ts';
import type { FolderCounts, FolderInfo, FolderSync } from '../../store/types.ts';
import type { MailboxName } from './client.ts';
import { pathOf } from './names.ts';

export interface ListedFolder {
  readonly info: FolderInfo;
  readonly name: MailboxName;
  readonly status: FolderStatus | null;
}

/** What STATUS said of a folder; null where the server said nothing. */
export interface FolderStatus {
  readonly messages: number;
  readonly unseen: number;
  readonly uidNext: number | null;
  readonly uidValidity: string | null;
  readonly highestModseq: string | null;
}

const ROLES: ReadonlyMap<string, Role> = new Map([
  ['\\Inbox', 'inbox'],
  ['\\Drafts', 'drafts'],
  ['\\Sent', 'sent'],
  ['\\Archive', 'archive'],
  ['\\Junk', 'junk'],
  ['\\Trash', 'trash'],
  ['\\All', 'all'],
  ['\\Flagged', 'flagged'],
]);

/** One folder each for what LIST said; of two with the same path the second keeps its wire name as its path. */
export function listedFolders(entries: readonly ListResponse[], utf8: boolean): ListedFolder[] {
  const taken = new Set<string>();
  const roles = new Set<Role>();
  const folders: ListedFolder[] = [];
  for (const entry of entries) {
    const wire = entry.pathAsListed;
    if (wire === '') continue;
    const decoded = pathOf(wire, utf8);
    const path = taken.has(decoded) ? wire : decoded;
    if (taken.has(path)) continue;
    taken.add(path);
    const role = roleOf(entry, path);
    const status = statusOf(entry.status);
    folders.push({
      name: { path, wire },
      status,
      info: {
        path,
        name: lastLevel(path, entry.delimiter),
        delimiter: entry.delimiter || '',
        role: role !== null && !roles.has(role) ? role : null,
        subscribed: entry.subscribed === true,
        selectable: isSelectable(entry),
        remote: true,
        ...(status ? { counts: countsOf(status) } : {}),
      },
    });
    if (role !== null) roles.add(role);
  }
  return folders;
}

function isSelectable(entry: ListResponse): boolean {
  if (entry.flags.has('\\Noselect') || entry.flags.has('\\NonExistent')) return false;
  // Bytes that are no UTF-8 were lost in reading the name: the folder can be shown, but not named to the server.
  return !entry.pathAsListed.includes('\ufffd');
}

function roleOf(entry: ListResponse, path: string): Role | null {
  if (path === 'INBOX') return 'inbox';
  // RFC 8457; imapflow knows only the others.
  const important = entry.flags.has('\\Important') ? 'important' : null;
  const role = ROLES.get(entry.specialUse ?? '') ?? important;
  return role === 'inbox' ? null : role;
}

function lastLevel(path: string, delimiter: string): string {
  if (!delimiter) return path;
  const name = path.slice(path.lastIndexOf(delimiter) + delimiter.length);
  return name === '' ? path : name;
}

export function statusOf(answer: StatusObject | undefined): FolderStatus | null {
  if (!answer || typeof answer.messages !== 'number') return null;
  return {
    messages: answer.messages,
    unseen: answer.unseen ?? 0,
    uidNext: answer.uidNext ?? null,
    uidValidity: answer.uidValidity === undefined ? null : String(answer.uidValidity),
    highestModseq: answer.highestModseq ? String(answer.highestModseq) : null,
  };
}

export function countsOf(status: FolderStatus): FolderCounts {
  return { total: status.messages, unread: status.unseen };
}

export function sameStatus(a: FolderStatus, b: FolderStatus): boolean {
  return (
    a.messages === b.messages &&
    a.unseen === b.unseen &&
    a.uidNext === b.uidNext &&
    a.uidValidity === b.uidValidity
  );
}

/** Whether STATUS alone shows that a pull would find nothing; only mod-sequences can show it for flags. */
export function isUpToDate(status: FolderStatus, sync: FolderSync, here: number): boolean {
  return (
    sync.filledDownTo === 1 &&
    status.highestModseq !== null &&
    status.highestModseq === sync.highestModseq &&
    status.uidValidity === sync.uidValidity &&
    status.uidNext === sync.uidNext &&
    status.messages === here
  );
}
