// What flag, move, archive and delete have in common: the change is made by whoever owns the store, here or behind its
// door; here it is also sent to the servers that can be reached now. What can't be sent waits in the queue.
import { sentence } from '../app/messages.ts';
import { notes } from '../app/notes.ts';
import { splitMessageId } from '../mail/ids.ts';
import type { AccountId } from '../mail/types.ts';
import { TmailError } from '../util/errors.ts';
import { applyChange, type Change, type Changed, type ChangeRequest, notMade } from './changing.ts';
import { type Context, type Mail, type OpenedStore, ownerOrNull } from './context.ts';
import { readChanged } from './door.ts';
import { jsonLine } from './output.ts';
import { push } from './pushing.ts';
import { DONE, FAILED, statusOf, worst } from './status.ts';

export async function makeChange(context: Context, change: Change): Promise<number> {
  const { args, output, signal } = context;
  const mail = await context.mail();
  const request: ChangeRequest = { t: 'change', change, ids: args.words };
  let store: OpenedStore | null;
  try {
    store = await ownerOrNull(mail);
  } catch (error) {
    if (!(error instanceof TmailError && isOfDisk(error))) throw error;
    return report(
      context,
      request.ids.map(id => notMade(id, error)),
    );
  }
  if (!store) return report(context, await readChanged(mail.knock(request)));
  let changed: readonly Changed[] = [];
  try {
    changed = await applyChange(store, request);
    const status = await report(context, changed);
    // A disk that takes no change keeps no try to send one either.
    if (changed.every(({ error }) => error && isOfDisk(error))) return status;
    const refused = await Promise.all(
      accountsOf(mail, store, args.words).map(account => push(mail, store, account, context)),
    );
    signal.throwIfAborted();
    const errors = refused.flat();
    for (const error of errors) await output.err.line(sentence(error));
    return errors.length > 0 ? FAILED : status;
  } finally {
    await store.close().catch(thrown => {
      // Said of the messages already.
      const said = changed.some(({ error }) => error && isOfDisk(error) && error.code === thrown.code);
      if (!said) throw thrown;
    });
  }
}

/** Full, failing, or only to be read. */
const isOfDisk = ({ code }: { readonly code: string }) => code.startsWith('disk.');

async function report({ args, output }: Context, all: readonly Changed[]): Promise<number> {
  const statuses: number[] = [DONE];
  for (const { id, now, error } of all) {
    if (error) {
      const { kind, code, retry, facts } = error;
      const why = new TmailError(kind, code, { retry, facts: { id, ...facts } });
      statuses.push(kind === 'storage' ? statusOf(why) : FAILED);
      await output.err.line(code === 'disk.full' ? notes.notChanged(id) : sentence(why));
    }
    if (args.has('json')) await output.out.bytes(jsonLine({ id, now, error: error?.code ?? null }));
  }
  return worst(statuses);
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
