// The visible rows of the list. Pure; only what is on the screen is looked at.

import { badges } from '../../app/badges.ts';
import type { View } from '../../app/commands/command.ts';
import { cursorPosition, windowOf } from '../../app/list-view.ts';
import { isUnified, type Listing, type RowKey } from '../../app/listing/types.ts';
import { unifiedOf } from '../../app/listing/unified.ts';
import { labelsShown } from '../../app/organising/flags.ts';
import { marksOf } from '../../app/selection.ts';
import { accountOf, folderRecord, layoutOf, listHeight, openListing } from '../../app/selectors.ts';
import { hasLayer, listOf, topLayer } from '../../app/state.ts';
import { messageId } from '../../mail/ids.ts';
import { type AccountId, type MessageId, type RawRef, SEEN } from '../../mail/types.ts';
import type { Theme } from '../theme.ts';
import { messageRow, messageRows } from './message-row.ts';
import { fill, piece, row } from './row.ts';
import { USUAL_COLUMNS } from './row-columns.ts';

export function listRows(view: View, theme: Theme): readonly string[] {
  const { state } = view;
  const layout = layoutOf(state);
  const { columns, rows } = layout.list;
  const listing = openListing(view);
  if (!listing || listing.length === 0) {
    const text = listing ? emptyText(view) : waitingText(view);
    return fill([row([piece(`  ${text}`, 'dim')], columns, theme)], rows, columns);
  }
  const list = listOf(state, listing.id);
  const cursor = cursorPosition(list, listing);
  const { from, to } = windowOf(list, listing, listHeight(state));
  const top = topLayer(state).t;
  const elsewhere = top === 'reader' || hasLayer(state, 'compose');
  const focused = !(layout.split && elsewhere) && !(layout.sidebar && top === 'drawer');
  const marks = marksOf(state);
  const accounts = isUnified(listing.id) && state.accounts.length > 1 ? badges(state.accounts) : null;
  const wish = { columns: state.ui.columns ?? USUAL_COLUMNS, dates: state.ui.dates ?? 'short' };
  const out: string[] = [];
  for (let position = from; position < to; position += 1) {
    const key = listing.keyAt(position);
    const found = key === undefined ? undefined : listing.message(key);
    const record = found?.folder.record;
    const fold = listing.fold && key !== undefined ? listing.fold(key) : null;
    const message = {
      envelope: found && view.data.envelope(found),
      flags: found?.folder.flags(found.uid) ?? SEEN,
      cursor: position === cursor,
      marked: key !== undefined && marks.size > 0 && isMarked(listing, key, marks),
      focused,
      outgoing: !fold?.elsewhere && (record?.role === 'sent' || record?.role === 'drafts'),
      here: !found || isHere(view, found.folder.record.account, found.folder.raw(found.uid)),
      badge: accounts && (record ? (accounts.get(record.account) ?? '?') : ' '),
      fold,
      elsewhere: fold?.elsewhere && record ? { folder: record.name, mine: record.role === 'sent' } : null,
      labels: found ? labelsShown(found.folder, found.folder.flags(found.uid) ?? 0) : [],
      now: state.now,
    };
    if (layout.rowHeight === 2) out.push(...messageRows(message, columns, theme));
    else out.push(messageRow(message, columns, theme, wish));
  }
  return fill(out, rows, columns);
}

/** A fold is where any of its messages is. */
function isMarked(listing: Listing, key: RowKey, marks: ReadonlySet<MessageId>): boolean {
  const own = listing.message(key);
  const behind = listing.members?.(key) ?? (own ? [{ folder: own.folder.record.id, uid: own.uid }] : []);
  return behind.some(({ folder, uid }) => marks.has(messageId(folder, uid)));
}

function isHere({ state, data }: View, account: AccountId, raw: RawRef | null | undefined): boolean {
  const pop3 = data.config.accounts.find(({ id }) => id === account)?.protocol === 'pop3';
  // Over the size limit only the head came: it is fetched when the person asks for it, never by itself.
  if (pop3) return raw === undefined || (raw !== null && !raw.partial);
  // While the server is there, what is missing comes when it is opened.
  return raw !== null || accountOf(state, account)?.status.phase === 'online';
}

function emptyText({ state }: View): string {
  if (state.filter) return 'Nothing matches; Esc shows all again.';
  if (state.list !== null && isUnified(state.list)) return unifiedOf(state.list).empty;
  const record = folderRecord(state, state.folder);
  const account = record && accountOf(state, record.account);
  if (account && record.counts.total > 0) {
    return account.status.phase === 'online' || account.status.phase === 'connecting'
      ? 'Fetching the newest messages.'
      : 'Nothing of this folder is on this computer yet; it comes with the next connection.';
  }
  return 'This folder is empty.';
}

function waitingText({ state }: View): string {
  if (state.accounts.length === 0) return '';
  const failed = state.accounts.every(
    ({ status }) => status.phase === 'offline' || status.phase === 'attention',
  );
  if (failed) return 'No connection yet, and nothing was kept here before. @ shows why.';
  return 'Connecting for the first time.';
}
