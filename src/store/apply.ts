// One change of a folder, applied in memory: the only place that decides what a pull's words do to the index.
// Synchronous; the writer is told what has to be written.
import { type LocalUid, type RawRef, type RemoteRef, SEEN } from '../mail/types.ts';
import { TmailError } from '../util/errors.ts';
import { EnvelopeShard } from './envelopes.ts';
import { flagBits, flagNames } from './flags.ts';
import { type Folder, initialSync } from './folder.ts';
import type { Row } from './moves.ts';
import { shardOf, slotOf } from './shards.ts';
import { GONE } from './state.ts';
import type { ArrangedMessages, FolderChange, NewMessage } from './types.ts';

/** How the folder's counts move; `counted`: what is here is the truth now. */
export interface Deltas {
  readonly total: number;
  readonly unread: number;
  readonly counted: boolean;
  /** Which came and went; absent: none. */
  readonly messages?: ArrangedMessages;
  /** Which have other flags; absent: none. */
  readonly flags?: readonly LocalUid[];
}

export function shardsTouched(change: FolderChange): number[] {
  const shards = new Set<number>();
  for (const { uid } of change.put ?? []) shards.add(shardOf(uid));
  for (const { uid } of change.flags ?? []) shards.add(shardOf(uid));
  for (const { uid } of change.raw ?? []) shards.add(shardOf(uid));
  for (const uid of [...(change.remove ?? []), ...(change.leave ?? [])]) shards.add(shardOf(uid));
  return [...shards];
}

/**
 * @param by `own`: what is put was not counted by the server yet; `placed`: it is here, with this envelope, and has a
 * place on the server now.
 * @throws TmailError bug: numbers that were forgotten, or two UIDVALIDITYs at once; then nothing has changed.
 */
export function applyChange(
  folder: Folder,
  change: FolderChange,
  by: 'server' | 'own' | 'placed' = 'server',
): void {
  assertFits(folder, change);
  const placed = new Map<LocalUid, RemoteRef>();
  const tally: Tally = { total: 0, unread: 0, visible: false, by, placed, put: [], gone: [], flags: [] };
  if (change.reset) {
    const waiting = waitingHere(folder);
    reset(folder, tally, new Set(waiting.map(({ row }) => row.raw?.n)));
    landAgain(folder, tally, waiting);
  }
  for (const message of change.put ?? []) put(folder, message, tally);
  for (const { uid, flags } of change.flags ?? []) serverFlags(folder, uid, flags, tally);
  for (const uid of change.remove ?? []) remove(folder, uid, tally, true);
  for (const uid of change.leave ?? []) remove(folder, uid, tally, false);
  for (const { uid, raw } of change.raw ?? []) setRaw(folder, uid, raw, tally);
  if (change.sync) {
    folder.sync = change.sync;
    folder.writer.indexChanged();
  }
  // Whoever named them before they had a place there knows it now.
  if (placed.size > 0 && folder.host.queue.learned(folder.host.id, placed)) folder.host.queueChanged();
  folder.table.changed();
  if (!tally.visible) return;
  const counted = !folder.record.remote || folder.sync.filledDownTo === 1;
  const { total, unread, put: came, gone, flags } = tally;
  const messages: ArrangedMessages | undefined = change.reset
    ? 'all'
    : came.length + gone.length > 0
      ? { put: came, gone }
      : undefined;
  folder.shown({ total, unread, counted, ...(messages && { messages }), ...(flags.length > 0 && { flags }) });
}

interface Tally {
  total: number;
  unread: number;
  visible: boolean;
  readonly by: 'server' | 'own' | 'placed';
  /** Messages that got a place on the server. */
  readonly placed: Map<LocalUid, RemoteRef>;
  readonly put: LocalUid[];
  readonly gone: LocalUid[];
  readonly flags: LocalUid[];
}

