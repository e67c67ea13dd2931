// Reads the queue's files, whatever a crash or damage left of them: the newest snapshot of the two, and the longer of
// the two lists of steps that belong to it. Writes nothing, but sets aside what can't be read.
import type { Disk } from './disk.ts';
import { openJson, type ReportDamage, setAside } from './json.ts';
import {
  isQueueFile,
  isQueueStepLine,
  QUEUE_VERSION,
  type QueuedOperation,
  type QueueFile,
  type QueueStepLine,
} from './shapes.ts';

/** A file of the queue at most: some hundred thousand messages that are moved. Strings end at 512 MB. */
export const QUEUE_BYTES = 400 * 1024 * 1024;

export interface QueuePlace {
  readonly dir: string;
  readonly disk: Disk;
  readonly now: () => number;
  readonly damaged: ReportDamage;
  /** Bytes of a file; QUEUE_BYTES unless said. */
  readonly most?: number;
}

/** One of the two. */
export interface QueueCopy {
  readonly snapshot: string;
  readonly steps: string;
}

interface QueueRead {
  readonly ops: readonly QueuedOperation[];
  /** The highest that any of the files names. */
  readonly generation: number;
  /** Each of the copies holds all of it, or there is nothing at all. */
  readonly whole: boolean;
}

export async function readQueue(place: QueuePlace, copies: readonly QueueCopy[]): Promise<QueueRead> {
  const snapshots = await Promise.all(copies.map(({ snapshot }) => readSnapshot(place, snapshot)));
  const lists = await Promise.all(copies.map(({ steps }) => readSteps(place, steps)));
  const good = snapshots.filter(({ found }) => found === 'good').map(({ file }) => file);
  // What was promised is in both; what was not may be in one.
  const newest = good.reduce<QueueFile | undefined>(
    (best, file) => (best && generationOf(best) >= generationOf(file) ? best : file),
    undefined,
  );
  const generation = newest ? generationOf(newest) : 0;
  // Steps of another generation are older than the snapshot.
  const fitting = lists.map(({ steps }) => (newest ? steps.filter(({ g }) => g === generation) : []));
  const steps = fitting.reduce((longest, list) => (list.length > longest.length ? list : longest), []);
  const agree =
    good.every(file => generationOf(file) === generation) &&
    lists.every((list, i) => list.whole && list.steps.length === fitting[i]?.length) &&
    fitting.every(({ length }) => length === steps.length);
  const isFresh = snapshots.every(({ found }) => found === 'absent') && lists.every(({ absent }) => absent);
  const known = [...good.map(generationOf), ...lists.flatMap(list => list.steps.map(({ g }) => g))];
  return {
    ops: after(newest?.ops ?? [], steps),
    generation: Math.max(0, ...known),
    whole: isFresh || (agree && good.length === copies.length),
  };
}

const generationOf = ({ generation = 0 }: QueueFile): number => generation;

/** @throws TmailError `store.version` for a newer tmail's: nothing is changed then */
async function readSnapshot({ disk, now, damaged, most = QUEUE_BYTES }: QueuePlace, path: string) {
  const { low, found } = await openJson<QueueFile>({
    disk,
    path,
    check: isQueueFile,
    fallback: () => ({ v: QUEUE_VERSION, ops: [] }),
    version: QUEUE_VERSION,
    limit: most,
    damaged,
    now,
  });
  return { file: low.data, found };
}

interface Steps {
  readonly steps: readonly QueueStepLine[];
  /** Nothing else is in the file. */
  readonly whole: boolean;
  readonly absent: boolean;
}

async function readSteps(place: QueuePlace, path: string): Promise<Steps> {
  const { disk, now, damaged, most = QUEUE_BYTES } = place;
  const bytes = await disk.read(path, most);
  if (bytes === null) return { steps: [], whole: true, absent: true };
  const lines = typeof bytes === 'string' ? [bytes] : bytes.toString('utf8').split('\n');
  // The last one may be half there: then it was promised to nobody.
  const rest = typeof bytes === 'string' ? '' : lines.pop();
  const steps: QueueStepLine[] = [];
  for (const line of lines) {
    const step = parse(line);
    if (!isQueueStepLine(step)) break;
    steps.push(step);
  }
  if (steps.length < lines.length) {
    const kept = disk.writable ? await setAside(disk, path, now()) : null;
    damaged(path, kept, 'syntax');
  }
  return { steps, whole: steps.length === lines.length && rest === '', absent: false };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function after(ops: readonly QueuedOperation[], steps: readonly QueueStepLine[]): QueuedOperation[] {
  const now = new Map(ops.map(op => [op.id, op]));
  for (const { put, gone, tries } of steps) {
    for (const op of put) now.set(op.id, op);
    for (const id of gone) now.delete(id);
    for (const [id, count] of Object.entries(tries)) {
      const op = now.get(id);
      if (op) now.set(id, { ...op, tries: count });
    }
  }
  return [...now.values()];
}
