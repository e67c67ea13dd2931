// Finds the parts of a message in its bytes: a tree of headers and offsets, in one pass over chunks of any size,
// without decoding anything. All limits on hostile structure are kept here, before any library sees the message.
import { HEADER_BYTES, MIME_DEPTH, MIME_PARTS } from '../util/limits.ts';
import { decodeRaw, parseParameters } from './encoded-word.ts';
import { fieldValue, type HeaderField, splitFields } from './headers.ts';
import { OMITTED } from './partial.ts';
import { countAttachments, isMultipart, parameter, type Structure } from './structure.ts';

export interface MimePart extends Structure {
  type: string;
  size: number;
  readonly fields: readonly HeaderField[];
  readonly childNodes: MimePart[];
  /** Offsets into the file: the part's header begins, its body begins, its body ends (exclusive). */
  readonly headerAt: number;
  readonly bodyAt: number;
  end: number;
  /** Bytes after decoding; exact for well-formed content. */
  decoded: number;
  /** Encoded bytes that stayed on the server; null when the part is here. */
  omitted: number | null;
}

/** `depth`, `parts`, `header-cut`: beyond a limit, the rest is not taken apart. `no-boundary`: a multipart without. */
export type ScanNote = 'depth' | 'parts' | 'header-cut' | 'no-boundary';

export interface Scan {
  readonly root: MimePart;
  readonly size: number;
  readonly notes: readonly ScanNote[];
}

/** A line longer than this is no delimiter and no header that matters; it is passed on in pieces. */
const LONG_LINE = 64 * 1024;
const DASH = 45;
const FIELD_START = /^[\x21-\x39\x3b-\x7e]{1,200}[ \t]*:/;

interface Open {
  readonly part: MimePart;
  /** `--boundary`; null when the part has none (yet). */
  delimiter: string | null;
  /** Its closing delimiter was seen: what follows is epilogue. */
  closed: boolean;
}

export interface Scanner {
  push(chunk: Buffer): void;
  end(): Scan;
}

