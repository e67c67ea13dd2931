// Breaks one line of text into rows of terminal cells: at spaces and between wide characters, inside a word only
// where it is longer than a row. Inserts nothing, so that what was cut can be copied whole.
import { type Cluster, clusterAt, width } from './width.ts';

/** One row: `text.slice(start, end)`. `link`: a piece of an address too long for one row. */
export interface Row {
  readonly start: number;
  readonly end: number;
  readonly link: boolean;
}

// Closing marks never begin a row, opening ones never end it (JIS X 4051, short).
const NO_START = '、。，．：；？！）〕］｝〉》」』】〙〗ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々…‥・％';
const NO_END = '（〔［｛〈《「『【〘〖';
const URL_START = /[<("'[]{0,3}(?:[a-z][a-z0-9+.-]{1,20}:\/\/|mailto:|www\.)/iy;
const PRINTABLE = /^[\x20-\x7e]*$/;

function startsUrl(text: string, at: number): boolean {
  URL_START.lastIndex = at;
  return URL_START.test(text);
}

/** Where a row that ends before `end` may end without its trailing spaces. */
function trimEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && text.charCodeAt(at - 1) === 32) at--;
  return at;
}

/** The last space in (after, from], or -1. Looks at one row only: a search to the start would be quadratic. */
function lastSpace(text: string, after: number, from: number): number {
  let at = from;
  while (at > after && text.charCodeAt(at) !== 32) at--;
  return at > after ? at : -1;
}

function skipSpaces(text: string, at: number): number {
  let to = at;
  while (to < text.length && text.charCodeAt(to) === 32) to++;
  return to;
}

/**
 * The rows of one line (none for spaces that do not fit): the first of `first` cells, the others of `rest`. Spaces at a break are dropped, spaces
 * that begin the line stay. An address (URL) that fits into a row is never broken; a longer one has rows of its own.
 */
export function* rows(text: string, first: number, rest = first): Generator<Row> {
  const cells = Math.max(1, first);
  const others = Math.max(1, rest);
  if (text.length <= cells && PRINTABLE.test(text)) {
    yield { start: 0, end: text.length, link: false };
  } else yield* PRINTABLE.test(text) ? asciiRows(text, cells, others) : anyRows(text, cells, others);
}

function* asciiRows(text: string, first: number, rest: number): Generator<Row> {
  let cells = first;
  let indent = skipSpaces(text, 0);
  let start = indent >= cells ? indent : 0; // an indent as wide as the row is dropped
  indent -= start;
  while (text.length - start > cells) {
    const space = lastSpace(text, start + indent, start + cells);
    if (space > start + indent) {
      yield { start, end: trimEnd(text, start, space), link: false };
      start = skipSpaces(text, space);
    } else {
      const word = start + indent;
      if (startsUrl(text, word)) {
        const stop = text.indexOf(' ', start + cells);
        const end = stop < 0 ? text.length : stop;
        for (; end - start > cells; start += cells, cells = rest)
          yield { start, end: start + cells, link: true };
        yield { start, end, link: true };
        start = skipSpaces(text, end);
        if (start >= text.length) return;
      } else {
        yield { start, end: start + cells, link: false };
        start = skipSpaces(text, start + cells);
      }
    }
    cells = rest;
    indent = 0;
  }
  if (start < text.length || text === '') yield { start, end: text.length, link: false };
}

/** A letter with marks that take cells of their own may be wider than a row: then it is broken before its marks. */
function cutCluster(text: string, at: number, cluster: Cluster): void {
  const first = text.slice(at, at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1));
  cluster.end = at + first.length;
  cluster.width = width(first);
}

function* anyRows(text: string, first: number, rest: number): Generator<Row> {
  const cluster: Cluster = { end: 0, width: 0 };
  let cells = first;
  const indented = skipSpaces(text, 0);
  let start = indented >= cells ? indented : 0;
  let at = start;
  let used = 0;
  let breakAt = -1; // where the next row may begin
  let usedAtBreak = 0;
  let word = indented; // where the word under way begins
  let hard = false; // the word under way did not fit into a row
  let previousWide = false;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 32) {
      if (hard && startsUrl(text, word)) {
        yield { start, end: at, link: true };
        start = at = skipSpaces(text, at);
        cells = rest;
        used = 0;
        breakAt = -1;
      } else {
        used += 1;
        at += 1;
        if (at > indented) {
          breakAt = at;
          usedAtBreak = used;
        }
      }
      word = at;
      hard = previousWide = false;
      continue;
    }
    clusterAt(text, at, cluster);
    if (cluster.width > rest) cutCluster(text, at, cluster);
    const wide = cluster.width === 2;
    if (at > start && (wide || previousWide) && mayBreak(text, at)) {
      breakAt = at;
      usedAtBreak = used;
    }
    if (used + cluster.width > cells && at > start) {
      if (breakAt > start) {
        yield { start, end: trimEnd(text, start, breakAt), link: false };
        used -= usedAtBreak;
        start = breakAt;
      } else {
        hard = true;
        yield { start, end: at, link: startsUrl(text, word) };
        start = at;
        used = 0;
      }
      breakAt = -1;
      cells = rest;
    }
    used += cluster.width;
    at = cluster.end;
    previousWide = wide;
  }
  const end = used <= cells ? text.length : trimEnd(text, start, text.length);
  if (end > start) yield { start, end, link: hard && startsUrl(text, word) };
}

/** Between two wide characters, `at` being the second: no closing mark begins a row, no opening one ends it. */
export function mayBreak(text: string, at: number): boolean {
  return !NO_START.includes(text.charAt(at)) && !NO_END.includes(text.charAt(at - 1));
}

/** The rows of a text of several lines; every line gives at least one row. */
export function wrapCells(text: string, cells: number): string[] {
  const out: string[] = [];
  for (const line of text.split('\n')) {
    const before = out.length;
    for (const row of rows(line, cells)) out.push(line.slice(row.start, row.end));
    if (out.length === before) out.push('');
  }
  return out;
}

/** Cells of the spaces and the bullet, number or spaces that begin a line: how far its other rows are moved in. */
export function hangingIndent(line: string): number {
  const match = /^ *(?:(?:[-*+•·‣◦–]|\d{1,3}[.)]|\[\d{1,3}\]) +)?/.exec(line);
  return match ? width(match[0]) : 0;
}
