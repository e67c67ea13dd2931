// How many terminal cells a text takes, and cutting, padding and wrapping by cells. Knows nothing about colours
// but how to skip them. Decisions and known differences: docs/decisions/0006-reading.md.
import { doubleWidth, within, zeroWidth } from './width-tables.ts';

export { wrapCells } from './wrap.ts';

const ASCII = /^[\x20-\x7e]*$/;
const TEXT_EMOJI = /^(?!\p{Emoji_Presentation})\p{Emoji}$/u;
const PICTOGRAPH = /^\p{Extended_Pictographic}$/u;
const MODIFIER_BASE = /^\p{Emoji_Modifier_Base}$/u;
const SPACING_MARK = /^\p{Mc}$/u;

// CSI; OSC, DCS, SOS, PM, APC up to their terminator; other escapes. Lone introducers are left to width 0.
const ANSI =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_k]|[\x9d\x90\x98\x9e\x9f])[^\x07\x18\x1a\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)|\x1b(?:[ -/]+[0-~]|[0-9A-PR-TZcf-oq-uy=><~|}])/g;

/** Cells of one code point on its own: 0, 1 or 2. */
export function codePointWidth(codePoint: number): 0 | 1 | 2 {
  if (codePoint < 0x7f) return codePoint < 0x20 ? 0 : 1;
  if (codePoint < 0x300) return codePoint < 0xa0 || codePoint === 0xad ? 0 : 1;
  if ((codePoint >= 0x4e00 && codePoint <= 0x9fff) || (codePoint >= 0xac00 && codePoint <= 0xd7a3)) return 2;
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return 0;
  if (within(zeroWidth, codePoint)) return 0;
  return within(doubleWidth, codePoint) ? 2 : 1;
}

/** What a terminal draws in one go: the text from a place up to `end` (UTF-16 units), and its cells. */
export interface Cluster {
  end: number;
  width: number;
}

const isRegional = (c: number) => c >= 0x1f1e6 && c <= 0x1f1ff;
const isModifier = (c: number) => c >= 0x1f3fb && c <= 0x1f3ff;
const isLeadingJamo = (c: number) => (c >= 0x1100 && c <= 0x115f) || (c >= 0xa960 && c <= 0xa97c);
const isInnerJamo = (c: number) => (c >= 0x1160 && c <= 0x11ff) || (c >= 0xd7b0 && c <= 0xd7fb);
const isHangul = (c: number) => isLeadingJamo(c) || isInnerJamo(c) || (c >= 0xac00 && c <= 0xd7a3);
const isPictograph = (c: number) => c > 0xa8 && PICTOGRAPH.test(String.fromCodePoint(c));
const isControl = (c: number) => c < 0x20 || (c >= 0x7f && c < 0xa0) || c === 0xad || isFormat(c);
// Break on both sides (UAX 29 Control); ZWNJ and ZWJ extend instead.
const isFormat = (c: number) =>
  c === 0x200b ||
  (c >= 0x200e && c <= 0x200f) ||
  (c >= 0x2028 && c <= 0x202e) ||
  (c >= 0x2060 && c <= 0x206f);

/**
 * The cluster that starts at `start`, written into `into` (no allocation: this runs for every character of a
 * body). Never splits a base from its marks, an emoji sequence, a flag or a Hangul syllable.
 */
