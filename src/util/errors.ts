// The one error class. Errors are data: a kind, who retries, a code and the facts; the sentences shown to a
// person are made from them in app/messages.ts and nowhere else.

export type ErrorKind =
  | 'network' // the server can't be reached or the line was cut
  | 'tls' // the connection would not be safe
  | 'auth' // signing in was refused, or no password could be had
  | 'rejected' // the server understood and said no
  | 'protocol' // the server said something that makes no sense
  | 'storage' // this computer's disk: full, read-only, locked, damaged
  | 'config' // the configuration or the command line
  | 'cancelled' // the person, or the program on its way out, stopped it
  | 'bug'; // ours

/** `auto`: the engine tries again by itself. `user`: after the person did something. `never`: pointless. */
export type Retry = 'auto' | 'user' | 'never';

/** Facts for the sentence and for --json. Values may be hostile text: sanitise them where they are shown. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean | undefined>>;

export class TmailError extends Error {
  readonly kind: ErrorKind;
  readonly retry: Retry;
  /** Stable, dotted, lower case, such as `tls.expired`; the key of the sentence in app/messages.ts. */
  readonly code: string;
  /** Never holds a secret. */
  readonly facts: ErrorFacts;

  constructor(
    kind: ErrorKind,
    code: string,
    options: { retry?: Retry; facts?: ErrorFacts; cause?: unknown } = {},
  ) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TmailError';
    this.kind = kind;
    this.code = code;
    this.retry = options.retry ?? (kind === 'network' ? 'auto' : kind === 'bug' ? 'never' : 'user');
    this.facts = options.facts ?? {};
  }
}

/** Anything that was thrown, as a TmailError; what nobody translated is a bug and keeps its cause. */
export function asTmailError(thrown: unknown): TmailError {
  if (thrown instanceof TmailError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new TmailError('bug', 'bug.unexpected', { facts: { text }, cause: thrown });
}

/** A cancelled job: not a failure, nothing to show. */
export function cancelled(): TmailError {
  return new TmailError('cancelled', 'cancelled', { retry: 'never' });
}

export function assertNever(value: never): never {
  throw new TmailError('bug', 'bug.unreachable', { facts: { value: JSON.stringify(value) } });
}
