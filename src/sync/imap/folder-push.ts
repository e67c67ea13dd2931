// Folders made, renamed, removed and subscribed here → the server, safe to repeat: before a second try its list is
// asked what the first one did. A folder with mail in it is not removed.
import type { FolderOperation, FolderRecord } from '../../store/types.ts';
import type { ImapClient, MailboxName } from './client-types.ts';
import { isRejected, type PushContext, recordOf, refusal } from './push-context.ts';

type Queued = FolderOperation & { readonly tries: number };
type Of<T extends FolderOperation['t']> = Extract<Queued, { readonly t: T }>;

/** @throws TmailError; `rejected` takes it back here */
export async function pushFolder(context: PushContext, op: Queued): Promise<void> {
  try {
    await push(context, op);
  } catch (error) {
    // Its words alone would not say what they are about.
    if (!isRejected(error, 'imap.no')) throw error;
    throw refusal('imap.folder-refused', op.path, { ...error.facts, doing: op.t });
  }
}

async function push(context: PushContext, op: Queued): Promise<void> {
  if (op.t === 'folder-create') await make(context, op);
  else if (op.t === 'folder-rename') await rename(context, op);
  else if (op.t === 'folder-delete') await remove(context, op);
  else await subscribe(context, op);
}

function mainLine<T>(context: PushContext, op: Queued, work: (client: ImapClient) => Promise<T>): Promise<T> {
  return context.line(op.folder).then(line => line.exclusive(work));
}

/** Others may have renamed it since the operation was made. */
async function nameNow(context: PushContext, op: Queued, path = op.path): Promise<MailboxName> {
  const record = await recordOf(context, op.folder);
  return context.nameAt(record ? (record.serverPath ?? record.path) : path);
}

async function make(context: PushContext, op: Of<'folder-create'>): Promise<void> {
  await mainLine(context, op, client => client.create(context.nameAt(op.path)));
}

/** The server's list has it. */
async function exists(client: ImapClient, { wire }: MailboxName): Promise<boolean> {
  const entries = await client.list(false);
  return entries.some(entry => entry.pathAsListed === wire && !entry.flags.has('\\NonExistent'));
}

async function rename(context: PushContext, op: Of<'folder-rename'>): Promise<void> {
  const from = await nameNow(context, op, op.from);
  const to = context.nameAt(op.path);
  await context.release(from.wire);
  // The answer to an earlier try may have been lost: the list says so, now or when it was asked for last.
  if (from.wire !== to.wire) {
    await mainLine(context, op, async client => {
      if (op.tries > 0 && !(await exists(client, from)) && (await exists(client, to))) return;
      await client.rename(from, to);
    });
  }
  await resubscribe(context, op, from.wire === to.wire ? context.nameAt(op.from) : from, to);
}

/** RENAME leaves the subscriptions where they were (RFC 9051 section 6.3.6). What fails here is no reason to fail. */
async function resubscribe(
  context: PushContext,
  op: Queued,
  from: MailboxName,
  to: MailboxName,
): Promise<void> {
  const record = await recordOf(context, op.folder);
  const below = record ? belowOf(context.store.folders(), record) : [];
  const levels = below.map(each => each.path.slice(record?.path.length ?? 0));
  for (const [i, level] of ['', ...levels].entries()) {
    const subscribed = (i === 0 ? record : below[i - 1])?.subscribed ?? false;
    if (!subscribed) continue;
    const [was, is] = [context.nameAt(from.path + level), context.nameAt(to.path + level)];
    await mainLine(context, op, async client => {
      await client.subscribeTo(is, true);
      await client.subscribeTo(was, false);
    }).catch((error: unknown) => {
      if (!isRejected(error)) throw error;
    });
  }
}

function belowOf(folders: readonly FolderRecord[], { path, delimiter }: FolderRecord): FolderRecord[] {
  return delimiter === '' ? [] : folders.filter(each => each.path.startsWith(path + delimiter));
}

async function remove(context: PushContext, op: Of<'folder-delete'>): Promise<void> {
  const name = await nameNow(context, op);
  await refuseMail(context, op, name);
  await context.release(name.wire);
  await mainLine(context, op, async client => {
    try {
      await client.remove(name);
    } catch (error) {
      // Gone already is as good; some servers have no code for that.
      if (isRejected(error, 'imap.no-folder') || (isRejected(error) && !(await exists(client, name)))) return;
      throw error;
    }
    await client.subscribeTo(name, false).catch((error: unknown) => {
      if (!isRejected(error)) throw error;
    });
  });
}

/** Its mail was moved away before; what is left was not in what the person agreed to delete. */
async function refuseMail(context: PushContext, op: Of<'folder-delete'>, name: MailboxName): Promise<void> {
  const line = await context.line(op.folder);
  try {
    await line.within(
      name,
      async (client, box) => {
        const uids = box.exists === 0 ? [] : await client.uidsIn('1:*');
        // What was moved away without UIDPLUS stays marked.
        const marked = new Set(uids.length > 0 ? await client.uidsDeleted() : []);
        const left = uids.filter(uid => !marked.has(uid));
        if (left.length > 0) throw refusal('imap.folder-not-empty', op.path, { count: left.length });
      },
      'fresh',
    );
  } catch (error) {
    if (!isRejected(error, 'imap.no-folder')) throw error;
  }
}

async function subscribe(context: PushContext, op: Of<'folder-subscribe'>): Promise<void> {
  const name = await nameNow(context, op);
  await mainLine(context, op, client => client.subscribeTo(name, op.subscribed));
}
