// The order of a list's conversations, and at which row each begins: for every conversation the first of its messages
// in the list below. Kept up with the conversations that changed; only a list in an order of its own is gone through
// again.
import { splitFolderId } from '../../mail/ids.ts';
import { NONE } from '../../mail/threads/number-map.ts';
import type { ThreadId } from '../../mail/threads/thread-index.ts';
import { isUnified, type Listing, type RowKey } from '../listing/types.ts';
import { type AccountThreads, createWhereabouts, placeOf, uidOf } from './conversations.ts';

export interface Touched {
  readonly threads: AccountThreads;
  readonly id: ThreadId;
}

export interface RowHeadsDeps {
  readonly base: Listing;
  readonly accounts: readonly AccountThreads[];
  /** The list is one folder, the highest numbers first. */
  readonly plain: boolean;
  /** Rows of a conversation when it is unfolded. */
  size(threads: AccountThreads, id: ThreadId): number;
}

/** More than so many at once: all of them are put in order again. */
const PIECEMEAL = 200;
const LEAST = 64;

interface Account {
  readonly threads: AccountThreads;
  readonly watch: ReturnType<AccountThreads['index']['watch']>;
  /** By the conversation's number: its row's key, or NONE. */
  heads: Float64Array<ArrayBuffer>;
  /** Rows when unfolded; 0: not counted. */
  sizes: Int32Array<ArrayBuffer>;
}

export class RowHeads {
  readonly #deps: RowHeadsDeps;
  readonly #accounts: readonly Account[];
  readonly #where = createWhereabouts();
  #order = new Float64Array(LEAST);
  #count = 0;
  #built = false;
  #rev = -1;
  #open = false;
  /** Conversations that are not as most are, by their rows' keys. */
  #special: ReadonlySet<RowKey> = new Set();
  /** Where conversations stand that have more than one row, ascending; their rows beyond the first up to each. */
  #breaks: readonly number[] = [];
  #extra: readonly number[] = [];

