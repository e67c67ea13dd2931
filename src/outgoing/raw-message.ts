// A whole message from elsewhere (`tmail send --message`): who gets it by its header, and the bytes that go out, without
// what is nobody else's business and with what every message must have (RFC 5322 section 3.6).
import type { AccountConfig } from '../config/types.ts';
import { parseAddresses } from '../mail/address.ts';
import { crlfLines, withoutPrivate } from '../mail/compose/lines.ts';
import { wireAddress, wireDate } from '../mail/compose/wire.ts';
import { envelopeOf, fieldValue, readHeaders } from '../mail/headers.ts';
import type { OutboxRecord } from '../store/types.ts';
import { TmailError } from '../util/errors.ts';
import { randomId } from '../util/ids.ts';
import { bytesOf } from './building.ts';

export interface RawMessage {
  readonly bytes: Buffer;
}

/** @throws TmailError `send.no-header`, `compose.no-recipient`, `compose.malformed`, `send.too-large` */
export async function readRawMessage(
  { bytes }: RawMessage,
  account: AccountConfig,
  now: number,
): Promise<{ readonly record: OutboxRecord; readonly bytes: Buffer }> {
  const { newMessageId } = await import('../mail/compose/build.ts');
  const { fields } = readHeaders(bytes);
  if (fields.length === 0) throw new TmailError('rejected', 'send.no-header');
  const to = recipientsOf(fields);
  const clean = await bytesOf(withoutPrivate(crlfLines(once(bytes))));
  const from = wireAddress(parseAddresses(fieldValue(fields, 'from'))[0]?.address ?? '') ?? account.email;
  const messageId =
    envelopeOf(bytes, { size: 0, arrival: 0 }).messageId || newMessageId(from, randomId() + randomId());
  const missing = [
    fieldValue(fields, 'from') === '' ? `From: ${account.email}\r\n` : '',
    fieldValue(fields, 'date') === '' ? `Date: ${wireDate(now)}\r\n` : '',
    fieldValue(fields, 'message-id') === '' ? `Message-ID: <${messageId}>\r\n` : '',
  ].join('');
  const whole = Buffer.concat([Buffer.from(missing), clean]);
  const { subject } = envelopeOf(whole, { size: whole.length, arrival: now });
  const record: OutboxRecord = {
    id: randomId(),
    state: 'queued',
    subject,
    from,
    recipients: to.map(address => ({ address, outcome: 'pending', reply: '', skipped: false })),
    messageId,
    size: whole.length,
    at: now,
    notBefore: now,
    tries: 0,
    error: null,
    draft: '',
    origin: null,
    replaces: null,
    dsn: false,
    eightBit: whole.some(byte => byte > 127),
  };
  return { record, bytes: whole };
}

function recipientsOf(fields: readonly { readonly name: string; readonly value: string }[]): string[] {
  const found = new Set<string>();
  for (const { name, value } of fields) {
    if (!/^(to|cc|bcc)$/i.test(name)) continue;
    for (const { address } of parseAddresses(value)) {
      const wire = wireAddress(address);
      if (wire === null)
        throw new TmailError('rejected', 'compose.malformed', { facts: { field: name, text: address } });
      found.add(wire);
    }
  }
  if (found.size === 0) throw new TmailError('rejected', 'compose.no-recipient');
  return [...found];
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
