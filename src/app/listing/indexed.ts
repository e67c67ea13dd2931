// A list in an order of its own: of one folder sorted or filtered, or of several folders together. Its rows are read in
// the background, the newest first; what changes later is put in its place, one message at a time.
import type { Flags, FolderId, LocalUid } from '../../mail/types.ts';
import type { ArrangedMessages, FolderStore } from '../../store/types.ts';
import type { Envelopes, Message } from './envelopes.ts';
import { type FactRow, type Facts, factsOf } from './facts.ts';
import type { Order } from './order.ts';
import { type Entry, SortedRows } from './sorted-rows.ts';
import type { ListId, Listing, RowKey } from './types.ts';

export interface Plan {
  readonly id: ListId;
  readonly folders: readonly FolderStore[];
  readonly order: Order;
  keyOf(folder: FolderId, uid: LocalUid): RowKey | undefined;
  message(key: RowKey): Message | undefined;
  /** Which messages belong to it by their flags; null: all. One that stops to stays while the list is looked at. */
  readonly keeps: ((flags: Flags) => boolean) | null;
  /** A filter; null: none. */
  readonly accepts: ((facts: Facts, flags: Flags) => boolean) | null;
  /** Reads a folder's messages, newest first. Those that do not belong to it may be left out. */
  read(folder: FolderStore): AsyncGenerator<readonly FactRow[]>;
}

export interface IndexedDeps {
  readonly envelopes: Envelopes;
  /** Between two spells of work. */
  turn(): Promise<void>;
  /** Work that nobody waits for. */
  background(work: Promise<void>): void;
  /** Its rows are others now, by the work in the background; `final`: and that is all for now. */
  changed(final: boolean): void;
}

/** What happened to a folder since it was last looked at. */
export interface FolderNews {
  readonly messages?: ArrangedMessages;
  readonly flags?: readonly LocalUid[];
}

interface Stream {
  readonly folder: FolderStore;
  readonly rows: AsyncGenerator<readonly FactRow[]>;
  /** The value of what was read last: with `newestFirst` the rest is older. */
  last: number;
  done: boolean;
}

export class Indexed implements Listing {
  readonly id: ListId;
  readonly #plan: Plan;
  readonly #deps: IndexedDeps;
  readonly #rows: SortedRows;
  readonly #folders: Set<FolderStore>;
  /** While it is built: rows behind this value may still get company between them. */
  #horizon = Number.POSITIVE_INFINITY;
  #usable = false;
  #whole = false;
  #closed = false;
  #built: Promise<void> | null = null;

  constructor(plan: Plan, deps: IndexedDeps) {
    this.id = plan.id;
    this.#plan = plan;
    this.#deps = deps;
    this.#rows = new SortedRows(plan.order.descending);
    this.#folders = new Set(plan.folders);
  }

  /** Its first rows are known. */
  get usable(): boolean {
    return this.#usable;
  }

  get whole(): boolean {
    return this.#whole;
  }

