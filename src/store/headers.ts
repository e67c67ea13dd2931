// A small reader of message headers, to rebuild an index from message files alone: encoded words in the charsets that
// Node knows, addresses, dates. The mail layer's reader replaces it where there is one (OpenStoreOptions.envelopeOf).
import type { Address, Envelope } from '../mail/types.ts';
import { ADDRESSES, HEADER_BYTES, REFERENCES } from '../util/limits.ts';

/** The envelope as far as a message's header tells it. Never throws. */
export function envelopeOf(bytes: Buffer): Envelope {
  const headers = readHeaders(bytes);
  const get = (name: string) => headers.get(name) ?? '';
  const date = Date.parse(get('date').replace(/\(.*\)/, ''));
  const references = [...get('references').matchAll(/<([^<>\s]+)>/g)].map(match => match[1] ?? '');
  return {
    subject: decodeWords(get('subject')),
    from: addresses(get('from')),
    to: addresses(get('to')),
    cc: addresses(get('cc')),
    replyTo: addresses(get('reply-to')),
    date: sensible(date),
    arrival: sensible(date),
    messageId: /<([^<>\s]+)>/.exec(get('message-id'))?.[1] ?? '',
    inReplyTo: /<([^<>\s]+)>/.exec(get('in-reply-to'))?.[1] ?? '',
    references: references.length > REFERENCES ? references.slice(-REFERENCES) : references,
    size: bytes.length,
    attachments: null,
  };
}

/** Field names in lower case; the first of each counts. */
function readHeaders(bytes: Buffer): Map<string, string> {
  const headers = new Map<string, string>();
  const block = bytes.subarray(0, HEADER_BYTES);
  // Bytes as they are, so that encoded words stay as they are; raw UTF-8 (RFC 6532) is decoded below.
  const text = block.toString('latin1');
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length;
  for (const line of text
    .slice(0, end)
    .replace(/\r?\n(?=[ \t])/g, '')
    .split(/\r?\n/)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (name === '' || headers.has(name)) continue;
    headers.set(name, decode(Buffer.from(line.slice(colon + 1).trim(), 'latin1'), 'utf-8'));
  }
  return headers;
}

/** RFC 2047. */
function decodeWords(text: string): string {
  return text
    .replace(/(=\?[^?\s]+\?[BbQq]\?[^?]*\?=)\s+(?==\?)/g, '$1')
    .replace(
      /=\?([^?\s*]+)(?:\*[^?]*)?\?([BbQq])\?([^?]*)\?=/g,
      (word, charset: string, kind: string, data: string) => {
        const bytes =
          kind.toLowerCase() === 'b'
            ? Buffer.from(data, 'base64')
            : Buffer.from(
                data
                  .replaceAll('_', ' ')
                  .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) =>
                    String.fromCharCode(Number.parseInt(hex, 16)),
                  ),
                'latin1',
              );
        return bytes.length === 0 && data !== '' ? word : decode(bytes, charset);
      },
    );
}

function decode(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

function addresses(text: string): Address[] {
  const found: Address[] = [];
  for (const part of splitAddresses(text)) {
    const open = part.lastIndexOf('<');
    const close = part.indexOf('>', open);
    const address = (open >= 0 ? part.slice(open + 1, close > open ? close : undefined) : part).trim();
    const name = (open >= 0 ? part.slice(0, open) : '')
      .trim()
      .replace(/^"(.*)"$/s, '$1')
      .replace(/\\(.)/g, '$1');
    if (address !== '' || name !== '') found.push({ name: decodeWords(name), address });
  }
  return found;
}

/** At commas outside quotes and angle brackets; in one pass, whatever the text. */
function splitAddresses(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  let angle = false;
  for (let i = 0; i < text.length && parts.length < ADDRESSES; i++) {
    const character = text[i];
    if (quoted && character === '\\') i++;
    else if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === '<') angle = true;
    else if (character === '>') angle = false;
    else if (character === ',' && !angle) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  if (parts.length < ADDRESSES) parts.push(text.slice(from));
  return parts;
}

function sensible(date: number): number {
  return Number.isFinite(date) && date > 0 && date < 4e12 ? date : 0;
}
