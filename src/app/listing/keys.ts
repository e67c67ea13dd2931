// Row keys over several folders: each folder has a place for the whole run, above the 32 bits of its local uids.
import type { FolderId, LocalUid } from '../../mail/types.ts';
import type { RowKey } from './types.ts';

const UIDS = 2 ** 32;

export interface RowKeys {
  keyOf(folder: FolderId, uid: LocalUid): RowKey;
  folderOf(key: RowKey): FolderId | undefined;
  uidOf(key: RowKey): LocalUid;
}

export function createRowKeys(): RowKeys {
  const places = new Map<FolderId, number>();
  const folders: FolderId[] = [];
  return {
    keyOf(folder, uid) {
      let place = places.get(folder);
      if (place === undefined) {
        place = folders.length;
        folders.push(folder);
        places.set(folder, place);
      }
      return place * UIDS + uid;
    },
    folderOf: key => folders[Math.floor(key / UIDS)],
    uidOf: key => key % UIDS,
  };
}
