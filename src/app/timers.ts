// The clock's part of the program: toasts end, typed prefixes show their choices, dates and countdowns move on.
// Never keeps the process alive.
import { type AppState, hush, topLayer } from './state.ts';

/** Long enough to read a sentence; errors take longer. Both stay in the log. */
const TOAST_MS = { info: 5000, warning: 8000, error: 12_000 } as const;
/** A prefix key waits this long before its choices are listed (UI-07). */
export const PREFIX_MS = 400;
const MINUTE = 60_000;

export interface Timers {
  /** Looks at the state and sets what is missing. */
  arm(state: AppState): void;
  close(): void;
}

export function createTimers(on: {
  state(): AppState;
  change(step: (state: AppState) => AppState): void;
  now(): number;
}): Timers {
  let toast: { n: number; timer: NodeJS.Timeout } | null = null;
  let prefix: { keys: readonly string[]; timer: NodeJS.Timeout } | null = null;
  let clock: { every: number; timer: NodeJS.Timeout } | null = null;
  let closed = false;

  const later = (ms: number, run: () => void): NodeJS.Timeout => setTimeout(run, ms).unref();

  const armToast = ({ toast: entry }: AppState) => {
    if (entry?.n === toast?.n) return;
    if (toast) clearTimeout(toast.timer);
    toast = entry && {
      n: entry.n,
      timer: later(TOAST_MS[entry.level], () => on.change(state => hush(state, entry.n))),
    };
  };

  const armPrefix = ({ pending }: AppState) => {
    if (pending.keys === prefix?.keys) return;
    if (prefix) clearTimeout(prefix.timer);
    prefix = null;
    if (pending.keys.length === 0 || pending.shown) return;
    const { keys } = pending;
    const show = () =>
      on.change(state =>
        state.pending.keys === keys ? { ...state, pending: { ...state.pending, shown: true } } : state,
      );
    prefix = { keys, timer: later(PREFIX_MS, show) };
  };

  const armClock = (state: AppState) => {
    const counting = topLayer(state).t === 'outbox' || state.outbox.some(item => item.state === 'undo');
    const every = counting || ['accounts', 'storage'].includes(topLayer(state).t) ? 1000 : MINUTE;
    if (clock?.every === every) return;
    if (clock) clearInterval(clock.timer);
    const timer = setInterval(() => on.change(now => ({ ...now, now: on.now() })), every).unref();
    clock = { every, timer };
  };

  return {
    arm(state) {
      if (closed) return;
      armToast(state);
      armPrefix(state);
      armClock(state);
    },
    close() {
      closed = true;
      if (toast) clearTimeout(toast.timer);
      if (prefix) clearTimeout(prefix.timer);
      if (clock) clearInterval(clock.timer);
    },
  };
}
