// The first pull of a folder: the newest screenful at once, then downwards in chunks, each durable and each able to be
// the last. Numbers were all taken at the beginning; an interrupted fill goes on where `nextSlot` says.
import type { FetchMessageObject } from 'imapflow';
import type { FolderSync } from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';
import { nextTurn } from '../../util/turn.ts';
import type { Progress } from '../types.ts';
import type { ImapClient } from './client.ts';
import type { PullState } from './pull-state.ts';

/** Taken over in one turn of the event loop: some 2 ms of work. */
const SLICE = 40;
/** Slices on their way to the disk before the next chunk is asked for. */
const SLICES_AHEAD = 50;

/** The newest screenful of a folder of which nothing is known to be here; all numbers are taken at once. */
export async function* firstChunk(s: PullState): AsyncGenerator<Progress> {
  const { box } = s;
  const { folder } = s.c;
  const empty: FolderSync = {
    uidValidity: box.uidValidity,
    uidNext: Math.max(1, box.uidNext),
    highestModseq: box.highestModseq,
    filledDownTo: 1,
  };
  if (box.exists === 0) {
    s.apply({}, empty);
    return;
  }
  const from = Math.max(1, box.exists - Math.min(s.chunks.first, s.size) + 1);
  const range = `${from}:${box.exists}`;
  const found = await s.envelopes({ by: 'seq', range, count: box.exists - from + 1 });
  const rows = descending(found);
  // A crash may have taken the markers of an earlier first pull and left its messages.
  await folder.loadAll();
  // The list order is the order of local numbers: all of them are taken now, and older messages fill them downwards.
  const top = folder.reserve(box.exists) + box.exists - 1;
  const { put, next } = s.number(rows, top);
  const lowest = rows.at(-1)?.uid;
  s.received(put);
  s.apply(
    { put },
    {
      ...empty,
      uidNext: Math.max(empty.uidNext, (rows[0]?.uid ?? 0) + 1),
      filledDownTo: from === 1 ? 1 : (lowest ?? empty.uidNext),
      ...(from === 1 ? {} : { nextSlot: next }),
    },
  );
  yield s.progress(box.exists);
}

/** Older messages, newest first, until nothing is missing below. */
export async function* fillDown(s: PullState): AsyncGenerator<Progress> {
  if (s.sync.filledDownTo === 1) return;
  // What is here already must be seen as such.
  await s.c.folder.loadAll();
  let below: number | null = null;
  let astray = 0;
  while (s.sync.filledDownTo !== 1) {
    const boundary = s.sync.filledDownTo ?? 1;
    below ??= await s.within(client => countBelow(client, boundary));
    if (below === 0) {
      s.apply({}, complete(s.sync));
      break;
    }
    const chunk = await olderChunk(s, boundary, below);
    if (chunk === null) {
      // The anchor was not where it was thought to be: somebody expunged. Count again.
      if (++astray > 5) throw new TmailError('protocol', 'imap.unstable', { retry: 'auto' });
      below = null;
      continue;
    }
    astray = 0;
    below = chunk.below;
    await putOlder(s, chunk.rows, below === 0);
    yield s.progress(Math.max(s.box.exists, s.c.folder.length + below));
    await s.writes.drain(SLICES_AHEAD);
  }
}

/** The messages just below the boundary; null when sequence numbers moved. */
async function olderChunk(s: PullState, boundary: number, below: number) {
  const from = Math.max(1, below - s.size + 1);
  // One more than needed: the oldest message that is here already proves that the numbers still fit.
  // But not where that one may be the message that was too much.
  const anchored = !s.c.caution.alert && s.c.folder.byRemoteUid(boundary) !== undefined ? below + 1 : below;
  const range = `${from}:${anchored}`;
  const rows = await s.envelopes({ by: 'seq', range, count: anchored - from + 1 });
  const older = descending(rows).filter(row => row.uid < boundary);
  const anchor = rows.some(row => row.uid === boundary);
  if (anchored > below ? !anchor : older.length < rows.length) return null;
  if (older.length === 0 && from > 1) return null;
  return { rows: older, below: from - 1 };
}

/** In slices, each with the markers that it makes true. */
async function putOlder(s: PullState, rows: readonly FetchMessageObject[], last: boolean): Promise<void> {
  const { folder } = s.c;
  for (let from = 0; from === 0 || from < rows.length; from += SLICE) {
    if (from > 0) await nextTurn();
    const slice = rows.slice(from, from + SLICE);
    const slot =
      s.sync.nextSlot ?? (folder.uidAt(folder.length - 1) ?? folder.reserve(rows.length - from)) - 1;
    const { put, next } = s.number(slice, slot);
    s.received(put);
    const sync: FolderSync = {
      ...s.sync,
      filledDownTo: slice.at(-1)?.uid ?? s.sync.filledDownTo,
      nextSlot: next,
    };
    s.apply({ put }, last && from + SLICE >= rows.length ? complete(sync) : sync);
  }
}

function descending(rows: readonly FetchMessageObject[]): FetchMessageObject[] {
  return [...rows].sort((a, b) => b.uid - a.uid);
}

function complete(sync: FolderSync): FolderSync {
  const { nextSlot: _, ...rest } = sync;
  return { ...rest, filledDownTo: 1 };
}

async function countBelow(client: ImapClient, uid: number): Promise<number> {
  return uid <= 1 ? 0 : await client.countIn(`1:${uid - 1}`);
}
