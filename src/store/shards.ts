// The table of one folder's shards: which message is at which position, and back. Knows counts also of shards whose
// state is not in memory. No disk here.
import type { LocalUid } from '../mail/types.ts';
import { SHARD_SIZE } from '../util/limits.ts';
import type { IndexFile } from './shapes.ts';
import { type ShardSummary, StateShard } from './state.ts';

export const shardOf = (uid: LocalUid): number => Math.floor((uid - 1) / SHARD_SIZE);
export const slotOf = (uid: LocalUid): number => (uid - 1) % SHARD_SIZE;
export const uidOf = (shard: number, slot: number): LocalUid => shard * SHARD_SIZE + slot + 1;

interface Entry {
  readonly number: number;
  /** null: on disk only. */
  state: StateShard | null;
  /** What index.json said, while the state is not in memory. */
  summary: ShardSummary;
}

export class ShardTable {
  readonly #entries = new Map<number, Entry>();
  /** Newest first, with the position of each one's newest message; null when counts have changed. */
  #sorted: { readonly entry: Entry; readonly start: number }[] | null = null;
  #last = { shard: 0, slot: 0 };

  /** A shard that is known from index.json only. */
  expect(row: IndexFile['shards'][number]): void {
    const [first, last, count, unread] = row;
    const number = shardOf(first);
    this.#entries.set(number, {
      number,
      state: null,
      summary: { first: slotOf(first), last: slotOf(last), count, unread },
    });
    this.#sorted = null;
  }

  load(number: number, state: StateShard): void {
    this.#entries.set(number, { number, state, summary: state.summary() });
    this.#sorted = null;
  }

  delete(number: number): void {
    this.#entries.delete(number);
    this.#sorted = null;
  }

  clear(): void {
    this.#entries.clear();
    this.#sorted = null;
  }

  /** Call after a state has got or lost messages. */
  changed(): void {
    this.#sorted = null;
  }

  has(number: number): boolean {
    return this.#entries.has(number);
  }

  state(number: number): StateShard | undefined {
    return this.#entries.get(number)?.state ?? undefined;
  }

  /** The state to put messages into; made when there is none. Undefined while it is on disk only. */
  stateForWriting(number: number): StateShard | undefined {
    const entry = this.#entries.get(number);
    if (entry) return entry.state ?? undefined;
    const state = new StateShard();
    this.load(number, state);
    return state;
  }

  /** Ascending. */
  numbers(): number[] {
    return [...this.#entries.keys()].sort((a, b) => a - b);
  }

  missing(): number[] {
    return this.numbers().filter(number => !this.state(number));
  }

  get length(): number {
    const oldest = this.#order().at(-1);
    return oldest ? oldest.start + countOf(oldest.entry) : 0;
  }

  get unread(): number {
    let unread = 0;
    for (const entry of this.#entries.values()) unread += entry.state?.unread ?? entry.summary.unread;
    return unread;
  }

  /** The numbers of the shards that hold these positions (inclusive), newest first. */
  at(from: number, to: number): number[] {
    return this.#order()
      .filter(({ entry, start }) => start <= to && start + countOf(entry) > from)
      .map(({ entry }) => entry.number);
  }

  uidAt(position: number): LocalUid | undefined {
    if (position < 0) return undefined;
    const order = this.#order();
    let low = 0;
    let high = order.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((order[middle]?.start ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    const found = order[low];
    const state = found?.entry.state;
    if (!found || !state) return undefined;
    const slot = state.order()[state.count - 1 - (position - found.start)];
    return slot === undefined ? undefined : uidOf(found.entry.number, slot);
  }

  positionOf(uid: LocalUid): number {
    const number = shardOf(uid);
    const state = this.state(number);
    if (!state?.has(slotOf(uid))) return -1;
    const found = this.#order().find(({ entry }) => entry.number === number);
    return found ? found.start + state.count - 1 - search(state.order(), slotOf(uid)) : -1;
  }

  byRemoteUid(remote: number): LocalUid | undefined {
    // Lookups come in order: the next is mostly the neighbour of the last.
    const near = this.state(this.#last.shard);
    const next = this.#last.slot + 1;
    if (near?.has(next) && near.remote(next) === remote) return this.#found(this.#last.shard, next);
    return this.#search(remote, false);
  }

  /** The local uid of a message whose envelope was lost, so that it can be put back in its place. */
  vacant(remote: number): LocalUid | undefined {
    return this.#search(remote, true);
  }

  /** For index.json. */
  rows(): IndexFile['shards'] {
    const rows: IndexFile['shards'] = [];
    for (const number of this.numbers()) {
      const entry = this.#entries.get(number);
      const summary = entry?.state?.summary() ?? entry?.summary;
      if (!summary || summary.count === 0) continue;
      rows.push([uidOf(number, summary.first), uidOf(number, summary.last), summary.count, summary.unread]);
    }
    return rows;
  }

  #search(remote: number, vacant: boolean): LocalUid | undefined {
    if (remote <= 0) return undefined;
    for (const { number, state } of this.#entries.values()) {
      const slot = state?.slotOfRemote(remote, vacant) ?? -1;
      if (slot >= 0) return this.#found(number, slot);
    }
    return undefined;
  }

  #found(shard: number, slot: number): LocalUid {
    this.#last = { shard, slot };
    return uidOf(shard, slot);
  }

  #order(): { readonly entry: Entry; readonly start: number }[] {
    if (!this.#sorted) {
      let start = 0;
      this.#sorted = [...this.#entries.values()]
        .filter(entry => countOf(entry) > 0)
        .sort((a, b) => b.number - a.number)
        .map(entry => {
          const row = { entry, start };
          start += countOf(entry);
          return row;
        });
    }
    return this.#sorted;
  }
}

const countOf = (entry: Entry) => entry.state?.count ?? entry.summary.count;

/** Index of `value` in an ascending array that holds it. */
function search(sorted: Uint16Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
