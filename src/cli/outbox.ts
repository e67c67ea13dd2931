// tmail outbox: what waits to be sent, and what becomes of it. Looking needs no owner; everything else goes through the
// one there is.
import { sentence } from '../app/messages.ts';
import { notes } from '../app/notes.ts';
import { itemOf } from '../outgoing/items.ts';
import type { LocalOutgoing } from '../outgoing/outgoing.ts';
import type { OutboxItem } from '../outgoing/types.ts';
import { nearest } from '../util/nearest.ts';
import { usage } from './arguments.ts';
import { type Context, type Mail, ownerOrNull } from './context.ts';
import { readOutbox } from './door.ts';
import { localDate } from './list.ts';
import { jsonLine } from './output.ts';
import { DONE, statusOf, worst } from './status.ts';

const ACTIONS = ['list', 'retry', 'drop', 'send'] as const;
type Action = (typeof ACTIONS)[number];

export interface OutboxRequest {
  readonly t: 'outbox';
  readonly action: Exclude<Action, 'list'>;
  /** '' for `send`: all of them. */
  readonly id: string;
  /** `retry`: without those that were refused. */
  readonly rest: boolean;
}

export async function outbox(context: Context): Promise<number> {
  const { args } = context;
  const [word = 'list', id = '', ...more] = args.words;
  const action = ACTIONS.find(each => each === word);
  if (!action) {
    throw usage('cli.unknown-word', 'outbox', { word, suggestion: nearest(word, ACTIONS) });
  }
  const needsId = action === 'retry' || action === 'drop';
  if (needsId !== (id !== '') || more.length > 0) {
    throw usage('cli.words', 'outbox', { expected: needsId ? `${action} ID` : action });
  }
  const mail = await context.mail();
  if (action === 'list') {
    for (const item of await listed(mail)) await print(context, item);
    return DONE;
  }
  const items = await doSomewhere(mail, { t: 'outbox', action, id, rest: args.has('rest') });
  for (const item of items) await print(context, item);
  if (action === 'drop') return DONE;
  const left = items.flatMap(({ state, error }) => (state === 'sent' || !error ? [] : [statusOf(error)]));
  return worst(left);
}

/** Oldest first, from the disk. */
async function listed(mail: Mail): Promise<OutboxItem[]> {
  const store = await mail.reader();
  const items: OutboxItem[] = [];
  for (const { id } of mail.config.accounts) {
    if (!store.accounts().includes(id)) continue;
    const kept = await store.account(id);
    const moment = { sending: false, trouble: null };
    for (const record of kept.outbox?.records() ?? []) items.push(itemOf(id, record, moment));
  }
  return items.sort((a, b) => a.at - b.at);
}

async function doSomewhere(mail: Mail, request: OutboxRequest): Promise<OutboxItem[]> {
  const store = await ownerOrNull(mail);
  if (!store) return readOutbox(mail.knock(request));
  try {
    const outgoing = await mail.outgoing(store);
    try {
      return await changeOutbox(outgoing, request);
    } finally {
      await outgoing.close();
    }
  } finally {
    await store.close();
  }
}

/** In the process that owns the store. Returns what it was about, as it is then. */
export async function changeOutbox(
  outgoing: LocalOutgoing,
  { action, id, rest }: OutboxRequest,
): Promise<OutboxItem[]> {
  await outgoing.ready;
  if (action === 'drop') {
    await outgoing.drop(id);
    return [];
  }
  if (action === 'retry') await outgoing.retry(id, rest ? 'rest' : undefined);
  const about = outgoing.outbox().filter(item => action === 'send' || item.id === id);
  await outgoing.sendAll([...new Set(about.map(({ account }) => account))]);
  const ids = new Set(about.map(item => item.id));
  return outgoing.outbox().filter(item => ids.has(item.id));
}

async function print({ args, output }: Context, item: OutboxItem): Promise<void> {
  const { error, account } = item;
  if (args.has('json')) {
    const message = error && sentence(error, { account });
    await output.out.bytes(
      jsonLine({
        id: item.id,
        account,
        state: item.state,
        subject: item.subject,
        from: item.from,
        recipients: item.recipients,
        messageId: item.messageId,
        size: item.size,
        at: new Date(item.at).toISOString(),
        tries: item.tries,
        error: error && { code: error.code, kind: error.kind, retry: error.retry, message },
      }),
    );
    return;
  }
  await output.out.line([item.id, localDate(item.at), notes.outboxRow(item)].join('  '));
  if (error && item.state !== 'sent') await output.err.line(`  ${sentence(error, { account })}`);
}
