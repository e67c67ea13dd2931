// The opened message as lines for a pane: what stands where, how far it scrolls, where a text is found. Pure; every
// line that comes out is sanitised.
import { formatAddress } from '../mail/address.ts';
import { sanitize } from '../mail/sanitize.ts';
import { layoutRows } from '../mail/text.ts';
import type { Address } from '../mail/types.ts';
import { wrapCells } from '../mail/wrap.ts';
import type { ParsedMessage } from '../worker/types.ts';
import { linkWarning } from './links.ts';
import { noteSentence } from './part-notes.ts';
import { lastOf, layoutOf, plural } from './selectors.ts';
import type { AppState, HeaderMode } from './state.ts';

export type DocLineKind =
  | 'text'
  | 'quote'
  | 'signature'
  | 'link'
  | 'fold'
  | 'header'
  | 'rule'
  | 'note'
  | 'raw';

export interface DocLine {
  /** Sanitised; at most as wide as the pane. */
  readonly text: string;
  readonly kind: DocLineKind;
  readonly depth: number;
  /** Goes on from the line before. */
  readonly continued: boolean;
  /** A piece of an address that is longer than a row: starts in the first cell, like its other pieces. */
  readonly flush: boolean;
}

export interface Document {
  readonly lines: readonly DocLine[];
  /** Has quotations long enough to be folded. */
  readonly folds: boolean;
}

const EMPTY: Document = { lines: [], folds: false };
/** Rows of a quotation that stay visible: enough to see what is answered. */
const QUOTE_ROWS = 3;
/** Rows of a body that are laid out at once (0.3 s): a book; a longer text would hold up the keys. */
const ROWS_SHOWN = 20_000;
/** Headers and links of one message that are laid out; real mail has some dozens. */
const HEADERS_SHOWN = 2000;
const LINKS_SHOWN = 500;
/** Raw text that is shown; what follows is base64 or worse, and `tmail show --raw` prints all of it. */
const RAW_SHOWN = 1024 * 1024;
/** Below this many rows of a pane the header is two rows. */
const COMPACT_ROWS = 12;

/** Rows above the body that do not scroll. */
export function headerHeight(state: AppState): number {
  const { reader } = state;
  if (reader?.headers !== 'short') return 0;
  if (layoutOf(state).reader.rows < COMPACT_ROWS) return 2;
  return 4 + (reader.message && reader.message.parts.length > 0 ? 1 : 0);
}

export function bodyHeight(state: AppState): number {
  return Math.max(1, layoutOf(state).reader.rows - headerHeight(state));
}

/** The last line that can be the topmost. */
export function lastTop(document: Document, height: number): number {
  return Math.max(0, document.lines.length - height);
}

/** Cells of a text line: a margin on both sides. */
export function textWidth(state: AppState): number {
  return Math.max(10, layoutOf(state).reader.columns - 2);
}

export function documentOf(state: AppState): Document {
  const { reader } = state;
  if (!reader) return EMPTY;
  const cells = textWidth(state);
  if (reader.headers === 'raw') return reader.raw === null ? EMPTY : rawDocument(reader.raw, cells);
  if (!reader.message) return EMPTY;
  return messageDocument(reader.message, reader.headers, reader.quotesOpen, cells);
}

const messageDocument = lastOf(
  (message: ParsedMessage, headers: HeaderMode, quotesOpen: boolean, cells: number): Document => {
    const lines: DocLine[] = headers === 'full' ? headerLines(message, cells) : [];
    let folds = false;
    let cut = false;
    const options = { width: cells, flowed: message.flowed };
    for (const line of layoutRows(message.text, quotesOpen ? options : { ...options, fold: QUOTE_ROWS })) {
      if (line.kind === 'fold') folds = true;
      const text =
        line.kind === 'fold' ? `[${plural(line.hidden, 'quoted line')} folded - T to show]` : line.text;
      cut = lines.length >= ROWS_SHOWN;
      if (cut) break;
      const flush = line.kind === 'link';
      lines.push({ text, kind: line.kind, depth: line.depth, continued: line.continued, flush });
    }
    trimEnd(lines);
    if (cut) {
      lines.push(plain('', 'text'), ...note('The text goes on; tmail show --text prints all of it.', cells));
    }
    lines.push(...noteLines(message, cells), ...linkLines(message, cells));
    return { lines, folds: folds || quotesOpen };
  },
);

