// Unread mail in a list: behind a row may be more than its own message. Pure.
import { SEEN } from '../../mail/types.ts';
import type { Listing, RowKey } from './types.ts';

export function isUnread(rows: Listing, key: RowKey): boolean {
  const found = rows.message(key);
  return found !== undefined && ((found.folder.flags(found.uid) ?? SEEN) & SEEN) === 0;
}

/** The unread message that the row stands for: its own, or the first in its fold. */
export function unreadAt(rows: Listing, key: RowKey): RowKey | undefined {
  if (rows.firstUnread) return rows.firstUnread(key);
  return isUnread(rows, key) ? key : undefined;
}
