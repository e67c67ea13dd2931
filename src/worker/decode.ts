// Transfer encodings (RFC 2045 section 6) and uuencode. Text parts are decoded whole, with what mailparser would add
// to the first opening of a message (110 ms to load it) saved; what is saved to a file streams through mailparser.
import { Readable } from 'node:stream';

/** A whole body, decoded. Broken input gives what can be read of it. */
export function decodeBody(bytes: Buffer, encoding: string): Buffer {
  switch (encoding) {
    case 'base64':
      return decodeBase64(bytes.toString('latin1'));
    case 'quoted-printable':
      return decodeQuotedPrintable(bytes);
    case 'x-uuencode':
    case 'uuencode':
    case 'x-uue':
      return findUuencoded(bytes.toString('latin1'))[0]?.content ?? bytes;
    default:
      return bytes;
  }
}

/** Padding in the middle ends one run and begins the next, as concatenated encodings do. */
function decodeBase64(text: string): Buffer {
  const clean = text.replace(/[^A-Za-z0-9+/=_-]+/g, '');
  const padding = clean.indexOf('=');
  if (padding < 0 || /^=*$/.test(clean.slice(padding))) return Buffer.from(clean, 'base64');
  return Buffer.concat(clean.split(/=+/).map(run => Buffer.from(run, 'base64')));
}

const hex = (code: number | undefined) => {
  if (code === undefined) return -1;
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 65 && code <= 70) return code - 55;
  return code >= 97 && code <= 102 ? code - 87 : -1;
};

/** RFC 2045 section 6.7; a `=` that begins no escape stands for itself. */
export function decodeQuotedPrintable(bytes: Buffer): Buffer {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let lineEnd = 0; // spaces written after this place may turn out to be padding
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 61) {
      const value = hex(bytes[at + 1]) * 16 + hex(bytes[at + 2]);
      if (hex(bytes[at + 1]) >= 0 && hex(bytes[at + 2]) >= 0) {
        out[length++] = value;
        lineEnd = length;
        at += 2;
        continue;
      }
      let next = at + 1;
      while (bytes[next] === 32 || bytes[next] === 9) next++;
      if (bytes[next] === 13 && bytes[next + 1] === 10) next++;
      if (bytes[next] === 10 || next >= bytes.length) {
        at = next;
        lineEnd = length;
        continue;
      }
    } else if (byte === 10 || (byte === 13 && bytes[at + 1] === 10)) {
      // Spaces before a line break were added on the way (rule 3).
      while (length > lineEnd && (out[length - 1] === 32 || out[length - 1] === 9)) length--;
    }
    out[length++] = byte;
    if (byte !== 32 && byte !== 9) lineEnd = length;
  }
  return out.subarray(0, length);
}

export interface Uuencoded {
  readonly filename: string;
  readonly content: Buffer;
  /** Where it stands in the text, its `begin` and `end` lines included. */
  readonly start: number;
  readonly end: number;
}

const BEGIN = /^begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,255})\r?\n/gm;
const MAX_UUENCODED = 50;

/** Files that were put into text by uuencode. `begin` lines of ordinary prose are not taken for one. */
export function findUuencoded(text: string): Uuencoded[] {
  const found: Uuencoded[] = [];
  BEGIN.lastIndex = 0;
  for (let match = BEGIN.exec(text); match && found.length < MAX_UUENCODED; match = BEGIN.exec(text)) {
    const content: Buffer[] = [];
    let at = BEGIN.lastIndex;
    let complete = false;
    while (at < text.length) {
      const feed = text.indexOf('\n', at);
      const stop = feed < 0 ? text.length : feed;
      const line = text.slice(at, stop).replace(/\r$/, '');
      at = feed < 0 ? text.length : feed + 1;
      if (line === 'end') {
        complete = true;
        break;
      }
      const bytes = uuLine(line);
      if (bytes === null) break;
      content.push(bytes);
    }
    if (!complete) continue;
    found.push({
      filename: (match[1] ?? '').trim(),
      content: Buffer.concat(content),
      start: match.index,
      end: at,
    });
    BEGIN.lastIndex = at;
  }
  return found;
}

/** One line: a length and groups of four; null when it is none. */
function uuLine(line: string): Buffer | null {
  if (line === '' || line === '`') return Buffer.alloc(0);
  const length = (line.charCodeAt(0) - 32) & 63;
  if (!/^[\x20-\x60]{1,100}$/.test(line) || line.length < 1 + Math.ceil((length * 4) / 3)) return null;
  const out = Buffer.alloc(Math.ceil(length / 3) * 3);
  for (let group = 0; group * 3 < length; group++) {
    let bits = 0;
    for (let i = 0; i < 4; i++) bits = (bits << 6) | ((line.charCodeAt(1 + group * 4 + i) - 32) & 63);
    out.writeUIntBE(bits & 0xffffff, group * 3, 3);
  }
  return out.subarray(0, length);
}

/**
 * The decoded content of a part of any size, bit by bit. base64 and quoted-printable go through mailparser, which
 * gets the part as a message of its own, with headers of ours: nothing that the sender wrote but the body.
 */
export async function* decodeStream(body: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  if (encoding !== 'base64' && encoding !== 'quoted-printable') {
    yield* body;
    return;
  }
  const { MailParser } = await import('mailparser');
  const parser = new MailParser({ skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true });
  const message = Readable.from(
    (async function* () {
      yield Buffer.from(
        `Content-Type: application/octet-stream\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`,
      );
      yield* body;
    })(),
    { objectMode: false },
  );
  message.on('error', error => parser.destroy(error));
  message.pipe(parser);
  for await (const item of parser as AsyncIterable<Attachment | { type: 'text' }>) {
    if (item.type !== 'attachment') continue;
    for await (const chunk of item.content) yield chunk;
    item.release();
  }
}

/** The half of mailparser's AttachmentStream that is used. */
interface Attachment {
  readonly type: 'attachment';
  readonly content: AsyncIterable<Buffer>;
  release(): void;
}
