// Shows folders: opens them from the cache, tells the engine which one is on the screen, and reads the envelopes of
// the visible rows (and a few pages around them) from the disk.
import { messageId, splitFolderId } from '../mail/ids.ts';
import type { AccountId, FolderId, MessageId } from '../mail/types.ts';
import type { FolderRecord, FolderStore } from '../store/types.ts';
import type { Data } from './commands/command.ts';
import type { Core } from './core.ts';
import { putCursor, windowOf } from './list-view.ts';
import { rowsOf } from './listing/folder.ts';
import { isUnified, type ListId, type Listing } from './listing/types.ts';
import { unreadAt } from './listing/unread.ts';
import { folderRecord, listHeight } from './selectors.ts';
import { type AppState, hasLayer, listOf, say, setList } from './state.ts';
import type { AppDeps } from './types.ts';

/** Rows beyond the window whose envelopes are read early, so that paging finds them in memory. */
const AHEAD = 200;
/** A person sees no wait yet. */
const SOON_MS = 150;

export type Landing = 'first-unread' | 'last-unread';

export interface Folders {
  /** Resolves when it is in the list (or another one was asked for meanwhile). */
  open(id: ListId, landing?: Landing): Promise<void>;
  /**
   * Where the person asked to start (`all`: in all inboxes), else in all inboxes where several accounts have one, else
   * in the first. Nothing while no folder is known.
   */
  openFirst(start: AppDeps['start']): Promise<void>;
  whenLoaded(then: () => void): void;
  loadVisible(): void;
}