/** A scanner for one message. Chunks may be reused by the caller after `push` returns. */
export function createScanner(): Scanner {
  const notes = new Set<ScanNote>();
  const open: Open[] = [];
  let root: MimePart | null = null;
  let parts = 0;
  let partHeaderBytes = 0;

  // Where the line under way begins in the file, and what was kept of it.
  let offset = 0;
  let carry: Buffer | null = null;
  let middle = false;
  let pendingBreak = 0; // a line break of quoted-printable text: content unless a delimiter follows
  let lastEol = 0; // length of the line break before the line under way

  // The header under way.
  let inHeader = true;
  let headerAt = 0;
  let headerBytes = 0;
  let headerPieces: Buffer[] = [];
  /** Content of no part: preamble, epilogue, beyond the limits. */
  let skipping = false;

  const top = () => open.at(-1);

  function typeOf(fields: readonly HeaderField[]): Structure {
    const type = parseParameters(fieldValue(fields, 'content-type'));
    const disposition = parseParameters(fieldValue(fields, 'content-disposition'));
    const inDigest = top()?.part.type === 'multipart/digest';
    const encoding = fieldValue(fields, 'content-transfer-encoding').replace(/[;(].*$/s, '');
    const shape = {
      // Some senders forget the line break before the next field.
      type: /^[^\s/;,]+\/[^\s/;,]+/.exec(type.value)?.[0] ?? '',
      parameters: plain(type.params),
      id: fieldValue(fields, 'content-id').replace(/^<|>$/g, '').trim(),
      encoding: encoding.trim().toLowerCase(),
      // RFC 2183 section 2.8: an unknown disposition is an attachment.
      disposition: /^(?:inline|)$/.test(disposition.value) ? disposition.value : 'attachment',
      dispositionParameters: plain(disposition.params),
    };
    if (shape.type !== '') return shape;
    // RFC 2045 section 5.2: no type, or none that can be read, is plain text; RFC 2046 section 5.1.5 for digests.
    return { ...shape, type: inDigest && type.value === '' ? 'message/rfc822' : 'text/plain' };
  }

  /** The header under way is complete; its body begins at `bodyAt`. */
  function startBody(bodyAt: number): void {
    const fields = splitFields(Buffer.concat(headerPieces).toString('latin1'));
    const omitted = /^\d{1,12}$/.exec(fieldValue(fields, OMITTED.toLowerCase()));
    const part: MimePart = {
      ...typeOf(fields),
      fields,
      childNodes: [],
      headerAt,
      bodyAt,
      size: 0,
      end: bodyAt,
      decoded: 0,
      omitted: omitted ? Number(omitted[0]) : null,
    };
    parts += 1;
    const parent = top();
    if (parent) parent.part.childNodes.push(part);
    else root = part;
    inHeader = false;
    headerPieces = [];
    const entry: Open = { part, delimiter: null, closed: false };
    open.push(entry);
    const encoded = /^(?:base64|quoted-printable|x-uuencode|uuencode)$/.test(part.encoding ?? '');
    const isMessage = (part.type === 'message/rfc822' || part.type === 'message/global') && !encoded;
    skipping = isMultipart(part);
    pendingBreak = 0;
    if (!isMultipart(part) && !isMessage) return;
    if (open.length > MIME_DEPTH) {
      notes.add('depth');
      part.type = 'application/octet-stream';
      skipping = false; // its content is one block
      return;
    }
    if (isMultipart(part)) {
      const boundary = parameter(part.parameters, 'boundary').trimEnd();
      if (boundary === '') notes.add('no-boundary');
      else entry.delimiter = `--${boundary}`;
    } else if (part.omitted === null) startHeader(bodyAt);
  }

  function startHeader(at: number): void {
    inHeader = true;
    headerAt = at;
    headerBytes = 0;
    headerPieces = [];
    skipping = false;
  }

  function keepHeader(piece: Buffer): void {
    headerBytes += piece.length;
    const isRoot = open.length === 0;
    if (!isRoot) partHeaderBytes += piece.length;
    if ((isRoot ? headerBytes : partHeaderBytes) > HEADER_BYTES) notes.add('header-cut');
    else headerPieces.push(Buffer.from(piece));
  }

  /** Ends every part that is open above `depth`; the line break before a delimiter belongs to the delimiter. */
  function closeTo(depth: number, at: number): void {
    if (inHeader && open.length > 0) startBody(at);
    while (open.length > depth) {
      const part = open.pop()?.part;
      if (part) part.end = Math.max(part.bodyAt, at - lastEol);
    }
  }

  /** A line that begins with `--`: does it delimit one of the open multiparts? */
  function delimiter(line: string, at: number, next: number): boolean {
    for (let depth = open.length - 1; depth >= 0; depth--) {
      const entry = open[depth];
      if (!entry || entry.closed || !isMultipart(entry.part)) continue;
      if (entry.delimiter === null) {
        // Without a parameter the first line that looks like a delimiter is taken for one.
        if (open.length > MIME_DEPTH || depth !== open.length - 1 || !/^--[^\s-]\S{0,200}$/.test(line))
          continue;
        entry.delimiter = line;
      }
      if (!line.startsWith(entry.delimiter)) continue;
      const rest = line.slice(entry.delimiter.length);
      if (rest === '') {
        closeTo(depth + 1, at);
        if (parts >= MIME_PARTS) {
          notes.add('parts');
          inHeader = false;
          skipping = true;
        } else startHeader(next);
        return true;
      }
      if (rest === '--') {
        closeTo(depth + 1, at);
        entry.closed = true;
        inHeader = false;
        skipping = true;
        return true;
      }
    }
    return false;
  }

  /** One line, or a piece of a long one. `data[from, to)` includes the line break when `whole`. */
  function line(data: Buffer, from: number, to: number, whole: boolean): void {
    let stop = to;
    if (whole) {
      stop -= 1;
      if (stop > from && data[stop - 1] === 13) stop -= 1;
    }
    const at = offset;
    offset += to - from;
    if (!middle && data[from] === DASH && data[from + 1] === DASH && open.length > 0 && stop - from < 1100) {
      // Decoded as parameters are: boundaries with 8-bit characters are forbidden, and sent.
      if (delimiter(decodeRaw(data.toString('latin1', from, stop)).trimEnd(), at, offset)) {
        lastEol = to - stop;
        return;
      }
    }
    if (inHeader) headerLine(data, from, stop, to, at);
    else if (!skipping) count(data, from, stop, to);
    lastEol = whole ? to - stop : 0;
    middle = !whole;
  }

  function headerLine(data: Buffer, from: number, stop: number, to: number, at: number): void {
    if (stop === from && !middle) {
      startBody(offset);
      return;
    }
    const first = headerBytes === 0;
    if (first && !middle) {
      const text = data.toString('latin1', from, Math.min(stop, from + 300));
      if (!FIELD_START.test(text) && !/^>?From /.test(text)) {
        // No header at all: the body begins here.
        startBody(at);
        if (!skipping && !inHeader) count(data, from, stop, to);
        return;
      }
    }
    keepHeader(data.subarray(from, to));
  }

  /** Adds up what a line decodes to. */
  function count(data: Buffer, from: number, stop: number, to: number): void {
    const part = top()?.part;
    if (!part) return;
    if (part.encoding === 'base64') {
      let length = stop - from;
      if (data[stop - 1] === 61) length -= data[stop - 2] === 61 ? 2 : 1;
      part.decoded += length;
    } else if (part.encoding === 'quoted-printable') {
      let escapes = 0;
      for (let i = from; i < stop; i++) if (data[i] === 61) escapes++;
      const soft = stop > from && data[stop - 1] === 61;
      part.decoded += pendingBreak + stop - from - (soft ? 1 + (escapes - 1) * 2 : escapes * 2);
      pendingBreak = soft ? 0 : to - stop;
    }
  }

  function push(chunk: Buffer): void {
    const data: Buffer = carry ? Buffer.concat([carry, chunk]) : chunk;
    carry = null;
    let at = 0;
    while (at < data.length) {
      const feed = data.indexOf(10, at);
      if (feed >= 0) {
        line(data, at, feed + 1, true);
        at = feed + 1;
      } else if (data.length - at > LONG_LINE) {
        // A CR at the end may belong to a CRLF.
        const to = data[data.length - 1] === 13 ? data.length - 1 : data.length;
        line(data, at, to, false);
        at = to;
        if (at < data.length) break;
      } else break;
    }
    if (at < data.length) carry = Buffer.from(data.subarray(at));
  }

  function end(): Scan {
    if (carry) line(carry, 0, carry.length, false);
    carry = null;
    if (inHeader) startBody(offset);
    // A message/rfc822 part that ended within its header opened another one.
    if (inHeader) startBody(offset);
    const last = top()?.part;
    if (last?.encoding === 'quoted-printable') last.decoded += pendingBreak;
    while (open.length > 0) {
      const part = open.pop()?.part;
      if (part) part.end = offset;
    }
    const whole: MimePart = root ?? emptyPart(offset);
    settle(whole, notes);
    return { root: whole, size: offset, notes: [...notes] };
  }

  return { push, end };
}

function plain(params: ReadonlyMap<string, string>): Record<string, string> {
  // Without a prototype: a parameter may be called `__proto__`.
  return Object.assign(Object.create(null), Object.fromEntries(params)) as Record<string, string>;
}

function emptyPart(size: number): MimePart {
  return {
    type: 'text/plain',
    fields: [],
    childNodes: [],
    headerAt: 0,
    bodyAt: 0,
    end: size,
    decoded: size,
    size,
    omitted: null,
  };
}

/** Sizes, and multiparts without parts: those are shown as the text that they are. */
function settle(part: MimePart, notes: Set<ScanNote>): void {
  const size = part.end - part.bodyAt;
  if (part.omitted !== null && (size > 2 || part.childNodes.length > 0)) part.omitted = null;
  part.size = part.omitted ?? size;
  if (part.encoding === 'base64') part.decoded = Math.floor((part.decoded * 3) / 4);
  else if (part.encoding !== 'quoted-printable') part.decoded = size;
  part.decoded = part.omitted ?? Math.max(0, part.decoded);
  if (isMultipart(part) && part.childNodes.length === 0) {
    if (size > 0) notes.add('no-boundary');
    part.type = 'text/plain';
  }
  for (const child of part.childNodes) settle(child, notes);
}

/** Attachments of a whole message in memory, as `Envelope.attachments` counts them. */
export function attachmentsIn(bytes: Buffer): number {
  return countAttachments(scanMessage(bytes).root);
}

/** All at once, for messages in memory. */
export function scanMessage(bytes: Buffer): Scan {
  const scanner = createScanner();
  scanner.push(bytes);
  return scanner.end();
}
