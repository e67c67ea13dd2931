// What the person asks for becomes an operation: shown at once in memory, with what takes it back should the disk not
// take it. When it is durable is operations.ts.
import type { FolderId, LocalUid, RawRef } from '../mail/types.ts';
import { TmailError } from '../util/errors.ts';
import { inheritedFrom, newNumbers, unsentAmong } from './appends.ts';
import type { Folder } from './folder.ts';
import { land, leave, type Placed, type Row, rowsOf } from './moves.ts';
import { isAlone, type Ready } from './operation-folders.ts';
import {
  isAppend,
  type OperationQueue,
  type Pending,
  type PendingAppend,
  pendingAppend,
  pendingDelete,
  pendingFlags,
  pendingTransfer,
} from './queue.ts';
import type {
  DeleteOperation,
  FlagsOperation,
  NewOperation,
  OnMessages,
  Operation,
  OperationTarget,
} from './types.ts';
import { removal, restore, type WithdrawHost, withdraw } from './withdraw.ts';

export interface CommitHost extends WithdrawHost {
  /** The operation of another account is under way (true), or was settled (false). @throws TmailError */
  readonly waitsFor: (op: DeleteOperation) => boolean;
  /** An upload goes on as another operation. */
  readonly renamed: (from: Pending, to: string) => void;
  /** An upload is not made any more. */
  readonly lost: (pending: Pending) => void;
}

export interface Begun {
  readonly op: Operation;
  /** Nothing is queued: there is nothing to make durable. */
  readonly nothing?: boolean;
  /** No server has to hear of some of it. */
  readonly local: boolean;
  /** Could not be made durable: as if it had not been. */
  readonly back: () => void;
  /** It is durable: what is not needed any more goes. */
  readonly done: () => void;
}

export type NewTransfer = Extract<NewOperation, { t: 'move' | 'copy' }>;

export function beginFlags(host: CommitHost, folder: Folder, newOp: FlagsOperation): Begun {
  const targets = newOp.targets.map(target => known(folder, target));
  const op = { ...newOp, ...host.stamp(), targets };
  const was = op.targets.map(({ uid }) => folder.flags(uid) ?? -1);
  const local = op.targets.length > 0 && op.targets.every(({ remote }) => remote?.t === 'pop3');
  const pending = host.queue.add(pendingFlags(op, was, local));
  folder.applyPending(pending);
  return { op, local, back: () => takeBackNew(host, op.id), done: () => undefined };
}

/** With the place that it has on the server now: whoever asks may know an older one, or none. */
function known(folder: Folder, target: OperationTarget): OperationTarget {
  const here = folder.remote(target.uid);
  const remote = here === undefined ? target.remote : here;
  const messageId = target.messageId || (folder.envelope(target.uid)?.messageId ?? '');
  return { ...target, remote, messageId };
}

/** @throws TmailError `move.only-here` (folder, to): one of them is on the server, the other is not */
export function beginMove(host: CommitHost, ready: Ready, to: Folder, newOp: NewTransfer): Begun {
  const { queue } = host;
  const { from } = ready;
  assertSameSide(from, to);
  const { targets, rows } = rowsOf(from, uidsOf(newOp), ready.shards);
  const landing = landingOf(to, targets, newOp);
  const op = { ...newOp, t: 'move' as const, ...host.stamp(), targets, landing };
  if (targets.length === 0) return nothing(op);
  const unsent = unsentAmong(queue, newOp.folder, uidsOf(op)).filter(
    each => !each.local && !isCopied(queue, each),
  );
  const sent = indexesWithout(targets, unsent);
  const local = isAlone(from);
  const added: Pending[] = [];
  if (sent.length > 0) {
    const part = { ...op, targets: at(targets, sent), landing: at(landing, sent) };
    added.push(pendingTransfer(part, at(rows, sent), local));
  }
  for (const each of unsent) {
    const i = targets.findIndex(({ uid }) => each.index.has(uid));
    added.push(...sentElsewhere(host, each, to, landing[i] ?? 0, rows[i]));
  }
  for (const each of unsent) queue.remove(each.op.id);
  for (const each of added) queue.add(each);
  land(to, { targets, rows }, landing);
  leave(from, uidsOf(op));
  return {
    op,
    local,
    back() {
      for (const each of added) if (each.op.id !== op.id) queue.remove(each.op.id);
      for (const each of unsent) queue.add(each);
      takeBackNew(host, op.id);
      takeBackUnsent(from, to, unsent, op.landing, { targets, rows });
    },
    done() {
      for (const each of unsent) {
        const next = added.find(other => isAppend(other) && other.row.envelope === each.row.envelope);
        if (next) host.renamed(each, next.op.id);
      }
    },
  };
}

