// A message of an import, read and hashed before anything is made of it.
import { createHash } from 'node:crypto';
import { attachmentsIn, createScanner } from '../mail/mime-scan.ts';
import { countAttachments } from '../mail/structure.ts';
import { HEADER_BYTES, MESSAGE_BYTES } from '../util/limits.ts';
import type { FoundMessage } from './source-messages.ts';
import type { Upload } from './upload.ts';

/** A message up to this size is read once and kept until it is written; to a server all are sent in one piece. */
const SMALL = 256 * 1024;

export interface Taken {
  readonly found: FoundMessage;
  readonly sha256: string;
  readonly size: number;
  /** Null: too large to be kept; read again from the source. */
  readonly whole: Buffer | null;
  readonly header: Buffer;
  readonly attachments: number;
  /** What goes to the server; null: it stays here. */
  readonly upload: Upload | null;
}

/** Null: larger than any mail. */
export async function take(found: FoundMessage, upload: boolean, now: number): Promise<Taken | null> {
  const kept = await read(found, upload ? MESSAGE_BYTES : SMALL);
  if (!kept) return null;
  const { whole, header, attachments } = kept;
  const arrival = arrivalOf(found, now);
  return {
    found,
    ...kept,
    upload: upload && whole ? { bytes: whole, header, attachments, flags: found.flags, arrival } : null,
  };
}

/** @returns `whole` only up to `most` bytes; null: larger than any mail. */
async function read(
  found: FoundMessage,
  most: number,
): Promise<Pick<Taken, 'sha256' | 'size' | 'whole' | 'header' | 'attachments'> | null> {
  const { whole } = found;
  if (whole && whole.length <= most) {
    const sha256 = createHash('sha256').update(whole).digest('hex');
    const attachments = attachmentsIn(whole);
    return { size: whole.length, sha256, whole, header: whole.subarray(0, HEADER_BYTES), attachments };
  }
  const hash = createHash('sha256');
  const scanner = createScanner();
  const pieces: Buffer[] = [];
  let size = 0;
  let kept = 0;
  for await (const chunk of found.bytes()) {
    hash.update(chunk);
    scanner.push(chunk);
    size += chunk.length;
    if (size > MESSAGE_BYTES) return null;
    if (kept > most && kept >= HEADER_BYTES) continue;
    pieces.push(chunk);
    kept += chunk.length;
  }
  const head = Buffer.concat(pieces);
  return {
    size,
    sha256: hash.digest('hex'),
    whole: size <= most ? head : null,
    header: head.subarray(0, HEADER_BYTES),
    attachments: countAttachments(scanner.end().root),
  };
}

/** A date before mail existed is no date; one that lies ahead would keep the message on top for ever. */
export function arrivalOf({ arrival }: FoundMessage, now: number): number {
  return arrival > 0 && arrival <= now ? arrival : now;
}
