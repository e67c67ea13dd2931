// tmail import: mail of other programs into an account's local folders. Beside an open screen its process does the work.
import { resolve } from 'node:path';
import { sentence } from '../app/messages.ts';
import { notes } from '../app/notes.ts';
import type { AccountConfig } from '../config/types.ts';
import type { AccountId } from '../mail/types.ts';
import type { Store } from '../store/types.ts';
import { ensureFolders } from '../sync/pop3/folders.ts';
import type { Progress } from '../sync/types.ts';
import { type ImportReport, importMail } from '../transfer/import.ts';
import { TmailError } from '../util/errors.ts';
import { usage } from './arguments.ts';
import { type Context, knownAccount, type Mail } from './context.ts';
import { readImport } from './door.ts';
import { findFolder } from './folders.ts';
import { jsonLine } from './output.ts';
import { progressLine } from './progress.ts';
import { DONE, statusOf } from './status.ts';

interface Wanted {
  readonly account: AccountId;
  /** Absolute. */
  readonly path: string;
  readonly folder: string | null;
}

interface Watched {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export async function importCommand(context: Context): Promise<number> {
  const { args, output, signal } = context;
  const mail = await context.mail();
  const account = chosen(mail, args.value('account'));
  if (account.protocol !== 'pop3') {
    throw new TmailError('rejected', 'import.imap', { retry: 'never', facts: { account: account.id } });
  }
  const wanted = {
    account: account.id,
    path: resolve(args.words[0] ?? ''),
    folder: args.value('folder') ?? null,
  };
  const progress = progressLine(output.err);
  const onProgress = (p: Progress) => progress.show(account.id, p);
  try {
    const report = await importSomewhere(mail, wanted, { signal, onProgress });
    await progress.clear();
    await print(context, report);
    return report.error ? statusOf(report.error) : DONE;
  } finally {
    await progress.clear();
  }
}

/** Mail in the wrong account is hard to take out again: it is named, unless there is only one. */
function chosen({ config }: Mail, named: string | undefined): AccountConfig {
  const id = named === undefined ? undefined : knownAccount(config, named);
  const found = config.accounts.find(account => account.id === (id ?? config.accounts[0]?.id));
  if (!found || (id === undefined && config.accounts.length > 1)) {
    const expected = 'the account that takes the mail';
    throw usage('cli.option-missing', 'import', { option: '--account', expected });
  }
  return found;
}

async function importSomewhere(mail: Mail, wanted: Wanted, watched: Watched): Promise<ImportReport> {
  let store: Store;
  try {
    store = await mail.owner();
  } catch (error) {
    if (!(error instanceof TmailError) || error.code !== 'store.locked') throw error;
    const lines = mail.knock({ t: 'import', ...wanted });
    return await readImport(lines, progress => {
      watched.signal.throwIfAborted(); // hangs up; the owner stops as well
      watched.onProgress(progress);
    });
  }
  try {
    return await importInto(store, wanted, watched);
  } finally {
    await store.close();
  }
}

/** In the process that owns the store. Durable when it resolves. */
export async function importInto(
  store: Store,
  { account: id, path, folder }: Wanted,
  { signal, onProgress }: Watched,
): Promise<ImportReport> {
  const account = await store.account(id);
  await ensureFolders(account);
  const report = await importMail({
    path,
    account,
    folder: folder === null ? null : (findFolder(account.folders(), folder) ?? folder),
    signal,
    onProgress: (label, done) => onProgress({ label, done, total: 0 }),
    now: Date.now,
  });
  await store.flush();
  return report;
}

async function print({ args, output }: Context, report: ImportReport): Promise<void> {
  const { account, error, refusedNames, refused, tooLarge, otherFiles } = report;
  for (const { name, reason } of refusedNames) {
    await output.err.line(notes.importRefused(account, name, reason));
  }
  for (const text of notes.importPassed(report)) await output.err.line(text);
  if (error && error.kind !== 'cancelled') await output.err.line(sentence(error, { account }));
  if (error && (report.imported > 0 || error.kind === 'cancelled'))
    await output.err.line(notes.importStopped(report));
  if (args.has('json')) {
    const { path, complete, imported, duplicates, bytes, folders } = report;
    const errors = error
      ? [{ code: error.code, kind: error.kind, retry: error.retry, message: sentence(error, { account }) }]
      : [];
    const counts = { imported, duplicates, bytes, folders, refused, tooLarge, otherFiles };
    await output.out.bytes(jsonLine({ account, path, complete, ...counts, errors }));
  } else if (!error) await output.out.line(notes.imported(report));
}