function assertFits(folder: Folder, change: FolderChange): void {
  const floor = change.reset ? folder.next : folder.floor;
  const validity = new Map<number, string>();
  for (const { uid, remote } of change.put ?? []) {
    if (uid < floor || !Number.isSafeInteger(uid)) {
      throw new TmailError('bug', 'bug.forgotten-uid', { facts: { folder: folder.host.id, uid } });
    }
    if (remote?.t !== 'imap') continue;
    const state = folder.table.state(shardOf(uid));
    const known = validity.get(shardOf(uid)) ?? (change.reset || !state?.count ? null : state.validity);
    if (known !== null && known !== remote.uidValidity) {
      throw new TmailError('bug', 'bug.mixed-uidvalidity', { facts: { folder: folder.host.id, uid } });
    }
    validity.set(shardOf(uid), remote.uidValidity);
  }
}

/** Mail that came while the folder is read for the first time. */
const SPARE_NUMBERS = 1000;

/**
 * A first pull numbers a folder's messages downwards from where it begins; below what was put there before, there must
 * be room for all of them.
 */
export function spareNumbers(folder: Folder): number {
  return folder.record.counts.total + SPARE_NUMBERS;
}

/**
 * What was put here by an operation that waits has nothing to do with the server's numbers: it gets a new one, where it
 * is still here.
 */
function landAgain(folder: Folder, tally: Tally, waiting: readonly Waiting[]): void {
  if (waiting.length === 0) return;
  const { id, queue } = folder.host;
  const first = folder.next + spareNumbers(folder);
  // Before they are put: the flags that wait for them lie on top.
  queue.renumber(id, new Map(waiting.map(({ uid }, i) => [uid, first + i])));
  for (const [i, { row, flags }] of waiting.entries()) {
    const { envelope, raw } = row;
    put(folder, { uid: first + i, remote: null, flags, envelope, ...(raw && { raw }) }, tally);
  }
  folder.host.queueChanged();
}

interface Waiting {
  readonly uid: LocalUid;
  readonly row: Row;
  readonly flags: readonly string[];
}

/** Messages here whose place on the server is for a queued operation to find. */
function waitingHere(folder: Folder): Waiting[] {
  const { id, queue } = folder.host;
  const waits = (uid: LocalUid, row: Row): Waiting[] => {
    if (folder.flags(uid) === undefined || folder.remote(uid)?.t === 'imap') return [];
    const base = queue.base(id, uid) ?? -1;
    const flags = base < 0 ? row.flags : flagNames(base, folder.keywords);
    return [{ uid, row: { ...row, raw: folder.raw(uid) ?? row.raw }, flags }];
  };
  const made = queue.appendsTo(id).flatMap(({ op, row }) => waits(op.targets[0]?.uid ?? 0, row));
  const landed = queue.transfersTo(id).flatMap(({ op, rows }) =>
    rows.flatMap((row, i) => {
      const uid = op.landing[i] ?? 0;
      return queue.isLastTo(op.id, id, uid) ? waits(uid, row) : [];
    }),
  );
  return [...made, ...landed].sort((a, b) => a.uid - b.uid);
}

/** @param kept message files that are still needed */
function reset(folder: Folder, tally: Tally, kept: ReadonlySet<number | undefined>): void {
  tally.visible = true;
  tally.total -= folder.length;
  tally.unread -= folder.unread;
  const last = shardOf(folder.next);
  for (const number of folder.table.numbers()) {
    const state = folder.table.state(number);
    if (!state) continue;
    for (const slot of state.order()) {
      const raw = state.raw(slot);
      if (raw && !kept.has(raw.n)) folder.writer.drop(raw);
    }
    folder.release(number);
    if (number < last) {
      folder.table.delete(number);
      folder.writer.shardForgotten(number);
      continue;
    }
    for (const slot of [...state.order()]) state.clear(slot, GONE);
    state.validity = null;
    folder.writer.envelopesChanged(number);
    folder.hold(number, new EnvelopeShard(), true);
    folder.writer.stateChanged(number);
  }
  folder.floor = folder.next;
  folder.sync = initialSync();
  if (folder.uidls) folder.uidls = new Map();
  folder.writer.retreated();
}

