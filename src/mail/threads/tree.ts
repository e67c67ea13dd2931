// One conversation as rows: the tree of its messages without those that are not here (RFC 5256, REFERENCES, steps 3, 4
// and 6). No recursion: a chain of 50,000 answers is a conversation like any other.
import type { Forest, TreeId } from './forest.ts';
import { NONE } from './number-map.ts';
import type { ThreadRow } from './thread-index.ts';

interface Node {
  /** Those that get a row; none: its children take its place. */
  readonly places: readonly number[];
  readonly date: number;
  readonly key: number;
}

/** Ancestors of which a row can say that siblings follow. */
const GUIDES = 30;

export function treeRows(tree: TreeId, forest: Forest, look: (node: number) => Node): readonly ThreadRow[] {
  const head = forest.head(tree);
  if (head === NONE) return [];
  const nodes = new Map<number, Node>();
  const lookAt = (node: number): Node => {
    const known = nodes.get(node) ?? look(node);
    nodes.set(node, known);
    return known;
  };
  const root = rootOf(head, forest, lookAt);
  const children = shownChildren(root, forest, lookAt);
  const bySize = (a: number, b: number) => {
    const left = lookAt(a);
    const right = lookAt(b);
    return left.date - right.date || (left.places[0] ?? 0) - (right.places[0] ?? 0);
  };
  for (const list of children.values()) list.sort(bySize);
  const [first, ...others] = children.get(NONE) ?? [];
  if (first === undefined) return [];
  // Without the message that all of them answer to, the oldest takes its place.
  if (others.length > 0) children.set(first, [...(children.get(first) ?? []), ...others].sort(bySize));
  return inOrder(first, children, lookAt);
}

/** Parents that refer to each other in a ring have no root: then the oldest of the ring is it. */
function rootOf(head: number, forest: Forest, look: (node: number) => Node): number {
  const seen = new Set<number>();
  let node = head;
  while (!seen.has(node)) {
    seen.add(node);
    const parent = forest.parent(node);
    if (parent === NONE) return node;
    node = parent;
  }
  const start = node;
  let oldest = start;
  const age = (at: number) => (look(at).places.length === 0 ? Number.POSITIVE_INFINITY : look(at).date);
  for (let at = forest.parent(start); at !== start; at = forest.parent(at)) {
    const [a, b] = [age(at), age(oldest)];
    if (a < b || (a === b && look(at).key < look(oldest).key)) oldest = at;
  }
  return oldest;
}

/** Shown nodes by the nearest shown one above them; NONE: there is none. */
function shownChildren(root: number, forest: Forest, look: (node: number) => Node): Map<number, number[]> {
  const children = new Map<number, number[]>();
  const nodes = [root];
  const above = [NONE];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    let under = above.pop() ?? NONE;
    if (look(node).places.length > 0) {
      const known = children.get(under);
      if (known) known.push(node);
      else children.set(under, [node]);
      under = node;
    }
    for (let child = forest.firstChild(node); child !== NONE; child = forest.nextSibling(child)) {
      if (child === root) continue;
      nodes.push(child);
      above.push(under);
    }
  }
  return children;
}

function inOrder(
  first: number,
  children: ReadonlyMap<number, readonly number[]>,
  look: (node: number) => Node,
): readonly ThreadRow[] {
  const rows: ThreadRow[] = [];
  const waiting = [{ node: first, depth: 0, last: true, guides: 0 }];
  for (let at = waiting.pop(); at; at = waiting.pop()) {
    const { node, depth, last, guides } = at;
    const below = children.get(node) ?? [];
    const [place, ...copies] = look(node).places;
    if (place !== undefined) rows.push({ place, depth, last, guides });
    const inside = depth === 0 || last || depth > GUIDES ? guides : guides | (1 << (depth - 1));
    // The same message once more in the same folder: below itself.
    copies.forEach((copy, i) => {
      const final = below.length === 0 && i === copies.length - 1;
      rows.push({ place: copy, depth: depth + 1, last: final, guides: inside });
    });
    for (let i = below.length - 1; i >= 0; i--) {
      const child = below[i] ?? NONE;
      waiting.push({ node: child, depth: depth + 1, last: i === below.length - 1, guides: inside });
    }
  }
  return rows;
}
