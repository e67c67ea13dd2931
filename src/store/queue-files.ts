// The queue on disk: a snapshot and the steps made since, both twice. Nothing else could bring a queued operation back,
// so a damaged file must not be the only one; and a step costs what it changes, not what waits. Knows nothing of what
// the operations do.
import { constants } from 'node:fs';
import { join } from 'node:path';
import { type Disk, storageError, together } from './disk.ts';
import { JSON_FILE_BYTES, openJson, type ReportDamage } from './json.ts';
import { isQueuedOperation, isQueueFile, type QueuedOperation, type QueueFile } from './shapes.ts';

/** 1: before there were copies, operations on folders, and steps beside the snapshot. */
export const QUEUE_VERSION = 2;
/** Steps are gathered into a new snapshot when they are larger than this and than the snapshot. */
const STEPS_BYTES = 256 * 1024;

/** What has changed since the last one. */
export interface QueueStep {
  /** New or changed operations; new ones come last, in this order. */
  readonly put: readonly QueuedOperation[];
  readonly gone: readonly string[];
  readonly tries: Readonly<Record<string, number>>;
}

export interface QueueFiles {
  readonly found: readonly QueuedOperation[];
  /**
   * Durable when it resolves. `step` is what changed since the last one that resolved; null: too much to say. `all`
   * gives everything, in order.
   */
  write(step: QueueStep | null, all: () => readonly QueuedOperation[]): Promise<void>;
}

interface Options {
  readonly dir: string;
  readonly disk: Disk;
  readonly now: () => number;
  readonly damaged: ReportDamage;
}

/** One of the two copies. */
interface Copy {
  readonly snapshot: string;
  readonly steps: string;
}

interface Read {
  readonly ops: readonly QueuedOperation[];
  readonly generation: number;
  /** Steps read. */
  readonly count: number;
  readonly found: 'good' | 'absent' | 'damaged';
}

export async function openQueueFiles(options: Options): Promise<QueueFiles> {
  const { dir, disk } = options;
  const copies: readonly Copy[] = [
    { snapshot: join(dir, 'queue.json'), steps: join(dir, 'queue.steps') },
    { snapshot: join(dir, 'queue.copy.json'), steps: join(dir, 'queue.copy.steps') },
  ];
  const read = await Promise.all(copies.map(copy => readCopy(options, copy)));
  // What was promised is in both; what was not may be in one.
  const [best] = [...read].sort(
    (a, b) =>
      Number(b.found === 'good') - Number(a.found === 'good') ||
      b.generation - a.generation ||
      b.count - a.count,
  );
  const found = best?.ops ?? [];
  const hasSteps = read.some(({ count }) => count > 0);
  const writer = new QueueWriter(disk, dir, copies, best?.generation ?? 0, hasSteps);
  const fresh = read.every(({ found }) => found === 'absent');
  const clean = read.every(({ found, count }) => found === 'good' && count === 0);
  // Both are whole again, and steps that were half written are gone, before anything is added.
  if (disk.writable && !clean && !fresh) await writer.snapshot(found);
  return { found, write: (step, all) => writer.write(step, all) };
}

class QueueWriter {
  readonly #disk: Disk;
  readonly #dir: string;
  readonly #copies: readonly Copy[];
  #generation: number;
  /** There may be steps on the disk. */
  #hasSteps = true;
  /** Bytes of the snapshot, and of the steps since; null: the next write is a snapshot. */
  #bytes: { readonly snapshot: number; steps: number } | null = null;

  constructor(disk: Disk, dir: string, copies: readonly Copy[], generation: number, hasSteps: boolean) {
    this.#hasSteps = hasSteps;
    this.#disk = disk;
    this.#dir = dir;
    this.#copies = copies;
    this.#generation = generation;
  }

  async write(step: QueueStep | null, all: () => readonly QueuedOperation[]): Promise<void> {
    const bytes = this.#bytes;
    if (!step || !bytes || bytes.steps > Math.max(STEPS_BYTES, bytes.snapshot)) {
      await this.snapshot(all());
      return;
    }
    if (step.put.length + step.gone.length + Object.keys(step.tries).length === 0) return;
    const line = `${JSON.stringify({ g: this.#generation, ...step })}\n`;
    // A step of which nobody knows how much is there is never followed by another.
    this.#bytes = null;
    this.#hasSteps = true;
    await together(this.#copies.map(({ steps }) => append(this.#disk, steps, line)));
    // The first one made the files.
    if (bytes.steps === 0) await this.#disk.syncDirectory(this.#dir);
    this.#bytes = { ...bytes, steps: bytes.steps + line.length };
  }

  async snapshot(ops: readonly QueuedOperation[]): Promise<void> {
    this.#bytes = null;
    const file: QueueFile = { v: QUEUE_VERSION, generation: this.#generation + 1, ops: [...ops] };
    const text = `${JSON.stringify(file)}\n`;
    await together(
      this.#copies.map(({ snapshot }) => this.#disk.write(snapshot, text, { directory: false })),
    );
    await this.#disk.syncDirectory(this.#dir);
    this.#generation++;
    // Steps of an older generation say nothing; they are removed so that they do not grow.
    if (this.#hasSteps) for (const { steps } of this.#copies) await this.#disk.remove(steps);
    this.#hasSteps = false;
    this.#bytes = { snapshot: text.length, steps: 0 };
  }
}

async function append(disk: Disk, path: string, line: string): Promise<void> {
  disk.assertWritable();
  await disk.limited(path, async () => {
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
    const handle = await disk.fs.open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    try {
      await handle.writeFile(line);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  });
}

async function readCopy({ disk, now, damaged }: Options, { snapshot, steps }: Copy): Promise<Read> {
  const { low, found } = await openJson<QueueFile>({
    disk,
    path: snapshot,
    check: isQueueFile,
    fallback: () => ({ v: QUEUE_VERSION, generation: 0, ops: [] }),
    version: QUEUE_VERSION,
    damaged,
    now,
  });
  const generation = low.data.generation ?? 0;
  const bytes = found === 'good' ? await disk.read(steps, 4 * JSON_FILE_BYTES) : null;
  if (bytes === null) return { ops: low.data.ops, generation, count: 0, found };
  if (typeof bytes === 'string') throw storageError(new Error(bytes), steps);
  const ops = new Map(low.data.ops.map(op => [op.id, op]));
  let count = 0;
  // The last one may be half there: then it was promised to nobody.
  const lines = bytes.toString('utf8').split('\n').slice(0, -1);
  for (const line of lines) {
    const step = readStep(line, generation);
    if (!step) break;
    for (const op of step.put) ops.set(op.id, op);
    for (const id of step.gone) ops.delete(id);
    for (const [id, tries] of Object.entries(step.tries)) {
      const op = ops.get(id);
      if (op) ops.set(id, { ...op, tries });
    }
    count++;
  }
  // Read again from the other copy, and written anew: also where the steps are of an older generation.
  return { ops: [...ops.values()], generation, count: bytes.length === 0 ? 0 : Math.max(count, 0.5), found };
}

function readStep(line: string, generation: number): QueueStep | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { g, put, gone, tries } = value as Record<string, unknown>;
  if (g !== generation || !Array.isArray(put) || !put.every(isQueuedOperation)) return null;
  if (!Array.isArray(gone) || !gone.every(id => typeof id === 'string')) return null;
  if (typeof tries !== 'object' || tries === null) return null;
  const counted = Object.entries(tries).filter(([, n]) => Number.isSafeInteger(n) && n >= 0);
  return { put, gone, tries: Object.fromEntries(counted) };
}
