// What is derived from the state: the layout, the rows of the folder pane, words for an account's state. Pure.
import { messageId, splitFolderId } from '../mail/ids.ts';
import type { Sort, SortBy } from '../mail/sort.ts';
import type { AccountId, FolderId, MessageId } from '../mail/types.ts';
import type { FolderCounts, FolderRecord, FolderStore } from '../store/types.ts';
import type { AccountStatus, Progress } from '../sync/types.ts';
import type { View } from './commands/command.ts';
import { lastOf } from './last-of.ts';
import { type Layout, layoutFor } from './layout.ts';
import { cursorPosition } from './list-view.ts';
import { isUnified, type ListId, type Listing, type PaneTarget, type UnifiedId } from './listing/types.ts';
import { foldersOf, UNIFIED_IDS, unifiedTitle } from './listing/unified.ts';
import { bytesText } from './notes.ts';
import { type AccountView, type AppState, hasLayer, listOf, topLayer } from './state.ts';

export { lastOf };

const layoutOnce = lastOf((columns: number, rows: number, choice: AppState['layout']) =>
  layoutFor({ columns, rows }, choice),
);

export function layoutOf(state: AppState): Layout {
  return layoutOnce(state.size.columns, state.size.rows, state.layout);
}

/** Messages that fit into the list's window. */
export function listHeight(state: AppState): number {
  const layout = layoutOf(state);
  return Math.max(1, Math.floor(layout.list.rows / layout.rowHeight));
}

export function accountOf(state: AppState, id: AccountId): AccountView | undefined {
  return state.accounts.find(account => account.id === id);
}

export function folderRecord(state: AppState, id: ListId | null): FolderRecord | undefined {
  if (id === null) return undefined;
  for (const account of state.accounts) {
    const found = account.folders.find(folder => folder.id === id);
    if (found) return found;
  }
  return undefined;
}

/** What is in the list, if it has been read from the disk already. */
export function openListing({ state, data }: View): Listing | undefined {
  return data.listing(state);
}

/** The folder in the list, if it is one and has been read from the disk already. */
export function openFolder({ state, data }: View): FolderStore | undefined {
  return state.folder === null ? undefined : data.folder(state.folder);
}

/** The message that a command acts on: the reader's when it has the focus, else the one under the cursor. */
export function target(view: View): { folder: FolderStore; uid: number; id: MessageId } | undefined {
  const { state, data } = view;
  const inReader = hasLayer(state, 'reader') && topLayer(state).t !== 'list';
  if (inReader && state.reader) {
    const folder = data.folder(state.reader.folder);
    return folder && { folder, uid: state.reader.uid, id: state.reader.id };
  }
  const list = openListing(view);
  if (!list) return undefined;
  const position = cursorPosition(listOf(state, list.id), list);
  const key = position < 0 ? undefined : list.keyAt(position);
  const found = key === undefined ? undefined : list.message(key);
  return found && { ...found, id: messageId(found.folder.record.id, found.uid) };
}

/** The account of the folder in the list, else of the message under the cursor. */
export function accountHere(view: View): AccountId | undefined {
  const folder = view.state.folder ?? target(view)?.folder.record.id;
  return folder === undefined ? undefined : splitFolderId(folder).account;
}

export type FolderRow =
  | {
      readonly t: 'unified';
      readonly id: UnifiedId;
      readonly label: string;
      readonly count: string;
      readonly unread: boolean;
    }
  /** `stuck`: something in it was not sent, or nobody knows. */
  | { readonly t: 'outbox'; readonly label: string; readonly count: string; readonly stuck: boolean }
  | { readonly t: 'account'; readonly account: AccountView }
  | {
      readonly t: 'folder';
      readonly record: FolderRecord;
      /** How many of its parents are in the pane. */
      readonly depth: number;
      /** What stands in the pane: its name, with those parents that do not. Hostile text. */
      readonly label: string;
    };

/** Folders with a role come first, in this order, as every mail program shows them. */
const ROLE_ORDER: readonly string[] = [
  'inbox',
  'flagged',
  'important',
  'drafts',
  'sent',
  'archive',
  'all',
  'junk',
  'trash',
];

/** Accounts and their folders from top to bottom. */
export const folderRows = lastOf((accounts: readonly AccountView[]): readonly FolderRow[] =>
  accounts.flatMap(account => [{ t: 'account', account } as const, ...placed(sortFolders(account.folders))]),
);

/** The folder pane: what there is over all accounts, where there are several, then each with its folders. */
export function paneRows(state: AppState): readonly FolderRow[] {
  return paneOnce(state.accounts, state.starred, state.outbox);
}

