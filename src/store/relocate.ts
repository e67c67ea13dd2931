// Chains of operations: what follows a move or a copy names messages where that put them. Rewrites what follows when
// the first can't be, or when the messages are gone. The queue only, no folder.
import type { FolderId, LocalUid, RawRef } from '../mail/types.ts';
import {
  isAppend,
  isDelete,
  isFlags,
  isFolderOperation,
  isTransfer,
  type OperationQueue,
  type Pending,
  type PendingDelete,
  type PendingFlags,
  type PendingFolder,
  type PendingTransfer,
  pendingAppend,
  pendingDelete,
  pendingFlags,
  pendingTransfer,
} from './queue.ts';
import type { OnMessages, OperationTarget } from './types.ts';

export type OnTargets = PendingFlags | PendingTransfer | PendingDelete;
export type Stamp = () => { id: string; at: number; tries: number };

/** The same operation on some of its targets; null: on none. */
export function pick<P extends OnTargets>(pending: P, keep: (uid: LocalUid, i: number) => boolean): P | null;
export function pick(pending: OnTargets, keep: (uid: LocalUid, i: number) => boolean): OnTargets | null {
  const chosen = pending.op.targets.flatMap(({ uid }, i) => (keep(uid, i) ? [i] : []));
  if (chosen.length === pending.op.targets.length) return pending;
  if (chosen.length === 0) return null;
  const of = <T>(all: readonly T[]): T[] => chosen.flatMap(i => (i in all ? [all[i] as T] : []));
  const targets = of(pending.op.targets);
  if (isFlags(pending)) return pendingFlags({ ...pending.op, targets }, of(pending.was), pending.local);
  if (isTransfer(pending)) {
    const { landing, places } = pending.op;
    const op = { ...pending.op, targets, landing: of(landing), ...(places && { places: of(places) }) };
    return pendingTransfer(op, of(pending.rows), pending.local);
  }
  return pendingDelete({ ...pending.op, targets }, pending.local, pending.rows && of(pending.rows));
}

/** What became of the messages of an operation that is taken out of the queue; all by the index of its targets. */
export interface Traced {
  /** Still where it put them. */
  readonly here: readonly number[];
  /** Brought back to its folder by a later operation, under this number: there they are and stay. */
  readonly back: readonly (readonly [i: number, uid: LocalUid])[];
  /** What those that a later operation brought back, wherever they went on to, are called in its folder. */
  readonly numbers: ReadonlyMap<number, LocalUid>;
  /** Of a copy: operations that make others of its originals instead. */
  readonly early: readonly string[];
  /** Files of copies that were not copied and are gone again. */
  readonly freed: readonly RawRef[];
}

/**
 * What follows this move (or copy) starts where that started, and goes where it would have gone. The move itself stays
 * in the queue for the caller to replace.
 */
export function startOver(queue: OperationQueue, first: PendingTransfer, stamp: Stamp): Traced {
  const { folder, to, landing, targets } = first.op;
  const moved = first.op.t === 'move';
  const active = new Map(landing.map((uid, i) => [uid, i]));
  /** Brought back, and not gone on from there: number there → index. */
  const back = new Map<LocalUid, number>();
  const numbers = new Map<number, LocalUid>();
  const freed: RawRef[] = [];
  const early: string[] = [];
  /** What the copies were marked with. */
  const marks: PendingFlags[] = [];
  const origin = (uid: LocalUid): OperationTarget | undefined => targets[active.get(uid) ?? -1];

  for (const pending of queue.behind(first.op.id)) {
    if (active.size + back.size === 0) break;
    if (back.size > 0 && pending.op.folder === folder) {
      // They had that place all the time.
      const places = new Map(
        [...back].flatMap(([uid, i]) => {
          const remote = targets[i]?.remote;
          return remote && pending.index.has(uid) ? [[uid, remote] as const] : [];
        }),
      );
      if (places.size > 0) queue.teach(pending.op.id, places);
      if (pending.op.t === 'move' || pending.op.t === 'delete')
        for (const uid of pending.index.keys()) back.delete(uid);
    }
    if (isAppend(pending)) {
      if (moved) startReplacesOver(queue, pending.op.id, to, folder, origin);
      continue;
    }
    if (!isTargeted(pending) || pending.op.folder !== to) continue;
    const part = pick(pending, uid => active.has(uid));
    if (!part) continue;
    const rest = pick(pending, uid => !active.has(uid));
    const there = part.op.targets.map(target => origin(target.uid) ?? target);
    const next = moved ? fromMoved(part, folder, there) : fromCopied(part, folder, there);
    if (!isFlags(part) && part.op.t !== 'copy') {
      for (const [k, { uid }] of part.op.targets.entries()) {
        const i = active.get(uid);
        if (i !== undefined && moved && isTransfer(part) && part.op.to === folder) {
          const now = part.op.landing[k] ?? uid;
          back.set(now, i);
          numbers.set(i, now);
          // It never left, whatever it is called now.
          queue.renumber(folder, new Map([[targets[i]?.uid ?? now, now]]), pending.op.id);
        }
        if (!moved && isDelete(part)) freed.push(...rawsOf(part.rows?.[k]?.raw));
        active.delete(uid);
      }
    }
    const named = (next && rest ? { ...next, op: { ...next.op, ...stamp() } } : next) as Pending | null;
    if (moved) queue.replace(pending.op.id, ...[rest, named].filter(each => each !== null));
    else {
      const marked = isTransfer(part) ? marks.flatMap(each => markedAgain(each, part, stamp)) : [];
      queue.replace(pending.op.id, ...[rest, named, ...marked].filter(each => each !== null));
      // In the place of this copy: its messages may be marked, or leave, before the one that took it on comes.
      if (named) queue.advance(named.op.id, first.op.id);
      if (named) early.push(named.op.id);
      if (isFlags(part)) marks.push(part);
    }
  }
  const returned = [...back].map(([uid, i]) => [i, uid] as const);
  return { here: [...active.values()], back: returned, numbers, early, freed };
}

