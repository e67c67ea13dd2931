// What crosses the thread between the client and the worker. Plain data only.
import { asTmailError, type ErrorFacts, type ErrorKind, type Retry, TmailError } from '../util/errors.ts';
import type { ParsedMessage } from './types.ts';

export type Request =
  | { readonly id: number; readonly t: 'parse'; readonly path: string }
  | {
      readonly id: number;
      readonly t: 'save';
      readonly path: string;
      readonly n: number;
      readonly to: string;
    };

/** A request without the number that the client gives it. */
export type Work =
  | { readonly t: 'parse'; readonly path: string }
  | { readonly t: 'save'; readonly path: string; readonly n: number; readonly to: string };

/** A TmailError does not survive structured cloning; this does. */
export interface PlainError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly retry: Retry;
  readonly facts: ErrorFacts;
}

export type Answer =
  | { readonly id: number; readonly ok: true; readonly value: ParsedMessage | number }
  | { readonly id: number; readonly ok: false; readonly error: PlainError };

export function plainError(thrown: unknown): PlainError {
  const { kind, code, retry, facts } = asTmailError(thrown);
  return { kind, code, retry, facts };
}

export function revivedError({ kind, code, retry, facts }: PlainError): TmailError {
  return new TmailError(kind, code, { retry, facts });
}
