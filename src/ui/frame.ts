// One screenful of cells, and how what Ink draws lands in it. Knows nothing of terminals.
import type { Size } from '../app/types.ts';
import { type Line, PLAIN, type Styles } from './cells.ts';

/** A position on the screen, 0-based. */
export interface Position {
  readonly x: number;
  readonly y: number;
}

/** A line of text and where in its row it was written. */
export interface Placed {
  readonly line: Line;
  readonly x: number;
  /** The clip's edges: half-open. */
  readonly x1: number;
  readonly x2: number;
}

/** One row of the screen. A wide grapheme's second cell holds ''. Never changed once made. */
export interface Row {
  readonly text: readonly string[];
  readonly styles: readonly number[];
  /** What it was made of: lines are cached, so two rows of the same make are the same. */
  readonly made: readonly Placed[];
}

export interface Frame {
  readonly columns: number;
  readonly rows: readonly Row[];
}

export function blankRow(columns: number): Row {
  return {
    text: new Array<string>(columns).fill(' '),
    styles: new Array<number>(columns).fill(PLAIN),
    made: [],
  };
}

/** Half-open; an absent edge is unbounded. */
export interface Clip {
  readonly x1: number | undefined;
  readonly x2: number | undefined;
  readonly y1: number | undefined;
  readonly y2: number | undefined;
}

export type Transformer = (line: string, index: number) => string;

/** What Ink's renderNodeToOutput draws on: the shape of Ink's own Output class. */
export interface Target {
  write(x: number, y: number, text: string, options: { transformers: readonly Transformer[] }): void;
  clip(clip: Clip): void;
  unclip(): void;
}

/**
 * One frame: draws what Ink writes. What falls outside of the screen or of the clip is cut, a halved wide grapheme
 * becomes a space. Rows that are made as they are in `shown` are the very same objects.
 */
export function drawFrame(
  size: Size,
  styles: Styles,
  shown: Frame | null,
  draw: (target: Target) => void,
): Frame {
  const { columns, rows } = size;
  const made = Array.from({ length: rows }, (): Placed[] => []);
  const whole = { x1: 0, y1: 0, x2: columns, y2: rows };
  const clips = [whole];
  draw({
    write(x, y, text, { transformers }) {
      const clip = clips.at(-1) ?? whole;
      const lines = transformers.length === 0 ? styles.lines(text) : transformed(text, transformers, styles);
      for (let i = 0; i < lines.length; i++) {
        const line = lines[i];
        const row = y + i;
        if (line === undefined || row < clip.y1 || row >= clip.y2) continue;
        made[row]?.push({ line, x, x1: clip.x1, x2: clip.x2 });
      }
    },
    clip(clip) {
      const outer = clips.at(-1) ?? whole;
      clips.push({
        x1: Math.max(outer.x1, clip.x1 ?? outer.x1),
        y1: Math.max(outer.y1, clip.y1 ?? outer.y1),
        x2: Math.min(outer.x2, clip.x2 ?? outer.x2),
        y2: Math.min(outer.y2, clip.y2 ?? outer.y2),
      });
    },
    unclip() {
      if (clips.length > 1) clips.pop();
    },
  });
  return {
    columns,
    rows: made.map((now, y) => {
      const before = shown?.rows[y];
      return before !== undefined && sameMake(before.made, now) ? before : compose(now, columns);
    }),
  };
}

function sameMake(a: readonly Placed[], b: readonly Placed[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const [one, other] = [a[i], b[i]];
    if (one?.line !== other?.line || one?.x !== other?.x) return false;
    if (one?.x1 !== other?.x1 || one?.x2 !== other?.x2) return false;
  }
  return true;
}

const EMPTY: Line = { text: [], styles: [] };

function transformed(text: string, transformers: readonly Transformer[], styles: Styles): readonly Line[] {
  const apply = (line: string, index: number) =>
    transformers.reduce((before, transform) => transform(before, index), line);
  if (!text.includes('\n')) return styles.lines(apply(text, 0)).slice(0, 1);
  return text.split('\n').map((line, index) => styles.lines(apply(line, index))[0] ?? EMPTY);
}

/** A row while it is made. */
interface Cells {
  readonly text: string[];
  readonly styles: number[];
}

function compose(made: readonly Placed[], columns: number): Row {
  const cells: Cells = {
    text: new Array<string>(columns).fill(' '),
    styles: new Array<number>(columns).fill(PLAIN),
  };
  for (const placed of made) place(cells, placed);
  return { ...cells, made };
}

function place({ text, styles }: Cells, { line, x, x1, x2 }: Placed) {
  const from = Math.max(x, x1);
  const to = Math.min(x + line.text.length, x2);
  if (from >= to) return;
  // A wide grapheme that loses one half to the new text loses the other as well.
  if (text[from] === '') blankGrapheme(text, from);
  if (to < text.length && text[to] === '') blankGrapheme(text, to);
  for (let column = from; column < to; column++) {
    text[column] = line.text[column - x] ?? ' ';
    styles[column] = line.styles[column - x] ?? PLAIN;
  }
  // So does one of the new text at the edges of the clip.
  for (let column = from; column < to && text[column] === ''; column++) text[column] = ' ';
  if (line.text[to - x] === '') {
    let column = to - 1;
    while (column > from && text[column] === '') text[column--] = ' ';
    text[column] = ' ';
  }
}

/** Turns the grapheme that covers `column` into spaces of its styles. */
function blankGrapheme(text: string[], column: number) {
  let first = column;
  while (first > 0 && text[first] === '') text[first--] = ' ';
  text[first] = ' ';
  for (let next = column + 1; next < text.length && text[next] === ''; next++) text[next] = ' ';
}
