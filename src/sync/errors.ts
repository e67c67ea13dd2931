// The only place that knows how imapflow, sockets and TLS say that something went wrong. Turns it into a
// TmailError: kind, code and facts. No sentences, and never a secret: commands are not copied into the facts.
import { type ErrorFacts, type ErrorKind, type Retry, TmailError } from '../util/errors.ts';
import { SERVER_TEXT } from '../util/limits.ts';

/** Whom we were talking to; becomes facts. */
export interface Peer {
  readonly host: string;
  readonly port: number;
}

/** The fields that the libraries hang on their errors; every one may be missing or of another type. */
interface Shape {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly responseStatus?: unknown;
  readonly responseText?: unknown;
  readonly response?: unknown;
  readonly serverResponseCode?: unknown;
  readonly authenticationFailed?: unknown;
  readonly mailboxMissing?: unknown;
  readonly tlsFailed?: unknown;
  readonly errors?: unknown;
}

/** The server's words, cut; hostile text until it is sanitised where it is shown. */
export function serverText(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, SERVER_TEXT) : '';
}

interface Verdict {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly retry?: Retry;
  readonly facts?: ErrorFacts;
}

const SOCKET_CODES: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'net.refused'],
  ['ENOTFOUND', 'net.dns'],
  ['EAI_AGAIN', 'net.dns'],
  ['EAI_FAIL', 'net.dns'],
  ['ENODATA', 'net.dns'],
  ['ESERVFAIL', 'net.dns'],
  ['ETIMEDOUT', 'net.timeout'],
  ['ETIMEOUT', 'net.timeout'],
  ['CONNECT_TIMEOUT', 'net.timeout'],
  ['GREETING_TIMEOUT', 'net.timeout'],
  ['UPGRADE_TIMEOUT', 'net.timeout'],
  ['EHOSTUNREACH', 'net.unreachable'],
  ['ENETUNREACH', 'net.unreachable'],
  ['ENETDOWN', 'net.unreachable'],
  ['EHOSTDOWN', 'net.unreachable'],
  ['EADDRNOTAVAIL', 'net.unreachable'],
  ['ECONNRESET', 'net.closed'],
  ['ECONNABORTED', 'net.closed'],
  ['EPIPE', 'net.closed'],
]);

/** Codes of imapflow for a line that went away under a command. */
const CLOSED = /^(NoConnection|EConnectionClosed|StateLogout|ClosedAfterConnect.*|InstanceReused)$/;
const LIMITS =
  /^(LineTooLarge|LiteralTooLarge|ResponseTooLarge|TooManyTokens|TooManyResponses|MAX_IMAP_NESTING_REACHED)$/;
/** RFC 5530 and common words for "later, not never". */
const BUSY = /too many|maximum number|connection limit|try again|temporar|unavailable|rate.?limit|overload/i;

/** Any failure of a protocol library as a TmailError; one that is already translated comes back as it is. */
export function translate(thrown: unknown, peer: Peer): TmailError {
  if (thrown instanceof TmailError) return thrown;
  const shape: Shape = typeof thrown === 'object' && thrown !== null ? thrown : { message: String(thrown) };
  const inner = Array.isArray(shape.errors) ? (shape.errors as unknown[])[0] : undefined;
  if (inner !== undefined && verdictOf(shape) === null) return translate(inner, peer);
  const verdict = verdictOf(shape) ?? {
    kind: 'protocol',
    code: 'imap.unexpected',
    retry: 'auto',
    facts: { text: serverText(shape.message) },
  };
  return new TmailError(verdict.kind, verdict.code, {
    ...(verdict.retry ? { retry: verdict.retry } : {}),
    facts: { host: peer.host, port: peer.port, ...verdict.facts },
  });
}

