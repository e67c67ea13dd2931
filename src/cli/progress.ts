// One line on a terminal that says what is under way, drawn over itself. Silent where nobody watches.
import { sanitize } from '../mail/sanitize.ts';
import { truncate } from '../mail/width.ts';
import type { Progress } from '../sync/types.ts';
import type { Sink } from './output.ts';

/** Often enough to look alive, rare enough to cost nothing. */
const EVERY_MS = 100;

export interface ProgressLine {
  show(account: string, progress: Progress): void;
  /** Takes the line away, so that another may be printed. */
  clear(): Promise<void>;
}

export function progressLine(sink: Sink, now: () => number = Date.now): ProgressLine {
  if (!sink.terminal) return { show: () => undefined, clear: async () => undefined };
  let last = Number.NEGATIVE_INFINITY;
  let drawn = false;
  let pending: Promise<void> = Promise.resolve();
  const draw = (text: string) => {
    // A terminal that went away ends the command at its next result; progress is not worth an error.
    pending = pending.then(() => sink.bytes(`\r\x1b[K${text}`)).catch(() => undefined);
    return pending;
  };
  return {
    show(account, { label, done, total }) {
      if (now() - last < EVERY_MS) return;
      last = now();
      drawn = true;
      const count = total > 0 ? `${done} of ${total}` : done > 0 ? String(done) : '';
      draw(truncate(sanitize([`${account}:`, label, count].filter(Boolean).join(' ')), sink.columns - 1));
    },
    async clear() {
      if (!drawn) return;
      drawn = false;
      await draw('');
    },
  };
}
