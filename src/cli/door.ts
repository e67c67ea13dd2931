// What a command asks the process that owns the store, and how that one answers. Plain data: it crosses a socket.
import { forgetFile, lossOf } from '../app/lost-file.ts';
import { cameTo } from '../mail/delivered.ts';
import { messageId, splitMessageId } from '../mail/ids.ts';
import type { AccountId, FolderId } from '../mail/types.ts';
import type { LocalOutgoing } from '../outgoing/outgoing.ts';
import type { OutboxItem } from '../outgoing/types.ts';
import type { ExportNote, Store } from '../store/types.ts';
import type { BodyWanted, Engine, Progress, SyncReport } from '../sync/types.ts';
import type { ImportReport } from '../transfer/import.ts';
import { type ErrorFacts, type ErrorKind, type Retry, TmailError } from '../util/errors.ts';
import type { Changed, ChangeRequest } from './changing.ts';
import { chosenFolder } from './folders.ts';
import type { OutboxRequest } from './outbox.ts';
import { type PlainItem, plainItem, revivedItem, type SendRequest } from './sending.ts';

export type DoorRequest =
  | {
      readonly t: 'sync';
      readonly account: AccountId;
      readonly folder: string | null;
      /** POP3: makes deletions that were held back. */
      readonly agree?: boolean;
    }
  | { readonly t: 'body'; readonly id: string; readonly wanted: BodyWanted }
  | {
      readonly t: 'import';
      readonly account: AccountId;
      /** Absolute. */
      readonly path: string;
      readonly folder: string | null;
      readonly upload: boolean;
    }
  | { readonly t: 'exported'; readonly account: AccountId; readonly note: ExportNote }
  | ChangeRequest
  | SendRequest
  | OutboxRequest;

export interface PlainError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly retry: Retry;
  readonly facts: ErrorFacts;
}
type PlainReport = Omit<SyncReport, 'errors'> & { readonly errors: readonly PlainError[] };

/** One line of an answer; a `body` has none: it ends when the message is on the disk. */
type DoorLine =
  | { readonly t: 'progress'; readonly progress: Progress }
  | { readonly t: 'report'; readonly report: PlainReport }
  | { readonly t: 'imported'; readonly report: PlainImport }
  | { readonly t: 'changed'; readonly changed: readonly Changed[] }
  | { readonly t: 'items'; readonly items: readonly PlainItem[] };

type PlainImport = Omit<ImportReport, 'error'> & { readonly error: PlainError | null };

/** Reads an owner's answer to `sync` to its end. @throws TmailError `door.answer` when it makes no sense. */
export async function readReport(
  lines: AsyncIterable<unknown>,
  onProgress: (progress: Progress) => void,
): Promise<SyncReport> {
  let report: SyncReport | null = null;
  for await (const line of lines) {
    if (!isLine(line)) continue; // another version's; what matters is the report
    if (line.t === 'progress') onProgress(line.progress);
    else if (line.t === 'report') report = { ...line.report, errors: line.report.errors.map(revived) };
  }
  if (report === null) throw new TmailError('protocol', 'door.answer');
  return report;
}

/** The same of an owner's answer to `import`. */
export async function readImport(
  lines: AsyncIterable<unknown>,
  onProgress: (progress: Progress) => void,
): Promise<ImportReport> {
  let report: ImportReport | null = null;
  for await (const line of lines) {
    if (!isLine(line)) continue;
    if (line.t === 'progress') onProgress(line.progress);
    else if (line.t === 'imported')
      report = { ...line.report, error: line.report.error && revived(line.report.error) };
  }
  if (report === null) throw new TmailError('protocol', 'door.answer');
  return report;
}

/** What became of messages on their way out. */
export async function readOutbox(lines: AsyncIterable<unknown>): Promise<OutboxItem[]> {
  let items: OutboxItem[] | null = null;
  for await (const line of lines) {
    if (isLine(line) && line.t === 'items') items = line.items.map(revivedItem);
  }
  if (items === null) throw new TmailError('protocol', 'door.answer');
  return items;
}

