// Text with SGR sequences as terminal cells: one grapheme and one style each. Pure; knows nothing of Ink and writes
// nothing. Styles are small numbers of one `Styles` table, so that two cells are compared without looking inside.
import { clusters } from '../mail/width.ts';
import {
  type ColorDepth,
  INVERSE,
  PLAIN_STYLE,
  STRIKE,
  type Style,
  sgrApply,
  sgrChange,
  UNDERLINE,
  withColors,
} from './sgr.ts';

/** Style 0: everything default. */
export const PLAIN = 0;

/** One line of text as cells. A wide grapheme's second cell holds ''. */
export interface Line {
  readonly text: readonly string[];
  readonly styles: readonly number[];
}

interface LineDraft {
  readonly text: string[];
  readonly styles: number[];
}

/** Several screens of rows; a row of 160 columns holds two kilobytes. */
const LINES_CACHED = 512;

/** The styles of one terminal, reduced to the colours that it has. A theme has few, so none is ever dropped. */
export class Styles {
  readonly #depth: ColorDepth;
  readonly #ascii: boolean;
  readonly #numbers = new Map<string, number>();
  readonly #styles: Style[] = [];
  readonly #blank: boolean[] = [];
  readonly #changes = new Map<number, string>();
  // The same texts come with every frame. Two generations bound the cache without counting uses.
  #young = new Map<string, readonly Line[]>();
  #old = new Map<string, readonly Line[]>();

  constructor(depth: ColorDepth, ascii: boolean) {
    this.#depth = depth;
    this.#ascii = ascii;
    this.of(PLAIN_STYLE);
  }

  of(wanted: Style): number {
    const style = withColors(wanted, this.#depth);
    const key = `${style.fg} ${style.bg} ${style.attributes}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#styles.push(style);
    this.#blank.push(
      style.bg === PLAIN_STYLE.bg && (style.attributes & (UNDERLINE | INVERSE | STRIKE)) === 0,
    );
    this.#numbers.set(key, this.#styles.length - 1);
    return this.#styles.length - 1;
  }

  get(number: number): Style {
    return this.#styles[number] ?? PLAIN_STYLE;
  }

  /** A space in this style looks like an erased cell. */
  blank(number: number): boolean {
    return this.#blank[number] === true;
  }

  /** The shortest SGR sequence from one style to another; '' when they are the same. */
  change(from: number, to: number): string {
    if (from === to) return '';
    const key = from * 65536 + to;
    let sequence = this.#changes.get(key);
    if (sequence === undefined) {
      sequence = sgrChange(this.get(from), this.get(to));
      this.#changes.set(key, sequence);
    }
    return sequence;
  }

  /** The lines of a text with SGR sequences; every other control character and sequence is dropped. */
  lines(text: string): readonly Line[] {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const lines = this.#old.get(text) ?? parseLines(text, this, this.#ascii);
    if (this.#young.size >= LINES_CACHED) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, lines);
    return lines;
  }
}

const SGR = /^\x1b\[([\d;:]*)m$/;
/** CSI, OSC, any other escape; a control character; a run of text. */
const PIECES =
  /\x1b\[[\x20-\x3f]*[\x40-\x7e]?|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[^\x1b]?|[\x00-\x1f\x7f-\x9f]|[^\x00-\x1f\x7f-\x9f]+/gu;
const ASCII = /^[\x20-\x7e]*$/;

function parseLines(text: string, styles: Styles, ascii: boolean): Line[] {
  let line: LineDraft = { text: [], styles: [] };
  const lines = [line];
  let style = PLAIN_STYLE;
  let number = PLAIN;
  for (const [piece] of text.matchAll(PIECES)) {
    if (piece === '\n') {
      line = { text: [], styles: [] };
      lines.push(line);
    } else if (piece.startsWith('\x1b')) {
      const parameters = SGR.exec(piece)?.[1];
      if (parameters === undefined) continue;
      style = sgrApply(style, parameters);
      number = styles.of(style);
    } else if (!/^[\x00-\x1f\x7f-\x9f]/.test(piece)) {
      addText(line, piece, number, ascii);
    }
  }
  return lines;
}

function addText(line: LineDraft, piece: string, style: number, ascii: boolean) {
  if (ASCII.test(piece)) {
    for (const char of piece) {
      line.text.push(char);
      line.styles.push(style);
    }
    return;
  }
  let start = 0;
  for (const { end, width } of clusters(piece)) {
    const segment = piece.slice(start, end);
    start = end;
    // Nothing to see and nothing to stand on: it would take a cell that the layout did not count.
    if (width === 0) continue;
    line.text.push(ascii ? asciiFor(segment, width) : segment);
    line.styles.push(style);
    for (let cell = 1; cell < width; cell++) {
      line.text.push(ascii ? '?' : '');
      line.styles.push(style);
    }
  }
}

/** For terminals without Unicode: the base letter where there is one. */
function asciiFor(segment: string, width: number): string {
  if (ASCII.test(segment)) return segment;
  const base = segment.normalize('NFKD').charAt(0);
  return width === 1 && base !== '' && ASCII.test(base) ? base : '?';
}
