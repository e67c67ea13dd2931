// Which message on the server is which message that is known here. Servers repeat, reuse, reset and leave out
// UIDLs, so that a UIDL is a hint that content confirms. Pure.
import type { ListedMessage } from './client.ts';
import type { Known } from './known.ts';

/** What TOP showed of a message. */
export interface Look {
  readonly head: string;
  /** Of the Date header, or null. Milliseconds since 1970. */
  readonly date: number | null;
}

export type Looks = ReadonlyMap<number, Look>;

export interface Identified {
  readonly listed: ListedMessage;
  /** What the server calls it, made by us where it has no name; null: cannot be recognised before it is here. */
  readonly key: string | null;
  readonly known: Known | null;
  /** Its head was seen in this session and is the known one's. */
  readonly confirmed: boolean;
  /** Others look just like it, or it was gone and is back: only the whole content can tell. */
  readonly ambiguous: boolean;
  /** The server calls a known message by another name now. */
  readonly renamed: boolean;
}

export interface Identities {
  readonly all: readonly Identified[];
  /** Known, in the maildrop at the last check, and not found in it now. */
  readonly vanished: readonly Known[];
}

/**
 * Numbers whose head must be seen (TOP) before `identify` can tell. For a server that behaves only the last one: a
 * name that is given out twice turns up there first. `trustNames` false: UIDLs are not used at all.
 */
export function numbersToLookAt(
  listed: readonly ListedMessage[],
  known: Iterable<Known>,
  trustNames: boolean,
): number[] {
  const names = usableNames(listed, trustNames);
  const { byKey, gone } = index(known, names);
  const goneSizes = new Set(gone.map(one => one.size));
  const last = listed.at(-1);
  return listed
    .filter(one => {
      const name = names.get(one.number);
      if (name === undefined) return true;
      const match = byKey.get(name);
      // A known name with another size, or of a message that was gone, may be another message; an unknown name with
      // a known size may be an old one.
      if (match && one === last) return match.head !== null;
      if (match) return !match.onServer || !sameSize(one.size, match.size);
      return goneSizes.has(one.size) || (one.size === null && gone.length > 0);
    })
    .map(one => one.number);
}

/** The server gave a name that it had used before to another message: its names mean nothing from now on. */
export function reusesNames(listed: readonly ListedMessage[], known: Iterable<Known>, looks: Looks): boolean {
  const names = usableNames(listed, true);
  const { byKey } = index(known, names);
  return listed.some(one => {
    const match = byKey.get(names.get(one.number) ?? '');
    const look = looks.get(one.number);
    return match !== undefined && match.head !== null && look !== undefined && look.head !== match.head;
  });
}

/** Repeatable: the same maildrop and memory give the same answer. */
export function identify(
  listed: readonly ListedMessage[],
  known: Iterable<Known>,
  looks: Looks,
  trustNames: boolean,
): Identities {
  const names = usableNames(listed, trustNames);
  const { byKey, every } = index(known, names);
  const found = new Map<number, Identified>();
  const taken = new Set<string>();
  const heads = new Map<string, number>();
  const alike = countAlike(listed, looks);

  const claim = (one: ListedMessage, key: string, match: Known, renamed: boolean) => {
    // One that was gone and is back may be another delivery with the same head.
    const ambiguous = isAmbiguous(one, looks, alike) || !match.onServer;
    const confirmed = match.head !== null && looks.get(one.number)?.head === match.head;
    taken.add(match.id);
    found.set(one.number, { listed: one, key, known: match, confirmed, ambiguous, renamed });
  };

  // First those that are called what they were called; only what is left over can have been renamed.
  const left: { one: ListedMessage; key: string | null }[] = [];
  for (const one of listed) {
    const name = names.get(one.number);
    const look = looks.get(one.number);
    const key = name ?? (look ? headKey(one, look, heads) : null);
    const match = key === null ? undefined : byKey.get(key);
    const likely = name === undefined || (match?.onServer === true && sameSize(one.size, match.size));
    const same = match && (look ? sameHead(look, match) : likely);
    if (key !== null && same && !taken.has(match.id)) claim(one, key, match, false);
    else left.push({ one, key });
  }
  const byHead = new Map<string, Known[]>();
  for (const one of every) {
    if (one.head === null || !one.onServer || taken.has(one.id)) continue;
    const place = `${one.head} ${one.size}`;
    byHead.set(place, [...(byHead.get(place) ?? []), one]);
  }
  for (const { one, key } of left) {
    const look = looks.get(one.number);
    const match = look && byHead.get(`${look.head} ${one.size}`)?.shift();
    if (match && key !== null) claim(one, key, match, true);
    else {
      const ambiguous = isAmbiguous(one, looks, alike);
      found.set(one.number, { listed: one, key, known: null, confirmed: false, ambiguous, renamed: false });
    }
  }
  return {
    all: listed.flatMap(one => found.get(one.number) ?? []),
    vanished: every.filter(one => one.onServer && !taken.has(one.id)),
  };
}

/** UIDLs that can be names: one message each, and not just its number, which moves when others are deleted. */
function usableNames(listed: readonly ListedMessage[], trustNames: boolean): Map<number, string> {
  const counts = new Map<string, number>();
  for (const { uidl } of listed) if (uidl !== null) counts.set(uidl, (counts.get(uidl) ?? 0) + 1);
  const positions =
    listed.length > 1 && listed.every(one => one.uidl === null || one.uidl === String(one.number));
  const names = new Map<number, string>();
  if (!trustNames) return names;
  for (const { number, uidl } of listed) {
    if (uidl !== null && counts.get(uidl) === 1 && !positions) names.set(number, uidl);
  }
  return names;
}

function index(known: Iterable<Known>, names: ReadonlyMap<number, string>) {
  const every = [...known];
  const byKey = new Map<string, Known>();
  // The later one: a name that was reused belongs to whoever had it last.
  for (const one of every) if (one.key !== '') byKey.set(one.key, one);
  const used = new Set(names.values());
  const gone = every.filter(one => one.onServer && one.head !== null && !used.has(one.key));
  return { every, byKey, gone };
}

/** The name of a message without one: the same head and size again get a number. A legal UIDL has no space. */
function headKey(one: ListedMessage, look: Look, heads: Map<string, number>): string {
  const key = `top ${look.head} ${one.size ?? ''}`;
  const nth = (heads.get(key) ?? 0) + 1;
  heads.set(key, nth);
  return nth === 1 ? key : `${key} ${nth}`;
}

function countAlike(listed: readonly ListedMessage[], looks: Looks): Map<string, number> {
  const alike = new Map<string, number>();
  for (const one of listed) {
    const look = looks.get(one.number);
    if (look) alike.set(`${look.head} ${one.size}`, (alike.get(`${look.head} ${one.size}`) ?? 0) + 1);
  }
  return alike;
}

function isAmbiguous(one: ListedMessage, looks: Looks, alike: ReadonlyMap<string, number>): boolean {
  const look = looks.get(one.number);
  return look !== undefined && (alike.get(`${look.head} ${one.size}`) ?? 0) > 1;
}

function sameSize(a: number | null, b: number | null): boolean {
  return a === null || b === null || a === b;
}

function sameHead(look: Look, known: Known): boolean {
  return known.head === null || look.head === known.head;
}
