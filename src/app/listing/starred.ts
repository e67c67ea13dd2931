// How many messages have a star in the folders that are looked at over all accounts: counted once in the background,
// then kept up with what the store tells of. Knows no screen.
import { FLAGGED, type FolderId, type LocalUid } from '../../mail/types.ts';
import type { FolderRecord, FolderStore, Store, StoreEvent } from '../../store/types.ts';
import { nextTurn } from '../../util/turn.ts';
import { foldersOf } from './unified.ts';

export interface StarredDeps {
  readonly store: Pick<Store, 'subscribe'>;
  /** Of all accounts, as they are now. */
  records(): readonly FolderRecord[];
  openFolder(id: FolderId): Promise<FolderStore>;
  /** Work whose failure is told. */
  background(work: Promise<void>): Promise<void>;
  /** There are as many now. */
  changed(count: number): void;
}

export interface Starred {
  /** Resolves when all of them were counted. */
  begin(): Promise<void>;
  close(): void;
}

/** Messages that are looked at in one piece: less than a millisecond. */
const STEP = 500;

export function createStarred(deps: StarredDeps): Starred {
  /** Those that were counted, or are being. */
  const folders = new Map<FolderId, { readonly store: FolderStore; readonly stars: Set<LocalUid> }>();
  let running: Promise<void> | null = null;
  let closed = false;

  const tell = (): void => {
    let count = 0;
    for (const { stars } of folders.values()) count += stars.size;
    deps.changed(count);
  };
  const look = (store: FolderStore, stars: Set<LocalUid>, uids: Iterable<LocalUid>): void => {
    for (const uid of uids) {
      if (((store.flags(uid) ?? 0) & FLAGGED) !== 0) stars.add(uid);
      else stars.delete(uid);
    }
  };
  const count = async (store: FolderStore, stars: Set<LocalUid>): Promise<void> => {
    await store.loadAll();
    for (const uid of stars) if (store.flags(uid) === undefined) stars.delete(uid);
    for (let position = 0; position < store.length && !closed; position += STEP) {
      const uids = Array.from({ length: STEP }, (_, i) => store.uidAt(position + i));
      look(
        store,
        stars,
        uids.filter(uid => uid !== undefined),
      );
      await nextTurn();
    }
  };
  /** Folders that are new, and those that are gone or have another role now. */
  const lookOver = async (): Promise<void> => {
    const members = foldersOf('all:flagged', deps.records());
    const ids = new Set(members.map(({ id }) => id));
    for (const id of [...folders.keys()]) if (!ids.has(id)) folders.delete(id);
    for (const { id } of members) {
      if (folders.has(id)) continue;
      const store = await deps.openFolder(id);
      if (closed) return;
      const stars = new Set<LocalUid>();
      folders.set(id, { store, stars });
      await count(store, stars);
    }
    if (!closed) tell();
  };
  const later = (work: () => Promise<void>): Promise<void> => {
    running = (running ?? Promise.resolve()).then(() => (closed ? undefined : deps.background(work())));
    return running;
  };
  const onEvent = (event: StoreEvent): void => {
    // Before the first count there is nothing to keep up with.
    if (!running || closed) return;
    if (event.t === 'folders') {
      const members = foldersOf('all:flagged', deps.records());
      if (members.length !== folders.size || members.some(({ id }) => !folders.has(id))) void later(lookOver);
    }
    if (event.t !== 'folder') return;
    const known = folders.get(event.folder);
    if (!known) return;
    const { store, stars } = known;
    if (event.messages === 'all') {
      void later(() => count(store, stars).then(tell));
      return;
    }
    const before = stars.size;
    look(store, stars, [
      ...(event.messages?.put ?? []),
      ...(event.messages?.gone ?? []),
      ...(event.flags ?? []),
    ]);
    if (stars.size !== before) tell();
  };
  const stop = deps.store.subscribe(onEvent);
  return {
    begin: () => later(lookOver),
    close() {
      closed = true;
      stop();
    },
  };
}
