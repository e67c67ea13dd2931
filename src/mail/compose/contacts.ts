// The address book that grows by itself: who mail was exchanged with, ranked by use, and completion of what is typed.
// In memory and pure; where the observations come from and where they are kept is the caller's.
import { nameMisleads } from '../address.ts';
import type { Address } from '../types.ts';
import { addressKey, domainOf, isAddress } from './addresses.ts';

/** One message's use of some addresses. */
export interface Observation {
  /** `sent`: recipients of one's own mail. `received`: whom a message came from. */
  readonly direction: 'sent' | 'received';
  readonly addresses: readonly Address[];
  /** Milliseconds since 1970. */
  readonly date: number;
}

export interface Contact {
  /** The newest name that was used; hostile text. */
  readonly name: string;
  readonly address: string;
  readonly sent: number;
  readonly received: number;
  /** Milliseconds since 1970. */
  readonly last: number;
}

export interface AddressBook {
  /** Cheap: 50,000 in well under 100 ms. */
  observe(observation: Observation): void;
  /** The best matches, best first. An empty query gives those used most. `not`: keys (addressKey) to leave out. */
  complete(query: string, limit: number, not?: ReadonlySet<string>): Contact[];
  /** By address, however it is spelled. */
  find(address: string): Contact | undefined;
  /** Domains that mail came from, or went to more than twice: a mistyped one does not become known by one use. */
  domains(): ReadonlySet<string>;
  readonly size: number;
}

interface Entry {
  name: string;
  address: string;
  sent: number;
  received: number;
  last: number;
  named: number;
  /** Sum of uses, each worth twice as much as one HALF_LIFE earlier. Comparable at any time. */
  score: number;
  automatic: boolean;
  /** What is searched: name and address, folded. */
  text: string;
}

const DAY = 86_400_000;
const HALF_LIFE = 120 * DAY;
/** Scores count from here; 2 ** ((2100 - 2015) * 365 / 120) is far from the largest number. */
const BASE = Date.UTC(2015, 0, 1);
/** Writing to somebody says more than being written to. */
const SENT = 40;
/** Local parts of machines: a word of these, alone or set off by a sign. */
const AUTOMATIC =
  /(?:^|[._+-])(?:no|not|do-?not|dont|never)[._-]?reply|^(?:mailer-daemon|postmaster|daemon|root|nobody|unsubscribe|alerts?)$|(?:^|[._+-])(?:bounces?|notify|notifications?|newsletters?|mailer|automailer)(?:$|[._+-])/;
const ASCII = /^[\x20-\x7e]*$/;

/** Without case and accents. */
function fold(text: string): string {
  return ASCII.test(text)
    ? text.toLowerCase()
    : text
        .normalize('NFKD')
        .replace(/\p{M}+/gu, '')
        .toLowerCase();
}

/** @param now the time: mail from the future counts as today's */
export function createAddressBook(now: () => number): AddressBook {
  const entries = new Map<string, Entry>();
  const domains = new Map<string, number>();
  let known: Set<string> | null = null;

  function entryOf(address: string): Entry | null {
    // The spelling of most addresses is their key already.
    const seen = entries.get(address);
    if (seen) return seen;
    const key = addressKey(address);
    const found = entries.get(key);
    if (found) return found;
    if (!isAddress(address)) return null;
    const automatic = AUTOMATIC.test(key.slice(0, key.lastIndexOf('@')));
    const fresh = {
      name: '',
      address,
      sent: 0,
      received: 0,
      last: 0,
      named: -1,
      score: 0,
      automatic,
      text: fold(address),
    };
    entries.set(key, fresh);
    return fresh;
  }

  function countDomain(address: string, direction: Observation['direction']): void {
    const domain = domainOf(address);
    domains.set(domain, (domains.get(domain) ?? 0) + (direction === 'received' ? 3 : 1));
    known = null;
  }

  return {
    observe({ direction, addresses, date }) {
      const at = Number.isFinite(date) ? Math.min(date, now()) : 0;
      const worth = 2 ** ((at - BASE) / HALF_LIFE) * (direction === 'sent' ? SENT : 1);
      for (const { name, address } of addresses) {
        const entry = entryOf(address);
        if (!entry) continue;
        if (direction === 'sent') entry.sent++;
        else entry.received++;
        // Further uses add nothing to what is known of the domain.
        if (direction === 'sent' ? entry.received === 0 : entry.received === 1)
          countDomain(address, direction);
        entry.score += worth;
        if (at > entry.last) entry.last = at;
        if (at >= entry.named && name !== '' && name !== entry.name && isName(name, address)) {
          entry.name = name;
          entry.named = at;
          entry.text = `${fold(name)} ${fold(entry.address)}`;
        }
      }
    },
    complete(query, limit, not) {
      return best(entries, fold(query).trim(), limit, not);
    },
    find: address => entries.get(addressKey(address)),
    domains() {
      known ??= new Set([...domains].flatMap(([domain, uses]) => (uses > 2 ? [domain] : [])));
      return known;
    },
    get size() {
      return entries.size;
    },
  };
}

