// Messages of an mbox file, one after the other, each as a stream that can be read again. Needs a few megabytes
// whatever the file holds; never writes.
import type { FileHandle } from 'node:fs/promises';
import {
  contentLength,
  FROM_LINE_BYTES,
  fromLineDate,
  headerLength,
  type MailboxHeader,
  readMailboxHeader,
  unquoteFrom,
} from '../mail/mbox.ts';
import { TmailError } from '../util/errors.ts';
import { HEADER_BYTES } from '../util/limits.ts';

const BLOCK = 1024 * 1024;
/** A message up to this size is read in one piece. */
const SMALL = 256 * 1024;
/** Blank lines that may stand before the first message. */
const LEADING = 64;
const FEED_FROM = Buffer.from('\nFrom ');

export interface MboxMessage {
  /** From 1. */
  readonly n: number;
  /** The From_ line's time, milliseconds since 1970. */
  readonly arrival: number;
  /** As on the wire. */
  readonly flags: readonly string[];
  /** The name under which a POP3 server knows it, where it was written by `tmail export`. */
  readonly uidl: string | null;
  /** Written by `tmail export`: its bytes come back exactly. */
  readonly ours: boolean;
  /** Bytes in the file: about the message's. */
  readonly size: number;
  /** The message without quoting and without the mailbox's own header fields. Repeatable while the file is open. */
  bytes(): AsyncGenerator<Buffer>;
}

/** Where a message stands; small enough to be kept of each message of a large file. */
export interface MboxPlace {
  /** From 1. */
  readonly n: number;
  /** Where its From_ line begins, and the next message's, or the file's end. */
  readonly start: number;
  readonly next: number;
  /** Where a Content-Length that can be believed ends it: then nothing in it was quoted. */
  readonly literal: number | null;
  /** The From_ line's time, milliseconds since 1970. */
  readonly arrival: number;
}

export interface MboxFile {
  /** @throws TmailError `import.not-mbox` when the file does not begin with a From_ line */
  places(): AsyncGenerator<MboxPlace>;
  message(place: MboxPlace): Promise<MboxMessage>;
}

export function mboxFile(handle: FileHandle, size: number): MboxFile {
  const file = window(handle, size);
  return {
    async *places() {
      let start = await firstLine(file, size);
      for (let n = 1; start < size; n++) {
        const line = await lineAt(file, start);
        const from = Math.min(size, start + line.length + 1);
        let next = await findFrom(file, from - 1, size);
        const block = await headerBlock(file, from, next);
        const length = contentLength(block);
        let literal = length === null ? null : from + block.length + length;
        if (literal !== null && (await isBoundary(file, literal, size))) {
          // Its writer counted: nothing in it was quoted (mboxcl2), and nothing in it begins a message.
          next = await findFrom(file, Math.max(from - 1, literal - 1), size);
        } else literal = null;
        yield { n, start, next, literal, arrival: fromLineDate(line) ?? 0 };
        start = next;
      }
    },
    async message({ n, start, next, literal, arrival }) {
      const line = await lineAt(file, start);
      const from = Math.min(size, start + line.length + 1);
      const block = Buffer.from(await headerBlock(file, from, next));
      const header = readMailboxHeader(block);
      const end = literal ?? (await contentEnd(file, from, next, header));
      const { flags, ours, uidl } = header;
      const place = { from, end, block: block.length, header, quoted: literal === null };
      return { n, arrival, flags, ours, uidl, size: end - from, bytes: () => content(handle, file, place) };
    },
  };
}

/** All of them in the file's order. @throws TmailError `import.not-mbox` */
export async function* readMbox(handle: FileHandle, size: number): AsyncGenerator<MboxMessage> {
  const file = mboxFile(handle, size);
  for await (const place of file.places()) yield await file.message(place);
}

interface Place {
  readonly from: number;
  readonly end: number;
  /** Length of the header as it stands in the file. */
  readonly block: number;
  readonly header: MailboxHeader;
  readonly quoted: boolean;
}

async function* content(
  handle: FileHandle,
  file: Window,
  { from, end, block, header, quoted }: Place,
): AsyncGenerator<Buffer> {
  async function* whole() {
    // The block may hold the separating line of a message that is nothing but header.
    const over = Math.max(0, from + block - end);
    const rest = header.rest.subarray(0, Math.max(0, header.rest.length - over));
    const body = Math.min(end, from + block);
    if (end - body > SMALL) {
      if (rest.length > 0) yield rest;
      yield* range(handle, body, end);
    } else if (end > from) yield Buffer.concat([rest, await file.read(body, end - body)]);
  }
  yield* quoted ? unquoteFrom(whole()) : whole();
}

