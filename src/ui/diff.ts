// The bytes that turn what a terminal shows into the next frame: only cells that differ, the shortest cursor
// movements and SGR changes, erasing, scrolling. Pure; when to draw is output.ts's business.
import { PLAIN, type Styles } from './cells.ts';
import type { Frame, Position, Row } from './frame.ts';
import { findScroll, type Scroll, scrolled } from './scroll.ts';

/** What the terminal is in the middle of. `null`: not known. */
export interface Pen {
  readonly x: number | null;
  readonly y: number | null;
  readonly style: number;
}

/** A change shorter than this is not worth looking for a scroll. */
const SCROLL_WORTH = 300;
/** Unchanged cells between two changes that are written again rather than jumped over. */
const GAP = 4;
/** How far behind a grapheme of disputed width a terminal may have drawn over its neighbours. */
const OVERREACH = 8;

/** Draws `next` over `shown`, or over anything when that is null. The pen's style must be true in either case. */
export function encodeFrame(
  shown: Frame | null,
  next: Frame,
  pen: Pen,
  styles: Styles,
  scrolling: boolean,
): { bytes: string; pen: Pen } {
  const plain = new Encoder(pen, styles).rows(shown, next);
  if (shown === null || !scrolling || plain.bytes.length < SCROLL_WORTH) return plain;
  const scroll = findScroll(shown, next, styles);
  if (scroll === null) return plain;
  const other = new Encoder(pen, styles).scroll(scroll, next).rows(scrolled(shown, scroll), next);
  return other.bytes.length < plain.bytes.length ? other : plain;
}

/** Moves the pen without drawing. */
export function encodeMove(pen: Pen, to: Position): { bytes: string; pen: Pen } {
  return { bytes: move(pen.x, pen.y, to.x, to.y), pen: { ...pen, x: to.x, y: to.y } };
}

class Encoder {
  readonly #styles: Styles;
  #bytes = '';
  #x: number | null;
  #y: number | null;
  #style: number;

  constructor(pen: Pen, styles: Styles) {
    this.#styles = styles;
    this.#x = pen.x;
    this.#y = pen.y;
    this.#style = pen.style;
  }

  /** DECSTBM, then DL or IL at its first row: the only pair that every terminal with a screen has. */
  scroll({ top, bottom, by }: Scroll, frame: Frame): this {
    // Lines that come in take the current background.
    this.#restyle(PLAIN);
    const whole = top === 0 && bottom === frame.rows.length;
    if (!whole) this.#bytes += `\x1b[${top + 1};${bottom}r`;
    this.#bytes += move(null, null, 0, top);
    const count = Math.abs(by);
    this.#bytes += `\x1b[${count === 1 ? '' : count}${by > 0 ? 'M' : 'L'}`;
    if (!whole) this.#bytes += '\x1b[r';
    this.#x = 0;
    this.#y = whole ? top : 0;
    return this;
  }

