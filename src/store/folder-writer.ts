// When and in which order one folder's changes reach the disk. The order is the promise: kill -9 between any two
// writes leaves a folder that opens with every promised message once (test/store/kill.test.ts).
import type { RawRef } from '../mail/types.ts';
import { together } from './disk.ts';
import type { HeldEnvelopes } from './envelope-cache.ts';
import { type DroppedRaw, type Folder, initialSync } from './folder.ts';
import { GroupCommit } from './group-commit.ts';
import { FILE_VERSION } from './json.ts';
import type { IndexFile, StateFile } from './shapes.ts';
import type { FolderSync } from './types.ts';

/** Numbers made durable ahead of use, so that not every new message writes index.json first. */
const NUMBERS_AHEAD = 64;

/** What one write takes along. */
interface Batch {
  readonly envelopes: Map<number, HeldEnvelopes>;
  readonly states: Map<number, StateFile>;
  readonly forgotten: number[];
  readonly drop: DroppedRaw[];
}

export class FolderWriter {
  readonly #folder: Folder;
  readonly #commit: GroupCommit;
  #envelopes = new Set<number>();
  #states = new Set<number>();
  #forgotten = new Set<number>();
  #drop: DroppedRaw[] = [];
  #index = false;
  /** The index on disk, as far as is known. */
  #durable: IndexFile | null = null;
  /** The sync markers speak of messages that are no longer here: they go back on disk before anything else. */
  #retreat = false;
  /** A write has taken it over, and it is not on the disk yet: numbers that are written ahead meanwhile say it too. */
  #retreating = false;
  #chain: Promise<void> = Promise.resolve();
  /** Envelopes that a running write still has to read. */
  #writing = new Set<number>();

