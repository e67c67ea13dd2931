// Header fields as they stand on the wire (RFC 5322, 2047, 6532): folded, encoded, and unable to hold a line break
// that is not theirs. nodemailer writes the other fields; for addresses it can't be used: it passes on what looks like
// an encoded word, and cuts no long names. Loads nodemailer: reached by import() only.
import { encodeWord } from 'nodemailer/lib/mime-funcs';
import type { Address } from '../types.ts';
import { asciiDomain, splitAddress } from './addresses.ts';
import { isMessageId } from './thread.ts';

/** Columns of a header line before it is folded (RFC 5322 2.1.1). */
const COLUMNS = 76;
/** Columns of one encoded word; it may have 75. */
const WORD = 60;
/** A word of ASCII longer than this is encoded: it could not be folded, and lines end at 998. */
const LONG_WORD = 70;
/** Characters of one header's text that are sent. */
const MAX_TEXT = 10_000;

/** One line of real characters: what is sent of any text that goes into a header. */
export function headerLine(text: string): string {
  return text
    .slice(0, MAX_TEXT)
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/\p{Cs}/gu, '\ufffd')
    .trim();
}

/** Encoded words, each of whole characters. Q where most of it can be read so, else B. */
function encoded(text: string): string {
  const letters = text.replace(/[^A-Za-z0-9 ]/g, '').length;
  return encodeWord(text, letters * 2 > text.length ? 'Q' : 'B', WORD);
}

const READABLE = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;
const hasLongWord = (text: string) => text.split(' ').some(word => word.length > LONG_WORD);

/** Unstructured text (Subject). What looks like an encoded word is encoded, so that it arrives as it was typed. */
export function encodeText(text: string): string {
  const line = headerLine(text);
  if (line === '' || (READABLE.test(line) && !line.includes('=?') && !hasLongWord(line))) return line;
  return encoded(line);
}

const ATOMS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;

/** A display name (RFC 5322 phrase). */
export function encodePhrase(name: string): string {
  const line = headerLine(name).replace(/\s+/g, ' ').slice(0, 500);
  if (!READABLE.test(line) || line.includes('=?') || hasLongWord(line))
    return line === '' ? '' : encoded(line);
  return ATOMS.test(line) ? line : `"${line.replace(/["\\]/g, '\\$&')}"`;
}

/** The address on the wire: A-labels, except beside a local part that needs SMTPUTF8 anyway. null: not one. */
export function wireAddress(address: string): string | null {
  const parts = splitAddress(address);
  if (!parts) return null;
  const { local, domain } = parts;
  if (/[^\x00-\x7f]/.test(local)) return `${local}@${domain}`;
  // The case of an ASCII domain stays as it was typed.
  return `${local}@${/[^\x00-\x7f]/.test(domain) ? (asciiDomain(domain) ?? domain) : domain}`;
}

function encodeMailbox({ name, address }: Address): string {
  const wire = wireAddress(address);
  if (wire === null) return '';
  const phrase = encodePhrase(name);
  return phrase === '' ? wire : `${phrase} <${wire}>`;
}

/** `Name: value` with its line end; folded at spaces, which stay what they are. */
export function field(name: string, value: string): string {
  const out: string[] = [];
  let line = `${name}:`;
  for (const word of value.split(' ')) {
    if (line.length + 1 + word.length > COLUMNS && line.length > name.length + 1) {
      out.push(line);
      line = ` ${word}`;
    } else line += ` ${word}`;
  }
  return `${[...out, line].join('\r\n')}\r\n`;
}

/** A field of mailboxes; '' when there are none. */
export function addressField(name: string, list: readonly Address[]): string {
  const value = list
    .map(encodeMailbox)
    .filter(text => text !== '')
    .join(', ');
  return value === '' ? '' : field(name, value);
}

/** A field of text that must survive as it is, whatever is in it: one run of encoded words. '' for no text. */
export function textField(name: string, text: string): string {
  const line = headerLine(text);
  return line === '' ? '' : field(name, encodeWord(line, 'B', WORD));
}

/** `<id>`s; those that can't stand in a header are left out. */
export function idList(ids: readonly string[]): string[] {
  return ids.filter(isMessageId).map(id => `<${id}>`);
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number) => String(n).padStart(2, '0');

/** RFC 5322 3.3, in the zone of this computer: `Tue, 12 Mar 2024 14:05:09 +0100`. */
export function wireDate(ms: number): string {
  const date = new Date(ms);
  const offset = -date.getTimezoneOffset();
  const minutes = Math.abs(offset);
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
  const day = `${DAYS[date.getDay()]}, ${date.getDate()} ${MONTHS[date.getMonth()]} ${date.getFullYear()}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone}`;
}
