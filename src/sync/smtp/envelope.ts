// What MAIL and RCPT say of a message, given what the server offers; or why it can't be handed to this one. Pure.
import { domainToASCII } from 'node:url';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import { TmailError } from '../../util/errors.ts';
import type { Peer } from '../errors.ts';
import type { SmtpMessage } from './client.ts';

export interface Offered {
  /** Of EHLO: SMTPUTF8, 8BITMIME, SIZE, DSN, … */
  readonly extensions: readonly string[];
  /** Bytes; 0: the server names no limit (RFC 1870). */
  readonly limit: number;
}

/** @throws TmailError rejected: `smtp.too-large`, `smtp.no-8bit`, `smtp.no-utf8`, `smtp.bad-address` */
export function envelopeFor(message: SmtpMessage, offered: Offered, peer: Peer): SMTPConnection.Envelope {
  const { bytes, eightBit, dsn } = message;
  const where = { host: peer.host, port: peer.port };
  const refuse = (code: string, facts: Readonly<Record<string, string | number>>) =>
    new TmailError('rejected', code, { retry: 'user', facts: { ...where, ...facts } });
  const { extensions, limit } = offered;
  if (limit > 0 && bytes.length > limit) throw refuse('smtp.too-large', { size: bytes.length, limit });
  if (eightBit && !extensions.includes('8BITMIME')) throw refuse('smtp.no-8bit', {});
  const from = wireAddress(message.from);
  const to = message.to.map(wireAddress);
  for (const address of [from, ...to]) {
    if (/[\0-\x20\x7f<>]/.test(address) || address === '') throw refuse('smtp.bad-address', { address });
    if (/[^\0-\x7f]/.test(address) && !extensions.includes('SMTPUTF8')) {
      throw refuse('smtp.no-utf8', { address });
    }
  }
  return {
    from,
    to,
    size: bytes.length,
    ...(eightBit && { use8BitMime: true }),
    ...(dsn && { dsn: { ret: 'HDRS', notify: ['SUCCESS', 'FAILURE', 'DELAY'] } }),
  };
}

/** The domain as every server takes it (RFC 5891); the local part as it is. */
export function wireAddress(address: string): string {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  if (at < 0 || !/[^\0-\x7f]/.test(domain)) return address;
  const ascii = domainToASCII(domain);
  return ascii === '' ? address : `${address.slice(0, at)}@${ascii}`;
}
