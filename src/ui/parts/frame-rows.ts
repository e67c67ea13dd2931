import type { Context, View } from '../../app/commands/command.ts';
import { outboxWord } from '../../app/compose/outbox-news.ts';
import { writingIn } from '../../app/compose/writing.ts';
import { cursorPosition } from '../../app/list-view.ts';
import { isUnified, messageCount } from '../../app/listing/types.ts';
import { unifiedTitle } from '../../app/listing/unified.ts';
import { marksText } from '../../app/marking.ts';
import { helpCommands, helpRows } from '../../app/matching.ts';
import { quotaWord } from '../../app/quota.ts';
import { percentRead } from '../../app/reader-view.ts';
import {
  folderLabel,
  folderRecord,
  grouped,
  layoutOf,
  openFolder,
  openListing,
  plural,
  progressText,
  sortText,
  stateWord,
  unifiedCounts,
} from '../../app/selectors.ts';
import { type AccountView, type Entry, hasLayer, screenLayer, topLayer } from '../../app/state.ts';
import { OPERATORS } from '../../mail/query.ts';
import type { Sort } from '../../mail/sort.ts';
import { width, wrapCells } from '../../mail/width.ts';
import type { Meaning, Theme } from '../theme.ts';
import { composeStatus, composeTitle, savedNote, tabPieces } from './compose-rows.ts';
import { clean, type Piece, piece, row, split } from './row.ts';

/** Where am I: folder and account on the left, counts on the right. */
export function titleRow(view: View, theme: Theme): string {
  const { state } = view;
  const cells = state.size.columns;
  const own = SCREEN_TITLES[screenLayer(state).t];
  if (own)
    return split([piece(` ${own}`, 'title')], [piece(`${screenNote(view)} `, 'dim')], cells, theme, 12);
  const tabs = tabPieces(view, Math.floor(cells * 0.45), theme);
  const writing = writingIn(state);
  if (writing || hasLayer(state, 'compose')) {
    const title = writing ? composeTitle(writing) : ' Compose';
    const saved = writing ? savedNote(writing) : '';
    const right = [piece(saved === '' ? '  ' : `  ${saved}  `, 'dim'), ...listTab(view), ...tabs];
    return split([piece(title, 'title')], right, cells, theme, 16);
  }
  if (state.list === null) return row([piece(' tmail', 'title')], cells, theme);
  const sort = state.sorts[state.list];
  const where = [
    piece(` ${listTitle(view)}`, 'title'),
    piece(state.filter ? `  ${clean(state.filter.text)}` : '', 'label'),
    piece(sort && isChosen(sort) ? `  ${sortText(sort)}` : '', 'dim'),
  ];
  const marked = marksText(view);
  const counts = [
    piece(`${countsText(view)} `, 'dim'),
    ...(marked === '' ? [] : [piece(`  ${marked} `, 'label')]),
    ...tabs,
  ];
  const rows = openListing(view);
  if (!hasLayer(state, 'reader') || !state.reader || !rows) return split(where, counts, cells, theme, 20);
  const key = rows.keyOf(state.reader.folder, state.reader.uid);
  const place = key === undefined ? undefined : rows.place?.(key);
  const thread = place && place.of > 1 ? [piece(` [thread ${place.n} of ${place.of}] `, 'dim')] : [];
  // Beside the list its cursor says the rest.
  if (layoutOf(state).split) return split(where, [...counts, ...thread], cells, theme, 20);
  const position = key === undefined ? 0 : cursorPosition({ cursor: key, top: null }, rows) + 1;
  const at = piece(`  ${grouped(position)}/${grouped(rows.length)}`, 'dim');
  return split([...where, at], [...counts, ...thread], cells, theme, 20);
}

function isChosen({ by, reverse }: Sort): boolean {
  return by !== 'arrival' || reverse;
}

/** The folder with its account, or what is shown over all of them. */
function listTitle({ state }: View): string {
  const { list } = state;
  if (list !== null && isUnified(list)) {
    return list === 'all:inbox' ? unifiedTitle(list) : `All accounts / ${unifiedTitle(list)}`;
  }
  const record = folderRecord(state, list);
  return record ? `${clean(record.account)} / ${clean(folderLabel(record)) || '(no name)'}` : 'tmail';
}