  constructor(folder: Folder) {
    this.#folder = folder;
    this.#commit = new GroupCommit(
      () => this.#write(),
      folder.host.groupMs,
      error => folder.host.trouble(error),
    );
  }

  /** What index.json holds; null: it has to be written. */
  stop(): void {
    this.#commit.stop();
  }

  opened(index: IndexFile | null): void {
    this.#durable = index;
  }

  request(now: boolean): Promise<void> {
    if (this.#dirty()) return this.#commit.request(now);
    // Nothing new to write, but what this change found here may be on its way to the disk only now.
    if (!now) return this.#commit.current();
    const flushed = this.#commit.flush();
    flushed.catch(() => undefined);
    return flushed;
  }

  async flush(): Promise<void> {
    if (!this.#folder.host.writable) return;
    if (this.#dirty()) this.#commit.request(true);
    await this.#commit.flush();
  }

  /** Numbers were handed out. */
  reserved(): void {
    if (this.#folder.next > (this.#durable?.next ?? 1)) this.#commit.request(false);
  }

  /** No number handed out so far will be handed out again, whatever happens. */
  async reservedDurably(): Promise<void> {
    // Not by way of `request`: a write may be waiting for the queue, and the queue for this.
    if (this.#folder.next > (this.#durable?.next ?? 1)) await this.#writeAhead(false);
  }

  envelopesChanged(shard: number): void {
    this.#envelopes.add(shard);
  }

  stateChanged(shard: number): void {
    this.#states.add(shard);
    if (this.#folder.host.writable) this.#commit.request(false);
  }

  indexChanged(): void {
    this.#index = true;
  }

  /** Call after the sync markers were put back. */
  retreated(): void {
    this.#retreat = true;
    this.#index = true;
  }

  shardForgotten(shard: number): void {
    this.#envelopes.delete(shard);
    this.#states.delete(shard);
    this.#forgotten.add(shard);
  }

  /** A message file that nobody needs once the change is durable. */
  drop(raw: RawRef, only = false): void {
    this.#drop.push({ raw, only });
  }

  /** These envelopes are not on disk yet. */
  holdsEnvelopes(shard: number): boolean {
    return this.#envelopes.has(shard) || this.#writing.has(shard);
  }

  /** After flush: says that the summary can be trusted, and gives back numbers that were not used. */
  async close(): Promise<void> {
    await this.flush();
    this.#commit.stop();
    if (!this.#durable?.open) return;
    await this.#writeIndex({ ...this.#current(), open: false, next: this.#folder.next });
    await this.#folder.host.files.sync();
  }

  #dirty(): boolean {
    return (
      this.#index ||
      this.#states.size + this.#envelopes.size + this.#forgotten.size + this.#drop.length > 0 ||
      this.#folder.next > (this.#durable?.next ?? 1)
    );
  }

  async #write(): Promise<void> {
    const { host } = this.#folder;
    // An operation that is not durable must not show in a durable index: it would never reach the server.
    await host.queueDurable();
    const batch = this.#take();
    const index = this.#current();
    const retreat = this.#retreat;
    this.#retreating = retreat;
    this.#retreat = false;
    this.#index = false;
    try {
      await this.#writeAhead(retreat);
      this.#retreating = false;
      await this.#writeShards(batch);
      await this.#exclusive(() => this.#writeIndex(index));
      for (const shard of batch.forgotten) await host.files.removeShard(shard);
    } catch (error) {
      this.#putBack(batch);
      this.#retreat ||= retreat;
      throw error;
    } finally {
      this.#retreating = false;
      this.#writing = new Set();
    }
    if (batch.drop.length > 0) host.dropRaw(batch.drop);
    this.#folder.host.cache.trim();
  }

  /** What has to be on disk before a shard is touched, or a number is named anywhere else. */
  #writeAhead(retreat: boolean): Promise<void> {
    return this.#exclusive(async () => {
      if (!retreat && this.#durable?.open && this.#durable.next >= this.#folder.next) return;
      if (!this.#durable) await this.#folder.host.listed();
      // Also when it is only about numbers: what was forgotten in memory is not claimed on disk.
      await this.#writeIndex(this.#ahead(this.#current(), retreat || this.#retreat || this.#retreating));
      await this.#folder.host.files.sync();
    });
  }

  async #writeShards(batch: Batch): Promise<void> {
    const { files } = this.#folder.host;
    for (const [shard, held] of batch.envelopes) {
      if (!held.complete && this.#folder.envelopes.get(shard) === held)
        await this.#folder.loadEnvelopes(shard);
      // Replaced by a reset since: the states of this batch still speak of the old ones.
      else if (!held.complete) held.shard.mergeOlder((await files.envelopes(shard)).shard);
      await files.writeEnvelopes(shard, held.shard.columns());
    }
    const states = [...batch.states];
    for (let i = 0; i < states.length; i += 4) {
      await together(states.slice(i, i + 4).map(([shard, file]) => files.writeState(shard, file)));
    }
    // The markers in index.json speak of these messages: their names come first.
    if (batch.envelopes.size + states.length > 0) await files.sync();
  }

  /** The states are copied now: envelopes are written later and may be newer, but never older than a state. */
  #take(): Batch {
    const folder = this.#folder;
    const states = new Map<number, StateFile>();
    for (const shard of this.#states) {
      const state = folder.table.state(shard);
      if (state) states.set(shard, state.file(folder.keywords));
    }
    const envelopes = new Map<number, HeldEnvelopes>();
    for (const shard of this.#envelopes) {
      const held = folder.envelopes.get(shard);
      if (held) envelopes.set(shard, held);
    }
    const batch = {
      envelopes,
      states,
      forgotten: [...this.#forgotten],
      drop: this.#drop,
    };
    this.#writing = this.#envelopes;
    this.#envelopes = new Set();
    this.#states = new Set();
    this.#forgotten = new Set();
    this.#drop = [];
    return batch;
  }

  #putBack(batch: Batch): void {
    for (const shard of batch.envelopes.keys()) this.#envelopes.add(shard);
    for (const shard of batch.states.keys()) this.#states.add(shard);
    for (const shard of batch.forgotten) this.#forgotten.add(shard);
    this.#drop = [...batch.drop, ...this.#drop];
    this.#index = true;
  }

  #current(): IndexFile {
    const folder = this.#folder;
    return {
      v: FILE_VERSION,
      folder: folder.host.entry(),
      open: true,
      next: Math.max(folder.next + NUMBERS_AHEAD, this.#durable?.next ?? 0),
      floor: folder.floor,
      sync: folder.sync,
      keywords: [...folder.keywords],
      uidls: folder.uidls !== null,
      shards: folder.table.rows(),
    };
  }

  /** The index that goes before the shards: numbers and retreats are in it, new markers and counts are not yet. */
  #ahead(index: IndexFile, retreat: boolean): IndexFile {
    const old = this.#durable;
    const sync = retreat ? this.#retreatedSync(index.sync) : (old?.sync ?? nothingPulled(index.sync));
    const shards = (old?.shards ?? []).filter(([first]) => first >= index.floor);
    return { ...index, sync, shards };
  }

  #retreatedSync(sync: FolderSync): FolderSync {
    const old = this.#durable?.sync ?? initialSync();
    // Whatever was pulled since the retreat is not durable yet: nothing is claimed but the old range above it.
    if (sync.filledDownTo === null || old.filledDownTo === null || sync.uidValidity !== old.uidValidity) {
      return nothingPulled(sync);
    }
    return {
      uidValidity: old.uidValidity,
      uidNext: Math.min(old.uidNext, sync.uidNext),
      highestModseq: sync.highestModseq === null ? null : old.highestModseq,
      filledDownTo: Math.max(old.filledDownTo, sync.filledDownTo),
    };
  }

  async #writeIndex(index: IndexFile): Promise<void> {
    // Numbers may have been made durable since `index` was made.
    const next = index.open ? Math.max(index.next, this.#durable?.next ?? 0) : index.next;
    await this.#folder.host.files.writeIndex({ ...index, next });
    this.#durable = { ...index, next };
  }

  /** One index.json at a time. */
  #exclusive(work: () => Promise<void>): Promise<void> {
    const done = this.#chain.then(work);
    this.#chain = done.catch(() => undefined);
    return done;
  }
}

const nothingPulled = (sync: FolderSync): FolderSync => ({ ...initialSync(), uidValidity: sync.uidValidity });
