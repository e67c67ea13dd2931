// The mail of all accounts in one place: each account is an export of its own in a folder of its name, so that each
// can be read, repeated and imported alone.
import { join } from 'node:path';
import type { AccountId } from '../mail/types.ts';
import { Disk } from '../store/disk.ts';
import type { AccountStore } from '../store/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { realFileSystem } from '../util/fsync.ts';
import { type ExportReport, emptyReport, exportMail, mustBeOurs } from './export.ts';
import { messageFiles } from './files.ts';
import { type Format, MARKER, readRootMarker, rootMarkerText } from './marker.ts';
import { onTarget, writeOwn } from './target.ts';

export interface ExportAllOptions {
  /** Those of which something is here; `open` as `ExportOptions.account`. Ids are names that every disk takes. */
  readonly accounts: readonly { readonly id: AccountId; readonly open: () => Promise<AccountStore> }[];
  readonly format: Format;
  /** Absolute. */
  readonly to: string;
  readonly signal: AbortSignal;
  readonly onProgress: (account: AccountId, folder: string, done: number, total: number) => void;
}

/**
 * One report an account, in their order, up to the one that was stopped or whose target failed. Repeatable.
 * @throws TmailError `export.exists` (path): something else is there, and nothing was written
 */
export async function exportAll(options: ExportAllOptions): Promise<ExportReport[]> {
  const { accounts, format, to, signal, onProgress } = options;
  const disk = new Disk(realFileSystem, true);
  const before = await onTarget(to, () => readRootMarker(disk, to));
  await mustBeOurs(disk, to, before?.format === format);
  const known = before?.accounts ?? [];
  const added = accounts
    .filter(({ id }) => !known.some(({ account }) => account === id))
    .map(({ id }) => ({ account: id, file: id }));
  await onTarget(to, () => disk.makeDirectory(to));
  if (added.length > 0) {
    await writeOwn(disk, join(to, MARKER), rootMarkerText({ format, accounts: [...known, ...added] }));
  }
  const files = messageFiles();
  const reports: ExportReport[] = [];
  try {
    for (const { id, open } of accounts) {
      const place = join(to, known.find(({ account }) => account === id)?.file ?? id);
      const report = await exportMail({
        account: open,
        folder: null,
        format,
        to: place,
        signal,
        onProgress: (folder, done, total) => onProgress(id, folder, done, total),
        files,
      }).catch((thrown): ExportReport => {
        const error = signal.aborted ? new TmailError('cancelled', 'cancelled') : asTmailError(thrown);
        return { ...emptyReport(id, { format, to: place }), error };
      });
      reports.push(report);
      // What fails at the target fails for the next as well.
      if (report.error) break;
    }
    return reports;
  } finally {
    await files.close();
  }
}
