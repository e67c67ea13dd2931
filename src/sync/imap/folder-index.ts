// The store's folder as the diff wants to see it. `loadAll` comes first: without it, older messages are not seen.
import type { LocalUid } from '../../mail/types.ts';
import type { FolderStore } from '../../store/types.ts';
import type { Index } from './diff.ts';

export function indexOf(folder: FolderStore): Index {
  return {
    length: folder.length,
    byRemoteUid: uid => folder.byRemoteUid(uid),
    flags: uid => folder.flags(uid),
    keywords: folder.keywords,
    *remotes(): Iterable<readonly [number, LocalUid]> {
      for (let position = 0; position < folder.length; position++) {
        const uid = folder.uidAt(position);
        const remote = uid === undefined ? undefined : folder.remote(uid);
        if (uid !== undefined && remote?.t === 'imap') yield [remote.uid, uid];
      }
    },
  };
}
