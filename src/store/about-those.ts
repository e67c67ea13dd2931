// What an operation has to say of some of its messages: for telling a person which of them something happened to.
import type { FolderId, LocalUid } from '../mail/types.ts';
import type { Folder } from './folder.ts';
import { isFolderOperation, isTransfer, type Pending } from './queue.ts';
import type { StoreEvent } from './types.ts';

type Trouble = Extract<StoreEvent, { t: 'trouble' }>;

/** The operation as far as it is about these messages, and their subjects: ask before they are forgotten. */
export function aboutThose(
  pending: Pending | undefined,
  uids: readonly LocalUid[],
  opened: (folder: FolderId) => Folder | undefined,
): Omit<Trouble, 't' | 'error'> {
  if (!pending || isFolderOperation(pending)) return {};
  const { op } = pending;
  const going = new Set(uids);
  const subjectOf = (uid: LocalUid, i: number): string => {
    const row = isTransfer(pending) ? pending.rows[i] : undefined;
    return (row?.envelope ?? opened(op.folder)?.envelope(uid))?.subject ?? '';
  };
  const subjects = op.targets.flatMap(({ uid }, i) => (going.has(uid) ? [subjectOf(uid, i)] : []));
  return { operation: { ...op, targets: op.targets.filter(({ uid }) => going.has(uid)) }, subjects };
}
