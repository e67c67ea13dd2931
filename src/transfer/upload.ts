// Imported mail into a server's folders: each message is here whole and on its way there in one step, so that killed at
// any moment and repeated nothing is lost and nothing is doubled. What is there already is known by checksum where it
// is here, else by Message-ID and size.
import { envelopeOf } from '../mail/headers.ts';
import { labelOf } from '../mail/labels.ts';
import type { Envelope, FolderId } from '../mail/types.ts';
import { sizeOnWire } from '../mail/wire-size.ts';
import { isListed } from '../store/listed.ts';
import type { AccountStore } from '../store/types.ts';
import { TmailError } from '../util/errors.ts';
import type { Target } from './import-target.ts';

/** Messages that wait for the disk together. */
const AT_ONCE = 32;
/** RFC 9051 section 9, flag-keyword: an atom. Anything else would not be one flag on the wire. */
const ATOM = /^[^\p{Cc}\s(){%*"\\\]\u{80}-\u{10ffff}]+$/u;
/** Those that a client may give to a message that it uploads. */
const SYSTEM: ReadonlySet<string> = new Set(['\\Seen', '\\Answered', '\\Flagged', '\\Draft']);

export interface Uploading {
  /** Asks the server for what is in a folder; that it can't be asked is no error. */
  readonly list: (folder: FolderId) => Promise<unknown>;
}

export interface Upload {
  readonly bytes: Buffer;
  readonly header: Buffer;
  readonly flags: readonly string[];
  readonly attachments: number;
  /** Milliseconds since 1970. */
  readonly arrival: number;
}

/** Without a Message-ID two are the same by when they came. A server keeps whole seconds. */
function mark(messageId: string, size: number, arrival: number): string {
  return `${messageId === '' ? Math.floor(arrival / 1000) : `<${messageId}>`} ${size}`;
}

/** Under which names a message may be here. */
export function marksOf({ bytes, header, arrival }: Upload): string[] {
  const { messageId } = envelopeOf(header, { size: bytes.length, arrival });
  return [mark(messageId, bytes.length, arrival), mark(messageId, sizeOnWire(bytes), arrival)];
}

/** @throws TmailError `import.not-listed` (folder, account): what the server has is not known well enough */
export async function addMarks(
  { here, folder, id, path }: Target,
  { list }: Uploading,
  account: string,
): Promise<void> {
  if (!isListed(folder)) await list(id);
  if (!isListed(folder)) {
    throw new TmailError('rejected', 'import.not-listed', { facts: { folder: path, account } });
  }
  const marks: { readonly uid: number; readonly key: string }[] = [];
  for await (const { uid, envelope } of folder.scan()) marks.push({ uid, key: keyOf(envelope) });
  for (const { uid, key } of marks.reverse()) here.add(uid, key);
}

const keyOf = ({ messageId, size, arrival }: Envelope) => mark(messageId, size, arrival);

/**
 * Durable when it resolves, here and in the queue, in this order.
 * @returns how many, and what kept the next one away
 */
export async function uploadAll(
  account: AccountStore,
  { id }: Target,
  uploads: readonly Upload[],
): Promise<{ readonly done: number; readonly bytes: number; readonly error: unknown }> {
  let done = 0;
  let size = 0;
  for (let from = 0; from < uploads.length; from += AT_ONCE) {
    const part = uploads.slice(from, from + AT_ONCE);
    const outcomes = await Promise.allSettled(part.map(upload => uploadOne(account, id, upload)));
    for (const [n, { status }] of outcomes.entries()) {
      if (status !== 'fulfilled') continue;
      done++;
      size += part[n]?.bytes.length ?? 0;
    }
    const failed = outcomes.find(outcome => outcome.status === 'rejected');
    if (failed?.status === 'rejected') return { done, bytes: size, error: failed.reason };
  }
  return { done, bytes: size, error: null };
}

async function uploadOne(
  account: AccountStore,
  folder: FolderId,
  { bytes, header, flags, attachments, arrival }: Upload,
): Promise<void> {
  if (!account.append) throw new TmailError('storage', 'store.reader');
  await account.append({
    folder,
    bytes,
    envelope: envelopeOf(header, { size: bytes.length, arrival, attachments }),
    flags: flags.filter(isUploaded),
    date: arrival,
    upload: true,
  });
}

/** Labels are folders of another server; what is marked as deleted would go with the next expunge of anybody. */
function isUploaded(flag: string): boolean {
  if (flag.startsWith('\\')) return SYSTEM.has(flag);
  return labelOf(flag) === null && ATOM.test(flag);
}
