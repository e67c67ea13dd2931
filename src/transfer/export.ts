// Mail out of the store, as other programs understand it: which folders go where, what was left out and why, and the
// promise that what is reported was read back. Changes nothing in the store.
import { basename, join } from 'node:path';
import { numbered, safeFileName } from '../mail/file-name.ts';
import { messageId } from '../mail/ids.ts';
import { maildirFolder } from '../mail/maildir.ts';
import type { LocalUid } from '../mail/types.ts';
import { Disk, errnoOf } from '../store/disk.ts';
import type { AccountStore, FolderRecord, FolderStore, RawStore } from '../store/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { type FileSystem, realFileSystem } from '../util/fsync.ts';
import { exportFiles } from './export-files.ts';
import { exportMbox } from './export-mbox.ts';
import { type Files, messageFiles } from './files.ts';
import { type Format, MARKER, type MarkedFolder, type Marker, markerText, readMarker } from './marker.ts';
import { type Absent, type Item, levelsOf } from './messages.ts';
import { onTarget, writeOwn } from './target.ts';

export interface ExportOptions {
  /** Opens what is durable of the account now; asked again when messages moved or went meanwhile. */
  readonly account: () => Promise<AccountStore>;
  /** Null: every folder. */
  readonly folder: FolderRecord | null;
  readonly format: Format;
  /** Absolute. */
  readonly to: string;
  readonly signal: AbortSignal;
  readonly onProgress: (folder: string, done: number, total: number) => void;
  readonly fs?: FileSystem;
  readonly files?: Files;
}

export interface ExportReport {
  readonly account: string;
  readonly format: Format;
  readonly to: string;
  /** Messages that are in the target now, each read back and compared with the checksum of its arrival. */
  verified: number;
  /** Of those, the ones that were written this time. */
  written: number;
  /** Bytes written. */
  bytes: number;
  folders: number;
  /** Messages whose body is not on this computer, and those of which only a part is. */
  notHere: number;
  partial: number;
  /** Files of the store that are missing or damaged. */
  readonly damaged: { readonly id: string; readonly error: TmailError }[];
  /** All folders were gone through. */
  complete: boolean;
  /** What ended it early. */
  error: TmailError | null;
}

/** What the export of one folder is given. */
export interface FolderJob {
  readonly disk: Disk;
  readonly files: Files;
  readonly raw: RawStore;
  readonly folder: FolderStore;
  readonly format: Format;
  /** The directory or the file. */
  readonly path: string;
  readonly signal: AbortSignal;
  readonly absent: Absent;
  /** Done in an earlier round. */
  skip(uid: LocalUid): boolean;
  /** Durable and compared. */
  count(item: Item, how: 'written' | 'there' | 'lost', size: number): void;
  /** For who watches: how many messages of the folder were gone through, durable or not. */
  working(done: number): void;
  /** False: not the message's fault. */
  lost(item: Item, error: unknown): boolean;
}

/** Rounds over the folders: a message that was moved meanwhile is found in the next. */
const ROUNDS = 4;

/**
 * Never rejects for what happens on the way: the report says what is complete. Repeatable into the same place.
 * @throws TmailError `export.exists` (path): something else is there, and nothing was written
 */
export async function exportMail(options: ExportOptions): Promise<ExportReport> {
  const disk = new Disk(options.fs ?? realFileSystem, true);
  const files = options.files ?? messageFiles();
  const first = await options.account();
  const report = emptyReport(first.id, options);
  const done = new Set<string>();
  try {
    await mayGoTo(disk, options, first.id);
    for (let round = 0, account = first; ; round++) {
      const gone = await exportOnce({ disk, files }, options, account, report, done, round);
      if (gone === 0) break;
      account = await options.account();
    }
    report.complete = true;
  } catch (thrown) {
    const error = options.signal.aborted ? new TmailError('cancelled', 'cancelled') : asTmailError(thrown);
    if (error.code === 'export.exists' && done.size === 0) throw error;
    report.error = error;
  } finally {
    if (!options.files) await files.close();
  }
  return report;
}

export function emptyReport(
  account: string,
  { format, to }: Pick<ExportOptions, 'format' | 'to'>,
): ExportReport {
  const counts = { verified: 0, written: 0, bytes: 0, folders: 0, notHere: 0, partial: 0 };
  return { account, format, to, ...counts, damaged: [], complete: false, error: null };
}

