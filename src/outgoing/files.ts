// What goes along with a draft: files of this computer and parts of messages, as copies beside it.
import { constants } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { DraftAttachment, DraftId } from '../mail/compose/types.ts';
import { splitMessageId } from '../mail/ids.ts';
import type { MessageId, RawRef } from '../mail/types.ts';
import type { AccountStore, DraftStore, Store } from '../store/types.ts';
import type { Engine } from '../sync/types.ts';
import { TmailError } from '../util/errors.ts';
import { MESSAGE_BYTES } from '../util/limits.ts';
import type { ParsedMessage, Parser } from '../worker/types.ts';

/** @throws TmailError attach.missing, attach.unreadable, attach.directory, attach.too-large, disk.* */
export async function attachFile(
  drafts: DraftStore,
  draft: DraftId,
  path: string,
  name?: string,
): Promise<DraftAttachment> {
  const shown = name ?? basename(path);
  const facts = { path, name: shown };
  try {
    // Without O_NONBLOCK a named pipe would wait for a writer for ever.
    await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (stat.isDirectory()) throw new TmailError('rejected', 'attach.directory', { facts });
    if (!stat.isFile()) throw new TmailError('rejected', 'attach.unreadable', { facts });
    if (stat.size > MESSAGE_BYTES) {
      throw new TmailError('rejected', 'attach.too-large', { facts: { ...facts, size: stat.size } });
    }
    const stream = handle.createReadStream({ autoClose: false });
    const { file, size } = await drafts.attach(draft, unreadable(stream, facts));
    return { file, size, name: shown, contentType: await contentTypeOf(shown) };
  } catch (thrown) {
    throw readingError(thrown, facts);
  }
}

type Facts = Readonly<{ path: string; name: string }>;

/** A read that fails is the file's fault, not that of the disk that the copy goes to. */
async function* unreadable(stream: AsyncIterable<Buffer>, facts: Facts): AsyncGenerator<Buffer> {
  try {
    yield* stream;
  } catch (thrown) {
    throw readingError(thrown, facts);
  }
}

function readingError(thrown: unknown, facts: Facts): unknown {
  if (thrown instanceof TmailError || !(thrown instanceof Error) || !('code' in thrown)) return thrown;
  const errno = String(thrown.code);
  if (errno === 'ENOENT' || errno === 'ENOTDIR')
    return new TmailError('rejected', 'attach.missing', { facts });
  return new TmailError('rejected', 'attach.unreadable', { facts: { ...facts, reason: errno } });
}

export async function contentTypeOf(name: string): Promise<string> {
  const { detectMimeType } = await import('nodemailer/lib/mime-funcs');
  const type = String(detectMimeType(name));
  // What it does not know it calls so; a message is one by its name only to itself.
  return /^(multipart|message)\//.test(type) ? 'application/octet-stream' : type;
}

/** A message of the store, whole on this disk. */
export interface WholeMessage {
  readonly account: AccountStore;
  readonly raw: RawRef;
  /** Of the envelope. Hostile text. */
  readonly subject: string;
  readonly messageId: string;
  readonly path: string;
}

/** Fetches it when it is not here. @throws TmailError message.gone, body.*, raw.* */
export async function wholeMessage(
  store: Store,
  engines: readonly Engine[],
  id: MessageId,
): Promise<WholeMessage> {
  const { account: accountId, folder: folderId, uid } = splitMessageId(id);
  const account = await store.account(accountId);
  const gone = () => new TmailError('rejected', 'message.gone', { retry: 'never', facts: { id } });
  if (!account.folders().some(each => each.id === folderId)) throw gone();
  const folder = await account.folder(folderId);
  await folder.loadAll();
  const position = folder.positionOf(uid);
  if (position < 0) throw gone();
  await folder.ensure(position, position);
  const { subject = '', messageId = '' } = folder.envelope(uid) ?? {};
  const here = folder.raw(uid);
  if (!here || here.partial) {
    const engine = engines.find(each => each.account === accountId);
    if (!engine) throw new TmailError('network', 'body.offline', { retry: 'auto' });
    await engine.body(id, 'whole');
  }
  const raw = folder.raw(uid);
  if (!raw) throw gone();
  return { account, raw, subject, messageId, path: account.raw.path(raw) };
}

/** All of a message, as one attachment. */
export async function attachMessage(
  drafts: DraftStore,
  draft: DraftId,
  { account, raw, subject }: WholeMessage,
): Promise<DraftAttachment> {
  const { file, size } = await drafts.attach(draft, account.raw.stream(raw));
  const name = `${
    subject
      .replace(/[/\\\p{C}]+/gu, ' ')
      .trim()
      .slice(0, 80) || 'message'
  }.eml`;
  return { file, size, name, contentType: 'message/rfc822' };
}

/** One part of it. @throws TmailError save.no-part */
export async function attachPart(
  drafts: DraftStore,
  draft: DraftId,
  parser: Parser,
  { path }: WholeMessage,
  parsed: ParsedMessage,
  n: number,
): Promise<DraftAttachment> {
  const part = parsed.parts.find(each => each.n === n);
  if (!part)
    throw new TmailError('rejected', 'save.no-part', { facts: { part: n, parts: parsed.parts.length } });
  const dir = await mkdtemp(join(tmpdir(), 'tmail-part-'));
  try {
    await parser.savePart(path, n, join(dir, 'part'));
    await using handle = await open(join(dir, 'part'));
    const { file, size } = await drafts.attach(draft, handle.createReadStream({ autoClose: false }));
    const name = part.filename ?? (part.contentType === 'message/rfc822' ? 'message.eml' : `part-${n}`);
    return { file, size, name, contentType: part.contentType };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
