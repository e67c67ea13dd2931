// What rows are sorted by: of each message one value, from its envelope and flags. Pure.
import { stripPrefixes } from '../../mail/compose/subject.ts';
import type { Sort } from '../../mail/sort.ts';
import { type Flags, type LocalUid, SEEN } from '../../mail/types.ts';
import type { Facts } from './facts.ts';
import type { Value } from './sorted-rows.ts';

const DAY = 86_400_000;

export interface Order {
  /** Large values stand first. */
  readonly descending: boolean;
  /** Newest first, so that a folder read from its newest message on gives the first rows first. */
  readonly newestFirst: boolean;
  /** By flags: rows keep their place while the list is looked at. */
  readonly byFlags: boolean;
  value(facts: Facts, flags: Flags, uid: LocalUid): Value;
}

/** @param several messages of more than one folder, whose numbers say nothing of each other */
export function orderOf({ by, reverse }: Sort, several: boolean): Order {
  const order = (descending: boolean, value: Order['value']): Order => ({
    descending: descending !== reverse,
    newestFirst: (by === 'arrival' || by === 'date') && !reverse,
    byFlags: by === 'unread',
    value,
  });
  switch (by) {
    case 'arrival':
      return order(true, several ? when : (_facts, _flags, uid) => uid);
    case 'date':
      return order(true, ({ date }) => date);
    case 'from':
      return order(false, ({ from }) => from);
    case 'subject':
      return order(false, ({ subject }) => sortedSubject(subject));
    case 'size':
      return order(true, ({ size }) => size);
    case 'unread':
      return order(true, (_facts, flags) => ((flags & SEEN) === 0 ? 1 : 0));
  }
}

/**
 * When it came, for mail of several accounts. Old mail that was put or fetched here all at once stands where it was
 * written; mail that is dated into the future, or was a day on its way, where it came.
 */
export function when({ date, arrival }: Pick<Facts, 'date' | 'arrival'>): number {
  return arrival - date > DAY ? date : arrival;
}

/**
 * A folded subject without its prefixes. Nearly every one has none or a plain `re: `, and is looked at without the
 * prefixes of forty languages.
 */
export function sortedSubject(subject: string): string {
  const own = subject.startsWith('re: ') ? subject.slice('re: '.length).trim() : subject.trim();
  return own.includes(':') || own.includes('：') ? stripPrefixes(subject).base : own;
}
