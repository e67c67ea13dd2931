// What a POP3 server's refusals mean (RFC 2449 section 8, RFC 3206). No prose; no secret. Sockets and TLS are
// translated in ../errors.ts.
import { type ErrorFacts, type ErrorKind, type Retry, TmailError } from '../../util/errors.ts';
import type { Answer } from './answers.ts';

const CODES: Readonly<Record<string, { kind: ErrorKind; code: string; retry: Retry }>> = {
  'IN-USE': { kind: 'rejected', code: 'pop3.in-use', retry: 'auto' },
  'LOGIN-DELAY': { kind: 'rejected', code: 'pop3.login-delay', retry: 'auto' },
  AUTH: { kind: 'auth', code: 'auth.refused', retry: 'user' },
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
  if (isSignIn(command)) return new TmailError('auth', 'auth.refused', { facts: all });
  return new TmailError('rejected', 'pop3.refused', { facts: all });
}

function isSignIn(command: string): boolean {
  return ['USER', 'PASS', 'APOP', 'AUTH'].includes(command);
}
