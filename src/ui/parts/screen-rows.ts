// Screens that are lists of lines: accounts, log, help, attachments, links, one link, the first start. Pure.
import type { View } from '../../app/commands/command.ts';
import { showBindings } from '../../app/keys.ts';
import { pageTop } from '../../app/layout.ts';
import { linkWarning } from '../../app/links.ts';
import { logLines } from '../../app/log-view.ts';
import { type HelpRow, helpCommands, helpRows } from '../../app/matching.ts';
import { layoutOf } from '../../app/selectors.ts';
import { screenLayer } from '../../app/state.ts';
import { cut, fit, width } from '../../mail/width.ts';
import { wrapCells } from '../../mail/wrap.ts';
import type { Theme } from '../theme.ts';
import { accountsRows } from './account-rows.ts';
import { outboxRows, previewScreen } from './outgoing-rows.ts';
import { queueRows } from './queue-rows.ts';
import { byteSize } from './reader-rows.ts';
import { bar, clean, fill, type Piece, piece, row, split } from './row.ts';
import { storageScreen } from './storage-rows.ts';

/** The rows of a full-width screen, or null when the topmost layer is none. */
export function screenRows(view: View, theme: Theme): readonly string[] | null {
  const { content } = layoutOf(view.state);
  const rows = contentRows(view, theme, content.columns, content.rows);
  return rows && fill(rows, content.rows, content.columns);
}

function contentRows(view: View, theme: Theme, cells: number, height: number): readonly string[] | null {
  switch (screenLayer(view.state).t) {
    case 'accounts':
      return accountsRows(view, theme, cells, height);
    case 'log':
      return logRows(view, theme, cells, height);
    case 'help':
      return helpScreen(view, theme, cells, height);
    case 'parts':
      return partsRows(view, theme, cells, height);
    case 'links':
      return linksRows(view, theme, cells, height);
    case 'link':
      return linkRows(view, theme, cells);
    case 'queue':
      return queueRows(view, theme, cells, height);
    case 'outbox':
      return outboxRows(view, theme, cells);
    case 'storage':
      return storageScreen(view, theme, cells, height);
    case 'preview':
      return previewScreen(view, theme, cells, height);
    default:
      return null;
  }
}

function logRows(view: View, theme: Theme, cells: number, height: number): readonly string[] {
  const { state } = view;
  const layer = screenLayer(state);
  if (state.log.length === 0)
    return [row([piece('  Nothing was said in this session yet.', 'dim')], cells, theme)];
  const back = layer.t === 'log' ? layer.back : 0;
  const lines = logLines(state);
  const end = Math.max(Math.min(height, lines.length), lines.length - back);
  return lines
    .slice(Math.max(0, end - height), end)
    .map(({ clock, text, level }) =>
      row([piece(` ${clock}  `, 'dim'), piece(text, level === 'info' ? 'text' : level)], cells, theme),
    );
}

function helpScreen(view: View, theme: Theme, cells: number, height: number): readonly string[] {
  const layer = screenLayer(view.state);
  if (layer.t !== 'help') return [];
  const rows = helpRows(view, layer);
  const selected = helpCommands(rows)[layer.cursor];
  if (!selected) return [row([piece('  No command has these words.', 'dim')], cells, theme)];
  const top = pageTop(rows.indexOf(selected), rows.length, height);
  return rows.slice(top, top + height).map(entry => helpLine(view, entry, entry === selected, cells, theme));
}

function helpLine(view: View, entry: HelpRow, selected: boolean, cells: number, theme: Theme): string {
  if (entry.t === 'heading') return row([piece(` ${entry.text}`, 'title')], cells, theme);
  const { command } = entry;
  const keys = showBindings(view.data.keymap.keysOf(command.id));
  const shown = keys === '' ? `:${command.title.toLowerCase()}` : keys;
  const names = Math.min(30, Math.floor(cells * 0.36));
  const left = `${selected ? '>' : ' '}  ${fit(shown, 15, theme.ellipsis)} ${fit(command.title, names, theme.ellipsis)} `;
  if (selected) return bar(left + command.help, 'selected', cells, theme);
  const dim = command.later || !entry.here;
  return row([piece(left, dim ? 'dim' : 'text'), piece(command.help, 'dim')], cells, theme);
}

function partsRows(view: View, theme: Theme, cells: number, height: number): readonly string[] {
  const { state } = view;
  const layer = screenLayer(state);
  const parts = state.reader?.message?.parts ?? [];
  const cursor = layer.t === 'parts' ? layer.cursor : 0;
  const top = pageTop(cursor, parts.length, height);
  return parts.slice(top, top + height).map((part, i) => {
    const name = clean(part.filename ?? '') || '(no name)';
    const note = part.omitted ? '  still on the server' : '';
    const right = `${clean(part.contentType)}  ${byteSize(part.size).padStart(5)}B${note} `;
    const at = top + i === cursor;
    const left = `${at ? '>' : ' '} ${String(part.n).padStart(3)}  ${name}`;
    if (!at) return split([piece(left)], [piece(right, 'dim')], cells, theme, 20);
    const room = Math.max(20, cells - width(right));
    return bar(fit(left, room, theme.ellipsis) + right, 'selected', cells, theme);
  });
}

function linksRows(view: View, theme: Theme, cells: number, height: number): readonly string[] {
  const { state } = view;
  const layer = screenLayer(state);
  const links = state.reader?.message?.links ?? [];
  const cursor = layer.t === 'links' ? layer.cursor : 0;
  const top = pageTop(cursor, links.length, height);
  return links.slice(top, top + height).map((link, i) => {
    const at = top + i === cursor;
    const warning = linkWarning(link) === null ? ' ' : '!';
    const text = `${at ? '>' : ' '}${warning}${String(top + i + 1).padStart(3)}  ${clean(link.url)}  ${clean(link.text)}`;
    return at
      ? bar(text, 'selected', cells, theme)
      : row([piece(text, warning === '!' ? 'warning' : 'text')], cells, theme);
  });
}

function linkRows(view: View, theme: Theme, cells: number): readonly string[] {
  const { state } = view;
  const layer = screenLayer(state);
  const link = layer.t === 'link' ? state.reader?.message?.links[layer.index] : undefined;
  if (!link) return [];
  const text = clean(link.text);
  const url = clean(link.url);
  const warning = linkWarning(link);
  const line = (content: string, meaning: Piece['meaning']) => row([piece(content, meaning)], cells, theme);
  const said = text === '' || text === url ? [] : [line(` Text  ${text}`, 'dim')];
  return [
    ...said,
    line(' This is where it goes, alone on its rows so that it can be selected and copied:', 'dim'),
    line('', 'text'),
    // From the first cell to the last, without anything between: the terminal selects it as one line.
    ...chunks(url, cells).map(part => line(part, 'link')),
    line('', 'text'),
    ...(warning === null ? [] : wrapCells(warning, cells - 2).map(part => line(` ${part}`, 'error'))),
    line(
      /^mailto:/i.test(link.url)
        ? ' Enter writes to this address.'
        : ' Opening it in a browser comes with a later version of tmail.',
      'dim',
    ),
  ];
}

function chunks(text: string, cells: number): readonly string[] {
  const out: string[] = [];
  let rest = text;
  while (rest !== '') {
    const part = cut(rest, cells) || rest.slice(0, 1);
    out.push(part);
    rest = rest.slice(part.length);
  }
  return out;
}
