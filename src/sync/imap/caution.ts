// After an answer that was too large for the line (`imap.limit`), a folder is asked with more care: for fewer
// messages at a time, then for one with its header only, then for one without, until the messages that were in that
// answer are passed. One monstrous mail costs a placeholder, not the folder.

/** How much is asked of each message. */
export type Detail = 'full' | 'header' | 'bare';

const DETAILS: readonly Detail[] = ['full', 'header', 'bare'];

export class Caution {
  #size = Number.POSITIVE_INFINITY;
  #detail = 0;
  /** How many messages the last answer that was too much may still have in front of us. */
  #suspects = 0;

  /** Messages at a time; at most `usual`. */
  size(usual: number): number {
    return Math.max(1, Math.min(usual, this.#size));
  }

  get detail(): Detail {
    return DETAILS[this.#detail] ?? 'bare';
  }

  /** Something was too much and has not been passed yet. */
  get alert(): boolean {
    return this.#suspects > 0;
  }

  /** The answer for that many messages was too much. */
  tighten(count: number): void {
    this.#suspects = Math.max(1, count);
    if (count > 1) this.#size = Math.max(1, Math.floor(count / 8));
    else this.#detail = Math.min(this.#detail + 1, DETAILS.length - 1);
  }

  /** The answer for that many messages was well. */
  relax(count: number): void {
    this.#detail = 0;
    this.#suspects -= count;
    if (this.#suspects <= 0) this.#size = Number.POSITIVE_INFINITY;
  }
}
