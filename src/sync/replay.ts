// Sends what is queued, in order. A try is counted before it is made; what the server refuses is rolled back and
// told; an operation that keeps failing steps aside for those behind it. A message made here is never taken back.
import type { FolderId } from '../mail/types.ts';
import type { AccountStore, Operation } from '../store/types.ts';
import { asTmailError, type TmailError } from '../util/errors.ts';
import type { Progress } from './types.ts';

/** Tries after which an answer that makes no sense counts as a refusal, and a broken line as this operation's fault. */
export const MAX_TRIES = 5;

/** What the server would not store is offered again after this long, doubled each time up to an hour. */
const OFFER_AGAIN_MS = 60_000;
const OFFER_AGAIN_MAX_MS = 60 * 60_000;

/** Until when messages that the server refused are not offered again: operation → milliseconds since 1970. */
export type Held = Map<string, number>;

export interface ReplayDeps {
  readonly held: Held;
  readonly now: () => number;
  readonly store: AccountStore;
  readonly push: (op: Operation) => Promise<void>;
  readonly pushed: () => void;
  readonly report: (error: TmailError) => void;
}

/** @throws TmailError network, tls, auth, storage, cancelled: nothing more can be sent now */
export async function* replayQueue(deps: ReplayDeps): AsyncGenerator<Progress> {
  const { store } = deps;
  const tried = new Set<string>();
  const stuck = new Set<FolderId>();
  for (;;) {
    const op = nextOperation(free(store.queue(), deps), tried, stuck);
    if (!op) return;
    yield { label: '', done: tried.size, total: tried.size + store.queue().length };
    tried.add(op.id);
    await store.attempt(op.id);
    try {
      await deps.push(op);
    } catch (thrown) {
      const error = asTmailError(thrown);
      if (!isAnswer(error)) throw error;
      if (op.t === 'append') {
        const wait = Math.min(OFFER_AGAIN_MAX_MS, OFFER_AGAIN_MS * 2 ** Math.min(op.tries, 10));
        deps.held.set(op.id, deps.now() + wait);
        deps.report(error);
      } else if (error.kind === 'rejected' || op.tries + 1 >= MAX_TRIES) await store.refused(op.id, error);
      else {
        // What comes after it in this folder may build on it; the other folders go on.
        stuck.add(op.folder);
        deps.report(error);
      }
      continue;
    }
    await store.settled(op.id);
    deps.pushed();
  }
}

/** Not those that wait, nor what builds on a message that is not on the server yet. */
function free(queue: readonly Operation[], { held, now }: ReplayDeps): Operation[] {
  const waiting = new Set<string>();
  return queue.filter(op => {
    const until = held.get(op.id);
    // A clock that was set back must not make this wait for years.
    const waits = until !== undefined && until > now() && until - now() <= OFFER_AGAIN_MAX_MS;
    const places = op.targets.map(({ uid }) => `${op.folder}:${uid}`);
    const behind = op.t !== 'append' && places.some(place => waiting.has(place));
    if (op.t === 'append') for (const place of places) waiting.add(place);
    return !waits && !behind;
  });
}

/** In order; one that broke the line time and again comes last, so that it can't keep the others here. */
function nextOperation(
  queue: readonly Operation[],
  tried: ReadonlySet<string>,
  stuck: ReadonlySet<FolderId>,
): Operation | undefined {
  const left = queue.filter(op => !tried.has(op.id) && !stuck.has(op.folder));
  return left.find(op => op.tries < MAX_TRIES) ?? left[0];
}

/** The server (or we) said something about this operation; everything else is about the line or the disk. */
function isAnswer(error: TmailError): boolean {
  return error.kind === 'rejected' || error.kind === 'protocol' || error.kind === 'bug';
}
