// Does an operation of the queue again on the index, which a crash may have left half done. Repeatable; in the queue's
// order everything ends where it was.
import { type AppendHost, recoverAppend } from './appends.ts';
import { land, leave, takeBack } from './moves.ts';
import { folderWith, loadFor, type OperationsOptions } from './operation-folders.ts';
import { isAppend, isDelete, isTransfer, type Pending, type PendingTransfer } from './queue.ts';

export async function recoverPending(
  options: OperationsOptions,
  host: AppendHost,
  pending: Pending,
): Promise<void> {
  if (isAppend(pending)) return recoverAppend(host, pending);
  if (isTransfer(pending)) return recoverTransfer(options, pending);
  if (!isDelete(pending)) return;
  const from = await loadFor(options, pending.op);
  if (from)
    leave(
      from,
      pending.op.targets.map(({ uid }) => uid),
    );
}

async function recoverTransfer(options: OperationsOptions, pending: PendingTransfer): Promise<void> {
  const { op, rows, local } = pending;
  const from = await loadFor(options, op);
  const to = await folderWith(options, op.to, op.landing);
  // The folder is gone: they stay where they were.
  if (!to) {
    if (from && op.t === 'move') takeBack(from, { targets: op.targets, rows });
    return;
  }
  const copied = op.t === 'copy' && op.targets.map(target => ({ ...target, remote: null }));
  // Whose place on the server is known was there before that was noted: if it is not, somebody took it away.
  const wanted = op.landing.map((uid, i) => (local || !op.places?.[i] ? uid : 0));
  land(to, { targets: copied || op.targets, rows }, wanted, op.places);
  if (from && from !== to && op.t === 'move') {
    leave(
      from,
      op.targets.map(({ uid }) => uid),
    );
  }
}
