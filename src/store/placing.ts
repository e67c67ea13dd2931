// What the server says of the messages of an operation: where they are now, or that they are nowhere. In memory; when
// it is durable is operations.ts.
import type { FolderId, LocalUid, RawRef, RemoteRef } from '../mail/types.ts';
import { applyChange } from './apply.ts';
import { flagNames } from './flags.ts';
import type { Folder } from './folder.ts';
import { isTransfer, type OperationQueue, pendingTransfer } from './queue.ts';
import { forgetMessages, type Stamp } from './relocate.ts';
import type { NewMessage } from './types.ts';
import { removal } from './withdraw.ts';

export interface PlacingHost {
  readonly queue: OperationQueue;
  readonly stamp: Stamp;
  /** With all its states in memory; null when there is none (any more). */
  readonly folder: (id: FolderId) => Promise<Folder | null>;
}

/** The server has the targets of a move or copy there; `uids`: only these of them, in the order of `places`. */
export function place(
  { queue }: PlacingHost,
  to: Folder,
  id: string,
  places: readonly (RemoteRef | null)[],
  uids?: readonly LocalUid[],
): void {
  const pending = queue.get(id);
  if (!pending || !isTransfer(pending)) return;
  const learned = new Map<LocalUid, RemoteRef>();
  const known = [...(pending.op.places ?? pending.op.targets.map(() => null))];
  const put: NewMessage[] = [];
  const doubles = new Map<LocalUid, LocalUid>();
  for (const [k, remote] of places.entries()) {
    const i = uids ? pending.index.get(uids[k] ?? 0) : k;
    const uid = i === undefined ? undefined : pending.op.landing[i];
    const row = pending.rows[i ?? -1];
    if (i === undefined || uid === undefined || !row || remote?.t !== 'imap') continue;
    known[i] = remote;
    learned.set(uid, remote);
    const validity = to.sync.uidValidity;
    if (validity !== null && validity !== remote.uidValidity) continue;
    const other = to.byRemoteUid(remote.uid);
    // A pull was faster and did not know it: it is one message, under the number that it has had all the time.
    if (other !== undefined && other !== uid) doubles.set(other, uid);
    const shown = to.flags(uid);
    if (shown === undefined || to.remote(uid)?.t === 'imap' || !queue.isLastTo(id, to.host.id, uid)) continue;
    const base = queue.base(to.host.id, uid) ?? shown;
    put.push({ uid, remote, flags: flagNames(base, to.keywords), envelope: row.envelope });
  }
  queue.replace(id, pendingTransfer({ ...pending.op, places: known }, pending.rows, pending.local));
  queue.learned(to.host.id, learned, id);
  if (doubles.size > 0) {
    queue.renumber(to.host.id, doubles);
    // What the person marked it with meanwhile, under the other number, shows where it is.
    const flags = [...doubles.values()].flatMap(uid => {
      const base = queue.base(to.host.id, uid) ?? to.flags(uid);
      return base === undefined ? [] : [{ uid, flags: flagNames(base, to.keywords) }];
    });
    applyChange(to, { remove: [...doubles.keys()], flags });
  }
  if (put.length > 0) applyChange(to, { put }, 'placed');
}

/** Forgets messages that no server has any more, wherever they are shown. Null: there was nothing to forget. */
export async function forget(
  { queue, stamp, folder }: PlacingHost,
  id: string,
  uids: ReadonlySet<LocalUid>,
): Promise<{ files: readonly RawRef[] } | null> {
  const folders = new Map<FolderId, Folder | null>();
  for (;;) {
    const missing = [...forgetMessages(queue, id, uids, true).places.keys()].filter(
      each => !folders.has(each),
    );
    if (missing.length === 0) break;
    for (const each of missing) folders.set(each, await folder(each));
  }
  const { places, freed } = forgetMessages(queue, id, uids);
  if (places.size === 0) return null;
  for (const [at, numbers] of places) {
    const there = folders.get(at);
    const remove = [...numbers].filter(uid => there?.flags(uid) !== undefined);
    if (!there || remove.length === 0) continue;
    // Noted, so that a crash does not bring them back.
    queue.add(removal(at, remove, stamp));
    applyChange(there, { remove });
  }
  return { files: freed };
}
