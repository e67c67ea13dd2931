// Mail of other programs, and exports of our own, into the folders of an account: each message once, with its flags and
// its date. Killed at any moment and repeated, nothing is lost and nothing is doubled. Where the folders are a server's,
// what is new is queued for it (upload.ts).
import { envelopeOf } from '../mail/headers.ts';
import type { LocalUid, RawRef, RemoteRef } from '../mail/types.ts';
import type { AccountStore, FolderRecord, NewMessage } from '../store/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { MESSAGE_BYTES } from '../util/limits.ts';
import { messageFiles } from './files.ts';
import { namesIn, openTarget, type Target, targetOf } from './import-target.ts';
import { type FoundFolder, foldersIn } from './source.ts';
import type { FoundMessage } from './source-messages.ts';
import type { Passed } from './source-paths.ts';
import { arrivalOf, type Taken, take } from './taken.ts';
import { addMarks, marksOf, type Uploading, uploadAll } from './upload.ts';

/** Messages that become durable in one step, and the bytes of them in memory; the next are read meanwhile. */
const BATCH = 1000;
const BATCH_BYTES = 16 * 1024 * 1024;

export interface ImportOptions {
  /** Absolute. */
  readonly path: string;
  readonly account: AccountStore;
  /** Where the mail goes: an existing folder, or the path of one to be made; null: as the source says. */
  readonly folder: FolderRecord | string | null;
  /** The account's folders are a server's: what is imported goes there. Absent: they are here. */
  readonly upload?: Uploading;
  readonly signal: AbortSignal;
  readonly onProgress: (folder: string, done: number) => void;
  readonly now: () => number;
  /** Messages in one step. */
  readonly batch?: number;
}

export interface ImportReport {
  readonly account: string;
  readonly path: string;
  /** Durable here now, with flags and dates, and queued where a server takes it. */
  imported: number;
  /** The same message was in the folder already. */
  duplicates: number;
  bytes: number;
  folders: number;
  /** Links, pipes and files that can't be read; the first hundred by name. */
  refused: number;
  readonly refusedNames: readonly { readonly name: string; readonly reason: string }[];
  /** Messages larger than any mail (MESSAGE_BYTES). */
  tooLarge: number;
  /** Plain files that are no mail. */
  otherFiles: number;
  complete: boolean;
  error: TmailError | null;
}

/**
 * Never rejects for what happens on the way: the report says what came.
 * @throws TmailError `import.not-found`, `import.not-mail`, `import.not-mbox` (path): nothing was changed
 */
export async function importMail(options: ImportOptions): Promise<ImportReport> {
  const { account, path, signal } = options;
  const passed: Passed = { refused: [], refusedCount: 0, otherFiles: 0 };
  const report: ImportReport = {
    account: account.id,
    path,
    imported: 0,
    duplicates: 0,
    bytes: 0,
    folders: 0,
    refused: 0,
    refusedNames: passed.refused,
    tooLarge: 0,
    otherFiles: 0,
    complete: false,
    error: null,
  };
  const files = messageFiles();
  try {
    // What a crash left becomes messages first: imported again beside it, it would be here twice.
    await account.recovered?.();
    const firstFile = await account.raw.firstNew();
    let unfinished: number | null = null;
    let names: Set<string> | null = null;
    for await (const found of foldersIn(path, passed, files)) {
      signal.throwIfAborted();
      unfinished ??= (await account.exports?.importBegins(firstFile)) ?? firstFile;
      const { folder, upload } = options;
      const record = await targetOf({ account, folder, upload: upload !== undefined }, found);
      const own = found.account === account.id;
      if (own) names ??= await namesIn(account);
      const into = await openTarget(account, record, unfinished, own ? names : null);
      if (options.upload) await addMarks(into, options.upload, account.id);
      report.folders++;
      await takeFolder(options, found, into, report);
    }
    if (report.folders === 0) throw new TmailError('config', 'import.not-mail', { facts: { path } });
    await account.exports?.importEnded();
    report.complete = true;
  } catch (thrown) {
    const error = signal.aborted ? new TmailError('cancelled', 'cancelled') : importError(thrown);
    if (report.folders === 0 && error.code.startsWith('import.not-')) throw error;
    report.error = error;
  } finally {
    await files.close();
  }
  report.refused = passed.refusedCount;
  report.otherFiles = passed.otherFiles;
  return report;
}

function importError(thrown: unknown): TmailError {
  const error = asTmailError(thrown);
  if (error.code !== 'disk.full') return error;
  return new TmailError('storage', 'import.full', { facts: error.facts, cause: error });
}

