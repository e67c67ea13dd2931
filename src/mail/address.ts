// Addresses: lists as mail writes them (RFC 5322 section 3.4, with everything that real senders do to it), how a
// person is named in a row, and when a name pretends to be an address. Linear in its input; never throws.
import { ADDRESSES } from '../util/limits.ts';
import { decodeWords } from './encoded-word.ts';
import type { Address } from './types.ts';

/** Characters of one address header that are read; far beyond ADDRESSES real ones. */
const MAX_LENGTH = 256 * 1024;
/** Characters of one name or address that are looked at: RFC 5321 allows addresses of 254. */
const MAX_WORDS = 2000;

/** One mailbox as it is collected: words outside and inside of `<>`, comments. */
interface Draft {
  words: string;
  route: string | null;
  comment: string;
}

const empty = (): Draft => ({ words: '', route: null, comment: '' });

/** Comments nest (RFC 5322 section 3.2.2). Returns the place behind it; an open one reaches to the end. */
function commentEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 92) at++;
    else if (c === 40) depth++;
    else if (c === 41 && --depth === 0) return at + 1;
  }
  return text.length;
}

/** The place behind the closing quote, or -1. */
function quotedEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 92) at++;
    else if (c === 34) return at + 1;
  }
  return -1;
}

const unquote = (text: string) => text.replace(/\\([\s\S])/g, '$1');
const tidy = (text: string) => text.replace(/\s+/g, ' ').trim();

type Decode = (text: string) => string;

function finish(draft: Draft, decode: Decode): Address | null {
  if (draft.route !== null) {
    // `<@relay,@other:ada@example.org>` is an obsolete route.
    const address = draft.route
      .slice(0, MAX_WORDS)
      .replace(/^@[^:]*:/, '')
      .replace(/\s+/g, '');
    const name =
      tidy(decode(tidy(draft.words.slice(0, MAX_WORDS)))) || tidy(decode(draft.comment.slice(0, MAX_WORDS)));
    return address === '' && name === '' ? null : { name, address: decode(address) };
  }
  const words = tidy(draft.words.slice(0, MAX_WORDS));
  if (words === '') return null;
  const comment = tidy(decode(tidy(draft.comment.slice(0, MAX_WORDS))));
  if (!/\s/.test(words)) return { name: comment, address: decode(words) };
  // `Ada Lovelace ada@example.org`, with the brackets forgotten; `ada @ example . org`.
  const bare = /(?:^|\s)([^\s"]+@[^\s"]+)$/.exec(words);
  if (bare) return { name: tidy(decode(words.slice(0, bare.index))), address: decode(bare[1] ?? '') };
  const closed = words.replace(/\s*([@.])\s*/g, '$1');
  if (/^[^\s@]+@[^\s@]+$/.test(closed)) return { name: comment, address: decode(closed) };
  return { name: comment, address: decode(words) };
}

/**
 * The mailboxes of an unfolded From, To, Cc … value (latin1 or already decoded); members of groups stand among
 * them. At most ADDRESSES; what is no address comes back as it stood. `decode` reads encoded words and raw 8-bit
 * text; text that a person typed has neither.
 */
export function parseAddresses(value: string, decode: Decode = decodeWords): Address[] {
  const text = value.length > MAX_LENGTH ? value.slice(0, MAX_LENGTH) : value;
  const out: Address[] = [];
  let draft = empty();
  let quoted: boolean = true;
  const push = () => {
    const address = finish(draft, decode);
    if (address) out.push(address);
    draft = empty();
  };
  let at = 0;
  while (at < text.length && out.length < ADDRESSES) {
    const c = text[at];
    let end = at + 1;
    if (c === '"') {
      const close: number = quoted ? quotedEnd(text, at) : -1;
      // A quote that is never closed means nothing, nor does one after it.
      quoted = close > 0;
      if (close < 0) {
        at++;
        continue;
      }
      end = close;
      const inner = unquote(text.slice(at + 1, end - 1));
      // A quoted local part keeps its quotes: "ada lovelace"@example.org
      draft.words += text[end] === '@' ? text.slice(at, end) : inner;
    } else if (c === '(') {
      end = commentEnd(text, at);
      draft.comment += `${draft.comment ? ' ' : ''}${unquote(text.slice(at + 1, end).replace(/\)$/, ''))}`;
      draft.words += ' ';
    } else if (c === '<') {
      const close = text.indexOf('>', at);
      end = close < 0 ? text.length : close + 1;
      const inner = text.slice(at + 1, close < 0 ? end : close).trim();
      if (draft.route === null) draft.route = inner;
    } else if (c === '[') {
      // A domain literal may hold colons: ada@[IPv6:::1]
      const close = text.indexOf(']', at);
      end = close < 0 ? text.length : close + 1;
      draft.words += text.slice(at, end);
    } else if (c === ',' || c === ';') push();
    else if (c === ':' && draft.route === null) {
      draft = empty(); // the name of a group
    } else {
      end = nextSpecial(text, at);
      draft.words += text.slice(at, end);
    }
    at = end;
  }
  if (out.length < ADDRESSES) push();
  return out;
}

const SPECIAL = /["(<[,;:]/g;

function nextSpecial(text: string, at: number): number {
  SPECIAL.lastIndex = at + 1;
  return SPECIAL.exec(text)?.index ?? text.length;
}

const ATOMS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*$/;

/** `Ada Lovelace <ada@example.org>`, quoted where RFC 5322 asks for it; for people and for editing, not the wire. */
export function formatAddress({ name, address }: Address): string {
  if (name === '') return address;
  const safe = ATOMS.test(name) || !/["\\,;:<>()@[\]]/.test(name);
  return `${safe ? name : `"${name.replace(/["\\]/g, '\\$&')}"`} <${address}>`;
}

export function formatAddresses(list: readonly Address[]): string {
  return list.map(formatAddress).join(', ');
}

/** Compared as people do: case does not matter, though RFC 5321 lets a local part differ by it. */
export function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

const ADDRESS_IN_NAME = /[^\s"'<>(),;:@]+@[^\s"'<>(),;:@]+\.[^\s"'<>(),;:@]{2,}/gu;

/** The display name holds another address than the one it stands for (SEC-05): show the real one. */
export function nameMisleads({ name, address }: Address): boolean {
  if (!/[@\uff20\ufe6b]/.test(name)) return false;
  // Look-alike @ signs and dots count as what they look like; invisible characters as nothing.
  const plain = name
    .slice(0, MAX_WORDS)
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  return (plain.match(ADDRESS_IN_NAME) ?? []).some(
    found => !sameAddress(found.replace(/[.\]]+$/, ''), address),
  );
}

/**
 * Who it is, in one row: the name, else the local part; with the whole address where the name pretends to be
 * another. Not sanitised.
 */
export function shortName(from: Address): string {
  const name = from.name.trim();
  if (nameMisleads(from)) return `<${from.address}> ${name}`;
  if (name !== '' && !sameAddress(name, from.address)) return name;
  const at = from.address.lastIndexOf('@');
  return at > 0 ? from.address.slice(0, at) : from.address;
}
