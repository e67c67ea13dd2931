// Whether all that a folder has on its server is known here. Pure.
import type { FolderStore } from './types.ts';

export function isListed({ record, sync, length }: FolderStore): boolean {
  if (!record.selectable || !record.remote || record.serverPath === null) return true;
  return sync.filledDownTo === 1 || (record.counts.total === 0 && length === 0);
}
