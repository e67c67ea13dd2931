// Where an operation's messages are on the server now. A UID counts only under the UIDVALIDITY it was given in; other
// messages are looked for by their Message-ID, compared exactly, and never taken from another row that is here.
import type { FolderStore, OperationTarget } from '../../store/types.ts';
import { nextTurn } from '../../util/turn.ts';
import type { ImapClient, Mailbox } from './client-types.ts';
import { type MarkedRow, Matches, marksOf } from './marks.ts';

/** From so many messages on, all of a folder is read once instead of searched for each. */
const SEARCHED_ONE_BY_ONE = 20;
/** Steps of a loop over targets between two turns of the event loop: about a millisecond. */
const SLICE = 5000;

export interface Located {
  /** UID of each target that has one; whether the message is still there was not asked. Ascending by target. */
  readonly uids: ReadonlyMap<OperationTarget, number>;
  /** Had to be looked for and was not found. */
  readonly lost: readonly OperationTarget[];
}

/**
 * `folder` knows which UIDs are other rows' (null: nobody does). Targets without a place there and without a Message-ID
 * can't be looked for: they are lost. `renumbered`: a row here that came when the folder was numbered anew may be the
 * target of before, where it is the only one with that Message-ID.
 */
export async function locate(
  client: ImapClient,
  box: Mailbox,
  folder: FolderStore | null,
  targets: readonly OperationTarget[],
  how?: 'renumbered',
): Promise<Located> {
  const uids = new Map<OperationTarget, number>();
  const astray: OperationTarget[] = [];
  for (const [i, target] of targets.entries()) {
    if (i % SLICE === SLICE - 1) await nextTurn();
    const { remote } = target;
    if (remote?.t === 'imap' && remote.uidValidity === box.uidValidity) uids.set(target, remote.uid);
    else astray.push(target);
  }
  const wanted = astray.filter(({ messageId }) => messageId !== '');
  if (wanted.length === 0) return { uids, lost: astray };
  const taken = new Set(uids.values());
  const free = (row: MarkedRow): boolean => !taken.has(row.uid) && !isOthers(folder, box, row.uid, wanted);
  const found = new Matches<number>();
  const rows = await candidates(client, wanted);
  for (const row of rows) if (free(row)) found.add(row.messageId, row.uid);
  const again = (target: OperationTarget): number | undefined => {
    if (how !== 'renumbered' || target.uid >= (folder?.floor ?? 0)) return undefined;
    const same = rows.filter(({ messageId }) => messageId === target.messageId);
    return same.length === 1 ? same[0]?.uid : undefined;
  };
  const lost = astray.filter(target => {
    const uid = target.messageId === '' ? undefined : (found.take(target.messageId) ?? again(target));
    if (uid !== undefined) uids.set(target, uid);
    return uid === undefined;
  });
  return { uids, lost };
}

/** A row here has this UID, and none of the targets is that row. */
function isOthers(
  folder: FolderStore | null,
  box: Mailbox,
  uid: number,
  targets: readonly OperationTarget[],
): boolean {
  if (!folder || folder.sync.uidValidity !== box.uidValidity) return false;
  const owner = folder.byRemoteUid(uid);
  return owner !== undefined && !targets.some(target => target.uid === owner);
}

/** Messages with one of these Message-IDs, ascending. */
async function candidates(
  client: ImapClient,
  targets: readonly OperationTarget[],
): Promise<readonly MarkedRow[]> {
  const ids = new Set(targets.map(({ messageId }) => messageId));
  let uids: number[] = [];
  if (ids.size > SEARCHED_ONE_BY_ONE) uids = await client.uidsIn('1:*');
  else for (const id of ids) uids.push(...(await client.uidsOfMessageId(id)));
  uids = [...new Set(uids)].sort((a, b) => a - b);
  // SEARCH finds parts of words as well (RFC 9051 section 6.4.4).
  return (await marksOf(client, uids)).filter(({ messageId }) => ids.has(messageId));
}
