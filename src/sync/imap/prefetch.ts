// Bodies in the background, newest first, as far as `offline` asks: many small messages in one command, fetched
// while the last ones are being made durable. Large ones follow singly, in pieces.
import type { FetchMessageObject } from 'imapflow';
import type { Offline } from '../../config/types.ts';
import type { LocalUid, RawRef } from '../../mail/types.ts';
import { FETCH_CHUNK, MESSAGE_BYTES, WHOLE_MESSAGE_BYTES } from '../../util/limits.ts';
import { nextTurn } from '../../util/turn.ts';
import type { Progress } from '../types.ts';
import { type BodyContext, fetchPieces, fetchWhole, owner, withinSame } from './body.ts';
import { formatUidSet } from './uid-set.ts';
import { Writes } from './writes.ts';

/** One command: enough to make round trips cheap, little enough to be held in memory several times. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_MESSAGES = 400;
/** Batches fetched and not yet durable. */
const BATCHES_AHEAD = 3;

export interface PrefetchContext extends BodyContext {
  readonly offline: Offline;
  readonly now: () => number;
  /** Local numbers between these were looked at before and are here or not wanted. */
  readonly seen: Seen;
  /** Gives files to those of the messages whose file is here in another folder. Absent: no message is in two. */
  readonly share?: (uids: readonly LocalUid[]) => Promise<ReadonlySet<LocalUid>>;
  /** @throws TmailError `disk.floor` when there is too little room left to go on. */
  readonly room: () => Promise<void>;
}

/** What earlier runs settled in one folder, so that a new message costs no walk over all of them. */
export interface Seen {
  low: LocalUid;
  high: LocalUid;
}

interface Wanted {
  readonly uid: LocalUid;
  readonly remote: number;
  readonly uidValidity: string;
  readonly size: number;
}

/** Repeatable; nothing is fetched twice. Each yield lies between two commands. */
export async function* prefetchFolder(context: PrefetchContext): AsyncGenerator<Progress> {
  if (context.offline === 'headers') return;
  const large: Wanted[] = [];
  let done = 0;
  do {
    done = yield* fetchSmall(context, large, done);
  } while (yield* grows(context, done));
  yield* fetchLarge(context, large);
}

/** One walk over what is here; how many bodies were fetched in all. */
async function* fetchSmall(
  context: PrefetchContext,
  large: Wanted[],
  before: number,
): AsyncGenerator<Progress, number> {
  const writes = new Writes();
  const run = { low: Number.POSITIVE_INFINITY, high: 0 };
  let done = before;
  try {
    for await (const batch of batches(context, large, run)) {
      await context.room();
      yield { label: context.record.name, done, total: 0 };
      const missing = await unshared(context, batch);
      done += batch.length;
      if (missing.length === 0) continue;
      const rows = await fetchBatch(context, missing);
      writes.add(store(context, missing, rows));
      await writes.drain(BATCHES_AHEAD - 1);
    }
    await writes.drain();
  } finally {
    await context.raw.flush().catch(() => undefined);
    await writes.drain().catch(() => undefined);
  }
  widen(context.seen, run);
  return done;
}

async function unshared({ share }: PrefetchContext, wanted: readonly Wanted[]): Promise<readonly Wanted[]> {
  const shared = await share?.(wanted.map(({ uid }) => uid));
  return shared && shared.size > 0 ? wanted.filter(({ uid }) => !shared.has(uid)) : wanted;
}

