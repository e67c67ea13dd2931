// The messages that are here, in columns: where each is, which node stands for it, and what it refers to.
import { column, grown } from './forest.ts';
import { NONE, NumberMap } from './number-map.ts';

const LEAST = 256;

/** What changes nothing about where it belongs. */
export interface Described {
  readonly date: number;
  readonly files?: boolean;
}

export class Entries {
  #byPlace = new NumberMap();
  #place = new Float64Array(LEAST);
  #date = new Float64Array(LEAST);
  #files = new Uint8Array(LEAST);
  #node = column(LEAST);
  /** The neighbours among messages with the same Message-ID. */
  #next = column(LEAST);
  #previous = column(LEAST);
  /** Its references: where in the pool, and how many. */
  #from = column(LEAST);
  #count = column(LEAST);
  #free = NONE;
  #end = 0;
  #pool = column(LEAST);
  #poolEnd = 0;
  #poolUsed = 0;

  get size(): number {
    return this.#byPlace.size;
  }

  each(look: (place: number, node: number) => void): void {
    for (let entry = 0; entry < this.#end; entry++) {
      const node = this.node(entry);
      if (node !== NONE) look(this.place(entry), node);
    }
  }

  *places(): Generator<number> {
    for (let entry = 0; entry < this.#end; entry++) {
      if (this.node(entry) !== NONE) yield this.place(entry);
    }
  }

  reserve(count: number): void {
    this.#byPlace.reserve(this.size + count);
  }

  at(place: number): number {
    return this.#byPlace.get(place);
  }

  place(entry: number): number {
    return this.#place[entry] ?? NONE;
  }

  date(entry: number): number {
    return this.#date[entry] ?? 0;
  }

  files(entry: number): boolean {
    return this.#files[entry] === 1;
  }

  describe(entry: number, { date, files }: Described): void {
    this.#date[entry] = date;
    this.#files[entry] = files ? 1 : 0;
  }

  node(entry: number): number {
    return this.#node[entry] ?? NONE;
  }

  next(entry: number): number {
    return this.#next[entry] ?? NONE;
  }

  references(entry: number): Int32Array {
    const from = this.#from[entry] ?? 0;
    return this.#pool.subarray(from, from + (this.#count[entry] ?? 0));
  }

  /** The last reference; NONE: there is none. */
  parent(entry: number): number {
    const count = this.#count[entry] ?? 0;
    return count === 0 ? NONE : (this.#pool[(this.#from[entry] ?? 0) + count - 1] ?? NONE);
  }

  /** Puts it before `first`, the others with its Message-ID. */
  add(place: number, node: number, references: readonly number[], about: Described, first: number): number {
    let entry = this.#free;
    if (entry === NONE) {
      entry = this.#end++;
      if (entry >= this.#node.length) this.#grow();
    } else this.#free = this.#next[entry] ?? NONE;
    this.#byPlace.set(place, entry);
    this.#place[entry] = place;
    this.#node[entry] = node;
    this.describe(entry, about);
    this.#next[entry] = first;
    this.#previous[entry] = NONE;
    if (first !== NONE) this.#previous[first] = entry;
    this.#room(references.length);
    this.#pool.set(references, this.#poolEnd);
    this.#from[entry] = this.#poolEnd;
    this.#count[entry] = references.length;
    this.#poolEnd += references.length;
    this.#poolUsed += references.length;
    return entry;
  }

  /** @returns the first of its copies that are left, when it was the first itself; else `first` */
  remove(entry: number, first: number): number {
    const next = this.next(entry);
    const previous = this.#previous[entry] ?? NONE;
    if (previous !== NONE) this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.#byPlace.delete(this.place(entry));
    this.#poolUsed -= this.#count[entry] ?? 0;
    this.#count[entry] = 0;
    this.#node[entry] = NONE;
    this.#next[entry] = this.#free;
    this.#free = entry;
    return first === entry ? next : first;
  }

  /** Room for so many references at the end of the pool; what removed messages had is taken again. */
  #room(count: number): void {
    if (this.#poolEnd + count <= this.#pool.length) return;
    const wanted = this.#poolUsed + count;
    const length = Math.max(LEAST, wanted + (wanted >> 1));
    const pool = column(length);
    let end = 0;
    for (let entry = 0; entry < this.#end; entry++) {
      const references = this.references(entry);
      if (references.length === 0) continue;
      pool.set(references, end);
      this.#from[entry] = end;
      end += references.length;
    }
    this.#pool = pool;
    this.#poolEnd = end;
  }

  #grow(): void {
    this.#place = doubles(this.#place);
    this.#date = doubles(this.#date);
    const files = new Uint8Array(this.#place.length);
    files.set(this.#files);
    this.#files = files;
    this.#node = grown(this.#node);
    this.#next = grown(this.#next);
    this.#previous = grown(this.#previous);
    this.#from = grown(this.#from);
    this.#count = grown(this.#count);
  }
}

/** The next size, as `grown`. */
export function doubles(old: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const next = new Float64Array(old.length + (old.length >> 1));
  next.set(old);
  return next;
}