/** Returns how many messages are not here any more as they were when the folders were opened. */
async function exportOnce(
  on: { readonly disk: Disk; readonly files: Files },
  options: ExportOptions,
  account: AccountStore,
  report: ExportReport,
  done: Set<string>,
  round: number,
): Promise<number> {
  const { folder: only, format, signal } = options;
  const records = account.folders().filter(record => record.selectable && (!only || record.id === only.id));
  // All at one moment, before anything takes long: what moves between them is in one of them.
  const opened: FolderStore[] = [];
  for (const record of records) {
    const folder = await account.folder(record.id);
    await folder.loadAll();
    opened.push(folder);
  }
  const places = await placesOf(on.disk, options, account.id, records);
  let gone = 0;
  const absent: Absent = { notHere: 0, partial: 0 };
  report.folders = records.length;
  for (const [n, folder] of opened.entries()) {
    signal.throwIfAborted();
    const record = records[n];
    const path = places[n];
    if (!record || path === undefined) continue;
    let seen = 0;
    const show = (done: number) => options.onProgress(record.path, done, folder.length);
    const id = (uid: LocalUid) => messageId(record.id, uid);
    const job: FolderJob = {
      ...on,
      raw: account.raw,
      folder,
      format,
      path,
      signal,
      absent,
      skip: uid => done.has(id(uid)),
      count(item, how, size) {
        show(++seen);
        if (how === 'lost') return;
        done.add(id(item.uid));
        report.verified++;
        if (how === 'there') return;
        report.written++;
        report.bytes += size;
      },
      working: show,
      lost(item, thrown) {
        const error = asTmailError(thrown);
        if (error.code === 'raw.missing' && round < ROUNDS) gone++;
        else if (!/^raw\.|^disk\.io$/.test(error.code)) return false;
        else if (!done.has(id(item.uid))) {
          done.add(id(item.uid));
          report.damaged.push({ id: id(item.uid), error });
        }
        return true;
      },
    };
    await (format === 'mbox' ? exportMbox(job) : exportFiles(job));
  }
  report.notHere = absent.notHere;
  report.partial = absent.partial;
  return gone;
}

/** An mbox of one folder is a file; everything else is a directory. */
const isFile = ({ format, folder }: ExportOptions) => format === 'mbox' && folder !== null;

/** Refuses a place where something is that no earlier export of the same account and format left. */
async function mayGoTo(disk: Disk, options: ExportOptions, account: string): Promise<void> {
  const { to, format } = options;
  if (isFile(options)) return; // what is in the file tells
  const marker = await onTarget(to, () => readMarker(disk, to));
  await mustBeOurs(disk, to, marker?.account === account && marker.format === format);
}

/** @throws TmailError `export.exists` where there is more than nothing, unless it is ours */
export async function mustBeOurs(disk: Disk, to: string, ours: boolean): Promise<void> {
  const refused = () => new TmailError('config', 'export.exists', { facts: { path: to } });
  const names = await onTarget(to, () =>
    disk.fs.readdir(to).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return [];
      if (errnoOf(error) === 'ENOTDIR') throw refused();
      throw error;
    }),
  );
  // A crash may have left no more than the marker's own temporary file.
  const empty = names.every(name => name.startsWith(`${MARKER}.tmp-`));
  if (!ours && !empty) throw refused();
}

/** Where each folder goes. Names that were given once are kept; the marker that says so is durable first. */
async function placesOf(
  disk: Disk,
  options: ExportOptions,
  account: string,
  records: readonly FolderRecord[],
): Promise<string[]> {
  const { to, format } = options;
  if (isFile(options)) return records.map(() => to);
  const before = await readMarker(disk, to);
  const folders: MarkedFolder[] = [...(before?.folders ?? [])];
  const files = records.map(record => {
    const levels = levelsOf(record);
    const key = JSON.stringify(levels);
    const known = folders.find(folder => JSON.stringify(folder.levels) === key);
    if (known) return known.file;
    const file = freeName(format, options.folder !== null, record, levels, folders);
    folders.push({ levels, role: record.role, file });
    return file;
  });
  const marker: Marker = { account, format, folders };
  await onTarget(to, () => disk.makeDirectory(to));
  if (folders.length !== before?.folders.length) await writeOwn(disk, join(to, MARKER), markerText(marker));
  return files.map(file => join(to, file));
}

/** Letters that a disk may take for the same are the same here. */
const folded = (file: string) => file.normalize('NFC').toLowerCase();

function freeName(
  format: Format,
  single: boolean,
  record: FolderRecord,
  levels: readonly string[],
  taken: readonly MarkedFolder[],
): string {
  const isFree = (file: string) => !taken.some(folder => folded(folder.file) === folded(file));
  if ((single || (format === 'maildir' && record.role === 'inbox')) && isFree('')) return '';
  for (let n = 0; ; n++) {
    const file = nameOf(format, levels, n);
    if (isFree(file) && folded(basename(file)) !== MARKER) return file;
  }
}

function nameOf(format: Format, levels: readonly string[], n: number): string {
  if (format === 'maildir') {
    const whole = maildirFolder(levels);
    const name = Buffer.byteLength(whole) > 200 ? whole.slice(0, 180) : whole;
    return n === 0 ? name : `${name} ${n}`;
  }
  const names = levels.map(level => safeFileName(level.replaceAll('/', '_') || '_', 'folder', 1));
  const last = numbered(names.pop() ?? '_', n);
  // A folder and the folders in it stand side by side.
  return [...names, format === 'mbox' ? `${last}.mbox` : last].join('/');
}

/** For the store's memory of exports: all of the account that is here in full is in the target. */
export function isWhole(report: ExportReport, only: FolderRecord | null): boolean {
  return report.complete && only === null && report.damaged.length === 0;
}
