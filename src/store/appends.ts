// Messages that are made here: put into their folder and on their way to the server in one step, and given the
// server's number when it has them. Which operations wait is queue.ts, when they are durable operations.ts.
import type { FolderId, LocalUid, RawRef, RemoteRef } from '../mail/types.ts';
import { TmailError } from '../util/errors.ts';
import { applyChange, spareNumbers } from './apply.ts';
import type { Folder } from './folder.ts';
import { envelopesOf, leave, type Placed, rowsOf, takeBack } from './moves.ts';
import { isAlone } from './operation-folders.ts';
import { type OperationQueue, type PendingAppend, pendingAppend } from './queue.ts';
import type { RawOwner } from './raw.ts';
import { uidOf } from './shards.ts';
import type { NewAppend, OnMessages, OperationTarget } from './types.ts';

export interface AppendHost {
  readonly queue: OperationQueue;
  /** The folder with all its states in memory; null when there is none (any more). */
  readonly folder: (id: FolderId) => Promise<Folder | null>;
  readonly writeRaw: (bytes: Buffer, owner: RawOwner) => Promise<RawRef>;
  readonly readRaw: (raw: RawRef) => Promise<Buffer>;
  readonly removeRaw: (raw: RawRef) => Promise<void>;
  readonly stamp: () => { id: string; at: number; tries: number };
}

/** What a message takes the place of, as it was. */
interface Replaced {
  readonly folder: Folder;
  readonly placed: Placed;
  /** Versions that were on their way themselves: they need not go any more. */
  readonly unsent: readonly PendingAppend[];
}

export interface Appended {
  readonly pending: PendingAppend;
  /** Could not be made durable: as if it had not been. */
  readonly back: () => void;
  /** It is durable: what is not needed any more goes. */
  readonly done: () => void;
}

/** Visible when it resolves; whoever calls makes the queue durable next. @throws TmailError folder.unknown, copy.differs, disk.* */
export async function append(host: AppendHost, message: NewAppend): Promise<Appended> {
  const folder = await host.folder(message.folder);
  if (!folder) throw new TmailError('storage', 'folder.unknown', { facts: { folder: message.folder } });
  const { queue } = host;
  const { envelope, flags, date, upload } = message;
  const stamp = { ...host.stamp(), ...(message.id !== undefined && { id: message.id }) };
  const isFree = (number: LocalUid) =>
    number >= folder.floor && number < folder.next && folder.flags(number) === undefined;
  const write = async (number: LocalUid): Promise<RawRef> => {
    const owner = { folder: message.folder, uid: number, remote: null, partial: false, op: stamp.id };
    const written = await host.writeRaw(message.bytes, owner);
    if (!message.verify) return written;
    const same = await host.readRaw(written).then(
      bytes => bytes.equals(message.bytes),
      () => false, // damaged as it was written
    );
    if (same) return written;
    await host.removeRaw(written);
    const facts = { folder: folder.record.path };
    throw new TmailError('storage', 'copy.differs', { retry: 'never', facts });
  };
  const { uid: asked } = message;
  let uid = asked !== undefined && isFree(asked) ? asked : newNumbers(folder, 1, upload);
  let raw = await write(uid);
  const replaced = await findReplaced(host, message.replaces ?? []);
  if (folder.flags(uid) !== undefined) {
    // Somebody else took the place while the file was written.
    await host.removeRaw(raw);
    uid = newNumbers(folder, 1, upload);
    raw = await write(uid);
  }
  // From here on in one turn of the event loop.
  const targets = [{ uid, remote: null, messageId: envelope.messageId }];
  const replaces = replaced.flatMap(({ folder: from, placed, unsent }) => [
    { folder: from.host.id, targets: placed.targets.map(target => onServer(from, target, unsent)) },
    // Of those that need not go any more: what they were to take away is left to this one.
    ...inheritedFrom(unsent),
  ]);
  const place = { folder: message.folder, path: folder.record.path, targets };
  const verify = message.verify === true ? { verify: true } : {};
  const op = { t: 'append' as const, ...stamp, ...place, flags, date, replaces, ...verify };
  const pending = queue.add(pendingAppend(op, { flags, envelope, raw }, !upload));
  for (const { unsent } of replaced) for (const each of unsent) queue.remove(each.op.id);
  applyChange(folder, { put: [{ uid, remote: null, flags, envelope, raw }] }, 'own');
  for (const { folder: from, placed } of replaced) leave(from, numbersOf(placed));
  return {
    pending,
    back() {
      queue.remove(op.id);
      for (const { unsent } of replaced) for (const each of unsent) queue.add(each);
      leave(folder, [uid]);
      for (const { folder: from, placed } of replaced) takeBack(from, placed);
      // What can't be removed now is an orphan of no operation: swept at the next start.
      host.removeRaw(raw).catch(() => undefined);
    },
    done() {
      for (const { folder: from, placed } of replaced) {
        for (const row of placed.rows) if (row.raw) from.writer.drop(row.raw);
        from.writer.request(false);
      }
    },
  };
}

