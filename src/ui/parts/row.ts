// Building rows: pieces of sanitised text, joined and cut by cells, painted last, so that a row is always exactly as
// wide as asked for.
import { sanitize } from '../../mail/sanitize.ts';
import { cut, fit, truncate, width } from '../../mail/width.ts';
import type { Meaning, Theme } from '../theme.ts';

export interface Piece {
  readonly text: string;
  readonly meaning: Meaning;
}

export function piece(text: string, meaning: Meaning = 'text'): Piece {
  return { text, meaning };
}

/** Untrusted text as one line, safe for the terminal. */
export function clean(text: string): string {
  return sanitize(text).trim();
}

/** The pieces from the left, the rest padded: exactly `cells` cells. */
export function row(pieces: readonly Piece[], cells: number, theme: Theme): string {
  let used = 0;
  let out = '';
  for (const { text, meaning } of pieces) {
    const room = cells - used;
    if (room <= 0) break;
    const shown = width(text) <= room ? text : truncate(text, room, theme.ellipsis);
    out += theme.paint(meaning, shown);
    used += width(shown);
  }
  return used < cells ? out + ' '.repeat(cells - used) : out;
}

/** Left and right; the left gives way, but keeps `least` cells while there are as many. */
export function split(
  left: readonly Piece[],
  right: readonly Piece[],
  cells: number,
  theme: Theme,
  least = 0,
): string {
  const wanted = right.reduce((sum, { text }) => sum + width(text), 0);
  const forRight = Math.max(0, Math.min(wanted, cells - least));
  if (forRight === 0) return row(left, cells, theme);
  return row(left, cells - forRight, theme) + row(right, forRight, theme);
}

/** A row in one style over its whole width, such as the selected one. */
export function bar(text: string, meaning: Meaning, cells: number, theme: Theme): string {
  return theme.paint(meaning, fit(text, cells, theme.ellipsis));
}

/** Rows of exactly this number: cut, or filled with empty ones. */
export function fill(rows: readonly string[], count: number, cells: number): readonly string[] {
  const blank = ' '.repeat(Math.max(0, cells));
  if (rows.length >= count) return rows.slice(0, count);
  return [...rows, ...Array.from({ length: count - rows.length }, () => blank)];
}

/** Rows in a box with a title and a foot in its border; `cells` and the result include the border. */
export function boxed(
  rows: readonly string[],
  options: { readonly title: string; readonly foot?: string; readonly cells: number; readonly rows: number },
  theme: Theme,
): readonly string[] {
  const { horizontal, vertical, topLeft, topRight, bottomLeft, bottomRight } = theme.borders;
  const inner = options.cells - 2;
  const edge = (left: string, label: string, right: string) => {
    const text = label === '' ? '' : cut(`${horizontal} ${label} `, inner);
    return theme.paint('rule', left + text + horizontal.repeat(Math.max(0, inner - width(text))) + right);
  };
  const side = theme.paint('rule', vertical);
  return [
    edge(topLeft, options.title, topRight),
    ...fill(rows, options.rows - 2, inner).map(text => side + text + side),
    edge(bottomLeft, options.foot ?? '', bottomRight),
  ];
}
