// Which shards' envelopes stay in memory, over all folders of a store: a person with two hundred folders has one
// memory. Decides only who goes; the folders hold the shards.
import { SHARDS_IN_MEMORY } from '../util/limits.ts';
import type { EnvelopeShard } from './envelopes.ts';

/** As many as one `ensure` may load: they stay until whoever asked has looked at them. */
export const SHARDS_AT_ONCE = SHARDS_IN_MEMORY / 2;

export interface HeldEnvelopes {
  shard: EnvelopeShard;
  /** False: messages were added, but what the file holds has not been read. */
  complete: boolean;
  /** When it was last asked for, by the cache's own clock. */
  used: number;
  /** Somebody has looked at a row of it: it goes after those that were only loaded on the way. */
  shown: boolean;
  /** It is on disk as it is here. */
  readonly spare: () => boolean;
  /** Lets go of it. */
  readonly drop: () => void;
}

export class EnvelopeCache {
  readonly #held = new Set<HeldEnvelopes>();
  #clock = 0;

  add(held: HeldEnvelopes): void {
    held.used = ++this.#clock;
    this.#held.add(held);
    this.trim();
  }

  remove(held: HeldEnvelopes): void {
    this.#held.delete(held);
  }

  touch(held: HeldEnvelopes, shown: boolean): void {
    held.used = ++this.#clock;
    if (shown) held.shown = true;
  }

  /** Call when something has become durable: it may go now. */
  trim(): void {
    const surplus = this.#held.size - SHARDS_IN_MEMORY;
    if (surplus <= 0) return;
    const spare = [...this.#held]
      .filter(held => held.spare() && held.used <= this.#clock - SHARDS_AT_ONCE)
      .sort((a, b) => Number(a.shown) - Number(b.shown) || a.used - b.used);
    for (const held of spare.slice(0, surplus)) {
      this.#held.delete(held);
      held.drop();
    }
  }
}
