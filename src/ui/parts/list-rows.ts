// The visible rows of the list. Pure; only what is on the screen is looked at.
import type { View } from '../../app/commands/command.ts';
import { cursorPosition, windowOf } from '../../app/list-view.ts';
import { accountOf, folderRecord, layoutOf, listHeight, openListing } from '../../app/selectors.ts';
import { hasLayer, listOf, topLayer } from '../../app/state.ts';
import { type RawRef, SEEN } from '../../mail/types.ts';
import type { Theme } from '../theme.ts';
import { messageRow, messageRows } from './message-row.ts';
import { fill, piece, row } from './row.ts';

export function listRows(view: View, theme: Theme): readonly string[] {
  const { state } = view;
  const layout = layoutOf(state);
  const { columns, rows } = layout.list;
  const listing = openListing(view);
  if (!listing || listing.length === 0) {
    const text = listing ? emptyText(view) : waitingText(view);
    return fill([row([piece(`  ${text}`, 'dim')], columns, theme)], rows, columns);
  }
  const record = folderRecord(state, state.folder);
  const outgoing = record?.role === 'sent' || record?.role === 'drafts';
  const online = record ? accountOf(state, record.account)?.status.phase === 'online' : false;
  const pop3 = view.data.config.accounts.find(({ id }) => id === record?.account)?.protocol === 'pop3';
  const list = listOf(state, listing.id);
  const cursor = cursorPosition(list, listing);
  const { from, to } = windowOf(list, listing, listHeight(state));
  const top = topLayer(state).t;
  const elsewhere = top === 'reader' || hasLayer(state, 'compose');
  const focused = !(layout.split && elsewhere) && !(layout.sidebar && top === 'drawer');
  const out: string[] = [];
  for (let position = from; position < to; position += 1) {
    const key = listing.keyAt(position);
    const found = key === undefined ? undefined : listing.message(key);
    const message = {
      envelope: found?.folder.envelope(found.uid),
      flags: found?.folder.flags(found.uid) ?? SEEN,
      cursor: position === cursor,
      focused,
      outgoing,
      // While the server is there, what is missing comes when it is opened.
      here: !found || isHere(found.folder.raw(found.uid), online, pop3),
      now: state.now,
    };
    if (layout.rowHeight === 2) out.push(...messageRows(message, columns, theme));
    else out.push(messageRow(message, columns, theme));
  }
  return fill(out, rows, columns);
}

function isHere(raw: RawRef | null | undefined, online: boolean, pop3: boolean): boolean {
  // Over the size limit only the head came: it is fetched when the person asks for it, never by itself.
  if (pop3) return raw === undefined || (raw !== null && !raw.partial);
  return online || raw !== null;
}

function emptyText({ state }: View): string {
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
