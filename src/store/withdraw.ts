// Takes an operation back: its messages are again what and where they would be without it, and what followed it starts
// where it started. In memory and in one turn; whoever calls makes it durable.
import type { FolderId, LocalUid, RawRef, RemoteRef } from '../mail/types.ts';
import { inheritedFrom } from './appends.ts';
import { applyChange } from './apply.ts';
import { flagBits, flagNames } from './flags.ts';
import { flagsBehind } from './flags-behind.ts';
import type { Folder } from './folder.ts';
import { withoutRenaming } from './folder-overlay.ts';
import { land, type Placed, type Row } from './moves.ts';
import type { FoldersHost } from './operation-folders.ts';
import {
  isAppend,
  isDelete,
  isFlags,
  isFolderOperation,
  isTransfer,
  type OperationQueue,
  type Pending,
  type PendingAppend,
  type PendingDelete,
  type PendingFlags,
  type PendingFolder,
  type PendingTransfer,
  pendingDelete,
  pendingFolder,
  pendingTransfer,
} from './queue.ts';
import { type Stamp, startOver } from './relocate.ts';
import type { OperationTarget } from './types.ts';

export interface WithdrawHost {
  readonly queue: OperationQueue;
  /** With the messages' states in memory. */
  readonly opened: (id: FolderId) => Folder | undefined;
  readonly stamp: Stamp;
  readonly folders: Pick<FoldersHost, 'undone' | 'delimiter'>;
}

/**
 * @param known `queue`: the operation is durable, and taking it back is noted in its place in the queue until it is on
 * the disk, as an operation of which no server has to hear; `memory`: it never was.
 */
export function withdraw(host: WithdrawHost, pending: Pending, known: 'queue' | 'memory'): void {
  if (isFlags(pending)) withdrawFlags(host, pending);
  else if (isTransfer(pending)) withdrawTransfer(host, pending, known);
  else if (isDelete(pending)) restore(host, pending, pending.rows ?? [], known);
  else if (isAppend(pending) && known === 'queue') withdrawAppend(host, pending);
  else if (isFolderOperation(pending)) withdrawFolder(host, pending);
  else host.queue.remove(pending.op.id);
}

function withdrawFolder({ queue, folders }: WithdrawHost, { op }: PendingFolder): void {
  if (op.t === 'folder-rename') {
    for (const later of queue.behind(op.id).filter(isFolderOperation)) {
      const next = withoutRenaming(later.op, op, folders.delimiter());
      queue.replace(later.op.id, pendingFolder(next));
    }
  }
  queue.remove(op.id);
  folders.undone(op);
}

function withdrawFlags(host: WithdrawHost, pending: PendingFlags): void {
  const { queue, opened } = host;
  const { op, was } = pending;
  const folder = opened(op.folder);
  const before = op.targets.flatMap(({ uid }, i) => {
    const flags = was[i] ?? -1;
    return folder && flags >= 0 ? [[uid, flagNames(flags, folder.keywords)] as const] : [];
  });
  showBehind(host, op, new Map(before));
  queue.remove(op.id);
}

/** What follows this operation says, and shows, that its messages are marked so when it is not made. */
function showBehind(
  { queue, opened }: WithdrawHost,
  { id, folder }: { readonly id: string; readonly folder: FolderId },
  before: ReadonlyMap<LocalUid, readonly string[]>,
): void {
  const shown = flagsBehind(queue, id, folder, before, each => opened(each)?.keywords);
  for (const [at, flags] of shown) {
    const there = opened(at);
    there?.showFlags([...flags].map(([uid, names]) => ({ uid, flags: flagBits(names, there.keywords) })));
  }
}

