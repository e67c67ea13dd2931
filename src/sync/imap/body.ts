// Message bodies → message files. Small ones whole, many in one command; large ones in pieces, so that other work
// goes between. The size is compared with RFC822.SIZE: imapflow says nothing of a literal that ends early.
import type { FetchMessageObject, FetchQueryObject } from 'imapflow';
import { partialMessage } from '../../mail/partial.ts';
import { isMultipart, textSections } from '../../mail/structure.ts';
import type { FolderId, LocalUid, RawRef } from '../../mail/types.ts';
import type { FolderRecord, FolderStore, RawStore } from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';
import { MESSAGE_BYTES } from '../../util/limits.ts';
import type { Progress } from '../types.ts';
import type { ImapClient, MailboxName } from './client.ts';
import type { Line } from './line.ts';

/** Bytes of one piece of a large message: a second at 4 Mbit/s. */
const PIECE_BYTES = 512 * 1024;

export interface BodyContext {
  readonly line: Line;
  readonly name: MailboxName;
  readonly record: FolderRecord;
  readonly folder: FolderStore;
  readonly raw: RawStore;
}

/** Where a message is on the server; throws when it is only here or gone. */
export function remoteOf(folder: FolderStore, uid: LocalUid): { uid: number; uidValidity: string } {
  const remote = folder.remote(uid);
  if (remote?.t !== 'imap') throw gone(folder.record.id, uid);
  return remote;
}

export function gone(folder: FolderId, uid: LocalUid): TmailError {
  return new TmailError('rejected', 'body.gone', { retry: 'never', facts: { folder, uid } });
}

/**
 * Runs `work` with the folder selected, if it is still the folder that the message was seen in. `fresh` selects it again:
 * a connection that was selected before a message came need not know of it.
 */
export function withinSame<T>(
  context: BodyContext,
  uidValidity: string,
  work: (client: ImapClient) => Promise<T>,
  fresh?: 'fresh',
): Promise<T> {
  return context.line.within(
    context.name,
    async (client, box) => {
      if (box.uidValidity !== uidValidity) throw gone(context.record.id, 0);
      return await work(client);
    },
    fresh,
  );
}

/** One small message whole. Durable when it returns. */
export async function fetchWhole(context: BodyContext, uid: LocalUid, size: number): Promise<void> {
  const remote = remoteOf(context.folder, uid);
  const fetch = (client: ImapClient) => fetchSource(client, remote.uid, size);
  const bytes =
    (await withinSame(context, remote.uidValidity, fetch)) ??
    (await withinSame(context, remote.uidValidity, fetch, 'fresh'));
  if (bytes === null) throw gone(context.record.id, uid);
  await keep(context, uid, bytes, false);
}

async function fetchSource(client: ImapClient, uid: number, size: number): Promise<Buffer | null> {
  const fetchOnce = async (): Promise<Buffer | null> => {
    const rows = await client.rows({
      by: 'uid',
      range: String(uid),
      items: { uid: true, source: true },
      most: 1000,
    });
    return rows.find(row => row.uid === uid && row.source)?.source ?? null;
  };
  const bytes = await fetchOnce();
  if (bytes === null || bytes.length >= size) return bytes;
  // Short: cut on the way, or the server's size is wrong (many are, by a little). Twice the same is the latter.
  return await fetchOnce();
}

/** The header and the text parts of a large message, composed into one file; its attachments stay on the server. */
export async function fetchText(context: BodyContext, uid: LocalUid): Promise<void> {
  const remote = remoteOf(context.folder, uid);
  const first = await fetchOne(context, remote, { bodyStructure: true, headers: true });
  if (!first?.headers || !first.bodyStructure) throw gone(context.record.id, uid);
  const structure = first.bodyStructure;
  const sections = textSections(structure).map(each => each.section);
  const alone = !isMultipart(structure);
  const keys = sections.flatMap(section =>
    alone ? [{ key: 'TEXT' }] : [{ key: section }, { key: `${section}.MIME` }],
  );
  const row = keys.length === 0 ? null : await fetchOne(context, remote, { bodyParts: keys });
  const parts = new Map(
    sections.map(section => [
      section,
      {
        mime: alone ? null : (row?.bodyParts?.get(`${section}.mime`) ?? null),
        body: row?.bodyParts?.get(alone ? 'text' : section) ?? null,
      },
    ]),
  );
  await keep(context, uid, partialMessage(first.headers, structure, parts), true);
}

