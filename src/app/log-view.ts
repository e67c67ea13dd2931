// The log as lines for a width. Pure.
import { sanitize } from '../mail/sanitize.ts';
import { wrapCells } from '../mail/wrap.ts';
import { lastOf } from './selectors.ts';
import type { AppState, Entry, Level } from './state.ts';

export interface LogLine {
  /** `10:22:07`, or blank on the further lines of an entry. */
  readonly clock: string;
  readonly text: string;
  readonly level: Level;
}

const CLOCK = 8;

/** Oldest first. */
export const logLines = (state: AppState): readonly LogLine[] => linesOf(state.log, state.size.columns);

const linesOf = lastOf((log: readonly Entry[], columns: number): readonly LogLine[] =>
  log.flatMap(({ at, level, text }) =>
    wrapCells(sanitize(text, { keepNewlines: true }), Math.max(20, columns - CLOCK - 4)).map((line, i) => ({
      clock: i === 0 ? clock(at) : ' '.repeat(CLOCK),
      text: line,
      level,
    })),
  ),
);

function clock(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map(n => String(n).padStart(2, '0'))
    .join(':');
}