/** A name that says something, and does not pass itself off as another address. */
function isName(name: string, address: string): boolean {
  return (
    name.length <= 200 &&
    !(name.includes('@') && (name.toLowerCase() === address.toLowerCase() || nameMisleads({ name, address })))
  );
}

/** Keeps the `limit` best; most entries are worse than the worst of them. */
function best(
  entries: ReadonlyMap<string, Entry>,
  query: string,
  limit: number,
  not: ReadonlySet<string> | undefined,
): Contact[] {
  const words = query
    .split(/\s+/)
    .filter(word => word !== '')
    .slice(0, 8);
  const kept: { entry: Entry; rank: number }[] = [];
  for (const [key, entry] of entries) {
    if (entry.automatic && entry.sent === 0) continue;
    const quality = words.length === 0 ? 3 : qualityOf(words, entry.text);
    if (quality === 0 || not?.has(key)) continue;
    // How well it matches goes first: 2 ** 2000 is beyond any score's logarithm.
    const rank = quality * 4000 + Math.log2(entry.score);
    const last = kept[limit - 1];
    if (last && last.rank >= rank) continue;
    let at = kept.length;
    while (at > 0 && (kept[at - 1]?.rank ?? 0) < rank) at--;
    kept.splice(at, 0, { entry, rank });
    if (kept.length > limit) kept.pop();
  }
  return kept.map(({ entry: { name, address, sent, received, last } }) => ({
    name,
    address,
    sent,
    received,
    last,
  }));
}

/** 3: every word begins a word; 2: every word stands in it; 1: the letters stand in it in order; 0: no match. */
function qualityOf(words: readonly string[], text: string): number {
  let quality = 3;
  for (const word of words) {
    const found = wordQuality(word, text);
    if (found < quality) quality = found;
    if (quality === 0) return 0;
  }
  return quality;
}

function wordQuality(word: string, text: string): number {
  let at = text.indexOf(word);
  if (at < 0) return scattered(word, text) ? 1 : 0;
  for (; at >= 0; at = text.indexOf(word, at + 1)) if (beginsWord(text, at)) return 3;
  return 2;
}

/** Behind a letter or a digit a word goes on; a query that begins with a sign (`@exam`) stands anywhere. */
function beginsWord(text: string, at: number): boolean {
  return at === 0 || !isLetter(text.charCodeAt(at - 1)) || !isLetter(text.charCodeAt(at));
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code >= 0xaa;
}

/** Three letters or more, in order, the first at the beginning of a word. */
function scattered(word: string, text: string): boolean {
  if (word.length < 3) return false;
  for (
    let start = text.indexOf(word.charAt(0));
    start >= 0;
    start = text.indexOf(word.charAt(0), start + 1)
  ) {
    if (!beginsWord(text, start)) continue;
    let at = start;
    let n = 1;
    for (; n < word.length; n++) {
      at = text.indexOf(word.charAt(n), at + 1);
      if (at < 0) return false; // a later start finds no more
    }
    if (at - start <= word.length * 3) return true;
  }
  return false;
}
