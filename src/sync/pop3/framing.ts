// Where POP3 responses begin and end, in bytes, however the line splits them (RFC 1939 section 3). Knows no command
// and no socket; keeps no message: what it is fed it passes on.
import { TmailError } from '../../util/errors.ts';

/** What follows a status line: a multi-line body of at most so many bytes, another status line, or not for us. */
export type Next = { readonly bodyLimit: number } | 'status' | 'stop';

export interface FramingSink {
  /** A status line without its line end. The buffer is the sink's to keep. */
  status(line: Buffer): Next;
  /** Bytes of a body, dots unstuffed, line ends as sent. May share memory with what was fed. */
  body(bytes: Buffer): void;
  /** The terminating dot came. The CRLF before it was passed on: it belongs to the body's last line. */
  bodyEnd(): void;
}

export interface Framing {
  /** @throws TmailError protocol `pop3.line-too-long`, `pop3.body-too-long`; nothing may be fed after that. */
  feed(chunk: Buffer): void;
  /** Bytes that came after a status line answered with `stop`; they are not looked at. */
  readonly beyond: number;
  /** Between two responses, with nothing half read. */
  readonly idle: boolean;
}

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;
const LINE_THEN_DOT = Buffer.from('\r\n.');
const LONE_CR = Buffer.from('\r');
const NOTHING = Buffer.alloc(0);

/** Where in a body the last byte left us. */
type Place = 'line-start' | 'in-line' | 'cr' | 'dot' | 'dot-cr';

export function createFraming(sink: FramingSink, limits: { readonly statusLine: number }): Framing {
  const line = createLineBuffer(limits.statusLine);
  let inBody = false;
  let stopped = false;
  let beyond = 0;
  let room = 0;
  let limit = 0;
  let place: Place = 'line-start';

  /** Reads one status line; returns where the next thing starts. */
  function feedStatus(chunk: Buffer, from: number): number {
    const at = chunk.indexOf(LF, from);
    const taken = line.add(chunk.subarray(from, at < 0 ? chunk.length : at));
    if (!taken)
      throw new TmailError('protocol', 'pop3.line-too-long', { facts: { limit: limits.statusLine } });
    if (at < 0) return chunk.length;
    const next = sink.status(line.take());
    if (next === 'stop') stopped = true;
    else if (next !== 'status') {
      inBody = true;
      place = 'line-start';
      room = limit = next.bodyLimit;
    }
    return at + 1;
  }

  /** Reads body bytes until its end or the chunk's; returns where the next thing starts. */
  function feedBody(chunk: Buffer, from: number): number {
    const pieces: Buffer[] = [];
    let start = from; // first byte that is not passed on yet
    let at = from;
    let ended = false;
    const keepUntil = (end: number) => {
      if (end > start) pieces.push(chunk.subarray(start, end));
    };
    while (at < chunk.length && !ended) {
      const byte = chunk[at];
      switch (place) {
        case 'in-line': {
          // A line can only end the body, or lose a dot, where a dot follows CRLF: the rest is one native search.
          const found = chunk.indexOf(LINE_THEN_DOT, at);
          at = found < 0 ? chunk.length : found + 2;
          place = found < 0 ? placeAfter(chunk) : 'line-start';
          break;
        }
        case 'line-start':
          if (byte === DOT) {
            keepUntil(at);
            start = ++at; // it is stuffed, or it ends the body: dropped in both cases
            place = 'dot';
          } else place = 'in-line';
          break;
        case 'cr':
          if (byte === LF) place = 'line-start';
          else if (byte !== CR) place = 'in-line';
          if (place !== 'in-line') at++;
          break;
        case 'dot':
          place = byte === CR ? 'dot-cr' : 'in-line';
          // Not passed on while it may be the terminator's.
          if (place === 'dot-cr') start = ++at;
          break;
        case 'dot-cr':
          if (byte === LF) {
            start = ++at;
            ended = true;
          } else {
            pieces.push(LONE_CR);
            place = 'cr';
          }
          break;
      }
    }
    if (!ended) keepUntil(at);
    pass(pieces);
    if (ended) {
      inBody = false;
      sink.bodyEnd();
    }
    return at;
  }

  function pass(pieces: readonly Buffer[]): void {
    // Bodies full of stuffed dots come in thousands of pieces; one copy of the chunk is cheaper than those.
    const bytes = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    if (bytes === undefined || bytes.length === 0) return;
    room -= bytes.length;
    if (room < 0) throw new TmailError('protocol', 'pop3.body-too-long', { facts: { limit } });
    sink.body(bytes);
  }

  return {
    feed(chunk) {
      let at = 0;
      while (at < chunk.length && !stopped) at = inBody ? feedBody(chunk, at) : feedStatus(chunk, at);
      beyond += chunk.length - at;
    },
    get beyond() {
      return beyond;
    },
    get idle() {
      return !inBody && line.empty;
    },
  };
}