const rawDocument = lastOf((raw: string, cells: number): Document => {
  const shown = raw.length > RAW_SHOWN ? raw.slice(0, RAW_SHOWN) : raw;
  const clean = sanitize(shown, { keepNewlines: true });
  const lines = wrapCells(clean, cells).map(text => plain(text, 'raw'));
  if (shown.length < raw.length) {
    lines.push(
      plain('', 'raw'),
      ...note('Only the beginning is shown here; tmail show --raw prints all of it.', cells),
    );
  }
  return { lines, folds: false };
});

function plain(text: string, kind: DocLineKind): DocLine {
  return { text, kind, depth: 0, continued: false, flush: false };
}

function note(text: string, cells: number): DocLine[] {
  return wrapCells(text, cells).map(line => plain(line, 'note'));
}

function rule(label: string, cells: number): DocLine {
  return plain(`${'-'.repeat(10)} ${label} ${'-'.repeat(10)}`.slice(0, cells), 'rule');
}

function trimEnd(lines: DocLine[]): void {
  while (lines.length > 0 && lines[lines.length - 1]?.text === '') lines.pop();
}

function headerLines(message: ParsedMessage, cells: number): DocLine[] {
  const lines = message.headers.slice(0, HEADERS_SHOWN).flatMap(({ name, value }) =>
    wrapCells(sanitize(`${name}: ${value}`), cells).map((text, i) => ({
      ...plain(text, 'header'),
      continued: i > 0,
    })),
  );
  return [...lines, plain('', 'text')];
}

function noteLines(message: ParsedMessage, cells: number): DocLine[] {
  const texts = message.notes.map(code => sanitize(noteSentence(code)));
  if (message.remoteImages > 0) {
    texts.push(`${plural(message.remoteImages, 'remote picture')} not fetched.`);
  }
  if (texts.length === 0) return [];
  return [plain('', 'text'), rule('notes', cells), ...texts.flatMap(text => note(text, cells))];
}

function linkLines(message: ParsedMessage, cells: number): DocLine[] {
  if (message.links.length === 0) return [];
  const lines = message.links.slice(0, LINKS_SHOWN).flatMap((link, i) => {
    const warning = linkWarning(link);
    const label = `[${i + 1}] `;
    const url = sanitize(link.url);
    // An address that does not fit starts a row of its own, so that it can be copied whole.
    const pieces = label.length + url.length <= cells ? [] : wrapCells(url, cells);
    const shown = [
      plain(pieces.length === 0 ? label + url : label.trimEnd(), 'link'),
      ...pieces.map(text => ({ ...plain(text, 'link'), continued: true, flush: true })),
    ];
    return warning ? [...shown, ...note(`    ${warning}`, cells)] : shown;
  });
  return [plain('', 'text'), rule('links', cells), ...lines];
}

/** The first line from `from` on, upwards or downwards, that holds the text; -1 when there is none. */
export function findLine(state: AppState, query: string, from: number, by: 1 | -1): number {
  const { lines } = documentOf(state);
  const wanted = query.toLowerCase();
  for (let i = from; i >= 0 && i < lines.length; i += by) {
    const line = lines[i];
    if (!line) continue;
    const next = lines[i + 1];
    const own = line.text.toLowerCase();
    // A phrase may go over the end of a row.
    const text = next?.continued ? `${own} ${next.text.toLowerCase()}` : own;
    const at = text.indexOf(wanted);
    if (at >= 0 && at < Math.max(1, own.length)) return i;
  }
  return -1;
}

/** Share of the document above and in the window, 0 to 100. */
export function percentRead(state: AppState): number {
  const { lines } = documentOf(state);
  const seen = (state.reader?.top ?? 0) + bodyHeight(state);
  return lines.length === 0 ? 100 : Math.min(100, Math.floor((seen / lines.length) * 100));
}

/** Addresses for a header row: yourself as "me", the first ones in full, then a count. */
export function addressLine(list: readonly Address[], mine: readonly string[], most = 3): string {
  const shown = list.slice(0, most).map(address => {
    const own = mine.some(email => email.toLowerCase() === address.address.toLowerCase());
    return own
      ? 'me'
      : sanitize(list.length === 1 ? formatAddress(address) : address.name || address.address);
  });
  const rest = list.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` +${rest}` : '');
}
