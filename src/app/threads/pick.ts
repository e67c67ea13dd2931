// Which copies of a message have a row in a list of conversations: those in the list itself, else one elsewhere that a
// person would miss. A message of the list always has its own row, so that nothing can hide behind its Message-ID.
import { folderId } from '../../mail/ids.ts';
import type { Role } from '../../mail/types.ts';
import type { Listing } from '../listing/types.ts';
import { type AccountThreads, folderNumber, uidOf } from './conversations.ts';

/** What lies there is no part of what was said, unless one looks there. */
const HIDDEN: readonly (Role | null)[] = ['junk', 'trash', 'drafts'];

/** Where it tells most: as an answer of one's own, or where it was filed; last where everything is. */
function rank(role: Role | null): number {
  return role === 'sent' ? 0 : role === 'all' || role === 'flagged' ? 2 : 1;
}

export interface Pick {
  /** Those in the list. */
  own(threads: AccountThreads, places: readonly number[]): readonly number[];
  /** Those that have a row. */
  shown(threads: AccountThreads, places: readonly number[]): readonly number[];
}

export function createPick(base: Listing): Pick {
  const own: Pick['own'] = (threads, places) =>
    places.filter(place => {
      const key = base.keyOf(folderId(threads.account, folderNumber(place)), uidOf(place));
      return key !== undefined && base.positionOf(key) >= 0;
    });
  return {
    own,
    shown(threads, places) {
      const here = own(threads, places);
      if (here.length > 0) return here;
      const roleOf = (place: number) => threads.folders.get(folderNumber(place))?.record.role ?? null;
      const elsewhere = places.filter(
        place => threads.folders.has(folderNumber(place)) && !HIDDEN.includes(roleOf(place)),
      );
      const best = elsewhere.sort((a, b) => rank(roleOf(a)) - rank(roleOf(b)) || a - b)[0];
      return best === undefined ? [] : [best];
    },
  };
}