const paneOnce = lastOf(
  (
    accounts: readonly AccountView[],
    starred: number | null,
    outbox: AppState['outbox'],
  ): readonly FolderRow[] => {
    const several = hasSeveral(accounts);
    const sending = outboxRow(outbox);
    return [
      ...(several ? [...unifiedRows(accounts, starred), sending] : []),
      ...folderRows(accounts),
      // Below, where nothing moves when it comes and goes.
      ...(several || sending.count === '' ? [] : [sending]),
    ];
  },
);

/** There are lists over all accounts that say more than one account's. */
export function hasSeveral(accounts: readonly AccountView[]): boolean {
  return accounts.filter(({ folders }) => folders.length > 0).length > 1;
}

function unifiedRows(accounts: readonly AccountView[], starred: number | null): readonly FolderRow[] {
  return UNIFIED_IDS.map(id => {
    const { unread, total } = unifiedCounts(accounts, id);
    const isUnread = unread > 0 && (id === 'all:inbox' || id === 'all:unread');
    let count = isUnread ? grouped(unread) : '';
    if (id === 'all:drafts' && total > 0) count = `(${grouped(total)})`;
    if (id === 'all:flagged' && starred) count = grouped(starred);
    return { t: 'unified', id, label: unifiedTitle(id), count, unread: isUnread };
  });
}

function outboxRow(outbox: AppState['outbox']): Extract<FolderRow, { t: 'outbox' }> {
  const open = outbox.filter(({ state }) => state !== 'sent');
  const stuck = open.some(({ state }) => state === 'failed' || state === 'unknown');
  // The letters of the outbox itself: colour alone says nothing.
  const count = open.length === 0 ? '' : `${stuck ? '! ' : ''}${grouped(open.length)}`;
  return { t: 'outbox', label: 'Outbox', count, stuck };
}

/** The folders whose messages are in a list. */
export function foldersIn({ accounts }: AppState, id: ListId): readonly FolderId[] {
  if (!isUnified(id)) return [id];
  return membersOf(accounts, id).map(record => record.id);
}

function membersOf(accounts: readonly AccountView[], id: UnifiedId): readonly FolderRecord[] {
  return foldersOf(
    id,
    accounts.flatMap(({ folders }) => folders),
  );
}

/** Messages of the folders that a list over all accounts is made of. */
export function unifiedCounts(accounts: readonly AccountView[], id: UnifiedId): FolderCounts {
  return membersOf(accounts, id).reduce(
    (sum, { counts }) => ({ total: sum.total + counts.total, unread: sum.unread + counts.unread }),
    { total: 0, unread: 0 },
  );
}

/** What a row of the folder pane opens; null: nothing. */
export function targetOf(row: FolderRow | undefined): PaneTarget | null {
  if (!row || row.t === 'account') return null;
  if (row.t === 'outbox') return 'outbox';
  if (row.t === 'unified') return row.id;
  return row.record.selectable ? row.record.id : null;
}

/** What the folder pane leads to, from top to bottom. */
export function paneOrder(state: AppState): readonly PaneTarget[] {
  return paneRows(state).flatMap(row => targetOf(row) ?? []);
}

/** The lists among them. */
export function listOrder(state: AppState): readonly ListId[] {
  return paneOrder(state).flatMap(target => (target === 'outbox' ? [] : [target]));
}

/** Folder ids in the order of the folder pane, without those that hold no messages. */
export function folderOrder(state: AppState): readonly FolderId[] {
  return folderRows(state.accounts).flatMap(row =>
    row.t === 'folder' && row.record.selectable ? [row.record.id] : [],
  );
}

/** Of an account that subscribes to folders at all; the inbox alone means that nobody ever chose. */
const subscribes = (folders: readonly FolderRecord[]): boolean =>
  folders.some(({ subscribed, remote, role }) => remote && subscribed && role !== 'inbox');

/** A server's folder that its owner unsubscribed: other programs do not show it. `among`: all of its account. */
export function isPassedOver(record: FolderRecord, among: readonly FolderRecord[]): boolean {
  const { remote, subscribed, selectable, role } = record;
  return remote && selectable && !subscribed && role !== 'inbox' && subscribes(among);
}

function sortFolders(folders: readonly FolderRecord[]): readonly FolderRecord[] {
  const rank = (folder: FolderRecord) => {
    const at = folder.role === null || depthOf(folder) > 0 ? -1 : ROLE_ORDER.indexOf(folder.role);
    return at < 0 ? ROLE_ORDER.length : at;
  };
  return [...folders].sort((a, b) => rank(a) - rank(b) || comparePaths(a, b));
}

