// tmail export: the mail that is here, as mbox, Maildir or .eml files. Reads the store beside whoever has it open.
import { resolve } from 'node:path';
import { sentence } from '../app/messages.ts';
import { notes } from '../app/notes.ts';
import type { AccountId } from '../mail/types.ts';
import type { ExportNote } from '../store/types.ts';
import type { ExportReport } from '../transfer/export.ts';
import { FORMATS } from '../transfer/marker.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { usage } from './arguments.ts';
import { type Context, chosenAccount, type Mail, type OpenedStore } from './context.ts';
import { type Exporting, exportEvery, exportOne } from './exporting.ts';
import { jsonLine } from './output.ts';
import { progressLine } from './progress.ts';
import { DONE, FAILED, statusOf, worst } from './status.ts';

export async function exportCommand(context: Context): Promise<number> {
  const { args, output, signal } = context;
  const expected = FORMATS.join(', ');
  const wanted = args.value('format');
  if (wanted === undefined) throw usage('cli.option-missing', 'export', { option: '--format', expected });
  const format = FORMATS.find(known => known === wanted);
  if (!format) throw usage('cli.number', 'export', { option: '--format', expected: `one of ${expected}` });
  const to = args.value('to');
  if (to === undefined) throw usage('cli.option-missing', 'export', { option: '--to', expected: 'where to' });
  const mail = await context.mail();
  const named = args.value('account');
  const folder = args.value('folder');
  // One folder is one account's.
  const one = named !== undefined || folder !== undefined;
  const ids = one ? [chosenAccount(mail.config, named)] : mail.config.accounts.map(account => account.id);
  await putInOrder(mail, ids);
  const progress = progressLine(output.err);
  const exporting: Exporting = {
    reader: mail.reader,
    format,
    to: resolve(to),
    signal,
    onProgress: (id, label, done, total) => progress.show(id, { label, done, total }),
    note: (id, note) => remember(context, mail, id, note),
  };
  let reports: readonly ExportReport[];
  try {
    const [id] = ids;
    reports =
      one && id !== undefined ? [await exportOne(id, folder, exporting)] : await exportEvery(ids, exporting);
  } finally {
    await progress.clear();
  }
  for (const report of reports) await print(context, report);
  return worst(
    reports.map(({ error, damaged }) => {
      if (error) return statusOf(error);
      return damaged.length > 0 ? FAILED : DONE;
    }),
  );
}

/**
 * What a crash left becomes messages before they are counted; beside an open tmail that one has done it. On a disk that
 * may only be read nobody can: what is in order is exported all the same, the sooner the better.
 */
async function putInOrder(mail: Mail, ids: readonly AccountId[]): Promise<void> {
  const reader = await mail.reader();
  const known = ids.filter(id => reader.accounts().includes(id));
  await reader.close();
  if (known.length === 0) return;
  try {
    await asOwner(mail, async store => {
      for (const id of known) await (await store.account(id)).recovered?.();
    });
  } catch (error) {
    if (!(error instanceof TmailError && error.code === 'disk.read-only')) throw error;
  }
}

/** False: another process owns the store. */
async function asOwner(mail: Mail, work: (store: OpenedStore) => Promise<void>): Promise<boolean> {
  let store: OpenedStore;
  try {
    store = await mail.owner();
  } catch (error) {
    if (error instanceof TmailError && error.code === 'store.locked') return false;
    throw error;
  }
  try {
    await work(store);
  } finally {
    await store.close();
  }
  return true;
}

/** The reminder counts from here. The export is good also when this fails. */
async function remember(
  { output }: Context,
  mail: Mail,
  account: AccountId,
  note: ExportNote,
): Promise<void> {
  try {
    const own = await asOwner(mail, async store => {
      await (await store.account(account)).exports?.note(note);
    });
    if (!own) for await (const _ of mail.knock({ t: 'exported', account, note }));
  } catch (thrown) {
    await output.err.line(notes.exportForgotten(account, sentence(asTmailError(thrown))));
  }
}

async function print({ args, output }: Context, report: ExportReport): Promise<void> {
  const { account, error, damaged, notHere, partial } = report;
  for (const { id, error } of damaged)
    await output.err.line(notes.notExportedFile(account, id, sentence(error)));
  for (const text of notes.notExported(account, notHere, partial)) await output.err.line(text);
  if (error && error.kind !== 'cancelled') await output.err.line(sentence(error, { account }));
  if (error && (report.verified > 0 || error.kind === 'cancelled'))
    await output.err.line(notes.exportStopped(report));
  if (args.has('json')) {
    const { format, to, complete, verified, written, bytes, folders } = report;
    const plain = (one: TmailError) => ({
      code: one.code,
      kind: one.kind,
      retry: one.retry,
      message: sentence(one, { account }),
    });
    const errors = [
      ...damaged.map(({ id, error }) => ({ id, ...plain(error) })),
      ...(error ? [plain(error)] : []),
    ];
    const counts = { verified, written, bytes, folders, notHere, partial, damaged: damaged.length };
    await output.out.bytes(jsonLine({ account, format, to, complete, ...counts, errors }));
  } else if (!error) await output.out.line(notes.exported(report));
}
