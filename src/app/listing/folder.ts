// The list of one folder in the order of arrival: the store's own positions, so that it costs nothing to have.
import type { LocalUid } from '../../mail/types.ts';
import type { FolderStore } from '../../store/types.ts';
import type { Listing, Rows } from './types.ts';

/** What the arithmetic needs of a folder; `FolderStore` is one. Position 0 is the newest (highest uid). */
export interface Positions {
  readonly length: number;
  uidAt(position: number): LocalUid | undefined;
  positionOf(uid: LocalUid): number;
}

/** A folder's messages as rows, the newest first. */
export function rowsOf(folder: Positions): Rows {
  return {
    get length() {
      return folder.length;
    },
    keyAt: position => folder.uidAt(position),
    positionOf: uid => folder.positionOf(uid),
    locate: uid => locate(folder, uid),
  };
}

export function folderListing(folder: FolderStore): Listing {
  const { id } = folder.record;
  let whole = false;
  const rows = rowsOf(folder);
  return {
    id,
    plain: true,
    get length() {
      return folder.length;
    },
    keyAt: rows.keyAt,
    positionOf: rows.positionOf,
    locate: rows.locate,
    message: uid => ({ folder, uid }),
    keyOf: (other, uid) => (other === id ? uid : undefined),
    ensure: (from, to) => folder.ensure(from, to),
    get whole() {
      return whole;
    },
    async load() {
      await folder.loadAll();
      whole = true;
    },
  };
}

/** Position of a uid, or of the message that took its place: the next older one, or the oldest. */
function locate(folder: Positions, uid: LocalUid): number {
  const exact = folder.positionOf(uid);
  if (exact >= 0) return exact;
  let low = 0;
  let high = folder.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = folder.uidAt(middle);
    // What is not loaded yet is older than everything that is.
    if (there !== undefined && there > uid) low = middle + 1;
    else high = middle;
  }
  return Math.min(low, Math.max(0, folder.length - 1));
}
