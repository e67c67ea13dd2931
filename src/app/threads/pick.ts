// Which copies of a message have a row in a list of conversations: those in the list itself, else one elsewhere that a
// person would miss. A message of the list always has its own row, so that nothing can hide behind its Message-ID.
import { splitFolderId } from '../../mail/ids.ts';
import type { Role } from '../../mail/types.ts';
import { isUnified, type Listing } from '../listing/types.ts';
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
  const inList = base.plain ? inFolder(base) : inRows(base);
  // Nearly every message is in one place: nothing is made for it.
  const own: Pick['own'] = (threads, places) =>
    places.every(place => inList(threads, place)) ? places : places.filter(place => inList(threads, place));
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

type InList = (threads: AccountThreads, place: number) => boolean;

/** The list of one folder has what is in it: where that stands need not be known. */
function inFolder({ id }: Listing): InList {
  const number = isUnified(id) ? -1 : splitFolderId(id).folder;
  return (threads, place) =>
    folderNumber(place) === number && threads.folders.get(number)?.flags(uidOf(place)) !== undefined;
}

function inRows(base: Listing): InList {
  return (threads, place) => {
    const folder = threads.folders.get(folderNumber(place));
    const key = folder && base.keyOf(folder.record.id, uidOf(place));
    return key !== undefined && base.positionOf(key) >= 0;
  };
}