/** Only called when no CRLF. is inside: what its last bytes mean for the first byte of the next chunk. */
function placeAfter(chunk: Buffer): Place {
  const last = chunk[chunk.length - 1];
  if (last === CR) return 'cr';
  return last === LF && chunk[chunk.length - 2] === CR ? 'line-start' : 'in-line';
}

/** Collects one line up to a limit without copying it more than once. */
function createLineBuffer(limit: number) {
  let pieces: Buffer[] = [];
  let length = 0;
  return {
    get empty() {
      return length === 0;
    },
    /** False when the line is longer than the limit; what is over is not kept. */
    add(bytes: Buffer): boolean {
      const kept = length > limit ? NOTHING : bytes.subarray(0, limit + 1 - length);
      length += bytes.length;
      // A copy: a view would keep the whole chunk from the socket alive.
      if (kept.length > 0) pieces.push(Buffer.from(kept));
      return length <= limit;
    },
    /** The line, without a final CR. */
    take(): Buffer {
      const line = pieces.length === 1 ? (pieces[0] ?? NOTHING) : Buffer.concat(pieces);
      pieces = [];
      length = 0;
      return line.at(-1) === CR ? line.subarray(0, -1) : line;
    },
  };
}

export interface ListLimits {
  /** A longer line is passed on cut, with `whole` false. */
  readonly line: number;
  readonly lines: number;
}

export interface ListLines {
  /** @throws TmailError protocol `pop3.list-too-long` */
  add(bytes: Buffer): void;
  /** A last line without its end, which only a strange server sends. */
  end(): void;
}

/** A body as lines (LIST, UIDL, CAPA), each passed on as soon as it is there; lines without CR are accepted. */
export function createListLines(
  limits: ListLimits,
  onLine: (line: Buffer, whole: boolean) => void,
): ListLines {
  const line = createLineBuffer(limits.line);
  let whole = true;
  let lines = 0;
  const finish = () => {
    if (++lines > limits.lines) {
      throw new TmailError('protocol', 'pop3.list-too-long', { facts: { limit: limits.lines } });
    }
    const wasWhole = whole;
    whole = true;
    onLine(line.take(), wasWhole);
  };
  return {
    add(bytes) {
      let from = 0;
      while (from < bytes.length) {
        const at = bytes.indexOf(LF, from);
        if (!line.add(bytes.subarray(from, at < 0 ? bytes.length : at))) whole = false;
        if (at < 0) return;
        finish();
        from = at + 1;
      }
    },
    end() {
      if (!line.empty) finish();
    },
  };
}

/**
 * A message without a final newline is sent with one, since the terminating dot must start a line. Where the body
 * is exactly that CRLF longer than the server said, the server's message has none: it is taken off again.
 */
export async function* asStored(body: AsyncIterable<Buffer>, size: number | null): AsyncGenerator<Buffer> {
  let total = 0;
  // From the said size on: what may end in the CRLF, at least two bytes once there are two.
  let held: Buffer = NOTHING;
  for await (const bytes of body) {
    total += bytes.length;
    if (size === null || total < size) {
      yield bytes;
      continue;
    }
    // A lone byte may be the second of the two.
    const kept = bytes.length < 2 ? held.subarray(-1) : NOTHING;
    const free = held.subarray(0, held.length - kept.length);
    if (free.length > 0) yield free;
    held = kept.length > 0 ? Buffer.concat([kept, bytes]) : bytes;
  }
  const added = size !== null && total === size + 2 && held.at(-2) === CR && held.at(-1) === LF;
  const left = added ? held.subarray(0, -2) : held;
  if (left.length > 0) yield left;
}
