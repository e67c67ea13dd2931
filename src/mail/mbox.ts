// The mbox format (RFC 4155, mbox(5)): From_ lines, mboxrd quoting, and the header fields in which mbox programs keep
// flags. Pure; streams stay streams, and no line is ever needed whole.
import { HEADER_BYTES } from '../util/limits.ts';
import { type HeaderField, splitFields } from './headers.ts';
import { decodeName, encodeName } from './maildir.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** A From_ line longer than this is text. */
export const FROM_LINE_BYTES = 1000;
const FROM = Buffer.from('From ');
const GREATER = 62;
const FEED = 10;

/** `From ada@example.org Mon Nov 23 09:42:00 2026` and a line feed; the time is UTC. */
export function fromLine(sender: string, arrival: number): string {
  const at = new Date(Number.isFinite(arrival) ? Math.max(0, Math.min(arrival, 253402300799999)) : 0);
  const two = (n: number) => String(n).padStart(2, '0');
  const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':');
  const day = String(at.getUTCDate()).padStart(2);
  const who = /^[\x21-\x7e]{1,254}$/.test(sender) ? sender : 'MAILER-DAEMON';
  const date = `${DAYS[at.getUTCDay()]} ${MONTHS[at.getUTCMonth()]} ${day} ${time} ${at.getUTCFullYear()}`;
  return `From ${who} ${date}\n`;
}

const FROM_LINE =
  /^From (?:.* )?(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat),? +(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +(\d{1,2}) +(\d{1,2}):(\d{2})(?::(\d{2}))? +(?:[A-Z]{1,5} +|([+-]\d{4}) +)?(\d{4})(?: +([+-]\d{4}))?(?: .*)?$/;

/**
 * The delivery time of a line (latin1, without its line end) that begins a message; null: it is text. A line counts
 * only with a date, as mutt and Dovecot have it: much mail holds unquoted lines that begin with "From ".
 */
export function fromLineDate(line: string): number | null {
  const match = FROM_LINE.exec(line.replace(/\r$/, ''));
  if (!match) return null;
  const [, month, day, hour, minute, second, before, year, after] = match;
  const zone = before ?? after ?? '+0000';
  const offset = (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3))) * (zone.startsWith('-') ? -1 : 1);
  const n = MONTHS.indexOf(month ?? '');
  const at = Date.UTC(Number(year), n, Number(day), Number(hour), Number(minute), Number(second ?? 0));
  return Number.isFinite(at) ? at - offset * 60_000 : null;
}

/** Whether these bytes begin a line run of `>` up to `end`, and what was before the first byte was such a run. */
function inRun(bytes: Buffer, end: number, before: boolean): boolean {
  let at = end - 1;
  while (at >= 0 && bytes[at] === GREATER) at--;
  return at < 0 ? before : bytes[at] === FEED;
}

/** How many of the last bytes may belong to a `From ` that goes on, with the `>` before it. */
function undecided(bytes: Buffer): number {
  for (let n = Math.min(4, bytes.length); n > 0; n--) {
    if (!bytes.subarray(bytes.length - n).equals(FROM.subarray(0, n))) continue;
    return n + (bytes[bytes.length - n - 1] === GREATER ? 1 : 0);
  }
  return bytes.at(-1) === GREATER ? 1 : 0;
}

async function* changed(
  source: AsyncIterable<Buffer>,
  change: (bytes: Buffer, at: number) => readonly [end: number, next: number, insert: Buffer | null],
): AsyncGenerator<Buffer> {
  let carry: Buffer = Buffer.alloc(0);
  let run = true;
  // One piece for one: lines that are changed may be many and short.
  const settle = (bytes: Buffer): Buffer => {
    const pieces: Buffer[] = [];
    let from = 0;
    for (let at = bytes.indexOf(FROM); at >= 0; at = bytes.indexOf(FROM, at + 5)) {
      if (!inRun(bytes, at, run)) continue;
      const [end, next, insert] = change(bytes, at);
      pieces.push(bytes.subarray(from, end));
      if (insert) pieces.push(insert);
      from = next;
    }
    run = inRun(bytes, bytes.length, run);
    if (pieces.length === 0) return bytes;
    pieces.push(bytes.subarray(from));
    return Buffer.concat(pieces);
  };
  for await (const chunk of source) {
    const bytes = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk;
    const kept = undecided(bytes);
    carry = bytes.subarray(bytes.length - kept);
    if (kept < bytes.length) yield settle(bytes.subarray(0, bytes.length - kept));
  }
  if (carry.length > 0) yield settle(carry);
}

const QUOTE = Buffer.from('>');

/** mboxrd: one `>` before each line that is any number of `>` and `From `. */
export function quoteFrom(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  return changed(source, (_, at) => [at, at, QUOTE]);
}

/** Takes one `>` from each such line that has one. */
export function unquoteFrom(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  return changed(source, (bytes, at) => (bytes[at - 1] === GREATER ? [at - 1, at, null] : [at, at, null]));
}

/**
 * The field that says that a message was written here; its value tells whether it ended with a line feed, and then
 * under which name a POP3 server knows it (encoded).
 */
const OURS = 'X-Tmail-Mbox';
const OURS_FIRST = Buffer.from(`${OURS}: rd `);
/** Fields that belong to the mailbox, not to the message: other programs write them into stored mail. */
const MAILBOX_FIELDS = ['status', 'x-status', 'x-keywords', 'x-uid', 'x-mozilla-status', 'x-mozilla-status2'];