  get length(): number {
    if (this.#whole) return this.#rows.length;
    return this.#usable ? this.#rows.countTo(this.#horizon) : 0;
  }

  has(folder: FolderStore): boolean {
    return this.#folders.has(folder);
  }

  keyAt(position: number): RowKey | undefined {
    return position < this.length ? this.#rows.keyAt(position) : undefined;
  }

  positionOf(key: RowKey): number {
    const position = this.#rows.positionOf(key);
    return position < this.length ? position : -1;
  }

  locate(key: RowKey): number {
    return Math.max(0, Math.min(this.#rows.locate(key, this.#valueOf(key)), this.length - 1));
  }

  message(key: RowKey): Message | undefined {
    return this.#plan.message(key);
  }

  keyOf(folder: FolderId, uid: LocalUid): RowKey | undefined {
    return this.#plan.keyOf(folder, uid);
  }

  async ensure(from: number, to: number): Promise<void> {
    const wanted: Message[] = [];
    for (let position = Math.max(0, from); position <= to && position < this.length; position++) {
      const key = this.keyAt(position);
      const message = key === undefined ? undefined : this.message(key);
      if (message) wanted.push(message);
    }
    await this.#deps.envelopes.read(wanted);
  }

  load(): Promise<void> {
    this.#built ??= this.#build();
    return this.#built;
  }

  close(): void {
    this.#closed = true;
  }

  /** A folder's messages come into it. */
  async join(folder: FolderStore): Promise<void> {
    if (this.#folders.has(folder) || this.#closed) return;
    this.#folders.add(folder);
    await this.load();
    for await (const batch of this.#plan.read(folder)) {
      if (this.#closed) return;
      this.#rows.put(this.#entries(folder, batch));
      await this.#deps.turn();
    }
    this.#deps.changed(true);
  }

  /** A folder is gone. True when there were messages of it. */
  leave(folder: FolderStore): boolean {
    if (!this.#folders.delete(folder)) return false;
    return this.#rows.remove(this.#rows.keys().filter(key => this.message(key)?.folder === folder));
  }

  /** Takes in what happened to a folder. True when its rows are others now; what has to be read first comes later. */
  take(folder: FolderStore, { messages, flags = [] }: FolderNews): boolean {
    if (!this.#folders.has(folder) || this.#closed) return false;
    if (messages === 'all') {
      this.#deps.background(this.#again(folder));
      return false;
    }
    const id = folder.record.id;
    const gone = messages?.gone ?? [];
    const left = gone.flatMap(uid => (folder.flags(uid) === undefined ? (this.keyOf(id, uid) ?? []) : []));
    const removed = this.#rows.remove(left);
    const put = messages?.put ?? [];
    // One that has other flags may belong here now; one that does not any more stays while the list is looked at.
    const maybe = this.#plan.accepts || this.#plan.keeps ? flags.filter(uid => !this.#hasRow(id, uid)) : [];
    const added = this.#put(folder, [...put, ...maybe]);
    return removed || added;
  }

  /** Before it is shown again: what has stayed only for being looked at goes, or to its place. */
  async refresh(): Promise<void> {
    const { keeps, order } = this.#plan;
    if (!keeps && !order.byFlags) return;
    const gone: RowKey[] = [];
    const moved: Entry[] = [];
    let n = 0;
    for (const key of this.#rows.keys()) {
      if (++n % SPELL === 0) await this.#deps.turn();
      const message = this.message(key);
      const flags = message?.folder.flags(message.uid);
      if (!message || flags === undefined || (keeps && !keeps(flags))) gone.push(key);
      else if (order.byFlags) moved.push({ key, value: order.value(NO_FACTS, flags, message.uid) });
    }
    this.#rows.remove(gone);
    this.#rows.put(moved);
    this.#deps.changed(true);
  }

  async #build(): Promise<void> {
    const { accepts, keeps, folders } = this.#plan;
    if (!accepts && !keeps) this.#rows.reserve(folders.reduce((sum, { length }) => sum + length, 0));
    const streams: Stream[] = this.#plan.folders.map(folder => ({
      folder,
      rows: this.#plan.read(folder),
      last: Number.POSITIVE_INFINITY,
      done: false,
    }));
    try {
      for (;;) {
        const open = streams.filter(({ done }) => !done);
        // Where the newest of what is still to come must be.
        const next = open.reduce<Stream | undefined>(
          (best, stream) => (best && best.last >= stream.last ? best : stream),
          undefined,
        );
        if (!next) break;
        await this.#step(next);
        if (this.#closed) return;
        this.#reveal(streams);
        await this.#deps.turn();
        if (this.#closed) return;
      }
      this.#whole = true;
      this.#usable = true;
      this.#deps.changed(true);
    } finally {
      await Promise.all(streams.map(({ rows }) => rows.return(undefined)));
    }
  }

  async #step(stream: Stream): Promise<void> {
    const { value: batch, done } = await stream.rows.next();
    stream.done = done === true;
    if (!batch) return;
    const entries = this.#entries(stream.folder, batch);
    this.#rows.put(entries);
    const last = batch.at(-1);
    if (!last) return;
    const value = this.#plan.order.value(last.facts, 0, last.uid);
    if (typeof value === 'number') stream.last = Math.min(stream.last, value);
  }

  /** Shows as many rows as nothing can come between any more. */
  #reveal(streams: readonly Stream[]): void {
    if (this.#whole || !this.#plan.order.newestFirst) return;
    const open = streams.filter(({ done }) => !done);
    if (open.some(({ last }) => last === Number.POSITIVE_INFINITY)) return;
    const horizon = Math.max(...open.map(({ last }) => last), Number.NEGATIVE_INFINITY);
    const before = this.length;
    this.#horizon = Math.min(this.#horizon, horizon);
    const first = !this.#usable && this.#rows.countTo(this.#horizon) > 0;
    if (first) this.#usable = true;
    if (first || this.length !== before) this.#deps.changed(false);
  }

  #entries(folder: FolderStore, batch: readonly FactRow[]): Entry[] {
    const { keeps, accepts, order } = this.#plan;
    const { id } = folder.record;
    const entries: Entry[] = [];
    for (const { uid, facts } of batch) {
      const flags = folder.flags(uid);
      const key = this.keyOf(id, uid);
      if (flags === undefined || key === undefined || (keeps && !keeps(flags))) continue;
      if (accepts && !accepts(facts, flags)) continue;
      entries.push({ key, value: order.value(facts, flags, uid) });
    }
    return entries;
  }

  #hasRow(folder: FolderId, uid: LocalUid): boolean {
    const key = this.keyOf(folder, uid);
    return key !== undefined && this.#rows.has(key);
  }

  /** Puts messages in their places; what is not in memory is read first. */
  #put(folder: FolderStore, uids: readonly LocalUid[]): boolean {
    const batch: FactRow[] = [];
    const missing: Message[] = [];
    for (const uid of uids) {
      if (folder.flags(uid) === undefined) continue;
      const envelope = this.#deps.envelopes.of({ folder, uid });
      if (envelope) batch.push({ uid, facts: factsOf(envelope) });
      else missing.push({ folder, uid });
    }
    if (missing.length > 0) this.#deps.background(this.#fetch(missing));
    const entries = this.#entries(folder, batch);
    this.#rows.put(entries);
    return entries.length > 0;
  }

  /** A few at a time, so that each shard is used while it is in memory. */
  async #fetch(messages: readonly Message[]): Promise<void> {
    for (let at = 0; at < messages.length; at += FETCHED && !this.#closed ? FETCHED : messages.length) {
      const some = messages.slice(at, at + FETCHED);
      await this.#deps.envelopes.read(some);
      const batches = new Map<FolderStore, FactRow[]>();
      for (const message of some) {
        const envelope = this.#deps.envelopes.of(message);
        const rows = batches.get(message.folder) ?? [];
        if (envelope) rows.push({ uid: message.uid, facts: factsOf(envelope) });
        batches.set(message.folder, rows);
      }
      for (const [folder, rows] of batches) this.#rows.put(this.#entries(folder, rows));
    }
    if (!this.#closed) this.#deps.changed(true);
  }

  /** Anything may have changed: what is gone goes, what is new comes. */
  async #again(folder: FolderStore): Promise<void> {
    await this.load();
    await folder.loadAll();
    const { id } = folder.record;
    const known = new Set<LocalUid>();
    const gone: RowKey[] = [];
    for (const key of this.#rows.keys()) {
      const message = this.message(key);
      if (message?.folder !== folder) continue;
      if (folder.flags(message.uid) === undefined) gone.push(key);
      else known.add(message.uid);
    }
    this.#rows.remove(gone);
    const fresh: LocalUid[] = [];
    for (let position = 0; position < folder.length; position++) {
      if (position % SPELL === SPELL - 1) await this.#deps.turn();
      const uid = folder.uidAt(position);
      if (uid !== undefined && !known.has(uid) && this.keyOf(id, uid) !== undefined) fresh.push(uid);
    }
    if (this.#closed) return;
    this.#put(folder, fresh);
    this.#deps.changed(true);
  }

  #valueOf(key: RowKey): Entry['value'] | undefined {
    const known = this.#rows.valueOf(key);
    if (known !== undefined) return known;
    const message = this.message(key);
    const envelope = message && this.#deps.envelopes.of(message);
    if (!message || !envelope) return undefined;
    return this.#plan.order.value(factsOf(envelope), message.folder.flags(message.uid) ?? 0, message.uid);
  }
}

const SPELL = 2000;
const FETCHED = 500;
const NO_FACTS: Facts = { date: 0, arrival: 0, size: 0, attachments: null, from: '', to: '', subject: '' };
