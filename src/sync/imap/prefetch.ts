// Bodies in the background, newest first, as far as `offline` asks: many small messages in one command, fetched
// while the last ones are being made durable. Large ones follow singly, in pieces, and those of which the text is enough.
import type { FetchMessageObject } from 'imapflow';
import { keepsFiles, reachOf, textAlone } from '../../config/offline.ts';
import type { Offline } from '../../config/types.ts';
import { FLAGGED, type LocalUid, type RawRef } from '../../mail/types.ts';
import { FETCH_CHUNK, MESSAGE_BYTES, WHOLE_MESSAGE_BYTES } from '../../util/limits.ts';
import { nextTurn } from '../../util/turn.ts';
import type { Progress } from '../types.ts';
import { type BodyContext, fetchPieces, fetchText, fetchWhole, owner, withinSame } from './body.ts';
import type { ImapClient } from './client.ts';
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
  /** Older starred mail was looked for. */
  starred?: true;
}

interface Wanted {
  readonly uid: LocalUid;
  readonly remote: number;
  readonly uidValidity: string;
  readonly size: number;
  /** Without its attachments. */
  readonly textAlone: boolean;
}

/** Repeatable; nothing is fetched twice. Each yield lies between two commands. */
export async function* prefetchFolder(context: PrefetchContext): AsyncGenerator<Progress> {
  if (!keepsFiles(context.offline)) return;
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
  for await (const candidate of candidates(context, run)) {
    if (candidate.textAlone || candidate.size > WHOLE_MESSAGE_BYTES) {
      if (candidate.textAlone || candidate.size <= MESSAGE_BYTES) large.push(candidate);
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

async function* candidates(
  context: PrefetchContext,
  run: { low: number; high: number },
): AsyncGenerator<Wanted> {
  const { folder, seen } = context;
  const reach = reachOf(context.offline, context.now());
  // By number and not by position: messages come and go while this runs.
  let uid = folder.uidAt(0);
  for (let looked = 1; uid !== undefined; looked++) {
    // A walk over a large folder that is all here must not keep the keys waiting.
    if (looked % 500 === 0) await nextTurn();
    const position = folder.positionOf(uid);
    if (position >= reach.newest) break;
    const message = await about(context, uid, position);
    if (message !== null && message.arrival < reach.since) break;
    run.low = Math.min(run.low, uid);
    run.high = Math.max(run.high, uid);
    if (message && !isHere(context, message)) yield message;
    uid = next(context, uid, seen);
  }
  if (uid !== undefined && reach.starred && !seen.starred) yield* starred(context, uid);
}

/** Starred mail from `uid` downwards: older than what is kept otherwise. */
async function* starred(context: PrefetchContext, uid: LocalUid): AsyncGenerator<Wanted> {
  const { folder, seen } = context;
  const old = Array.from({ length: folder.length }, (_, position) => folder.uidAt(position) ?? 0);
  for (const [looked, one] of old.entries()) {
    if (looked % 500 === 499) await nextTurn();
    if (one > uid || one === 0 || ((folder.flags(one) ?? 0) & FLAGGED) === 0) continue;
    const message = await about(context, one, folder.positionOf(one));
    if (message && !isHere(context, message)) yield message;
  }
  // Once in a run: a new message must not cost a walk over all, and what was starred here was read here.
  if (folder.sync.filledDownTo === 1) seen.starred = true;
}

/** As far as it is to be: whole, or its text. */
function isHere({ folder }: PrefetchContext, { uid, textAlone }: Wanted): boolean {
  const raw = folder.raw(uid);
  return Boolean(raw) && (textAlone || !raw?.partial);
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

/** Null: it is gone, or not on the server. */
async function about(
  context: PrefetchContext,
  uid: LocalUid,
  position: number,
): Promise<(Wanted & { readonly arrival: number }) | null> {
  const { folder, offline } = context;
  if (position < 0) return null;
  if (!folder.envelope(uid)) await folder.ensure(position, position + FETCH_CHUNK - 1);
  const envelope = folder.envelope(uid);
  const remote = folder.remote(uid);
  if (!envelope || remote?.t !== 'imap') return null;
  const { size, arrival } = envelope;
  const { uid: there, uidValidity } = remote;
  return { uid, remote: there, uidValidity, size, arrival, textAlone: textAlone(offline, envelope) };
}

async function fetchBatch(context: PrefetchContext, batch: readonly Wanted[]): Promise<FetchMessageObject[]> {
  const uidValidity = batch[0]?.uidValidity ?? '';
  const fetch = (wanted: readonly Wanted[]) => (client: ImapClient) =>
    client.rows({
      by: 'uid',
      range: formatUidSet(wanted.map(({ remote }) => remote)),
      items: { uid: true, source: true },
      most: wanted.length * 2 + 1000,
    });
  const rows = await withinSame(context, uidValidity, fetch(batch));
  const come = new Set(rows.map(({ uid }) => uid));
  const missing = batch.filter(({ remote }) => !come.has(remote));
  // Expunged, or newer than what this connection knows of the folder.
  if (missing.length > 0) rows.push(...(await withinSame(context, uidValidity, fetch(missing), 'fresh')));
  return rows;
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
    if (context.folder.raw(wanted.uid) === undefined || isHere(context, wanted)) continue;
    await context.room();
    yield { label: context.record.name, done: 0, total: 0 };
    if ((await unshared(context, [wanted])).length === 0) continue;
    if (wanted.textAlone) await fetchText(context, wanted.uid);
    else yield* fetchPieces(context, wanted.uid, wanted.size, context.record.name);
  }
}
