// What changes of the messages of one shard (remote uid, flags, message file) in typed arrays: 12 KB for a thousand
// messages, so that all of a folder's stay in memory. No disk here.
import { type Flags, type RawRef, SEEN } from '../mail/types.ts';
import { SHARD_SIZE } from '../util/limits.ts';
import { FILE_VERSION } from './json.ts';
import type { StateFile } from './shapes.ts';

/** In `flags`: never a message in this slot (or one whose envelope was lost; then `uid` still names it). */
export const EMPTY = -1;
/** In `flags`: there was one, and it was removed. */
export const GONE = -2;

export interface ShardSummary {
  /** Lowest and highest slot in use; 0 and -1 when there is none. */
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly unread: number;
}

export function emptyState(): StateFile {
  return { v: FILE_VERSION, validity: null, keywords: [], uid: [], flags: [], raw: [] };
}

export class StateShard {
  readonly #remote = new Uint32Array(SHARD_SIZE);
  readonly #flags = new Int32Array(SHARD_SIZE).fill(EMPTY);
  readonly #raw = new Int32Array(SHARD_SIZE);
  /** UIDVALIDITY of the remote uids. */
  validity: string | null = null;
  /** All remote uids lie between these; never narrowed. */
  #lowest = Number.POSITIVE_INFINITY;
  #highest = 0;
  #count = 0;
  #unread = 0;
  /** Slots in use, ascending; made when asked for. */
  #order: Uint16Array | null = null;

  constructor(file?: StateFile) {
    if (!file) return;
    this.validity = file.validity;
    file.uid.forEach((uid, slot) => {
      this.setRemote(slot, uid);
    });
    this.#raw.set(file.raw);
    file.flags.forEach((flags, slot) => {
      this.#flags[slot] = flags < 0 ? flags : EMPTY;
      if (flags >= 0) this.#setFlags(slot, flags);
    });
  }

  get count(): number {
    return this.#count;
  }

  get unread(): number {
    return this.#unread;
  }

  has(slot: number): boolean {
    return (this.#flags[slot] ?? EMPTY) >= 0;
  }

  gone(slot: number): boolean {
    return this.#flags[slot] === GONE;
  }

  flags(slot: number): Flags | undefined {
    const flags = this.#flags[slot] ?? EMPTY;
    return flags < 0 ? undefined : flags;
  }

  /** IMAP UID or 0. */
  remote(slot: number): number {
    return this.#remote[slot] ?? 0;
  }

  setRemote(slot: number, uid: number): void {
    this.#remote[slot] = uid;
    if (uid === 0) return;
    this.#lowest = Math.min(this.#lowest, uid);
    this.#highest = Math.max(this.#highest, uid);
  }

  /** The slot with this IMAP UID: of a message, or of one that was lost (`vacant`); -1 when there is none. */
  slotOfRemote(uid: number, vacant: boolean): number {
    if (uid < this.#lowest || uid > this.#highest) return -1;
    let slot = this.#remote.indexOf(uid);
    while (slot >= 0 && this.has(slot) === vacant) slot = this.#remote.indexOf(uid, slot + 1);
    return slot;
  }

  raw(slot: number): RawRef | null {
    const n = this.#raw[slot] ?? 0;
    return n === 0 ? null : { n: Math.abs(n), partial: n < 0 };
  }

  /** A message of this shard has this file. */
  hasRaw(n: number): boolean {
    return this.#raw.includes(n) || this.#raw.includes(-n);
  }

  setRaw(slot: number, raw: RawRef | null): void {
    this.#raw[slot] = raw === null ? 0 : raw.partial ? -raw.n : raw.n;
  }

  setFlags(slot: number, flags: Flags): void {
    this.#setFlags(slot, flags);
  }

  /** GONE after a removal; EMPTY for a message whose envelope was lost and is fetched again. */
  clear(slot: number, why: typeof EMPTY | typeof GONE): void {
    const old = this.#flags[slot] ?? EMPTY;
    if (old >= 0) {
      this.#count--;
      if ((old & SEEN) === 0) this.#unread--;
      this.#order = null;
    }
    this.#flags[slot] = why;
    this.#raw[slot] = 0;
    if (why === GONE) this.#remote[slot] = 0;
  }

  /** Slots in use, ascending. */
  order(): Uint16Array {
    if (!this.#order) {
      const order = new Uint16Array(this.#count);
      let at = 0;
      for (let slot = 0; slot < SHARD_SIZE; slot++) if (this.has(slot)) order[at++] = slot;
      this.#order = order;
    }
    return this.#order;
  }

  /** Slots of messages without a remote uid, ascending. */
  unplaced(): number[] {
    const slots: number[] = [];
    for (const slot of this.order()) if (this.#remote[slot] === 0) slots.push(slot);
    return slots;
  }

  summary(): ShardSummary {
    const order = this.order();
    return { first: order[0] ?? 0, last: order.at(-1) ?? -1, count: this.#count, unread: this.#unread };
  }

  /** Highest slot that was ever in use; -1 when none was. */
  highest(): number {
    return Math.max(
      this.#flags.findLastIndex(flags => flags !== EMPTY),
      this.#remote.findLastIndex(uid => uid !== 0),
    );
  }

  /** A copy for the file. */
  file(keywords: readonly string[]): StateFile {
    const length = this.highest() + 1;
    return {
      v: FILE_VERSION,
      validity: this.validity,
      keywords: [...keywords],
      uid: Array.from(this.#remote.subarray(0, length)),
      flags: Array.from(this.#flags.subarray(0, length)),
      raw: Array.from(this.#raw.subarray(0, length)),
    };
  }

  #setFlags(slot: number, flags: Flags): void {
    const old = this.#flags[slot] ?? EMPTY;
    if (old < 0) {
      this.#count++;
      this.#order = null;
    }
    if (old >= 0 && (old & SEEN) === 0) this.#unread--;
    if ((flags & SEEN) === 0) this.#unread++;
    this.#flags[slot] = flags;
  }
}
