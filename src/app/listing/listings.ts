// Which listing the state's list is. A folder in the order of arrival is the store's own; any other order is built in
// the background, and until it is there the list stays as it was. What the store tells of is handed to all of them.
import { splitFolderId } from '../../mail/ids.ts';
import { isEmpty, matches, parseQuery } from '../../mail/query.ts';
import { BY_ARRIVAL, type Sort } from '../../mail/sort.ts';
import type { FolderId, LocalUid } from '../../mail/types.ts';
import type { FolderRecord, FolderStore, StoreEvent } from '../../store/types.ts';
import { createPace } from '../../util/pace.ts';
import { lastOf } from '../last-of.ts';
import type { AppState } from '../state.ts';
import { createEnvelopes, type Envelopes } from './envelopes.ts';
import { FolderFacts, factsOf, scanned, withFlags } from './facts.ts';
import { folderListing } from './folder.ts';
import { Indexed, type Plan } from './indexed.ts';
import { createRowKeys } from './keys.ts';
import { orderOf } from './order.ts';
import { isUnified, type ListId, type Listing } from './types.ts';
import { foldersOf, unifiedOf } from './unified.ts';

/** Which messages of a folder came, went, or have other flags; `all`: any may. */
export type Touched = ReadonlyMap<FolderId, ReadonlySet<LocalUid> | 'all'>;

export interface ListingsDeps {
  /** Folders that are in memory. */
  readonly opened: ReadonlyMap<FolderId, FolderStore>;
  openFolder(id: FolderId): Promise<FolderStore>;
  background(work: Promise<void>): void;
  /** `take` puts another listing in the place of the one that `of` gives; `fresh`: it begins at its first row. */
  arranged(id: ListId, take: () => void, fresh: boolean): void;
  /** Rows of this list are others now. */
  changed(id: ListId): void;
  readonly now: () => number;
}

export interface Listings {
  readonly envelopes: Envelopes;
  /** What is in the list; undefined while it is read from the disk. */
  of(state: AppState): Listing | undefined;
  /** Begins to build what the state asks for, and lets go of what nobody asks for any more. */
  arrange(state: AppState): void;
  /** What `of` gives is what the state asks for, not what was shown before. */
  isArranged(state: AppState): boolean;
  /** Resolves when the first rows of the state's list are known, in its own order. */
  ready(state: AppState): Promise<void>;
  /** The state's list is shown again: what stayed in it only for being looked at goes. */
  refresh(state: AppState): Promise<void>;
  /** The list is shown for the first time: whatever order it comes in, it begins at its first row. */
  fresh(id: ListId): void;
  /** What the store tells. */
  note(event: StoreEvent): void;
  /** Takes in what was told. Returns the lists whose rows are others now, and what that was. */
  update(): { readonly lists: readonly ListId[]; readonly touched: Touched };
  /** Somebody types: work in the background makes room. */
  typed(): void;
  close(): void;
}

interface Wish {
  readonly key: string;
  readonly id: ListId;
  readonly sort: Sort;
  readonly filter: string;
  /** The order in which the store has them. */
  readonly plain: boolean;
}

interface View {
  readonly wish: Wish;
  indexed: Indexed | null;
  /** Its folders are opened, and its first rows are known. */
  readonly ready: Promise<void>;
  /** `of` gives it. */
  taken: boolean;
  closed: boolean;
  /** Of a list over several folders: those that are in it. */
  readonly members: Set<FolderId>;
}

/** Lists that are kept up to date although another one is shown: going back finds them as they were. */
const VIEWS = 4;
/** Work in the background in one piece; milliseconds. */
const SPELL_MS = 6;
/** Between two frames that rows cause which are read in the background. */
const FRAME_MS = 100;

