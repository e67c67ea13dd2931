// Which listing the state's list is: made when it is first asked for, kept for the run.
import type { FolderId } from '../../mail/types.ts';
import type { FolderStore } from '../../store/types.ts';
import type { AppState } from '../state.ts';
import { folderListing } from './folder.ts';
import type { Listing } from './types.ts';

export interface Listings {
  /** What is in the list; undefined while it is read from the disk. */
  of(state: AppState): Listing | undefined;
}

/** @param opened folders that are in memory, by id */
export function createListings(opened: ReadonlyMap<FolderId, FolderStore>): Listings {
  const folders = new WeakMap<FolderStore, Listing>();
  return {
    of({ folder: id }) {
      const folder = id === null ? undefined : opened.get(id);
      if (!folder) return undefined;
      const known = folders.get(folder);
      if (known) return known;
      const made = folderListing(folder);
      folders.set(folder, made);
      return made;
    },
  };
}