const isTargeted = (pending: Pending): pending is OnTargets =>
  isFlags(pending) || isTransfer(pending) || isDelete(pending);

const rawsOf = (raw: RawRef | null | undefined): RawRef[] => (raw ? [raw] : []);

/** What followed a move, on the messages where they were; null: nothing is left to do. */
function fromMoved(part: OnTargets, folder: FolderId, targets: readonly OperationTarget[]): OnTargets | null {
  if (isFlags(part)) {
    return pendingFlags(
      { ...part.op, folder, targets },
      targets.map(() => -1),
      part.local,
    );
  }
  if (isDelete(part)) return pendingDelete({ ...part.op, folder, targets }, part.local, part.rows);
  if (part.op.t === 'move' && part.op.to === folder) return null;
  return pendingTransfer({ ...part.op, folder, targets }, part.rows, part.local);
}

/** What a copy was marked with before it was taken on, where that brought it. */
function markedAgain(flags: PendingFlags, { op }: PendingTransfer, stamp: Stamp): Pending[] {
  const landed = new Map(op.targets.map(({ uid }, i) => [uid, op.landing[i] ?? 0]));
  const part = pick(flags, uid => landed.has(uid));
  if (!part) return [];
  const targets = part.op.targets.map(each => ({ ...each, uid: landed.get(each.uid) ?? 0, remote: null }));
  return [pendingFlags({ ...part.op, ...stamp(), folder: op.to, targets }, part.was, part.local)];
}

/** What followed a copy that is not made: only what took it on. */
function fromCopied(
  part: OnTargets,
  folder: FolderId,
  targets: readonly OperationTarget[],
): OnTargets | null {
  if (!isTransfer(part)) return null;
  return pendingTransfer({ ...part.op, t: 'copy', folder, targets }, part.rows, part.local);
}

function startReplacesOver(
  queue: OperationQueue,
  id: string,
  to: FolderId,
  folder: FolderId,
  origin: (uid: LocalUid) => OperationTarget | undefined,
): void {
  const pending = queue.get(id);
  if (!pending || !isAppend(pending)) return;
  const touched = pending.op.replaces.some(
    on => on.folder === to && on.targets.some(({ uid }) => origin(uid) !== undefined),
  );
  if (!touched) return;
  const replaces = pending.op.replaces.flatMap((on): OnMessages[] => {
    if (on.folder !== to) return [on];
    const theirs = on.targets.filter(({ uid }) => origin(uid) === undefined);
    const ours = on.targets.flatMap(({ uid }) => origin(uid) ?? []);
    return [
      { folder: on.folder, targets: theirs },
      { folder, targets: ours },
    ].filter(({ targets }) => targets.length > 0);
  });
  queue.replace(id, pendingAppend({ ...pending.op, replaces }, pending.row, pending.local));
}

/** Messages by folder. */
export type Places = Map<FolderId, Set<LocalUid>>;

/**
 * Takes messages that are gone out of this operation and of everything that follows it. This one stays, also without
 * targets. Returns where they are shown now, and files that nobody needs. `dry`: changes nothing.
 */
export function forgetMessages(
  queue: OperationQueue,
  id: string,
  uids: ReadonlySet<LocalUid>,
  dry = false,
): { places: Places; freed: RawRef[] } {
  const first = queue.get(id);
  const places: Places = new Map();
  const freed: RawRef[] = [];
  if (!first || !isTargeted(first)) return { places, freed };
  const put = (folder: FolderId, uid: LocalUid) => {
    const there = places.get(folder) ?? new Set();
    places.set(folder, there.add(uid));
  };
  const follow = (pending: OnTargets, gone: (uid: LocalUid) => boolean, isFirst: boolean): void => {
    const { folder, targets } = pending.op;
    const lost = targets.flatMap(({ uid }, i) => (gone(uid) ? [[uid, i] as const] : []));
    if (lost.length === 0) return;
    for (const [uid, i] of lost) {
      if (isFirst) put(folder, uid);
      if (pending.op.t === 'move' || pending.op.t === 'delete') places.get(folder)?.delete(uid);
      if (isTransfer(pending)) put(pending.op.to, pending.op.landing[i] ?? 0);
      if (isDelete(pending)) freed.push(...rawsOf(pending.rows?.[i]?.raw));
    }
    if (dry) return;
    const without = new Set(lost.map(([uid]) => uid));
    const rest = pick(pending, uid => !without.has(uid));
    queue.replace(pending.op.id, ...(rest ? [rest] : isFirst ? [emptied(pending)] : []));
  };
  follow(first, uid => uids.has(uid), true);
  for (const pending of queue.behind(id)) {
    if (!isTargeted(pending)) continue;
    const there = places.get(pending.op.folder);
    if (there && there.size > 0) follow(pending, uid => there.has(uid), false);
  }
  return { places, freed };
}

