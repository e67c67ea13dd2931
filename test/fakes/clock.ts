// A clock that stands still until it is told to go on. Timers fire in order; sleep (time passing without timers
// firing in time) can be imitated.
import type { Clock, Timer } from '../../src/sync/clock.ts';

interface Waiting {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

export class FakeClock implements Clock {
  #now: number;
  #order = 0;
  #waiting: Waiting[] = [];

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, fire: () => void): Timer {
    const entry = { at: this.#now + ms, order: this.#order++, fire };
    this.#waiting.push(entry);
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter(each => each !== entry);
      },
    };
  }

  get timers(): number {
    return this.#waiting.length;
  }

  /** Lets `ms` pass, firing what becomes due on the way; between two timers, promises get their turn. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await turn();
    for (;;) {
      const next = this.#waiting.filter(each => each.at <= until).sort(byTime)[0];
      if (!next) break;
      this.#now = Math.max(this.#now, next.at);
      this.#fire(next);
      await turn();
    }
    this.#now = until;
    await turn();
  }

  /** The computer sleeps: the time has passed, and what was due meanwhile fires late. */
  async sleep(ms: number): Promise<void> {
    this.#now += ms;
    for (const due of this.#waiting.filter(each => each.at <= this.#now).sort(byTime)) this.#fire(due);
    await turn();
  }

  #fire(entry: Waiting): void {
    this.#waiting = this.#waiting.filter(each => each !== entry);
    entry.fire();
  }
}

function byTime(a: Waiting, b: Waiting): number {
  return a.at - b.at || a.order - b.order;
}

async function turn(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise(resolve => setImmediate(resolve));
}
