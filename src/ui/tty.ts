// The process's own terminal. Frames go through a second, non-blocking opening of it: Node's own stdout waits inside
// write() for a slow line, and no key is read meanwhile.
import { close, constants, openSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import type { ProcessSignals, TerminalStreams } from './terminal.ts';

/** How often a full terminal is tried again. */
const RETRY_MS = 8;
/** A terminal that takes nothing for so long is not restored. */
const LAST_WORDS_TRIES = 50;

export function processTerminal(): TerminalStreams {
  const fd = secondOpening(1);
  const sink = fd === null ? null : new TtySink(fd);
  return {
    input: process.stdin,
    output: process.stdout,
    sink: sink ?? process.stdout,
    signals: processSignals,
    writeNow(text) {
      sink?.discard();
      // Never through a descriptor that blocks: a terminal that takes nothing must not keep the program from ending.
      writeNow(fd ?? 1, text);
    },
  };
}

const processSignals: ProcessSignals = {
  on: (event, listener) => void process.on(event, listener),
  off: (event, listener) => void process.off(event, listener),
  onUncaught(listener) {
    process.on('uncaughtException', listener);
    process.on('unhandledRejection', listener);
    return () => {
      process.off('uncaughtException', listener);
      process.off('unhandledRejection', listener);
    };
  },
  // The whole job, so that `npm start` and pipes stop as well. There is no handler then: it returns when continued.
  stop: () => void process.kill(0, 'SIGTSTP'),
};

/** Null where that can't be done (not Linux, another user's terminal): then writing may block. */
function secondOpening(fd: number): number | null {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return null;
  }
}

/** One frame at a time: while it is not out, the next one waits and is then drawn from newer state. */
class TtySink extends Writable {
  readonly #fd: number;
  #rest: Buffer = Buffer.alloc(0);
  #done: ((error?: Error) => void) | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(fd: number) {
    super({ highWaterMark: 1 });
    this.#fd = fd;
  }

  /** Drops what the terminal has not taken. */
  discard(): void {
    this.#finish();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#rest = bytes;
    this.#done = done;
    this.#attempt();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    close(this.#fd, closeError => done(error ?? closeError));
  }

  #attempt() {
    try {
      this.#rest = this.#rest.subarray(writeSync(this.#fd, this.#rest));
      if (this.#rest.length === 0) this.#finish();
      else this.#timer = setTimeout(() => this.#attempt(), 0);
    } catch (error) {
      if (isFull(error)) this.#timer = setTimeout(() => this.#attempt(), RETRY_MS);
      else this.#finish(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #finish(error?: Error) {
    clearTimeout(this.#timer);
    const done = this.#done;
    this.#done = null;
    done?.(error);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}

function writeNow(fd: number, text: string) {
  let rest = Buffer.from(text);
  for (let tries = 0; rest.length > 0 && tries < LAST_WORDS_TRIES; ) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (!isFull(error)) throw error;
      tries++;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
