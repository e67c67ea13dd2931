// The operations made here that a server has not confirmed, in order, and laid over whatever flags the server reports
// meanwhile. Knows neither files nor folders' indexes.
import type { Flags, FolderId, LocalUid, RemoteRef } from '../mail/types.ts';
import { flagBits } from './flags.ts';
import type { Row } from './moves.ts';
import type { FolderOperation, OnMessages, Operation, OperationTarget } from './types.ts';

interface Queued {
  /** Local uid → index of the target. */
  readonly index: ReadonlyMap<LocalUid, number>;
  /** No server has to hear of it: it is settled by itself. */
  readonly local: boolean;
}

export interface PendingFlags extends Queued {
  op: Extract<Operation, { t: 'flags' }>;
  /** Flags of each target before this operation, -1 where it was not here. */
  readonly was: number[];
  /** The bits of `add` and `remove` in the folder's table. */
  bits: { readonly add: Flags; readonly remove: Flags } | null;
}

/** A move or a copy. */
export interface PendingTransfer extends Queued {
  op: Extract<Operation, { t: 'move' | 'copy' }>;
  /** The messages as they were, a copy's with its own file; in the order of the targets. */
  readonly rows: readonly Row[];
  /** Number where it landed → index of the target. */
  readonly landed: ReadonlyMap<LocalUid, number>;
}

export interface PendingDelete extends Queued {
  op: Extract<Operation, { t: 'delete' }>;
  /** What comes back when it is taken back: nothing of those that are null. */
  readonly rows: readonly (Row | null)[] | null;
}

export interface PendingAppend extends Queued {
  op: Extract<Operation, { t: 'append' }>;
  /** The message; its flags are those of the operation. */
  readonly row: Row;
}

export interface PendingFolder extends Queued {
  op: Extract<Operation, { t: FolderOperation['t'] }>;
}

export type Pending = PendingFlags | PendingTransfer | PendingDelete | PendingAppend | PendingFolder;

export class OperationQueue {
  #pending: Pending[] = [];
  /** Operations that say something else now than when they were queued; for whoever writes them. */
  readonly touched = new Set<string>();
  /** Made when asked for: a pull asks for every message. */
  #flags = new Map<FolderId, readonly PendingFlags[]>();
  /** Made when asked for: which operation, by its place in the queue, first puts a message where it is named. */
  #makers: Map<FolderId, Map<LocalUid, number>> | null = null;
  /** The same, of the last one. */
  #lastMakers: Map<FolderId, Map<LocalUid, number>> | null = null;

  /** What a server has to hear of. */
  list(): readonly Operation[] {
    return this.#pending.filter(({ local }) => !local).map(({ op }) => op);
  }

  /** Everything, in order. */
  all(): readonly Pending[] {
    return this.#pending;
  }

  /** What was queued later than this one, in order. */
  behind(id: string): readonly Pending[] {
    return this.#pending.slice(this.#pending.findIndex(({ op }) => op.id === id) + 1);
  }

  /** What lies over the flags of a folder's messages. */
  of(folder: FolderId): readonly PendingFlags[] {
    let found = this.#flags.get(folder);
    if (!found) {
      found = this.#pending.filter(isFlags).filter(({ op }) => op.folder === folder);
      this.#flags.set(folder, found);
    }
    return found;
  }

  get(id: string): Pending | undefined {
    return this.#pending.find(({ op }) => op.id === id);
  }

  add<P extends Pending>(pending: P): P {
    this.#become([...this.#pending, pending]);
    return pending;
  }

  remove(id: string): void {
    this.replace(id);
  }

  /** Others in the place of this one; none: it is gone. */
  replace(id: string, ...others: readonly Pending[]): void {
    this.#become(this.#pending.flatMap(each => (each.op.id === id ? others : [each])));
  }

