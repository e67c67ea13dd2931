// Time as a dependency, so that back-off, renewal and resuming after sleep are tested without waiting.

export interface Timer {
  /** Repeatable; nothing happens when it already fired. */
  cancel(): void;
}

export interface Clock {
  /** Wall time, milliseconds since 1970; jumps when the computer slept or its clock was set. */
  now(): number;
  /** Calls `fire` once after `ms`; keeps the process alive only with `hold`. */
  after(ms: number, fire: () => void, hold?: 'hold'): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, fire, hold) {
    const handle = setTimeout(fire, ms);
    if (hold === undefined) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
