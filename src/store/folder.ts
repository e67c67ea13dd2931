// One folder in memory: which messages, where, with which flags, and their envelopes as far as someone looks at them.
// Changes are synchronous here and reach the disk in groups (folder-writer.ts); what is damaged is mended by repair.ts.
import type { Envelope, Flags, LocalUid, RawRef, RemoteRef } from '../mail/types.ts';
import { TmailError } from '../util/errors.ts';
import { applyChange, type Deltas, shardsTouched } from './apply.ts';
import { type EnvelopeCache, type HeldEnvelopes, SHARDS_AT_ONCE } from './envelope-cache.ts';
import type { EnvelopeShard } from './envelopes.ts';
import type { FolderFiles } from './folder-files.ts';
import { FolderWriter } from './folder-writer.ts';
import { isAlone } from './operation-folders.ts';
import { applyTo, type OperationQueue, type PendingFlags } from './queue.ts';
import { rebuildState, restoreEnvelopes } from './repair.ts';
import type { FolderEntry, StateFile } from './shapes.ts';
import { ShardTable, shardOf, slotOf, uidOf } from './shards.ts';
import { GONE, StateShard } from './state.ts';
import type { FolderChange, FolderRecord, FolderStore, FolderSync } from './types.ts';

/** State files read at once by `loadAll`. */
const READS_AT_ONCE = 8;

/** A message file that no message names any more. */
export interface DroppedRaw {
  readonly raw: RawRef;
  /** Its message is still here and no server has it: what is left of it is set aside, not removed. */
  readonly only: boolean;
}

/** What a folder needs of its account. */
export interface FolderHost {
  readonly id: FolderRecord['id'];
  readonly number: number;
  readonly files: FolderFiles;
  readonly writable: boolean;
  /** How long changes may wait for each other. */
  readonly groupMs: number;
  readonly queue: OperationQueue;
  readonly cache: EnvelopeCache;
  record(): FolderRecord;
  entry(): FolderEntry;
  /** Operations shown so far are durable; folders may follow. */
  queueDurable(): Promise<void>;
  /** The server's word on a message with pending operations has changed. */
  queueChanged(): void;
  /** The account's list is durable: this folder's number is its own. */
  listed(): Promise<void>;
  /** Something visible changed. */
  changed(deltas: Deltas): void;
  /** No message needs these files any more; the index that says so is durable. */
  dropRaw(drops: readonly DroppedRaw[]): void;
  /** The envelope as far as the message file tells it; null when that is missing or damaged. */
  envelopeOf(ref: RawRef): Promise<Envelope | null>;
  /** Which message files belong to this folder's messages. */
  ownedRaw(): Promise<ReadonlyMap<LocalUid, { readonly raw: RawRef; readonly remote: RemoteRef | null }>>;
  trouble(error: TmailError): void;
}

