// tmail import: mail of other programs into an account's folders, and on to its server where they are a server's. Beside
// an open screen its process does the work.
import { resolve } from 'node:path';
import { sentence } from '../app/messages.ts';
import { notes } from '../app/notes.ts';
import type { AccountConfig, Config } from '../config/types.ts';
import type { AccountId, FolderId } from '../mail/types.ts';
import type { Store } from '../store/types.ts';
import { ensureFolders } from '../sync/pop3/folders.ts';
import type { Progress } from '../sync/types.ts';
import { type AccountPart, accountsIn } from '../transfer/accounts-in.ts';
import { type ImportReport, importMail } from '../transfer/import.ts';
import type { Uploading } from '../transfer/upload.ts';
import { TmailError } from '../util/errors.ts';
import { usage } from './arguments.ts';
import { type Context, knownAccount, type Mail, ownerOrNull } from './context.ts';
import { readImport } from './door.ts';
import { findFolder } from './folders.ts';
import { jsonLine } from './output.ts';
import { progressLine } from './progress.ts';
import { push } from './pushing.ts';
import { DONE, FAILED, statusOf, worst } from './status.ts';

interface Wanted {
  readonly account: AccountId;
  /** Absolute. */
  readonly path: string;
  readonly folder: string | null;
  /** The account's folders are a server's. */
  readonly upload: boolean;
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
      const print = (report: ImportReport) => progress.clear().then(() => printReport(context, report));
      const { error, refused } = await importSomewhere(mail, one, { output, signal, onProgress, print });
      await progress.clear();
      for (const each of refused) await output.err.line(sentence(each, { account: one.account }));
      statuses.push(error ? statusOf(error) : refused.length > 0 ? FAILED : DONE);
      if (error) break;
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
  const wants = (account: AccountId, path: string): Wanted => ({
    account,
    path,
    folder,
    upload: protocolOf(config, account) === 'imap',
  });
  if (parts === null) return { wanted: [wants(chosen(mail, named).id, path)], left: [] };
  const id = named === undefined ? undefined : knownAccount(config, named);
  const found = id === undefined ? parts : parts.filter(part => part.account === id);
  // What a server has comes from there; it is sent there only by name.
  const takes = ({ account }: AccountPart) => {
    const protocol = protocolOf(config, account);
    return protocol === 'pop3' || (protocol === 'imap' && account === id);
  };
  const wanted = found.filter(takes).map(part => wants(part.account, part.path));
  if (wanted.length === 0) {
    const names = parts.map(part => part.account).join(', ');
    const [first] = parts;
    throw new TmailError('config', 'import.accounts', {
      facts: { path, names, first: first?.path, account: id },
    });
  }
  const left = found
    .filter(part => !takes(part))
    .map(
      ({ account }) =>
        [account, protocolOf(config, account) ? notes.importOfImap : notes.importOfUnknown] as const,
    );
  return { wanted, left };
}

function protocolOf({ accounts }: Config, account: AccountId): AccountConfig['protocol'] | undefined {
  return accounts.find(({ id }) => id === account)?.protocol;
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

interface Done {
  readonly error: TmailError | null;
  /** By the server. */
  readonly refused: readonly TmailError[];
}

interface Watching extends Watched {
  readonly output: Context['output'];
  readonly print: (report: ImportReport) => Promise<void>;
}

async function importSomewhere(mail: Mail, wanted: Wanted, watching: Watching): Promise<Done> {
  const { signal, onProgress, output, print } = watching;
  const store = await ownerOrNull(mail);
  if (!store) {
    const report = await readImport(mail.knock({ t: 'import', ...wanted }), progress => {
      signal.throwIfAborted(); // hangs up; the owner stops as well
      onProgress(progress);
    });
    await print(report);
    return { error: report.error, refused: [] };
  }
  try {
    const list = (folder: FolderId) => listNow(mail, store, wanted.account, folder);
    const report = await importInto(store, wanted, { signal, onProgress, list });
    await print(report);
    if (!wanted.upload || signal.aborted) return { error: report.error, refused: [] };
    const onLeft = (total: number) => onProgress({ label: 'uploading, to go:', done: total, total: 0 });
    const refused = await push(mail, store, wanted.account, { output, signal, within: null, onLeft });
    return { error: report.error, refused };
  } finally {
    await store.close();
  }
}

/** A first look at a folder that this computer has not seen yet. */
async function listNow(mail: Mail, store: Store, account: AccountId, folder: FolderId): Promise<void> {
  const engine = await mail.engine(account, store);
  try {
    await engine.syncOnce(folder);
  } finally {
    await engine.stop();
  }
}

/** In the process that owns the store. Durable when it resolves. */
export async function importInto(
  store: Store,
  { account: id, path, folder, upload }: Wanted,
  { signal, onProgress, list }: Watched & Uploading,
): Promise<ImportReport> {
  const account = await store.account(id);
  if (!upload) await ensureFolders(account);
  else if (account.folders().length === 0) {
    throw new TmailError('rejected', 'account.empty', { facts: { account: id } });
  }
  const report = await importMail({
    path,
    account,
    folder: folder === null ? null : (findFolder(account.folders(), folder) ?? folder),
    ...(upload && { upload: { list } }),
    signal,
    onProgress: (label, done) => onProgress({ label, done, total: 0 }),
    now: Date.now,
  });
  await store.flush();
  return report;
}

async function printReport({ args, output }: Context, report: ImportReport): Promise<void> {
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