export function createFolders(core: Core, openMessage: (id: MessageId) => void): Folders {
  const { change, track, opened, engines } = core;
  const now = () => core.state.get();
  const loading = new Set<string>();
  /** Folders that were shown: their first rows are in memory, the others come. */
  const seen = new WeakSet<FolderStore>();
  let latest = 0;

  const bump = (id: ListId) =>
    change(state => ({ ...state, revs: { ...state.revs, [id]: (state.revs[id] ?? 0) + 1 } }));

  /** With the rows that will be seen first: a list is drawn once, and whole. */
  const fetchFolder = async (id: FolderId): Promise<void> => {
    const folder = await core.openFolder(id);
    const { from, to } = windowOf(listOf(now(), id), rowsOf(folder), listHeight(now()));
    if (to > from) await folder.ensure(from, to - 1);
  };

  /** The list shows this now; the one before keeps its cursor for when it comes back. */
  const show = (id: ListId, landing: Landing | undefined) => {
    const before = now();
    const inReader = hasLayer(before, 'reader');
    const folder = isUnified(id) ? null : id;
    if (before.lists[id] === undefined) core.listings.fresh(id);
    change(state => {
      const shown: AppState = { ...state, stack: [{ t: 'list' }], list: id, folder, filter: null };
      return { ...shown, revs: { ...shown.revs, [id]: shown.revs[id] ?? 0 } };
    });
    for (const engine of engines.values()) engine.show(shownOf(engine.account, id));
    if (landing) land(landing, inReader);
  };

  /** What an account's engine looks after first. */
  const shownOf = (account: AccountId, id: ListId): FolderId | null => {
    if (!isUnified(id)) return splitFolderId(id).account === account ? id : null;
    const folders = now().accounts.find(view => view.id === account)?.folders ?? [];
    return id === 'all:inbox' ? (folders.find(({ role }) => role === 'inbox')?.id ?? null) : null;
  };

  /** A list in an order of its own is shown when its first rows are known, or as it is where that takes long. */
  const openArranged = async (id: ListId, token: number, landing: Landing | undefined): Promise<void> => {
    if (!isUnified(id) && !opened.has(id)) await fetchFolder(id);
    if (token !== latest) return;
    const next: AppState = { ...now(), list: id, folder: isUnified(id) ? null : id, filter: null };
    const ready = core.listings.ready(next).then(() => core.listings.refresh(next));
    await (isUnified(id) ? ready : Promise.race([ready, soon()]));
    if (token === latest) show(id, landing);
  };

  const land = (landing: Landing, open: boolean) => {
    const rows = core.data.listing(now());
    if (!rows) return;
    const { id } = rows;
    const go = () => {
      const isUnread = (position: number) => {
        const key = rows.keyAt(position);
        return key !== undefined && unreadAt(rows, key) !== undefined;
      };
      const step = landing === 'first-unread' ? 1 : -1;
      let at = step > 0 ? 0 : rows.length - 1;
      while (at >= 0 && at < rows.length && !isUnread(at)) at += step;
      const key = rows.keyAt(at);
      const found = key === undefined ? undefined : rows.message(unreadAt(rows, key) ?? key);
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

  const open = (id: ListId, landing?: Landing): Promise<void> => {
    latest += 1;
    const token = latest;
    const record = folderRecord(now(), id);
    if (record && !record.selectable) {
      change(state => say(state, 'info', 'This folder holds only other folders, no messages.'));
      return Promise.resolve();
    }
    if (isUnified(id) || now().sorts[id]) return track(openArranged(id, token, landing));
    const known = opened.get(id);
    if (known && seen.has(known)) {
      show(id, landing);
      return Promise.resolve();
    }
    return track(
      fetchFolder(id).then(() => {
        if (token !== latest) return;
        show(id, landing);
        const rows = core.data.listing(now());
        const folder = opened.get(id);
        if (folder) seen.add(folder);
        // The rest of a large folder is read after the first frame, before somebody scrolls there.
        const afterFrame = new Promise(resolve => setImmediate(resolve));
        if (rows) track(afterFrame.then(() => loadWhole(rows)));
      }),
    );
  };

  /** A filter that was typed just now is not what the rows show yet. */
  const loaded = async (): Promise<void> => {
    await core.listings.ready(now());
    const rows = core.data.listing(now());
    if (rows && !rows.whole) await loadWhole(rows);
  };

  return {
    open,
    async openFirst(start) {
      const record = firstFolder(now(), core.data, start);
      if (record) await open(startsWithAll(core.data, start, record) ? 'all:inbox' : record.id);
    },
    whenLoaded(then) {
      const rows = core.data.listing(now());
      if (!rows) return;
      if (rows.whole && core.listings.isArranged(now())) then();
      else track(loaded().then(then));
    },
    loadVisible() {
      const state = now();
      const rows = core.data.listing(state);
      if (!rows || rows.length === 0) return;
      const { id } = rows;
      const { from, to } = windowOf(listOf(state, id), rows, listHeight(state));
      // The rows themselves, then a little around them: where neighbours lie together, three places are enough to see
      // that something is missing.
      const around = [from - AHEAD, to + AHEAD].map(at => Math.max(0, Math.min(rows.length - 1, at)));
      const shown = Array.from({ length: to - from }, (_, i) => from + i);
      for (const positions of [shown, ...around.map(at => [at])]) {
        const missing = positions.flatMap(position => {
          const message = messageAt(rows, position);
          return message && !core.data.envelope(message) ? [message] : [];
        });
        const [first] = missing;
        const key = first && `${first.folder.record.id} ${first.uid} ${missing.length}`;
        if (key === undefined || loading.has(key)) continue;
        loading.add(key);
        track(
          core.listings.envelopes
            .read(missing)
            .then(() => bump(id))
            .finally(() => loading.delete(key)),
        );
      }
    },
  };
}

const soon = () => new Promise<void>(resolve => setTimeout(resolve, SOON_MS).unref());

function messageAt(rows: Listing, position: number): ReturnType<Listing['message']> {
  const key = rows.keyAt(position);
  return key === undefined ? undefined : rows.message(key);
}

/** Nothing was asked for and several accounts have an inbox, or it was asked for and no folder has that name. */
function startsWithAll({ config }: Data, start: AppDeps['start'], first: FolderRecord): boolean {
  if (start.folder !== null)
    return start.folder.toLowerCase() === 'all' && first.name.toLowerCase() !== 'all';
  // What is not known yet counts: its inbox joins the list when it comes.
  const own = config.accounts.filter(({ disabled, deliverTo }) => !disabled && deliverTo === undefined);
  return start.account === null && own.length > 1;
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
