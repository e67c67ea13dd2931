// What `tmail send` asks for and hears, in this process or through the door of the one that owns the store. Plain
// data: it crosses a socket.
import { identitiesOf } from '../config/identities.ts';
import type { Config } from '../config/types.ts';
import { defaultIdentity, formatAuthor } from '../mail/compose/identity.ts';
import type { Draft } from '../mail/compose/types.ts';
import type { AccountId } from '../mail/types.ts';
import type { LocalOutgoing } from '../outgoing/outgoing.ts';
import type { OutboxItem } from '../outgoing/types.ts';
import { TmailError } from '../util/errors.ts';
import type { PlainError } from './door.ts';

export type SendRequest =
  | {
      readonly t: 'send';
      readonly account: AccountId;
      /** A mailbox (RFC 5322 section 3.4). */
      readonly from: string;
      readonly to: readonly string[];
      readonly cc: readonly string[];
      readonly bcc: readonly string[];
      readonly subject: string;
      readonly text: string;
      /** Absolute paths. */
      readonly attachments: readonly string[];
    }
  | {
      readonly t: 'send-raw';
      readonly account: AccountId;
      /** Of a whole message. */
      readonly base64: string;
    };

export type PlainItem = Omit<OutboxItem, 'error'> & { readonly error: PlainError | null };

export function plainItem({ error, ...item }: OutboxItem): PlainItem {
  return {
    ...item,
    error: error && { kind: error.kind, code: error.code, retry: error.retry, facts: error.facts },
  };
}

export function revivedItem({ error, ...item }: PlainItem): OutboxItem {
  return {
    ...item,
    error: error && new TmailError(error.kind, error.code, { retry: error.retry, facts: error.facts }),
  };
}

/** Who writes for an account when nobody says. */
export function senderOf(config: Config, account: AccountId): string {
  const identity = defaultIdentity(
    identitiesOf(config).filter(each => each.account === account),
    account,
  );
  if (!identity) throw new TmailError('config', 'account.disabled', { facts: { account } });
  return formatAuthor({ identity, address: identity.address });
}

/** Into the outbox and out again: resolves when it is sent, refused, or left for later. */
export async function sendThrough(outgoing: LocalOutgoing, request: SendRequest): Promise<OutboxItem> {
  const item =
    request.t === 'send-raw'
      ? await outgoing.sendRaw(request.account, { bytes: Buffer.from(request.base64, 'base64') })
      : await sendDraft(outgoing, request);
  return outgoing.settled(item.id);
}

async function sendDraft(
  outgoing: LocalOutgoing,
  request: Extract<SendRequest, { t: 'send' }>,
): Promise<OutboxItem> {
  const id = outgoing.newDraftId();
  const now = Date.now();
  try {
    const attachments: Draft['attachments'][number][] = [];
    for (const path of request.attachments) attachments.push(await outgoing.attachFile(id, path));
    const draft: Draft = {
      id,
      account: request.account,
      from: request.from,
      to: request.to.join(', '),
      cc: request.cc.join(', '),
      bcc: request.bcc.join(', '),
      replyTo: '',
      subject: request.subject,
      text: request.text,
      format: 'plain',
      attachments,
      inReplyTo: '',
      references: [],
      origin: null,
      dsn: false,
      replaces: null,
      resend: null,
      created: now,
      changed: now,
    };
    return await outgoing.send(draft, { undo: 0 });
  } catch (error) {
    // A script has what it wanted to send; nobody looks for it among the drafts.
    await outgoing.discardDraft(id).catch(() => undefined);
    throw error;
  }
}
