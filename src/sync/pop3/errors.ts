// The one place where the words of sockets, TLS and POP3 servers become TmailErrors. No prose; no secret.
import { type ErrorFacts, type ErrorKind, type Retry, TmailError } from '../../util/errors.ts';
import type { Answer } from './answers.ts';

interface Place {
  readonly host: string;
  readonly port: number;
}

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'network.refused',
  ENOTFOUND: 'network.no-such-host',
  EAI_AGAIN: 'network.no-dns',
  ETIMEDOUT: 'network.timeout',
  EHOSTUNREACH: 'network.unreachable',
  ENETUNREACH: 'network.unreachable',
  ECONNRESET: 'network.dropped',
  EPIPE: 'network.dropped',
};

const CERTIFICATE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'tls.expired',
  CERT_NOT_YET_VALID: 'tls.not-yet-valid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls.wrong-host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls.untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls.untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls.untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'tls.untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls.untrusted',
  CERT_UNTRUSTED: 'tls.untrusted',
  CERT_REVOKED: 'tls.untrusted',
};

/** What a socket or TLS emitted. `secure`: the handshake was asked for and is not over. */
export function lineError(error: unknown, place: Place, secure: boolean): TmailError {
  if (error instanceof TmailError) return error;
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const facts = { host: place.host, port: place.port, reason };
  const certificate = CERTIFICATE[reason];
  if (certificate !== undefined) return new TmailError('tls', certificate, { facts, cause: error });
  // The line is cut in the handshake by servers that speak no TLS on this port, and by bad lines.
  const network = NETWORK[reason];
  if (network !== undefined && !(secure && network === 'network.dropped')) {
    return new TmailError('network', network, { facts, cause: error });
  }
  if (secure) {
    return new TmailError('tls', 'tls.handshake', { facts, cause: error, ...(network && { retry: 'auto' }) });
  }
  return new TmailError('network', 'network.dropped', { facts, cause: error });
}

const CODES: Readonly<Record<string, { kind: ErrorKind; code: string; retry: Retry }>> = {
  'IN-USE': { kind: 'rejected', code: 'pop3.in-use', retry: 'auto' },
  'LOGIN-DELAY': { kind: 'rejected', code: 'pop3.login-delay', retry: 'auto' },
  AUTH: { kind: 'auth', code: 'pop3.auth-refused', retry: 'user' },
  'SYS/TEMP': { kind: 'rejected', code: 'pop3.server-trouble', retry: 'auto' },
  'SYS/PERM': { kind: 'rejected', code: 'pop3.server-broken', retry: 'user' },
};

/** A `-ERR`, by its response code or else by what was asked. `command` is a verb, never its arguments. */
export function refusal(answer: Answer, command: string, facts: ErrorFacts = {}): TmailError {
  const all = { ...facts, command, text: answer.text };
  const coded = CODES[answer.code] ?? (answer.code.startsWith('SYS/') ? CODES['SYS/TEMP'] : undefined);
  if (coded) return new TmailError(coded.kind, coded.code, { retry: coded.retry, facts: all });
  if (command === 'greeting') {
    return new TmailError('rejected', 'pop3.greeting-refused', { retry: 'auto', facts: all });
  }
  // Servers without response codes say "locked" in words, and only after the password (RFC 1939 section 8).
  if (
    isSignIn(command) &&
    /\b(?:lock(?:ed)?|in use|busy|another (?:session|process|client))\b/i.test(answer.text)
  ) {
    return new TmailError('rejected', 'pop3.in-use', { retry: 'auto', facts: all });
  }
  if (isSignIn(command)) return new TmailError('auth', 'pop3.auth-refused', { facts: all });
  return new TmailError('rejected', 'pop3.refused', { facts: all });
}

function isSignIn(command: string): boolean {
  return ['USER', 'PASS', 'APOP', 'AUTH'].includes(command);
}
