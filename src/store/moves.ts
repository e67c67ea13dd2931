// What a move or a deletion does to the folders that it touches, and how it is taken back. Synchronous and repeatable:
// after a crash it is done again. Knows no queue and no disk.
import type { Envelope, LocalUid, RawRef, RemoteRef } from '../mail/types.ts';
import { applyChange } from './apply.ts';
import type { EnvelopeShard } from './envelopes.ts';
import { flagNames } from './flags.ts';
import type { Folder } from './folder.ts';
import { shardOf, slotOf } from './shards.ts';
import type { NewMessage, OperationTarget } from './types.ts';

/** All that is known of a message besides its place. */
export interface Row {
  /** Names as on the wire: each folder has bits of its own. */
  readonly flags: readonly string[];
  readonly envelope: Envelope;
  readonly raw: RawRef | null;
}

/** Messages with the place that they have or are to have. */
export interface Placed {
  readonly targets: readonly OperationTarget[];
  readonly rows: readonly Row[];
}

/** The shards of these messages as far as they are in memory; null when some envelope is not. */
export function envelopesNow(
  folder: Folder,
  uids: readonly LocalUid[],
): ReadonlyMap<number, EnvelopeShard> | null {
  const shards = new Map<number, EnvelopeShard>();
  for (const uid of uids) {
    const number = shardOf(uid);
    if (!folder.table.has(number)) continue;
    if (!folder.table.state(number)) return null;
    if (folder.flags(uid) === undefined) continue;
    const shard = folder.envelopes.get(number)?.shard;
    if (!shard?.has(slotOf(uid))) return null;
    shards.set(number, shard);
  }
  return shards;
}

/** The same, read from the disk where they are not. */
export async function envelopesOf(
  folder: Folder,
  uids: readonly LocalUid[],
): Promise<ReadonlyMap<number, EnvelopeShard>> {
  const shards = new Map<number, EnvelopeShard>();
  for (const number of new Set(uids.map(shardOf))) {
    if (folder.table.has(number)) shards.set(number, await folder.readEnvelopes(number));
  }
  return shards;
}

/** Those of the messages that are here, as they are now. */
export function rowsOf(
  folder: Folder,
  uids: readonly LocalUid[],
  shards: ReadonlyMap<number, EnvelopeShard>,
): Placed {
  const targets: OperationTarget[] = [];
  const rows: Row[] = [];
  for (const uid of new Set(uids)) {
    const shard = shards.get(shardOf(uid));
    const flags = folder.flags(uid);
    const envelope = shard?.get(slotOf(uid));
    if (flags === undefined || !envelope) continue;
    const remote = remoteOf(folder, uid, shard);
    targets.push({ uid, remote, messageId: envelope.messageId });
    rows.push({ flags: flagNames(flags, folder.keywords), envelope, raw: folder.raw(uid) ?? null });
  }
  return { targets, rows };
}

function remoteOf(folder: Folder, uid: LocalUid, shard: EnvelopeShard | undefined): RemoteRef | null {
  const remote = folder.remote(uid);
  return remote?.t === 'imap' ? remote : (shard?.remote(slotOf(uid)) ?? null);
}

/**
 * Puts the messages under these numbers, where they are not there yet. `places`: where the server has them there, as
 * far as it said so.
 */
export function land(
  folder: Folder,
  placed: Placed,
  numbers: readonly LocalUid[],
  places: readonly (RemoteRef | null)[] = [],
): void {
  putRows(folder, placed, numbers, (remote, i) => {
    // Under which UID an IMAP server will have it, the server says when the move has reached it.
    return places[i] ?? (remote?.t === 'imap' ? null : remote);
  });
}

/** Puts them where they came from, as they were. */
export function takeBack(folder: Folder, placed: Placed): void {
  const uids = placed.targets.map(({ uid }) => uid);
  putRows(folder, placed, uids, remote => remote);
}

function putRows(
  folder: Folder,
  { targets, rows }: Placed,
  numbers: readonly LocalUid[],
  place: (remote: RemoteRef | null, i: number) => RemoteRef | null,
): void {
  const put: NewMessage[] = [];
  targets.forEach(({ remote }, i) => {
    const uid = numbers[i];
    const row = rows[i];
    if (uid === undefined || uid < folder.floor || !row || folder.flags(uid) !== undefined) return;
    const { flags, envelope, raw } = row;
    put.push({ uid, remote: fitting(folder, uid, place(remote, i)), flags, envelope, ...(raw && { raw }) });
  });
  if (put.length > 0) applyChange(folder, { put }, 'own');
}

/** Where it was under another UIDVALIDITY says nothing any more. */
function fitting(folder: Folder, uid: LocalUid, remote: RemoteRef | null): RemoteRef | null {
  if (remote?.t !== 'imap') return remote;
  const { uidValidity } = folder.sync;
  const validity = uidValidity ?? folder.table.state(shardOf(uid))?.validity ?? remote.uidValidity;
  return validity === remote.uidValidity ? remote : null;
}

/** Takes away those that are there; their message files stay. */
export function leave(folder: Folder, uids: readonly LocalUid[]): void {
  const here = uids.filter(uid => folder.flags(uid) !== undefined);
  if (here.length > 0) applyChange(folder, { leave: here });
}

/** The index of those whose landing is still where the move put it: the others have gone on from there. */
export function landed(folder: Folder, landing: readonly LocalUid[]): number[] {
  return landing.flatMap((uid, i) => (folder.flags(uid) === undefined ? [] : [i]));
}