  /** This operation comes directly before an earlier one, and so do the folders that are made for it. */
  advance(id: string, before: string): void {
    const from = this.#pending.findIndex(({ op }) => op.id === id);
    const to = this.#pending.findIndex(({ op }) => op.id === before);
    const moving = this.#pending[from];
    if (!moving || to < 0 || from < to) return;
    const between = this.#pending.slice(to, from);
    const needed = isTransfer(moving) ? madeFor(moving.op.to, between) : new Set<Pending>();
    this.#become([
      ...this.#pending.slice(0, to),
      ...needed,
      moving,
      ...between.filter(pending => !needed.has(pending)),
      ...this.#pending.slice(from + 1),
    ]);
  }

  /** Counts a try, up or (when that could not be made durable) down again. */
  tried(id: string, by: 1 | -1): void {
    const pending = this.get(id);
    if (pending) count(pending, by);
  }

  /**
   * What shows when the server (or the state before all that is queued) says `base`; every later refusal goes back
   * to it. `changed` tells that the queue's file is older now.
   */
  rebase(
    folder: FolderId,
    uid: LocalUid,
    base: Flags,
    keywords: string[],
  ): { flags: Flags; changed: boolean } {
    let flags = base;
    let changed = false;
    for (const pending of this.over(folder, uid)) {
      const index = pending.index.get(uid) ?? -1;
      if (pending.was[index] !== flags) {
        changed = true;
        this.touched.add(pending.op.id);
      }
      pending.was[index] = flags;
      flags = applyTo(flags, pending, keywords);
    }
    return { flags, changed };
  }

  /** The first operation that touches a message knows what the server last said of it. */
  base(folder: FolderId, uid: LocalUid): Flags | undefined {
    const [first] = this.over(folder, uid);
    return first?.was[first.index.get(uid) ?? -1];
  }

  /** What lies over the flags of this message since it was last put there: not what it was marked with before it left. */
  over(folder: FolderId, uid: LocalUid): readonly PendingFlags[] {
    const all = this.of(folder);
    if (all.length === 0) return all;
    const put = (this.#lastMakers ?? this.#findLastMakers()).get(folder)?.get(uid) ?? -1;
    return all.filter(pending => pending.index.has(uid) && (put < 0 || this.#pending.indexOf(pending) > put));
  }

  /** The last of the operations that wait which puts a message there is this one: it is its message that is there. */
  isLastTo(id: string, folder: FolderId, uid: LocalUid): boolean {
    const place = (this.#lastMakers ?? this.#findLastMakers()).get(folder)?.get(uid);
    return place !== undefined && this.#pending[place]?.op.id === id;
  }

  #findLastMakers() {
    const makers = new Map<FolderId, Map<LocalUid, number>>();
    this.#lastMakers = makers;
    for (const [place, pending] of this.#pending.entries()) {
      if (pending.local || !isTransfer(pending)) continue;
      const made = makers.get(pending.op.to) ?? new Map<LocalUid, number>();
      makers.set(pending.op.to, made);
      for (const uid of pending.landed.keys()) made.set(uid, place);
    }
    return makers;
  }

  /** An earlier operation that a server has to hear of puts messages where this one takes them. */
  buildsOnAnother(op: Operation): boolean {
    const makers = (this.#makers ?? this.#findMakers()).get(op.folder);
    if (!makers || op.t === 'append') return false;
    const place = this.#pending.findIndex(each => each.op.id === op.id);
    return op.targets.some(({ uid }) => (makers.get(uid) ?? place) < place);
  }

  #findMakers() {
    const makers = new Map<FolderId, Map<LocalUid, number>>();
    this.#makers = makers;
    for (const [place, pending] of this.#pending.entries()) {
      if (pending.local || !(isTransfer(pending) || isAppend(pending))) continue;
      const folder = isTransfer(pending) ? pending.op.to : pending.op.folder;
      const made = makers.get(folder) ?? new Map<LocalUid, number>();
      makers.set(folder, made);
      for (const uid of (isTransfer(pending) ? pending.landed : pending.index).keys()) {
        if (!made.has(uid)) made.set(uid, place);
      }
    }
    return makers;
  }

  /** What waits to be done to the server's folders, in order. */
  folderOperations(): readonly PendingFolder['op'][] {
    return this.#pending.filter(isFolderOperation).map(({ op }) => op);
  }

  /** Messages of a folder that are on their way to the server. */
  appendsTo(folder: FolderId): readonly PendingAppend[] {
    return this.#pending.filter(isAppend).filter(({ op }) => op.folder === folder);
  }

  /** Moves and copies into a folder that a server has to hear of. */
  transfersTo(folder: FolderId): readonly PendingTransfer[] {
    return this.#pending.filter(isTransfer).filter(({ op, local }) => op.to === folder && !local);
  }

  /** Messages have other numbers now: whatever names them follows; `until`: what waits before this operation. */
  renumber(folder: FolderId, numbers: ReadonlyMap<LocalUid, LocalUid>, until?: string): void {
    const end =
      until === undefined ? this.#pending.length : this.#pending.findIndex(({ op }) => op.id === until);
    const numbered = (uid: LocalUid) => numbers.get(uid) ?? uid;
    const named = (target: OperationTarget) => ({ ...target, uid: numbered(target.uid) });
    this.#become(
      this.#pending.map((each, place) => {
        if (place >= end) return each;
        const pending = retargeted(each, folder, named, numbers);
        if (!isTransfer(pending) || pending.op.to !== folder) return pending;
        if (!pending.op.landing.some(uid => numbers.has(uid))) return pending;
        const op = { ...pending.op, landing: pending.op.landing.map(numbered) };
        return pendingTransfer(op, pending.rows, pending.local);
      }),
    );
  }

  /**
   * Messages that had no place on the server when operations named them have one now: those that this operation put
   * there (until they go on), or without one, those that are there now. True: some operation did not know.
   */
  learned(folder: FolderId, places: ReadonlyMap<LocalUid, RemoteRef>, by?: string): boolean {
    const left = new Map(places);
    const last = by === undefined ? (this.#lastMakers ?? this.#findLastMakers()).get(folder) : undefined;
    const start = by === undefined ? 0 : this.#pending.findIndex(({ op }) => op.id === by) + 1;
    let any = false;
    const next = this.#pending.map((pending, at): Pending => {
      if (at < start || left.size === 0) return pending;
      const learn = (target: OperationTarget): OperationTarget => {
        const remote = target.remote || at < (last?.get(target.uid) ?? 0) ? undefined : left.get(target.uid);
        return remote ? { ...target, remote } : target;
      };
      const changed = retargeted(pending, folder, learn, left);
      if (changed !== pending) any = true;
      if (
        by !== undefined &&
        pending.op.folder === folder &&
        (pending.op.t === 'move' || pending.op.t === 'delete')
      ) {
        for (const uid of pending.index.keys()) left.delete(uid);
      }
      return changed;
    });
    if (any) this.#become(next);
    return any;
  }

  /** One operation's targets have these places. */
  teach(id: string, places: ReadonlyMap<LocalUid, RemoteRef>): void {
    const pending = this.get(id);
    if (!pending || isAppend(pending)) return;
    const learn = (target: OperationTarget) => ({
      ...target,
      remote: places.get(target.uid) ?? target.remote,
    });
    this.replace(id, retargeted(pending, pending.op.folder, learn, places));
  }

  load(pending: readonly Pending[]): void {
    this.#become([...pending]);
  }

  #become(pending: Pending[]): void {
    this.#pending = pending;
    this.#flags.clear();
    this.#makers = null;
    this.#lastMakers = null;
  }
}