  rows(shown: Frame | null, next: Frame): { bytes: string; pen: Pen } {
    const changed = new Uint8Array(next.columns);
    next.rows.forEach((row, y) => {
      const before = shown?.rows[y];
      if (before === row) return;
      const first = before === undefined ? 0 : compareRow(before, row, changed, this.#styles);
      if (before === undefined) changed.fill(1);
      if (first >= 0) this.#row(row, y, changed, first);
    });
    return { bytes: this.#bytes, pen: { x: this.#x, y: this.#y, style: this.#style } };
  }

  #row(row: Row, y: number, changed: Uint8Array, first: number) {
    const columns = row.text.length;
    const end = this.#endOfText(row);
    let erase = 0;
    for (let x = end; x < columns; x++) erase += changed[x] ?? 0;
    // EL costs three bytes and perhaps a movement.
    const limit = erase > 4 ? end : columns;
    for (let x = first; x < limit; ) {
      if (changed[x] === 0) {
        x++;
        continue;
      }
      this.#goTo(row, x, y);
      x = this.#run(row, x, limit, changed);
    }
    if (erase > 4) {
      this.#goTo(row, end, y);
      if (!this.#styles.blank(this.#style)) this.#restyle(PLAIN);
      this.#bytes += '\x1b[K';
    }
  }

  /** The column behind the last cell that an erased row would not show by itself. */
  #endOfText({ text, styles }: Row): number {
    let end = text.length;
    while (end > 0 && text[end - 1] === ' ' && this.#styles.blank(styles[end - 1] ?? PLAIN)) end--;
    return end;
  }

  /** Writes the changed cells from `x` on and returns the column behind them. */
  #run({ text, styles }: Row, from: number, limit: number, changed: Uint8Array): number {
    const columns = text.length;
    let x = from;
    while (x < limit && changed[x] !== 0) {
      const char = text[x] ?? ' ';
      const style = styles[x] ?? PLAIN;
      // A blank looks the same in every blank style.
      if (
        style !== this.#style &&
        !(char === ' ' && this.#styles.blank(style) && this.#styles.blank(this.#style))
      ) {
        this.#restyle(style);
      }
      // Nearly every cell; the rest of this loop is for what is not ASCII.
      if (char.length === 1 && char <= '~') {
        this.#bytes += char;
        x++;
        continue;
      }
      let after = x + 1;
      while (after < columns && text[after] === '') after++;
      if (uncertainWidth(char)) {
        // Whatever its width is there: its cells are cleared first, and nothing is placed relative to it.
        const y = this.#y ?? 0;
        this.#bytes += `${' '.repeat(after - x)}${move(null, y, x, y)}${char}`;
        this.#x = null;
        return after;
      }
      this.#bytes += char;
      x = after;
    }
    // Behind the last column terminals differ.
    this.#x = x < columns ? x : null;
    return x;
  }

  #goTo(row: Row, x: number, y: number) {
    if (this.#x === x && this.#y === y) return;
    if (this.#y === y && this.#x !== null && x > this.#x && x - this.#x <= GAP) {
      const gap = this.#rewrite(row, this.#x, x);
      if (gap !== null) {
        this.#bytes += gap;
        this.#x = x;
        return;
      }
    }
    this.#bytes += move(this.#x, this.#y, x, y);
    this.#x = x;
    this.#y = y;
  }

  /** The cells between as they stand there, when that takes neither a style nor more than a byte each. */
  #rewrite({ text, styles }: Row, from: number, to: number): string | null {
    let bytes = '';
    for (let x = from; x < to; x++) {
      const char = text[x] ?? '';
      if (char.length !== 1 || char > '~' || styles[x] !== this.#style) return null;
      bytes += char;
    }
    return bytes;
  }

  #restyle(style: number) {
    this.#bytes += this.#styles.change(this.#style, style);
    this.#style = style;
  }
}

/** Marks the cells of a row that must be written. Returns the first of them, -1 when none. */
function compareRow(before: Row, next: Row, changed: Uint8Array, styles: Styles): number {
  const columns = next.text.length;
  let first = -1;
  let simple = true;
  for (let x = 0; x < columns; x++) {
    const a = before.text[x] ?? ' ';
    const b = next.text[x] ?? ' ';
    const different = a !== b || !sameLook(b, before.styles[x], next.styles[x], styles);
    changed[x] = different ? 1 : 0;
    if (different && first < 0) first = x;
    if (simple && (a.length !== 1 || b.length !== 1 || a > '~' || b > '~')) simple = false;
  }
  return first < 0 || simple ? first : keepWhole(before, next, changed);
}

function sameLook(text: string, a: number | undefined, b: number | undefined, styles: Styles): boolean {
  return a === b || (text === ' ' && styles.blank(a ?? PLAIN) && styles.blank(b ?? PLAIN));
}

/** A grapheme is written as a whole, and so is what a terminal may have drawn over beside it. */
function keepWhole(before: Row, next: Row, changed: Uint8Array): number {
  for (let again = true; again; ) {
    again = false;
    for (let x = 0; x < changed.length; x++) {
      if (changed[x] === 0) continue;
      for (const { text } of [before, next]) {
        let from = x;
        while (from > 0 && text[from] === '') from--;
        let to = x + 1;
        while (to < changed.length && text[to] === '') to++;
        if (uncertainWidth(text[from] ?? ' ')) to = Math.min(changed.length, to + OVERREACH);
        for (let cell = from; cell < to; cell++) {
          if (changed[cell] !== 0) continue;
          changed[cell] = 1;
          // What lies ahead is still to be visited; what lies behind is not.
          if (cell < x) again = true;
        }
      }
    }
  }
  return changed.indexOf(1);
}

/** Terminals and fonts disagree on how many columns it takes: emoji, joined sequences, private use, Indic clusters. */
export function uncertainWidth(text: string): boolean {
  const code = text.charCodeAt(0);
  if (text.length <= 1) {
    if (code < 0x231a) return false;
    return (
      (code <= 0x23ff && code >= 0x231a) ||
      (code >= 0x25fb && code <= 0x27bf) ||
      (code >= 0x2b00 && code <= 0x2bff) ||
      (code >= 0xe000 && code <= 0xf8ff)
    );
  }
  if (code >= 0x231a) return true;
  for (let i = 1; i < text.length; i++) {
    const mark = text.charCodeAt(i);
    if (mark < 0x300 || mark > 0x36f) return true;
  }
  return false;
}

/** The shortest movement. */
function move(x: number | null, y: number | null, toX: number, toY: number): string {
  const candidates = [`\x1b[${toX === 0 ? (toY === 0 ? '' : toY + 1) : `${toY + 1};${toX + 1}`}H`];
  if (y === toY) {
    if (x === toX) return '';
    if (toX === 0) return '\r';
    candidates.push(`\x1b[${toX + 1}G`);
    if (x !== null) {
      if (toX > x) candidates.push(`\x1b[${counted(toX - x)}C`);
      else candidates.push('\b'.repeat(x - toX), `\x1b[${counted(x - toX)}D`);
    }
  } else if (y !== null) {
    if (toX === 0 && toY > y && toY - y < 4) candidates.push(`\r${'\n'.repeat(toY - y)}`);
    if (x === toX) candidates.push(`\x1b[${counted(Math.abs(toY - y))}${toY > y ? 'B' : 'A'}`);
  }
  return candidates.reduce((best, candidate) => (candidate.length < best.length ? candidate : best));
}

function counted(n: number): string {
  return n === 1 ? '' : String(n);
}
