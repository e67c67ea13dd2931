// Shows folders: opens them from the cache, tells the engine which one is on the screen, and reads the envelopes of
// the visible rows (and a few pages around them) from the disk.
import { messageId, splitFolderId } from '../mail/ids.ts';
import { type FolderId, type MessageId, SEEN } from '../mail/types.ts';
import type { FolderRecord } from '../store/types.ts';
import type { Data } from './commands/command.ts';
import type { Core } from './core.ts';
import { putCursor, windowOf } from './list-view.ts';
import { rowsOf } from './listing/folder.ts';
import type { ListId, Listing } from './listing/types.ts';
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
  const loading = new Set<string>();
  let latest = 0;

  const bump = (id: ListId) =>
    change(state => ({ ...state, revs: { ...state.revs, [id]: (state.revs[id] ?? 0) + 1 } }));

  /** With the rows that will be seen first: a list is drawn once, and whole. */
  const fetchFolder = async (id: FolderId): Promise<void> => {
    const account = await core.deps.store.account(splitFolderId(id).account);
    const folder = await account.folder(id);
    const { from, to } = windowOf(listOf(now(), id), rowsOf(folder), listHeight(now()));
    if (to > from) await folder.ensure(from, to - 1);
    opened.set(id, folder);
  };

  /** The list shows this folder now; the one before keeps its cursor for when it comes back. */
  const show = (id: FolderId, landing: Landing | undefined) => {
    const before = now();
    const inReader = hasLayer(before, 'reader');
    change(state => {
      const shown: AppState = {
        ...state,
        stack: [{ t: 'list' }],
        list: id,
        folder: id,
        pending: state.pending,
      };
      return { ...shown, revs: { ...shown.revs, [id]: shown.revs[id] ?? 0 } };
    });
    for (const engine of engines.values()) {
      engine.show(engine.account === splitFolderId(id).account ? id : null);
    }
    if (landing) land(landing, inReader);
  };

  const land = (landing: Landing, open: boolean) => {
    const rows = core.data.listing(now());
    if (!rows) return;
    const { id } = rows;
    const go = () => {
      const isUnread = (position: number) => {
        const message = messageAt(rows, position);
        return message !== undefined && ((message.folder.flags(message.uid) ?? SEEN) & SEEN) === 0;
      };
      const step = landing === 'first-unread' ? 1 : -1;
      let at = step > 0 ? 0 : rows.length - 1;
      while (at >= 0 && at < rows.length && !isUnread(at)) at += step;
      const found = messageAt(rows, at);
      if (!found) return;
      change(state => setList(state, id, putCursor(listOf(state, id), rows, listHeight(state), at)));
      if (open) openMessage(messageId(found.folder.record.id, found.uid));
    };
    if (rows.whole) go();
    else track(loadWhole(rows).then(go));
  };

  const loadWhole = async (rows: Listing): Promise<void> => {
    if (rows.whole) return;
    await rows.load();
    bump(rows.id);
  };

  const open = (id: FolderId, landing?: Landing): Promise<void> => {
    latest += 1;
    const token = latest;
    const record = folderRecord(now(), id);
    if (record && !record.selectable) {
      change(state => say(state, 'info', 'This folder holds only other folders, no messages.'));
      return Promise.resolve();
    }
    if (opened.has(id)) {
      show(id, landing);
      return Promise.resolve();
    }
    return track(
      fetchFolder(id).then(() => {
        if (token !== latest) return;
        show(id, landing);
        // The rest of a large folder is read after the first frame, before somebody scrolls there.
        const rows = core.data.listing(now());
        const afterFrame = new Promise(resolve => setImmediate(resolve));
        if (rows) track(afterFrame.then(() => loadWhole(rows)));
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
      const rows = core.data.listing(now());
      if (!rows) return;
      if (rows.whole) then();
      else track(loadWhole(rows).then(then));
    },
    loadVisible() {
      const state = now();
      const rows = core.data.listing(state);
      if (!rows || rows.length === 0) return;
      const { id } = rows;
      const { from, to } = windowOf(listOf(state, id), rows, listHeight(state));
      // The rows themselves, then a little around them: three places are enough to see that a shard is missing.
      for (const position of [from, to - 1, from - AHEAD, to + AHEAD]) {
        const at = Math.max(0, Math.min(rows.length - 1, position));
        const message = messageAt(rows, at);
        const key = `${id} ${at}`;
        if (!message || message.folder.envelope(message.uid) !== undefined || loading.has(key)) continue;
        loading.add(key);
        track(
          rows
            .ensure(at, at)
            .then(() => bump(id))
            .finally(() => loading.delete(key)),
        );
      }
    },
  };
}

function messageAt(rows: Listing, position: number): ReturnType<Listing['message']> {
  const key = rows.keyAt(position);
  return key === undefined ? undefined : rows.message(key);
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
