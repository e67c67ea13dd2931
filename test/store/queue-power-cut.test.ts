// The queue's files through failing writes, power cuts and damage: what was promised is found again, whole and in order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Disk } from '../../src/store/disk.ts';
import { OperationQueue, pendingFlags } from '../../src/store/queue.ts';
import { openQueueFiles } from '../../src/store/queue-files.ts';
import { QueueSteps } from '../../src/store/queue-steps.ts';
import { fromStored, toStored } from '../../src/store/queue-stored.ts';
import { systemError } from './faulty-disk.ts';
import { DIRECTORY, PowerCutDisk } from './power-cut.ts';
import { random } from './workload.ts';

interface Write {
  readonly change: 'add' | 'remove' | 'try' | 'mark' | 'much';
  readonly at: number;
  /** Fails at its n-th change of the disk, and so do this many after it; 0: it does not. */
  readonly fails: number;
  readonly failures: number;
}

interface Run {
  readonly writes: readonly Write[];
  /** The change of the disk at which the power goes, in the last write and what follows. */
  readonly cut: number;
  /** Of the power cut. */
  readonly seed: number;
  /** Files that are damaged then. Of both snapshots nothing is owed; what comes later must not suffer by it. */
  readonly damage: 'none' | 'snapshot' | 'steps' | 'copy' | 'crossed' | 'both';
  readonly how: 'zeros' | 'gone' | 'empty' | 'short';
  /** The disk takes nothing while the files are opened. */
  readonly full: boolean;
}

const runs: fc.Arbitrary<Run[]> = fc.array(
  fc.record({
    writes: fc.array(
      fc.record({
        change: fc.constantFrom('add', 'add', 'remove', 'try', 'mark', 'much'),
        at: fc.nat({ max: 20 }),
        fails: fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
        failures: fc.integer({ min: 1, max: 4 }),
      }),
      { minLength: 1, maxLength: 12 },
    ),
    cut: fc.nat({ max: 20 }),
    seed: fc.nat(),
    damage: fc.constantFrom('none', 'none', 'snapshot', 'steps', 'copy', 'crossed', 'both'),
    how: fc.constantFrom('zeros', 'gone', 'empty', 'short'),
    full: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
);

const DAMAGED: Readonly<Record<Run['damage'], readonly string[]>> = {
  none: [],
  snapshot: ['queue.json'],
  steps: ['queue.steps'],
  copy: ['queue.copy.json', 'queue.copy.steps'],
  crossed: ['queue.copy.json', 'queue.steps'],
  both: ['queue.json', 'queue.copy.json'],
};

const textOf = (queue: OperationQueue): string => JSON.stringify(queue.all().map(toStored));

class Life {
  #files: Map<string, Buffer> = new Map();
  /** What may be found; null: anything. */
  #allowed: readonly string[] | null = ['[]'];
  #ids = 0;

  async live({ writes, cut, seed, damage, how, full }: Run): Promise<void> {
    const disk = new PowerCutDisk(this.#files);
    if (full) {
      disk.fault = change => {
        if (change === 'create' || change === 'write') throw systemError('ENOSPC');
      };
    }
    const opened = await this.#open(disk);
    const queue = new OperationQueue();
    queue.load(opened.found.map(stored => fromStored(stored, 'a')));
    this.#check(textOf(queue));
    const steps = new QueueSteps(opened);
    let allowed = [textOf(queue)];
    let whole = !full;
    for (const [i, write] of writes.entries()) {
      change(queue, write, () => `op ${this.#ids++}`);
      disk.fault = failing(write);
      if (i === writes.length - 1) disk.fault = failing({ fails: cut, failures: Number.POSITIVE_INFINITY });
      allowed.push(textOf(queue));
      try {
        await steps.write(queue);
        allowed = [textOf(queue)];
        whole = true;
      } catch {
        // Not promised; it may be there all the same.
      }
    }
    this.#files = disk.cut(random(seed));
    this.#allowed = allowed;
    // Damaged before, and nothing could be written since: then it is the only one.
    if (!whole) return;
    for (const name of DAMAGED[damage]) spoil(this.#files, name, how);
    if (damage === 'both') this.#allowed = null;
  }

  async end(): Promise<void> {
    const { found } = await this.#open(new PowerCutDisk(this.#files));
    this.#check(JSON.stringify(found));
  }

  #check(found: string): void {
    const allowed = this.#allowed;
    assert.ok(!allowed || allowed.includes(found), `found ${found}\nnot one of\n${allowed?.join('\n')}`);
  }

  #open(disk: PowerCutDisk) {
    return openQueueFiles({
      dir: `/${DIRECTORY}`,
      disk: new Disk(disk.fs, true),
      now: () => 1,
      damaged: () => undefined,
    });
  }
}

function change(queue: OperationQueue, { change, at }: Write, id: () => string): void {
  const all = queue.all();
  const pending = all[at % Math.max(1, all.length)];
  const common = { at: 1, tries: 0, folder: 'a:1', targets: [] } as const;
  const add = (flags: readonly string[]) =>
    queue.add(pendingFlags({ t: 'flags', id: id(), ...common, add: flags, remove: [] }, [], false));
  if (change === 'much') add(Array.from({ length: 3000 }, (_, i) => `flag ${i} ${'x'.repeat(100)}`));
  else if (change === 'add' || !pending) add(['\\Seen', 'ü']);
  else if (change === 'remove') queue.remove(pending.op.id);
  else if (change === 'try') queue.tried(pending.op.id, 1);
  else if (pending.op.t === 'flags')
    queue.replace(pending.op.id, pendingFlags({ ...pending.op, remove: [`${at}`] }, [], false));
}

function failing({ fails, failures }: Pick<Write, 'fails' | 'failures'>) {
  let n = 0;
  return () => {
    n++;
    if (fails > 0 && n >= fails && n < fails + failures) throw systemError('EIO');
  };
}

function spoil(files: Map<string, Buffer>, name: string, how: Run['how']): void {
  const bytes = files.get(name);
  if (!bytes) return;
  if (how === 'gone') files.delete(name);
  else if (how === 'empty') files.set(name, Buffer.alloc(0));
  else if (how === 'short') files.set(name, bytes.subarray(0, bytes.length >> 1));
  else files.set(name, Buffer.from(bytes).fill(0, bytes.length >> 2, bytes.length >> 1));
}

const { TMAIL_SEED, TMAIL_PATH } = process.env;

test('whatever fails, whenever the power goes, and with a damaged file: the queue is what was promised', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async all => {
      const life = new Life();
      for (const run of all) await life.live(run);
      await life.end();
    }),
    {
      includeErrorInReport: true,
      numRuns: 3000,
      interruptAfterTimeLimit: 8000,
      markInterruptAsFailure: false,
      ...(TMAIL_SEED && TMAIL_PATH && { seed: Number(TMAIL_SEED), path: TMAIL_PATH, endOnFailure: true }),
    },
  );
});
