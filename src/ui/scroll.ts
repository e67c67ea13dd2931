// Finds rows that moved up or down over the full width, so that the terminal can move them itself. Pure.
import { PLAIN, type Styles } from './cells.ts';
import { blankFrame, type Frame } from './frame.ts';

/** Rows `top` (inclusive) to `bottom` (exclusive) move up by `by` rows, down when negative; blank rows come in. */
export interface Scroll {
  readonly top: number;
  readonly bottom: number;
  readonly by: number;
}

/** Beside whole rows found again, also part-width moves of this many rows are tried: the rest is then mended. */
const NEAR = 3;
/** What a scroll itself costs, in cells. */
const COST = 25;

/** The scroll that leaves the fewest cells to write; null when none saves anything. */
export function findScroll(shown: Frame, next: Frame, styles: Styles): Scroll | null {
  const still = mismatches(shown, next, 0, styles);
  let best: Scroll | null = null;
  let bestGain = COST;
  for (const by of candidates(shown, next)) {
    const moved = mismatches(shown, next, by, styles);
    const range = bestRange(still, moved);
    if (range.gain > bestGain && range.bottom - range.top > Math.abs(by)) {
      bestGain = range.gain;
      // Rows that come in lie outside of the rows that match.
      best =
        by > 0
          ? { top: range.top, bottom: Math.min(next.rows, range.bottom + by), by }
          : { top: Math.max(0, range.top + by), bottom: range.bottom, by };
    }
  }
  return best;
}

/** `shown` after the terminal has scrolled. */
export function scrolled(shown: Frame, { top, bottom, by }: Scroll): Frame {
  const { columns, rows } = shown;
  const after = blankFrame(columns, rows);
  for (let y = 0; y < rows; y++) {
    const inside = y >= top && y < bottom;
    const from = inside ? y + by : y;
    if (inside && (from < top || from >= bottom)) continue;
    for (let x = 0; x < columns; x++) {
      after.text[y * columns + x] = shown.text[from * columns + x] ?? ' ';
      after.styles[y * columns + x] = shown.styles[from * columns + x] ?? PLAIN;
    }
  }
  return after;
}

function candidates(shown: Frame, next: Frame): Set<number> {
  const found = new Set<number>();
  for (let by = 1; by <= Math.min(NEAR, next.rows - 1); by++) found.add(by).add(-by);
  const where = new Map<string, number>();
  for (let y = 0; y < shown.rows; y++) where.set(rowText(shown, y), y);
  const votes = new Map<number, number>();
  for (let y = 0; y < next.rows; y++) {
    const text = rowText(next, y);
    const from = text.trim() === '' ? undefined : where.get(text);
    if (from !== undefined && from !== y) votes.set(from - y, (votes.get(from - y) ?? 0) + 1);
  }
  for (const [by, count] of votes) if (count >= 3) found.add(by);
  return found;
}

function rowText(frame: Frame, y: number): string {
  return frame.text.slice(y * frame.columns, (y + 1) * frame.columns).join('');
}

/** For each row, cells that would have to be written if the row `by` below had been moved there. */
function mismatches(shown: Frame, next: Frame, by: number, styles: Styles): number[] {
  const { columns, rows } = next;
  const counts: number[] = [];
  for (let y = 0; y < rows; y++) {
    const from = (y + by) * columns;
    const to = y * columns;
    let count = 0;
    for (let x = 0; x < columns; x++) {
      const text = next.text[to + x];
      const style = next.styles[to + x] ?? PLAIN;
      const other = shown.styles[from + x];
      if (text !== shown.text[from + x]) count++;
      else if (style !== other && !(text === ' ' && styles.blank(style) && styles.blank(other ?? PLAIN)))
        count++;
    }
    counts.push(count);
  }
  return counts;
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
