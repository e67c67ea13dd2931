// One screenful of cells, and how what Ink draws lands in it. Knows nothing of terminals.
import { type Line, PLAIN, type Styles } from './cells.ts';

/** A position on the screen, 0-based. */
export interface Position {
  readonly x: number;
  readonly y: number;
}

/** Row after row; a wide grapheme's second cell holds ''. */
export interface Frame {
  readonly columns: number;
  readonly rows: number;
  readonly text: string[];
  readonly styles: number[];
}

export function blankFrame(columns: number, rows: number): Frame {
  const size = columns * rows;
  return {
    columns,
    rows,
    text: new Array<string>(size).fill(' '),
    styles: new Array<number>(size).fill(PLAIN),
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

/** Draws into `frame`; what falls outside of it or of the clip is cut, a halved wide grapheme becomes a space. */
export function targetOf(frame: Frame, styles: Styles): Target {
  const whole = { x1: 0, y1: 0, x2: frame.columns, y2: frame.rows };
  const clips = [whole];
  return {
    write(x, y, text, { transformers }) {
      const clip = clips.at(-1) ?? whole;
      const lines = transformers.length === 0 ? styles.lines(text) : transformed(text, transformers, styles);
      for (let i = 0; i < lines.length; i++) {
        const line = lines[i];
        const row = y + i;
        if (line !== undefined && row >= clip.y1 && row < clip.y2)
          place(frame, line, x, row, clip.x1, clip.x2);
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
  };
}

const EMPTY: Line = { text: [], styles: [] };

function transformed(text: string, transformers: readonly Transformer[], styles: Styles): Line[] {
  return text.split('\n').map((line, index) => {
    const styled = transformers.reduce((before, transform) => transform(before, index), line);
    return styles.lines(styled)[0] ?? EMPTY;
  });
}

function place(frame: Frame, line: Line, x: number, y: number, x1: number, x2: number) {
  const from = Math.max(x, x1);
  const to = Math.min(x + line.text.length, x2);
  if (from >= to) return;
  const start = y * frame.columns;
  // A wide grapheme that loses one half to the new text loses the other as well.
  if (frame.text[start + from] === '') blankGrapheme(frame, start, from);
  if (to < frame.columns && frame.text[start + to] === '') blankGrapheme(frame, start, to);
  for (let column = from; column < to; column++) {
    frame.text[start + column] = line.text[column - x] ?? ' ';
    frame.styles[start + column] = line.styles[column - x] ?? PLAIN;
  }
  // So does one of the new text at the edges of the clip.
  for (let column = from; column < to && frame.text[start + column] === ''; column++) {
    frame.text[start + column] = ' ';
  }
  if (line.text[to - x] === '') {
    let column = to - 1;
    while (column > from && frame.text[start + column] === '') frame.text[start + column--] = ' ';
    frame.text[start + column] = ' ';
  }
}

/** Turns the grapheme that covers `column` into spaces of its styles. */
function blankGrapheme(frame: Frame, start: number, column: number) {
  let first = column;
  while (first > 0 && frame.text[start + first] === '') frame.text[start + first--] = ' ';
  frame.text[start + first] = ' ';
  for (let next = column + 1; next < frame.columns && frame.text[start + next] === ''; next++) {
    frame.text[start + next] = ' ';
  }
}