/** Of these, what makes a folder and those that it is in. */
function madeFor(folder: FolderId, among: readonly Pending[]): ReadonlySet<Pending> {
  const made = among.find(({ op }) => op.t === 'folder-create' && op.folder === folder);
  if (made?.op.t !== 'folder-create') return new Set();
  const { path } = made.op;
  return new Set(among.filter(({ op }) => op.t === 'folder-create' && path.startsWith(op.path)));
}

export const isFlags = (pending: Pending): pending is PendingFlags => pending.op.t === 'flags';
export const isAppend = (pending: Pending): pending is PendingAppend => pending.op.t === 'append';
export const isDelete = (pending: Pending): pending is PendingDelete => pending.op.t === 'delete';
export const isTransfer = (pending: Pending): pending is PendingTransfer =>
  pending.op.t === 'move' || pending.op.t === 'copy';
export const isFolderOperation = (pending: Pending): pending is PendingFolder =>
  pending.op.t.startsWith('folder-');

/** Applying twice is applying once. */
export function applyTo(flags: Flags, pending: PendingFlags, keywords: string[]): Flags {
  pending.bits ??= { add: flagBits(pending.op.add, keywords), remove: flagBits(pending.op.remove, keywords) };
  return (flags & ~pending.bits.remove) | pending.bits.add;
}

