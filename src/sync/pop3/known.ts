// What is remembered of the messages that were seen on a POP3 server, and how their content is recognised again.
// Pure; the ledger keeps it on disk.
import { createHash, type Hash } from 'node:crypto';
import { HEADER_BYTES } from '../../util/limits.ts';

/**
 * `here`: the whole message is durable in the store. `placeholder`: only its head is, since it is large. `skipped`:
 * left alone at the first check. `deleted`: it was here and the person deleted it for good.
 */
export type KnownState = 'here' | 'placeholder' | 'skipped' | 'deleted';

export interface Known {
  /** Unique for ever in its account, and what the store's RemoteRef says. */
  readonly id: string;
  /** What the server calls it now: its UIDL, or `top …` made from its head; '' when another message took the name. */
  readonly key: string;
  readonly state: KnownState;
  /** Milliseconds since 1970, by this computer's clock. */
  readonly firstSeen: number;
  /** All of it came over the line under this key; false after it was recognised by its head under a new one. */
  readonly sure: boolean;
  /** LIST's word. */
  readonly size: number | null;
  /** Hashes of what came over the line; null while it is not known. */
  readonly head: string | null;
  readonly body: string | null;
  /** In the maildrop at the last complete check, as far as is known here. */
  readonly onServer: boolean;
  /**
   * The server lists only a part of what it has (PlanSettings.window), and this is not in it (any more): whether it is
   * still there is not known, and nothing follows from it.
   */
  readonly outOfSight?: true;
  /** How often its deletion was confirmed by QUIT. A server that shows it again all the same is asked twice at most. */
  readonly removals: number;
  /** `serverCopy` under which it came, as policyName says it. */
  readonly policy: string;
}

/** Headers that mbox servers write into stored mail, so that it changes from one session to the next. */
const VOLATILE =
  /^(?:status|x-status|x-uidl?|x-keywords|x-imap(?:base)?|x-mozilla-(?:status2?|keys)|content-length|lines):/i;

/** Hash of a header block, without volatile fields and final line ends. */
export function headHash(head: Buffer): string {
  const fields = head.toString('latin1').split(/\r?\n(?![ \t])/);
  const lasting = fields.filter(field => !VOLATILE.test(field)).join('\n');
  return createHash('sha256')
    .update(lasting.replace(/[\r\n]+$/, ''), 'latin1')
    .digest('hex');
}

export interface Fingerprint {
  readonly head: string;
  readonly body: string;
  readonly bytes: number;
  /** The header block, cut at HEADER_BYTES. */
  readonly header: Buffer;
}

export interface Fingerprinting {
  add(bytes: Buffer): void;
  end(): Fingerprint;
}

const EMPTY_LINE = Buffer.from('\r\n\r\n');

/** Takes a message in pieces; keeps no more than its header. A header over HEADER_BYTES goes on in the body's hash. */
export function startFingerprint(): Fingerprinting {
  const body = createHash('sha256');
  let pieces: Buffer[] | null = [];
  let header: Buffer = Buffer.alloc(0);
  let length = 0;
  let bytesSeen = 0;

  function endHeader(all: Buffer, at: number): void {
    header = all.subarray(0, at);
    pieces = null;
    body.update(all.subarray(at));
  }

  function headerBytes(bytes: Buffer): void {
    if (pieces === null) return;
    // The empty line may be split: the last three bytes before are looked at again.
    const before = pieces.at(-1)?.subarray(-3) ?? Buffer.alloc(0);
    const seam = pieces.length > 0 ? Buffer.concat([before, bytes]) : bytes;
    pieces.push(bytes);
    length += bytes.length;
    const atStart = length === bytes.length && bytes.subarray(0, 2).equals(EMPTY_LINE.subarray(0, 2));
    if (!atStart && !seam.includes(EMPTY_LINE) && length < HEADER_BYTES) return;
    const all = Buffer.concat(pieces);
    const found = atStart ? 0 : all.indexOf(EMPTY_LINE);
    endHeader(all, found < 0 ? Math.min(all.length, HEADER_BYTES) : found + (atStart ? 2 : 4));
  }

  return {
    add(bytes) {
      bytesSeen += bytes.length;
      if (pieces === null) body.update(bytes);
      else headerBytes(bytes);
    },
    end() {
      if (pieces !== null) endHeader(Buffer.concat(pieces), length);
      const hex = (hash: Hash) => hash.digest('hex');
      return { head: headHash(header), body: hex(body), bytes: bytesSeen, header };
    },
  };
}
