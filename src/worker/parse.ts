// What the worker does for a request: takes a message file apart, or saves one part of it. No network, no thread.
import { open, unlink } from 'node:fs/promises';
import { parseAddresses } from '../mail/address.ts';
import { parseDate } from '../mail/dates.ts';
import { decodeWords } from '../mail/encoded-word.ts';
import { envelopeFrom, fieldValue } from '../mail/headers.ts';
import { TmailError } from '../util/errors.ts';
import { readBody } from './body.ts';
import { decodeStream } from './decode.ts';
import { openMessage } from './message-file.ts';
import { savable } from './parts.ts';
import type { ParsedMessage } from './types.ts';

/** Header lines that are listed; a hostile message has hundreds of thousands. */
const MAX_HEADERS = 5000;

/** @throws TmailError `raw.missing` */
export async function parseMessage(path: string): Promise<ParsedMessage> {
  const file = await openMessage(path);
  try {
    const { root, size } = file.scan;
    const { fields } = root;
    const body = await readBody(file);
    const { subject, from, to, cc, replyTo, messageId, inReplyTo, references } = envelopeFrom(fields, {
      size,
      arrival: 0,
    });
    return {
      subject,
      from,
      to,
      cc,
      bcc: parseAddresses(fieldValue(fields, 'bcc')),
      replyTo,
      date: parseDate(fieldValue(fields, 'date')),
      messageId,
      inReplyTo,
      references,
      headers: fields.slice(0, MAX_HEADERS).map(({ name, value }) => ({ name, value: decodeWords(value) })),
      text: body.text,
      fromHtml: body.fromHtml,
      flowed: body.flowed,
      delSp: body.delSp,
      html: body.html,
      links: body.links,
      parts: savable(root, body.inside).map(({ part }) => part),
      remoteImages: body.remoteImages,
      notes: body.notes,
    };
  } finally {
    await file.close();
  }
}

/**
 * Writes part `n`, decoded, to a new 0600 file; nothing is left of it when it fails. Returns bytes written.
 * @throws TmailError `raw.missing`, `save.no-part`, `save.omitted`, `save.exists`, `disk.full`, `disk.read-only`, `disk.io`
 */
export async function savePart(path: string, n: number, to: string): Promise<number> {
  const file = await openMessage(path);
  try {
    const { inside } = await readBody(file);
    const parts = savable(file.scan.root, inside);
    const found = parts.find(({ part }) => part.n === n);
    if (!found) throw new TmailError('rejected', 'save.no-part', { facts: { part: n, parts: parts.length } });
    if (found.part.omitted) throw new TmailError('storage', 'save.omitted', { facts: { part: n } });
    const { source } = found;
    return await writeNew(
      to,
      Buffer.isBuffer(source) ? one(source) : decodeStream(file.chunks(source), source.encoding ?? ''),
    );
  } finally {
    await file.close();
  }
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function writeNew(path: string, content: AsyncIterable<Buffer>): Promise<number> {
  let made = false;
  try {
    const handle = await open(path, 'wx', 0o600);
    made = true;
    try {
      let written = 0;
      for await (const chunk of content) {
        await handle.writeFile(chunk);
        written += chunk.length;
      }
      await handle.sync();
      return written;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (made) await unlink(path).catch(() => undefined);
    throw saveError(error, path);
  }
}

/** The one place where this layer translates the file system's errors. */
function saveError(error: unknown, path: string): unknown {
  // Node's errors carry their name in `code`; it is read, nothing else is assumed.
  const reason = error instanceof Error && 'code' in error ? String(error.code) : '';
  const facts = { path, reason };
  if (reason === 'EEXIST') return new TmailError('storage', 'save.exists', { facts, cause: error });
  if (reason === 'ENOSPC' || reason === 'EDQUOT')
    return new TmailError('storage', 'disk.full', { facts, cause: error });
  if (reason === 'EROFS' || reason === 'EACCES' || reason === 'EPERM') {
    return new TmailError('storage', 'disk.read-only', { facts, cause: error });
  }
  return reason === '' ? error : new TmailError('storage', 'disk.io', { facts, cause: error });
}
