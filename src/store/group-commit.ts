// Changes that are written together: one write serves everyone who asked while the last one ran. After a failure it
// tries again by itself, so that a disk with room again needs no restart. Knows nothing about what is written.
import { asTmailError, type TmailError } from '../util/errors.ts';

/** Tried again after a failure: after so many times the usual wait, doubled each time up to a minute. */
const RETRY_FIRST = 8;
const RETRY_MAX_MS = 60_000;

interface Waiters {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: TmailError) => void;
}

export class GroupCommit {
  readonly #write: () => Promise<void>;
  readonly #wait: number;
  readonly #failed: (error: TmailError) => void;
  #waiters: Waiters | null = null;
  /** Those whom the running write serves. */
  #served: Waiters | null = null;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  /** Somebody can't wait for the timer, or it has fired, while a write runs. */
  #urgent = false;
  #failures = 0;

  /**
   * @param write makes durable whatever is dirty when it is called; on failure it must leave it dirty.
   * @param wait milliseconds that a request may wait for others.
   */
  constructor(write: () => Promise<void>, wait: number, failed: (error: TmailError) => void) {
    this.#write = write;
    this.#wait = wait;
    this.#failed = failed;
  }

  /** Resolves when a write that began after this call has ended well. A rejection may be ignored. */
  request(now: boolean): Promise<void> {
    this.#waiters ??= makeWaiters();
    const { promise } = this.#waiters;
    if (now) this.#start();
    else if (this.#timer) this.#timer.ref();
    else this.#timer = setTimeout(() => this.#start(), this.#wait);
    return promise;
  }

  /** What is being written now, for whoever has nothing to add to it. */
  current(): Promise<void> {
    return this.#served?.promise ?? Promise.resolve();
  }

  /** Everything requested so far, and what failed before. */
  async flush(): Promise<void> {
    while (this.#running && !this.#waiters) await this.#running;
    if (this.#waiters || this.#failures > 0) await this.request(true);
  }

  /** No more writes by itself. */
  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #start(): void {
    this.stop();
    // A write that runs may have taken its snapshot already: the next one follows at once.
    this.#urgent = true;
    if (this.#running) return;
    this.#running = this.#loop().finally(() => {
      this.#running = null;
      // Asked for after the loop had looked for the last time.
      if (this.#urgent) this.#start();
    });
  }

  async #loop(): Promise<void> {
    while (this.#urgent) {
      const waiters = this.#waiters ?? makeWaiters();
      this.#served = waiters;
      this.#waiters = null;
      this.#urgent = false;
      this.stop();
      try {
        await this.#write();
        this.#failures = 0;
        this.#served = null;
        waiters.resolve();
      } catch (thrown) {
        const error = asTmailError(thrown);
        this.#failures++;
        if (this.#failures === 1) this.#failed(error);
        this.#served = null;
        waiters.reject(error);
        if (!this.#urgent) this.#retry();
      }
    }
  }

  #retry(): void {
    if (this.#timer) clearTimeout(this.#timer);
    const wait = Math.min(RETRY_MAX_MS, this.#wait * RETRY_FIRST * 2 ** Math.min(this.#failures - 1, 10));
    this.#timer = setTimeout(() => this.#start(), wait);
    // Whoever ends the program asks for flush and hears the error; waiting for room would hang the shell.
    if (!this.#waiters) this.#timer.unref();
  }
}

function makeWaiters(): Waiters {
  let resolve: () => void = () => undefined;
  let reject: (error: TmailError) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Grouped changes are often not awaited; the failure is told as `trouble` in any case.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
