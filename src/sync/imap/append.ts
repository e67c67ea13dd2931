// Messages made here → the server, and earlier versions away from it. Safe to repeat: after an answer that was lost
// the server is searched before anything is sent again, and nothing goes before its successor is stored.
import { sizeOnWire } from '../../mail/wire-size.ts';
import type { AppendOperation, Operation } from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';
import type { Rest } from '../types.ts';
import type { ImapClient, Mailbox, Place } from './client-types.ts';
import { removeFrom } from './delete.ts';
import { bareMessageId } from './envelope.ts';
import { marksOf } from './marks.ts';
import { isRejected, isThere, type PushContext, recordOf, refusal } from './push-context.ts';
import { formatUidSet } from './uid-set.ts';

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
  const { messageId } = target;
  if (op.tries === 0 && line.client.features.uidplus) {
    return await line.exclusive(client => client.append(name, message));
  }
  const known = folder.sync;
  return await line.within(
    name,
    async (client, box) => {
      const since = known.uidValidity === box.uidValidity ? known.uidNext : 1;
      const earlier = op.tries > 0 ? await findStored(client, box, messageId, since) : null;
      if (earlier !== null) return { uidValidity: box.uidValidity, uid: earlier };
      const place = await client.append(name, message);
      if (place) return place;
      const uid = await findStored(client, box, messageId, Math.max(since, box.uidNext));
      return uid === null ? null : { uidValidity: box.uidValidity, uid };
    },
    'fresh',
  );
}

/** The newest message with this Message-ID. SEARCH is asked first; some servers can't search headers. */
async function findStored(
  client: ImapClient,
  box: Mailbox,
  messageId: string,
  since: number,
): Promise<number | null> {
  if (messageId === '') return null;
  const found = Math.max(0, ...(await client.uidsOfMessageId(messageId)));
  if (found > 0) return found;
  const from = Math.max(1, since, box.uidNext > 0 ? box.uidNext - LOOK_BACK : 1);
  const uids = (await client.uidsIn(`${from}:*`)).filter(uid => uid >= from).slice(-LOOK_BACK);
  if (uids.length === 0) return null;
  const items = { uid: true, envelope: true };
  const rows = await client.rows({
    by: 'uid',
    range: formatUidSet(uids),
    items,
    most: uids.length * 2 + 1000,
  });
  const same = rows.filter(row => bareMessageId(row.envelope?.messageId) === messageId);
  return same.reduce<number | null>((highest, { uid }) => Math.max(highest ?? 0, uid), null);
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
  const sizes = [bytes.length, sizeOnWire(bytes)];
  if (!there || there.messageId !== target.messageId || !sizes.includes(there.size)) {
    throw refusal('append.unverified', record.path, { size: bytes.length, there: there?.size ?? 0 });
  }
}

function noFolder({ path }: Append): TmailError {
  return new TmailError('rejected', 'imap.no-folder', { facts: { folder: path } });
}