async function takeFolder(
  options: ImportOptions,
  found: FoundFolder,
  into: Target,
  report: ImportReport,
): Promise<void> {
  const { batch: most = BATCH } = options;
  const upload = options.upload !== undefined;
  let batch: Taken[] = [];
  let bytes = 0;
  let seen = 0;
  let mend: NewMessage[] = [];
  let keeping = Promise.resolve();
  const commit = async () => {
    const taken = batch;
    const put = mend;
    batch = [];
    mend = [];
    bytes = 0;
    await keeping;
    keeping = (async () => {
      if (put.length > 0) await into.folder.apply({ put }, 'now');
      await (upload ? send : keep)(options, into, taken, report);
    })();
    keeping.catch(() => undefined); // the next step says it, or the end
    // Large ones are read again from the source, which is at this message now.
    if (taken.some(({ whole }) => whole === null)) await keeping;
  };
  try {
    for await (const message of found.messages()) {
      if (options.signal.aborted) break;
      options.onProgress(into.path, ++seen);
      const taken = message.size > MESSAGE_BYTES ? null : await take(message, upload, options.now());
      if (!taken) {
        report.tooLarge++;
        continue;
      }
      const known = into.here.take([taken.sha256, ...(taken.upload ? marksOf(taken.upload) : [])]);
      if (known !== undefined) {
        report.duplicates++;
        const back = taken.upload ? null : mended(options, into, known, taken);
        if (back && mend.push(back) >= most) await commit();
        continue;
      }
      batch.push(taken);
      bytes += taken.whole?.length ?? 0;
      if (!taken.whole || batch.length >= most || bytes >= BATCH_BYTES) await commit();
    }
    // A source that can't be read any further still gave what it gave.
    await commit();
  } finally {
    await keeping;
  }
  options.signal.throwIfAborted();
}

async function send(
  { account }: ImportOptions,
  into: Target,
  batch: readonly Taken[],
  report: ImportReport,
): Promise<void> {
  const uploads = batch.flatMap(({ upload }) => upload ?? []);
  const { done, bytes, error } = await uploadAll(account, into, uploads);
  report.imported += done;
  report.bytes += bytes;
  if (error) throw error;
}

/** Files first, then the rows that name them; durable when it resolves. */
async function keep(
  { account, now }: ImportOptions,
  into: Target,
  batch: readonly Taken[],
  report: ImportReport,
): Promise<void> {
  if (batch.length === 0) return;
  const { folder, id } = into;
  const first = folder.reserve(batch.length);
  const remotes = batch.map(({ found }) => remoteOf(found, into));
  const written = await Promise.allSettled(
    batch.map((taken, n) => {
      const owner = { folder: id, uid: first + n, remote: remotes[n] ?? null, partial: false };
      return account.raw.write(taken.whole ?? taken.found.bytes(), owner);
    }),
  );
  const put: NewMessage[] = [];
  for (const [n, taken] of batch.entries()) {
    const outcome = written[n];
    if (outcome?.status !== 'fulfilled') continue;
    const uid = first + n;
    if (!taken.whole) await mustBe(account, outcome.value, taken);
    put.push(messageOf(taken, { uid, remote: remotes[n] ?? null, raw: outcome.value }, now()));
    report.bytes += taken.size;
  }
  await folder.apply({ put }, 'now');
  report.imported += put.length;
  for (const outcome of written) if (outcome.status === 'rejected') throw outcome.reason;
}

/** A large message was read twice: the file may have changed in between. */
async function mustBe(account: AccountStore, raw: RawRef, { sha256, found }: Taken): Promise<void> {
  const checksum = await account.raw.checksum(raw);
  if (!checksum || checksum.sha256 === sha256) return;
  await account.raw.remove(raw);
  throw new TmailError('rejected', 'import.changed', { facts: { path: found.name } });
}

/** With it the next check of the maildrop knows the message again, and neither fetches nor forgets it. */
function remoteOf({ uidl }: FoundMessage, { names }: Target): RemoteRef | null {
  if (!uidl || !names || names.has(uidl)) return null;
  names.add(uidl);
  return { t: 'pop3', uidl };
}

function messageOf(
  { found, size, header, attachments }: Taken,
  place: { readonly uid: LocalUid; readonly remote: RemoteRef | null; readonly raw: RawRef },
  now: number,
): NewMessage {
  const envelope = envelopeOf(header, { size, arrival: arrivalOf(found, now), attachments });
  return { ...place, flags: found.flags, envelope };
}

/** For a message that a crash left without its row and that came back without flags and dates; null: not so. */
function mended(
  { now }: ImportOptions,
  { folder, unfinished, names }: Target,
  uid: LocalUid,
  taken: Taken,
): NewMessage | null {
  const raw = folder.raw(uid);
  const remote = folder.remote(uid) ?? null;
  // Not one that came from the server itself, and not one that somebody has looked at since.
  const same = remote === null || (remote.t === 'pop3' && names !== null && remote.uidl === taken.found.uidl);
  if (!raw || raw.n < unfinished || folder.flags(uid) !== 0 || !same) return null;
  return messageOf(taken, { uid, remote, raw }, now());
}