  constructor(deps: RowHeadsDeps) {
    this.#deps = deps;
    this.#accounts = deps.accounts.map(threads => ({
      threads,
      watch: threads.index.watch(),
      heads: new Float64Array(LEAST).fill(NONE),
      sizes: new Int32Array(LEAST),
    }));
  }

  close(): void {
    for (const { watch } of this.#accounts) watch.close();
  }

  /** Takes in what has changed. Returns the conversations that did, as far as they were known. */
  update(rev: number): readonly Touched[] {
    const touched = this.#accounts.flatMap(account => {
      const taken = account.watch.take();
      return taken.size === 0 ? [] : [...taken].map(id => ({ account, id }));
    });
    for (const { account, id } of touched) if (id < account.sizes.length) account.sizes[id] = 0;
    const other = !this.#deps.plain && rev !== this.#rev;
    this.#rev = rev;
    if (!this.#built || other || touched.length > PIECEMEAL || (touched.length > 0 && !this.#deps.plain)) {
      this.#build();
    } else {
      for (const { account, id } of touched) this.#forget(account, id);
      for (const { account, id } of touched) this.#look(account, id);
    }
    return touched.map(({ account, id }) => ({ threads: account.threads, id }));
  }

  /** `open`: all are unfolded but `except`; else only those are. */
  fold(open: boolean, except: readonly Touched[]): void {
    this.#open = open;
    this.#special = new Set(except.map(({ threads, id }) => this.headOf(threads, id)));
    const breaks: { at: number; rows: number }[] = [];
    const add = (account: Account, id: ThreadId, at: number) => {
      const rows = this.#size(account, id);
      if (rows > 1 && at >= 0) breaks.push({ at, rows });
    };
    if (open) {
      const positions = this.#deps.plain ? null : this.#positions();
      for (const account of this.#accounts) {
        for (let id = 0; id < account.heads.length; id++) {
          const head = account.heads[id] ?? NONE;
          if (head === NONE || this.#special.has(head)) continue;
          add(account, id, positions ? (positions.get(head) ?? -1) : this.#indexOf(head));
        }
      }
    } else {
      for (const { threads, id } of except) {
        const account = this.#accounts.find(each => each.threads === threads);
        if (account) add(account, id, this.#indexOf(this.headOf(threads, id)));
      }
    }
    breaks.sort((a, b) => a.at - b.at);
    const once = breaks.filter(({ at }, i) => i === 0 || at !== breaks[i - 1]?.at);
    let sum = 0;
    this.#breaks = once.map(({ at }) => at);
    this.#extra = once.map(({ rows }) => {
      sum += rows - 1;
      return sum;
    });
  }

  get length(): number {
    return this.#count + (this.#extra.at(-1) ?? 0);
  }

  isFolded(head: RowKey): boolean {
    return this.#open === this.#special.has(head);
  }

  /** NONE: the list has none of its messages. */
  headOf(threads: AccountThreads, id: ThreadId): RowKey {
    return this.#accounts.find(account => account.threads === threads)?.heads[id] ?? NONE;
  }

  /** Which conversation, by its row's key, and which of its rows. */
  at(position: number): { readonly head: RowKey; readonly row: number } | undefined {
    if (position < 0 || position >= this.length) return undefined;
    // The last one with more rows that begins here or above.
    let low = 0;
    let high = this.#breaks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#breaks[middle] ?? 0) + (this.#extra[middle - 1] ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    const before = this.#extra[low - 2] ?? 0;
    const after = this.#extra[low - 1] ?? 0;
    const at = this.#breaks[low - 1];
    if (at !== undefined && position <= at + after)
      return { head: this.#key(at), row: position - at - before };
    return { head: this.#key(position - after), row: 0 };
  }

  /** Of the conversation's first row; -1: there is none. */
  positionOf(head: RowKey): number {
    const at = this.#indexOf(head);
    return at < 0 ? -1 : this.#start(at);
  }

  /** Of the conversation that took its place. */
  locate(key: RowKey): number {
    if (this.#count === 0) return 0;
    if (this.#deps.plain) return this.#start(Math.min(this.#lower(key), this.#count - 1));
    const { base } = this.#deps;
    const from = base.locate(key);
    for (const step of [1, -1]) {
      for (let position = from; position >= 0 && position < base.length; position += step) {
        const at = this.#indexOf(base.keyAt(position) ?? NONE);
        if (at >= 0) return this.#start(at);
      }
    }
    return 0;
  }

  neighbour(head: RowKey, by: number): RowKey | undefined {
    const at = this.#indexOf(head);
    const next = at + by;
    return at < 0 || next < 0 || next >= this.#count ? undefined : this.#key(next);
  }

  #key(index: number): RowKey {
    return this.#order[index] ?? NONE;
  }

  #start(index: number): number {
    let low = 0;
    let high = this.#breaks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#breaks[middle] ?? 0) < index) low = middle + 1;
      else high = middle;
    }
    return index + (this.#extra[low - 1] ?? 0);
  }

  #indexOf(head: RowKey): number {
    if (head === NONE) return -1;
    if (!this.#deps.plain) return this.#order.subarray(0, this.#count).indexOf(head);
    const at = this.#lower(head);
    return at < this.#count && this.#order[at] === head ? at : -1;
  }

  /** The first whose number is not above it: the highest numbers stand first. */
  #lower(key: RowKey): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#key(middle) > key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #positions(): Map<RowKey, number> {
    const positions = new Map<RowKey, number>();
    for (let i = 0; i < this.#count; i++) positions.set(this.#key(i), i);
    return positions;
  }

  #size(account: Account, id: ThreadId): number {
    while (id >= account.sizes.length) {
      const sizes = new Int32Array(account.sizes.length * 2);
      sizes.set(account.sizes);
      account.sizes = sizes;
    }
    const known = account.sizes[id] ?? 0;
    if (known > 0) return known;
    const size = this.#deps.size(account.threads, id);
    account.sizes[id] = size;
    return size;
  }

  #build(): void {
    this.#built = true;
    this.#count = 0;
    for (const account of this.#accounts) account.heads.fill(NONE);
    if (this.#deps.plain) this.#buildPlain();
    else this.#buildInOrder();
  }

  #buildPlain(): void {
    const [account] = this.#accounts;
    if (!account) return;
    const low = placeOf(this.#folder(), 0);
    const highest = account.threads.index.highest(low, low + 2 ** 32 - 1);
    const keys = highest.filter(place => place !== NONE).map(uidOf);
    keys.sort().reverse();
    account.heads = highest.map(place => (place === NONE ? NONE : uidOf(place)));
    this.#order = keys;
    this.#count = keys.length;
  }

  #buildInOrder(): void {
    const { base } = this.#deps;
    const byName = new Map(this.#accounts.map(account => [account.threads.account, account]));
    for (let position = 0; position < base.length; position++) {
      const key = base.keyAt(position);
      const message = key === undefined ? undefined : base.message(key);
      if (key === undefined || !message) continue;
      const { account: name, folder } = this.#where.of(message.folder);
      const account = byName.get(name);
      const id = account?.threads.index.threadOf(placeOf(folder, message.uid));
      // What is not threaded yet stands for itself.
      if (account && id !== undefined) {
        if ((account.heads[id] ?? NONE) !== NONE) continue;
        this.#setHead(account, id, key);
      }
      this.#insert(this.#count, key);
    }
  }

  #folder(): number {
    const { id } = this.#deps.base;
    return isUnified(id) ? -1 : splitFolderId(id).folder;
  }

  #forget(account: Account, id: ThreadId): void {
    const head = account.heads[id] ?? NONE;
    if (head === NONE) return;
    account.heads[id] = NONE;
    const at = this.#indexOf(head);
    if (at < 0) return;
    this.#order.copyWithin(at, at + 1, this.#count);
    this.#count--;
  }

  #look(account: Account, id: ThreadId): void {
    const low = placeOf(this.#folder(), 0);
    const high = low + 2 ** 32 - 1;
    let head = NONE;
    account.threads.index.eachMessage(id, places => {
      for (const place of places) if (place >= low && place <= high && place > head) head = place;
    });
    if (head === NONE || (account.heads[id] ?? NONE) !== NONE) return;
    const key = uidOf(head);
    this.#setHead(account, id, key);
    this.#insert(this.#lower(key), key);
  }

  #setHead(account: Account, id: ThreadId, key: RowKey): void {
    if (id >= account.heads.length) {
      const heads = new Float64Array(Math.max(id + 1, account.heads.length * 2)).fill(NONE);
      heads.set(account.heads);
      account.heads = heads;
    }
    account.heads[id] = key;
  }

  #insert(at: number, key: RowKey): void {
    if (this.#count === this.#order.length) {
      const order = new Float64Array(Math.max(LEAST, this.#order.length * 2));
      order.set(this.#order);
      this.#order = order;
    }
    this.#order.copyWithin(at + 1, at, this.#count);
    this.#order[at] = key;
    this.#count++;
  }
}