function verdictOf(shape: Shape): Verdict | null {
  const code = typeof shape.code === 'string' ? shape.code : '';
  if (shape.authenticationFailed === true) return authVerdict(shape);
  if (code === 'STARTTLS_INJECTION') return { kind: 'tls', code: 'tls.injection' };
  if (shape.tlsFailed === true && !code) return startTlsVerdict(shape);
  const socket = SOCKET_CODES.get(code);
  if (socket) return { kind: 'network', code: socket };
  if (CLOSED.test(code)) return closedVerdict(shape);
  if (LIMITS.test(code))
    return { kind: 'protocol', code: 'imap.limit', retry: 'auto', facts: { limit: code } };
  if (code === 'ETHROTTLE') return { kind: 'network', code: 'imap.throttled', facts: wordsOf(shape) };
  if (code === 'NotFound' || shape.mailboxMissing === true) {
    return { kind: 'rejected', code: 'imap.no-folder', facts: wordsOf(shape) };
  }
  if (shape.responseStatus === 'NO' || shape.responseStatus === 'BAD') return answerVerdict(shape);
  if (/^Parser|^InvalidResponse$|^ResponseProcessingFailed$|^UnexpectedTag$/.test(code)) {
    return { kind: 'protocol', code: 'imap.parse', retry: 'auto' };
  }
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO' || shape.tlsFailed) {
    return handshakeVerdict(code);
  }
  return null;
}

function wordsOf(shape: Shape): ErrorFacts {
  const text = serverText(shape.responseText) || serverText(shape.response) || serverText(shape.reason);
  const word = serverText(shape.serverResponseCode);
  return { text, ...(word ? { word } : {}) };
}

function authVerdict(shape: Shape): Verdict {
  const facts = wordsOf(shape);
  const text = String(facts.text ?? '');
  if (!text && shape.message === 'Login is disabled') return { kind: 'auth', code: 'auth.disabled' };
  if (!text && shape.message === 'No password configured') return { kind: 'auth', code: 'auth.no-password' };
  if (!text && shape.message === 'No matching authentication method') {
    return { kind: 'auth', code: 'auth.no-method' };
  }
  const word = String(facts.word ?? '').toUpperCase();
  // RFC 5530: the password may well be right; asking the person for it would be wrong.
  if (/^(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)$/.test(word) || (!word && BUSY.test(text))) {
    return { kind: 'network', code: 'imap.busy', facts };
  }
  return { kind: 'auth', code: 'auth.refused', facts };
}

function startTlsVerdict(shape: Shape): Verdict {
  if (/PREAUTH/.test(String(shape.message))) return preauth();
  return { kind: 'tls', code: 'tls.starttls-missing' };
}

function preauth(): Verdict {
  return { kind: 'tls', code: 'imap.preauth' };
}

function closedVerdict(shape: Shape): Verdict {
  const text = serverText(shape.reason);
  if (!text) return { kind: 'network', code: 'net.closed' };
  if (BUSY.test(text)) return { kind: 'network', code: 'imap.busy', facts: { text } };
  return { kind: 'network', code: 'imap.bye', facts: { text } };
}

function answerVerdict(shape: Shape): Verdict {
  const facts = wordsOf(shape);
  const word = String(facts.word ?? '').toUpperCase();
  if (shape.responseStatus === 'BAD') return { kind: 'protocol', code: 'imap.bad', retry: 'auto', facts };
  if (word === 'OVERQUOTA') return { kind: 'rejected', code: 'imap.over-quota', facts };
  if (word === 'NOPERM') return { kind: 'rejected', code: 'imap.permission', facts };
  if (word === 'NONEXISTENT' || word === 'TRYCREATE') {
    return { kind: 'rejected', code: 'imap.no-folder', facts };
  }
  // Some of the messages have just gone: a look shows which, and the rest can be asked for again.
  if (word === 'EXPUNGEISSUED') return { kind: 'protocol', code: 'imap.unstable', retry: 'auto', facts };
  if (/^(UNAVAILABLE|INUSE|SERVERBUG)$/.test(word)) return { kind: 'network', code: 'imap.busy', facts };
  return { kind: 'rejected', code: 'imap.no', facts };
}

function handshakeVerdict(code: string): Verdict {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return { kind: 'tls', code: 'tls.not-tls' };
  }
  if (/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/.test(code)) {
    return { kind: 'tls', code: 'tls.old', facts: { reason: code } };
  }
  return { kind: 'tls', code: 'tls.failed', facts: { reason: code } };
}

/** A connection that nobody signed in to: it may be another person's, or a way around STARTTLS. */
export function preauthRefused(peer: Peer): TmailError {
  const verdict = preauth();
  return new TmailError(verdict.kind, verdict.code, { facts: { host: peer.host, port: peer.port } });
}
