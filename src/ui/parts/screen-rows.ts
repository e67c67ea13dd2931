// Screens that are lists of lines: accounts, log, help, attachments, links, one link, the first start. Pure.
import { accountHeight, accountsTop } from '../../app/caret.ts';
import type { View } from '../../app/commands/command.ts';
import { showBindings } from '../../app/keys.ts';
import { pageTop } from '../../app/layout.ts';
import { linkWarning } from '../../app/links.ts';
import { logLines } from '../../app/log-view.ts';
import { maildropLines } from '../../app/maildrop.ts';
import { type HelpRow, helpCommands, helpRows } from '../../app/matching.ts';
import { said } from '../../app/said.ts';
import { grouped, layoutOf, plural, progressText, stateWord } from '../../app/selectors.ts';
import { type AccountView, type Level, screenLayer } from '../../app/state.ts';
import type { AccountConfig } from '../../config/types.ts';
import { cut, fit, width } from '../../mail/width.ts';
import { wrapCells } from '../../mail/wrap.ts';
import type { Theme } from '../theme.ts';
import { outboxRows, previewScreen } from './outgoing-rows.ts';
import { byteSize } from './reader-rows.ts';
import { bar, clean, fill, type Piece, piece, row, split } from './row.ts';

/** The rows of a full-width screen, or null when the topmost layer is none. */
export function screenRows(view: View, theme: Theme): readonly string[] | null {
  const { content } = layoutOf(view.state);
  const rows = contentRows(view, theme, content.columns, content.rows);
  return rows && fill(rows, content.rows, content.columns);
}

function contentRows(view: View, theme: Theme, cells: number, height: number): readonly string[] | null {
  switch (screenLayer(view.state).t) {
    case 'accounts':
      return accountsRows(view, theme, cells);
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
    case 'outbox':
      return outboxRows(view, theme, cells);
    case 'preview':
      return previewScreen(view, theme, cells, height);
    default:
      return null;
  }
}

/** `12 s`, `5 min`, `3 h`, `2 days`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 129_600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

function accountsRows(view: View, theme: Theme, cells: number): readonly string[] {
  const { state } = view;
  const layer = screenLayer(state);
  const cursor = layer.t === 'accounts' ? layer.cursor : 0;
  const top = accountsTop(view);
  const rows: string[] = [];
  state.accounts.slice(top).forEach((account, i) => {
    const selected = cursor === top + i;
    const config = view.data.config.accounts.find(candidate => candidate.id === account.id);
    const own = accountRows(view, account, config, selected, cells, theme);
    const usual = accountHeight(view, account) - 1;
    // What a sentence needs beyond the usual rows it has where the cursor is.
    const height = selected ? Math.max(usual, own.length) : usual;
    rows.push(' '.repeat(cells), ...fill(own, height, cells));
  });
  return rows;
}

function accountRows(
  { state }: View,
  account: AccountView,
  config: AccountConfig | undefined,
  selected: boolean,
  cells: number,
  theme: Theme,
): readonly string[] {
  const { status, id } = account;
  const server = config
    ? `${config.protocol.toUpperCase()}  ${clean(config.incoming.host)}:${config.incoming.port} ${SECURITY[config.incoming.security]}`
    : '';
  const retry =
    status.phase === 'offline' && status.retryAt !== null
      ? `, retry in ${duration(status.retryAt - state.now)}`
      : '';
  const last = status.maildrop?.lastCheck ?? status.lastSync;
  const synced = last === null ? 'not yet' : `${duration(state.now - last)} ago`;
  const name = `${selected ? '>' : ' '}${fit(clean(id), 12)} `;
  const phase = `${stateWord(account, state.readOnly)}${retry}`;
  const whole = `${name}${server}   ${phase}`;
  const narrow = width(whole) > cells;
  const head = narrow ? name + phase : whole;
  const copies = Object.hasOwn(state.copies, id) ? state.copies[id] : undefined;
  const maildrop =
    config?.protocol === 'pop3' ? maildropLines(account, config, state.now, copies?.exported) : [];
  const kept = copies
    ? `${grouped(copies.bodies)} of ${plural(copies.total, 'message')} with bodies, ${byteSize(copies.bytes)}B`
    : 'counting';
  const indent = ' '.repeat(14);
  const line = (label: string, text: string, level: Level = 'info') =>
    row(
      [piece(`${indent}${label.padEnd(11)}`, 'label'), piece(clean(text), level === 'info' ? 'text' : level)],
      cells,
      theme,
    );
  const running = status.progress[0];
  const queue = account.queued === 0 ? 'empty' : `${plural(account.queued, 'change')} waiting for the server`;
  const body = [
    ...(narrow ? [line('server', server)] : []),
    ...maildrop.map(({ label, text, level }) => line(label, text, level)),
    line('copy here', kept),
    line(
      'queue',
      running ? `${queue}; now ${clean(progressText(running))}` : `${queue}; last sync ${synced}`,
    ),
  ];
  if (status.error) {
    const text = wrapCells(said(status.error), Math.max(20, cells - indent.length - 1));
    for (const part of text) body.push(row([piece(`${indent}${part}`, 'error')], cells, theme));
  }
  return [
    selected ? bar(head, 'selected', cells, theme) : row([piece(head, 'title')], cells, theme),
    ...body,
  ];
}

const SECURITY = { tls: 'TLS', starttls: 'STARTTLS', none: 'no encryption' } as const;

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