function put(folder: Folder, message: NewMessage, tally: Tally): void {
  const { uid, remote } = message;
  const number = shardOf(uid);
  const slot = slotOf(uid);
  const isNew = !folder.table.has(number);
  const state = folder.table.stateForWriting(number);
  if (!state) return;
  if (uid >= folder.next) {
    folder.next = uid + 1;
    folder.writer.reserved();
  }
  // First, so that the shard is not let go of again before it is written.
  folder.writer.envelopesChanged(number);
  // A shard that exists on disk is read before it is written again; a new one has nothing to be read.
  const held = folder.hold(number, folder.envelopes.get(number)?.shard ?? new EnvelopeShard(), isNew);
  const before = state.flags(slot);
  const isKnown = tally.by === 'placed' && before !== undefined && held.has(slot);
  if (isKnown && remote?.t === 'imap') held.place(slot, remote);
  else held.set(slot, message.envelope, remote);
  const unplaced = state.remote(slot) === 0;
  state.setRemote(slot, remote?.t === 'imap' ? remote.uid : 0);
  if (remote?.t === 'imap') state.validity = remote.uidValidity;
  if (remote?.t === 'pop3') {
    folder.uidls ??= new Map();
    folder.uidls.set(remote.uidl, uid);
  }
  const { flags, changed } = folder.host.queue.rebase(
    folder.host.id,
    uid,
    flagBits(message.flags, folder.keywords),
    folder.keywords,
  );
  if (changed) folder.host.queueChanged();
  state.setFlags(slot, flags);
  if (message.raw) replaceRaw(folder, uid, message.raw);
  if (before !== undefined) tally.unread += unreadOf(flags) - unreadOf(before);
  else if (tally.by === 'own') {
    tally.total++;
    tally.unread += unreadOf(flags);
  }
  if (remote?.t === 'imap' && before !== undefined && unplaced) tally.placed.set(uid, remote);
  tally.visible = true;
  if (!isKnown) tally.put.push(uid);
  else if (flags !== before) tally.flags.push(uid);
  folder.writer.stateChanged(number);
}

function serverFlags(folder: Folder, uid: LocalUid, names: readonly string[], tally: Tally): void {
  const state = folder.table.state(shardOf(uid));
  const before = state?.flags(slotOf(uid));
  if (!state || before === undefined) return;
  const base = flagBits(names, folder.keywords);
  const { flags, changed } = folder.host.queue.rebase(folder.host.id, uid, base, folder.keywords);
  if (changed) folder.host.queueChanged();
  if (flags === before) return;
  state.setFlags(slotOf(uid), flags);
  tally.unread += unreadOf(flags) - unreadOf(before);
  tally.visible = true;
  tally.flags.push(uid);
  folder.writer.stateChanged(shardOf(uid));
}

function remove(folder: Folder, uid: LocalUid, tally: Tally, withFile: boolean): void {
  const state = folder.table.state(shardOf(uid));
  const before = state?.flags(slotOf(uid));
  if (!state || before === undefined) return;
  const raw = state.raw(slotOf(uid));
  if (raw && withFile) folder.writer.drop(raw);
  state.clear(slotOf(uid), GONE);
  tally.total--;
  tally.unread -= unreadOf(before);
  tally.visible = true;
  tally.gone.push(uid);
  folder.writer.stateChanged(shardOf(uid));
}

function setRaw(folder: Folder, uid: LocalUid, raw: RawRef | null, tally: Tally): void {
  if (folder.flags(uid) === undefined) {
    // The message went while its file was being written.
    if (raw) folder.writer.drop(raw);
    return;
  }
  replaceRaw(folder, uid, raw);
  tally.visible = true;
  folder.writer.stateChanged(shardOf(uid));
}

function replaceRaw(folder: Folder, uid: LocalUid, raw: RawRef | null): void {
  const state = folder.table.state(shardOf(uid));
  const old = state?.raw(slotOf(uid));
  // Damaged, says the caller. Where no server can send it again, a broken file is better than none.
  const only = raw === null && folder.remote(uid)?.t !== 'imap';
  if (old && old.n !== raw?.n) folder.writer.drop(old, only);
  state?.setRaw(slotOf(uid), raw);
}

const unreadOf = (flags: number) => ((flags & SEEN) === 0 ? 1 : 0);