/** What has not reached its folder on the server yet goes to the other one right away. */
function sentElsewhere(
  { stamp }: CommitHost,
  { op, row }: PendingAppend,
  to: Folder,
  uid: LocalUid,
  now: Row = row,
): Pending[] {
  const targets = op.targets.map(target => ({ ...target, uid }));
  const place = { folder: to.host.id, path: to.record.path, targets, flags: now.flags };
  const elsewhere = pendingAppend(
    { ...op, ...stamp(), ...place },
    { ...row, flags: now.flags, raw: now.raw },
    false,
  );
  // It may have arrived all the same, and nobody heard of it.
  const { folder } = op;
  const there =
    op.tries > 0 ? [pendingDelete({ t: 'delete', ...stamp(), folder, targets: op.targets }, false)] : [];
  return [elsewhere, ...there];
}

function takeBackUnsent(
  from: Folder,
  to: Folder,
  unsent: readonly PendingAppend[],
  landing: readonly LocalUid[],
  { targets, rows }: Placed,
): void {
  const theirs = targets.flatMap(({ uid }, i) => (unsent.some(({ index }) => index.has(uid)) ? [i] : []));
  leave(to, at(landing, theirs));
  const placed = { targets: at(targets, theirs), rows: at(rows, theirs) };
  land(from, placed, uidsOf(placed));
}

/** @param files a file for each of the rows; their messages are copies */
export function beginCopy(
  host: CommitHost,
  from: Folder,
  to: Folder,
  newOp: NewTransfer,
  copies: Placed,
  id: string,
  numbers: readonly LocalUid[],
): Begun {
  const { targets, rows } = copies;
  const op = { ...newOp, t: 'copy' as const, ...host.stamp(), id, targets, landing: numbers };
  const local = isAlone(from);
  host.queue.add(pendingTransfer(op, rows, local));
  // A copy has no place on any server yet.
  land(to, { targets: targets.map(target => ({ ...target, remote: null })), rows }, numbers);
  return { op, local, back: () => takeBackNew(host, op.id), done: () => undefined };
}

export function beginDelete(host: CommitHost, { from, shards }: Ready, newOp: DeleteOperation): Begun {
  const { queue, stamp } = host;
  const { targets, rows } = rowsOf(from, uidsOf(newOp), shards);
  const waits = newOp.after !== undefined && host.waitsFor(newOp);
  const { after, ...plain } = newOp;
  const other = after && (waits ? { after } : { moved: true as const });
  const op = { ...plain, ...stamp(), targets, ...other };
  if (targets.length === 0) return nothing(op);
  const onTheWay = unsentAmong(queue, newOp.folder, uidsOf(op));
  // They go all the same: for the case that it is taken back, or for a copy that is to be made of them there.
  const needed = onTheWay.filter(each => waits || isCopied(queue, each));
  const unsent = onTheWay.filter(each => !needed.includes(each));
  // Whoever fetches POP3 mail has to hear that it must not come again; what was on its way up may have arrived.
  const local = targets.every(({ uid, remote }) => {
    const own = unsent.find(({ index }) => index.has(uid));
    return own ? own.op.tries === 0 : remote === null && isAlone(from);
  });
  const kept = rows.map((row, i): Row | null => {
    const target = targets[i];
    if (waits || needed.some(({ index }) => index.has(target?.uid ?? 0))) return row;
    // Where a server has it, it can come back from there.
    const own = unsent.some(({ index }) => index.has(target?.uid ?? 0));
    return local || own || isAlone(from) || target?.remote?.t === 'pop3' ? null : { ...row, raw: null };
  });
  for (const each of unsent) queue.remove(each.op.id);
  const pending = queue.add(pendingDelete(op, local, kept.some(Boolean) ? kept : null));
  // What they were to take away on the server goes all the same.
  const inherited = inheritedFrom(unsent).map(each => queue.add(deletionOf(each, stamp)));
  leave(from, uidsOf(op));
  return {
    op,
    local: local && inherited.length === 0,
    back() {
      for (const each of inherited) queue.remove(each.op.id);
      for (const each of unsent) queue.add(each);
      restore(host, pending, rows, 'memory');
    },
    done() {
      for (const each of unsent) host.lost(each);
      drop(
        from,
        rows.filter((_, i) => !kept[i]?.raw),
      );
    },
  };
}

