// JWZ threading of all messages at once, with strings, maps and no thought of speed: what the index has to agree with.
import { idNumber, referencesOf, type Threadable } from '../../../src/mail/threads/identity.ts';
import { mixed } from '../../../src/mail/threads/number-map.ts';

interface Container {
  readonly id: string;
  readonly messages: Threadable[];
  parent: Container | null;
  readonly children: Container[];
}

export interface PlainThread {
  readonly places: readonly number[];
  /** Rows of the tree: place and depth. */
  readonly rows: readonly (readonly [number, number])[];
}

/** Conversations in no order; `pick` as in the index. */
export function plainThreads(
  messages: readonly Threadable[],
  seed: number,
  pick: (places: readonly number[]) => readonly number[] = places => places,
): PlainThread[] {
  const containers = new Map<string, Container>();
  const container = (id: string): Container => {
    const known = containers.get(id);
    if (known) return known;
    const made: Container = { id, messages: [], parent: null, children: [] };
    containers.set(id, made);
    return made;
  };
  const idOf = (message: Threadable) => message.messageId || `\n${message.place}`;
  const votes = new Map<string, Map<string, number>>();
  for (const message of messages) {
    container(idOf(message)).messages.push(message);
    const refs = referencesOf(message);
    for (const [i, ref] of refs.entries()) {
      container(ref);
      const before = refs[i - 1];
      if (before === undefined) continue;
      const said = votes.get(ref) ?? new Map<string, number>();
      votes.set(ref, said.set(before, (said.get(before) ?? 0) + 1));
    }
  }
  const key = (id: string) => (id.startsWith('\n') ? -1 : idNumber(id, seed));
  for (const each of containers.values()) {
    let parent: string | undefined;
    if (each.messages.length > 0) {
      const speaking = each.messages.filter(message => referencesOf(message).length > 0);
      const chosen = speaking.sort((a, b) => mixed(a.place) - mixed(b.place))[0];
      parent = chosen && referencesOf(chosen).at(-1);
    } else {
      const said = [...(votes.get(each.id) ?? [])];
      parent = said.sort(([a, n], [b, m]) => m - n || key(a) - key(b))[0]?.[0];
    }
    if (parent === undefined) continue;
    each.parent = container(parent);
    each.parent.children.push(each);
  }
  const done = new Set<Container>();
  const threads: PlainThread[] = [];
  for (const each of containers.values()) {
    if (done.has(each)) continue;
    const members = reached(each);
    for (const member of members) done.add(member);
    const places = members.flatMap(member => member.messages.map(({ place }) => place));
    if (places.length > 0)
      threads.push({ places: places.sort((a, b) => a - b), rows: rows(members, pick, key) });
  }
  return threads;
}

function reached(from: Container): Container[] {
  const seen = new Set([from]);
  for (const each of seen) {
    if (each.parent) seen.add(each.parent);
    for (const child of each.children) seen.add(child);
  }
  return [...seen];
}

function rows(
  members: readonly Container[],
  pick: (places: readonly number[]) => readonly number[],
  key: (id: string) => number,
): (readonly [number, number])[] {
  const shown = (each: Container) => pick(each.messages.map(({ place }) => place).sort((a, b) => a - b));
  const date = (each: Container) => Math.min(...each.messages.map(message => message.date));
  const ring = members.filter(each => ancestors(each).includes(each));
  const age = (each: Container) => (shown(each).length > 0 ? date(each) : Number.POSITIVE_INFINITY);
  const root =
    members.find(each => each.parent === null) ??
    ring.sort((a, b) => (age(a) === age(b) ? 0 : age(a) - age(b)) || key(a.id) - key(b.id))[0];
  if (!root) throw new Error('no root');
  const order = (a: Container, b: Container) => date(a) - date(b) || (shown(a)[0] ?? 0) - (shown(b)[0] ?? 0);
  const visible = (each: Container): Container[] =>
    each.children
      .filter(child => child !== root)
      .flatMap(child => (shown(child).length > 0 ? [child] : visible(child)));
  const tops = shown(root).length > 0 ? [root] : visible(root).sort(order);
  const [first, ...others] = tops;
  if (!first) return [];
  const out: (readonly [number, number])[] = [];
  const write = (each: Container, depth: number) => {
    const [place, ...copies] = shown(each);
    if (place !== undefined) out.push([place, depth]);
    for (const copy of copies) out.push([copy, depth + 1]);
    const below = [...visible(each), ...(each === first ? others : [])].sort(order);
    for (const child of below) write(child, depth + 1);
  };
  write(first, 0);
  return out;
}

function ancestors(each: Container): Container[] {
  const seen = new Set<Container>();
  for (let at = each.parent; at && !seen.has(at); at = at.parent) seen.add(at);
  return [...seen];
}