export const pendingFlags = (op: PendingFlags['op'], was: number[], local: boolean): PendingFlags => ({
  op,
  was,
  local,
  index: indexOf(op),
  bits: null,
});

export const pendingTransfer = (
  op: PendingTransfer['op'],
  rows: readonly Row[],
  local: boolean,
): PendingTransfer => ({
  op,
  rows,
  local,
  index: indexOf(op),
  landed: new Map(op.landing.map((uid, i) => [uid, i])),
});

export const pendingDelete = (
  op: PendingDelete['op'],
  local: boolean,
  rows: PendingDelete['rows'] = null,
): PendingDelete => ({ op, local, rows, index: indexOf(op) });

export const pendingAppend = (op: PendingAppend['op'], row: Row, local: boolean): PendingAppend => ({
  op,
  row,
  local,
  index: indexOf(op),
});

export const pendingFolder = (op: PendingFolder['op']): PendingFolder => ({
  op,
  local: false,
  index: indexOf(op),
});

/** The operation with some of its targets in this folder changed; the same when none is. */
function retargeted(
  pending: Pending,
  folder: FolderId,
  change: (target: OperationTarget) => OperationTarget,
  among: ReadonlyMap<LocalUid, unknown>,
): Pending {
  const changed = <On extends OnMessages>(on: On): On => {
    if (on.folder !== folder || !on.targets.some(({ uid }) => among.has(uid))) return on;
    const targets = on.targets.map(target => (among.has(target.uid) ? change(target) : target));
    return targets.every((target, i) => target === on.targets[i]) ? on : { ...on, targets };
  };
  if (isAppend(pending)) {
    const replaces = pending.op.replaces.map(changed);
    const op = changed(pending.op);
    const same = op === pending.op && replaces.every((each, i) => each === pending.op.replaces[i]);
    return same ? pending : pendingAppend({ ...op, replaces }, pending.row, pending.local);
  }
  const op = changed(pending.op);
  return op === pending.op ? pending : withTargets(pending, op.targets);
}

/** The same operation with some of its targets named otherwise, in the same order. */
function withTargets(
  pending: Exclude<Pending, PendingAppend>,
  targets: readonly OperationTarget[],
): Exclude<Pending, PendingAppend> {
  const index = indexOf({ targets });
  if (isFlags(pending)) return { ...pending, op: { ...pending.op, targets }, index };
  if (isTransfer(pending)) return { ...pending, op: { ...pending.op, targets }, index };
  if (isDelete(pending)) return { ...pending, op: { ...pending.op, targets }, index };
  return pending;
}

function count(pending: { op: Operation }, by: 1 | -1): void {
  pending.op = { ...pending.op, tries: pending.op.tries + by };
}

function indexOf(op: Pick<OnMessages, 'targets'>): ReadonlyMap<LocalUid, number> {
  return new Map(op.targets.map((target, i) => [target.uid, i]));
}
