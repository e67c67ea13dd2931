// Server → store for one folder, in batches that can each be the last: what is new here first (fill.ts), later only
// what changed. Every yield lies between two commands. Says nothing to the server but questions.
import type { FetchMessageObject } from 'imapflow';
import type { LocalUid } from '../../mail/types.ts';
import type { FolderSync } from '../../store/types.ts';
import { nextTurn } from '../../util/turn.ts';
import type { Progress } from '../types.ts';
import { type Diff, diffFlags, diffPresence, filledRange, isEmpty, planPull, type Survey } from './diff.ts';
import { fillDown, firstChunk } from './fill.ts';
import { indexOf } from './folder-index.ts';
import { expectedThere } from './outgoing.ts';
import { type PullContext, PullState } from './pull-state.ts';
import { formatUidSet, type UidRange, uidSetsDescending } from './uid-set.ts';

/** Rows compared in one turn of the event loop: some 2 ms of work. */
const ROWS_AT_ONCE = 1000;

export type { PullContext } from './pull-state.ts';

/** Repeatable and resumable; what came before an error or a return is kept. */
export async function* pullFolder(context: PullContext): AsyncGenerator<Progress> {
  const box = await context.line.within(context.name, async (_client, selected) => selected, 'fresh');
  const state = new PullState(context, box);
  try {
    yield* steps(state);
  } finally {
    // Whoever stops the pull may close the store next: nothing stays on its way.
    await state.writes.drain().catch(() => undefined);
  }
}

async function* steps(s: PullState): AsyncGenerator<Progress> {
  const { folder, record } = s.c;
  const plan = planPull(s.box, s.sync);
  if (plan.reset) reset(s);
  if (plan.first) yield* firstChunk(s);
  else {
    yield* survey(s, plan.survey);
    if (plan.newFrom !== null) yield* arrivals(s, plan.newFrom);
    yield* verify(s);
  }
  yield* fillDown(s);
  forgetLost(s);
  await s.writes.drain();
  yield { label: record.name, done: folder.length, total: folder.length };
}

/** Landed here, and nowhere on the server: others took it away before its place was known. */
function forgetLost(s: PullState): void {
  const remove = s.lost();
  if (remove.length > 0 && s.sync.filledDownTo === 1) s.apply({ remove });
}

/** The old numbers mean other messages now, or none: nothing of them is kept. */
function reset(s: PullState): void {
  const { uidValidity } = s.box;
  s.apply({ reset: true }, { uidValidity, uidNext: 1, highestModseq: null, filledDownTo: null });
  s.c.report(s.changed());
}

/** Flags and expunges of what is here. */
async function* survey(s: PullState, survey: Survey): AsyncGenerator<Progress> {
  if (survey === 'nothing') return;
  if (survey === 'changes') {
    const missing = await changes(s);
    s.apply({}, { ...s.sync, highestModseq: s.box.highestModseq });
    yield* repair(s, missing);
    return;
  }
  yield* scan(s);
  s.apply({}, { ...s.sync, highestModseq: s.box.highestModseq });
}

/** One command: everything that changed since the mod-sequence (RFC 7162 sections 3.1.4 and 3.2.6). */
async function changes(s: PullState): Promise<readonly number[]> {
  const { folder } = s.c;
  const filled = filledRange(s.sync);
  const since = s.sync.highestModseq ?? '0';
  const gone: UidRange[] = [];
  const rows = await s.within(async client => {
    const stop = client.subscribe(event => {
      if (event.t === 'vanished' && event.earlier) gone.push(...event.uids);
    });
    try {
      return await client.rows({
        by: 'uid',
        range: `${filled.from}:${Math.max(filled.from, filled.to)}`,
        items: { uid: true, flags: true },
        most: Math.max(s.box.exists, folder.length) * 2 + 1000,
        changedSince: since,
      });
    } finally {
      stop();
    }
  });
  if (rows.length + gone.length > 0) await folder.loadAll();
  gone.sort((a, b) => a.from - b.from);
  return await takeRows(s, rows, gone, s.sync);
}

/** In slices: whoever marks a whole folder as read gets a row for each message. Returns what is missing here. */
async function takeRows(
  s: PullState,
  rows: readonly FetchMessageObject[],
  gone: readonly UidRange[],
  sync: FolderSync,
): Promise<number[]> {
  const missing: number[] = [];
  for (let from = 0; from === 0 || from < rows.length; from += ROWS_AT_ONCE) {
    if (from > 0) await nextTurn();
    const slice = rows.slice(from, from + ROWS_AT_ONCE).map(flagRow);
    const diff = diffFlags(slice, from === 0 ? gone : [], sync, indexOf(s.c.folder));
    take(s, diff);
    missing.push(...diff.missing);
  }
  return missing;
}

/** Every flag, newest first, by ranges of the UIDs that are here; gaps between them are asked about as well. */
async function* scan(s: PullState): AsyncGenerator<Progress> {
  const { folder } = s.c;
  await folder.loadAll();
  const filled = filledRange(s.sync);
  const uids = [...indexOf(folder).remotes()].map(([remote]) => remote);
  let high = filled.to;
  for (const set of uidSetsDescending(uids, s.chunks.next)) {
    const low = Math.min(high, set.at(-1) ?? high);
    yield* scanRange(s, { from: Math.max(low, filled.from), to: high });
    high = low - 1;
    if (!s.c.thorough) return;
  }
  if (high >= filled.from) yield* scanRange(s, { from: filled.from, to: high });
}

