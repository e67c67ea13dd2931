// What has changed in the queue since it was last written: a step is as large as its change, however much waits.
import type { OperationQueue, Pending } from './queue.ts';
import type { QueueFiles, QueueStep } from './queue-files.ts';
import { toStored } from './queue-stored.ts';

interface Written {
  readonly pending: Pending;
  readonly tries: number;
}

export class QueueSteps {
  readonly #files: QueueFiles;
  /** By id, in order; null: nobody knows what is on the disk. */
  #written: ReadonlyMap<string, Written> | null = null;

  constructor(files: QueueFiles) {
    this.#files = files;
  }

  /** Durable when it resolves. */
  async write(queue: OperationQueue): Promise<void> {
    const all = queue.all();
    const touched = new Set(queue.touched);
    queue.touched.clear();
    const step = this.#written && stepOf(this.#written, all, touched);
    const next = new Map(all.map(pending => [pending.op.id, { pending, tries: pending.op.tries }]));
    // Until it is there: what failed half way is made good by a whole one.
    this.#written = null;
    await this.#files.write(step, () => all.map(toStored));
    this.#written = next;
  }
}

/** Null: the order has changed as well. */
function stepOf(
  written: ReadonlyMap<string, Written>,
  all: readonly Pending[],
  touched: ReadonlySet<string>,
): QueueStep | null {
  const here = new Set(all.map(({ op }) => op.id));
  const gone = [...written.keys()].filter(id => !here.has(id));
  const kept = [...written.keys()].filter(id => here.has(id));
  if (all.some(({ op }, i) => (i < kept.length ? kept[i] !== op.id : written.has(op.id)))) return null;
  const put: Pending[] = [];
  const tries: Record<string, number> = {};
  for (const pending of all) {
    const { id } = pending.op;
    const before = written.get(id);
    if (before?.pending !== pending || touched.has(id)) put.push(pending);
    else if (before.tries !== pending.op.tries) tries[id] = pending.op.tries;
  }
  return { put: put.map(toStored), gone, tries };
}
