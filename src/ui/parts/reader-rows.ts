// The opened message: its header and the visible lines of its body. Pure.
import type { View } from '../../app/commands/command.ts';
import { labelsShown } from '../../app/organising/flags.ts';
import { addressLine, bodyHeight, type DocLine, documentOf, headerHeight } from '../../app/reader-view.ts';
import { layoutOf } from '../../app/selectors.ts';
import type { ReaderState } from '../../app/state.ts';
import { longDate } from '../../mail/dates.ts';
import { cameTo } from '../../mail/delivered.ts';
import { splitFolderId } from '../../mail/ids.ts';
import type { Address } from '../../mail/types.ts';
import { wrapCells } from '../../mail/wrap.ts';
import type { ParsedPart } from '../../worker/types.ts';
import type { Meaning, Theme } from '../theme.ts';
import { clean, fill, type Piece, piece, row, split } from './row.ts';

const LABEL = 9;

export function readerRows(view: View, theme: Theme): readonly string[] {
  const { state } = view;
  const { columns, rows } = layoutOf(state).reader;
  const { reader } = state;
  if (!reader) {
    const hint = row(
      [piece('  No message is open. Enter opens the one under the cursor.', 'dim')],
      columns,
      theme,
    );
    return fill([hint], rows, columns);
  }
  const header = headerRows(view, reader, columns, theme).slice(0, headerHeight(state));
  const body = bodyRows(view, reader, columns, theme);
  return fill([...header, ...body], rows, columns);
}

interface Heading {
  readonly subject: string;
  readonly from: readonly Address[];
  readonly to: readonly Address[];
  readonly date: number | null;
}

/** From the message, or from its envelope while that is not open yet. */
function heading({ data }: View, reader: ReaderState): Heading | undefined {
  const { message } = reader;
  const envelope = data.folder(reader.folder)?.envelope(reader.uid);
  if (!message) return envelope;
  return {
    subject: message.subject,
    from: message.from,
    to: [...message.to, ...message.cc],
    date: message.date ?? envelope?.date ?? null,
  };
}

function headerRows(view: View, reader: ReaderState, cells: number, theme: Theme): readonly string[] {
  const shown = heading(view, reader);
  if (!shown) return fill([], headerHeight(view.state), cells);
  const mine = view.data.config.accounts.map(account => account.email);
  const line = (label: string, value: Piece, right = '') =>
    split(
      [piece(` ${label.padEnd(LABEL - 1)}`, 'label'), value],
      right === '' ? [] : [piece(`  ${right} `, 'dim')],
      cells,
      theme,
      LABEL + 12,
    );
  const subject = piece(clean(shown.subject) || '(no subject)', 'title');
  const from = piece(addressLine(shown.from, [], 2) || '(no sender)');
  const to = piece(addressLine(shown.to, mine) || '(nobody named)');
  const date = shown.date === null ? '' : longDate(shown.date);
  const rows = [line('Subject', subject, labelText(view, reader))];
  if (headerHeight(view.state) === 2) return [...rows, line('From', from, date)];
  rows.push(line('From', from, cameToText(view, reader)), line('To', to, date));
  const parts = reader.message?.parts ?? [];
  if (parts.length > 0) rows.push(line('Files', piece(fileNames(parts)), 'v list'));
  rows.push(theme.paint('rule', theme.borders.horizontal.repeat(cells)));
  return rows;
}

/** Its labels, as far as its folder knows them. */
function labelText({ data }: View, { folder, uid }: ReaderState): string {
  const there = data.folder(folder);
  return there
    ? labelsShown(there, there.flags(uid) ?? 0)
        .map(clean)
        .join(', ')
    : '';
}

/** Which account fetched it, where that is not the one whose folder it is in. */
function cameToText({ data }: View, { folder, uid }: ReaderState): string {
  const { account } = splitFolderId(folder);
  const came = cameTo(data.folder(folder)?.remote(uid), account);
  return came === account ? '' : `came to ${clean(came)}`;
}

function fileNames(parts: readonly ParsedPart[]): string {
  return parts
    .map(part => {
      const size = `${byteSize(part.size)}${part.size < 1000 ? 'B' : ''}`;
      return `${part.n} ${clean(part.filename ?? '') || clean(part.contentType)} ${size}`;
    })
    .join('   ');
}

/** `214K`: three digits at most. */
export function byteSize(bytes: number): string {
  const units = ['', 'K', 'M', 'G'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const text = value >= 9.95 || unit === 0 ? String(Math.round(value)) : value.toFixed(1);
  return `${text}${units[unit] ?? ''}`;
}

function bodyRows(view: View, reader: ReaderState, cells: number, theme: Theme): readonly string[] {
  const { state } = view;
  const height = bodyHeight(state);
  const { lines } = documentOf(state);
  if (reader.headers !== 'raw' && reader.problem !== null) return textRows(reader.problem, cells, theme);
  const waiting = reader.phase === 'loading' || (reader.headers === 'raw' && reader.raw === null);
  if (waiting) return reader.slow ? textRows('Fetching the message. ^c stops.', cells, theme) : [];
  if (lines.length === 0) return textRows('(This message has no text.)', cells, theme);
  return lines
    .slice(reader.top, reader.top + height)
    .map((line, i) => row(bodyPieces(line, reader, reader.top + i), cells, theme));
}

function textRows(text: string, cells: number, theme: Theme): readonly string[] {
  const rows = wrapCells(clean(text), Math.max(10, cells - 4));
  return ['', ...rows].map(line => row([piece(`  ${line}`, 'warning')], cells, theme));
}

function bodyPieces(line: DocLine, reader: ReaderState, index: number): readonly Piece[] {
  const meaning = lineMeaning(line);
  const margin = piece(line.flush ? '' : ' ');
  const found = reader.find?.line === index ? reader.find.query : '';
  const at = found === '' ? -1 : line.text.toLowerCase().indexOf(found.toLowerCase());
  if (at < 0) return [margin, piece(line.text, meaning)];
  const end = at + found.length;
  return [
    margin,
    piece(line.text.slice(0, at), meaning),
    piece(line.text.slice(at, end), 'found'),
    piece(line.text.slice(end), meaning),
  ];
}

function lineMeaning(line: DocLine): Meaning {
  switch (line.kind) {
    case 'quote':
      return line.depth === 1 ? 'quote-1' : line.depth === 2 ? 'quote-2' : 'quote-3';
    case 'signature':
      return 'signature';
    case 'link':
      return 'link';
    case 'fold':
    case 'rule':
      return 'dim';
    case 'header':
      return 'label';
    case 'note':
      return 'warning';
    default:
      return 'text';
  }
}
