// What a command asks the process that owns the store, and how that one answers. Plain data: it crosses a socket.
import { splitMessageId } from '../mail/ids.ts';
import type { AccountId } from '../mail/types.ts';
import type { Store } from '../store/types.ts';
import type { BodyWanted, Engine, SyncReport } from '../sync/types.ts';
import { asTmailError, type ErrorFacts, type ErrorKind, type Retry, TmailError } from '../util/errors.ts';
import { chosenFolder } from './folders.ts';

export type DoorRequest =
  | { readonly t: 'sync'; readonly account: AccountId; readonly folder: string | null }
  | { readonly t: 'body'; readonly id: string; readonly wanted: BodyWanted };

export interface PlainError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly retry: Retry;
  readonly facts: ErrorFacts;
}
export type PlainReport = Omit<SyncReport, 'errors'> & { readonly errors: readonly PlainError[] };

export type DoorAnswer =
  | { readonly t: 'report'; readonly report: PlainReport }
  | { readonly t: 'done' }
  | { readonly t: 'error'; readonly error: PlainError };

export function plainError({ kind, code, retry, facts }: TmailError): PlainError {
  return { kind, code, retry, facts };
}

export function plainReport(report: SyncReport): PlainReport {
  return { ...report, errors: report.errors.map(plainError) };
}

function thrown({ kind, code, retry, facts }: PlainError): TmailError {
  return new TmailError(kind, code, { retry, facts });
}

/** @throws TmailError what the owner answered, or `door.answer` when it makes no sense. */
export function openAnswer(answer: unknown): DoorAnswer {
  if (isAnswer(answer)) {
    if (answer.t === 'error') throw thrown(answer.error);
    return answer;
  }
  throw new TmailError('protocol', 'door.answer');
}

/** The report as the owner's process made it, its errors as errors again. */
export function openReport(report: PlainReport): SyncReport {
  return { ...report, errors: report.errors.map(thrown) };
}

/** What the owner of a store answers to whoever knocks. Give it to `store.serve`. */
export function doorkeeper(
  store: Store,
  engines: readonly Engine[],
): (request: unknown) => Promise<DoorAnswer> {
  return async request => {
    try {
      if (!isRequest(request)) throw new TmailError('protocol', 'door.request');
      if (request.t === 'body') {
        await engineOf(engines, splitMessageId(request.id).account).body(
          // splitMessageId throws for anything else.
          request.id as `${string}:${number}:${number}`,
          request.wanted,
        );
        await store.flush();
        return { t: 'done' };
      }
      return {
        t: 'report',
        report: await syncHere(store, engineOf(engines, request.account), request.folder),
      };
    } catch (error) {
      return { t: 'error', error: plainError(asTmailError(error)) };
    }
  };
}

function engineOf(engines: readonly Engine[], account: AccountId): Engine {
  const engine = engines.find(engine => engine.account === account);
  if (!engine) throw new TmailError('config', 'account.unknown', { facts: { account } });
  return engine;
}

async function syncHere(store: Store, engine: Engine, wanted: string | null): Promise<PlainReport> {
  const account = await store.account(engine.account);
  const folder = wanted === null ? null : chosenFolder(account, wanted).id;
  return plainReport(await engine.syncOnce(folder));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isRequest(value: unknown): value is DoorRequest {
  if (!isObject(value)) return false;
  if (value.t === 'sync') {
    return typeof value.account === 'string' && (value.folder === null || typeof value.folder === 'string');
  }
  return (
    value.t === 'body' && typeof value.id === 'string' && ['text', 'whole'].includes(String(value.wanted))
  );
}

/** The owner is the same program, perhaps another version: the shape is checked, its inside believed. */
function isAnswer(value: unknown): value is DoorAnswer {
  if (!isObject(value)) return false;
  if (value.t === 'done') return true;
  if (value.t === 'report') return isObject(value.report) && Array.isArray(value.report.errors);
  return value.t === 'error' && isObject(value.error) && typeof value.error.code === 'string';
}
