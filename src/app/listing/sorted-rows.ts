// Row keys kept in order under values that are known beforehand: rows come and go one by one or by the hundred, and
// nothing is sorted anew. In columns, without an object a row: hundreds of thousands are nothing to go through for
// whoever collects garbage while keys are pressed. Pure; knows nothing of mail.
import { NONE, NumberMap } from '../../mail/threads/number-map.ts';
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
const LEAST = 64;

/** What a slot is: free or on its way into the order, in it, or taken out of it to be put in again. */
const OUT = 0;
const PLACED = 1;
const LIFTED = 2;

/** Equal values stand by key, the greatest first, in either direction. */
export class SortedRows implements Rows {
  readonly #descending: boolean;
  /** Each row has a slot for as long as it is here. */
  readonly #slots = new NumberMap();
  #keys = new Float64Array(LEAST);
  #states = new Uint8Array(LEAST);
  /** All numbers, or all texts. */
  readonly #values: Value[] = [];
  readonly #free: number[] = [];
  /** Slots from top to bottom. */
  #order = new Int32Array(LEAST);
  #count = 0;
  readonly #ghosts = new Map<RowKey, Value>();

  constructor(descending: boolean) {
    this.#descending = descending;
  }

  get length(): number {
    return this.#count;
  }

  /** Room for so many: putting them in then never stops to make more. */
  reserve(count: number): void {
    this.#slots.reserve(count);
    this.#grow(count);
  }

  has(key: RowKey): boolean {
    return this.#slots.get(key) !== NONE;
  }

  valueOf(key: RowKey): Value | undefined {
    const slot = this.#slots.get(key);
    return slot === NONE ? this.#ghosts.get(key) : this.#values[slot];
  }

  keyAt(position: number): RowKey | undefined {
    return position < 0 || position >= this.#count ? undefined : this.#key(this.#at(position));
  }

  positionOf(key: RowKey): number {
    const slot = this.#slots.get(key);
    return slot === NONE ? -1 : this.#search(this.#value(slot), key);
  }

  /** `value`: of a key that was never here. */
  locate(key: RowKey, value?: Value): number {
    const known = this.valueOf(key) ?? value;
    const at = known === undefined ? 0 : this.#search(known, key);
    return Math.max(0, Math.min(at, this.#count - 1));
  }

  /** How many rows stand before the first one with a value behind this one. */
  countTo(value: Value): number {
    return this.#search(value, Number.NEGATIVE_INFINITY);
  }

  /** From top to bottom. */
  keys(): RowKey[] {
    return Array.from(this.#order.subarray(0, this.#count), slot => this.#key(slot));
  }

  /** Puts rows in, or to another place. The last one counts where a key comes twice. */
  put(batch: readonly Entry[]): void {
    const moved: number[] = [];
    for (const { key, value } of batch) {
      const slot = this.#slots.get(key);
      if (slot !== NONE && this.#values[slot] !== value) moved.push(slot);
    }
    if (moved.length > 0) this.#lift(moved);
    const coming: number[] = [];
    for (const { key, value } of batch) {
      let slot = this.#slots.get(key);
      if (slot === NONE) {
        slot = this.#take(key);
        coming.push(slot);
      } else if (this.#states[slot] === LIFTED) {
        this.#states[slot] = OUT;
        coming.push(slot);
      } else if (this.#states[slot] === PLACED) continue;
      this.#values[slot] = value;
    }
    if (this.#ghosts.size > 0) for (const { key } of batch) this.#ghosts.delete(key);
    coming.sort((a, b) => this.#compare(this.#value(a), this.#key(a), b));
    this.#merge(coming);
  }

  /** True when one of them was there. */
  remove(keys: readonly RowKey[]): boolean {
    const gone = keys.map(key => this.#slots.get(key)).filter(slot => slot !== NONE);
    this.#lift(gone);
    for (const slot of gone) {
      // Named twice.
      if (this.#states[slot] !== LIFTED) continue;
      const key = this.#key(slot);
      this.#ghosts.set(key, this.#value(slot));
      this.#slots.delete(key);
      this.#states[slot] = OUT;
      this.#free.push(slot);
    }
    for (const key of this.#ghosts.keys()) {
      if (this.#ghosts.size <= GHOSTS) break;
      this.#ghosts.delete(key);
    }
    return gone.length > 0;
  }

  #at(position: number): number {
    return this.#order[position] ?? 0;
  }

  #key(slot: number): RowKey {
    return this.#keys[slot] ?? 0;
  }

  #value(slot: number): Value {
    return this.#values[slot] ?? 0;
  }

  /** A slot for a row that is new. */
  #take(key: RowKey): number {
    const slot = this.#free.pop() ?? this.#values.length;
    this.#grow(slot + 1);
    this.#slots.set(key, slot);
    this.#keys[slot] = key;
    this.#states[slot] = OUT;
    return slot;
  }

  #grow(count: number): void {
    if (count <= this.#keys.length) return;
    const length = Math.max(count, this.#keys.length * 2);
    const keys = new Float64Array(length);
    const states = new Uint8Array(length);
    const order = new Int32Array(length);
    keys.set(this.#keys);
    states.set(this.#states);
    order.set(this.#order);
    this.#keys = keys;
    this.#states = states;
    this.#order = order;
  }

  /** Takes rows out of the order; their slots stay theirs. */
  #lift(slots: readonly number[]): void {
    if (slots.length <= FEW) {
      for (const slot of slots) {
        if (this.#states[slot] !== PLACED) continue;
        const at = this.#search(this.#value(slot), this.#key(slot));
        this.#order.copyWithin(at, at + 1, this.#count);
        this.#count--;
        this.#states[slot] = LIFTED;
      }
      return;
    }
    for (const slot of slots) this.#states[slot] = LIFTED;
    let kept = 0;
    for (let position = 0; position < this.#count; position++) {
      const slot = this.#at(position);
      if (this.#states[slot] === PLACED) this.#order[kept++] = slot;
    }
    this.#count = kept;
  }

  /** From the end, so that what stands before the first of them is not touched. */
  #merge(sorted: readonly number[]): void {
    let from = this.#count;
    for (let i = sorted.length - 1; i >= 0; i--) {
      const slot = sorted[i] ?? 0;
      const at = this.#search(this.#value(slot), this.#key(slot), from);
      this.#order.copyWithin(at + i + 1, at, from);
      this.#order[at + i] = slot;
      this.#states[slot] = PLACED;
      from = at;
    }
    this.#count += sorted.length;
  }

  /** Where a row stands, or would stand. */
  #search(value: Value, key: RowKey, length = this.#count): number {
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(value, key, this.#at(middle)) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Above 0: it stands behind the row in that slot. */
  #compare(value: Value, key: RowKey, slot: number): number {
    const there = this.#value(slot);
    if (value === there) return this.#key(slot) - key;
    return value < there === this.#descending ? 1 : -1;
  }
}
