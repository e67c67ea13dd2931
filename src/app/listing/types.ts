// What a list on the screen is: rows under keys that stay with their messages, whatever order they stand in. The list
// of one folder, of several, sorted, filtered or by conversation all look like this.
import type { FolderId, LocalUid } from '../../mail/types.ts';
import type { FolderStore } from '../../store/types.ts';

/** A folder, or what is looked at over all accounts. */
export type ListId = FolderId | UnifiedId;
export type UnifiedId = `all:${UnifiedName}`;
/** What the folder pane leads to: a list, or the screen of what is on its way out. */
export type PaneTarget = ListId | 'outbox';
export const UNIFIED_NAMES = ['inbox', 'unread', 'flagged', 'drafts', 'sent'] as const;
export type UnifiedName = (typeof UNIFIED_NAMES)[number];

export function isUnified(id: ListId): id is UnifiedId {
  return id.startsWith('all:') && !/^\d+$/.test(id.slice('all:'.length));
}

/**
 * A message's row, the same in every order of its list and for the whole run: the local uid in the list of one folder,
 * the folder's place times 2**32 plus the local uid where there are several.
 */
export type RowKey = number;

/** Rows from top to bottom; positions count from 0. */
export interface Rows {
  readonly length: number;
  /** Undefined outside, and while it is not known which message stands there. */
  keyAt(position: number): RowKey | undefined;
  /** -1 when it is not in the list (any more). */
  positionOf(key: RowKey): number;
  /** Position of the key, or of the row that took its place; 0 in an empty list. */
  locate(key: RowKey): number;
}

/** How a row belongs to a conversation. */
export interface Fold {
  /** 0: the row that stands for the conversation. */
  readonly depth: number;
  /** Messages of the conversation, and how many of them are unread. */
  readonly count: number;
  readonly unread: number;
  /** The others are not shown. */
  readonly folded: boolean;
  /** Any of them has a star, attachments. */
  readonly starred: boolean;
  readonly files: boolean;
  /** In the tree: no sibling follows; bit n: the ancestor of depth n + 1 has siblings that follow. */
  readonly last: boolean;
  readonly guides: number;
  /** The message is in another folder than the list's. */
  readonly elsewhere?: true;
}

/** Messages, not rows: a folded conversation is one row of many. */
export function messageCount(rows: Listing | undefined): number {
  return (rows?.base ?? rows)?.length ?? 0;
}

export interface Listing extends Rows {
  readonly id: ListId;
  /** One folder in the order of arrival: its keys are the messages' numbers, the highest first. */
  readonly plain?: true;
  message(key: RowKey): { readonly folder: FolderStore; readonly uid: LocalUid } | undefined;
  /** The row of a message, whether it is in the list now or not; undefined: it can't be. */
  keyOf(folder: FolderId, uid: LocalUid): RowKey | undefined;
  /** In lists of conversations: the same message by message. */
  readonly base?: Listing;
  /** In lists of conversations; undefined: the row belongs to none. */
  fold?(key: RowKey): Fold | undefined;
  /** Names the row's conversation, whatever comes and goes in it. */
  foldName?(key: RowKey): string | undefined;
  /** The messages of the row's conversation that are in the list, folded or not. */
  conversation?(key: RowKey): readonly { readonly folder: FolderId; readonly uid: LocalUid }[];
  /** The message before or after it, through folded conversations too; its row may be hidden in a fold. */
  step?(key: RowKey, by: 1 | -1): RowKey | undefined;
  /** Which of its conversation's messages it is. */
  place?(key: RowKey): { readonly n: number; readonly of: number } | undefined;
  /** The unread message that the row stands for: the first in its fold, else its own. */
  firstUnread?(key: RowKey): RowKey | undefined;
  /** The message that it answers to. */
  parent?(key: RowKey): RowKey | undefined;
  /** All messages of the folded conversation that this row stands for; undefined: it stands for its message alone. */
  members?(key: RowKey): readonly { readonly folder: FolderId; readonly uid: LocalUid }[] | undefined;
  /** Reads the envelopes of these positions (inclusive), as far as it is known what stands there. */
  ensure(from: number, to: number): Promise<void>;
  /** It is known for every position which message stands there. */
  readonly whole: boolean;
  /** Resolves when it is. */
  load(): Promise<void>;
}