function emptied(pending: OnTargets): OnTargets {
  if (isFlags(pending)) return pendingFlags({ ...pending.op, targets: [] }, [], pending.local);
  if (isDelete(pending)) return pendingDelete({ ...pending.op, targets: [] }, pending.local, []);
  return pendingTransfer({ ...pending.op, targets: [], landing: [], places: [] }, [], pending.local);
}

/** Operations behind this one that act on what it made, or on what those made; in order. */
export function buildingOn(queue: OperationQueue, id: string): Pending[] {
  const first = queue.get(id);
  if (!first) return [];
  const made = new Made();
  made.add(first);
  const found: Pending[] = [];
  for (const pending of queue.behind(id)) {
    const builds = isFolderOperation(pending) ? made.folderNeeded(pending) : made.uses(pending);
    if (!builds) continue;
    found.push(pending);
    made.add(pending);
  }
  return found;
}

/** What operations bring about that others may build on. */
class Made {
  readonly #messages: Places = new Map();
  readonly #folders = new Map<FolderId, string>();
  /** Messages come back to them when the operations are taken back. */
  readonly #left = new Set<FolderId>();

  add(pending: Pending): void {
    if (isFolderOperation(pending)) {
      if (pending.op.t === 'folder-create' || pending.op.t === 'folder-rename') {
        this.#folders.set(pending.op.folder, pending.op.t === 'folder-create' ? 'made' : 'renamed');
      }
      return;
    }
    const put = (folder: FolderId, uids: Iterable<LocalUid>): void => {
      const there = this.#messages.get(folder) ?? new Set();
      for (const uid of uids) there.add(uid);
      this.#messages.set(folder, there);
    };
    if (pending.op.t === 'move' || pending.op.t === 'delete') {
      this.#left.add(pending.op.folder);
      // A message that went on leaves nothing for others there.
      for (const uid of pending.index.keys()) this.#messages.get(pending.op.folder)?.delete(uid);
    }
    if (isTransfer(pending)) put(pending.op.to, pending.landed.keys());
    if (isAppend(pending)) put(pending.op.folder, pending.index.keys());
  }

  uses(pending: Pending): boolean {
    if (this.#folders.get(pending.op.folder) === 'made') return true;
    if (isTransfer(pending) && this.#folders.get(pending.op.to) === 'made') return true;
    const there = this.#messages.get(pending.op.folder);
    return there !== undefined && isTargeted(pending) && pending.op.targets.some(({ uid }) => there.has(uid));
  }

  folderNeeded({ op }: PendingFolder): boolean {
    return this.#folders.has(op.folder) || (op.t === 'folder-delete' && this.#left.has(op.folder));
  }
}

/**
 * What can't be either when this one can't: its messages come back to a folder, or find none; or it was to leave a copy
 * of what is deleted for good, which is an operation of its own from then on. In order.
 */
export function refusedWith(queue: OperationQueue, first: Pending, stamp: Stamp): Pending[] {
  if (isFolderOperation(first)) {
    return first.op.t === 'folder-create'
      ? buildingOn(queue, first.op.id).filter(each => !isAppend(each))
      : [];
  }
  const { op } = first;
  if (op.t === 'copy') return deletionsOf(queue, first, stamp);
  if (op.t !== 'move' && op.t !== 'delete') return [];
  return queue.behind(op.id).filter(each => each.op.t === 'folder-delete' && each.op.folder === op.folder);
}

/** Of the messages of this operation, wherever they have gone since. */
function deletionsOf(queue: OperationQueue, { op }: Pending, stamp: Stamp): Pending[] {
  const places = new Set(op.targets.map(({ uid }) => `${op.folder}/${uid}`));
  const found: Pending[] = [];
  for (const pending of queue.behind(op.id)) {
    if (!isTargeted(pending) || isFlags(pending) || pending.op.t === 'copy') continue;
    // What another account has, or is about to have, is not lost.
    if (isDelete(pending) && (pending.op.after || pending.op.moved)) continue;
    const { folder } = pending.op;
    const part = pick(pending, uid => places.delete(`${folder}/${uid}`));
    if (!part) continue;
    if (isTransfer(part)) for (const uid of part.op.landing) places.add(`${part.op.to}/${uid}`);
    else if (part === pending) found.push(part);
    else {
      const own = { ...part, op: { ...part.op, ...stamp() } } as Pending;
      const rest = pick(pending, uid => !part.index.has(uid));
      queue.replace(pending.op.id, ...(rest ? [rest] : []), own);
      found.push(own);
    }
  }
  return found;
}
