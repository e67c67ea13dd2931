// Nodes with at most one parent each, and which of them hang together. A link merges two trees, a cut parts them; both
// cost what the smaller side has. A ring of parents is a tree like any other here: nothing walks up without an end.
import { NONE } from './number-map.ts';

const LEAST = 256;

/** A number of a tree: given again after it is gone. */
export type TreeId = number;

export class Forest {
  #parent = column(LEAST);
  #firstChild = column(LEAST);
  #next = column(LEAST);
  #previous = column(LEAST);
  /** Of the node: its tree, and its neighbours in the ring of that tree's nodes. */
  #tree = column(LEAST);
  #ring = column(LEAST);
  #ringBack = column(LEAST);
  #freeNode = NONE;
  #nodes = 0;
  /** Of the tree: one of its nodes, how many it has. */
  #head = column(LEAST);
  #size = column(LEAST);
  #freeTree = NONE;
  #trees = 0;
  readonly #touched: (tree: TreeId) => void;

  /** @param touched told of every tree that gets or loses nodes, also of those that are gone then */
  constructor(touched: (tree: TreeId) => void) {
    this.#touched = touched;
  }

  /** Node numbers are below this. */
  get end(): number {
    return this.#nodes;
  }

  /** Tree numbers are below this. */
  get trees(): number {
    return this.#trees;
  }

  parent(node: number): number {
    return this.#parent[node] ?? NONE;
  }

  firstChild(node: number): number {
    return this.#firstChild[node] ?? NONE;
  }

  nextSibling(node: number): number {
    return this.#next[node] ?? NONE;
  }

  treeOf(node: number): TreeId {
    return this.#tree[node] ?? NONE;
  }

  /** 0: there is no such tree (any more). */
  size(tree: TreeId): number {
    return this.#size[tree] ?? 0;
  }

  /** A node of the tree, to begin with; `after` gives the others. */
  head(tree: TreeId): number {
    return this.size(tree) === 0 ? NONE : (this.#head[tree] ?? NONE);
  }

  /** The next node of the same tree: in a ring. */
  after(node: number): number {
    return this.#ring[node] ?? NONE;
  }

  /** A node of its own. */
  add(): number {
    let node = this.#freeNode;
    if (node === NONE) {
      node = this.#nodes++;
      if (node >= this.#parent.length) this.#growNodes();
    } else this.#freeNode = this.#ring[node] ?? NONE;
    this.#parent[node] = NONE;
    this.#firstChild[node] = NONE;
    this.#next[node] = NONE;
    this.#previous[node] = NONE;
    this.#newTree(node);
    return node;
  }

  /** A node without parent and children goes. */
  remove(node: number): void {
    const tree = this.treeOf(node);
    this.#touched(tree);
    this.#freeTreeNumber(tree);
    this.#tree[node] = NONE;
    this.#ring[node] = this.#freeNode;
    this.#freeNode = node;
  }

  /** Gives the node another parent; NONE: none. */
  setParent(node: number, parent: number): void {
    const before = this.parent(node);
    if (before === parent) return;
    this.#touched(this.treeOf(node));
    // Moved within its tree, nothing is parted: the other end need not be looked for.
    const stays = parent !== NONE && this.treeOf(parent) === this.treeOf(node) && !this.#below(parent, node);
    if (before !== NONE) {
      this.#unhook(node, before);
      const smaller = stays ? null : this.#smallerSide(node, before);
      if (smaller) this.#partOff(smaller);
    }
    if (parent !== NONE) {
      this.#hook(node, parent);
      this.#merge(this.treeOf(node), this.treeOf(parent));
    }
    this.#touched(this.treeOf(node));
  }

  /** Is it in the branch that begins with `top`? A ring that does not hold `top` ends the search. */
  #below(node: number, top: number): boolean {
    let at = node;
    for (let steps = this.size(this.treeOf(node)); steps >= 0 && at !== NONE; steps--) {
      if (at === top) return true;
      at = this.parent(at);
    }
    return false;
  }

  #hook(node: number, parent: number): void {
    this.#parent[node] = parent;
    const first = this.firstChild(parent);
    this.#next[node] = first;
    this.#previous[node] = NONE;
    if (first !== NONE) this.#previous[first] = node;
    this.#firstChild[parent] = node;
  }

