// A person at the keys and a pull of thousands of messages share one thread: while keys come, the pull works in short
// spells with rests between them.
import { nextTurn } from './turn.ts';

/** So long after a key the next one is expected. */
const ATTENTIVE_MS = 400;
/** A rest: long enough for a key and its frame. */
const REST_MS = 8;

export interface Pace {
  /** A key was pressed. */
  touched(): void;
  /** Between two spells of work: the next turn of the event loop, or a rest while somebody types. */
  turn(): Promise<void>;
}

/** @param now milliseconds of a clock that never goes back */
export function createPace(now: () => number = () => performance.now()): Pace {
  let last = Number.NEGATIVE_INFINITY;
  return {
    touched() {
      last = now();
    },
    turn() {
      if (now() - last > ATTENTIVE_MS) return nextTurn();
      return new Promise(resolve => setTimeout(resolve, REST_MS));
    },
  };
}
