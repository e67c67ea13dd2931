// tmail sync: push what is queued, pull, end. Beside an open screen its process does the work.
import { warningText } from '../app/maildrop.ts';
import { sentence } from '../app/messages.ts';
import { notes } from '../app/notes.ts';
import type { AccountConfig } from '../config/types.ts';
import type { AccountStore, Store } from '../store/types.ts';
import type { Progress, SyncReport } from '../sync/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { type Context, knownAccount, type Mail, ownerOrNull } from './context.ts';
import { readReport } from './door.ts';
import { chosenFolder } from './folders.ts';
import { jsonLine } from './output.ts';
import { progressLine } from './progress.ts';
import { statusOf, worst } from './status.ts';

export async function sync(context: Context): Promise<number> {
  const { args, output, signal } = context;
  const mail = await context.mail();
  const accounts = chosen(mail, args.values('account'));
  const store = await ownerOrNull(mail);
  const progress = progressLine(output.err);
  const folder = args.value('folder') ?? null;
  try {
    const statuses = await Promise.all(
      accounts.map(async account => {
        const onProgress = (p: Progress) => progress.show(account.id, p);
        const job = { mail, account, folder, agree: args.has('agree'), signal, onProgress };
        const report = store ? await syncHere(store, job) : await syncThere(job);
        await progress.clear();
        await print(context, report);
        return worst(report.errors.map(statusOf));
      }),
    );
    return worst(statuses);
  } finally {
    await progress.clear();
    await store?.close();
  }
}

function chosen(mail: Mail, named: readonly string[]): AccountConfig[] {
  const { accounts } = mail.config;
  if (named.length === 0) {
    const enabled = accounts.filter(account => !account.disabled);
    if (enabled.length === 0) throw new TmailError('config', 'account.none');
    return enabled;
  }
  const ids = new Set(named.map(name => knownAccount(mail.config, name)));
  const wanted = accounts.filter(account => ids.has(account.id));
  const disabled = wanted.find(account => account.disabled);
  if (disabled) throw new TmailError('config', 'account.disabled', { facts: { account: disabled.id } });
  return wanted;
}

interface Job {
  readonly mail: Mail;
  readonly account: AccountConfig;
  readonly folder: string | null;
  readonly agree: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** Never throws for one account's trouble: the others go on. */
async function syncHere(
  store: Store,
  { mail, account, folder, agree, signal, onProgress }: Job,
): Promise<SyncReport> {
  try {
    const kept = await store.account(account.id);
    // Before the first sync no folder is known; then all of them are fetched.
    const only = folder !== null && kept.folders().length > 0 ? chosenFolder(kept, folder).id : null;
    const engine = await mail.engine(account.id, store);
    const stop = () => void engine.stop();
    signal.addEventListener('abort', stop);
    try {
      if (agree) await engine.agree?.();
      const out = await sendWaiting(mail, store, kept, signal);
      const report = await engine.syncOnce(only, onProgress);
      signal.throwIfAborted();
      return { ...report, sent: out.sent, errors: [...report.errors, ...out.errors] };
    } finally {
      signal.removeEventListener('abort', stop);
      await engine.stop();
    }
  } catch (error) {
    signal.throwIfAborted();
    return failed(account, asTmailError(error));
  }
}

/** Before the rest: what is filed of it goes up with that. */
async function sendWaiting(
  mail: Mail,
  store: Store,
  kept: AccountStore,
  signal: AbortSignal,
): Promise<Pick<SyncReport, 'sent' | 'errors'>> {
  if (!kept.outbox?.records().length) return { sent: 0, errors: [] };
  const outgoing = await mail.outgoing(store);
  const stop = () => void outgoing.close();
  signal.addEventListener('abort', stop);
  try {
    return await outgoing.sendAll([kept.id]);
  } finally {
    signal.removeEventListener('abort', stop);
    await outgoing.close();
  }
}

async function syncThere({ mail, account, folder, agree, signal, onProgress }: Job): Promise<SyncReport> {
  const request = { t: 'sync', account: account.id, folder, ...(agree && { agree }) } as const;
  try {
    return await readReport(mail.knock(request), progress => {
      signal.throwIfAborted(); // hangs up; the owner goes on for itself
      onProgress(progress);
    });
  } catch (error) {
    signal.throwIfAborted();
    return failed(account, asTmailError(error));
  }
}

function failed(account: AccountConfig, error: TmailError): SyncReport {
  const none = { received: 0, sent: 0, pushed: 0, deletedOnServer: 0, onServer: 0 };
  return { account: account.id, protocol: account.protocol, ...none, errors: [error] };
}

async function print({ args, output }: Context, report: SyncReport): Promise<void> {
  for (const error of report.errors) await output.err.line(sentence(error, { account: report.account }));
  const warnings = (report.warnings ?? []).map(warning => ({
    code: warning.t,
    count: warning.count,
    held: 'held' in warning && warning.held,
    message: `${report.account}: ${warningText(warning)}`,
  }));
  const { alerts = [] } = report;
  for (const { message } of warnings) await output.err.line(message);
  for (const text of alerts) await output.err.line(notes.serverAlert(report.account, text));
  if (args.has('json')) {
    const { account, protocol, received, sent, pushed, deletedOnServer, onServer } = report;
    const errors = report.errors.map(error => ({
      code: error.code,
      kind: error.kind,
      retry: error.retry,
      message: sentence(error, { account }),
    }));
    await output.out.bytes(
      jsonLine({
        account,
        protocol,
        received,
        sent,
        pushed,
        deletedOnServer,
        onServer,
        errors,
        ...(warnings.length > 0 && { warnings }),
        ...(alerts.length > 0 && { alerts }),
      }),
    );
  } else if (report.errors.length === 0) {
    await output.out.line(notes.synced(report));
  }
}
