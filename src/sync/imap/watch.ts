// Watching the open folder: IDLE (RFC 2177), tried from time to time because a dead line says nothing, and plain
// polling where IDLE is missing. Says only "something changed"; what changed is the pull's business.
import { TmailError } from '../../util/errors.ts';
import { IDLE_RENEW_MS } from '../../util/limits.ts';
import type { MailboxName } from './client.ts';
import type { Line } from './line.ts';

/**
 * A line that has been silent this long is asked whether it still lives. Together with the answer's deadline and
 * the first reconnect this keeps "silent for ever" below a minute; NAT boxes are kept awake by it as well.
 */
const PROBE_MS = Math.min(25_000, IDLE_RENEW_MS);
const PROBE_ANSWER_MS = 15_000;
/** A line unused for this long may listen. */
const SETTLE_MS = 100;

export interface Watch {
  readonly line: Line;
  /** Null: no folder is open; the line is only kept alive. */
  readonly name: MailboxName | null;
  readonly dirty: () => void;
  readonly signal: AbortSignal;
  readonly probeMs?: number;
  readonly probeAnswerMs?: number;
}

/** Until aborted. @throws TmailError when the line is lost */
export async function watchLine(watch: Watch): Promise<void> {
  const { line } = watch;
  const gone = new AbortController();
  let reason: TmailError | null = null;
  void line.client.closed.then(why => {
    reason = why;
    gone.abort();
  });
  const signal = AbortSignal.any([watch.signal, gone.signal]);
  const stop = line.client.subscribe(event => {
    if (watch.name === null || line.selected?.path !== watch.name.path) return;
    if (event.t !== 'vanished' || !event.earlier) watch.dirty();
  });
  try {
    while (!signal.aborted) await listenOnce({ ...watch, signal });
  } finally {
    stop();
  }
  if (reason) throw reason;
}

async function listenOnce(watch: Watch): Promise<void> {
  const { line, name, signal } = watch;
  await settled(watch);
  if (signal.aborted) return;
  if (name !== null && line.client.features.idle) {
    await selectAgain(watch, name);
    if (signal.aborted) return;
    const uses = line.uses;
    const heard = new AbortController();
    const silent = pause(
      { ...watch, signal: AbortSignal.any([signal, heard.signal]) },
      watch.probeMs ?? PROBE_MS,
    );
    // Where every command leaves a timer behind, Node writes a warning over the screen.
    await Promise.race([line.client.idle(), silent]).finally(() => heard.abort());
    // A command ended it: that the line lives is shown.
    if (line.uses !== uses) return;
  } else await pause(watch, watch.probeMs ?? PROBE_MS);
  if (!signal.aborted) await probe(watch);
}

/** Where another folder was selected meanwhile, what happened in this one was not heard. */
async function selectAgain(watch: Watch, name: MailboxName): Promise<void> {
  const { line } = watch;
  const elsewhere = line.selected?.path !== name.path;
  await line.within(name, async () => undefined);
  if (elsewhere) watch.dirty();
}

/** Until no command came for a moment: entering and leaving IDLE costs two round trips each time. */
async function settled(watch: Watch): Promise<void> {
  let uses = -1;
  while (!watch.signal.aborted && (uses !== watch.line.uses || !watch.line.free)) {
    uses = watch.line.uses;
    await pause(watch, SETTLE_MS);
  }
}

function pause(watch: Watch, ms: number): Promise<void> {
  const { signal } = watch;
  return new Promise(resolve => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish, { once: true });
    if (signal.aborted) finish();
  });
}

/** NOOP also ends the IDLE and brings what the server held back. */
async function probe(watch: Watch): Promise<void> {
  const { client } = watch.line;
  const deadline = setTimeout(() => {
    client.fail(new TmailError('network', 'net.timeout', { facts: { ...client.peer } }));
  }, watch.probeAnswerMs ?? PROBE_ANSWER_MS);
  try {
    await watch.line.exclusive(() => client.noop());
  } finally {
    clearTimeout(deadline);
  }
}
