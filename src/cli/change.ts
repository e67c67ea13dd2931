// What flag, move, archive and delete have in common: the change is made by whoever owns the store, here or behind its
// door; here it is also sent to the servers that can be reached now. What can't be sent waits in the queue.
import { sentence } from '../app/messages.ts';
import { notes } from '../app/notes.ts';
import { splitMessageId } from '../mail/ids.ts';
import type { AccountId } from '../mail/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { applyChange, type Change, type Changed, type ChangeRequest } from './changing.ts';
import type { Context, Mail, OpenedStore } from './context.ts';
import { readChanged } from './door.ts';
import { jsonLine } from './output.ts';
import { DONE, FAILED } from './status.ts';

/** A server that has not taken it by then gets it with the next sync. */
const PUSH_MS = 20_000;

export async function makeChange(context: Context, change: Change): Promise<number> {
  const { args, output, signal } = context;
  const mail = await context.mail();
  const request: ChangeRequest = { t: 'change', change, ids: args.words };
  const store = await ownerOrNull(mail);
  if (!store) return report(context, await readChanged(mail.knock(request)));
  try {
    const status = await report(context, await applyChange(store, request));
    const refused = await Promise.all(
      accountsOf(mail, store, args.words).map(account => push(mail, store, account, context)),
    );
    signal.throwIfAborted();
    const errors = refused.flat();
    for (const error of errors) await output.err.line(sentence(error));
    return errors.length > 0 ? FAILED : status;
  } finally {
    await store.close();
  }
}

/** Null: another process owns the store. */
async function ownerOrNull(mail: Mail): Promise<OpenedStore | null> {
  try {
    return await mail.owner();
  } catch (error) {
    if (error instanceof TmailError && error.code === 'store.locked') return null;
    throw error;
  }
}

async function report({ args, output }: Context, all: readonly Changed[]): Promise<number> {
  let status = DONE;
  for (const { id, now, error } of all) {
    if (error) {
      status = FAILED;
      const { kind, code, retry, facts } = error;
      await output.err.line(sentence(new TmailError(kind, code, { retry, facts: { id, ...facts } })));
    }
    if (args.has('json')) await output.out.bytes(jsonLine({ id, now, error: error?.code ?? null }));
  }
  return status;
}

/** Those with something to send; of POP3 mail nothing is the server's business before the next check. */
function accountsOf(mail: Mail, store: OpenedStore, ids: readonly string[]): AccountId[] {
  const named = new Set<AccountId>();
  for (const id of ids) {
    try {
      named.add(splitMessageId(id).account);
    } catch {
      // Named already as no id.
    }
  }
  return mail.config.accounts
    .filter(({ id, protocol, disabled }) => named.has(id) && protocol === 'imap' && !disabled)
    .map(({ id }) => id)
    .filter(id => store.accounts().includes(id));
}

/** What the server refused. That it can't be reached is only said. */
async function push(
  mail: Mail,
  store: OpenedStore,
  id: AccountId,
  { output, signal }: Context,
): Promise<TmailError[]> {
  const account = await store.account(id);
  if (account.queue().length === 0) return [];
  const engine = await mail.engine(id, store);
  const refused: TmailError[] = [];
  const unsubscribe = store.subscribe(event => {
    if (event.t === 'trouble' && (event.error.facts.account ?? id) === id) refused.push(event.error);
  });
  let why: TmailError | null = null;
  try {
    await engine.push?.(AbortSignal.any([signal, AbortSignal.timeout(PUSH_MS)]));
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
