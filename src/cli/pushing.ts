// What waits in an account's queue → its server, now, by a command that owns the store. What can't be sent stays there.
import { sentence } from '../app/messages.ts';
import { notes } from '../app/notes.ts';
import type { AccountId } from '../mail/types.ts';
import { asTmailError, type TmailError } from '../util/errors.ts';
import type { Context, Mail, OpenedStore } from './context.ts';

/** A server that has not taken a change by then gets it with the next sync. */
const PUSH_MS = 20_000;

interface Pushing {
  readonly output: Context['output'];
  readonly signal: AbortSignal;
  /** Milliseconds; null: as long as the server takes it. */
  readonly within?: number | null;
  readonly onLeft?: (changes: number) => void;
}

/** @returns what the server refused; that it can't be reached is only said. */
export async function push(
  mail: Mail,
  store: OpenedStore,
  id: AccountId,
  { output, signal, within = PUSH_MS, onLeft }: Pushing,
): Promise<TmailError[]> {
  const account = await store.account(id);
  if (account.queue().length === 0) return [];
  const engine = await mail.engine(id, store);
  const refused: TmailError[] = [];
  const unsubscribe = store.subscribe(event => {
    if (event.t === 'trouble' && (event.error.facts.account ?? id) === id) refused.push(event.error);
    if (event.t === 'queue' && event.account === id) onLeft?.(account.queue().length);
  });
  let why: TmailError | null = null;
  try {
    const late = within === null ? [] : [AbortSignal.timeout(within)];
    await engine.push?.(AbortSignal.any([signal, ...late]));
    why = engine.status().error;
  } catch (thrown) {
    why = asTmailError(thrown);
  } finally {
    unsubscribe();
    await engine.stop();
  }
  const waiting = account.queue().length;
  const reason = why === null || why.kind === 'cancelled' ? '' : sentence(why);
  if (waiting > 0) await output.err.line(notes.waitsForSync(id, waiting, reason));
  return refused;
}
