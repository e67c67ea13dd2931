// The operations made here that a server has not confirmed: kept twice on disk (nothing else could bring them back),
// in order, and laid over whatever flags the server reports meanwhile. Does not know folders' files.

import { folderId, splitFolderId } from '../mail/ids.ts';
import type { Flags, FolderId, LocalUid, RemoteRef } from '../mail/types.ts';
import { flagBits } from './flags.ts';
import { FILE_VERSION } from './json.ts';
import type { Row } from './moves.ts';
import { loadRemote, storeRemote } from './remote.ts';
import type { QueuedOnMessages, QueuedOperation, QueuedRow, QueueFile } from './shapes.ts';
import type { FlagsOperation, OnMessages, Operation, OperationTarget } from './types.ts';

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

export interface PendingMove extends Queued {
  op: Extract<Operation, { t: 'move' }>;
  /** The messages as they were; in the order of the targets. */
  readonly rows: readonly Row[];
}

export interface PendingDelete extends Queued {
  op: Extract<Operation, { t: 'delete' }>;
}

export interface PendingAppend extends Queued {
  op: Extract<Operation, { t: 'append' }>;
  /** The message; its flags are those of the operation. */
  readonly row: Row;
}

export type Pending = PendingFlags | PendingMove | PendingDelete | PendingAppend;

export class OperationQueue {
  #pending: Pending[] = [];

  /** What a server has to hear of. */
  list(): readonly Operation[] {
    return this.#pending.filter(({ local }) => !local).map(({ op }) => op);
  }

  /** Everything, in order. */
  all(): readonly Pending[] {
    return this.#pending;
  }

  /** What lies over the flags of a folder's messages. */
  of(folder: FolderId): readonly PendingFlags[] {
    return this.#pending.filter(isFlags).filter(({ op }) => op.folder === folder);
  }

  get(id: string): Pending | undefined {
    return this.#pending.find(({ op }) => op.id === id);
  }

  add<P extends Pending>(pending: P): P {
    this.#pending.push(pending);
    return pending;
  }

  remove(id: string): void {
    this.#pending = this.#pending.filter(({ op }) => op.id !== id);
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
    for (const pending of this.of(folder)) {
      const index = pending.index.get(uid);
      if (index === undefined) continue;
      if (pending.was[index] !== flags) changed = true;
      pending.was[index] = flags;
      flags = applyTo(flags, pending, keywords);
    }
    return { flags, changed };
  }

  /** The first operation that touches a message knows what the server last said of it. */
  base(folder: FolderId, uid: LocalUid): Flags | undefined {
    for (const { was, index } of this.of(folder)) {
      const at = index.get(uid);
      if (at !== undefined) return was[at];
    }
    return undefined;
  }

  /** Messages of a folder that are on their way to the server. */
  appendsTo(folder: FolderId): readonly PendingAppend[] {
    return this.#pending.filter(isAppend).filter(({ op }) => op.folder === folder);
  }

  /** The same operation on the message's new number. */
  renumber(pending: PendingAppend, uid: LocalUid): void {
    const targets = pending.op.targets.map(target => ({ ...target, uid, remote: null }));
    const next = pendingAppend({ ...pending.op, targets }, pending.row, pending.local);
    this.#pending = this.#pending.map(each => (each.op.id === pending.op.id ? next : each));
  }

  /** A message that had no place on the server when operations named it has one now. */
  learned(folder: FolderId, uid: LocalUid, remote: RemoteRef): void {
    const learn = (on: OnMessages): readonly OperationTarget[] =>
      on.folder !== folder
        ? on.targets
        : on.targets.map(target => (target.uid === uid && !target.remote ? { ...target, remote } : target));
    for (const pending of this.#pending) {
      const targets = learn(pending.op);
      if (isAppend(pending)) {
        const replaces = pending.op.replaces.map(each => ({ ...each, targets: learn(each) }));
        pending.op = { ...pending.op, targets, replaces };
      } else if (isFlags(pending)) pending.op = { ...pending.op, targets };
      else if ('rows' in pending) pending.op = { ...pending.op, targets };
      else pending.op = { ...pending.op, targets };
    }
  }

