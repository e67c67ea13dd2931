// Commands that wait for their answers, oldest first. Sends nothing.
import type { TmailError } from '../../util/errors.ts';
import type { Answer } from './answers.ts';

export interface Pending {
  readonly verb: string;
  readonly text: string | null;
  readonly slow: boolean;
  readonly last: boolean;
  /** Null: one line. */
  readonly bodyLimit: number | null;
  status(answer: Answer): void;
  bytes(bytes: Buffer): void;
  /** The body is over; at once after the status line where there is none. */
  done(): void;
  fail(error: TmailError): void;
}

/** A queue whose head is taken in constant time: Array.shift moves the rest. */
export function createQueue() {
  let items: (Pending | undefined)[] = [];
  let first = 0;
  return {
    get length() {
      return items.length - first;
    },
    get head() {
      return items[first];
    },
    at: (position: number) => items[first + position],
    push(pending: Pending) {
      items.push(pending);
    },
    shift(): Pending | undefined {
      const head = items[first];
      items[first++] = undefined;
      if (first >= items.length || first > 1000) {
        items = items.slice(first);
        first = 0;
      }
      return head;
    },
  };
}
