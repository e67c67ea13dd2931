// One line of text and how it stands on the screen: what is shown for it, and where its visual rows begin. Laid out
// only as far as somebody looks, and again only behind a change. Pure; knows no caret.
import { sanitize } from '../../mail/sanitize.ts';
import { clusters, width } from '../../mail/width.ts';
import { rows } from '../../mail/wrap.ts';

/** Longer lines are laid out in pieces, so that a key in a line of a megabyte costs no more than in a page. */
const PIECE = 4096;
/** So far back from the end of a piece a space is looked for. */
const LOOK_BACK = 1024;

interface Layout {
  readonly cells: number;
  /** Where each row begins; grows as far as somebody looks. */
  readonly starts: number[];
  /** Where each piece begins, and its first row. */
  readonly pieces: { readonly start: number; readonly row: number }[];
  /** Everything before this is laid out. */
  end: number;
}

/** Immutable but for what it remembers of its own layout. */
export interface Line {
  readonly text: string;
  layout: Layout | null;
  shown: string | null;
}

export function lineOf(text: string): Line {
  return { text, layout: null, shown: null };
}

/** The line with another text, equal up to `same`: what was laid out before stays. */
export function changedLine(line: Line, text: string, same: number): Line {
  const { layout } = line;
  if (!layout || text.length <= PIECE || line.text.length <= PIECE) return lineOf(text);
  // The last piece ends where the line did; all others ended before they had to.
  const kept = layout.pieces.filter(
    (_, i) => (layout.pieces[i + 1]?.start ?? Number.POSITIVE_INFINITY) <= same,
  );
  const next = layout.pieces[kept.length];
  if (!next || kept.length === 0) return lineOf(text);
  return {
    text,
    shown: null,
    layout: { cells: layout.cells, starts: layout.starts.slice(0, next.row), pieces: kept, end: next.start },
  };
}

// What passes unchanged: printable ASCII, and letters that are neither marks, format characters nor unassigned.
const HARMLESS = /^[\x20-\x7e]*$/;
/** Takes the place of what can't be shown: one a UTF-16 unit, so that places in both texts are the same. */
const HIDDEN = '\ufffd';
export const TAB = '\u2192';

/** A piece of a line as it may stand on the screen: as long as the text in UTF-16 units, safe for the terminal. */
export function shownText(text: string): string {
  if (HARMLESS.test(text) || sanitize(text) === text) return text;
  let out = '';
  let from = 0;
  for (const { end } of clusters(text)) {
    const cluster = text.slice(from, end);
    from = end;
    if (cluster === '\t') out += TAB;
    else out += sanitize(cluster) === cluster ? cluster : HIDDEN.repeat(cluster.length);
  }
  return out;
}

/** A long line is only shown in pieces; this is for short ones and for the rows of long ones. */
function shownSlice(line: Line, from: number, to: number): string {
  if (line.text.length > PIECE) return shownText(line.text.slice(from, to));
  line.shown ??= shownText(line.text);
  return line.shown.slice(from, to);
}

/** Where the piece that begins here ends. */
function pieceEnd(text: string, start: number): number {
  if (text.length - start <= PIECE) return text.length;
  const most = start + PIECE;
  const space = text.lastIndexOf(' ', most - 1);
  if (space >= most - LOOK_BACK) return space + 1;
  return boundary(text, most);
}

/** The nearest place at or before `at` where no grapheme is cut: nothing below U+0300 extends what stands before it. */
export function boundary(text: string, at: number): number {
  let to = Math.max(0, Math.min(at, text.length));
  const least = Math.max(0, to - 64);
  while (to > least && !(text.charCodeAt(to) < 0x300)) {
    const code = text.charCodeAt(to);
    // Ideographs and Hangul syllables stand alone as well.
    if ((code >= 0x3400 && code <= 0x9fff) || (code >= 0xac00 && code <= 0xd7a3)) break;
    to--;
  }
  const low = text.charCodeAt(to);
  return low >= 0xdc00 && low <= 0xdfff && to > 0 ? to - 1 : to;
}

function laidOut(line: Line, cells: number, upTo: number): Layout {
  if (line.layout?.cells !== cells) line.layout = { cells, starts: [], pieces: [], end: -1 };
  const { layout } = line;
  const { text } = line;
  while (layout.end < text.length && (layout.end <= upTo || layout.starts.length === 0)) {
    const start = Math.max(0, layout.end);
    const end = pieceEnd(text, start);
    layout.pieces.push({ start, row: layout.starts.length });
    const first = layout.starts.length;
    for (const row of rows(shownSlice(line, start, end), cells)) {
      // Spaces that begin a piece belong to its first row, whatever was dropped of them.
      layout.starts.push(layout.starts.length === first ? start : start + row.start);
    }
    if (layout.starts.length === first) layout.starts.push(start);
    layout.end = end;
    if (end === text.length) break;
  }
  return layout;
}

/** How many rows the line takes; lays all of it out. */
export function rowCount(line: Line, cells: number): number {
  return laidOut(line, cells, line.text.length).starts.length;
}

/** Whether the line has this row; lays out no more than needed. */
export function hasRow(line: Line, cells: number, row: number): boolean {
  let layout = laidOut(line, cells, 0);
  while (layout.starts.length <= row && layout.end < line.text.length)
    layout = laidOut(line, cells, layout.end);
  return row >= 0 && row < layout.starts.length;
}

/** The row in which this place stands. */
export function rowAt(line: Line, cells: number, at: number): number {
  const { starts } = laidOut(line, cells, at);
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

export interface RowPlace {
  readonly start: number;
  /** Where the next row begins, or the end of the line. */
  readonly end: number;
  readonly last: boolean;
}

export function placeOfRow(line: Line, cells: number, row: number): RowPlace {
  const more = hasRow(line, cells, row + 1);
  const { starts } = line.layout ?? { starts: [] };
  const start = starts[row] ?? 0;
  return { start, end: more ? (starts[row + 1] ?? line.text.length) : line.text.length, last: !more };
}

/** What stands on the screen for a part of the line. */
export function shownPart(line: Line, from: number, to: number): string {
  return shownSlice(line, from, to);
}

/** Cells between two places of one row. */
export function cellsBetween(line: Line, from: number, to: number): number {
  return width(shownSlice(line, from, to));
}

/** The place in a row that is at or before this cell; never in the middle of a grapheme. */
export function placeAtCell(line: Line, place: RowPlace, cell: number): number {
  const text = shownSlice(line, place.start, place.end);
  let used = 0;
  let at = 0;
  for (const cluster of clusters(text)) {
    if (used + cluster.width > cell) break;
    // The end of a row that is wrapped is the beginning of the next one.
    if (!place.last && cluster.end >= text.length) break;
    used += cluster.width;
    at = cluster.end;
  }
  return place.start + at;
}
