// The lists over all accounts: which folders and which of their messages belong to each. Pure.
import { hasLabels } from '../../mail/labels.ts';
import { type AccountId, FLAGGED, type Flags, type Role, SEEN } from '../../mail/types.ts';
import type { FolderRecord } from '../../store/types.ts';
import { UNIFIED_NAMES, type UnifiedId, type UnifiedName } from './types.ts';

interface Unified {
  readonly title: string;
  /** What stands in it when nothing does. */
  readonly empty: string;
  /** Of the folders with this role; null: of all but those that repeat others or hold what nobody wants to see. */
  readonly role: Role | null;
  /** By flags; null: all messages. */
  readonly keeps: ((flags: Flags) => boolean) | null;
}

const UNIFIED: Readonly<Record<UnifiedName, Unified>> = {
  inbox: { title: 'All inboxes', empty: 'No inbox has any mail.', role: 'inbox', keeps: null },
  unread: {
    title: 'Unread',
    empty: 'There is no unread mail.',
    role: null,
    keeps: flags => (flags & SEEN) === 0,
  },
  flagged: {
    title: 'Flagged',
    empty: 'No message has a star.',
    role: null,
    keeps: flags => (flags & FLAGGED) !== 0,
  },
  drafts: { title: 'Drafts', empty: 'There are no drafts.', role: 'drafts', keeps: null },
  sent: { title: 'Sent', empty: 'Nothing was sent yet.', role: 'sent', keeps: null },
};

/** Gmail's All Mail, Starred and Important hold what other folders hold too. */
const LEFT_OUT: readonly (Role | null)[] = ['all', 'flagged', 'important', 'junk', 'trash'];

/** What a person does not look for unread mail in. */
export function isLeftOut(role: Role | null): boolean {
  return LEFT_OUT.includes(role);
}

export const UNIFIED_IDS: readonly UnifiedId[] = UNIFIED_NAMES.map(name => `all:${name}` as const);

export function unifiedOf(id: UnifiedId): Unified {
  const name = UNIFIED_NAMES.find(one => `all:${one}` === id) ?? 'inbox';
  return UNIFIED[name];
}

export function unifiedTitle(id: UnifiedId): string {
  return unifiedOf(id).title;
}

/** The folders whose messages are in it, in the order of the accounts. */
export function foldersOf<F extends Pick<FolderRecord, 'account' | 'path' | 'role' | 'selectable'>>(
  id: UnifiedId,
  folders: readonly F[],
): readonly F[] {
  const { role } = unifiedOf(id);
  const complete = role === null ? withAllMail(folders) : null;
  return folders.filter(folder => {
    if (!folder.selectable) return false;
    // Each message once, also one that has several labels, or none.
    if (complete?.has(folder.account)) return folder.role === 'all';
    return role === null ? !LEFT_OUT.includes(folder.role) : folder.role === role;
  });
}

/** Gmail's accounts whose All Mail can be seen. */
function withAllMail(
  folders: readonly Pick<FolderRecord, 'account' | 'path' | 'role' | 'selectable'>[],
): ReadonlySet<AccountId> {
  const all = folders.filter(({ role, selectable }) => role === 'all' && selectable);
  return new Set(all.filter(record => hasLabels([record])).map(({ account }) => account));
}
