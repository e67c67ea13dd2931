// What a POP3 server's lines mean: status lines and response codes (RFC 1939, 2449, 3206), CAPA, LIST, UIDL. Pure.
// Everything here is hostile text until it is sanitised where it is shown.
import { createHash } from 'node:crypto';
import { SERVER_TEXT } from '../../util/limits.ts';

export interface Answer {
  /** `more`: the server waits for a SASL response (RFC 5034). */
  readonly t: 'ok' | 'err' | 'more';
  /** Response code without brackets, upper case: `IN-USE`, `SYS/TEMP`; '' when there is none. */
  readonly code: string;
  /** The server's words, cut. */
  readonly text: string;
}

/** Undefined for a line that no POP3 server would send. */
export function parseStatus(line: Buffer): Answer | undefined {
  const whole = line.toString('utf8');
  const found = /^(?:(\+OK)|(-ERR)|(\+))(?:[ \t]+(.*))?$/is.exec(whole);
  if (!found) return undefined;
  const rest = found[4] ?? '';
  const code = /^\[([\x21-\x5c\x5e-\x7e]{1,64})\][ \t]*/.exec(rest);
  return {
    t: found[1] ? 'ok' : found[2] ? 'err' : 'more',
    code: code?.[1]?.toUpperCase() ?? '',
    text: rest.slice(code?.[0].length ?? 0).slice(0, SERVER_TEXT),
  };
}

/** APOP's challenge in a greeting (RFC 1939 section 7), or undefined. */
export function apopChallenge(greeting: string): string | undefined {
  return /<[\x21-\x3b\x3d\x3f-\x7e]+@[\x21-\x3b\x3d\x3f-\x7e]+>/.exec(greeting)?.[0];
}

export interface Capabilities {
  /** False when the server does not know CAPA: then nothing is known about what it offers. */
  readonly known: boolean;
  readonly pipelining: boolean;
  readonly uidl: boolean;
  readonly top: boolean;
  readonly user: boolean;
  readonly stls: boolean;
  /** UTF8 (RFC 6856). */
  readonly utf8: boolean;
  /** Mechanisms, upper case. */
  readonly sasl: readonly string[];
  /** Seconds that must pass between two sessions (RFC 2449 section 6.5), or 0. */
  readonly loginDelay: number;
  /** Days after which the server itself deletes mail; 0 at once, null never or not said (section 6.7). */
  readonly expireDays: number | null;
}

/** Of a server that does not answer CAPA: the two that every server of the last decades has are tried. */
export const NO_CAPA: Capabilities = {
  known: false,
  pipelining: false,
  uidl: true,
  top: true,
  user: true,
  stls: false,
  utf8: false,
  sasl: [],
  loginDelay: 0,
  expireDays: null,
};

export function parseCapabilities(lines: readonly string[]): Capabilities {
  const found = new Map<string, string[]>();
  for (const line of lines) {
    const [name = '', ...words] = line
      .trim()
      .toUpperCase()
      .split(/[ \t]+/);
    found.set(name, words);
  }
  const seconds = Number(found.get('LOGIN-DELAY')?.[0] ?? 0);
  const days = found.get('EXPIRE')?.[0];
  return {
    known: true,
    pipelining: found.has('PIPELINING'),
    uidl: found.has('UIDL'),
    top: found.has('TOP'),
    user: found.has('USER'),
    stls: found.has('STLS'),
    utf8: found.has('UTF8'),
    sasl: found.get('SASL') ?? [],
    loginDelay: Number.isSafeInteger(seconds) && seconds > 0 ? seconds : 0,
    expireDays: days !== undefined && /^\d{1,6}$/.test(days) ? Number(days) : null,
  };
}

export interface MaildropStatus {
  readonly messages: number;
  readonly bytes: number;
}

/** STAT's answer; undefined when it makes no sense. */
export function parseStat(text: string): MaildropStatus | undefined {
  const found = /^(\d{1,10})[ \t]+(\d{1,15})(?:\D|$)/.exec(text);
  return found ? { messages: Number(found[1]), bytes: Number(found[2]) } : undefined;
}

/** `number size`, or undefined. */
export function parseListLine(line: Buffer): { number: number; size: number } | undefined {
  const found = /^[ \t]*(\d{1,10})[ \t]+(\d{1,15})(?:\D|$)/.exec(line.toString('latin1'));
  const number = Number(found?.[1] ?? 0);
  return number > 0 ? { number, size: Number(found?.[2]) } : undefined;
}

/**
 * `number unique-id`, or undefined when there is no number. The UIDL is null when it is missing or was cut. A legal
 * one (RFC 1939: 1 to 70 of ! to ~) stays as it is; any other is replaced by a hash, so that a server's bytes
 * reach neither the store nor the screen. The hash has a space in it, which no legal UIDL has.
 */
export function parseUidlLine(
  line: Buffer,
  whole: boolean,
): { number: number; uidl: string | null } | undefined {
  const found = /^[ \t]*(\d{1,10})(?:[ \t]+(.*))?$/s.exec(line.toString('latin1'));
  const number = Number(found?.[1] ?? 0);
  if (!found || number === 0) return undefined;
  const sent = found[2] ?? '';
  if (!whole || sent === '') return { number, uidl: null };
  if (/^[\x21-\x7e]{1,70}$/.test(sent)) return { number, uidl: sent };
  return { number, uidl: `uidl ${createHash('sha256').update(sent, 'latin1').digest('hex')}` };
}
