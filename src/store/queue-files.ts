// queue.json and its copy. Nothing else could bring a queued operation back, so a damaged file must not be the only
// one. Knows nothing of what the operations do.
import { join } from 'node:path';
import { type Disk, together } from './disk.ts';
import { openJson, type ReportDamage, writeJson } from './json.ts';
import { isQueueFile, type QueueFile } from './shapes.ts';

/** 1: before there were copies and operations on folders. */
export const QUEUE_VERSION = 2;

export interface QueueFiles {
  readonly found: QueueFile;
  /** Durable when it resolves. */
  write(file: QueueFile): Promise<void>;
}

export async function openQueueFiles(options: {
  readonly dir: string;
  readonly disk: Disk;
  readonly now: () => number;
  readonly damaged: ReportDamage;
}): Promise<QueueFiles> {
  const { dir, disk, now, damaged } = options;
  const paths = [join(dir, 'queue.json'), join(dir, 'queue.copy.json')];
  const open = (path: string) =>
    openJson<QueueFile>({
      disk,
      path,
      check: isQueueFile,
      fallback: () => ({ v: QUEUE_VERSION, ops: [] }),
      version: QUEUE_VERSION,
      damaged,
      now,
    });
  const opened = await Promise.all(paths.map(open));
  const good = opened.find(({ found }) => found === 'good');
  const write = async (file: QueueFile) => {
    await together(paths.map(path => writeJson(disk, path, file, false)));
    await disk.syncDirectory(dir);
  };
  const found = good?.low.data ?? { v: QUEUE_VERSION, ops: [] };
  const both = opened.every(file => file.found === (good ? 'good' : 'absent'));
  if (disk.writable && !both) await write(found);
  return { found, write };
}