/**
 * The lines before a message of ours. All of them always stand there, so that a reader who takes away the first of
 * each name never takes one of the message's own. `flags` as on the wire.
 */
export function mailboxLines(
  flags: readonly string[],
  endsWithFeed: boolean,
  uidl: string | null = null,
): string {
  const has = (name: string) => flags.includes(name);
  const status = `${has('\\Seen') ? 'R' : ''}O`;
  const extra = [
    ['\\Answered', 'A'],
    ['\\Flagged', 'F'],
    ['\\Draft', 'T'],
    ['\\Deleted', 'D'],
  ].map(([name, letter]) => (has(name ?? '') ? letter : ''));
  const keywords = flags.filter(name => !name.startsWith('\\') && /^[\x21-\x7e]+$/.test(name)).join(' ');
  const known = uidl === null ? '' : ` ${encodeName(uidl)}`;
  return `${OURS}: rd ${endsWithFeed ? 'whole' : 'cut'}${known}\nStatus: ${status}\nX-Status: ${extra.join('')}\nX-Keywords: ${keywords}\n`;
}

export interface MailboxHeader {
  /** Written by `mailboxLines`: quoting and end are known exactly. */
  readonly ours: boolean;
  /** The line feed before the separating empty line is the message's own. */
  readonly endsWithFeed: boolean;
  /** As on the wire. */
  readonly flags: readonly string[];
  readonly uidl: string | null;
  /** The header without the mailbox's fields. */
  readonly rest: Buffer;
}

/** Reads the header block (with its empty line) of a message in an mbox. */
export function readMailboxHeader(header: Buffer): MailboxHeader {
  const text = header.toString('latin1');
  const ours = /^X-Tmail-Mbox: rd (whole|cut)(?: (\S{1,1000}))?\n/.exec(text);
  const taken = new Map<string, string>();
  const kept: string[] = [];
  let dropping = false;
  let rest = ours ? text.slice(ours[0].length) : text;
  // Line by line, to leave every byte of the others as it is.
  while (rest !== '') {
    const feed = rest.indexOf('\n');
    const line = feed < 0 ? rest : rest.slice(0, feed + 1);
    if (/^\r?\n$/.test(line) || feed < 0) break;
    rest = rest.slice(line.length);
    if (/^[ \t]/.test(line)) {
      if (!dropping) kept.push(line);
      continue;
    }
    const name = /^[!-9;-~]{1,40}(?=[ \t]*:)/.exec(line)?.[0].toLowerCase() ?? '';
    dropping = MAILBOX_FIELDS.includes(name) && !taken.has(name);
    const value = line.slice(line.indexOf(':') + 1).trim();
    if (dropping) taken.set(name, value);
    else kept.push(line);
  }
  return {
    ours: ours !== null,
    endsWithFeed: ours?.[1] !== 'cut',
    flags: mailboxFlags(taken),
    uidl: ours?.[2] === undefined ? null : decodeName(ours[2]),
    rest: Buffer.from(kept.join('') + rest, 'latin1'),
  };
}

/** The length that a header block's Content-Length says; null: none that makes sense, or the message is ours. */
export function contentLength(header: Buffer): number | null {
  if (header.subarray(0, OURS_FIRST.length).equals(OURS_FIRST)) return null;
  const found = /^content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*\r?$/im.exec(header.toString('latin1'));
  return found ? Number(found[1]) : null;
}

function mailboxFlags(fields: ReadonlyMap<string, string>): string[] {
  const letters = `${fields.get('status') ?? ''} ${fields.get('x-status') ?? ''}`;
  const mozilla = Number.parseInt(fields.get('x-mozilla-status') ?? '0', 16) || 0;
  const extra = fields.get('x-status') ?? '';
  const flags: string[] = [];
  if (letters.includes('R') || mozilla & 1) flags.push('\\Seen');
  if (extra.includes('A') || mozilla & 2) flags.push('\\Answered');
  if (extra.includes('F') || mozilla & 4) flags.push('\\Flagged');
  if (extra.includes('T')) flags.push('\\Draft');
  if (extra.includes('D')) flags.push('\\Deleted');
  if (mozilla & 0x1000) flags.push('$Forwarded');
  const keywords = (fields.get('x-keywords') ?? '')
    .split(/\s+/)
    .filter(word => /^[^\\\s]{1,100}$/.test(word));
  return [...flags, ...keywords];
}

/** The length of a header block with its empty line; null: it goes on, or is longer than HEADER_BYTES. */
export function headerLength(bytes: Buffer): number | null {
  if (bytes[0] === FEED) return 1;
  if (bytes[0] === 13 && bytes[1] === FEED) return 2;
  const limit = Math.min(bytes.length, HEADER_BYTES);
  for (let at = bytes.indexOf(FEED); at >= 0 && at < limit; at = bytes.indexOf(FEED, at + 1)) {
    if (bytes[at + 1] === FEED) return at + 2;
    if (bytes[at + 1] === 13 && bytes[at + 2] === FEED) return at + 3;
  }
  return null;
}

/** Whether a file begins like a message: with a header field. */
export function looksLikeMessage(bytes: Buffer): boolean {
  const fields: readonly HeaderField[] = splitFields(bytes.toString('latin1', 0, 4096));
  return fields.length > 0;
}