/** What is made of a refused copy's originals instead is marked as that was, until it is marked again. */
function showCopies(host: WithdrawHost, { op, rows }: PendingTransfer, id: string): void {
  const instead = host.queue.get(id);
  if (!instead || !isTransfer(instead)) return;
  const { to, landing, targets } = instead.op;
  const names = targets.map(({ uid }) => rows[op.targets.findIndex(each => each.uid === uid)]?.flags ?? []);
  const copies = instead.rows.map((row, i) => ({ ...row, flags: names[i] ?? row.flags }));
  host.queue.replace(id, pendingTransfer(instead.op, copies, instead.local));
  showBehind(host, { id, folder: to }, new Map(landing.map((uid, i) => [uid, names[i] ?? []])));
}

/** A message on its way back. */
interface Returning {
  /** Where it was put. */
  readonly at: LocalUid;
  readonly uid: LocalUid;
  readonly target: OperationTarget;
  readonly row: Row;
}

function withdrawTransfer(host: WithdrawHost, pending: PendingTransfer, known: 'queue' | 'memory'): void {
  const { queue, opened, stamp } = host;
  const { op, rows } = pending;
  const from = opened(op.folder);
  const to = opened(op.to);
  const bases = op.targets.map(({ uid }) => queue.base(op.folder, uid) ?? -1);
  const { here, back, numbers: renamed, early, freed } = startOver(queue, pending, stamp);
  const uidOf = (i: number): LocalUid => renamed.get(i) ?? op.targets[i]?.uid ?? 0;
  if (op.t === 'move') showBehind(host, op, new Map(rows.map(({ flags }, i) => [uidOf(i), flags])));
  for (const each of early) showCopies(host, pending, each);
  for (const raw of freed) to?.writer.drop(raw);
  // A folder that is not even remembered has nothing to take or to give.
  const still = to ? here.filter(i => to.flags(op.landing[i] ?? 0) !== undefined) : here;
  if (!from || (!to && op.t === 'copy')) {
    queue.remove(op.id);
    return;
  }
  if (op.t === 'copy' && to) {
    removeCopies(host, pending, still, to, known);
    return;
  }

  const returning = (i: number, uid: LocalUid): Returning[] => {
    const target = op.targets[i];
    const row = rows[i];
    const at = op.landing[i];
    if (!target || !row || at === undefined) return [];
    const base = bases[i] ?? -1;
    const flags = base < 0 ? row.flags : flagNames(base, from.keywords);
    return [{ at, uid, target, row: { ...row, flags, raw: to?.raw(at) ?? row.raw } }];
  };
  const home = still.flatMap(i => returning(i, op.targets[i]?.uid ?? 0));
  const there = back
    .flatMap(([i, uid]) => returning(i, uid))
    .filter(({ uid }) => from.flags(uid) !== undefined);
  const fit = home.flatMap(each => fitted(queue, from, each));
  const all = [...fit, ...there];
  queue.replace(
    op.id,
    ...(known === 'queue' && all.length > 0 ? [inverse(op.to, op.folder, all, stamp)] : []),
  );
  const leaving = home.map(({ at }) => at);
  if (to && leaving.length > 0) applyChange(to, { leave: leaving });
  land(from, placed(fit), numbers(fit), places(fit));
  placeAgain(queue, from, there);
}

/** Numbers that the folder has forgotten are no place to come back to: what no server brings again gets a new one. */
function fitted(queue: OperationQueue, from: Folder, returning: Returning): Returning[] {
  if (returning.uid >= from.floor && from.flags(returning.uid) === undefined) return [returning];
  if (returning.target.remote?.t === 'imap') {
    if (returning.row.raw) from.writer.drop(returning.row.raw);
    return [];
  }
  const uid = from.reserve(1);
  queue.renumber(from.host.id, new Map([[returning.uid, uid]]));
  return [{ ...returning, uid }];
}

