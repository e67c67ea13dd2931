// Bytes of messages that go along as they are: what they need of the way they are sent, and line ends that every server
// reads alike. Streams; never a whole message in memory.

export interface LineFacts {
  /** Bytes beyond ASCII. */
  readonly eightBit: boolean;
  /** NUL, or a line of more than 998 bytes: neither 7bit nor 8bit can carry it (RFC 2045 2.8). */
  readonly binary: boolean;
}

export const MAX_LINE = 998;

export async function lineFacts(content: AsyncIterable<Buffer>): Promise<LineFacts> {
  let eightBit = false;
  let binary = false;
  let length = 0;
  for await (const chunk of content) {
    for (const byte of chunk) {
      if (byte === 10 || byte === 13) length = 0;
      else {
        if (++length > MAX_LINE || byte === 0) binary = true;
        if (byte > 127) eightBit = true;
      }
    }
  }
  return { eightBit, binary };
}

/**
 * Every line ends in CRLF. A lone CR or LF is made one: servers differ in what they take for a line, and text behind
 * the end that only one of them sees would be a second message.
 */
export async function* crlfLines(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let afterCr = false;
  for await (const chunk of content) {
    const out = Buffer.allocUnsafe(chunk.length * 2 + 1);
    let length = 0;
    for (const byte of chunk) {
      if (byte === 10 && afterCr) {
        afterCr = false;
        continue;
      }
      afterCr = byte === 13;
      if (byte === 13 || byte === 10) {
        out[length++] = 13;
        out[length++] = 10;
      } else out[length++] = byte;
    }
    if (length > 0) yield out.subarray(0, length);
  }
}

/** What is never passed on with a message that goes to others: who else secretly got it, and our own notes. */
const PRIVATE = /^(?:bcc|resent-bcc|x-tmail-[a-z-]+)[ \t]*:/i;
/** A longer header block is passed on as it is. */
const MAX_HEADER = 1024 * 1024;

/** A message (CRLF) without the private fields of its header; everything else byte for byte. */
export async function* withoutPrivate(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | null = Buffer.alloc(0);
  for await (const chunk of content) {
    if (head === null) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0 && head.length < MAX_HEADER) continue;
    yield cleanHeader(head, end < 0 ? head.length : end + 2);
    head = null;
  }
  if (head !== null && head.length > 0) yield cleanHeader(head, head.length);
}

function cleanHeader(bytes: Buffer, end: number): Buffer {
  const lines = bytes.toString('latin1', 0, end).split(/(?<=\r\n)/);
  let drop = false;
  const kept = lines.filter((line, n) => {
    // `From ada@…` of an mbox is no field.
    if (n === 0 && /^>?From /.test(line)) return false;
    if (!/^[ \t]/.test(line)) drop = PRIVATE.test(line);
    return !drop;
  });
  return Buffer.concat([Buffer.from(kept.join(''), 'latin1'), bytes.subarray(end)]);
}
