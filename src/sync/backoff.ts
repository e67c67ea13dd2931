// When to connect again: soon, then ever later, never in step with other clients, never hammering.
import { RECONNECT_FIRST_MS, RECONNECT_MAX_MS } from '../util/limits.ts';

/** Whatever wants a connection (a failure, a key, a computer that woke up): no more than two of them in this time. */
const WINDOW_MS = 5000;

export class Backoff {
  readonly #now: () => number;
  readonly #random: () => number;
  #failures = 0;
  #connects: number[] = [];

  constructor(now: () => number, random: () => number) {
    this.#now = now;
    this.#random = random;
  }

  /** A connection is being tried now. */
  connecting(): void {
    this.#connects = [...this.#connects.slice(-1), this.#now()];
  }

  /** The last connection did its work: the next failure is a new story. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Milliseconds to wait after a failure: 70 to 100 % of 1 s, 2 s, 4 s … `most`, a minute unless said. */
  afterFailure(most: number = RECONNECT_MAX_MS): number {
    const full = Math.min(most, RECONNECT_FIRST_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures++;
    return Math.max(full * (0.7 + 0.3 * this.#random()), this.soonest());
  }

  /** Milliseconds to wait even when somebody asked for a connection at once. */
  soonest(): number {
    const [older] = this.#connects.length < 2 ? [] : this.#connects;
    if (older === undefined) return 0;
    // A clock that was set back must not make this wait for years.
    return Math.min(WINDOW_MS, Math.max(0, older + WINDOW_MS - this.#now()));
  }
}
