// Deletions that wait for an operation of another account. Pure.
import { isDelete, type OperationQueue, type PendingDelete, pendingDelete } from './queue.ts';
import type { Operation, OtherHalf } from './types.ts';

/** For an operation of another account. */
export const waits = (op: Operation): boolean => op.t === 'delete' && op.after !== undefined;

export function waitingFor(queue: OperationQueue, { account, operation }: OtherHalf): PendingDelete[] {
  return queue
    .all()
    .filter(isDelete)
    .filter(({ op: { after } }) => after?.account === account && after.operation === operation);
}

/** The same deletion, waiting for nobody; what it keeps stays kept until it is settled. */
export function released({ op: { after: _, ...op }, local, rows }: PendingDelete): PendingDelete {
  return pendingDelete({ ...op, moved: true }, local, rows);
}
