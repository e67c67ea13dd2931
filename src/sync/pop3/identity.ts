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
  /** What the server calls it, or `top …` where it has no name; null: cannot be recognised before it is here. */
  readonly key: string | null;
  readonly known: Known | null;
  /** Its head was seen in this session and is the known one's. */
  readonly confirmed: boolean;
  /** The server calls a known message by another name now. */
  readonly renamed: boolean;
}

export interface Identities {
  readonly all: readonly Identified[];
  /** Known and not found: gone, or what one of the unknown turns out to be once its content is here. */
  readonly vanished: readonly Known[];
  /** Of those: gone before, and something by the same name and head is there. */
  readonly returned: number;
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
  const alike = countAlike(listed, looks);
  const found = new Map<number, Identified>();
  const taken = new Set<string>();
  const suspected = new Set<string>();

  const claim = (one: ListedMessage, key: string, match: Known, renamed: boolean) => {
    const confirmed = match.head !== null && looks.get(one.number)?.head === match.head;
    taken.add(match.id);
    found.set(one.number, { listed: one, key, known: match, confirmed, renamed });
  };

  // First those that are called what they were called; only what is left over can have been renamed.
  const left: { one: ListedMessage; key: string | null }[] = [];
  for (const one of listed) {
    const name = names.get(one.number);
    const look = looks.get(one.number);
    const isUnique = look !== undefined && alike.get(appearance(one, look)) === 1;
    const key = name ?? (isUnique ? `top ${look.head} ${one.size ?? ''}` : null);
    const match = key === null ? undefined : byKey.get(key);
    const likely = match !== undefined && sameSize(one.size, match.size);
    const same = match && (look ? sameHead(look, match) : likely);
    // One that was gone may be back, or be another by the same name and head: its content will tell.
    if (same && !match.onServer && match.state !== 'skipped') suspected.add(match.id);
    else if (key !== null && same && !taken.has(match.id)) {
      claim(one, key, match, false);
      continue;
    }
    left.push({ one, key });
  }
  const byAppearance = new Map<string, Known[]>();
  for (const one of every) {
    if (one.head === null || !one.onServer || taken.has(one.id)) continue;
    const place = `${one.head} ${one.size}`;
    byAppearance.set(place, [...(byAppearance.get(place) ?? []), one]);
  }
  for (const { one, key } of left) {
    const look = looks.get(one.number);
    const candidates = look ? byAppearance.get(appearance(one, look)) : undefined;
    const isUnique = look !== undefined && candidates?.length === 1 && alike.get(appearance(one, look)) === 1;
    const match = isUnique ? candidates.pop() : undefined;
    if (match && key !== null) claim(one, key, match, true);
    else found.set(one.number, { listed: one, key, known: null, confirmed: false, renamed: false });
  }
  return {
    all: listed.flatMap(one => found.get(one.number) ?? []),
    vanished: every.filter(one => (one.onServer || suspected.has(one.id)) && !taken.has(one.id)),
    returned: suspected.size,
  };
}

/** UIDLs that can be names: one message each, and not just its number, which moves when others are deleted. */
function usableNames(listed: readonly ListedMessage[], trustNames: boolean): Map<number, string> {
  const counts = new Map<string, number>();
  for (const { uidl } of listed) if (uidl !== null) counts.set(uidl, (counts.get(uidl) ?? 0) + 1);
  const positions = listed.every(one => one.uidl === null || one.uidl === String(one.number));
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
  const gone = every.filter(
    one => one.onServer && !one.outOfSight && one.head !== null && !used.has(one.key),
  );
  return { every, byKey, gone };
}

/** What a message looks like from outside. The same twice: only the whole content can tell them apart. */
function appearance(one: ListedMessage, look: Look): string {
  return `${look.head} ${one.size}`;
}

function countAlike(listed: readonly ListedMessage[], looks: Looks): Map<string, number> {
  const alike = new Map<string, number>();
  for (const one of listed) {
    const look = looks.get(one.number);
    if (look) alike.set(appearance(one, look), (alike.get(appearance(one, look)) ?? 0) + 1);
  }
  return alike;
}

function sameSize(a: number | null, b: number | null): boolean {
  return a === null || b === null || a === b;
}

function sameHead(look: Look, known: Known): boolean {
  return known.head === null || look.head === known.head;
}