/** They are where they were already, and have the place on the server that they had. */
function placeAgain(queue: OperationQueue, folder: Folder, there: readonly Returning[]): void {
  const put = there.flatMap(({ uid, target: { remote }, row }) => {
    const now = queue.base(folder.host.id, uid) ?? folder.flags(uid) ?? 0;
    const fits =
      remote?.t !== 'imap' || (folder.sync.uidValidity ?? remote.uidValidity) === remote.uidValidity;
    if (!remote || !fits) return [];
    return [{ uid, remote, flags: flagNames(Math.max(0, now), folder.keywords), envelope: row.envelope }];
  });
  if (put.length > 0) applyChange(folder, { put });
}

function removeCopies(
  { queue, stamp }: WithdrawHost,
  { op }: PendingTransfer,
  still: readonly number[],
  to: Folder,
  known: 'queue' | 'memory',
): void {
  const remove = still.map(i => op.landing[i] ?? 0);
  queue.replace(op.id, ...(known === 'queue' && remove.length > 0 ? [removal(op.to, remove, stamp)] : []));
  if (remove.length > 0) applyChange(to, { remove });
}

/** Takes messages away here, as an operation of which no server has to hear. */
export function removal(folder: FolderId, uids: readonly LocalUid[], stamp: Stamp): PendingDelete {
  const targets = uids.map(uid => ({ uid, remote: null, messageId: '' }));
  return pendingDelete({ t: 'delete', ...stamp(), folder, targets }, true);
}

/** A deletion is taken back, as far as there is something to come back. */
export function restore(
  { queue, opened, stamp }: WithdrawHost,
  { op }: PendingDelete,
  rows: readonly (Row | null)[],
  known: 'queue' | 'memory',
): void {
  const folder = opened(op.folder);
  const returning = op.targets.flatMap((target, i): Returning[] => {
    const row = rows[i];
    if (!row) return [];
    // What waits for it lies over what the server last said of it.
    const base = queue.base(op.folder, target.uid) ?? -1;
    const flags = base < 0 || !folder ? row.flags : flagNames(base, folder.keywords);
    return [{ at: target.uid, uid: target.uid, target, row: { ...row, flags } }];
  });
  const fit = folder ? returning.flatMap(each => fitted(queue, folder, each)) : [];
  const note = known === 'queue' && fit.length > 0 ? [inverse(op.folder, op.folder, fit, stamp)] : [];
  queue.replace(op.id, ...note);
  if (folder) land(folder, placed(fit), numbers(fit), places(fit));
}

/** What was made here and nobody wants on the server. What it was to take away there goes all the same. */
function withdrawAppend({ queue, opened, stamp }: WithdrawHost, pending: PendingAppend): void {
  const { op } = pending;
  const uids = op.targets.map(({ uid }) => uid);
  const inherited = inheritedFrom([pending]).map(on =>
    pendingDelete({ t: 'delete', ...stamp(), ...on }, false),
  );
  queue.replace(op.id, removal(op.folder, uids, stamp), ...inherited);
  const folder = opened(op.folder);
  if (folder) applyChange(folder, { remove: uids.filter(uid => folder.remote(uid) === null) });
}

function inverse(folder: FolderId, to: FolderId, all: readonly Returning[], stamp: Stamp): PendingTransfer {
  const targets = all.map(({ at, target }) => ({ ...target, uid: at }));
  const there = { landing: numbers(all), places: places(all) };
  const op = { t: 'move' as const, ...stamp(), folder, to, targets, ...there };
  return pendingTransfer(
    op,
    all.map(({ row }) => row),
    true,
  );
}

const placed = (all: readonly Returning[]): Placed => ({
  targets: all.map(({ target }) => target),
  rows: all.map(({ row }) => row),
});
const numbers = (all: readonly Returning[]): LocalUid[] => all.map(({ uid }) => uid);
const places = (all: readonly Returning[]): (RemoteRef | null)[] => all.map(({ target }) => target.remote);

/** Files that a deletion kept and nobody needs any more. */
export function keptFiles(pending: Pending): RawRef[] {
  return isDelete(pending) ? (pending.rows ?? []).flatMap(row => row?.raw ?? []) : [];
}
