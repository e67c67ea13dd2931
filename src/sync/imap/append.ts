// Messages made here → the server, and earlier versions away from it. Safe to repeat: after an answer that was lost
// the server is searched before anything is sent again, and nothing goes before its successor is stored.

import type { LocalUid } from '../../mail/types.ts';
import { sizeOnWire } from '../../mail/wire-size.ts';
import type { AppendOperation, FolderStore, Operation } from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';
import type { Rest } from '../types.ts';
import type { ImapClient, Mailbox, Place } from './client-types.ts';
import { removeFrom } from './delete.ts';
import { marksOf } from './marks.ts';
import { isRejected, isThere, type PushContext, recordOf, refusal } from './push-context.ts';

/** Messages looked at where SEARCH did not find one: those that came since the folder was read here last. */
const LOOK_BACK = 500;

type Append = AppendOperation & Operation;

/** @throws TmailError; nothing is taken back here, whatever the server says */
export async function pushAppend(context: PushContext, op: Append): Promise<Rest | null> {
  const record = await recordOf(context, op.folder);
  // Also one that vanished there since: what is here of it comes back with it.
  if (!isThere(record)) await context.create(op.path);
  if (!(await isStored(context, op))) {
    const place = await upload(context, op);
    const keep = async () => context.store.appended?.(op.id, place && { t: 'imap', ...place });
    if (!op.verify && op.replaces.length === 0) return keep;
    await keep();
  }
  if (op.verify) await verify(context, op);
  for (const replaced of op.replaces) {
    try {
      await removeFrom(context, replaced);
    } catch (error) {
      // The new one is there; an old one too many is no reason to try all of it again.
      if (!isRejected(error)) throw error;
      context.report(error);
    }
  }
  return null;
}

/** The server has it, or nobody wants it any more. */
async function isStored(context: PushContext, op: Append): Promise<boolean> {
  const { store } = context;
  if (!(await recordOf(context, op.folder))) throw noFolder(op);
  const folder = await store.folder(op.folder);
  await folder.loadAll();
  const [target] = op.targets;
  if (!target || target.remote) return true;
  // A pull was faster than the answer.
  return folder.flags(target.uid) === undefined || folder.remote(target.uid)?.t === 'imap';
}

async function upload(context: PushContext, op: Append): Promise<Place | null> {
  try {
    return await uploadInto(context, op);
  } catch (error) {
    // Somebody deleted the folder since it was listed.
    if (!isRejected(error, 'imap.no-folder')) throw error;
    await context.create(op.path);
    return await uploadInto(context, op);
  }
}

async function uploadInto(context: PushContext, op: Append): Promise<Place | null> {
  const { store } = context;
  const record = await recordOf(context, op.folder);
  if (!record) throw noFolder(op);
  const folder = await store.folder(op.folder);
  const [target] = op.targets;
  const raw = target && folder.raw(target.uid);
  if (!raw) throw new TmailError('rejected', 'append.message-lost', { facts: { folder: record.path } });
  const bytes = await store.raw.read(raw);
  const message = { bytes, flags: op.flags, date: op.date };
  const line = await context.line(op.folder);
  const name = context.nameOf(record);
  const { uid: here, messageId } = target;
  const sought = { here, messageId, sizes: sizesOf(bytes), arrival: Math.floor(op.date / 1000) };
  const find = () => line.within(name, (client, box) => findStored(client, box, folder, sought), 'fresh');
  const earlier = op.tries > 0 ? await find() : null;
  if (earlier) return earlier;
  const place = (await line.exclusive(client => client.append(name, message))) ?? (await find());
  if (place) return place;
  // Said to be stored, and not to be found. Once that may be a mistake; what can't be told apart is believed.
  if (op.tries > 0 || messageId === '') return null;
  throw new TmailError('protocol', 'append.not-there', { retry: 'auto', facts: { folder: record.path } });
}

/** By what a message is found that may have been stored. */
interface Sought {
  /** Its number here, which a pull may have given a place meanwhile. */
  readonly here: LocalUid;
  readonly messageId: string;
  /** As sent, and as a server may count it. */
  readonly sizes: readonly number[];
  /** INTERNALDATE in whole seconds. */
  readonly arrival: number;
}

/**
 * The newest message that nobody here knows yet with this Message-ID; without one, of this date and size. SEARCH is
 * asked first; some servers can't search headers.
 */
async function findStored(
  client: ImapClient,
  { uidValidity, uidNext }: Mailbox,
  folder: FolderStore,
  { here, messageId, sizes, arrival }: Sought,
): Promise<Place | null> {
  const { sync } = folder;
  const known = sync.uidValidity === uidValidity;
  // What was there when the folder was read last is another message, whatever it is called.
  const isNew = (uid: number): boolean => {
    const owner = folder.byRemoteUid(uid);
    return !known || owner === here || (owner === undefined && uid >= sync.uidNext);
  };
  const place = (uids: readonly number[]): Place | null => {
    const uid = Math.max(0, ...uids.filter(isNew));
    return uid > 0 ? { uidValidity, uid } : null;
  };
  const found = messageId === '' ? null : place(await client.uidsOfMessageId(messageId));
  if (found) return found;
  const from = Math.max(1, uidNext - LOOK_BACK);
  const uids = (await client.uidsIn(`${from}:*`)).filter(isNew).slice(-LOOK_BACK);
  const same = (await marksOf(client, uids)).filter(
    row =>
      row.messageId === messageId &&
      (messageId !== '' || (row.arrival === arrival && sizes.includes(row.size))),
  );
  return place(same.map(({ uid }) => uid));
}

/** The server keeps what was given to it, as far as its size and its Message-ID show. @throws TmailError `rejected` */
async function verify(context: PushContext, op: Append): Promise<void> {
  const { store } = context;
  const record = await recordOf(context, op.folder);
  if (!record) throw noFolder(op);
  const folder = await store.folder(op.folder);
  const [target] = op.targets;
  const raw = target && folder.raw(target.uid);
  const remote = target && folder.remote(target.uid);
  if (!target || !raw || remote?.t !== 'imap') throw refusal('append.unverified', record.path);
  const line = await context.line(op.folder);
  const rows = await line.within(
    context.nameOf(record),
    async (client, box) =>
      box.uidValidity === remote.uidValidity ? await marksOf(client, [remote.uid]) : [],
    'fresh',
  );
  const bytes = await store.raw.read(raw);
  const [there] = rows;
  if (!there || there.messageId !== target.messageId || !sizesOf(bytes).includes(there.size)) {
    throw refusal('append.unverified', record.path, { size: bytes.length, there: there?.size ?? 0 });
  }
}

/** Before and after a server made every line break CRLF. */
const sizesOf = (bytes: Buffer): readonly number[] => [bytes.length, sizeOnWire(bytes)];

function noFolder({ path }: Append): TmailError {
  return new TmailError('rejected', 'imap.no-folder', { facts: { folder: path } });
}