export class Folder implements FolderStore {
  readonly host: FolderHost;
  table = new ShardTable();
  readonly writer: FolderWriter;
  /** By shard number; how many is the cache's matter. */
  envelopes = new Map<number, HeldEnvelopes>();
  keywords: string[] = [];
  sync: FolderSync = initialSync();
  /** The next number to hand out, and the lowest that is not forgotten. */
  next = 1;
  floor = 1;
  /** POP3: UIDL → local uid, once loaded; null while no message has one. */
  uidls: Map<string, LocalUid> | null = null;
  rev = 0;
  /** False: `uidls` has only what was added since the folder was opened. */
  #uidlsLoaded = false;
  #loading = new Map<string, Promise<void>>();
  /** Changes that wait for a shard to be read; later ones queue behind them. */
  #behind: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(host: FolderHost) {
    this.host = host;
    this.writer = new FolderWriter(this);
  }

  get record(): FolderRecord {
    return this.host.record();
  }

  get length(): number {
    return this.table.length;
  }

  get unread(): number {
    return this.table.unread;
  }

  uidAt(position: number): LocalUid | undefined {
    return this.table.uidAt(position);
  }

  positionOf(uid: LocalUid): number {
    return this.table.positionOf(uid);
  }

  flags(uid: LocalUid): Flags | undefined {
    return this.table.state(shardOf(uid))?.flags(slotOf(uid));
  }

  envelope(uid: LocalUid): Envelope | undefined {
    if (!this.#here(uid)) return undefined;
    const held = this.envelopes.get(shardOf(uid));
    if (held) this.host.cache.touch(held, true);
    return held?.shard.get(slotOf(uid));
  }

  remote(uid: LocalUid): RemoteRef | null | undefined {
    const state = this.#here(uid);
    if (!state) return undefined;
    const remote = state.remote(slotOf(uid));
    if (remote !== 0 && state.validity !== null)
      return { t: 'imap', uidValidity: state.validity, uid: remote };
    return this.uidls ? this.envelopes.get(shardOf(uid))?.shard.remote(slotOf(uid)) : null;
  }

  raw(uid: LocalUid): RawRef | null | undefined {
    return this.#here(uid)?.raw(slotOf(uid));
  }

  byRemoteUid(uid: number): LocalUid | undefined {
    return this.table.byRemoteUid(uid);
  }

  vacant(uid: number): LocalUid | undefined {
    return this.table.vacant(uid);
  }

  unplaced(): readonly LocalUid[] {
    if (isAlone(this)) return [];
    return this.table.numbers().flatMap(number => {
      const state = this.table.state(number);
      return state ? state.unplaced().map(slot => uidOf(number, slot)) : [];
    });
  }

  uidlNames(): Iterable<string> {
    return this.uidls?.keys() ?? [];
  }

  byUidl(uidl: string): LocalUid | undefined {
    const uid = this.uidls?.get(uidl);
    return uid !== undefined && this.#here(uid) ? uid : undefined;
  }

  reserve(count: number): LocalUid {
    if (!this.host.writable) throw new TmailError('storage', 'store.reader');
    const first = this.next;
    this.next += Math.max(0, Math.floor(count));
    this.writer.reserved();
    return first;
  }

  apply(change: FolderChange, durable: 'grouped' | 'now' = 'grouped'): Promise<void> {
    if (!this.host.writable) return Promise.reject(new TmailError('storage', 'store.reader'));
    const touched = change.reset ? this.table.numbers() : shardsTouched(change);
    const missing = touched.some(number => this.table.has(number) && !this.table.state(number));
    if (this.#waiting === 0 && !missing) {
      try {
        applyChange(this, change);
      } catch (error) {
        return Promise.reject(error);
      }
      return this.writer.request(durable === 'now');
    }
    this.#waiting++;
    const applied = this.#behind
      .then(() => this.loadStates(touched))
      .then(() => applyChange(this, change))
      .finally(() => {
        this.#waiting--;
      });
    this.#behind = applied.catch(() => undefined);
    const written = applied.then(() => this.writer.request(durable === 'now'));
    written.catch(() => undefined);
    return written;
  }

  async ensure(from: number, to: number): Promise<void> {
    const wanted = () => this.table.at(Math.max(0, from), to).slice(0, SHARDS_AT_ONCE);
    const unread = () => wanted().filter(number => !this.table.state(number));
    let loaded = false;
    // Counts may turn out other than the summary said, hence the next round.
    for (let shards = unread(); shards.length > 0; shards = unread()) {
      loaded = true;
      await this.loadStates(shards);
    }
    for (const number of wanted()) {
      if (this.envelopes.get(number)?.complete) continue;
      loaded = true;
      await this.loadEnvelopes(number);
    }
    if (loaded) this.shown();
  }

  async loadAll(): Promise<void> {
    const missing = this.table.missing();
    await this.loadStates(missing);
    if (this.uidls && !this.#uidlsLoaded) await this.#loadUidls();
    if (missing.length > 0) this.shown();
  }

  async *scan(): AsyncGenerator<{
    readonly uid: LocalUid;
    readonly flags: Flags;
    readonly envelope: Envelope;
  }> {
    await this.loadAll();
    for (const number of this.table.numbers().reverse()) {
      const held = this.envelopes.get(number);
      const shard = held?.complete ? held.shard : await this.readEnvelopes(number);
      const slots = this.table.state(number)?.order() ?? [];
      for (let i = slots.length - 1; i >= 0; i--) {
        const slot = slots[i] ?? 0;
        const uid = uidOf(number, slot);
        const flags = this.flags(uid);
        const envelope = shard.get(slot);
        if (flags !== undefined && envelope) yield { uid, flags, envelope };
      }
    }
  }

  /** Reads the states of these shards where they are not in memory, with pending operations on top. */
  async loadStates(numbers: readonly number[]): Promise<void> {
    const missing = numbers.filter(number => this.table.has(number) && !this.table.state(number));
    for (let i = 0; i < missing.length; i += READS_AT_ONCE) {
      await Promise.all(
        missing
          .slice(i, i + READS_AT_ONCE)
          .map(number => this.#once(`s${number}`, () => this.#loadState(number))),
      );
    }
  }

  /** Reads a shard's envelopes to stay in memory. */
  async loadEnvelopes(number: number): Promise<void> {
    await this.#once(`e${number}`, async () => {
      if (this.envelopes.get(number)?.complete) return;
      const shard = await this.readEnvelopes(number);
      this.hold(number, shard, true);
    });
  }

  /** A shard's envelopes, with what was added in memory and what repair could bring back. */
  async readEnvelopes(number: number): Promise<EnvelopeShard> {
    const { shard: stored } = await this.host.files.envelopes(number);
    await this.loadStates([number]);
    const held = this.envelopes.get(number);
    if (held && !held.complete) held.shard.mergeOlder(stored);
    if (held) held.complete = true;
    const shard = held?.shard ?? stored;
    await restoreEnvelopes(this, number, shard);
    return shard;
  }

  /** Keeps envelopes in memory, for as long as the cache lets them stay. */
  hold(number: number, shard: EnvelopeShard, complete: boolean): EnvelopeShard {
    // After a crash the summary may not say yet that there are any.
    if (shard.uidls) this.uidls ??= new Map();
    const held = this.envelopes.get(number);
    if (held) {
      // Messages were added while the file was read.
      if (!held.complete && held.shard !== shard) held.shard.mergeOlder(shard);
      held.complete ||= complete;
      return held.shard;
    }
    const made: HeldEnvelopes = {
      shard,
      complete,
      used: 0,
      shown: false,
      spare: () => !this.writer.holdsEnvelopes(number),
      drop: () => this.envelopes.delete(number),
    };
    this.envelopes.set(number, made);
    this.host.cache.add(made);
    return shard;
  }

  /** Forgets a shard's envelopes, whether they are on disk or not. */
  release(number: number): void {
    const held = this.envelopes.get(number);
    if (held) this.host.cache.remove(held);
    this.envelopes.delete(number);
  }

  /** Shows an operation; the queue has it already. Repeatable. */
  applyPending(pending: PendingFlags): void {
    this.#reflag(pending.op.targets, flags => applyTo(flags, pending, this.keywords));
  }

  /** Flags as they are to be seen, from here (not the server). */
  showFlags(changed: readonly { readonly uid: LocalUid; readonly flags: Flags }[]): void {
    this.#reflag(changed, (_, { flags }) => flags);
  }

  #reflag<T extends { readonly uid: LocalUid }>(all: readonly T[], next: (flags: Flags, of: T) => Flags) {
    const before = this.unread;
    const shown: LocalUid[] = [];
    const shards = new Set<number>();
    for (const each of all) {
      const number = shardOf(each.uid);
      const slot = slotOf(each.uid);
      const state = this.table.state(number);
      const old = state?.flags(slot);
      if (!state || old === undefined) continue;
      const flags = next(old, each);
      if (flags === old) continue;
      state.setFlags(slot, flags);
      shards.add(number);
      shown.push(each.uid);
    }
    if (shown.length === 0) return;
    for (const shard of shards) this.writer.stateChanged(shard);
    this.shown({ total: 0, unread: this.unread - before, counted: false, flags: shown });
  }

  /** For a reader: takes over what another has read. */
  become(other: Folder): void {
    for (const number of [...this.envelopes.keys()]) this.release(number);
    this.table = other.table;
    this.envelopes = other.envelopes;
    this.keywords = other.keywords;
    this.sync = other.sync;
    this.next = other.next;
    this.floor = other.floor;
    this.uidls = other.uidls;
  }

  /** Whatever was applied is durable, or it rejects with the reason. */
  async flush(): Promise<void> {
    await this.#behind;
    await this.writer.flush();
  }

  /** Something visible has changed: tells everyone. */
  shown(deltas: Deltas = { total: 0, unread: 0, counted: false }): void {
    this.rev++;
    this.host.changed(deltas);
  }

  #here(uid: LocalUid): StateShard | undefined {
    const state = this.table.state(shardOf(uid));
    return state?.has(slotOf(uid)) ? state : undefined;
  }

  async #once(key: string, work: () => Promise<void>): Promise<void> {
    const running = this.#loading.get(key) ?? work().finally(() => this.#loading.delete(key));
    this.#loading.set(key, running);
    await running;
  }

  async #loadState(number: number): Promise<void> {
    const { file, found } = await this.host.files.state(number);
    if (this.table.state(number)) return;
    const state = found === 'good' ? this.adopt(number, file) : await rebuildState(this, number);
    this.table.load(number, state);
  }

  /** A state as it was read: forgotten messages stay so, keywords are known, pending operations are on top. */
  adopt(number: number, file: StateFile): StateShard {
    const state = new StateShard(file);
    this.keywords.push(...file.keywords.slice(this.keywords.length));
    for (const slot of state.order()) if (uidOf(number, slot) < this.floor) state.clear(slot, GONE);
    const waiting = this.host.queue.of(this.host.id);
    for (const slot of waiting.length > 0 ? state.order() : []) {
      const flags = state.flags(slot);
      if (flags === undefined) continue;
      let shown = flags;
      for (const pending of this.host.queue.over(this.host.id, uidOf(number, slot))) {
        shown = applyTo(shown, pending, this.keywords);
      }
      if (shown === flags) continue;
      state.setFlags(slot, shown);
      this.writer.stateChanged(number);
    }
    return state;
  }

  async #loadUidls(): Promise<void> {
    const uidls = new Map<string, LocalUid>();
    for (const number of this.table.numbers()) {
      const held = this.envelopes.get(number);
      const shard = held?.complete ? held.shard : await this.readEnvelopes(number);
      for (const slot of this.table.state(number)?.order() ?? []) {
        const remote = shard.remote(slot);
        if (remote?.t === 'pop3') uidls.set(remote.uidl, uidOf(number, slot));
      }
    }
    this.uidls = new Map([...uidls, ...(this.uidls ?? [])]);
    this.#uidlsLoaded = true;
  }
}

export function initialSync(): FolderSync {
  return { uidValidity: null, uidNext: 1, highestModseq: null, filledDownTo: null };
}
