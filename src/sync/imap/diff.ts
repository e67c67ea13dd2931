// The pure part of a pull: what the server has, what is here → what has to change here. No socket, no store.
import type { Flags, LocalUid } from '../../mail/types.ts';
import type { FolderChange, FolderSync } from '../../store/types.ts';
import type { Mailbox } from './client.ts';
import { sameFlags } from './flags.ts';
import { inRanges, type UidRange } from './uid-set.ts';

/** The copy of a folder, as far as a diff needs it. */
export interface Index {
  /** Messages here. */
  readonly length: number;
  byRemoteUid(uid: number): LocalUid | undefined;
  flags(uid: LocalUid): Flags | undefined;
  readonly keywords: readonly string[];
  /** Every message that the server gave, as [remote uid, local uid], in any order. */
  remotes(): Iterable<readonly [number, LocalUid]>;
}

/** How to find out what changed in the part of the folder that is here. */
export type Survey =
  | 'nothing' // mod-sequence and counts say that all is as it was
  | 'changes' // ask for what changed since the mod-sequence
  | 'scan'; // ask for every flag

export interface Plan {
  /** The UIDs of old mean nothing any more (RFC 3501 section 2.3.1.1). */
  readonly reset: boolean;
  /** Nothing of this folder is here yet. */
  readonly first: boolean;
  readonly survey: Survey;
  /** The server may have messages with this UID or above that are not here; null: it has not. */
  readonly newFrom: number | null;
}

export function planPull(box: Mailbox, sync: FolderSync): Plan {
  const changed = sync.uidValidity !== null && sync.uidValidity !== box.uidValidity;
  if (changed || sync.uidValidity === null || sync.filledDownTo === null) {
    return { reset: changed, first: true, survey: 'nothing', newFrom: null };
  }
  const newFrom = box.uidNext === 0 || box.uidNext > sync.uidNext ? sync.uidNext : null;
  if (box.highestModseq === null || sync.highestModseq === null) {
    return { reset: false, first: false, survey: 'scan', newFrom };
  }
  const survey = BigInt(box.highestModseq) === BigInt(sync.highestModseq) ? 'nothing' : 'changes';
  return { reset: false, first: false, survey, newFrom };
}

/** A message's flags as the server has them now. */
export interface FlagRow {
  readonly uid: number;
  readonly flags: Iterable<string>;
}

export interface Diff {
  readonly change: FolderChange;
  /** UIDs of messages that should be here and are not: to be fetched. */
  readonly missing: readonly number[];
}

/**
 * Flags that differ, among the rows. `remove` names what the server said is gone (VANISHED); rows that are not
 * here are missing unless they are newer than `sync.uidNext` or older than what was filled.
 */
export function diffFlags(
  rows: readonly FlagRow[],
  gone: readonly UidRange[],
  sync: FolderSync,
  index: Index,
): Diff {
  const flags: { uid: LocalUid; flags: readonly string[] }[] = [];
  const missing: number[] = [];
  const filled = filledRange(sync);
  for (const row of rows) {
    if (row.uid < filled.from || row.uid > filled.to) continue;
    const local = index.byRemoteUid(row.uid);
    const bits = local === undefined ? undefined : index.flags(local);
    if (local === undefined || bits === undefined) missing.push(row.uid);
    else if (!sameFlags(row.flags, bits, index.keywords)) flags.push({ uid: local, flags: [...row.flags] });
  }
  return { change: compact({ flags, remove: vanished(gone, index) }), missing };
}

/** Messages here that the server no longer has, and the other way round, within one range of UIDs. */
export function diffPresence(uids: readonly number[], within: UidRange, index: Index): Diff {
  const there = new Set(uids);
  const remove: LocalUid[] = [];
  for (const [remote, local] of index.remotes()) {
    if (remote >= within.from && remote <= within.to && !there.has(remote)) remove.push(local);
  }
  const missing = uids.filter(
    uid => uid >= within.from && uid <= within.to && index.byRemoteUid(uid) === undefined,
  );
  return { change: compact({ remove }), missing };
}

/** The UIDs that should all be here. */
export function filledRange(sync: FolderSync): UidRange {
  return { from: sync.filledDownTo ?? 1, to: Math.max(0, sync.uidNext - 1) };
}

function vanished(gone: readonly UidRange[], index: Index): LocalUid[] {
  if (gone.length === 0) return [];
  const remove: LocalUid[] = [];
  for (const [remote, local] of index.remotes()) {
    if (inRanges(gone, remote)) remove.push(local);
  }
  return remove;
}

function compact(change: {
  flags?: { uid: LocalUid; flags: readonly string[] }[];
  remove?: LocalUid[];
}): FolderChange {
  return {
    ...(change.flags?.length ? { flags: change.flags } : {}),
    ...(change.remove?.length ? { remove: change.remove } : {}),
  };
}

export function isEmpty(change: FolderChange): boolean {
  return !change.put?.length && !change.flags?.length && !change.remove?.length && !change.reset;
}