export function createListings(deps: ListingsDeps): Listings {
  const { opened } = deps;
  const envelopes = createEnvelopes();
  const keys = createRowKeys();
  const plain = new WeakMap<FolderStore, Listing>();
  /** The one used last is the last. */
  const views = new Map<string, View>();
  /** What each list showed last, for while its next order is built. */
  const last = new Map<ListId, Listing>();
  const facts = new Map<FolderId, FolderFacts>();
  const fresh = new Set<ListId>();
  const told = new Map<FolderId, Set<LocalUid> | 'all'>();
  const pace = createPace();
  let began = performance.now();
  let closed = false;

  const turn = async (): Promise<void> => {
    if (performance.now() - began < SPELL_MS) return;
    await pace.turn();
    began = performance.now();
  };

  const folderRows = (id: FolderId): Listing | undefined => {
    const folder = opened.get(id);
    if (!folder) return undefined;
    const known = plain.get(folder);
    if (known) return known;
    const made = folderListing(folder);
    plain.set(folder, made);
    return made;
  };

  const of: Listings['of'] = state => {
    const wish = wishOf(state);
    if (!wish) return undefined;
    const { id, key } = wish;
    if (wish.plain && !isUnified(id)) return folderRows(id);
    const view = views.get(key);
    if (view?.taken && view.indexed) return view.indexed;
    return last.get(id) ?? (isUnified(id) ? undefined : folderRows(id));
  };

  const factsIn = (folder: FolderStore): FolderFacts => {
    const { id } = folder.record;
    const known = facts.get(id);
    if (known) return known;
    const made = new FolderFacts(folder);
    facts.set(id, made);
    deps.background(made.fill(turn));
    return made;
  };

  const planOf = (
    { id, sort, filter }: Wish,
    folders: readonly FolderStore[],
    members: ReadonlySet<FolderId>,
  ): Plan => {
    const query = parseQuery(filter, deps.now());
    const unified = isUnified(id) ? unifiedOf(id) : null;
    const keeps = unified?.keeps ?? null;
    const accepts: Plan['accepts'] = isEmpty(query) ? null : (mail, flags) => matches(query, mail, flags);
    const common = { id, folders, order: orderOf(sort, unified !== null), keeps, accepts };
    const read: Plan['read'] = folder => {
      if (keeps) return withFlags(folder, keeps);
      return accepts ? factsIn(folder).read() : scanned(folder);
    };
    if (isUnified(id)) {
      // Their places are in the accounts' order, whichever has mail first: so do rows stand that are equal.
      for (const folder of members) keys.keyOf(folder, 0);
      return {
        ...common,
        read,
        keyOf: (folder, uid) => (members.has(folder) ? keys.keyOf(folder, uid) : undefined),
        message(key) {
          const in_ = keys.folderOf(key);
          const folder = in_ === undefined ? undefined : opened.get(in_);
          return folder && { folder, uid: keys.uidOf(key) };
        },
      };
    }
    const [only] = folders;
    return {
      ...common,
      read,
      keyOf: (folder, uid) => (folder === id ? uid : undefined),
      message: uid => only && { folder: only, uid },
    };
  };
  const build = (wish: Wish, members: Set<FolderId>): View => {
    const made: View = { wish, indexed: null, taken: false, closed: false, members, ready: begin() };
    return made;

    async function begin(): Promise<void> {
      // Not before the view is known.
      await null;
      const folders = await Promise.all([...members].map(deps.openFolder));
      if (made.closed) return;
      let shownAt = Number.NEGATIVE_INFINITY;
      await new Promise<void>((resolve, reject) => {
        const indexed = new Indexed(planOf(wish, folders, members), {
          envelopes,
          turn,
          background: deps.background,
          changed: final => {
            if (made.closed) return;
            const time = performance.now();
            // A burst of rows makes a handful of frames.
            if (made.taken && !final && time - shownAt < FRAME_MS) return;
            shownAt = time;
            if (indexed.usable && !made.taken) {
              const take = () => {
                made.taken = true;
                last.set(wish.id, indexed);
              };
              deps.arranged(wish.id, take, fresh.delete(wish.id));
              resolve();
            } else if (made.taken) deps.changed(wish.id);
          },
        });
        made.indexed = indexed;
        // What fails behind the first rows is told as well.
        deps.background(indexed.load());
        indexed.load().then(resolve, reject);
      });
    }
  };

  const drop = (key: string, gone: View): void => {
    views.delete(key);
    gone.closed = true;
    gone.indexed?.close();
  };

  const wanted = (state: AppState): View | undefined => {
    const wish = wishOf(state);
    if (!wish) return undefined;
    const plainly = wish.plain && !isUnified(wish.id);
    if (wish.filter === '') {
      for (const one of facts.values()) one.close();
      facts.clear();
    }
    for (const id of last.keys()) if (id !== wish.id) last.delete(id);
    // A filter that is typed leaves no trail of lists behind.
    for (const [key, other] of views) {
      if (other.wish.filter !== '' && key !== wish.key) drop(key, other);
    }
    if (plainly) {
      last.delete(wish.id);
      return undefined;
    }
    const known = views.get(wish.key);
    const members = membersOf(state, wish.id);
    if (known) {
      views.delete(wish.key);
      views.set(wish.key, known);
      join(known, members);
      if (known.taken && known.indexed) last.set(wish.id, known.indexed);
      return known;
    }
    const made = build(wish, new Set(members));
    views.set(wish.key, made);
    deps.background(made.ready);
    for (const [key, old] of views) {
      if (views.size <= VIEWS) break;
      if (old !== made) drop(key, old);
    }
    return made;
  };

  /** Folders that came since it was built. Those that are gone leave it. */
  const join = (to: View, members: readonly FolderId[]): void => {
    const more = members.filter(id => !to.members.has(id));
    for (const id of more) to.members.add(id);
    if (more.length === 0) return;
    const open = async () => {
      await to.ready;
      for (const folder of await Promise.all(more.map(deps.openFolder))) await to.indexed?.join(folder);
    };
    deps.background(open());
  };

  const leave = (state: AppState): void => {
    for (const to of views.values()) {
      for (const id of to.members) {
        if (hasFolder(state, id)) continue;
        to.members.delete(id);
        const folder = opened.get(id);
        if (folder && to.indexed?.leave(folder)) deps.changed(to.wish.id);
      }
    }
  };

  let arrangedFor: Pick<AppState, 'list' | 'sorts' | 'filter' | 'accounts'> | null = null;
  return {
    envelopes,
    of,
    arrange(state) {
      const before = arrangedFor;
      if (
        closed ||
        (before?.list === state.list &&
          before.sorts === state.sorts &&
          before.filter === state.filter &&
          before.accounts === state.accounts)
      ) {
        return;
      }
      arrangedFor = state;
      wanted(state);
      if (before?.accounts !== state.accounts) leave(state);
    },
    isArranged: state => wanted(state)?.taken !== false,
    async ready(state) {
      await wanted(state)?.ready;
    },
    async refresh(state) {
      const shown = wanted(state);
      if (shown?.taken) await shown.indexed?.refresh();
    },
    fresh(id) {
      fresh.clear();
      fresh.add(id);
    },
    note(event) {
      if (event.t !== 'folder' || closed) return;
      const { folder, messages, flags = [] } = event;
      if (!opened.has(folder) || (!messages && flags.length === 0)) return;
      const known = told.get(folder);
      if (known === 'all') return;
      if (messages === 'all') told.set(folder, 'all');
      else {
        const uids = known ?? new Set();
        for (const uid of [...(messages?.put ?? []), ...(messages?.gone ?? []), ...flags]) uids.add(uid);
        told.set(folder, uids);
      }
    },
    update() {
      const touched = new Map(told);
      told.clear();
      const lists = new Set<ListId>();
      for (const [id, uids] of touched) {
        const folder = opened.get(id);
        if (!folder) continue;
        const all = uids === 'all' ? [] : [...uids];
        for (const uid of all) {
          const envelope = facts.has(id) ? folder.envelope(uid) : undefined;
          if (envelope) facts.get(id)?.add({ uid, facts: factsOf(envelope) });
        }
        const news = uids === 'all' ? { messages: uids } : { messages: { put: all, gone: all }, flags: all };
        for (const { wish, indexed } of views.values()) {
          indexed?.take(folder, news);
          if (indexed?.has(folder)) lists.add(wish.id);
        }
      }
      return { lists: [...lists], touched };
    },
    typed: () => pace.touched(),
    close() {
      closed = true;
      for (const [key, one] of views) drop(key, one);
      for (const one of facts.values()) one.close();
    },
  };
}

const wishOf = (state: AppState) => wishFor(state.list, state.sorts, state.filter);

const wishFor = lastOf(
  (id: ListId | null, sorts: AppState['sorts'], typed: AppState['filter']): Wish | null => {
    if (id === null) return null;
    const sort = sorts[id] ?? BY_ARRIVAL;
    const filter = typed?.text.trim() ?? '';
    const plain = sort.by === 'arrival' && !sort.reverse && filter === '';
    return { key: `${id} ${sort.by} ${sort.reverse} ${filter}`, id, sort, filter, plain };
  },
);

function hasFolder({ accounts }: AppState, id: FolderId): boolean {
  const { account } = splitFolderId(id);
  return accounts.some(view => view.id === account && view.folders.some(folder => folder.id === id));
}

/** The folders that have something to say in this list. */
function membersOf({ accounts }: AppState, id: ListId): readonly FolderId[] {
  if (!isUnified(id)) return [id];
  const all: readonly FolderRecord[] = accounts.flatMap(({ folders }) => folders);
  return foldersOf(id, all)
    .filter(({ counts }) =>
      id === 'all:unread' ? counts.unread > 0 : id !== 'all:flagged' || counts.total > 0,
    )
    .map(folder => folder.id);
}
