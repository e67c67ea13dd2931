// The folder pane: accounts with their state, folders with what is unread. Pure.
import type { View } from '../../app/commands/command.ts';
import { drawerRect, pageTop } from '../../app/layout.ts';
import { fullness, quotaPercent } from '../../app/quota.ts';
import {
  accountOf,
  type FolderRow,
  grouped,
  isPassedOver,
  layoutOf,
  paneRows,
  stateWord,
  targetOf,
} from '../../app/selectors.ts';
import { topLayer } from '../../app/state.ts';
import { width } from '../../mail/width.ts';
import type { FolderRecord } from '../../store/types.ts';
import type { Meaning, Theme } from '../theme.ts';
import { bar, boxed, clean, fill, piece, split } from './row.ts';

/** The pane beside the list, or over it with a border. */
export function folderPaneRows(view: View, theme: Theme): readonly string[] {
  const layout = layoutOf(view.state);
  const rect = drawerRect(layout);
  if (layout.sidebar) return rowsOf(view, rect.columns, rect.rows, theme);
  const inner = rowsOf(view, rect.columns - 2, rect.rows - 2, theme);
  const foot = 'Ent open  c find  ` close';
  return boxed(inner, { title: 'Folders', foot, cells: rect.columns, rows: rect.rows }, theme);
}

function rowsOf({ state, data }: View, cells: number, height: number, theme: Theme): readonly string[] {
  const rows = paneRows(state);
  const layer = topLayer(state);
  const focused = layer.t === 'drawer';
  const cursor = layer.t === 'drawer' ? layer.cursor : state.list;
  const at = Math.max(
    0,
    rows.findIndex(entry => cursor !== null && targetOf(entry) === cursor),
  );
  const top = pageTop(at, rows.length, height);
  const shown = rows.slice(top, top + height).map(entry => {
    const selected = focused && cursor !== null && targetOf(entry) === cursor;
    return folderRow(
      entry,
      {
        selected,
        open: state.list !== null && targetOf(entry) === state.list,
        readOnly: state.readOnly !== null,
        into:
          entry.t === 'account'
            ? data.config.accounts.find(({ id }) => id === entry.account.id)?.deliverTo
            : undefined,
        among: entry.t === 'folder' ? (accountOf(state, entry.record.account)?.folders ?? []) : [],
      },
      cells,
      theme,
    );
  });
  return fill(shown, height, cells);
}

function folderRow(
  entry: FolderRow,
  is: {
    readonly selected: boolean;
    readonly open: boolean;
    readonly readOnly: boolean;
    /** Of an account: where its mail comes in, when that is another one's inbox. */
    readonly into: string | undefined;
    /** Of a folder: all of its account. */
    readonly among: readonly FolderRecord[];
  },
  cells: number,
  theme: Theme,
): string {
  if (entry.t === 'account') {
    const { id, status } = entry.account;
    const into = is.into === undefined ? '' : ` to ${clean(is.into)}`;
    const trouble = status.phase === 'attention' ? 'error' : status.phase === 'offline' ? 'warning' : 'dim';
    const { quota } = status;
    const full = quota ? fullness(quota) : 'info';
    return split(
      [piece(` ${clean(id)}`, 'title'), piece(into, 'dim')],
      [
        piece(` ${stateWord(entry.account, is.readOnly)} `, trouble),
        ...(quota ? [piece(`${quotaPercent(quota)}% `, full === 'info' ? 'dim' : full)] : []),
      ],
      cells,
      theme,
      6,
    );
  }
  if (entry.t === 'unified' || entry.t === 'outbox') {
    const first = entry.t === 'unified' && entry.id === 'all:inbox';
    const mark = is.open ? '>' : ' ';
    const text = first ? `${mark}${entry.label}` : ` ${mark} ${entry.label}`;
    const count = entry.count === '' ? ' ' : ` ${entry.count} `;
    if (is.selected) return selectedRow(text, count, cells, theme);
    const usual = first ? 'title' : 'text';
    const meaning = entry.t === 'outbox' ? (entry.stuck ? 'error' : usual) : entry.unread ? 'unread' : usual;
    return split([piece(text, meaning)], [piece(count, meaning)], cells, theme, 6);
  }
  const { record, depth, label } = entry;
  const { unread, total } = record.counts;
  const quiet = record.role === 'sent' || record.role === 'trash' || record.role === 'archive';
  const number =
    record.role === 'drafts'
      ? total > 0
        ? `(${grouped(total)})`
        : ''
      : unread > 0 && !quiet
        ? grouped(unread)
        : '';
  const name = clean(label) || '(no name)';
  const text = ` ${is.open ? '>' : ' '} ${'  '.repeat(depth)}${name}`;
  const off = isPassedOver(record, is.among);
  // The person's only copy; or one that other programs do not show. In words: colours are not for everybody.
  const here = off ? (cells < 32 ? ' (off)' : ' (unsubscribed)') : hereText(record, cells);
  const count = number === '' ? ' ' : ` ${number} `;
  if (is.selected) return selectedRow(text + here, count, cells, theme);
  const meaning = off || !record.selectable ? 'dim' : unread > 0 && !quiet ? 'unread' : 'text';
  return split([piece(text, meaning), piece(here, 'dim')], [piece(count, meaning)], cells, theme, 6);
}

function hereText({ remote }: FolderRecord, cells: number): string {
  if (remote) return '';
  return cells < 32 ? ' (here)' : ' (this machine)';
}

function selectedRow(text: string, count: string, cells: number, theme: Theme): string {
  const room = Math.max(0, cells - width(count));
  const plain = { ...theme, paint: (_: Meaning, plain: string) => plain };
  return bar(bar(text, 'text', room, plain) + count, 'selected', cells, theme);
}
