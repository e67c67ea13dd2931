// A list by conversations: a row for each, where its first message stands in the list below, and under it, unfolded,
// all of its messages as a tree. Keeps up with what comes and goes; looks only at conversations that changed.
import { splitFolderId } from '../../mail/ids.ts';
import { NONE } from '../../mail/threads/number-map.ts';
import type { ThreadId, ThreadRow } from '../../mail/threads/thread-index.ts';
import { FLAGGED, type FolderId, type LocalUid, SEEN } from '../../mail/types.ts';
import type { Fold, ListId, Listing, RowKey } from '../listing/types.ts';
import { isUnread } from '../listing/unread.ts';
import { type AccountThreads, createWhereabouts, type Place, placeOf } from './conversations.ts';
import { FOLDED, type Folds } from './folds.ts';
import { createPick } from './pick.ts';
import { RowHeads } from './row-heads.ts';

/** Keys of messages of other folders than the list's: the list's own are below 2**32 times this. */
const ELSEWHERE = 2 ** 20;
const KEYS = 2 ** 32;
/** Envelopes are read for so many rows around one that is missing. */
const AROUND = 60;

/** Conversations whose rows, and whose counts, are remembered: many screens of them. */
const UNFOLDED_KEPT = 300;
const SUMMARIES_KEPT = 2000;

/** The oldest go. */
function shorten(map: Map<unknown, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}

interface Unfolded {
  readonly rows: readonly ThreadRow[];
  readonly keys: readonly RowKey[];
}

interface Summary {
  readonly count: number;
  readonly unread: number;
  readonly starred: boolean;
  readonly files: boolean;
}

interface Named {
  readonly folder: FolderId;
  readonly uid: LocalUid;
}

/** A conversation of one of the accounts. */
interface Thread {
  readonly threads: AccountThreads;
  readonly id: ThreadId;
  /** Unique among the list's. */
  readonly key: string;
}

export interface ThreadedDeps {
  readonly base: Listing;
  /** Of all the list's messages. */
  readonly accounts: readonly AccountThreads[];
  /** The list is one folder in the order of arrival. */
  readonly plain: boolean;
  /** Reads envelopes that are not in memory. */
  read(messages: readonly Place[]): Promise<unknown>;
}

export class Threaded implements Listing {
  readonly id: ListId;
  readonly base: Listing;
  readonly #deps: ThreadedDeps;
  readonly #heads: RowHeads;
  readonly #pick: ReturnType<typeof createPick>;
  readonly #accounts: ReadonlyMap<string, AccountThreads>;
  #folds = FOLDED;
  #flagged = -1;
  /** By the conversation's key. */
  readonly #summaries = new Map<string, Summary>();
  readonly #unfolded = new Map<string, Unfolded>();
  /** Rows that went, and which took their places. */
  readonly #successors = new Map<RowKey, RowKey>();
  readonly #folders: FolderId[] = [];
  readonly #where = createWhereabouts();

