// Finds rows that moved up or down, so that the terminal can move them itself. Pure.
import { PLAIN, type Styles } from './cells.ts';
import { blankRow, type Frame, type Row } from './frame.ts';

/** Rows `top` (inclusive) to `bottom` (exclusive) move up by `by` rows, down when negative; blank rows come in. */
export interface Scroll {
  readonly top: number;
  readonly bottom: number;
  readonly by: number;
}

/** What a scroll itself costs, in cells. */
const COST = 25;

/**
 * The scroll that leaves the fewest cells to write; null when none saves anything. Terminals scroll whole rows: what
 * stands still beside a list has to be mended, which pays when it is mostly blank.
 */
export function findScroll(shown: Frame, next: Frame, styles: Styles): Scroll | null {
  const by = likelyMove(shown, next);
  if (by === 0) return null;
  const range = bestRange(mismatches(shown, next, 0, styles), mismatches(shown, next, by, styles));
  if (range.gain <= COST || range.bottom - range.top <= Math.abs(by)) return null;
  // The rows that come in lie outside of the rows that match.
  return by > 0
    ? { top: range.top, bottom: Math.min(next.rows.length, range.bottom + by), by }
    : { top: Math.max(0, range.top + by), bottom: range.bottom, by };
}

/** `shown` after the terminal has scrolled. */
export function scrolled(shown: Frame, { top, bottom, by }: Scroll): Frame {
  const { columns } = shown;
  const blank = blankRow(columns);
  const rows = shown.rows.map((row, y) => {
    if (y < top || y >= bottom) return row;
    const from = y + by;
    return from < top || from >= bottom ? blank : (shown.rows[from] ?? blank);
  });
  return { columns, rows };
}

/** By how many rows most of the text moved that stands elsewhere now. */
function likelyMove(shown: Frame, next: Frame): number {
  const where = new Map<unknown, number>();
  shown.rows.forEach((row, y) => {
    for (const { line } of row.made) where.set(line, y);
  });
  const votes = new Map<number, number>();
  next.rows.forEach((row, y) => {
    for (const { line } of row.made) {
      const from = where.get(line);
      if (from !== undefined && from !== y) {
        votes.set(from - y, (votes.get(from - y) ?? 0) + line.text.length);
      }
    }
  });
  let best = 0;
  for (const [by, weight] of votes) if (best === 0 || weight > (votes.get(best) ?? 0)) best = by;
  return best;
}

/** For each row, the cells that would have to be written if the row `by` below had been moved there. */
function mismatches(shown: Frame, next: Frame, by: number, styles: Styles): number[] {
  return next.rows.map((row, y) => {
    const other = shown.rows[y + by];
    if (other === row) return 0;
    return other === undefined ? row.text.length : mismatch(other, row, styles);
  });
}

function mismatch(a: Row, b: Row, styles: Styles): number {
  let count = 0;
  for (let x = 0; x < b.text.length; x++) {
    const text = b.text[x];
    if (text !== a.text[x]) {
      count++;
      continue;
    }
    const [one = PLAIN, other = PLAIN] = [a.styles[x], b.styles[x]];
    if (one !== other && !(text === ' ' && styles.blank(one) && styles.blank(other))) count++;
  }
  return count;
}

/** The run of rows with the largest saving (Kadane). */
function bestRange(still: readonly number[], moved: readonly number[]) {
  let best = { top: 0, bottom: 0, gain: 0 };
  let top = 0;
  let sum = 0;
  for (let y = 0; y < still.length; y++) {
    sum += (still[y] ?? 0) - (moved[y] ?? 0);
    if (sum > best.gain) best = { top, bottom: y + 1, gain: sum };
    if (sum <= 0) {
      sum = 0;
      top = y + 1;
    }
  }
  return best;
}
