// A message on its way from the line to whoever reads it: bounded, settled in every case. Knows no protocol.
import type { TmailError } from '../../util/errors.ts';

/** Read once, by one reader. Leaving early drops what is still to come. */
export interface Body extends AsyncIterable<Buffer> {
  /** Takes what is left and throws it away; resolves when the body has ended, also when it has failed. */
  discard(): Promise<void>;
}

export interface BodySource {
  readonly body: Body;
  push(bytes: Buffer): void;
  end(): void;
  fail(error: TmailError): void;
}

/** `onWaiting` hears how many bytes more (or fewer) wait to be read, so that the line can be paused and go on. */
export function createBody(onWaiting: (change: number) => void): BodySource {
  let queue: Buffer[] = [];
  let waiting = 0;
  let over = false;
  let dropping = false;
  let failure: TmailError | null = null;
  let wake: (() => void) | null = null;

  const stir = () => {
    const woken = wake;
    wake = null;
    woken?.();
  };
  const finish = (error: TmailError | null) => {
    if (over) return;
    over = true;
    failure = error;
    stir();
  };
  const wait = (change: number) => {
    waiting += change;
    onWaiting(change);
  };
  function drop(): void {
    dropping = true;
    queue = [];
    wait(-waiting);
  }

  async function* read(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        if (queue.length > 0) {
          const taken = queue;
          queue = [];
          for (const bytes of taken) {
            if (dropping) return;
            wait(-bytes.length);
            yield bytes;
          }
        } else if (over) {
          if (failure) throw failure;
          return;
        } else {
          await new Promise<void>(resolve => {
            wake = resolve;
          });
        }
      }
    } finally {
      drop();
    }
  }

  return {
    body: {
      [Symbol.asyncIterator]: read,
      async discard() {
        drop();
        while (!over) {
          await new Promise<void>(resolve => {
            const before = wake;
            wake = () => {
              before?.();
              resolve();
            };
          });
        }
      },
    },
    push(bytes) {
      if (dropping || over) return;
      queue.push(bytes);
      wait(bytes.length);
      stir();
    },
    end: () => finish(null),
    fail: finish,
  };
}
