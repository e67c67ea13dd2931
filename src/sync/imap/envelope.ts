// A FETCH row → the envelope that the index keeps. Pure; every field may be missing, absurd or hostile.
import type { FetchMessageObject, FetchQueryObject, MessageAddressObject } from 'imapflow';
import { envelopeOf as envelopeOfHeader, messageIds } from '../../mail/headers.ts';
import { countAttachments } from '../../mail/structure.ts';
import type { Address, Envelope } from '../../mail/types.ts';
import { ADDRESSES, ENVELOPE_TEXT, REFERENCES } from '../../util/limits.ts';

/** What a list row, a thread and a reply need. */
export const ENVELOPE_ITEMS: FetchQueryObject = {
  uid: true,
  flags: true,
  envelope: true,
  internalDate: true,
  size: true,
  bodyStructure: true,
  headers: ['references'],
};

/** For a message whose envelope or structure no parser can take: the header as bytes, and not too many of them. */
export const PLAIN_ITEMS: FetchQueryObject = {
  uid: true,
  flags: true,
  internalDate: true,
  size: true,
  bodyParts: [{ key: 'HEADER', maxLength: 64 * 1024 }],
};

/** For one whose very header is too much. */
export const BARE_ITEMS: FetchQueryObject = { uid: true, flags: true, size: true };

const DAY = 24 * 3600_000;

export function envelopeOf(row: FetchMessageObject, now: number): Envelope {
  const arrival = timeOf(row.internalDate) ?? now;
  if (!row.envelope) return plainEnvelope(row, arrival);
  const date = timeOf(row.envelope.date);
  return {
    subject: cut(row.envelope.subject),
    from: addresses(row.envelope.from),
    to: addresses(row.envelope.to),
    cc: addresses(row.envelope.cc),
    replyTo: addresses(row.envelope.replyTo),
    // A Date that lies before mail existed or after the message arrived would sort it out of sight.
    date: date !== null && date > DAY && date < arrival + 2 * DAY ? date : arrival,
    arrival,
    messageId: bareMessageId(row.envelope.messageId),
    inReplyTo: bareMessageId(row.envelope.inReplyTo),
    references: referencesOf(row.headers),
    size: row.size ?? 0,
    attachments: row.bodyStructure ? countAttachments(row.bodyStructure) : null,
  };
}

function timeOf(value: Date | string | undefined): number | null {
  if (value === undefined) return null;
  const time = typeof value === 'string' ? Date.parse(value) : value.getTime();
  return Number.isFinite(time) ? time : null;
}

function cut(text: unknown): string {
  return typeof text === 'string' ? text.slice(0, ENVELOPE_TEXT) : '';
}

function addresses(list: readonly MessageAddressObject[] | undefined): readonly Address[] {
  if (!list) return [];
  return list.slice(0, ADDRESSES).map(entry => ({ name: cut(entry.name), address: cut(entry.address) }));
}

/** `<id>` → `id`; the first one where a header holds several. */
export function bareMessageId(text: unknown): string {
  if (typeof text !== 'string') return '';
  const match = /<([^<>]*)>/.exec(text.slice(0, ENVELOPE_TEXT));
  return match?.[1]?.trim() ?? text.slice(0, ENVELOPE_TEXT).trim();
}

function referencesOf(headers: Buffer | undefined): readonly string[] {
  if (!headers || headers.length < 12) return [];
  const ids = messageIds(headers.toString('utf8'));
  // The first names the thread, the newest its branch.
  return ids.length <= REFERENCES ? ids : [...ids.slice(0, 1), ...ids.slice(1 - REFERENCES)];
}

function plainEnvelope(row: FetchMessageObject, arrival: number): Envelope {
  // A partial section comes back as `header`, which imapflow keeps apart.
  const header = row.headers ?? row.bodyParts?.get('header') ?? Buffer.alloc(0);
  return envelopeOfHeader(header, { size: row.size ?? 0, arrival, attachments: null });
}
