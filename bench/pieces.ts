// How long this thread works in one piece: its processor time between two turns of the event loop. What others do on
// the machine, and what helper threads do (reading files, collecting garbage), is not in it.
import { closeSync, openSync, readSync } from 'node:fs';

export interface Pieces {
  /** Milliseconds of each piece so far. */
  end(): readonly number[];
}

export function watchPieces(): Pieces {
  const clock = threadClock();
  const pieces: number[] = [];
  let last = clock.now();
  let on = true;
  const look = () => {
    const now = clock.now();
    pieces.push(now - last);
    last = now;
    if (on) setImmediate(look);
  };
  setImmediate(look);
  return {
    end() {
      on = false;
      // A last piece that has not given way yet.
      pieces.push(clock.now() - last);
      clock.close();
      return pieces;
    },
  };
}

export interface ThreadClock {
  /** Milliseconds that this thread was on a processor; of the wall where the system does not say that. */
  now(): number;
  close(): void;
}

export function threadClock(): ThreadClock {
  let file: number;
  try {
    file = openSync('/proc/thread-self/schedstat', 'r');
  } catch {
    return { now: () => performance.now(), close: () => undefined };
  }
  const buffer = Buffer.alloc(80);
  let open = true;
  return {
    now() {
      if (!open) return 0;
      const length = readSync(file, buffer, 0, buffer.length, 0);
      return Number(buffer.toString('latin1', 0, length).split(' ')[0]) / 1e6;
    },
    close() {
      open = false;
      closeSync(file);
    },
  };
}