/** While the folder's first pull goes on beside this, there is soon more to fetch. */
async function* grows(context: PrefetchContext, done: number): AsyncGenerator<Progress, boolean> {
  const { folder } = context;
  const before = folder.length;
  for (let waits = 0; folder.sync.filledDownTo !== 1 && waits < 20; waits++) {
    if (folder.length > before) return true;
    yield { label: context.record.name, done, total: 0 };
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  return folder.length > before;
}

function widen(seen: Seen, run: { low: number; high: number }): void {
  if (run.high === 0) return;
  seen.low = Math.min(seen.low, run.low);
  seen.high = Math.max(seen.high, run.high);
}

/** Messages without a file, newest first, in groups for one command. */
async function* batches(
  context: PrefetchContext,
  large: Wanted[],
  run: { low: number; high: number },
): AsyncGenerator<Wanted[]> {
  const { folder } = context;
  let batch: Wanted[] = [];
  let bytes = 0;
  await folder.loadAll();
  const from = since(context);
  for await (const candidate of candidates(context, from, run)) {
    if (candidate.size > WHOLE_MESSAGE_BYTES) {
      if (candidate.size <= MESSAGE_BYTES) large.push(candidate);
      continue;
    }
    if (
      batch.length > 0 &&
      (batch.length >= BATCH_MESSAGES ||
        bytes + candidate.size > BATCH_BYTES ||
        batch[0]?.uidValidity !== candidate.uidValidity)
    ) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(candidate);
    bytes += candidate.size;
  }
  if (batch.length > 0) yield batch;
}

/** Arrivals from this moment on are wanted. */
function since({ offline, now }: PrefetchContext): number {
  return typeof offline === 'object' ? now() - offline.days * 24 * 3600_000 : 0;
}

async function* candidates(
  context: PrefetchContext,
  arrivedAfter: number,
  run: { low: number; high: number },
): AsyncGenerator<Wanted> {
  const { folder, seen } = context;
  // By number and not by position: messages come and go while this runs.
  let uid = folder.uidAt(0);
  for (let looked = 1; uid !== undefined; looked++) {
    // A walk over a large folder that is all here must not keep the keys waiting.
    if (looked % 500 === 0) await nextTurn();
    const position = folder.positionOf(uid);
    const size = await sizeOf(context, uid, position);
    run.low = Math.min(run.low, uid);
    run.high = Math.max(run.high, uid);
    if (size !== null && size.arrival < arrivedAfter) return;
    const remote = folder.remote(uid);
    const raw = folder.raw(uid);
    if (size && remote?.t === 'imap' && (!raw || raw.partial)) {
      yield { uid, remote: remote.uid, uidValidity: remote.uidValidity, size: size.bytes };
    }
    uid = next(context, uid, seen);
  }
}

function next(context: PrefetchContext, uid: LocalUid, seen: Seen): LocalUid | undefined {
  const { folder } = context;
  let position = folder.positionOf(uid);
  // Gone meanwhile: go on with the next older one that is left.
  for (let below = uid; position < 0 && below > 0; below--) position = folder.positionOf(below) - 1;
  const following = folder.uidAt(position + 1);
  if (following === undefined || following > seen.high || following < seen.low) return following;
  const last = folder.positionOf(seen.low);
  return last < 0 ? following : folder.uidAt(last + 1);
}

async function sizeOf(context: PrefetchContext, uid: LocalUid, position: number) {
  const { folder } = context;
  if (position < 0) return null;
  if (!folder.envelope(uid)) await folder.ensure(position, position + FETCH_CHUNK - 1);
  const envelope = folder.envelope(uid);
  return envelope ? { bytes: envelope.size, arrival: envelope.arrival } : null;
}

async function fetchBatch(context: PrefetchContext, batch: readonly Wanted[]): Promise<FetchMessageObject[]> {
  const uidValidity = batch[0]?.uidValidity ?? '';
  return await withinSame(context, uidValidity, client =>
    client.rows({
      by: 'uid',
      range: formatUidSet(batch.map(wanted => wanted.remote)),
      items: { uid: true, source: true },
      most: batch.length * 2 + 1000,
    }),
  );
}

async function store(
  context: PrefetchContext,
  batch: readonly Wanted[],
  rows: readonly FetchMessageObject[],
): Promise<void> {
  const sources = new Map(rows.flatMap(row => (row.source ? [[row.uid, row.source] as const] : [])));
  const short: Wanted[] = [];
  const writing: Promise<{ uid: LocalUid; raw: RawRef }>[] = [];
  for (const wanted of batch) {
    const bytes = sources.get(wanted.remote);
    // No row: expunged meanwhile, the next pull says so.
    if (!bytes) continue;
    if (bytes.length < wanted.size) short.push(wanted);
    else {
      const written = context.raw.write(bytes, owner(context, wanted.uid, false));
      writing.push(written.then(raw => ({ uid: wanted.uid, raw })));
    }
  }
  const raw = await Promise.all(writing);
  if (raw.length > 0) await context.folder.apply({ raw });
  for (const wanted of short) await fetchWhole(context, wanted.uid, wanted.size);
}

async function* fetchLarge(context: PrefetchContext, large: readonly Wanted[]): AsyncGenerator<Progress> {
  for (const wanted of large) {
    const raw = context.folder.raw(wanted.uid);
    if (raw === undefined || (raw && !raw.partial)) continue;
    await context.room();
    if ((await unshared(context, [wanted])).length === 0) continue;
    yield* fetchPieces(context, wanted.uid, wanted.size, context.record.name);
  }
}
