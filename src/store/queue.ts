// The operations made here that a server has not confirmed: kept twice on disk (nothing else could bring them back),
// in order, and laid over whatever flags the server reports meanwhile. Does not know folders' files.

import { folderId, splitFolderId } from '../mail/ids.ts';
import type { Flags, FolderId, LocalUid } from '../mail/types.ts';
import { flagBits } from './flags.ts';
import { FILE_VERSION } from './json.ts';
import { loadRemote, storeRemote } from './remote.ts';
import type { QueuedOperation, QueueFile } from './shapes.ts';
import type { NewOperation, Operation } from './types.ts';

export interface Pending {
  op: Operation;
  /** Flags of each target before this operation, -1 where it was not here. */
  readonly was: number[];
  /** Local uid → index of the target. */
  readonly index: ReadonlyMap<LocalUid, number>;
  /** The bits of `add` and `remove` in the folder's table. */
  bits: { readonly add: Flags; readonly remove: Flags } | null;
}

export class OperationQueue {
  #pending: Pending[] = [];

  list(): readonly Operation[] {
    return this.#pending.map(({ op }) => op);
  }

  of(folder: FolderId): readonly Pending[] {
    return this.#pending.filter(({ op }) => op.folder === folder);
  }

  get(id: string): Pending | undefined {
    return this.#pending.find(({ op }) => op.id === id);
  }

  add(op: Operation, was: number[]): Pending {
    const pending = makePending(op, was);
    this.#pending.push(pending);
    return pending;
  }

  remove(id: string): void {
    this.#pending = this.#pending.filter(({ op }) => op.id !== id);
  }

  /** Counts a try, up or (when that could not be made durable) down again. */
  tried(id: string, by: 1 | -1): void {
    const pending = this.get(id);
    if (pending) pending.op = { ...pending.op, tries: pending.op.tries + by };
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

  toFile(): QueueFile {
    return { v: FILE_VERSION, ops: this.#pending.map(toStored) };
  }

  load(file: QueueFile, account: string): void {
    this.#pending = file.ops.map(stored => {
      const op: Operation = {
        t: stored.t,
        id: stored.id,
        at: stored.at,
        tries: stored.tries,
        folder: folderId(account, stored.folder),
        add: stored.add,
        remove: stored.remove,
        targets: stored.uid.map((uid, i) => ({
          uid,
          remote: loadRemote(stored.remote[i] ?? null),
          messageId: stored.messageId[i] ?? '',
        })),
      };
      return makePending(op, stored.was);
    });
  }
}

/** Applying twice is applying once. */
export function applyTo(flags: Flags, pending: Pending, keywords: string[]): Flags {
  pending.bits ??= { add: flagBits(pending.op.add, keywords), remove: flagBits(pending.op.remove, keywords) };
  return (flags & ~pending.bits.remove) | pending.bits.add;
}

export function newOperation(op: NewOperation, id: string, at: number): Operation {
  return { ...op, id, at, tries: 0 };
}

function makePending(op: Operation, was: number[]): Pending {
  return { op, was, index: new Map(op.targets.map((target, i) => [target.uid, i])), bits: null };
}

function toStored({ op, was }: Pending): QueuedOperation {
  return {
    t: op.t,
    id: op.id,
    at: op.at,
    tries: op.tries,
    folder: splitFolderId(op.folder).folder,
    add: [...op.add],
    remove: [...op.remove],
    uid: op.targets.map(target => target.uid),
    remote: op.targets.map(target => storeRemote(target.remote)),
    messageId: op.targets.map(target => target.messageId),
    was,
  };
}
