// Which messages are one conversation: JWZ threading (jwz.org/doc/threading.html, RFC 5256 REFERENCES) of all messages
// of an account, kept up message by message. Pure: what comes out depends on which messages are in it, not on the
// order in which they came. No object a message; nothing here reads mail or the disk.
import { doubles, Entries } from './entries.ts';
import { column, Forest, grown, type TreeId } from './forest.ts';
import { baseSubject, idNumber, referencesOf, type Threadable } from './identity.ts';
import { mixed, NONE, NumberMap } from './number-map.ts';
import { treeRows } from './tree.ts';
import { Votes } from './votes.ts';

/** A conversation: a number for as long as nothing merges or parts it. */
export type ThreadId = TreeId;

export interface ThreadOptions {
  /** Secret of this run, a 32-bit integer: nobody can write Message-IDs that are taken for each other. */
  readonly seed: number;
  /** Messages that refer to nothing are gathered by their base subject (RFC 5256, step 5). */
  readonly subjects?: boolean;
}

/** A row of an unfolded conversation, in tree order. */
export interface ThreadRow {
  readonly place: number;
  /** 0: the first row alone. */
  readonly depth: number;
  /** No sibling follows. */
  readonly last: boolean;
  /** Bit n: the ancestor of depth n + 1 has siblings that follow; as far as there are bits. */
  readonly guides: number;
}

/** Of the places of one message (several: copies of it, in ascending order), those that get a row. */
export type Pick = (places: readonly number[]) => readonly number[];

export class ThreadIndex {
  readonly #seed: number;
  readonly #subjects: boolean;
  readonly #forest = new Forest(tree => this.#touch(tree));
  readonly #entries = new Entries();
  readonly #votes = new Votes(node => this.#key[node] ?? NONE);
  /** Message-ID to its node. */
  #nodes = new NumberMap();
  /** Of the node: its Message-ID's number (NONE: it has none), its first message, the message whose references count, */
  #key = new Float64Array(256);
  #first = column(256);
  #chosen = column(256);
  /** and how many messages refer to it. */
  #uses = column(256);
  readonly #watches = new Set<Set<ThreadId>>();

  constructor(options: ThreadOptions) {
    this.#seed = options.seed | 0;
    this.#subjects = options.subjects ?? false;
  }

  /** Messages in it, each copy counted. */
  get size(): number {
    return this.#entries.size;
  }

  has(place: number): boolean {
    return this.#entries.at(place) !== NONE;
  }

  /** So many messages are about to be put: room is made for them at once, and not while a key waits. */
  reserve(count: number): void {
    this.#entries.reserve(count);
    this.#nodes.reserve(this.#nodes.size + count + (count >> 1));
  }

  /** Of all messages; what comes and goes meanwhile may be among them or not. */
  places(): Generator<number> {
    return this.#entries.places();
  }

