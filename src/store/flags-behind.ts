// What messages are marked with, through everything that waits behind an operation: they may have gone on since. The
// queue only, no folder.
import type { FolderId, LocalUid } from '../mail/types.ts';
import { flagBits, flagNames } from './flags.ts';
import type { Row } from './moves.ts';
import {
  applyTo,
  isDelete,
  isFlags,
  isTransfer,
  type OperationQueue,
  pendingDelete,
  pendingTransfer,
} from './queue.ts';

export type NamesByFolder = Map<FolderId, Map<LocalUid, readonly string[]>>;

/**
 * Messages of a folder are marked so when this operation is not made: whatever follows it says and knows so from now
 * on. Returns where they are in the end, with what they are marked with there.
 */
export function flagsBehind(
  queue: OperationQueue,
  id: string,
  folder: FolderId,
  before: ReadonlyMap<LocalUid, readonly string[]>,
  keywordsOf: (folder: FolderId) => string[] | undefined,
): NamesByFolder {
  const now: NamesByFolder = new Map([[folder, new Map(before)]]);
  for (const pending of queue.behind(id)) {
    const there = now.get(pending.op.folder);
    if (!there || there.size === 0 || ![...pending.index.keys()].some(uid => there.has(uid))) continue;
    if (isFlags(pending)) {
      const keywords = keywordsOf(pending.op.folder) ?? [];
      for (const [uid, i] of pending.index) {
        const names = there.get(uid);
        if (!names) continue;
        const flags = flagBits(names, keywords);
        pending.was[i] = flags;
        queue.touched.add(pending.op.id);
        there.set(uid, flagNames(applyTo(flags, pending, keywords), keywords));
      }
    } else if (isTransfer(pending)) {
      const { t, to, landing } = pending.op;
      const rows = pending.rows.map((row, i) => marked(row, there.get(pending.op.targets[i]?.uid ?? 0)));
      const landed = now.get(to) ?? new Map<LocalUid, readonly string[]>();
      now.set(to, landed);
      for (const [uid, i] of pending.index) {
        const names = there.get(uid);
        if (!names) continue;
        if (t === 'move') there.delete(uid);
        landed.set(landing[i] ?? 0, names);
      }
      queue.replace(pending.op.id, pendingTransfer(pending.op, rows, pending.local));
    } else if (isDelete(pending)) {
      const rows = pending.rows?.map(
        (row, i) => row && marked(row, there.get(pending.op.targets[i]?.uid ?? 0)),
      );
      for (const uid of pending.index.keys()) there.delete(uid);
      queue.replace(pending.op.id, pendingDelete(pending.op, pending.local, rows ?? null));
    }
  }
  return now;
}

const marked = (row: Row, flags: readonly string[] | undefined): Row => (flags ? { ...row, flags } : row);