async function fetchOne(
  context: BodyContext,
  remote: { uid: number; uidValidity: string },
  items: FetchQueryObject,
): Promise<FetchMessageObject | undefined> {
  const fetch = async (client: ImapClient) => {
    const range = String(remote.uid);
    const rows = await client.rows({ by: 'uid', range, items: { uid: true, ...items }, most: 1000 });
    return rows.find(row => row.uid === remote.uid && (row.headers ?? row.bodyParts));
  };
  return (
    (await withinSame(context, remote.uidValidity, fetch)) ??
    (await withinSame(context, remote.uidValidity, fetch, 'fresh'))
  );
}

/** A message of any size, in pieces. Each yield lies between two of them. Durable when it ends. */
export async function* fetchPieces(
  context: BodyContext,
  uid: LocalUid,
  size: number,
  label: string,
): AsyncGenerator<Progress> {
  const remote = remoteOf(context.folder, uid);
  if (size > MESSAGE_BYTES) {
    throw new TmailError('rejected', 'body.too-large', { retry: 'never', facts: { size } });
  }
  const relay = new Relay();
  const written = context.raw.write(relay.pieces(), owner(context, uid, false));
  // Awaited below; a failure before that must not count as unhandled.
  written.catch(() => undefined);
  let done = 0;
  try {
    for (;;) {
      const piece = await Promise.race([
        withinSame(context, remote.uidValidity, client => fetchPiece(client, remote.uid, done)),
        // A full disk ends the download, not the next piece.
        written.then(() => null),
      ]);
      if (piece === null) break;
      done += piece.length;
      await Promise.race([relay.push(piece), written]);
      if (piece.length < PIECE_BYTES && done >= size) break;
      if (piece.length === 0 || done > MESSAGE_BYTES) break;
      yield { label, done, total: Math.max(size, done), unit: 'bytes' };
    }
    if (done === 0) throw gone(context.record.id, uid);
    relay.end();
  } finally {
    // Returned from at a yield, or failed: the half message is thrown away by the store.
    relay.abort();
  }
  await refer(context, uid, await durable(context, written));
  yield { label, done, total: done };
}

async function fetchPiece(client: ImapClient, uid: number, start: number): Promise<Buffer> {
  const rows = await client.rows({
    by: 'uid',
    range: String(uid),
    items: { uid: true, source: { start, maxLength: PIECE_BYTES } },
    most: 1000,
  });
  return rows.find(row => row.uid === uid && row.source)?.source ?? Buffer.alloc(0);
}

/** Writes the bytes and puts the reference into the index; both durable. */
export async function keep(
  context: BodyContext,
  uid: LocalUid,
  bytes: Buffer,
  partial: boolean,
): Promise<void> {
  const written = context.raw.write(bytes, owner(context, uid, partial));
  await refer(context, uid, await durable(context, written));
}

/** A person waits: the batch is not. */
async function durable(context: BodyContext, written: Promise<RawRef>): Promise<RawRef> {
  await Promise.all([written, context.raw.flush()]);
  return await written;
}

async function refer(context: BodyContext, uid: LocalUid, raw: RawRef): Promise<void> {
  // Visible at once and not waited for: the file names its owner, so an index that was never written finds it again;
  // a failing disk is reported by the store itself.
  void context.folder.apply({ raw: [{ uid, raw }] }).catch(() => undefined);
}

export function owner(context: BodyContext, uid: LocalUid, partial: boolean) {
  return { folder: context.record.id, uid, remote: context.folder.remote(uid) ?? null, partial };
}

/** Hands pieces from a loop to whoever iterates, one at a time. */
class Relay {
  #piece: Buffer | null = null;
  #ended = false;
  #aborted = false;
  #wake: () => void = () => undefined;
  #taken: () => void = () => undefined;

  async *pieces(): AsyncGenerator<Buffer> {
    for (;;) {
      if (this.#piece) {
        const piece = this.#piece;
        this.#piece = null;
        this.#taken();
        yield piece;
      } else if (this.#ended) return;
      else if (this.#aborted) throw new TmailError('cancelled', 'cancelled', { retry: 'never' });
      else {
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
      }
    }
  }

  push(piece: Buffer): Promise<void> {
    this.#piece = piece;
    const taken = new Promise<void>(resolve => {
      this.#taken = resolve;
    });
    this.#wake();
    return taken;
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  abort(): void {
    this.#aborted = true;
    this.#wake();
  }
}
