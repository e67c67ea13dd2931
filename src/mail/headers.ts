// Header blocks: found, split into fields, and read into the envelope that a list row needs. Fast enough for
// thousands a second; survives any bytes. Knows nothing about bodies.
import { ENVELOPE_TEXT, HEADER_BYTES, REFERENCES } from '../util/limits.ts';
import { parseAddresses } from './address.ts';
import { parseDate } from './dates.ts';
import { decodeWords } from './encoded-word.ts';
import type { Envelope } from './types.ts';

/** One field: its name as written, its value unfolded, one character a byte (latin1), not decoded. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

export interface HeaderBlock {
  readonly fields: readonly HeaderField[];
  /** Where the body begins: behind the empty line; 0 when there are no headers at all. */
  readonly bodyAt: number;
  /** There were more than HEADER_BYTES of them. */
  readonly cut: boolean;
}

const FIELD = /^[\x21-\x39\x3b-\x7e]{1,200}[ \t]*:/;

/** Offset behind the empty line that ends the headers, or -1. */
function headerEnd(bytes: Buffer): number {
  if (bytes[0] === 10) return 1;
  if (bytes[0] === 13 && bytes[1] === 10) return 2;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return at + 2;
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return at + 3;
  }
  return -1;
}

/** Headers of a message, or of a header block alone (RFC 5322 section 2.2). mbox `From ` lines are passed over. */
export function readHeaders(bytes: Buffer): HeaderBlock {
  const end = headerEnd(bytes);
  const length = end < 0 ? bytes.length : end;
  const text = bytes.toString('latin1', 0, Math.min(length, HEADER_BYTES));
  const fields = splitFields(text);
  // A message without headers begins with its text.
  if (fields.length === 0 && !/^\r?\n/.test(text)) return { fields, bodyAt: 0, cut: false };
  return { fields, bodyAt: length, cut: length > HEADER_BYTES };
}

/** The fields of a header block given as latin1 text. Lines that are no fields are dropped. */
export function splitFields(text: string): HeaderField[] {
  const fields: HeaderField[] = [];
  let name = '';
  let pieces: string[] = [];
  const push = () => {
    if (name !== '') fields.push({ name, value: pieces.join('').trim() });
    name = '';
    pieces = [];
  };
  let at = 0;
  while (at < text.length) {
    const feed = text.indexOf('\n', at);
    const next = feed < 0 ? text.length : feed + 1;
    const stop = feed < 0 ? text.length : feed;
    const line = text.slice(at, text.charCodeAt(stop - 1) === 13 && stop > at ? stop - 1 : stop);
    const first = line.charCodeAt(0);
    if (first === 32 || first === 9) {
      // Folding white space stays one space: `a\r\n\tb` was written as `a b`.
      if (name !== '') pieces.push(` ${line.trim()}`);
    } else if (line === '') {
      break;
    } else {
      const colon = line.indexOf(':');
      const isField = colon > 0 && FIELD.test(line);
      if (isField) {
        push();
        name = line.slice(0, colon).trimEnd();
        pieces.push(line.slice(colon + 1));
      } else if (fields.length === 0 && name === '' && !/^>?From /.test(line)) {
        return [];
      } else push();
    }
    at = next;
  }
  push();
  return fields;
}

/** The first field of that name (lower case), or ''. */
export function fieldValue(fields: readonly HeaderField[], name: string): string {
  return (
    fields.find(field => field.name.length === name.length && field.name.toLowerCase() === name)?.value ?? ''
  );
}

/** All fields of that name as one list: senders repeat To and Cc though RFC 5322 forbids it. */
function joined(fields: readonly HeaderField[], name: string): string {
  return fields
    .filter(field => field.name.length === name.length && field.name.toLowerCase() === name)
    .map(field => field.value)
    .join(', ');
}

/** Decoded text of one line, cut to what an envelope keeps, never inside a surrogate pair. */
export function headerText(value: string, limit = ENVELOPE_TEXT): string {
  // An encoded character takes up to 12 bytes of an encoded word.
  const text = decodeWords(value.slice(0, limit * 12))
    .replace(/[\r\n\t]+/g, ' ')
    .trim();
  if (text.length <= limit) return text;
  const code = text.charCodeAt(limit - 1);
  return text.slice(0, code >= 0xd800 && code <= 0xdbff ? limit - 1 : limit);
}

/** Message-IDs of a References or In-Reply-To value, without brackets (RFC 5322 section 3.6.4). */
export function messageIds(value: string): string[] {
  const ids: string[] = [];
  for (const match of value.slice(0, 64 * 1024).matchAll(/<([^<>]{1,998})>/g)) {
    const id = (match[1] ?? '').replace(/\s+/g, '');
    if (id !== '') ids.push(id);
  }
  return ids;
}

/** One Message-ID; programs that forget the brackets are understood. */
function oneId(value: string): string {
  return messageIds(value)[0] ?? (/^[^\s<>]{1,998}$/.test(value) ? value : '');
}

/** The thread's root and the newest: enough to thread by. */
function references(value: string): string[] {
  const ids = messageIds(value);
  if (ids.length <= REFERENCES) return ids;
  return [...ids.slice(0, 1), ...ids.slice(1 - REFERENCES)];
}

const NAMES: ReadonlySet<string> = new Set([
  'subject',
  'from',
  'to',
  'cc',
  'bcc',
  'reply-to',
  'date',
  'message-id',
  'in-reply-to',
  'references',
]);

export interface EnvelopeFacts {
  /** Bytes of the whole message. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly arrival: number;
  readonly attachments?: number | null;
}

/** The envelope of a message (or of its header block alone). Never throws. */
export function envelopeOf(bytes: Buffer, facts: EnvelopeFacts): Envelope {
  return envelopeFrom(readHeaders(bytes).fields, facts);
}

/** The same from fields that were split already. */
export function envelopeFrom(all: readonly HeaderField[], facts: EnvelopeFacts): Envelope {
  const fields = all.filter(field => NAMES.has(field.name.toLowerCase()));
  return {
    subject: headerText(fieldValue(fields, 'subject')),
    from: parseAddresses(joined(fields, 'from')),
    to: parseAddresses(joined(fields, 'to')),
    cc: parseAddresses(joined(fields, 'cc')),
    replyTo: parseAddresses(joined(fields, 'reply-to')),
    date: parseDate(fieldValue(fields, 'date')) ?? facts.arrival,
    arrival: facts.arrival,
    messageId: oneId(fieldValue(fields, 'message-id')),
    inReplyTo: oneId(fieldValue(fields, 'in-reply-to')),
    references: references(fieldValue(fields, 'references')),
    size: facts.size,
    attachments: facts.attachments ?? null,
  };
}
