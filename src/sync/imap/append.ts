// Messages made here → the server, and earlier versions away from it. Safe to repeat: after an answer that was lost
// the server is searched before anything is sent again, and nothing goes before its successor is stored.
import type {
  AccountStore,
  AppendOperation,
  DeleteOperation,
  FolderRecord,
  OnMessages,
  Operation,
} from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';
import type { ImapClient, Mailbox, MailboxName, Place } from './client.ts';
import type { Line } from './line.ts';
import { resolveTargets } from './push.ts';
import { formatUidSet } from './uid-set.ts';

/** Messages looked at where SEARCH did not find one: those that came since the folder was read here last. */
const LOOK_BACK = 500;

export interface AppendContext {
  readonly store: AccountStore;
  readonly line: (folder: FolderRecord['id']) => Promise<Line>;
  readonly nameOf: (record: FolderRecord) => MailboxName;
  /** Makes a folder on the server; the store's list is up to date when it resolves. */
  readonly create: (path: string) => Promise<void>;
  /** Something that does not stop it. */
  readonly report: (error: TmailError) => void;
}

type Append = AppendOperation & Operation;

/** @throws TmailError; nothing is taken back here, whatever the server says */
export async function pushAppend(context: AppendContext, op: Append): Promise<void> {
  const record = recordOf(context, op.folder);
  // Also one that vanished there since: what is here of it comes back with it.
  if (!record?.remote || !record.selectable) await context.create(op.path);
  if (!(await isStored(context, op))) {
    const place = await upload(context, op);
    await context.store.appended?.(op.id, place && { t: 'imap', ...place });
  }
  for (const replaced of op.replaces) {
    try {
      await removeFrom(context, replaced);
    } catch (error) {
      // The new one is there; an old one too many is no reason to try all of it again.
      if (!(error instanceof TmailError) || error.kind !== 'rejected') throw error;
      context.report(error);
    }
  }
}

/** For good: \\Deleted and expunged, by UID where the server can (RFC 4315). */
export async function pushDelete(context: AppendContext, op: DeleteOperation): Promise<void> {
  await removeFrom(context, op);
}

/** The server has it, or nobody wants it any more. */
async function isStored(context: AppendContext, op: Append): Promise<boolean> {
  const { store } = context;
  if (!recordOf(context, op.folder)) throw noFolder(op);
  const folder = await store.folder(op.folder);
  await folder.loadAll();
  const [target] = op.targets;
  if (!target || target.remote) return true;
  // A pull was faster than the answer.
  return folder.flags(target.uid) === undefined || folder.remote(target.uid)?.t === 'imap';
}

async function upload(context: AppendContext, op: Append): Promise<Place | null> {
  try {
    return await uploadInto(context, op);
  } catch (error) {
    // Somebody deleted the folder since it was listed.
    if (!(error instanceof TmailError) || error.code !== 'imap.no-folder') throw error;
    await context.create(op.path);
    return await uploadInto(context, op);
  }
}

async function uploadInto(context: AppendContext, op: Append): Promise<Place | null> {
  const { store } = context;
  const record = recordOf(context, op.folder);
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
  const same = rows.filter(row => bare(row.envelope?.messageId ?? '') === messageId);
  return same.reduce<number | null>((highest, { uid }) => Math.max(highest ?? 0, uid), null);
}

const bare = (messageId: string): string => messageId.replace(/^\s*<|>\s*$/g, '');

async function removeFrom(context: AppendContext, { folder, targets }: OnMessages): Promise<void> {
  const record = recordOf(context, folder);
  // A folder that the server does not have holds nothing there.
  if (!record?.remote || !record.selectable) return;
  const line = await context.line(folder);
  await line.within(
    context.nameOf(record),
    async (client, box) => {
      // One that was never known to be there may be all the same: its upload's answer was lost.
      const uids = await resolveTargets(client, box, targets, 'search');
      if (uids.length === 0) return;
      if (box.readOnly) {
        throw new TmailError('rejected', 'imap.read-only', {
          retry: 'never',
          facts: { folder: record.path },
        });
      }
      const range = formatUidSet(uids);
      await client.storeFlags(range, 'add', ['\\Deleted']);
      // EXPUNGE alone would take what others have marked.
      const mine = new Set(uids);
      const safe = client.features.uidplus || (await client.uidsDeleted()).every(uid => mine.has(uid));
      if (safe) await client.expunge(range);
    },
    'fresh',
  );
}

function noFolder({ path }: Append): TmailError {
  return new TmailError('rejected', 'imap.no-folder', { facts: { folder: path } });
}

function recordOf({ store }: AppendContext, id: FolderRecord['id']): FolderRecord | undefined {
  return store.folders().find(each => each.id === id);
}
