// Who is said to be whose parent, by messages that only mention both: what places a message that is not here (RFC
// 5256, REFERENCES, step 1A). What most messages say counts; it is the same in whatever order they said it.
import { column, grown } from './forest.ts';
import { NONE, NumberMap } from './number-map.ts';

/** Node numbers are below this. */
const NODES = 2 ** 26;
const LEAST = 64;

export class Votes {
  /** Child and parent to the number of the pair. */
  #pairs = new NumberMap();
  #parent = column(LEAST);
  #count = column(LEAST);
  #next = column(LEAST);
  #previous = column(LEAST);
  #free = NONE;
  #end = 0;
  /** Of the child: its pairs, and the one that counts. */
  #first = column(LEAST).fill(NONE);
  #best = column(LEAST).fill(NONE);
  readonly #keyOf: (node: number) => number;

  /** @param keyOf what decides between two that are said equally often */
  constructor(keyOf: (node: number) => number) {
    this.#keyOf = keyOf;
  }

  /** NONE: nobody says anything. */
  parentOf(child: number): number {
    const best = this.#best[child] ?? NONE;
    return best === NONE ? NONE : (this.#parent[best] ?? NONE);
  }

  add(child: number, parent: number): void {
    const key = child * NODES + parent;
    let pair = this.#pairs.get(key);
    if (pair === NONE) {
      pair = this.#newPair(child, parent);
      this.#pairs.set(key, pair);
    }
    this.#count[pair] = (this.#count[pair] ?? 0) + 1;
    const best = this.#best[child] ?? NONE;
    if (best === NONE || this.#beats(pair, best)) this.#best[child] = pair;
  }

  remove(child: number, parent: number): void {
    const key = child * NODES + parent;
    const pair = this.#pairs.get(key);
    if (pair === NONE) return;
    const left = (this.#count[pair] ?? 1) - 1;
    this.#count[pair] = left;
    if (left === 0) {
      this.#pairs.delete(key);
      this.#forget(child, pair);
    }
    if (this.#best[child] === pair) this.#elect(child);
  }

  #beats(pair: number, other: number): boolean {
    const more = (this.#count[pair] ?? 0) - (this.#count[other] ?? 0);
    if (more !== 0) return more > 0;
    return this.#keyOf(this.#parent[pair] ?? NONE) < this.#keyOf(this.#parent[other] ?? NONE);
  }

  #elect(child: number): void {
    let best = NONE;
    for (let pair = this.#first[child] ?? NONE; pair !== NONE; pair = this.#next[pair] ?? NONE) {
      if (best === NONE || this.#beats(pair, best)) best = pair;
    }
    this.#best[child] = best;
  }

  #newPair(child: number, parent: number): number {
    let pair = this.#free;
    if (pair === NONE) {
      pair = this.#end++;
      if (pair >= this.#parent.length) {
        this.#parent = grown(this.#parent);
        this.#count = grown(this.#count);
        this.#next = grown(this.#next);
        this.#previous = grown(this.#previous);
      }
    } else this.#free = this.#next[pair] ?? NONE;
    while (child >= this.#first.length) {
      const { length } = this.#first;
      this.#first = grown(this.#first).fill(NONE, length);
      this.#best = grown(this.#best).fill(NONE, length);
    }
    const first = this.#first[child] ?? NONE;
    this.#parent[pair] = parent;
    this.#count[pair] = 0;
    this.#next[pair] = first;
    this.#previous[pair] = NONE;
    if (first !== NONE) this.#previous[first] = pair;
    this.#first[child] = pair;
    return pair;
  }

  #forget(child: number, pair: number): void {
    const next = this.#next[pair] ?? NONE;
    const previous = this.#previous[pair] ?? NONE;
    if (previous === NONE) this.#first[child] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.#next[pair] = this.#free;
    this.#free = pair;
  }
}
