// One queued operation → the server, safe to repeat. A UID is used only under the UIDVALIDITY it was given in;
// otherwise the message is looked for by its Message-ID, and what can't be found is reported, never guessed.
import type { FlagsOperation, FolderRecord, OperationTarget } from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';
import type { ImapClient, Mailbox, MailboxName } from './client.ts';
import { isKeyword } from './flags.ts';
import type { Line } from './line.ts';
import { formatUidSet } from './uid-set.ts';

/** UIDs in one STORE: command lines stay below the 8,000 bytes that every server takes (RFC 9051 section 4). */
const STORE_CHUNK = 500;

export interface PushContext {
  readonly line: Line;
  readonly name: MailboxName;
  readonly record: FolderRecord;
}

/** @throws TmailError `rejected` when the server will not, or when the messages can't be found any more. */
export async function pushFlags(context: PushContext, op: FlagsOperation): Promise<void> {
  await context.line.within(
    context.name,
    async (client, box) => {
      const uids = await resolveTargets(client, box, op.targets);
      if (uids.length === 0) {
        // Messages that others expunged need no flags; messages that were renumbered and not found are a loss.
        if (op.targets.some(target => isStale(target, box))) throw lost(context.record);
        return;
      }
      if (box.readOnly) throw refusal('imap.read-only', context.record);
      const add = keepable(op.add, box);
      if (op.add.length > 0 && add.length === 0 && op.remove.length === 0) {
        throw refusal('imap.flag-not-kept', context.record, op.add.join(' '));
      }
      for (let i = 0; i < uids.length; i += STORE_CHUNK) {
        const set = formatUidSet(uids.slice(i, i + STORE_CHUNK));
        if (add.length > 0) await client.storeFlags(set, 'add', add);
        if (op.remove.length > 0) await client.storeFlags(set, 'remove', op.remove);
      }
    },
    'fresh',
  );
}

/** `search`: also for those that have no place on the server, as far as is known. */
export async function resolveTargets(
  client: ImapClient,
  box: Mailbox,
  targets: readonly OperationTarget[],
  placeless: 'skip' | 'search' = 'skip',
): Promise<number[]> {
  const uids: number[] = [];
  for (const target of targets) {
    if (target.remote?.t !== 'imap' && placeless === 'skip') continue;
    const { remote } = target;
    if (remote?.t === 'imap' && remote.uidValidity === box.uidValidity) uids.push(remote.uid);
    else if (target.messageId !== '') {
      // Two messages with one Message-ID are copies of one mail: both get the flag.
      uids.push(...(await client.uidsOfMessageId(target.messageId)));
    }
  }
  return uids.sort((a, b) => a - b);
}

function isStale(target: OperationTarget, box: Mailbox): boolean {
  return target.remote?.t === 'imap' && target.remote.uidValidity !== box.uidValidity;
}

/** PERMANENTFLAGS (RFC 9051 section 7.1): what is not in it would be forgotten with the session. */
function keepable(flags: readonly string[], box: Mailbox): readonly string[] {
  const allowed = box.permanentFlags;
  if (allowed === null) return flags;
  const folded = new Set([...allowed].map(flag => flag.toLowerCase()));
  return flags.filter(flag => folded.has(flag.toLowerCase()) || (folded.has('\\*') && isKeyword(flag)));
}

function refusal(code: string, record: FolderRecord, flags?: string): TmailError {
  return new TmailError('rejected', code, {
    retry: 'never',
    facts: { folder: record.path, ...(flags === undefined ? {} : { flags }) },
  });
}

function lost(record: FolderRecord): TmailError {
  return refusal('imap.message-lost', record);
}
