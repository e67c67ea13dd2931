// Queued flags → the server, safe to repeat. A message that has no flags to take any more is no loss; one that was
// renumbered and can't be found is told, never guessed.
import type { FlagsOperation } from '../../store/types.ts';
import type { ImapClient, Mailbox } from './client-types.ts';
import { isKeyword } from './flags.ts';
import { loaded, type PushContext, recordOf, refusal } from './push-context.ts';
import { locate } from './targets.ts';
import { formatUidSet } from './uid-set.ts';

/** UIDs in one STORE: with CONDSTORE the server answers with a line for each of them, and they come in one turn. */
const CHUNK = 500;

/** @throws TmailError `rejected` when the server will not, or when the messages can't be found any more. */
export async function pushFlags(context: PushContext, op: FlagsOperation): Promise<void> {
  const record = await recordOf(context, op.folder);
  // Others deleted the folder, and its messages with it.
  if (!record) throw refusal('imap.no-folder', op.folder);
  const line = await context.line(op.folder);
  const folder = await loaded(context, op.folder);
  await line.within(
    context.nameOf(record),
    async (client, box) => {
      const { uids, lost } = await locate(client, box, folder, op.targets, 'renumbered');
      if (uids.size === 0) {
        // Messages that others expunged need no flags; messages that were renumbered and not found are a loss.
        if (lost.some(({ remote }) => remote?.t === 'imap')) throw refusal('imap.message-lost', record.path);
        return;
      }
      if (box.readOnly) throw refusal('imap.read-only', record.path);
      const add = keepable(op.add, box);
      if (op.add.length > 0 && add.length === 0 && op.remove.length === 0) {
        throw refusal('imap.flag-not-kept', record.path, { flags: op.add.join(' ') });
      }
      await storeAll(client, [...uids.values()], add, op.remove);
    },
    'fresh',
  );
}

async function storeAll(
  client: ImapClient,
  uids: readonly number[],
  add: readonly string[],
  remove: readonly string[],
): Promise<void> {
  const sorted = [...uids].sort((a, b) => a - b);
  for (let from = 0; from < sorted.length; from += CHUNK) {
    const set = formatUidSet(sorted.slice(from, from + CHUNK));
    if (add.length > 0) await client.storeFlags(set, 'add', add);
    if (remove.length > 0) await client.storeFlags(set, 'remove', remove);
  }
}

/** PERMANENTFLAGS (RFC 9051 section 7.1): what is not in it would be forgotten with the session. */
function keepable(flags: readonly string[], box: Mailbox): readonly string[] {
  const allowed = box.permanentFlags;
  if (allowed === null) return flags;
  const folded = new Set([...allowed].map(flag => flag.toLowerCase()));
  return flags.filter(flag => folded.has(flag.toLowerCase()) || (folded.has('\\*') && isKeyword(flag)));
}
