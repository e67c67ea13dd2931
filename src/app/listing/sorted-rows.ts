// Row keys kept in order under values that are known beforehand: rows come and go one by one or by the hundred, and
// nothing is sorted anew. Pure; knows nothing of mail.
import type { RowKey, Rows } from './types.ts';

export type Value = number | string;

export interface Entry {
  readonly key: RowKey;
  readonly value: Value;
}

/** Rows that went lately: a cursor that was on one finds its place. */
const GHOSTS = 5000;
/** So many are taken out one by one. */
const FEW = 8;

/** Equal values stand by key, the greatest first, in either direction. */
export class SortedRows implements Rows {
  readonly #descending: boolean;
  #entries: Entry[] = [];
  readonly #byKey = new Map<RowKey, Entry>();
  readonly #ghosts = new Map<RowKey, Entry>();

  constructor(descending: boolean) {
    this.#descending = descending;
  }

  get length(): number {
    return this.#entries.length;
  }

  has(key: RowKey): boolean {
    return this.#byKey.has(key);
  }

  valueOf(key: RowKey): Value | undefined {
    return (this.#byKey.get(key) ?? this.#ghosts.get(key))?.value;
  }

  keyAt(position: number): RowKey | undefined {
    return this.#entries[position]?.key;
  }

  positionOf(key: RowKey): number {
    const entry = this.#byKey.get(key);
    return entry ? this.#search(entry) : -1;
  }

  /** `value`: of a key that was never here. */
  locate(key: RowKey, value?: Value): number {
    const entry = this.#byKey.get(key) ?? this.#ghosts.get(key);
    const known = entry ?? (value === undefined ? undefined : { key, value });
    const at = known ? this.#search(known) : 0;
    return Math.max(0, Math.min(at, this.length - 1));
  }

  /** How many rows stand before the first one with a value behind this one. */
  countTo(value: Value): number {
    return this.#search({ key: Number.NEGATIVE_INFINITY, value });
  }

  keys(): Iterable<RowKey> {
    return this.#byKey.keys();
  }

  /** Puts rows in, or to another place. */
  put(batch: readonly Entry[]): void {
    const sorted: Entry[] = [];
    const moved: RowKey[] = [];
    // The last one counts where a key comes twice.
    for (const entry of batch) {
      const known = this.#byKey.get(entry.key);
      if (known?.value === entry.value) continue;
      if (known) moved.push(entry.key);
      sorted.push(entry);
    }
    if (moved.length > 0 || !distinct(sorted)) {
      this.#take(moved);
      const last = new Map(batch.map(entry => [entry.key, entry]));
      this.put([...last.values()].filter(({ key }) => !this.#byKey.has(key)));
      return;
    }
    sorted.sort((a, b) => this.#compare(a, b));
    for (const entry of sorted) this.#byKey.set(entry.key, entry);
    if (this.#ghosts.size > 0) for (const { key } of sorted) this.#ghosts.delete(key);
    const one = sorted[0];
    if (sorted.length === 1 && one) this.#entries.splice(this.#search(one), 0, one);
    else this.#merge(sorted);
  }

  /** True when one of them was there. */
  remove(keys: readonly RowKey[]): boolean {
    const gone = keys.flatMap(key => this.#byKey.get(key) ?? []);
    this.#take(gone.map(({ key }) => key));
    for (const entry of gone.slice(-GHOSTS)) this.#ghosts.set(entry.key, entry);
    for (const key of this.#ghosts.keys()) {
      if (this.#ghosts.size <= GHOSTS) break;
      this.#ghosts.delete(key);
    }
    return gone.length > 0;
  }

  #take(keys: readonly RowKey[]): void {
    if (keys.length === 0) return;
    if (keys.length <= FEW) {
      for (const key of keys) {
        const entry = this.#byKey.get(key);
        if (entry) this.#entries.splice(this.#search(entry), 1);
        this.#byKey.delete(key);
      }
      return;
    }
    for (const key of keys) this.#byKey.delete(key);
    this.#entries = this.#entries.filter(({ key }) => this.#byKey.has(key));
  }

  /** From the end, so that what stands before the first of them is not touched. */
  #merge(sorted: readonly Entry[]): void {
    const entries = this.#entries;
    let from = entries.length;
    let to = from + sorted.length;
    for (let i = sorted.length - 1; i >= 0; i--) {
      const entry = sorted[i];
      if (!entry) continue;
      const at = this.#search(entry, from);
      while (from > at) entries[--to] = entries[--from] ?? entry;
      entries[--to] = entry;
    }
  }

  /** The position of an entry, or where it would stand. */
  #search(wanted: Entry, length = this.#entries.length): number {
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const there = this.#entries[middle];
      if (there && this.#compare(there, wanted) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(a: Entry, b: Entry): number {
    if (a.value === b.value) return b.key - a.key;
    return a.value < b.value === this.#descending ? 1 : -1;
  }
}

function distinct(entries: readonly Entry[]): boolean {
  return entries.length < 2 || new Set(entries.map(({ key }) => key)).size === entries.length;
}