export function clusterAt(text: string, start: number, into: Cluster): void {
  const base = text.codePointAt(start) ?? 0;
  let end = start + (base > 0xffff ? 2 : 1);
  into.end = end;
  into.width = codePointWidth(base);
  // Nothing below U+0300 extends what stands before it.
  if (end >= text.length || text.charCodeAt(end) < 0x300 || isControl(base)) return;

  let width: number = into.width;
  let last = base; // the last code point that is no extender, for emoji and Hangul
  let joined = false; // the code point before was a ZWJ after a pictograph
  while (end < text.length) {
    const c = text.codePointAt(end) ?? 0;
    if (c < 0x300) break;
    if (joined && isPictograph(c)) {
      last = c;
      width = 2;
      joined = false;
    } else if (isRegional(c)) {
      if (last !== base || !isRegional(base) || end !== start + 2) break;
      last = 0;
      width = 2;
    } else if (isModifier(c)) {
      if (!MODIFIER_BASE.test(String.fromCodePoint(last))) break;
      last = c;
      width = 2;
    } else if (isInnerJamo(c)) {
      if (!isHangul(last)) break;
      last = c;
    } else if (c === 0x200d) {
      joined = isModifier(last) || isPictograph(last);
    } else if (c === 0x20e3) {
      if ((base >= 0x30 && base <= 0x39) || base === 0x23 || base === 0x2a) width = 2;
    } else if (codePointWidth(c) === 0 && !isFormat(c)) {
      if (c === 0xfe0f && width === 1 && base > 0x7f && TEXT_EMOJI.test(String.fromCodePoint(last)))
        width = 2;
    } else if (SPACING_MARK.test(String.fromCodePoint(c))) {
      width += 1;
    } else break;
    end += c > 0xffff ? 2 : 1;
  }
  into.end = end;
  into.width = width;
}

/** The clusters of a text, in order; each is the same object, moved on. */
export function* clusters(text: string): Generator<Cluster> {
  const cluster: Cluster = { end: 0, width: 0 };
  while (cluster.end < text.length) {
    clusterAt(text, cluster.end, cluster);
    yield cluster;
  }
}

/** Cells of a text without escape sequences; control characters count nothing. */
export function width(text: string): number {
  if (ASCII.test(text)) return text.length;
  let cells = 0;
  for (const cluster of clusters(text)) cells += cluster.width;
  return cells;
}

export interface StringWidthOptions {
  /** Only `true` is supported: ambiguous characters take one cell. */
  readonly ambiguousIsNarrow?: boolean;
  readonly countAnsiEscapeCodes?: boolean;
}

/** Stands in for npm's string-width (8.x) inside Ink: skips escape sequences unless told to count them. */
export function stringWidth(text: string, options?: StringWidthOptions): number {
  if (typeof text !== 'string' || text === '') return 0;
  if (ASCII.test(text)) return text.length;
  if (!options?.countAnsiEscapeCodes && (text.includes('\x1b') || text.includes('\x9b'))) {
    return width(text.replace(ANSI, ''));
  }
  return width(text);
}

/** The longest beginning that fits into `cells`. */
export function cut(text: string, cells: number): string {
  if (text.length <= cells && ASCII.test(text)) return text;
  const cluster: Cluster = { end: 0, width: 0 };
  let used = 0;
  let end = 0;
  while (end < text.length) {
    clusterAt(text, end, cluster);
    if (used + cluster.width > cells) return text.slice(0, end);
    used += cluster.width;
    end = cluster.end;
  }
  return text;
}

/** The text in at most `cells` cells, its end replaced by `ellipsis` where it is longer. */
export function truncate(text: string, cells: number, ellipsis = '…'): string {
  if (text.length <= cells && ASCII.test(text)) return text;
  // A text of ten times as many characters as cells need not be measured to its end.
  const head = cut(text, cells);
  if (head.length === text.length) return text;
  const room = cells - width(ellipsis);
  return room < 0 ? cut(ellipsis, Math.max(cells, 0)) : cut(head, room) + ellipsis;
}

/** Exactly `cells` cells: truncated with `ellipsis`, or padded with spaces. */
export function fit(text: string, cells: number, ellipsis = '…'): string {
  if (cells <= 0) return '';
  const short = truncate(text, cells, ellipsis);
  return short + ' '.repeat(Math.max(0, cells - width(short)));
}

/** Like `fit`, aligned to the right. */
export function fitRight(text: string, cells: number, ellipsis = '…'): string {
  if (cells <= 0) return '';
  const short = truncate(text, cells, ellipsis);
  return ' '.repeat(Math.max(0, cells - width(short))) + short;
}
