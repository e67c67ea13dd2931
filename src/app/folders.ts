// Shows folders: opens them from the cache, tells the engine which one is on the screen, and reads the envelopes of
// the visible rows (and a few pages around them) from the disk.
import { splitFolderId } from '../mail/ids.ts';
import { type FolderId, type MessageId, SEEN } from '../mail/types.ts';
import type { FolderRecord, FolderStore } from '../store/types.ts';
import type { Data } from './commands/command.ts';
import type { Core } from './core.ts';
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

export function createFolders(core: Core, openMessage: (id: MessageId) => void): Folders {
  const { change, track, opened, engines } = core;
  const now = () => core.state.get();
  const complete = new Set<FolderId>();
  const loading = new Set<string>();
  let latest = 0;

  const bump = (id: FolderId) =>
    change(state => ({ ...state, revs: { ...state.revs, [id]: (state.revs[id] ?? 0) + 1 } }));

  /** With the rows that will be seen first: a list is drawn once, and whole. */
  const fetchFolder = async (id: FolderId): Promise<FolderStore> => {
    const account = await core.deps.store.account(splitFolderId(id).account);
    const folder = await account.folder(id);
    const { from, to } = windowOf(listOf(now(), id), folder, listHeight(now()));
    if (to > from) await folder.ensure(from, to - 1);
    opened.set(id, folder);
    return folder;
  };

  /** The list shows this folder now; the one before keeps its cursor for when it comes back. */
  const show = (id: FolderId, folder: FolderStore, landing: Landing | undefined) => {
    const before = now();
    const inReader = hasLayer(before, 'reader');
    change(state => {
      const shown: AppState = { ...state, stack: [{ t: 'list' }], folder: id, pending: state.pending };
      return { ...shown, revs: { ...shown.revs, [id]: shown.revs[id] ?? 0 } };
    });
    for (const engine of engines.values()) {
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
      change(state => setList(state, id, putCursor(listOf(state, id), folder, listHeight(state), found)));
      if (open) openMessage(`${id}:${uid}` as MessageId);
    });
  };

  const whenFolderLoaded = (id: FolderId, folder: FolderStore, then: () => void) => {
    if (complete.has(id)) {
      then();
      return;
    }
    track(
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
    const record = folderRecord(now(), id);
    if (record && !record.selectable) {
      change(state => say(state, 'info', 'This folder holds only other folders, no messages.'));
      return Promise.resolve();
    }
    const known = opened.get(id);
    if (known) {
      show(id, known, landing);
      return Promise.resolve();
    }
    return track(
      fetchFolder(id).then(folder => {
        if (token !== latest) return;
        show(id, folder, landing);
        // The rest of a large folder is read after the first frame, before somebody scrolls there.
        const afterFrame = new Promise(resolve => setImmediate(resolve));
        track(afterFrame.then(() => whenFolderLoaded(id, folder, () => undefined)));
      }),
    );
  };

  return {
    open,
    async openFirst(start) {
      const record = firstFolder(now(), core.data, start);
      if (record) await open(record.id);
    },
    whenLoaded(then) {
      const { folder: id } = now();
      const folder = id === null ? undefined : opened.get(id);
      if (id !== null && folder) whenFolderLoaded(id, folder, then);
    },
    loadVisible() {
      const state = now();
      const id = state.folder;
      const folder = id === null ? undefined : opened.get(id);
      if (id === null || !folder || folder.length === 0) return;
      const { from, to } = windowOf(listOf(state, id), folder, listHeight(state));
      // The rows themselves, then a little around them: three places are enough to see that a shard is missing.
      for (const position of [from, to - 1, from - AHEAD, to + AHEAD]) {
        const at = Math.max(0, Math.min(folder.length - 1, position));
        const uid = folder.uidAt(at);
        const key = `${id} ${at}`;
        if (uid === undefined || folder.envelope(uid) !== undefined || loading.has(key)) continue;
        loading.add(key);
        track(
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
  const asked = start.account ?? data.config.defaultAccount;
  const into = data.config.accounts.find(({ id }) => id === asked)?.deliverTo;
  const own = state.accounts.find(({ id }) => id === asked)?.folders.length ?? 0;
  const wanted = own === 0 ? (into ?? asked) : asked;
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