  #merge(a: TreeId, b: TreeId): void {
    if (a === b) return;
    const [small, large] = this.size(a) < this.size(b) ? [a, b] : [b, a];
    this.#touched(small);
    this.#touched(large);
    const one = this.head(small);
    const other = this.head(large);
    let at = one;
    do {
      this.#tree[at] = large;
      at = this.after(at);
    } while (at !== one);
    // Two rings become one where their successors change places.
    const afterOne = this.after(one);
    const afterOther = this.after(other);
    this.#join(one, afterOther);
    this.#join(other, afterOne);
    this.#size[large] = this.size(large) + this.size(small);
    this.#freeTreeNumber(small);
  }

  #unhook(node: number, parent: number): void {
    const next = this.nextSibling(node);
    const previous = this.#previous[node] ?? NONE;
    if (previous === NONE) this.#firstChild[parent] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.#parent[node] = NONE;
    this.#next[node] = NONE;
    this.#previous[node] = NONE;
  }

  /**
   * The nodes on the smaller side of an edge that was cut; null: both ends still hang together. Looks at both sides
   * by turns and ends with the smaller.
   */
  #smallerSide(node: number, parent: number): ReadonlySet<number> | null {
    // A leaf comes and goes most.
    if (this.firstChild(node) === NONE) return new Set([node]);
    const below = new Set([node]);
    const above = new Set([parent]);
    const belowWalk = this.#walk(below);
    const aboveWalk = this.#walk(above);
    for (;;) {
      if (belowWalk.next().done) return below.has(parent) ? null : below;
      if (aboveWalk.next().done) return above.has(node) ? null : above;
    }
  }

  /** Puts into `seen` all that hangs together with what is in it, one at a time. */
  *#walk(seen: Set<number>): Generator<void> {
    // A set goes on over what is added while it is walked.
    for (const at of seen) {
      const parent = this.parent(at);
      if (parent !== NONE) seen.add(parent);
      yield;
      for (let child = this.firstChild(at); child !== NONE; child = this.nextSibling(child)) {
        seen.add(child);
        yield;
      }
    }
  }

  #partOff(nodes: ReadonlySet<number>): void {
    let tree = NONE;
    for (const node of nodes) {
      const old = this.treeOf(node);
      const next = this.after(node);
      this.#head[old] = next;
      this.#size[old] = this.size(old) - 1;
      this.#join(this.#ringBack[node] ?? NONE, next);
      if (tree === NONE) {
        tree = this.#newTree(node);
        continue;
      }
      const head = this.head(tree);
      this.#tree[node] = tree;
      this.#join(node, this.after(head));
      this.#join(head, node);
      this.#size[tree] = this.size(tree) + 1;
    }
  }

  #join(node: number, next: number): void {
    this.#ring[node] = next;
    this.#ringBack[next] = node;
  }

  #newTree(node: number): TreeId {
    let tree = this.#freeTree;
    if (tree === NONE) {
      tree = this.#trees++;
      if (tree >= this.#head.length) {
        this.#head = grown(this.#head);
        this.#size = grown(this.#size);
      }
    } else this.#freeTree = this.#head[tree] ?? NONE;
    this.#head[tree] = node;
    this.#size[tree] = 1;
    this.#tree[node] = tree;
    this.#join(node, node);
    this.#touched(tree);
    return tree;
  }

  #freeTreeNumber(tree: TreeId): void {
    this.#size[tree] = 0;
    this.#head[tree] = this.#freeTree;
    this.#freeTree = tree;
  }

  #growNodes(): void {
    this.#parent = grown(this.#parent);
    this.#firstChild = grown(this.#firstChild);
    this.#next = grown(this.#next);
    this.#previous = grown(this.#previous);
    this.#tree = grown(this.#tree);
    this.#ring = grown(this.#ring);
    this.#ringBack = grown(this.#ringBack);
  }
}

export function column(length: number): Int32Array {
  return new Int32Array(length);
}

/** Half as long again: copies stay rare, and little is spare. */
export function grown(old: Int32Array): Int32Array {
  const next = new Int32Array(old.length + (old.length >> 1));
  next.set(old);
  return next;
}
