// Numbers to small numbers, without an object an entry: what a Map of 100,000 would take in megabytes.

/** Not there. */
export const NONE = -1;

const LEAST = 16;

/** Keys are integers from 0 to 2**53 - 1, values 32-bit integers. */
export class NumberMap {
  /** Key + 1; 0 is an empty slot. */
  #keys = new Float64Array(LEAST);
  #values = new Int32Array(LEAST);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** `NONE` when it is not there. */
  get(key: number): number {
    const slot = this.#slotOf(key);
    return this.#keys[slot] === key + 1 ? (this.#values[slot] ?? NONE) : NONE;
  }

  set(key: number, value: number): void {
    let slot = this.#slotOf(key);
    if (this.#keys[slot] !== key + 1) {
      this.#size++;
      // At most two thirds full: probes stay short.
      if (this.#size * 3 > this.#keys.length * 2) {
        this.#resize(this.#keys.length * 2);
        slot = this.#slotOf(key);
      }
    }
    this.#keys[slot] = key + 1;
    this.#values[slot] = value;
  }

  /** Room for so many in all: putting them in then never stops to make more. */
  reserve(count: number): void {
    let length = this.#keys.length;
    while (count * 3 > length * 2) length *= 2;
    if (length > this.#keys.length) this.#resize(length);
  }

  delete(key: number): void {
    let hole = this.#slotOf(key);
    if (this.#keys[hole] !== key + 1) return;
    this.#size--;
    const mask = this.#keys.length - 1;
    // What was pushed on by the entry moves back, so that no search ends too early.
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const stored = this.#keys[at] ?? 0;
      if (stored === 0) break;
      const home = mixed(stored - 1) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      this.#keys[hole] = stored;
      this.#values[hole] = this.#values[at] ?? 0;
      hole = at;
    }
    this.#keys[hole] = 0;
    if (this.#keys.length > LEAST && this.#size * 8 < this.#keys.length) this.#resize(this.#keys.length / 2);
  }

  #slotOf(key: number): number {
    const mask = this.#keys.length - 1;
    let slot = mixed(key) & mask;
    for (;;) {
      const stored = this.#keys[slot] ?? 0;
      if (stored === 0 || stored === key + 1) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #resize(length: number): void {
    const keys = this.#keys;
    const values = this.#values;
    this.#keys = new Float64Array(length);
    this.#values = new Int32Array(length);
    for (let i = 0; i < keys.length; i++) {
      const stored = keys[i] ?? 0;
      if (stored === 0) continue;
      const slot = this.#slotOf(stored - 1);
      this.#keys[slot] = stored;
      this.#values[slot] = values[i] ?? 0;
    }
  }
}

/** A 32-bit integer for a key; neighbouring keys end up far apart. */
export function mixed(key: number): number {
  const low = key | 0;
  const high = (key / 0x1_0000_0000) | 0;
  let h = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 13);
}
