// The readable text of a message for SEARCH: encoded words, transfer encodings and charsets undone. Lower case.
import { header, headers, type Part, parseMessage } from './part.ts';

const MAX_SEARCHED = 1024 * 1024;

function decode(bytes: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1'); // a charset that nobody knows
  }
}

/** RFC 2047; raw 8-bit is read as UTF-8. */
export function decodeWords(value: string): string {
  const joined = value.replace(/(\?=)\s+(=\?)/g, '$1$2');
  const raw = decode(Buffer.from(joined, 'latin1'), 'utf-8');
  return raw.replace(
    /=\?([^?*]+)(?:\*[^?]*)?\?([bq])\?([^?]*)\?=/gi,
    (_, charset: string, how: string, text: string) =>
      decode(
        how.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : quotedPrintable(text.replaceAll('_', ' ')),
        charset,
      ),
  );
}

function quotedPrintable(text: string): Buffer {
  const joined = text.replace(/=[ \t]*\r?\n/g, '');
  return Buffer.from(
    joined.replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

export function headerText(raw: Buffer, name: string): string {
  const found = headers(parseMessage(raw)).filter(one => one.name === name.toLowerCase());
  return found
    .map(one => decodeWords(one.value))
    .join('\n')
    .toLowerCase();
}

export function hasHeader(raw: Buffer, name: string): boolean {
  return header(parseMessage(raw), name.toLowerCase()) !== null;
}

export function bodyText(raw: Buffer): string {
  return partText(parseMessage(raw)).toLowerCase();
}

export function allText(raw: Buffer): string {
  const root = parseMessage(raw);
  const head = headers(root).map(one => `${one.name}: ${decodeWords(one.value)}`);
  return `${head.join('\n')}\n${partText(root)}`.toLowerCase();
}

function partText(part: Part): string {
  if (part.children.length > 0) return part.children.map(partText).join('\n');
  if (part.message) return partText(part.message);
  if (part.type !== 'text') return '';
  const body = part.raw.subarray(part.bodyStart, Math.min(part.end, part.bodyStart + MAX_SEARCHED));
  const encoding = header(part, 'content-transfer-encoding')?.toLowerCase();
  const charset = part.params.find(([name]) => name.toLowerCase() === 'charset')?.[1] ?? 'utf-8';
  if (encoding === 'base64') return decode(Buffer.from(body.toString('latin1'), 'base64'), charset);
  return decode(encoding === 'quoted-printable' ? quotedPrintable(body.toString('latin1')) : body, charset);
}