/** A copy of it waits for it to be there. */
function isCopied(queue: OperationQueue, { op, index }: PendingAppend): boolean {
  return queue
    .behind(op.id)
    .some(later => later.op.t === 'copy' && later.op.folder === op.folder && overlaps(later.index, index));
}

const overlaps = (one: Pending['index'], other: Pending['index']): boolean =>
  [...other.keys()].some(uid => one.has(uid));

export function drop(folder: Folder, rows: readonly { readonly raw: RawRef | null }[]): void {
  for (const { raw } of rows) if (raw) folder.writer.drop(raw);
  folder.writer.request(false);
}

/** For the server only: here it is gone already. */
const deletionOf = ({ folder, targets }: OnMessages, stamp: WithdrawHost['stamp']) =>
  pendingDelete({ t: 'delete', ...stamp(), folder, targets }, false);

function takeBackNew(host: CommitHost, id: string): void {
  const pending = host.queue.get(id);
  if (pending) withdraw(host, pending, 'memory');
}

/** @throws TmailError `move.only-here` */
export function assertSameSide(from: Folder, to: Folder): void {
  if (isAlone(from) === isAlone(to)) return;
  const facts = { folder: from.record.path, to: to.record.path };
  throw new TmailError('rejected', 'move.only-here', { retry: 'never', facts });
}

/** The places asked for, as far as they are free; new ones else. */
export function landingOf(
  to: Folder,
  targets: readonly OperationTarget[],
  newOp: NewTransfer,
): readonly LocalUid[] {
  const asked = new Map(newOp.landing?.map((uid, i) => [newOp.targets[i]?.uid ?? 0, uid]));
  const taken = new Set<LocalUid>();
  const wanted = targets.map(({ uid }) => {
    const place = asked.get(uid);
    const free = place !== undefined && place >= to.floor && place < to.next && !taken.has(place);
    if (!free || to.flags(place) !== undefined) return undefined;
    taken.add(place);
    return place;
  });
  const missing = wanted.filter(place => place === undefined).length;
  let next = missing > 0 ? newNumbers(to, missing, !isAlone(to)) : 0;
  return wanted.map(place => place ?? next++);
}

function nothing(op: Operation): Begun {
  return { op, nothing: true, local: false, back: () => undefined, done: () => undefined };
}

function indexesWithout(targets: readonly OperationTarget[], unsent: readonly PendingAppend[]): number[] {
  if (unsent.length === 0) return [...targets.keys()];
  return targets.flatMap(({ uid }, i) => (unsent.some(({ index }) => index.has(uid)) ? [] : [i]));
}

const uidsOf = ({ targets }: Pick<OnMessages, 'targets'>): LocalUid[] => targets.map(({ uid }) => uid);
const at = <T>(all: readonly T[], indexes: readonly number[]): readonly T[] =>
  indexes.length === all.length ? all : indexes.flatMap(i => all[i] ?? []);

export type { FolderId, OperationQueue };
export { removal };