  /** Adds a message, or replaces the one at its place. O(its references), amortised. */
  put(message: Threadable): void {
    const known = this.#entries.at(message.place);
    const refs = referencesOf(message);
    if (refs.length === 0 && this.#subjects) {
      const base = baseSubject(message.subject);
      // No Message-ID holds a line break.
      if (base !== '') refs.push(`\n${base}`);
    }
    const key = message.messageId === '' ? NONE : idNumber(message.messageId, this.#seed);
    if (known !== NONE) {
      if (this.#same(known, key, refs)) {
        const same = this.#entries.date(known) === message.date;
        if (same && this.#entries.files(known) === (message.files ?? false)) return;
        this.#entries.describe(known, message);
        this.#touch(this.#forest.treeOf(this.#entries.node(known)));
        return;
      }
      this.remove(message.place);
    }
    const node = this.#nodeOf(key);
    const nodes = refs.map(id => this.#nodeOf(idNumber(id, this.#seed))).filter(ref => ref !== node);
    const first = this.#entries.add(message.place, node, nodes, message, this.#first[node] ?? NONE);
    this.#first[node] = first;
    if (nodes.length > 0 && this.#before(first, this.#chosen[node] ?? NONE)) this.#chosen[node] = first;
    for (let i = 0; i < nodes.length; i++) {
      const ref = nodes[i] ?? NONE;
      this.#uses[ref] = (this.#uses[ref] ?? 0) + 1;
      if (i === 0) continue;
      this.#votes.add(ref, nodes[i - 1] ?? NONE);
      this.#settle(ref);
    }
    this.#settle(node);
    this.#touch(this.#forest.treeOf(node));
  }

  /** False: it was not there. O(its references), amortised. */
  remove(place: number): boolean {
    const entry = this.#entries.at(place);
    if (entry === NONE) return false;
    const node = this.#entries.node(entry);
    const nodes = [...this.#entries.references(entry)];
    this.#touch(this.#forest.treeOf(node));
    this.#first[node] = this.#entries.remove(entry, this.#first[node] ?? NONE);
    if (this.#chosen[node] === entry) this.#choose(node);
    for (let i = 0; i < nodes.length; i++) {
      const ref = nodes[i] ?? NONE;
      this.#uses[ref] = (this.#uses[ref] ?? 1) - 1;
      if (i > 0) this.#votes.remove(ref, nodes[i - 1] ?? NONE);
    }
    this.#settle(node);
    for (const ref of nodes) this.#settle(ref);
    this.#release(node);
    for (const ref of nodes) this.#release(ref);
    return true;
  }

  /** Undefined: there is no such message. */
  threadOf(place: number): ThreadId | undefined {
    const entry = this.#entries.at(place);
    return entry === NONE ? undefined : this.#forest.treeOf(this.#entries.node(entry));
  }

  /** The conversation that has this Message-ID, or mentions it. */
  threadOfId(messageId: string): ThreadId | undefined {
    if (messageId === '') return undefined;
    const node = this.#nodes.get(idNumber(messageId, this.#seed));
    return node === NONE ? undefined : this.#forest.treeOf(node);
  }

  /** Where a message would belong that is not in it (yet). */
  threadFor(message: Parameters<typeof referencesOf>[0]): ThreadId | undefined {
    const parent = referencesOf(message).at(-1) ?? '';
    return this.threadOfId(message.messageId) ?? this.threadOfId(parent);
  }

  /** The message there has attachments. */
  hasFiles(place: number): boolean {
    const entry = this.#entries.at(place);
    return entry !== NONE && this.#entries.files(entry);
  }

  /** Number that stays with the message (and its copies), whatever becomes of the conversation. */
  nodeOf(place: number): number | undefined {
    const entry = this.#entries.at(place);
    return entry === NONE ? undefined : this.#entries.node(entry);
  }

  /** Undefined: the node is gone. */
  threadOfNode(node: number): ThreadId | undefined {
    const tree = node < this.#forest.end ? this.#forest.treeOf(node) : NONE;
    return tree === NONE ? undefined : tree;
  }

  /** Calls `each` with the places of every message that has any; no order. */
  eachMessage(thread: ThreadId, each: (places: readonly number[]) => void): void {
    const head = this.#forest.head(thread);
    if (head === NONE) return;
    let node = head;
    do {
      const places = this.#placesOf(node);
      if (places.length > 0) each(places);
      node = this.#forest.after(node);
    } while (node !== head);
  }

  /** The conversation's rows in tree order; siblings by date. */
  rows(thread: ThreadId, pick: Pick): readonly ThreadRow[] {
    return treeRows(thread, this.#forest, node => {
      const places = pick(this.#placesOf(node));
      const first = this.#first[node] ?? NONE;
      return { places, date: first === NONE ? 0 : this.#dateOf(node), key: this.#key[node] ?? NONE };
    });
  }

  /** The first of `ids` that is the Message-ID of the conversation's root; a root need not be here. */
  rootAmong(thread: ThreadId, ids: readonly string[]): string | undefined {
    return ids.find(id => {
      const node = id === '' ? NONE : this.#nodes.get(idNumber(id, this.#seed));
      return node !== NONE && this.#forest.treeOf(node) === thread && this.#forest.parent(node) === NONE;
    });
  }

  /**
   * The highest place from `low` to `high` of each conversation, by its number; NONE where there is none. In one pass
   * over all messages, for lists that are begun.
   */
  highest(low: number, high: number): Float64Array {
    const highest = new Float64Array(this.#forest.trees).fill(NONE);
    this.#entries.each((place, node) => {
      const tree = this.#forest.treeOf(node);
      if (place >= low && place <= high && place > (highest[tree] ?? NONE)) highest[tree] = place;
    });
    return highest;
  }

  /** A node that stands for the conversation for as long as it is one: its root, in a ring any. */
  rootOf(thread: ThreadId): number | undefined {
    const head = this.#forest.head(thread);
    if (head === NONE) return undefined;
    let node = head;
    for (let steps = this.#forest.size(thread); steps > 0; steps--) {
      const parent = this.#forest.parent(node);
      if (parent === NONE) return node;
      node = parent;
    }
    return node;
  }

  /**
   * Begins to note which conversations get or lose messages: whoever takes the set has to look at those again. A
   * number in it may belong to none by then, or to another.
   */
  watch(): { take(): ReadonlySet<ThreadId>; close(): void } {
    let noted = new Set<ThreadId>();
    this.#watches.add(noted);
    return {
      take: () => {
        if (noted.size === 0) return noted;
        const taken = noted;
        this.#watches.delete(noted);
        noted = new Set();
        this.#watches.add(noted);
        return taken;
      },
      close: () => this.#watches.delete(noted),
    };
  }

  #touch(tree: TreeId): void {
    for (const noted of this.#watches) noted.add(tree);
  }

  #placesOf(node: number): number[] {
    const places: number[] = [];
    for (let entry = this.#first[node] ?? NONE; entry !== NONE; entry = this.#entries.next(entry))
      places.push(this.#entries.place(entry));
    return places.length > 1 ? places.sort((a, b) => a - b) : places;
  }

  /** Of its copies the earliest: the same in whatever order they came. */
  #dateOf(node: number): number {
    let date = Number.POSITIVE_INFINITY;
    for (let entry = this.#first[node] ?? NONE; entry !== NONE; entry = this.#entries.next(entry))
      date = Math.min(date, this.#entries.date(entry));
    return date;
  }

  #same(entry: number, key: number, refs: readonly string[]): boolean {
    if ((this.#key[this.#entries.node(entry)] ?? NONE) !== key) return false;
    const nodes = this.#entries.references(entry);
    if (nodes.length !== refs.length) return false;
    return refs.every((id, i) => this.#nodes.get(idNumber(id, this.#seed)) === nodes[i]);
  }

  #nodeOf(key: number): number {
    const known = key === NONE ? NONE : this.#nodes.get(key);
    if (known !== NONE) return known;
    const node = this.#forest.add();
    while (node >= this.#first.length) {
      this.#key = doubles(this.#key);
      this.#first = grown(this.#first);
      this.#chosen = grown(this.#chosen);
      this.#uses = grown(this.#uses);
    }
    this.#key[node] = key;
    this.#first[node] = NONE;
    this.#chosen[node] = NONE;
    this.#uses[node] = 0;
    if (key !== NONE) this.#nodes.set(key, node);
    return node;
  }

  /** Its own word, else what others say of one that is not here. */
  #settle(node: number): void {
    const chosen = this.#chosen[node] ?? NONE;
    const here = (this.#first[node] ?? NONE) !== NONE;
    const parent = chosen !== NONE ? this.#entries.parent(chosen) : here ? NONE : this.#votes.parentOf(node);
    this.#forest.setParent(node, parent);
  }

  /** Any order does, but not one in which messages go: who is first would have to be looked for at each of them. */
  #before(entry: number, other: number): boolean {
    if (other === NONE) return true;
    const [one, two] = [this.#entries.place(entry), this.#entries.place(other)];
    return mixed(one) - mixed(two) < 0 || (mixed(one) === mixed(two) && one < two);
  }

  #choose(node: number): void {
    let chosen = NONE;
    for (let entry = this.#first[node] ?? NONE; entry !== NONE; entry = this.#entries.next(entry)) {
      if (this.#entries.parent(entry) !== NONE && this.#before(entry, chosen)) chosen = entry;
    }
    this.#chosen[node] = chosen;
  }

  /** A node that is neither here nor mentioned goes. */
  #release(node: number): void {
    if (this.#forest.treeOf(node) === NONE) return;
    if ((this.#first[node] ?? NONE) !== NONE || (this.#uses[node] ?? 0) > 0) return;
    const key = this.#key[node] ?? NONE;
    if (key !== NONE) this.#nodes.delete(key);
    this.#forest.remove(node);
  }
}
