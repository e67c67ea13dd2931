// Recipients as a person types them: lists that may be half written, and back to text. What came with a message is
// read by ../address.ts; this adds what a composer needs and decodes nothing.
import { domainToASCII, domainToUnicode } from 'node:url';
import { formatAddress, parseAddresses } from '../address.ts';
import type { Address } from '../types.ts';

/** One entry of a list as typed: `text.slice(start, end)`, without the spaces around it. */
export interface Entry {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** null: not an address, or not yet. */
  readonly address: Address | null;
}

export interface AddressList {
  /** In order, as typed; not made unique. */
  readonly addresses: readonly Address[];
  /** What is no address, as it stands there. */
  readonly malformed: readonly string[];
}

/** RFC 5322 3.2.3, with the letters of every script (RFC 6532). */
const ATEXT = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u{a1}-\u{10ffff}]+$/u;
const QUOTED = /^"(?:[\x20!#-[\]-~\u{a1}-\u{10ffff}]|\\[\x20-\x7e])*"$/u;
const LITERAL = /^\[[\x21-\x5a\x5e-\x7e]+\]$/;
const LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;
/** Invisible or reordering characters: never in an address that a person means. */
const HIDDEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;

/** A domain as it goes over the wire: A-labels, lower case; null when it can't be one. */
export function asciiDomain(domain: string): string | null {
  if (domain === '' || domain.length > 255) return null;
  if (domain.startsWith('[')) return LITERAL.test(domain) ? domain : null;
  if (HIDDEN.test(domain) || /[\x00-\x2c/:-@[-^`{-\x7f]/.test(domain)) return null;
  const ascii = /[^\x00-\x7f]/.test(domain) ? domainToASCII(domain) : domain.toLowerCase();
  return ascii !== '' && ascii.split('.').every(label => LABEL.test(label)) ? ascii : null;
}

/** What nearly all addresses look like; the rest takes longer. */
const ORDINARY =
  /^([a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*)@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})$/i;

/** `local@domain` that can be sent to (RFC 5321 4.1.2, RFC 6531), local part and domain apart. */
export function splitAddress(address: string): { local: string; domain: string } | null {
  const ordinary = address.length < 200 ? ORDINARY.exec(address) : null;
  if (ordinary && (ordinary[1] ?? '').length <= 64)
    return { local: ordinary[1] ?? '', domain: ordinary[2] ?? '' };
  const literal = /@\[[^[\]]*\]$/.exec(address);
  const at = literal ? literal.index : address.lastIndexOf('@');
  const local = address.slice(0, at);
  const domain = address.slice(at + 1);
  if (at < 1 || local.length > 128 || asciiDomain(domain) === null) return null;
  if (QUOTED.test(local)) return { local, domain };
  if (HIDDEN.test(local)) return null;
  return local.split('.').every(atom => ATEXT.test(atom)) ? { local, domain } : null;
}

export function isAddress(address: string): boolean {
  return splitAddress(address) !== null;
}

/**
 * What two spellings of one mailbox share: the domain in lower-case A-labels, the local part in lower case (RFC 5321
 * lets it differ by case; no one does). A key for maps.
 */
export function addressKey(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 0 || ORDINARY.test(address)) return address.toLowerCase();
  const domain = address.slice(at + 1);
  return `${address.slice(0, at).toLowerCase()}@${asciiDomain(domain) ?? domain.toLowerCase()}`;
}

export function sameMailbox(a: string, b: string): boolean {
  return a === b || addressKey(a) === addressKey(b);
}

/** The domain of an address as people read it, lower case; '' without one. */
export function domainOf(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 0) return '';
  const domain = address.slice(at + 1).toLowerCase();
  return domain.includes('xn--') ? domainToUnicode(domain) || domain : domain;
}

/** A mailbox as typed text: reading it again gives the same one, whatever a sender had in it. */
export function formatMailbox({ name, address }: Address): string {
  const shown = name.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  const plain = address.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  if (isAddress(plain)) return formatAddress({ name: shown, address: plain });
  // A hostile address such as `a@x.org,b@y.org` must not become two, nor another one.
  const broken = `<${plain.replace(/["<>()[\],;:\\]/g, ' ')}>`;
  return shown === '' ? broken : `"${shown.replace(/["\\]/g, '\\$&')}" ${broken}`;
}

export function formatMailboxes(list: readonly Address[]): string {
  return list.map(formatMailbox).join(', ');
}

/**
 * The entries of a list as typed, in order: separated by commas, semicolons or line ends, outside of quotes, comments
 * and brackets; the members of a group (RFC 5322 3.4) are entries, its name is none. Linear.
 */
export function entries(text: string): Entry[] {
  const out: Entry[] = [];
  let start = 0;
  const push = (end: number) => {
    let from = start;
    let to = end;
    while (from < to && /\s/.test(text.charAt(from))) from++;
    while (to > from && /\s/.test(text.charAt(to - 1))) to--;
    if (to > from) out.push(entry(text, from, to));
    start = end + 1;
  };
  for (let at = 0; at < text.length; ) {
    const end = closing(text, at);
    const c = text.charAt(at);
    if (end === at + 1) {
      // A line that begins with a space goes on from the one before: a folded header was pasted.
      if (c === ',' || c === ';' || (c === '\n' && !/[ \t]/.test(text.charAt(at + 1)))) push(at);
      else if (c === ':' && !/[@<]/.test(text.slice(start, at))) start = at + 1;
    }
    at = end;
  }
  push(text.length);
  return out;
}

const PAIRS: Readonly<Record<string, string | undefined>> = { '"': '"', '<': '>', '[': ']', '(': ')' };

/** Nothing that a person quotes or remarks on in a list is longer; keeps hostile text linear. */
const MAX_ENCLOSED = 1000;

/** Behind the character at `at`, or behind what it opens; an opening that is never closed means nothing. */
function closing(text: string, at: number): number {
  const open = text.charAt(at);
  const close = PAIRS[open];
  if (close === undefined) return at + 1;
  const limit = Math.min(text.length, at + MAX_ENCLOSED);
  let depth = 1;
  let quoted = false; // <"a>b"@example.org>
  for (let to = at + 1; to < limit; to++) {
    const c = text.charAt(to);
    if (c === '\n') break;
    if (c === '\\' && (open === '"' || open === '(' || quoted)) to++;
    else if (open === '<' && c === '"') quoted = !quoted;
    else if (open === '(' && c === '(') depth++;
    else if (c === close && !quoted && --depth === 0) return to + 1;
  }
  return at + 1;
}

const asTyped = (text: string) => text;

function entry(text: string, start: number, end: number): Entry {
  const typed = text.slice(start, end);
  return { start, end, text: typed, address: readMailbox(typed) };
}

/** One mailbox as typed, or null: `ada@example.org`, `Ada <ada@example.org>`, `ada@example.org (Ada)`. */
export function readMailbox(typed: string): Address | null {
  const found = parseAddresses(typed.replace(/\s+/g, ' '), asTyped);
  const [only] = found;
  // `"Ada <ada@example.org` with a quote that was not closed is not finished.
  if (!only || found.length > 1 || !isAddress(only.address) || !balanced(typed)) return null;
  // Nothing is left out of what was typed: `<a b@example.org>` is not `ab@`.
  if (!typed.includes(only.address)) return null;
  // `ada@example.org bob@example.org`: a comma was forgotten, and one of them would be a mere name.
  return only.name.includes('@') && !/[<(]/.test(typed) ? null : only;
}

function balanced(typed: string): boolean {
  for (let at = 0; at < typed.length; ) {
    const end = closing(typed, at);
    if (end === at + 1 && /["<>:]/.test(typed.charAt(at))) return false;
    at = end;
  }
  return true;
}

/** A whole field as typed. */
export function readAddresses(text: string): AddressList {
  const all = entries(text);
  return {
    addresses: all.flatMap(({ address }) => (address ? [address] : [])),
    malformed: all.flatMap(({ address, text: typed }) => (address ? [] : [typed])),
  };
}

/** The entry that the caret is in or right behind, for completion; empty between two separators. */
export function entryAt(text: string, caret: number): { start: number; end: number; text: string } {
  const found = entries(text).find(({ start, end }) => start <= caret && caret <= end);
  if (found) return { start: found.start, end: found.end, text: found.text };
  return { start: caret, end: caret, text: '' };
}

/** Without those whose mailbox was there already, or is among `not`. Order stays. */
export function unique(list: readonly Address[], not: readonly Address[] = []): Address[] {
  const seen = new Set(not.map(({ address }) => addressKey(address)));
  return list.filter(({ address }) => {
    const key = addressKey(address);
    return !seen.has(key) && Boolean(seen.add(key));
  });
}