/** What became of each message of a change. */
export async function readChanged(lines: AsyncIterable<unknown>): Promise<readonly Changed[]> {
  let changed: readonly Changed[] | null = null;
  for await (const line of lines) if (isLine(line) && line.t === 'changed') changed = line.changed;
  if (changed === null) throw new TmailError('protocol', 'door.answer');
  return changed;
}

export async function readItem(lines: AsyncIterable<unknown>): Promise<OutboxItem> {
  const [item] = await readOutbox(lines);
  if (!item) throw new TmailError('protocol', 'door.answer');
  return item;
}

function revived({ kind, code, retry, facts }: PlainError): TmailError {
  return new TmailError(kind, code, { retry, facts });
}

export type Doorkeeper = (
  request: unknown,
  reply: (line: unknown) => void,
  signal: AbortSignal,
) => Promise<void>;

/** What the owner of a store answers to whoever knocks: `store.serve(doorkeeper(store, engines, outgoing))`. */
export function doorkeeper(
  store: Store,
  engines: readonly Engine[],
  outgoing: () => Promise<LocalOutgoing | null> = async () => null,
): Doorkeeper {
  return async (request, reply, signal) => {
    if (!isRequest(request)) throw new TmailError('protocol', 'door.request');
    if (request.t === 'body') {
      const account = await cameFrom(store, request.id);
      await bring(store, engineOf(engines, account), request.id, request.wanted);
      return;
    }
    if (request.t === 'exported') {
      await (await store.account(request.account)).exports?.note(request.note);
      return;
    }
    if (request.t === 'change') {
      const { applyChange } = await import('./changing.ts');
      // The engines hear of the queue by themselves.
      reply({ t: 'changed', changed: await applyChange(store, request) } satisfies DoorLine);
      return;
    }
    if (request.t === 'import') {
      const { importInto } = await import('./import.ts');
      const onProgress = (progress: Progress) => reply({ t: 'progress', progress } satisfies DoorLine);
      const list = (folder: FolderId) => engineOf(engines, request.account).syncOnce(folder);
      const report = await importInto(store, request, { signal, onProgress, list });
      const error = report.error && plain(report.error);
      reply({ t: 'imported', report: { ...report, error } } satisfies DoorLine);
      return;
    }
    if (request.t === 'send' || request.t === 'send-raw' || request.t === 'outbox') {
      const items = await atTheDoor(await outgoing(), request);
      await store.flush();
      reply({ t: 'items', items: items.map(plainItem) } satisfies DoorLine);
      return;
    }
    const engine = engineOf(engines, request.account);
    const out = await (await outgoing())?.sendAll([request.account]);
    const account = await store.account(engine.account);
    // One whose mail goes to another account may have no folders.
    const none = request.folder === null || account.folders().length === 0;
    const folder = none ? null : chosenFolder(account, request.folder ?? undefined).id;
    if (request.agree) await engine.agree?.();
    const report = await engine.syncOnce(folder, progress =>
      reply({ t: 'progress', progress } satisfies DoorLine),
    );
    // Whoever asked reads the files.
    await store.flush();
    const errors = [...report.errors, ...(out?.errors ?? [])].map(plain);
    reply({ t: 'report', report: { ...report, sent: out?.sent ?? 0, errors } } satisfies DoorLine);
  };
}

async function atTheDoor(
  outgoing: LocalOutgoing | null,
  request: SendRequest | OutboxRequest,
): Promise<OutboxItem[]> {
  if (!outgoing) throw new TmailError('config', 'send.no-server', { facts: { account: '' } });
  if (request.t === 'outbox') return (await import('./outbox.ts')).changeOutbox(outgoing, request);
  const { sendThrough } = await import('./sending.ts');
  return [await sendThrough(outgoing, request)];
}