/** The first of `count` new numbers; in a server's folder that is not read yet, all that is there has room below them. */
export function newNumbers(folder: Folder, count: number, upload: boolean): LocalUid {
  const unread = upload && folder.record.remote && folder.sync.filledDownTo === null;
  const room = unread && folder.length === 0 ? spareNumbers(folder) : 0;
  return folder.reserve(room + count) + room;
}

/** One that no server can have is not looked for there: it has no Message-ID to be found by. */
function onServer(
  folder: Folder,
  target: OperationTarget,
  unsent: readonly PendingAppend[],
): OperationTarget {
  const own = unsent.find(({ index }) => index.has(target.uid));
  const may = own ? own.op.tries > 0 : !isAlone(folder);
  return target.remote || may ? target : { ...target, messageId: '' };
}

/** What operations that need not go any more were to take away from a server, each folder's by itself. */
export function inheritedFrom(unsent: readonly PendingAppend[]): OnMessages[] {
  return unsent
    .filter(({ local }) => !local)
    .flatMap(({ op }) => op.replaces)
    .map(({ folder, targets }) => ({
      folder,
      targets: targets.filter(({ remote, messageId }) => remote !== null || messageId !== ''),
    }))
    .filter(({ targets }) => targets.length > 0);
}

async function findReplaced(host: AppendHost, replaces: readonly OnMessages[]): Promise<Replaced[]> {
  const found: Replaced[] = [];
  for (const { folder: id, targets } of replaces) {
    const folder = await host.folder(id);
    if (!folder) continue;
    const uids = targets.map(({ uid }) => uid);
    const placed = rowsOf(folder, uids, await envelopesOf(folder, uids));
    if (placed.targets.length === 0) continue;
    found.push({ folder, placed, unsent: unsentAmong(host.queue, id, uids) });
  }
  return found;
}

/** Operations that bring these messages to the server, and have not yet. */
export function unsentAmong(
  queue: OperationQueue,
  folder: FolderId,
  uids: readonly LocalUid[],
): PendingAppend[] {
  return queue.appendsTo(folder).filter(({ op }) => op.targets.some(({ uid }) => uids.includes(uid)));
}

const numbersOf = ({ targets }: Placed): LocalUid[] => targets.map(({ uid }) => uid);

/** Does again what a crash may have left half done. */
export async function recoverAppend(host: AppendHost, pending: PendingAppend): Promise<void> {
  const { op, row } = pending;
  for (const { folder, targets } of op.replaces) {
    const from = await host.folder(folder);
    const uids = targets.map(({ uid }) => uid);
    if (from) leave(from, uids);
  }
  const folder = await host.folder(op.folder);
  const [target] = op.targets;
  if (!folder || !target || folder.flags(target.uid) !== undefined) return;
  // The server has it: a pull brings it, unless somebody took it away there.
  if (target.remote) return;
  const there = row.raw ? uidOfFile(folder, row.raw.n) : undefined;
  const uid = there ?? (target.uid >= folder.floor ? target.uid : folder.reserve(1));
  if (uid !== target.uid) host.queue.renumber(op.folder, new Map([[target.uid, uid]]));
  if (there !== undefined) return;
  const { flags, envelope, raw } = row;
  applyChange(folder, { put: [{ uid, remote: null, flags, envelope, ...(raw && { raw }) }] });
}

/** The server has the message there, or did not say where. In memory; true when the folder or the queue changed. */
export function placeAppended(
  queue: OperationQueue,
  folder: Folder,
  { op, row, local }: PendingAppend,
  remote: RemoteRef | null,
): void {
  const [target] = op.targets;
  if (!target) return;
  const { uid } = target;
  const here = folder.flags(uid) !== undefined;
  if (remote?.t !== 'imap') {
    // It will come with the next pull, under a number that nobody knows yet.
    if (here && folder.remote(uid) === null) applyChange(folder, { remove: [uid] });
    return;
  }
  queue.replace(op.id, pendingAppend({ ...op, targets: [{ ...target, remote }] }, row, local));
  queue.learned(op.folder, new Map([[uid, remote]]), op.id);
  if (!here || folder.remote(uid)?.t === 'imap') return;
  const { uidValidity } = folder.sync;
  const stale = uidValidity !== null && uidValidity !== remote.uidValidity;
  if (stale || folder.byRemoteUid(remote.uid) !== undefined) applyChange(folder, { remove: [uid] });
  else applyChange(folder, { put: [{ uid, remote, flags: op.flags, envelope: row.envelope }] });
}

function uidOfFile(folder: Folder, n: number): LocalUid | undefined {
  for (const number of folder.table.numbers()) {
    const state = folder.table.state(number);
    if (!state?.hasRaw(n)) continue;
    for (const slot of state.order()) if (state.raw(slot)?.n === n) return uidOf(number, slot);
  }
  return undefined;
}
