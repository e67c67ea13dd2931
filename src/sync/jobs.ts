// Work as async generators: a yield is progress, scheduling point and the only cancel point. One loop runs one step
// at a time and picks the most urgent job before each; two loops run side by side. Knows nothing of mail.
import { cancelled } from '../util/errors.ts';
import type { Progress } from './types.ts';

export interface Job {
  /** Jobs with the same key are one: a second while the first waits is the first; while it runs, it follows it. */
  readonly key: string;
  /** Lower is sooner. */
  readonly priority: number;
  readonly run: () => AsyncGenerator<Progress>;
}

interface Entry {
  readonly job: Job;
  readonly order: number;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  steps: AsyncGenerator<Progress> | null;
  progress: Progress | null;
  /** Set by `cancel`: takes effect at the next yield. */
  cancelled: boolean;
}

export class JobLoop {
  readonly #onChange: () => void;
  #entries: Entry[] = [];
  #current: Entry | null = null;
  #running = false;
  #order = 0;
  #idle: (() => void)[] = [];

  /** `onChange` is called when a job began, moved or ended. */
  constructor(onChange: () => void = () => undefined) {
    this.#onChange = onChange;
  }

  /** Resolves when the job ended, rejects as it did; `cancelled` when it was cancelled. */
  add(job: Job): Promise<void> {
    const waiting = this.#entries.find(entry => entry.job.key === job.key && entry.steps === null);
    if (waiting && waiting.job.priority <= job.priority && !waiting.cancelled) return waiting.done;
    const entry = newEntry(job, this.#order++);
    if (waiting && !waiting.cancelled) {
      // More urgent than before: the new entry stands for both.
      this.#entries = this.#entries.filter(each => each !== waiting);
      entry.done.then(waiting.resolve, waiting.reject);
    }
    this.#entries.push(entry);
    this.#onChange();
    void this.#run();
    return entry.done;
  }

  /** Ends jobs at their next yield; those that have not begun at once. */
  cancel(which: (job: Job) => boolean = () => true): void {
    for (const entry of [...this.#entries]) {
      if (!which(entry.job)) continue;
      entry.cancelled = true;
      if (entry.steps === null) this.#end(entry, () => entry.reject(cancelled()));
    }
  }

  has(which: (job: Job) => boolean = () => true): boolean {
    return this.#entries.some(entry => which(entry.job));
  }

  /** What is under way, most urgent first. */
  progress(): Progress[] {
    return this.#sorted().flatMap(entry => (entry.progress ? [entry.progress] : []));
  }

  /** Resolves when no job of this kind is left. */
  async idle(which: (job: Job) => boolean = () => true): Promise<void> {
    while (this.has(which)) {
      await new Promise<void>(resolve => {
        this.#idle.push(resolve);
      });
    }
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    // Whoever adds a job from a callback must not be re-entered.
    await Promise.resolve();
    for (let entry = this.#next(); entry; entry = this.#next()) await this.#step(entry);
    this.#running = false;
  }

  async #step(entry: Entry): Promise<void> {
    this.#current = entry;
    try {
      if (entry.cancelled) {
        await entry.steps?.return(undefined);
        throw cancelled();
      }
      entry.steps ??= entry.job.run();
      const step = await entry.steps.next();
      if (step.done) this.#end(entry, entry.resolve);
      else entry.progress = step.value;
    } catch (error) {
      this.#end(entry, () => entry.reject(error));
    } finally {
      this.#current = null;
      this.#onChange();
    }
  }

  /** One job of a key at a time: the second waits until the first has ended. */
  #next(): Entry | undefined {
    return this.#sorted().find(
      entry =>
        !this.#entries.some(
          other => other !== entry && other.job.key === entry.job.key && other.steps !== null && !entry.steps,
        ),
    );
  }

  #sorted(): Entry[] {
    // What was cancelled goes first: it only has to clean up, and somebody may be waiting for that.
    return [...this.#entries].sort(
      (a, b) =>
        Number(b.cancelled) - Number(a.cancelled) || a.job.priority - b.job.priority || a.order - b.order,
    );
  }

  #end(entry: Entry, settle: () => void): void {
    this.#entries = this.#entries.filter(each => each !== entry);
    settle();
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
    if (this.#current !== entry) this.#onChange();
  }
}

function newEntry(job: Job, order: number): Entry {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const done = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Whoever does not wait for the job must not be told of its failure as an unhandled one; `add` returns it.
  done.catch(() => undefined);
  return { job, order, done, resolve, reject, steps: null, progress: null, cancelled: false };
}
