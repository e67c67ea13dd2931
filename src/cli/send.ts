// tmail send: the body on standard input and recipients as arguments, as mutt and mailx take them, or a whole message.
// Beside an open screen its process sends; else this one does, and what can't go now waits in the outbox.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { sentence } from '../app/messages.ts';
import { notes } from '../app/notes.ts';
import { identitiesOf } from '../config/identities.ts';
import { parseAddresses } from '../mail/address.ts';
import { identityOf } from '../mail/compose/identity.ts';
import { fieldValue, readHeaders } from '../mail/headers.ts';
import type { OutboxItem } from '../outgoing/types.ts';
import type { Store } from '../store/types.ts';
import { TmailError } from '../util/errors.ts';
import { MESSAGE_BYTES } from '../util/limits.ts';
import { usage } from './arguments.ts';
import { type Context, chosenAccount, type Mail } from './context.ts';
import { readItem } from './door.ts';
import { jsonLine } from './output.ts';
import { type SendRequest, senderOf, sendThrough } from './sending.ts';
import { DONE, FAILED, LATER } from './status.ts';

export async function send(context: Context): Promise<number> {
  const { args } = context;
  const whole = args.value('message');
  const recipients = [...args.words, ...args.values('cc'), ...args.values('bcc')];
  if (whole === undefined && recipients.length === 0) {
    throw usage('cli.words', 'send', { expected: 'a recipient (TO, --cc or --bcc), or --message' });
  }
  if (whole !== undefined && (recipients.length > 0 || args.has('subject') || args.has('attach'))) {
    throw usage('cli.one-of', 'send', { got: '--message, and recipients, --subject or --attach' });
  }
  const mail = await context.mail();
  const request = whole === undefined ? await written(context, mail) : await given(context, mail, whole);
  return print(context, await sendSomewhere(mail, request, context.signal));
}

async function written(context: Context, mail: Mail): Promise<SendRequest> {
  const { args } = context;
  const account = chosenAccount(mail.config, args.value('account'));
  return {
    t: 'send',
    account,
    from: senderOf(mail.config, account),
    to: args.words,
    cc: args.values('cc'),
    bcc: args.values('bcc'),
    subject: args.value('subject') ?? '',
    text: textOf(await input(context)),
    attachments: args.values('attach').map(path => resolve(path)),
  };
}

async function given(context: Context, mail: Mail, file: string): Promise<SendRequest> {
  const bytes = file === '-' ? await input(context) : await fileBytes(file);
  const named = context.args.value('account');
  const account = named === undefined ? accountOf(mail, bytes) : chosenAccount(mail.config, named);
  return { t: 'send-raw', account, base64: bytes.toString('base64') };
}

/** The account that sends from the address in the message's From; else the default one. */
function accountOf(mail: Mail, bytes: Buffer): string {
  const [from] = parseAddresses(fieldValue(readHeaders(bytes).fields, 'from'));
  const identity = identityOf(from?.address ?? '', identitiesOf(mail.config));
  return identity?.account ?? chosenAccount(mail.config, undefined);
}

async function fileBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : '';
    const code =
      reason === 'ENOENT' ? 'attach.missing' : reason === 'EISDIR' ? 'attach.directory' : 'attach.unreadable';
    throw new TmailError('rejected', code, { facts: { path, reason } });
  }
}

async function input({ input, signal }: Context): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input?.() ?? process.stdin) {
    signal.throwIfAborted();
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    if (size > MESSAGE_BYTES) {
      throw new TmailError('rejected', 'send.too-large', { facts: { limit: MESSAGE_BYTES } });
    }
  }
  return Buffer.concat(chunks);
}

/** UTF-8, or what Western Europe used before it. */
function textOf(bytes: Buffer): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    text = new TextDecoder('windows-1252').decode(bytes);
  }
  return text.replace(/\r\n?/g, '\n');
}

/** A command that owns the store for a moment (a sync) answers nobody: it is waited for. */
const OWNER_MS = 60_000;
const LOOK_MS = 200;

async function sendSomewhere(mail: Mail, request: SendRequest, signal: AbortSignal): Promise<OutboxItem> {
  const until = performance.now() + OWNER_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      return (await sendHere(mail, request)) ?? (await readItem(mail.knock(request)));
    } catch (error) {
      const busy = error instanceof TmailError && /^store\.(not-serving|no-owner)$/.test(error.code);
      if (!busy || performance.now() > until) throw error;
    }
    await new Promise(resolve => setTimeout(resolve, LOOK_MS));
  }
}

/** Null: another process owns the store. */
async function sendHere(mail: Mail, request: SendRequest): Promise<OutboxItem | null> {
  let store: Store;
  try {
    store = await mail.owner();
  } catch (error) {
    if (error instanceof TmailError && error.code === 'store.locked') return null;
    throw error;
  }
  try {
    const outgoing = await mail.outgoing(store);
    try {
      outgoing.start();
      return await sendThrough(outgoing, request);
    } finally {
      await outgoing.close();
    }
  } finally {
    await store.close();
  }
}

async function print({ args, output }: Context, item: OutboxItem): Promise<number> {
  const { id, account, state, messageId, recipients, error } = item;
  if (error) await output.err.line(sentence(error, { account }));
  for (const { address, outcome, reply } of recipients) {
    if (outcome === 'refused' || outcome === 'deferred')
      await output.err.line(notes.recipientSaid(address, reply));
  }
  if (state !== 'sent') await output.err.line(notes.outboxState(item));
  if (args.has('json')) {
    const failure = error && {
      code: error.code,
      kind: error.kind,
      retry: error.retry,
      message: sentence(error, { account }),
    };
    await output.out.bytes(jsonLine({ id, account, state, messageId, recipients, error: failure }));
  }
  if (state === 'sent') return DONE;
  return state === 'queued' || state === 'undo' || state === 'sending' ? LATER : FAILED;
}
