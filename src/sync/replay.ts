// Sends what is queued, in order. A try is counted before it is made; what the server refuses is rolled back and
// told; an operation that keeps failing steps aside for those behind it. A message made here is never taken back.
import type { FolderId, LocalUid } from '../mail/types.ts';
import type { AccountStore, Operation } from '../store/types.ts';
import { asTmailError, type TmailError } from '../util/errors.ts';
import type { Progress, Rest } from './types.ts';

/** Tries after which an answer that makes no sense counts as a refusal, and a broken line as this operation's fault. */
export const MAX_TRIES = 5;

/** What the server would not store, or not now, is offered again after this long, doubled each time up to an hour. */
const OFFER_AGAIN_MS = 60_000;
const OFFER_AGAIN_MAX_MS = 60 * 60_000;

/** Until when messages that the server refused are not offered again: operation → milliseconds since 1970. */
export type Held = Map<string, number>;

export interface ReplayDeps {
  readonly held: Held;
  readonly now: () => number;
  readonly store: AccountStore;
  readonly push: (op: Operation) => Promise<Rest | null>;
  /** The server has it, and the store has forgotten it. */
  readonly settled: (op: Operation) => Promise<void>;
  readonly report: (error: TmailError) => void;
}

/** Uploads that are being forgotten while the next ones are sent: they share the waits for the disk. */
const SETTLING = 16;

/** @throws TmailError network, tls, auth, storage, cancelled: nothing more can be sent now */
export async function* replayQueue(deps: ReplayDeps): AsyncGenerator<Progress> {
  const settling: Promise<void>[] = [];
  try {
    yield* replay(deps, settling);
  } finally {
    await Promise.allSettled(settling);
  }
}

async function* replay(deps: ReplayDeps, settling: Promise<void>[]): AsyncGenerator<Progress> {
  const { store } = deps;
  /** Not once more in this round. */
  const tried = new Set<string>();
  const settle = async (op: Operation, rest: Rest | null): Promise<void> => {
    try {
      await rest?.();
      await store.settled(op.id);
    } catch (error) {
      store.tried?.(op.id);
      throw error;
    }
    await deps.settled(op);
  };
  for (;;) {
    const op = nextOperation(store.queue(), tried, deps);
    if (settling.length > 0 && (!op || !isPlain(op) || settling.length >= SETTLING)) {
      await Promise.all(settling.splice(0));
      continue;
    }
    if (!op) return;
    yield { label: '', done: tried.size, total: tried.size + store.queue().length };
    // Somebody may have taken it back meanwhile.
    if (!store.queue().some(({ id }) => id === op.id)) continue;
    tried.add(op.id);
    await store.attempt(op.id);
    let rest: Rest | null = null;
    try {
      // With the tries that were made before this one.
      rest = await deps.push(op);
    } catch (thrown) {
      store.tried?.(op.id);
      await failed(deps, op, asTmailError(thrown));
      continue;
    }
    const settled = settle(op, rest);
    if (!rest) await settled;
    else {
      settling.push(settled);
      settled.catch(() => undefined); // said when it is waited for
    }
  }
}

/** An upload that builds on nothing. */
function isPlain(op: Operation): boolean {
  return op.t === 'append' && op.replaces.length === 0 && !op.verify;
}

/** @throws TmailError what is not about this operation */
async function failed(
  { store, held, now, report }: ReplayDeps,
  op: Operation,
  error: TmailError,
): Promise<void> {
  if (!isAnswer(error) && !isPutOff(error)) throw error;
  if (op.t === 'append' || isPutOff(error)) {
    const wait = Math.min(OFFER_AGAIN_MAX_MS, OFFER_AGAIN_MS * 2 ** Math.min(op.tries, 10));
    held.set(op.id, now() + wait);
    report(error);
  } else if (error.kind === 'rejected' || op.tries + 1 >= MAX_TRIES) await store.refused(op.id, error);
  else report(error);
}

/**
 * The first that can go now. What builds on one that waits, or failed in this round, waits with it; one that broke the
 * line time and again comes last with all that builds on it, so that it can't keep the others here.
 */
function nextOperation(
  queue: readonly Operation[],
  tried: ReadonlySet<string>,
  deps: ReplayDeps,
): Operation | undefined {
  const waits = (op: Operation): boolean => isHeld(op, deps) || deps.store.ready?.(op) === false;
  const can = (op: Operation): boolean => !tried.has(op.id) && !waits(op);
  return firstFree(queue, op => can(op) && op.tries < MAX_TRIES) ?? firstFree(queue, can);
}

function isHeld(op: Operation, { held, now }: ReplayDeps): boolean {
  const until = held.get(op.id);
  // A clock that was set back must not make this wait for years.
  return until !== undefined && until > now() && until - now() <= OFFER_AGAIN_MAX_MS;
}

function firstFree(queue: readonly Operation[], can: (op: Operation) => boolean): Operation | undefined {
  const waiting = new Waiting();
  for (const op of queue) {
    if (can(op) && !waiting.holds(op)) return op;
    waiting.add(op);
  }
  return undefined;
}

/** What operations that wait are about. */
class Waiting {
  readonly #messages = new Map<FolderId, Set<LocalUid>>();
  /** Folders that the server does not have yet. */
  readonly #made = new Set<FolderId>();
  /** Folders with messages that wait in them, or for them. */
  readonly #folders = new Set<FolderId>();
  #folderOperations = false;

  holds(op: Operation): boolean {
    if (op.t === 'folder-delete' && this.#folders.has(op.folder)) return true;
    if (isOnFolder(op)) return this.#folderOperations;
    const to = op.t === 'move' || op.t === 'copy' ? op.to : op.folder;
    if (this.#made.has(op.folder) || this.#made.has(to)) return true;
    const here = this.#messages.get(op.folder);
    return here !== undefined && op.targets.some(({ uid }) => here.has(uid));
  }

  add(op: Operation): void {
    this.#folders.add(op.folder);
    if (isOnFolder(op)) {
      this.#folderOperations = true;
      if (op.t === 'folder-create') this.#made.add(op.folder);
      return;
    }
    this.#messagesOf(
      op.folder,
      op.targets.map(({ uid }) => uid),
    );
    if (op.t !== 'move' && op.t !== 'copy') return;
    this.#folders.add(op.to);
    this.#messagesOf(op.to, op.landing);
  }

  #messagesOf(folder: FolderId, uids: readonly LocalUid[]): void {
    const known = this.#messages.get(folder) ?? new Set();
    for (const uid of uids) known.add(uid);
    this.#messages.set(folder, known);
  }
}

function isOnFolder(op: Operation): op is Operation & { readonly t: `folder-${string}` } {
  return op.t.startsWith('folder-');
}

/** "Not now" (RFC 5530, with its code) to one operation, over a line that holds: others may well be taken. */
function isPutOff({ code, facts }: TmailError): boolean {
  return code === 'imap.busy' && facts.word !== undefined;
}

/** The server (or we) said something about this operation; everything else is about the line or the disk. */
function isAnswer(error: TmailError): boolean {
  return error.kind === 'rejected' || error.kind === 'protocol' || error.kind === 'bug';
}