function countsText(view: View): string {
  const { state } = view;
  const { list, filter, accounts } = state;
  const rows = openListing(view);
  if (filter && rows) return `${grouped(messageCount(rows))} found`;
  if (list !== null && isUnified(list)) {
    const { unread, total } = unifiedCounts(accounts, list);
    if (list === 'all:unread') return `${grouped(unread)} unread`;
    if (list === 'all:flagged') return plural(messageCount(rows), 'message');
    if (list !== 'all:inbox') return plural(total, 'message');
    return `${grouped(unread)} unread of ${grouped(total)}`;
  }
  const record = folderRecord(state, list);
  const folder = openFolder(view);
  if (!record) return '';
  // While much arrives the list is ahead of what was last told of the folder; what is counted is one or the other.
  const { total, unread } =
    folder && folder.length > record.counts.total
      ? { total: folder.length, unread: folder.unread }
      : record.counts;
  return `${grouped(unread)} unread of ${grouped(total)}`;
}

/** Where `[` leads back to. */
function listTab({ state }: View): readonly Piece[] {
  if (state.list !== null && isUnified(state.list)) return [piece(`[${unifiedTitle(state.list)}] `, 'dim')];
  const record = folderRecord(state, state.folder);
  return record ? [piece(`[${clean(folderLabel(record))}] `, 'dim')] : [];
}

const SCREEN_TITLES: Readonly<Partial<Record<Context, string>>> = {
  accounts: 'Accounts and storage',
  log: 'Log',
  help: 'Help',
  parts: 'Attachments',
  links: 'Links',
  link: 'Link',
  outbox: 'Outbox',
  queue: 'What waits for the server',
  preview: 'Preview',
  storage: 'What takes room',
  'first-run': 'tmail',
};

function screenNote({ state, data }: View): string {
  const layer = screenLayer(state);
  switch (layer.t) {
    case 'accounts':
      return plural(state.accounts.length, 'account');
    case 'log':
      return plural(state.log.length, 'message');
    case 'parts':
      return plural(state.reader?.message?.parts.length ?? 0, 'part');
    case 'links':
      return plural(state.reader?.message?.links.length ?? 0, 'link');
    case 'queue':
      return `${clean(layer.account)}: ${plural(data.queue(layer.account).length, 'change')}`;
    case 'outbox':
      return plural(state.outbox.length, 'message');
    case 'storage':
      return [
        layer.account === null ? 'all accounts' : clean(layer.account),
        ...(layer.sender === null ? [] : [`from ${clean(layer.sender) || 'nobody'}`]),
      ].join(', ');
    case 'link':
      return `${layer.index + 1} of ${state.reader?.message?.links.length ?? 0}`;
    default:
      return '';
  }
}

/** The rule under the title, with a branch where a pane's border begins. */
export function ruleRow(view: View, theme: Theme): string {
  const { sidebar, list, name, size } = layoutOf(view.state);
  const { horizontal, down } = theme.borders;
  const cells = Array.from({ length: size.columns }, () => horizontal);
  const full = FULL_WIDTH.includes(screenLayer(view.state).t);
  if (sidebar && !full) cells[sidebar.columns] = down;
  if (name === 'three' && !full) cells[list.column + list.columns] = down;
  return theme.paint('rule', cells.join(''));
}

const FULL_WIDTH: readonly Context[] = [
  'accounts',
  'log',
  'help',
  'parts',
  'links',
  'link',
  'outbox',
  'queue',
  'preview',
  'storage',
  'first-run',
];

export function horizontalRule(cells: number, theme: Theme): string {
  return theme.paint('rule', theme.borders.horizontal.repeat(cells));
}

/** Rows with the border to the next pane at their right. */
export function withBorder(rows: readonly string[], theme: Theme): readonly string[] {
  const border = theme.paint('rule', theme.borders.vertical);
  return rows.map(text => text + border);
}

