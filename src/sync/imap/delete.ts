// Messages away from the server for good: marked \Deleted and expunged by UID. Where the server can expunge only all
// that is marked (no UIDPLUS), nothing is expunged that somebody else has marked.
import type { DeleteOperation, OnMessages } from '../../store/types.ts';
import type { ImapClient } from './client-types.ts';
import {
  isAnswer,
  isRejected,
  isThere,
  loaded,
  type PushContext,
  recordOf,
  refusal,
} from './push-context.ts';
import { locate } from './targets.ts';
import { formatUidSet } from './uid-set.ts';

const CHUNK = 500;

/** Repeatable. What is gone already is as good. @throws TmailError */
export async function pushDelete(context: PushContext, op: DeleteOperation): Promise<void> {
  await removeFrom(context, op);
}

/** @throws TmailError */
export async function removeFrom(context: PushContext, { folder: id, targets }: OnMessages): Promise<void> {
  const record = await recordOf(context, id);
  // A folder that the server does not have holds nothing there.
  if (!isThere(record)) return;
  const line = await context.line(id);
  const folder = await loaded(context, id);
  try {
    await line.within(
      context.nameOf(record),
      async (client, box) => {
        // One that was never known to be there may be all the same: its upload's answer was lost.
        const { uids, lost } = await locate(client, box, folder, targets);
        // Numbered anew, and not found again: it stays there, which is not what was asked for.
        const astray = lost.filter(({ remote }) => remote?.t === 'imap').length;
        if (astray > 0) context.report(refusal('imap.message-lost', record.path, { count: astray }));
        if (uids.size === 0) return;
        if (box.readOnly) throw refusal('imap.read-only', record.path);
        await removeUids(context, client, [...uids.values()], record.path);
      },
      'fresh',
    );
  } catch (error) {
    if (!isRejected(error, 'imap.no-folder')) throw error;
  }
}

/** In the selected folder; `path` is what it is called where it is told of. */
export async function removeUids(
  context: PushContext,
  client: ImapClient,
  uids: readonly number[],
  path: string,
): Promise<void> {
  for (let from = 0; from < uids.length; from += CHUNK) {
    const range = formatUidSet(uids.slice(from, from + CHUNK));
    await client.storeFlags(range, 'add', ['\\Deleted']);
    if (client.features.uidplus) await expungeOrUnmark(client, range);
  }
  if (client.features.uidplus) return;
  const mine = new Set(uids);
  const others = (await client.uidsDeleted()).filter(uid => !mine.has(uid)).length;
  if (others === 0) await expungeOrUnmark(client, formatUidSet(uids));
  else context.report(refusal('imap.only-marked', path, { count: uids.length, others }));
}

/** What is not expunged must not stay marked: the next one who expunges would take it. */
async function expungeOrUnmark(client: ImapClient, range: string): Promise<void> {
  try {
    await client.expunge(range);
  } catch (error) {
    if (isAnswer(error)) await client.storeFlags(range, 'remove', ['\\Deleted']).catch(() => undefined);
    throw error;
  }
}