  toFile(): QueueFile {
    return { v: FILE_VERSION, ops: this.#pending.map(toStored) };
  }

  load(file: QueueFile, account: string): void {
    this.#pending = file.ops.map(stored => fromStored(stored, account));
  }
}

export const isFlags = (pending: Pending): pending is PendingFlags => pending.op.t === 'flags';
export const isAppend = (pending: Pending): pending is PendingAppend => pending.op.t === 'append';

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

export const pendingMove = (op: PendingMove['op'], rows: readonly Row[], local: boolean): PendingMove => ({
  op,
  rows,
  local,
  index: indexOf(op),
});

export const pendingDelete = (op: PendingDelete['op'], local: boolean): PendingDelete => ({
  op,
  local,
  index: indexOf(op),
});

export const pendingAppend = (op: PendingAppend['op'], row: Row, local: boolean): PendingAppend => ({
  op,
  row,
  local,
  index: indexOf(op),
});

function count(pending: { op: Operation }, by: 1 | -1): void {
  pending.op = { ...pending.op, tries: pending.op.tries + by };
}

function indexOf(op: Pick<FlagsOperation, 'targets'>): ReadonlyMap<LocalUid, number> {
  return new Map(op.targets.map((target, i) => [target.uid, i]));
}

function toStored(pending: Pending): QueuedOperation {
  const { op } = pending;
  const common = { id: op.id, at: op.at, tries: op.tries, ...toOnMessages(op) };
  if ('was' in pending) {
    const { add, remove } = pending.op;
    return {
      t: 'flags',
      ...common,
      add: [...add],
      remove: [...remove],
      was: pending.was,
      ...(pending.local && { local: true }),
    };
  }
  if ('row' in pending) {
    const { path, date, replaces } = pending.op;
    const stored = {
      path,
      date,
      replaces: replaces.map(toOnMessages),
      local: pending.local,
      ...(pending.op.verify && { verify: true as const }),
    };
    return { t: 'append', ...common, ...stored, row: toRow(pending.row) };
  }
  if (!('rows' in pending)) {
    const { after } = pending.op;
    return { t: 'delete', ...common, local: pending.local, ...(after && { after: { ...after } }) };
  }
  const { to, landing } = pending.op;
  const rows = pending.rows.map(toRow);
  const place = { to: splitFolderId(to).folder, landing: [...landing] };
  return { t: 'move', ...common, ...place, local: pending.local, rows };
}

function toOnMessages({ folder, targets }: OnMessages): QueuedOnMessages {
  return {
    folder: splitFolderId(folder).folder,
    uid: targets.map(target => target.uid),
    remote: targets.map(target => storeRemote(target.remote)),
    messageId: targets.map(target => target.messageId),
  };
}

function fromOnMessages(stored: QueuedOnMessages, account: string): OnMessages {
  return {
    folder: folderId(account, stored.folder),
    targets: stored.uid.map((uid, i) => ({
      uid,
      remote: loadRemote(stored.remote[i] ?? null),
      messageId: stored.messageId[i] ?? '',
    })),
  };
}

function toRow({ flags, envelope, raw }: Row): QueuedRow {
  return { flags: [...flags], envelope, raw: raw === null ? 0 : raw.partial ? -raw.n : raw.n };
}

function fromRow({ flags, envelope, raw }: QueuedRow): Row {
  return { flags, envelope, raw: raw === 0 ? null : { n: Math.abs(raw), partial: raw < 0 } };
}

function fromStored(stored: QueuedOperation, account: string): Pending {
  const { id, at, tries } = stored;
  const common = { id, at, tries, ...fromOnMessages(stored, account) };
  switch (stored.t) {
    case 'flags': {
      const { add, remove, was, local = false } = stored;
      return pendingFlags({ t: 'flags', ...common, add, remove }, was, local);
    }
    case 'append': {
      const { path, date, local, verify } = stored;
      const replaces = stored.replaces.map(each => fromOnMessages(each, account));
      const row = fromRow(stored.row);
      const body = { path, date, flags: row.flags, replaces, ...(verify && { verify }) };
      return pendingAppend({ t: 'append', ...common, ...body }, row, local);
    }
    case 'delete':
      return pendingDelete(
        { t: 'delete', ...common, ...(stored.after && { after: stored.after }) },
        stored.local,
      );
    case 'move': {
      const rows = stored.rows.map(fromRow);
      const to = folderId(account, stored.to);
      return pendingMove({ t: 'move', ...common, to, landing: stored.landing }, rows, stored.local);
    }
  }
}