  constructor(deps: ThreadedDeps) {
    this.#deps = deps;
    this.base = deps.base;
    this.id = deps.base.id;
    this.#accounts = new Map(deps.accounts.map(threads => [threads.account, threads]));
    this.#pick = createPick(deps.base);
    this.#heads = new RowHeads({
      base: deps.base,
      accounts: deps.accounts,
      plain: deps.plain,
      size: (threads, id) => this.#countOf(threads, id),
    });
  }

  /** As it is now, with these folds. `rev` grows with every change of the list below. */
  at(folds: Folds, rev: number): this {
    let flagged = 0;
    for (const threads of this.#deps.accounts) {
      for (const folder of threads.folders.values()) flagged += folder.rev;
    }
    if (flagged !== this.#flagged) this.#summaries.clear();
    this.#flagged = flagged;
    const touched = this.#heads.update(rev);
    for (const { threads, id } of touched) this.#renew(this.#thread(threads, id));
    if (folds !== this.#folds || touched.length > 0) {
      this.#folds = folds;
      const except = [...folds.except].flatMap(name => {
        const cut = name.lastIndexOf(':');
        const threads = this.#accounts.get(name.slice(0, cut));
        const id = threads?.index.threadOfNode(Number(name.slice(cut + 1)));
        return threads && id !== undefined ? [{ threads, id }] : [];
      });
      this.#heads.fold(folds.open, except);
    }
    return this;
  }

  get length(): number {
    return this.#heads.length;
  }

  get whole(): boolean {
    return this.base.whole;
  }

  load(): Promise<void> {
    return this.base.load();
  }

  keyAt(position: number): RowKey | undefined {
    const found = this.#heads.at(position);
    if (!found || this.#isFolded(found.head)) return found?.head;
    const thread = this.#threadOf(found.head);
    return thread ? this.#rowsOf(thread).keys[found.row] : found.head;
  }

  positionOf(key: RowKey): number {
    const thread = this.#threadOf(key);
    const head = thread ? this.#heads.headOf(thread.threads, thread.id) : key;
    const start = this.#heads.positionOf(head);
    if (start < 0) return -1;
    if (!thread || this.#isFolded(head)) return key === head ? start : -1;
    const row = this.#rowsOf(thread).keys.indexOf(key);
    return row < 0 ? -1 : start + row;
  }

  locate(key: RowKey): number {
    const exact = this.positionOf(key);
    if (exact >= 0) return exact;
    const thread = this.#threadOf(key);
    const head = thread && this.#heads.headOf(thread.threads, thread.id);
    // Inside a fold: where that is.
    const start = head === undefined ? -1 : this.#heads.positionOf(head);
    if (start >= 0) return start;
    const successor = this.#successors.get(key);
    if (successor !== undefined && successor !== key) {
      const position = this.positionOf(successor);
      if (position >= 0) return position;
    }
    return key < KEYS * ELSEWHERE ? this.#heads.locate(key) : 0;
  }

  message(key: RowKey): Place | undefined {
    const folder = this.#folders[Math.floor(key / KEYS) - ELSEWHERE];
    if (folder === undefined) return this.base.message(key);
    const { account, folder: number } = splitFolderId(folder);
    return this.#accounts.get(account)?.messageAt(placeOf(number, key % KEYS));
  }

  keyOf(folder: FolderId, uid: LocalUid): RowKey | undefined {
    const own = this.base.keyOf(folder, uid);
    if (own !== undefined) return own;
    const key = this.#elsewhere(folder, uid);
    const thread = this.#threadOf(key);
    // It stands only beside messages of the list.
    return thread && this.#heads.headOf(thread.threads, thread.id) !== NONE ? key : undefined;
  }

  async ensure(from: number, to: number): Promise<void> {
    const wanted: Place[] = [];
    const last = Math.min(this.length - 1, to + AROUND);
    for (let position = Math.max(0, from - AROUND); position <= last; position++) {
      const key = this.keyAt(position);
      const message = key === undefined ? undefined : this.message(key);
      if (message && !message.folder.envelope(message.uid)) wanted.push(message);
    }
    await this.#deps.read(wanted);
  }

  fold(key: RowKey): Fold | undefined {
    const thread = this.#threadOf(key);
    if (!thread) return undefined;
    const head = this.#heads.headOf(thread.threads, thread.id);
    const summary = this.#summary(thread);
    const folded = this.#isFolded(head);
    if (folded) return { ...summary, depth: 0, last: true, guides: 0, folded };
    const { rows, keys } = this.#rowsOf(thread);
    const row = rows[keys.indexOf(key)];
    if (!row) return undefined;
    const { depth, last, guides } = row;
    return { ...summary, depth, last, guides, folded, ...(this.#isOwn(key) ? {} : { elsewhere: true }) };
  }

  members(key: RowKey): readonly Named[] | undefined {
    const thread = this.#threadOf(key);
    const head = thread && this.#heads.headOf(thread.threads, thread.id);
    return head !== undefined && this.#isFolded(head) ? this.conversation(key) : undefined;
  }

  conversation(key: RowKey): readonly Named[] {
    const thread = this.#threadOf(key);
    if (!thread) return [];
    const found: Named[] = [];
    thread.threads.index.eachMessage(thread.id, places => {
      for (const place of this.#pick.own(thread.threads, places)) {
        const message = thread.threads.messageAt(place);
        if (message) found.push({ folder: message.folder.record.id, uid: message.uid });
      }
    });
    return found;
  }

  /** Names of the conversation that stay with it while it grows. */
  foldName(key: RowKey): string | undefined {
    const thread = this.#threadOf(key);
    const root = thread?.threads.index.rootOf(thread.id);
    return thread && root !== undefined ? `${thread.threads.account}:${root}` : undefined;
  }

  step(key: RowKey, by: 1 | -1): RowKey | undefined {
    const thread = this.#threadOf(key);
    if (!thread) return this.#nextHead(key, by);
    const { keys } = this.#rowsOf(thread);
    const row = keys.indexOf(key);
    const next = row < 0 ? undefined : keys[row + by];
    return next ?? this.#nextHead(this.#heads.headOf(thread.threads, thread.id), by);
  }

  place(key: RowKey): { readonly n: number; readonly of: number } | undefined {
    const thread = this.#threadOf(key);
    if (!thread) return undefined;
    const { keys } = this.#rowsOf(thread);
    return { n: keys.indexOf(key) + 1, of: keys.length };
  }

  firstUnread(key: RowKey): RowKey | undefined {
    const thread = this.#threadOf(key);
    const head = thread && this.#heads.headOf(thread.threads, thread.id);
    if (!thread || head === undefined || !this.#isFolded(head)) return isUnread(this, key) ? key : undefined;
    if (!this.#anyUnread(thread)) return undefined;
    return this.#rowsOf(thread).keys.find(each => isUnread(this, each));
  }

  parent(key: RowKey): RowKey | undefined {
    const thread = this.#threadOf(key);
    if (!thread) return undefined;
    const { rows, keys } = this.#rowsOf(thread);
    const row = keys.indexOf(key);
    const depth = rows[row]?.depth ?? 0;
    for (let i = row - 1; i >= 0; i--) if ((rows[i]?.depth ?? 0) < depth) return keys[i];
    return undefined;
  }

  /** The conversation's first message in the next or previous one's rows. */
  #nextHead(head: RowKey, by: 1 | -1): RowKey | undefined {
    const next = this.#heads.neighbour(head, by);
    if (next === undefined) return undefined;
    const thread = this.#threadOf(next);
    return thread ? this.#rowsOf(thread).keys.at(by > 0 ? 0 : -1) : next;
  }

  #isFolded(head: RowKey): boolean {
    return this.#heads.isFolded(head);
  }

  /** In any folder: cheap, for those who go through a whole list. */
  #anyUnread({ threads, id }: Thread): boolean {
    let any = false;
    threads.index.eachMessage(id, places => {
      for (const place of places) {
        const message = any ? undefined : threads.messageAt(place);
        any ||= message !== undefined && ((message.folder.flags(message.uid) ?? SEEN) & SEEN) === 0;
      }
    });
    return any;
  }

  #isOwn(key: RowKey): boolean {
    return key < KEYS * ELSEWHERE;
  }

  #thread(threads: AccountThreads, id: ThreadId): Thread {
    return { threads, id, key: `${threads.account}:${id}` };
  }

  #threadOf(key: RowKey): Thread | undefined {
    const message = this.message(key);
    if (!message) return undefined;
    const { account, folder } = this.#where.of(message.folder);
    const threads = this.#accounts.get(account);
    const id = threads?.index.threadOf(placeOf(folder, message.uid));
    return threads && id !== undefined ? this.#thread(threads, id) : undefined;
  }

  #elsewhere(folder: FolderId, uid: LocalUid): RowKey {
    let at = this.#folders.indexOf(folder);
    if (at < 0) at = this.#folders.push(folder) - 1;
    return (ELSEWHERE + at) * KEYS + uid;
  }

  #rowsOf(thread: Thread): Unfolded {
    const known = this.#unfolded.get(thread.key);
    if (known) return known;
    const { threads, id } = thread;
    const rows = threads.index.rows(id, places => this.#pick.shown(threads, places));
    const keys = rows.map(({ place }) => {
      const message = threads.messageAt(place);
      if (!message) return NONE;
      const folder = message.folder.record.id;
      return this.base.keyOf(folder, message.uid) ?? this.#elsewhere(folder, message.uid);
    });
    const made = { rows, keys };
    this.#unfolded.set(thread.key, made);
    shorten(this.#unfolded, UNFOLDED_KEPT);
    return made;
  }

  #countOf(threads: AccountThreads, id: ThreadId): number {
    let count = 0;
    threads.index.eachMessage(id, places => {
      count += this.#pick.shown(threads, places).length;
    });
    return count;
  }

  #summary(thread: Thread): Summary {
    const known = this.#summaries.get(thread.key);
    if (known) return known;
    const { threads, id } = thread;
    let count = 0;
    let unread = 0;
    let starred = false;
    let files = false;
    threads.index.eachMessage(id, places => {
      for (const place of this.#pick.shown(threads, places)) {
        const message = threads.messageAt(place);
        const flags = message?.folder.flags(message.uid) ?? SEEN;
        count++;
        if ((flags & SEEN) === 0) unread++;
        starred ||= (flags & FLAGGED) !== 0;
        files ||= threads.index.hasFiles(place);
      }
    });
    const made = { count, unread, starred, files };
    this.#summaries.set(thread.key, made);
    shorten(this.#summaries, SUMMARIES_KEPT);
    return made;
  }

  /** Its messages are others now: what stood in its rows finds its successor. */
  #renew(thread: Thread): void {
    this.#summaries.delete(thread.key);
    const before = this.#unfolded.get(thread.key);
    if (!before) return;
    this.#unfolded.delete(thread.key);
    const left = new Set(this.#rowsOf(thread).keys);
    let next: RowKey | undefined;
    for (const key of [...before.keys].reverse()) {
      if (left.has(key)) next = key;
      else if (next !== undefined) this.#successors.set(key, next);
    }
    next = undefined;
    for (const key of before.keys) {
      if (left.has(key)) next = key;
      else if (next !== undefined && !this.#successors.has(key)) this.#successors.set(key, next);
    }
    shorten(this.#successors, SUMMARIES_KEPT);
  }
}