function plain({ kind, code, retry, facts }: TmailError): PlainError {
  return { kind, code, retry, facts };
}

/** The account whose server has a message: not always the one in whose folder it is (`deliverTo`). */
export async function cameFrom(store: Store, id: string): Promise<AccountId> {
  const { account, folder, uid } = splitMessageId(id);
  const opened = await (await store.account(account)).folder(folder);
  await opened.loadAll();
  const at = opened.positionOf(uid);
  if (at >= 0) await opened.ensure(at, at);
  return cameTo(opened.remote(uid), account);
}

/** Puts a message's file on the disk, durably; also one that the index thinks is there and that is not. */
export async function bring(store: Store, engine: Engine, id: string, wanted: BodyWanted): Promise<void> {
  const { account, folder, uid } = splitMessageId(id);
  const kept = await store.account(account);
  const opened = await kept.folder(folder);
  await opened.loadAll();
  const raw = opened.raw(uid);
  if (raw && (await lossOf(kept.raw, raw))) await forgetFile(opened, uid);
  await engine.body(messageId(folder, uid), wanted);
  await store.flush();
}

function engineOf(engines: readonly Engine[], account: AccountId): Engine {
  const engine = engines.find(engine => engine.account === account);
  if (!engine) throw new TmailError('config', 'account.unknown', { facts: { account } });
  return engine;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isRequest(value: unknown): value is DoorRequest {
  if (!isObject(value)) return false;
  if (value.t === 'sync') {
    return typeof value.account === 'string' && (value.folder === null || typeof value.folder === 'string');
  }
  if (value.t === 'import') {
    const { account, path, folder, upload } = value;
    const named = typeof account === 'string' && typeof path === 'string' && path.startsWith('/');
    return named && typeof upload === 'boolean' && (folder === null || typeof folder === 'string');
  }
  const text = (item: unknown) => typeof item === 'string';
  const texts = (items: unknown) => Array.isArray(items) && items.every(text);
  if (value.t === 'change')
    return texts(value.ids) && isObject(value.change) && isChange(value.change, texts);
  if (value.t === 'send') {
    const lists = [value.to, value.cc, value.bcc, value.attachments];
    return [value.account, value.from, value.subject, value.text].every(text) && lists.every(texts);
  }
  if (value.t === 'send-raw') return text(value.account) && text(value.base64);
  if (value.t === 'outbox') {
    const known = ['retry', 'drop', 'send'].includes(String(value.action));
    return known && text(value.id) && typeof value.rest === 'boolean';
  }
  if (value.t === 'exported') {
    const { note } = value;
    return (
      typeof value.account === 'string' &&
      isObject(note) &&
      [note.at, note.messages].every(Number.isSafeInteger) &&
      [note.format, note.to].every(text => typeof text === 'string')
    );
  }
  return (
    value.t === 'body' && typeof value.id === 'string' && ['text', 'whole'].includes(String(value.wanted))
  );
}

function isChange(change: Readonly<Record<string, unknown>>, texts: (items: unknown) => boolean): boolean {
  if (change.t === 'flag') return texts(change.add) && texts(change.remove);
  if (change.t === 'move') return typeof change.to === 'string';
  if (change.t === 'archive') return isObject(change.schemes);
  return change.t === 'delete' && typeof change.forEver === 'boolean';
}

/** The owner is the same program, perhaps another version: the shape is checked, its inside believed. */
function isLine(value: unknown): value is DoorLine {
  if (!isObject(value)) return false;
  if (value.t === 'progress') return isObject(value.progress);
  if (value.t === 'changed') return Array.isArray(value.changed) && value.changed.every(isObject);
  if (value.t === 'items') return Array.isArray(value.items) && value.items.every(isObject);
  if (value.t === 'imported') return isObject(value.report) && Number.isSafeInteger(value.report.imported);
  return value.t === 'report' && isObject(value.report) && Array.isArray(value.report.errors);
}
