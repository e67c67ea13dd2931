// What of an account's checks outlives a session within one run of the program. Times in milliseconds since 1970.
import type { CheckReport, Tally } from './check.ts';

export interface CheckMemory {
  lastCheck: LastCheck | null;
  /** Null while a check runs, and before the first. */
  nextCheck: number | null;
  /** The server's LOGIN-DELAY (RFC 2449 section 6.5) ends then. */
  notBefore: number;
}

/** What the last check did, for the status screen and `tmail sync --json`. */
export interface LastCheck {
  readonly at: number;
  readonly tally: Tally;
  /** Null: it was not finished. */
  readonly report: CheckReport | null;
}

export function newCheckMemory(): CheckMemory {
  return { lastCheck: null, nextCheck: null, notBefore: 0 };
}

/** Longer ones are a mistake of the server's, or of a clock. */
const MOST_DELAY_MS = 24 * 60 * 60_000;

/** Milliseconds until the server lets us sign in again. A clock that was set back must not make that years. */
export function delayLeft({ notBefore }: CheckMemory, now: number): number {
  const left = notBefore - now;
  return left > 0 && left <= MOST_DELAY_MS ? left : 0;
}