function accountPieces(view: AccountView, readOnly: boolean): readonly Piece[] {
  const { status, id, queued } = view;
  const name = piece(`${clean(id)}: `, 'text');
  const current = status.phase === 'online' ? status.progress[0] : undefined;
  const waiting = queued > 0 ? `, ${grouped(queued)} queued` : '';
  if (current) {
    return [name, piece(`${clean(progressText(current))}${waiting}`, 'ok'), piece('  ')];
  }
  const meaning = status.phase === 'attention' ? 'error' : status.phase === 'offline' ? 'warning' : 'text';
  return [name, piece(`${stateWord(view, readOnly)}${waiting}`, meaning), piece('  ')];
}

/** Accounts with their state, on the right of what is said to the person, if anything is. */
export function statusRow(view: View, theme: Theme): string {
  const { state } = view;
  const cells = state.size.columns;
  const states = statePieces(view);
  const { toast } = state;
  const composing = hasLayer(state, 'compose') && !FULL_WIDTH.includes(topLayer(state).t);
  if (composing && !toast) return split(composeStatus(view), outboxPieces(view), cells, theme, 20);
  const about = helpAbout(view);
  if (topLayer(state).t === 'filter' && !toast) return row([piece(` ${OPERATORS}`, 'dim')], cells, theme);
  if (about !== '' && !toast) return row([piece(` ${about}`)], cells, theme);
  if (!toast) return row([piece(' '), ...states], cells, theme);
  const { first, room } = toastLines(view);
  return row([piece(` ${first}`, toastMeaning(toast))], room, theme) + row(states, cells - room, theme);
}

/** What is on its way out, where something is. */
function outboxPieces({ state }: View): readonly Piece[] {
  const { text, bad } = outboxWord(state);
  return text === '' ? [] : [piece(`${text}  `, bad ? 'error' : 'ok')];
}

/** Only when it is nearly full. */
function quotaPieces({ state }: View): readonly Piece[] {
  const word = quotaWord(state.accounts);
  return word ? [piece(`${clean(word.text)}  `, word.fullness === 'info' ? 'text' : word.fullness)] : [];
}

function statePieces(view: View): readonly Piece[] {
  const { state } = view;
  const percent =
    hasLayer(state, 'reader') && state.reader?.phase === 'ready' && !FULL_WIDTH.includes(screenLayer(state).t)
      ? `${percentRead(state)}%  `
      : '';
  const { exporting } = state;
  const running = exporting
    ? `export: ${clean(progressText(exporting.label === '' ? { ...exporting, label: 'begins' } : exporting))}  `
    : '';
  return [
    piece(percent, 'dim'),
    ...outboxPieces(view),
    piece(running, 'ok'),
    ...quotaPieces(view),
    ...state.accounts.flatMap(account => accountPieces(account, state.readOnly !== null)),
  ];
}

export function toastMeaning({ level }: Entry): Meaning {
  return level === 'info' ? 'text' : level;
}

/**
 * What is said, in the status row's left part (`room` cells with its margins) and, where that is too short for it, in
 * the hint row. The accounts' states stay in sight.
 */
export function toastLines(view: View): {
  readonly first: string;
  readonly rest: string;
  readonly room: number;
} {
  const { size, toast } = view.state;
  const text = clean(toast?.text ?? '');
  const states = statePieces(view).reduce((sum, { text: state }) => sum + width(state), 0);
  const room = size.columns - Math.min(states, Math.floor(size.columns / 2));
  const layer = topLayer(view.state);
  const typing =
    layer.t === 'find' || layer.t === 'filter' || layer.t === 'line' || (layer.t === 'help' && layer.typing);
  if (width(text) <= room - 2 || typing || room < 6) return { first: text, rest: '', room };
  const first = wrapCells(text, room - 2)[0] ?? '';
  return { first, rest: text.slice(first.length).trim(), room };
}

/** The whole sentence about the command under help's cursor: its row has room for the beginning. */
function helpAbout(view: View): string {
  const layer = topLayer(view.state);
  if (layer.t !== 'help') return '';
  return helpCommands(helpRows(view, layer))[layer.cursor]?.command.help ?? '';
}
