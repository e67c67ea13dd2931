// How long an exchange waits for the server.
import { COMMAND_TIMEOUT_MS } from '../../util/limits.ts';
import { SLOW_ANSWER_MS, SLOWEST_PROGRESS } from './limits.ts';

export interface ExchangeTimes {
  readonly answer: number;
  readonly slowAnswer: number;
}

export const EXCHANGE_TIMES: ExchangeTimes = { answer: COMMAND_TIMEOUT_MS, slowAnswer: SLOW_ANSWER_MS };

/** The deadline of the oldest command: absolute for its status line, with a least speed for its body. */
export function createClock(times: ExchangeTimes, expired: () => void) {
  let timer: NodeJS.Timeout | null = null;
  let running = 0;
  let arrived = 0;
  const stop = () => {
    if (timer) clearTimeout(timer);
    timer = null;
    running = 0;
  };
  const run = (ms: number) => {
    arrived = 0;
    if (timer && running === ms) {
      timer.refresh();
      return;
    }
    stop();
    running = ms;
    timer = setTimeout(expired, ms);
  };
  return {
    stop,
    /** Null: nobody waits. */
    start: (slow: boolean | null) => (slow === null ? stop() : run(slow ? times.slowAnswer : times.answer)),
    progressing: () => run(times.answer),
    progress(bytes: number) {
      arrived += bytes;
      if (arrived >= SLOWEST_PROGRESS && timer) run(running);
    },
  };
}