/** Each folder below its parent; where the server does not list a parent, its name stands before the child's. */
function placed(sorted: readonly FolderRecord[]): readonly FolderRow[] {
  const known = new Map(sorted.map(record => [record.path, record]));
  return sorted.map(record => {
    const parts = levels(record);
    let depth = 0;
    let label = '';
    for (let i = 0; i < parts.length; i += 1) {
      const path = parts.slice(0, i + 1).join(record.delimiter);
      label = label === '' ? (parts[i] ?? '') : `${label}${record.delimiter}${parts[i] ?? ''}`;
      if (i < parts.length - 1 && known.has(path)) {
        depth += 1;
        label = '';
      }
    }
    return { t: 'folder', record, depth: Math.min(6, depth), label: folderLabel(record, label) };
  });
}

/** INBOX is the protocol's word, not a person's. */
export function folderLabel(record: FolderRecord, text = record.path): string {
  return record.role === 'inbox' && text.toUpperCase() === 'INBOX' ? 'Inbox' : text;
}

function comparePaths(a: FolderRecord, b: FolderRecord): number {
  // By level, so that a folder's children follow it directly.
  const left = levels(a);
  const right = levels(b);
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const order = compareNames(left[i] ?? '', right[i] ?? '');
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Letters and digits: they stand in one order in every language, and asking Intl for it costs 15 ms at the start. */
const PLAIN = /^[a-z0-9]*$/i;

function compareNames(a: string, b: string): number {
  if (!PLAIN.test(a) || !PLAIN.test(b)) return a.localeCompare(b);
  const left = a.toLowerCase();
  const right = b.toLowerCase();
  if (left === right) return a === b ? 0 : a > b ? -1 : 1;
  return left < right ? -1 : 1;
}

function levels(folder: FolderRecord): readonly string[] {
  return folder.delimiter === '' ? [folder.path] : folder.path.split(folder.delimiter);
}

function depthOf(folder: FolderRecord): number {
  return Math.min(6, levels(folder).length - 1);
}

/** The state of an account in a few words, for the status row and the folder pane. */
export function stateWord(account: AccountView, readOnly: boolean): string {
  const { phase, error } = account.status;
  switch (phase) {
    case 'stopped':
      return readOnly ? 'read only' : 'not connected';
    case 'connecting':
      return 'connecting';
    case 'online':
      return error?.kind === 'storage' ? 'disk: @' : (nextCheckText(account.status) ?? 'online');
    case 'offline':
      return 'offline';
    case 'attention':
      return error?.kind === 'auth' ? 'sign in: @' : 'needs you: @';
  }
}

/** Of an account that is looked at now and then: when next. Null for those that stay connected. */
function nextCheckText({ nextCheck }: AccountStatus): string | null {
  if (nextCheck === undefined) return null;
  return nextCheck === null ? 'checking' : `next ${clockText(nextCheck)}`;
}

/** `10:30`, here. */
export function clockText(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes()].map(n => String(n).padStart(2, '0')).join(':');
}

/** `1,200`: the same in every locale, so that columns and tests stay put. */
export function grouped(n: number): string {
  return String(Math.trunc(n)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** What is under way, for the status row: `Inbox 1,200 of 5,000`. Holds hostile text. */
export function progressText({ label, done, total, unit }: Progress): string {
  // INBOX is the protocol's word, not a person's; without a label it is what was done here that goes out.
  const what = label === '' ? 'sending changes' : label.toUpperCase() === 'INBOX' ? 'Inbox' : label;
  if (total <= 0) return what;
  if (unit === 'bytes') return `${what} ${bytesText(done)} of ${bytesText(total)}`;
  return `${what} ${grouped(done)} of ${grouped(total)}`;
}

const SORT_TEXTS: Readonly<Record<SortBy, readonly [string, string]>> = {
  arrival: ['by arrival, newest first', 'by arrival, oldest first'],
  date: ['by date, newest first', 'by date, oldest first'],
  from: ['by sender', 'by sender, Z to A'],
  subject: ['by subject', 'by subject, Z to A'],
  size: ['by size, largest first', 'by size, smallest first'],
  unread: ['unread first', 'unread last'],
};

/** The order of a list in words. */
export function sortText({ by, reverse }: Sort): string {
  return SORT_TEXTS[by][reverse ? 1 : 0];
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${grouped(n)} ${n === 1 ? one : many}`;
}
