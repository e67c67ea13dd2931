// The queue on disk: a snapshot and the steps made since, both twice. Nothing else could bring a queued operation back,
// so a damaged file must not be the only one; and a step costs what it changes, not what waits. Knows nothing of what
// the operations do; how the files are read is queue-read.ts.
import { constants } from 'node:fs';
import { join } from 'node:path';
import { TmailError } from '../util/errors.ts';
import { together } from './disk.ts';
import { jsonBytes } from './json-pieces.ts';
import { QUEUE_BYTES, type QueueCopy, type QueuePlace, readQueue } from './queue-read.ts';
import { QUEUE_VERSION, type QueuedOperation, type QueueFile, type QueueStepLine } from './shapes.ts';

/** Steps are gathered into a new snapshot when they would be larger than this and than the snapshot. */
const STEPS_BYTES = 256 * 1024;
/** A message with empty fields. */
const BYTES_OF_ROW = 150;

/** What has changed since the last one. */
export type QueueStep = Omit<QueueStepLine, 'g'>;

export interface QueueFiles {
  readonly found: readonly QueuedOperation[];
  /**
   * Durable when it resolves. `step` is what changed since the last one that resolved; null: too much to say. `all`
   * gives everything, in order. What both name must not change meanwhile.
   * @throws TmailError `disk.*`, `queue.full` (bytes, most): then the old queue is there
   */
  write(step: QueueStep | null, all: () => readonly QueuedOperation[]): Promise<void>;
}

export async function openQueueFiles(place: QueuePlace): Promise<QueueFiles> {
  const copies: readonly QueueCopy[] = [
    { snapshot: join(place.dir, 'queue.json'), steps: join(place.dir, 'queue.steps') },
    { snapshot: join(place.dir, 'queue.copy.json'), steps: join(place.dir, 'queue.copy.steps') },
  ];
  const { ops, generation, whole } = await readQueue(place, copies);
  const writer = new QueueWriter(place, copies, generation);
  // On a full disk mail can still be read; the first change is a snapshot in any case.
  if (place.disk.writable && !whole) await writer.snapshot(ops).catch(() => undefined);
  return { found: ops, write: (step, all) => writer.write(step, all) };
}

class QueueWriter {
  readonly #place: QueuePlace;
  readonly #copies: readonly QueueCopy[];
  #generation: number;
  /** Bytes of the snapshot, and of the steps since; null: the next write is a snapshot. */
  #bytes: { readonly snapshot: number; readonly steps: number } | null = null;

  constructor(place: QueuePlace, copies: readonly QueueCopy[], generation: number) {
    this.#place = place;
    this.#copies = copies;
    this.#generation = generation;
  }

  async write(step: QueueStep | null, all: () => readonly QueuedOperation[]): Promise<void> {
    const bytes = this.#bytes;
    if (!step || !bytes) return this.snapshot(all());
    if (step.put.length + step.gone.length + Object.keys(step.tries).length === 0) return;
    const { put, gone, tries } = step;
    const most = Math.max(STEPS_BYTES, bytes.snapshot);
    if (bytes.steps + atLeast(put) > most) return this.snapshot(all());
    const rest = JSON.stringify({ gone, tries } satisfies Partial<QueueStepLine>).slice(1);
    const line = await jsonBytes(`{"g":${this.#generation},"put":[`, put, `],${rest}\n`);
    const steps = bytes.steps + line.length;
    if (steps > most) return this.snapshot(all());
    // A step of which nobody knows how much is there is never followed by another.
    this.#bytes = null;
    await together(this.#copies.map(copy => this.#append(copy.steps, line)));
    // The first one made the files.
    if (bytes.steps === 0) await this.#place.disk.syncDirectory(this.#place.dir);
    this.#bytes = { ...bytes, steps };
  }

  async snapshot(ops: readonly QueuedOperation[]): Promise<void> {
    const { disk, dir, most = QUEUE_BYTES } = this.#place;
    this.#bytes = null;
    const head = { v: QUEUE_VERSION, generation: this.#generation + 1 } satisfies Partial<QueueFile>;
    const file = await jsonBytes(`${JSON.stringify(head).slice(0, -1)},"ops":[`, ops, ']}\n');
    const snapshot = file.length;
    // What could not be read again would be lost with the next start.
    if (snapshot > most) {
      const facts = { bytes: snapshot, most };
      throw new TmailError('storage', 'queue.full', { retry: 'auto', facts });
    }
    await together(this.#copies.map(copy => disk.write(copy.snapshot, file, { directory: false })));
    await disk.syncDirectory(dir);
    this.#generation++;
    // Steps of an older generation say nothing, but what follows must not be added to them.
    for (const { steps } of this.#copies) await disk.remove(steps);
    this.#bytes = { snapshot, steps: 0 };
  }

  async #append(path: string, line: Uint8Array): Promise<void> {
    const { disk } = this.#place;
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
}

/** Bytes that these surely take: text that will not be written is not made. */
function atLeast(put: readonly QueuedOperation[]): number {
  return put.reduce((sum, op) => sum + ('rows' in op && op.rows ? op.rows.length * BYTES_OF_ROW : 0), 0);
}
