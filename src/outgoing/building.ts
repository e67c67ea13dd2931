// A draft as bytes and as a record of the outbox. The building itself is src/mail/compose, loaded when it is needed.
import type { Draft } from '../mail/compose/types.ts';
import { envelopeOf } from '../mail/headers.ts';
import type { Envelope } from '../mail/types.ts';
import type { DraftStore, OutboxRecord } from '../store/types.ts';
import { TmailError } from '../util/errors.ts';
import { randomId } from '../util/ids.ts';
import { MESSAGE_BYTES } from '../util/limits.ts';

export interface Built {
  readonly bytes: Buffer;
  readonly envelope: Envelope;
  readonly from: string;
  readonly to: readonly string[];
  readonly messageId: string;
  readonly eightBit: boolean;
}

/** @throws TmailError compose.*, send.too-large */
export async function collect(
  drafts: DraftStore,
  draft: Draft,
  kind: 'send' | 'draft',
  now: number,
): Promise<Built> {
  const { buildMessage, newMessageId } = await import('../mail/compose/build.ts');
  // Each version has an id of its own: one that an earlier version has as well could not be told from it on the server.
  const messageId = newMessageId(draft.from, randomId() + randomId());
  const readAttachment = (file: string) => drafts.path(draft.id, file);
  const built = await buildMessage(draft, { readAttachment, now, messageId, kind });
  const bytes = await bytesOf(built.bytes);
  const attachments = draft.attachments.length;
  return {
    bytes,
    envelope: envelopeOf(bytes, { size: bytes.length, arrival: now, attachments }),
    from: built.envelope.from,
    to: built.envelope.to,
    messageId: built.messageId,
    eightBit: built.eightBit,
  };
}

export async function bytesOf(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of pieces) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MESSAGE_BYTES) {
      throw new TmailError('rejected', 'send.too-large', { facts: { limit: MESSAGE_BYTES } });
    }
  }
  return Buffer.concat(chunks, size);
}

export function newRecord(draft: Draft, built: Built, now: number, undo: number): OutboxRecord {
  return {
    id: randomId(),
    state: undo > 0 ? 'undo' : 'queued',
    subject: draft.subject,
    from: built.from,
    recipients: built.to.map(address => ({ address, outcome: 'pending', reply: '', skipped: false })),
    messageId: built.messageId,
    size: built.bytes.length,
    at: now,
    notBefore: now + undo,
    tries: 0,
    error: null,
    draft: draft.id,
    origin: draft.origin,
    replaces: draft.replaces,
    dsn: draft.dsn,
    eightBit: built.eightBit,
  };
}
