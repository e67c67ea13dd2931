// tmail import: mail of other programs into an account's local folders. Beside an open screen its process does the work.
import { resolve } from 'node:path';
import { sentence } from '../app/messages.ts';
import { notes } from '../app/notes.ts';
import type { AccountConfig } from '../config/types.ts';
import type { AccountId } from '../mail/types.ts';
import type { Store } from '../store/types.ts';
import { ensureFolders } from '../sync/pop3/folders.ts';
import type { Progress } from '../sync/types.ts';
import { type AccountPart, accountsIn } from '../transfer/accounts-in.ts';
import { type ImportReport, importMail } from '../transfer/import.ts';
import { TmailError } from '../util/errors.ts';
import { usage } from './arguments.ts';
import { type Context, knownAccount, type Mail } from './context.ts';
import { readImport } from './door.ts';
import { findFolder } from './folders.ts';
import { jsonLine } from './output.ts';
import { progressLine } from './progress.ts';
import { DONE, statusOf, worst } from './status.ts';

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
  const { wanted, left } = await wantedOf(mail, resolve(args.words[0] ?? ''), args);
  for (const [account, text] of left) await output.err.line(text(account));
  const progress = progressLine(output.err);
  const statuses: number[] = [];
  try {
    for (const one of wanted) {
      const onProgress = (p: Progress) => progress.show(one.account, p);
      const report = await importSomewhere(mail, one, { signal, onProgress });
      await progress.clear();
      await print(context, report);
      statuses.push(report.error ? statusOf(report.error) : DONE);
      if (report.error) break;
    }
    return worst(statuses);
  } finally {
    await progress.clear();
  }
}

interface Parts {
  readonly wanted: readonly Wanted[];
  /** Accounts of the export that take nothing, and the line that says why. */
  readonly left: readonly (readonly [AccountId, (account: AccountId) => string])[];
}

/** An export of all accounts goes back account by account; everything else into one. */
async function wantedOf(mail: Mail, path: string, args: Context['args']): Promise<Parts> {
  const { config } = mail;
  const named = args.value('account');
  const folder = args.value('folder') ?? null;
  const parts = await accountsIn(path);
  if (parts === null) {
    const account = chosen(mail, named);
    mayTake(account);
    return { wanted: [{ account: account.id, path, folder }], left: [] };
  }
  const id = named === undefined ? undefined : knownAccount(config, named);
  const found = id === undefined ? parts : parts.filter(part => part.account === id);
  const protocol = (part: AccountPart) => config.accounts.find(({ id }) => id === part.account)?.protocol;
  const wanted = found
    .filter(part => protocol(part) === 'pop3')
    .map(part => ({ account: part.account, path: part.path, folder }));
  if (wanted.length === 0) {
    const [only] = found;
    const account = config.accounts.find(account => account.id === only?.account);
    if (account && found.length === 1) mayTake(account);
    const names = parts.map(part => part.account).join(', ');
    const [first] = parts;
    throw new TmailError('config', 'import.accounts', {
      facts: { path, names, first: first?.path, account: id },
    });
  }
  const left = found
    .filter(part => protocol(part) !== 'pop3')
    .map(part => [part.account, protocol(part) ? notes.importOfImap : notes.importOfUnknown] as const);
  return { wanted, left };
}

function mayTake({ id, protocol }: AccountConfig): void {
  if (protocol === 'pop3') return;
  throw new TmailError('rejected', 'import.imap', { retry: 'never', facts: { account: id } });
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
