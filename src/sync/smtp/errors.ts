// The only place that knows how nodemailer's SMTPConnection says that something went wrong. No sentences, no secrets.
import { TmailError } from '../../util/errors.ts';
import { type Peer, serverText, translate } from '../errors.ts';

/** The fields that the library hangs on its errors; every one may be missing. */
interface Shape {
  readonly code?: unknown;
  readonly originalCode?: unknown;
  readonly timeoutType?: unknown;
  readonly response?: unknown;
  readonly responseCode?: unknown;
  readonly command?: unknown;
}

function shapeOf(thrown: unknown): Shape {
  return typeof thrown === 'object' && thrown !== null ? thrown : {};
}

/** The three digits of the server's answer, when it was a refusal (RFC 5321 section 4.2.1); else null. */
export function refusalStatus(thrown: unknown): number | null {
  const { responseCode } = shapeOf(thrown);
  if (typeof responseCode !== 'number') return null;
  return responseCode >= 400 && responseCode < 600 ? responseCode : null;
}

/** The command that was refused, such as `RCPT TO`. */
export function refusedCommand(thrown: unknown): string {
  return String(shapeOf(thrown).command ?? '');
}

/** An answer's text on one line. Hostile text. */
export function replyText(response: unknown): string {
  return serverText(typeof response === 'string' ? response.replace(/[\r\n]+(\d{3}[ -])?/g, ' ').trim() : '');
}

export function responseOf(thrown: unknown): string {
  return replyText(shapeOf(thrown).response);
}

/** Whatever ended a connection, or kept it from being. */
export function translateSmtp(thrown: unknown, peer: Peer): TmailError {
  const { originalCode, timeoutType, command } = shapeOf(thrown);
  const where = { host: peer.host, port: peer.port };
  if (thrown instanceof TmailError) {
    // The library writes its own code into errors that pass through it.
    const code = typeof originalCode === 'string' ? originalCode : thrown.code;
    return new TmailError(thrown.kind, code, { retry: thrown.retry, facts: { ...where, ...thrown.facts } });
  }
  const status = refusalStatus(thrown);
  if (status !== null) return refusal(status, String(command ?? ''), responseOf(thrown), where);
  if (timeoutType !== undefined) return new TmailError('network', 'net.timeout', { facts: where });
  const { code } = shapeOf(thrown);
  const system = typeof originalCode === 'string' ? originalCode : code;
  const text = responseOf(thrown);
  if (code === 'EPROTOCOL') return unexpected(text, where);
  if (code === 'ECONNECTION' || code === 'ESOCKET' || code === 'ETIMEDOUT' || code === 'ETLS') {
    const known = translate({ code: system }, peer);
    if (known.code !== 'imap.unexpected') return known;
    if (code === 'ETLS') return new TmailError('tls', 'tls.failed', { facts: { ...where, reason: '' } });
    return new TmailError('network', 'net.closed', { facts: where });
  }
  const known = translate(thrown, peer);
  return known.code === 'imap.unexpected' ? unexpected(text || String(known.facts.text), where) : known;
}

function unexpected(text: string, where: Peer): TmailError {
  return new TmailError('protocol', 'smtp.unexpected', { retry: 'auto', facts: { ...where, text } });
}

function refusal(status: number, command: string, text: string, where: Peer): TmailError {
  const facts = { ...where, text, status };
  if (command.startsWith('AUTH')) {
    if (status < 500) return new TmailError('network', 'smtp.busy', { facts });
    return new TmailError('auth', 'auth.refused', { facts });
  }
  if (command === 'STARTTLS' || (command === 'EHLO' && status >= 500)) {
    return new TmailError('tls', 'tls.starttls-missing', { facts });
  }
  if (status < 500) return new TmailError('network', 'smtp.busy', { facts });
  return new TmailError('rejected', 'smtp.turned-away', { retry: 'user', facts });
}

export type Stage = 'sender' | 'recipients' | 'message';

/** A message was refused: for good (5xx), or for now. */
export function messageRefused(status: number, stage: Stage, text: string, peer: Peer): TmailError {
  const facts = { host: peer.host, port: peer.port, text, status };
  if (status < 500) return new TmailError('rejected', 'smtp.deferred', { retry: 'auto', facts });
  return new TmailError('rejected', `smtp.${stage}-refused`, { retry: 'user', facts });
}