async function* scanRange(s: PullState, range: UidRange): AsyncGenerator<Progress> {
  if (range.to < range.from) return;
  const rows = await s.within(client =>
    client.rows({
      by: 'uid',
      range: `${range.from}:${range.to}`,
      items: { uid: true, flags: true },
      most: s.box.exists * 2 + 1000,
    }),
  );
  const index = indexOf(s.c.folder);
  const flags = diffFlags(rows.map(flagRow), [], s.sync, index);
  const present = diffPresence(
    rows.map(row => row.uid),
    range,
    index,
  );
  take(s, { change: { ...flags.change, ...present.change }, missing: flags.missing });
  yield* repair(s, flags.missing);
  yield s.progress(s.box.exists);
}

function take(s: PullState, diff: Diff, sync?: FolderSync): void {
  if (!isEmpty(diff.change) || sync) s.apply(diff.change, sync);
}

/** Mail that came since the last pull, oldest first so that a cut leaves no hole. */
async function* arrivals(s: PullState, from: number): AsyncGenerator<Progress> {
  for (const { range, uids, count } of await asked(s, from)) {
    const found = await s.envelopes({ by: 'uid', range, ...(uids && { uids }), count });
    const rows = found.filter(row => row.uid >= from).sort((a, b) => a.uid - b.uid);
    const highest = uids?.[0] ?? rows.at(-1)?.uid ?? 0;
    const fresh = putNewer(s, rows, { ...s.sync, uidNext: Math.max(s.sync.uidNext, highest + 1) });
    if (fresh.length > 0) s.c.arrived?.(fresh);
    yield s.progress(s.box.exists);
  }
  s.apply({}, { ...s.sync, uidNext: Math.max(s.sync.uidNext, s.box.uidNext) });
}

interface Asked {
  readonly range: string;
  /** Descending; absent: some of the range may not exist. */
  readonly uids?: readonly number[];
  readonly count: number;
}

/** In commands, those that are not here. Of what was moved here from here the flags are all that may be new. */
async function asked(s: PullState, from: number): Promise<Asked[]> {
  const { folder } = s.c;
  const few = s.box.uidNext > 0 && s.box.uidNext - from <= s.size;
  if (!few) await folder.loadAll();
  const uids = few
    ? Array.from({ length: Math.max(0, s.box.uidNext - from) }, (_, i) => from + i)
    : (await s.within(client => client.uidsIn(`${from}:*`))).filter(uid => uid >= from);
  const isHere = (uid: number): boolean => folder.byRemoteUid(uid) !== undefined;
  await flagsOf(s, uids.filter(isHere));
  const rest = uids.filter(uid => !isHere(uid));
  if (few) return rest.length === 0 ? [] : [{ range: formatUidSet(rest), count: rest.length }];
  const sets = uidSetsDescending(rest, s.size).reverse();
  return sets.map(set => ({ range: formatUidSet(set), uids: set, count: set.length }));
}

async function flagsOf(s: PullState, uids: readonly number[]): Promise<void> {
  const { folder } = s.c;
  for (const set of uidSetsDescending(uids, s.chunks.next).reverse()) {
    const wanted = new Set(set);
    const most = set.length * 2 + 1000;
    const items = { uid: true, flags: true };
    const rows = await s.within(client => client.rows({ by: 'uid', range: formatUidSet(set), items, most }));
    // What left in the meantime is no arrival.
    const here = rows.filter(({ uid }) => wanted.has(uid) && folder.byRemoteUid(uid) !== undefined);
    await takeRows(s, here, [], { ...s.sync, uidNext: (set[0] ?? 0) + 1 });
  }
}

/** Returns the numbers of those that were not here in any way. */
function putNewer(s: PullState, found: readonly FetchMessageObject[], sync: FolderSync): LocalUid[] {
  const { folder } = s.c;
  const rows = s.wanted(found).map(row => ({ row, place: s.placeOf(row) }));
  const fresh = rows.filter(({ place }) => place === undefined).length;
  let next = fresh > 0 ? folder.reserve(fresh) : 0;
  const put = rows.map(({ row, place }) => s.message(row, place ?? next++));
  const received = s.received(put);
  s.apply(put.length > 0 ? { put } : {}, sync);
  return received;
}

/** Messages that should have been here: fetched now, in the order that is left. */
async function* repair(s: PullState, missing: readonly number[]): AsyncGenerator<Progress> {
  for (const set of uidSetsDescending(s.missing(missing), s.size).reverse()) {
    const range = formatUidSet(set);
    const rows = await s.envelopes({ by: 'uid', range, uids: set, count: set.length });
    putNewer(
      s,
      rows.sort((a, b) => a.uid - b.uid),
      s.sync,
    );
    yield s.progress(s.box.exists);
  }
}

/** Expunges that nobody told us of: where the counts differ, or can't be compared, the UIDs are. */
async function* verify(s: PullState): AsyncGenerator<Progress> {
  const { folder } = s.c;
  const filled = filledRange(s.sync);
  const whole = s.sync.filledDownTo === 1;
  if (whole && expectedThere(folder, s.outgoing()) === s.box.exists) return;
  if (filled.to < filled.from) return;
  const uids = await s.within(client => client.uidsIn(`${filled.from}:${filled.to}`));
  await folder.loadAll();
  const diff = diffPresence(uids, filled, indexOf(folder));
  take(s, diff);
  yield* repair(s, diff.missing);
}

function flagRow(row: FetchMessageObject) {
  return { uid: row.uid, flags: row.flags ?? [] };
}