async function* range(handle: FileHandle, from: number, end: number): AsyncGenerator<Buffer> {
  for (let at = from; at < end; ) {
    const wanted = Math.min(BLOCK, end - at);
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

interface Window {
  /** What is held from there on, some hundred bytes at least where the file has them; valid until the next call. */
  from(at: number): Promise<Buffer>;
  /** As many bytes as there are, at most `length`; valid until the next call. */
  read(at: number, length: number): Promise<Buffer>;
}

function window(handle: FileHandle, size: number): Window {
  const held = Buffer.allocUnsafe(BLOCK + HEADER_BYTES);
  let start = 0;
  let filled = 0;
  const read = async (at: number, length: number) => {
    const wanted = Math.min(length, Math.max(0, size - at));
    if (at < start || at + wanted > start + filled) {
      start = at;
      filled = 0;
      const most = Math.min(Math.max(wanted, BLOCK), held.length, size - at);
      while (filled < most) {
        const { bytesRead } = await handle.read(held, filled, most - filled, at + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    }
    return held.subarray(at - start, Math.min(filled, at - start + wanted));
  };
  return {
    read,
    async from(at) {
      await read(at, FROM_LINE_BYTES);
      return held.subarray(at - start, filled);
    },
  };
}

async function firstLine(file: Window, size: number): Promise<number> {
  if (size === 0) return 0;
  const head = (await file.read(0, LEADING)).toString('latin1');
  const at = /^[\r\n]*/.exec(head)?.[0].length ?? 0;
  if (at === size) return size;
  if (fromLineDate(await lineAt(file, at)) === null) throw new TmailError('rejected', 'import.not-mbox');
  return at;
}

/** Without its line feed; cut at FROM_LINE_BYTES. */
async function lineAt(file: Window, at: number): Promise<string> {
  const bytes = await file.read(at, FROM_LINE_BYTES);
  const feed = bytes.indexOf(10);
  return bytes.toString('latin1', 0, feed < 0 ? bytes.length : feed);
}

/** Where the next From_ line begins whose line feed before it stands at `at` or later; `size`: nowhere. */
async function findFrom(file: Window, at: number, size: number): Promise<number> {
  for (let base = at; base < size; ) {
    const bytes = await file.from(base);
    const found = bytes.indexOf(FEED_FROM);
    if (found < 0) {
      // What was cut short behind the reader's back ends where it ends.
      if (base + bytes.length >= size || bytes.length <= FEED_FROM.length) return size;
      base += bytes.length - FEED_FROM.length + 1;
      continue;
    }
    const start = base + found + 1;
    if (fromLineDate(await lineAt(file, start)) !== null) return start;
    base = start;
  }
  return size;
}

/** The header with its empty line, or of a message without one what may be it; valid until the next call. */
async function headerBlock(file: Window, from: number, next: number): Promise<Buffer> {
  for (const limit of [64 * 1024, HEADER_BYTES]) {
    const bytes = await file.read(from, Math.min(limit, next - from));
    const length = headerLength(bytes);
    if (length !== null) return bytes.subarray(0, length);
    if (bytes.length === next - from && bytes.length < limit) return bytes;
  }
  // Far too long for a header: only its first lines may be the mailbox's.
  const bytes = await file.read(from, Math.min(4096, next - from));
  return bytes.subarray(0, bytes.lastIndexOf(10) + 1);
}

/** Whether a message that ends here is followed by another one or by the end of the file. */
async function isBoundary(file: Window, at: number, size: number): Promise<boolean> {
  if (at >= size) return at === size;
  const bytes = (await file.read(at, FROM_LINE_BYTES)).toString('latin1');
  const rest = bytes.replace(/^(?:\r?\n){0,2}/, '');
  if (rest === '') return at + bytes.length === size;
  return rest.startsWith('From ') && fromLineDate(rest.split('\n', 1)[0] ?? '') !== null;
}

/** Takes off the empty line that separates messages, and the line feed that a message of ours did not have. */
async function contentEnd(file: Window, from: number, next: number, header: MailboxHeader): Promise<number> {
  const tail = (await file.read(Math.max(from, next - 4), Math.min(4, next - from))).toString('latin1');
  let end = next;
  if (tail.endsWith('\n\n') || tail === '\n') end -= 1;
  else if (tail === '\r\n\r\n') end -= 2;
  if (header.ours && !header.endsWithFeed && end > from) end -= 1;
  return end;
}
