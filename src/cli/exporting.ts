// An export as the command line and the screen make it: through readers of what is durable, so that whoever has the
// mail open goes on, and noted where all of an account came out.
import type { AccountId } from '../mail/types.ts';
import type { AccountStore, ExportNote, FolderRecord } from '../store/types.ts';
import { type ExportReport, exportMail, isWhole } from '../transfer/export.ts';
import { exportAll } from '../transfer/export-all.ts';
import type { Format } from '../transfer/marker.ts';
import { TmailError } from '../util/errors.ts';
import type { OpenedStore } from './context.ts';
import { chosenFolder } from './folders.ts';

export interface Exporting {
  readonly reader: () => Promise<Pick<OpenedStore, 'accounts' | 'account' | 'close'>>;
  readonly format: Format;
  /** Absolute. */
  readonly to: string;
  readonly signal: AbortSignal;
  readonly onProgress: (account: AccountId, folder: string, done: number, total: number) => void;
  /** Remembers a whole export of an account, durably. */
  readonly note: (account: AccountId, note: ExportNote) => Promise<void>;
}

/** One account, or one folder of it, with `to` as its place. @throws TmailError `account.empty`, `folder.unknown`, `export.exists` */
export async function exportOne(
  id: AccountId,
  named: string | undefined,
  on: Exporting,
): Promise<ExportReport> {
  return withReaders(on, async account => {
    const first = await account(id);
    // Also without a folder: an account of which nothing is here is no backup.
    const inbox = chosenFolder(first, named ?? first.folders()[0]?.path);
    const folder: FolderRecord | null = named === undefined ? null : inbox;
    const report = await exportMail({
      account: () => account(id),
      folder,
      format: on.format,
      to: on.to,
      signal: on.signal,
      onProgress: (label, done, total) => on.onProgress(id, label, done, total),
    });
    if (isWhole(report, folder)) await on.note(id, noteOf(report, on.to, false));
    return report;
  });
}

/** Every account of which something is here, each in a folder of its name below `to`. @throws as `exportOne` */
export async function exportEvery(ids: readonly AccountId[], on: Exporting): Promise<ExportReport[]> {
  return withReaders(on, async account => {
    const filled: AccountId[] = [];
    for (const id of ids) if ((await account(id)).folders().length > 0) filled.push(id);
    if (filled.length === 0) {
      throw new TmailError('rejected', 'account.empty', { facts: { account: ids[0] } });
    }
    const accounts = filled.map(id => ({ id, open: () => account(id) }));
    const reports = await exportAll({ ...on, accounts });
    for (const report of reports) {
      if (isWhole(report, null)) await on.note(report.account, noteOf(report, on.to, true));
    }
    return reports;
  });
}

function noteOf({ verified, format }: ExportReport, to: string, all: boolean): ExportNote {
  return { at: Date.now(), messages: verified, format, to, ...(all ? { all } : {}) };
}

/** Each account from a reader of its own age: what moved meanwhile is looked for in a new one. */
async function withReaders<T>(
  { reader }: Exporting,
  work: (account: (id: AccountId) => Promise<AccountStore>) => Promise<T>,
): Promise<T> {
  let open: Awaited<ReturnType<typeof reader>> | null = null;
  const close = async () => {
    const old = open;
    open = null;
    await old?.close();
  };
  try {
    return await work(async id => {
      await close();
      open = await reader();
      return await open.account(id);
    });
  } finally {
    await close();
  }
}
