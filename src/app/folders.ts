// Shows folders: opens them from the cache, tells the engine which one is on the screen, and reads the envelopes of
// the visible rows (and a few pages around them) from the disk.
import { splitFolderId } from '../mail/ids.ts';
import { type AccountId, type FolderId, type MessageId, SEEN } from '../mail/types.ts';
import type { FolderRecord, FolderStore, Store } from '../store/types.ts';
import type { Engine } from '../sync/types.ts';
import type { Data } from './commands/command.ts';
import { putCursor, windowOf } from './list-view.ts';
import { folderRecord, listHeight } from './selectors.ts';
import { type AppState, hasLayer, listOf, say, setList } from './state.ts';
import type { AppDeps } from './types.ts';

/** Rows beyond the window whose envelopes are read early, so that paging finds them in memory. */
const AHEAD = 200;

export type Landing = 'first-unread' | 'last-unread';

export interface Folders {
  /** Resolves when it is in the list (or another one was asked for meanwhile). */
  open(id: FolderId, landing?: Landing): Promise<void>;
  /** Where the person asked to start, else the first inbox. Does nothing while no folder is known. */
  openFirst(start: AppDeps['start']): Promise<void>;
  whenLoaded(then: () => void): void;
  loadVisible(): void;
}

export interface FoldersDeps {
  readonly store: Store;
  readonly engines: ReadonlyMap<AccountId, Engine>;
  readonly opened: Map<FolderId, FolderStore>;
  readonly data: Data;
  state(): AppState;
  change(step: (state: AppState) => AppState): void;
  track(work: Promise<unknown>): Promise<void>;
  openMessage(id: MessageId): void;
}

export function createFolders(deps: FoldersDeps): Folders {
  const complete = new Set<FolderId>();
  const loading = new Set<string>();
  let latest = 0;

  const bump = (id: FolderId) =>
    deps.change(state => ({ ...state, revs: { ...state.revs, [id]: (state.revs[id] ?? 0) + 1 } }));

  const fetchFolder = async (id: FolderId): Promise<FolderStore> => {
    const known = deps.opened.get(id);
    if (known) return known;
    const account = await deps.store.account(splitFolderId(id).account);
    const folder = await account.folder(id);
    deps.opened.set(id, folder);
    return folder;
  };

  /** The list shows this folder now; the one before keeps its cursor for when it comes back. */
  const show = (id: FolderId, folder: FolderStore, landing: Landing | undefined) => {
    const before = deps.state();
    const inReader = hasLayer(before, 'reader');
    deps.change(state => {
      const shown: AppState = { ...state, stack: [{ t: 'list' }], folder: id, pending: state.pending };
      return { ...shown, revs: { ...shown.revs, [id]: shown.revs[id] ?? 0 } };
    });
    for (const engine of deps.engines.values()) {
      engine.show(engine.account === splitFolderId(id).account ? id : null);
    }
    if (landing) land(id, folder, landing, inReader);
  };

  const land = (id: FolderId, folder: FolderStore, landing: Landing, open: boolean) => {
    whenFolderLoaded(id, folder, () => {
      const positions = Array.from({ length: folder.length }, (_, i) =>
        landing === 'first-unread' ? i : folder.length - 1 - i,
      );
      const found = positions.find(position => {
        const uid = folder.uidAt(position);
        return uid !== undefined && ((folder.flags(uid) ?? SEEN) & SEEN) === 0;
      });
      const uid = found === undefined ? undefined : folder.uidAt(found);
      if (found === undefined || uid === undefined) return;
      deps.change(state =>
        setList(state, id, putCursor(listOf(state, id), folder, listHeight(state), found)),
      );
      if (open) deps.openMessage(`${id}:${uid}` as MessageId);
    });
  };

  const whenFolderLoaded = (id: FolderId, folder: FolderStore, then: () => void) => {
    if (complete.has(id)) {
      then();
      return;
    }
    deps.track(
      folder.loadAll().then(() => {
        complete.add(id);
        bump(id);
        then();
      }),
    );
  };

  const open = (id: FolderId, landing?: Landing): Promise<void> => {
    latest += 1;
    const token = latest;
    const record = folderRecord(deps.state(), id);
    if (record && !record.selectable) {
      deps.change(state => say(state, 'info', 'This folder holds only other folders, no messages.'));
      return Promise.resolve();
    }
    const known = deps.opened.get(id);
    if (known) {
      show(id, known, landing);
      return Promise.resolve();
    }
    return deps.track(
      fetchFolder(id).then(folder => {
        if (token !== latest) return;
        show(id, folder, landing);
        // The rest of a large folder is read after the first frame, before somebody scrolls there.
        const afterFrame = new Promise(resolve => setImmediate(resolve));
        deps.track(afterFrame.then(() => whenFolderLoaded(id, folder, () => undefined)));
      }),
    );
  };

  return {
    open,
    async openFirst(start) {
      const record = firstFolder(deps.state(), deps.data, start);
      if (record) await open(record.id);
    },
    whenLoaded(then) {
      const { folder: id } = deps.state();
      const folder = id === null ? undefined : deps.opened.get(id);
      if (id !== null && folder) whenFolderLoaded(id, folder, then);
    },
    loadVisible() {
      const state = deps.state();
      const id = state.folder;
      const folder = id === null ? undefined : deps.opened.get(id);
      if (id === null || !folder || folder.length === 0) return;
      const { from, to } = windowOf(listOf(state, id), folder, listHeight(state));
      // The rows themselves, then a little around them: three places are enough to see that a shard is missing.
      for (const position of [from, to - 1, from - AHEAD, to + AHEAD]) {
        const at = Math.max(0, Math.min(folder.length - 1, position));
        const uid = folder.uidAt(at);
        const key = `${id} ${at}`;
        if (uid === undefined || folder.envelope(uid) !== undefined || loading.has(key)) continue;
        loading.add(key);
        deps.track(
          folder
            .ensure(at, at)
            .then(() => bump(id))
            .finally(() => loading.delete(key)),
        );
      }
    },
  };
}

function firstFolder(state: AppState, data: Data, start: AppDeps['start']): FolderRecord | undefined {
  const wanted = start.account ?? data.config.defaultAccount;
  const views = wanted === null ? state.accounts : state.accounts.filter(view => view.id === wanted);
  const all = views.flatMap(view => view.folders).filter(folder => folder.selectable);
  const named = start.folder;
  if (named !== null) {
    const found =
      all.find(folder => folder.path === named) ??
      all.find(folder => folder.role === named.toLowerCase()) ??
      all.find(folder => folder.path.toLowerCase() === named.toLowerCase());
    if (found) return found;
  }
  return all.find(folder => folder.role === 'inbox') ?? all[0];
}
