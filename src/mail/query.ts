// The language of filters, patterns and searches: words and operators, read from a line of text and tried on a
// message's envelope. Pure; what a server or an index makes of the same query is theirs.
import { ANSWERED, DRAFT, FLAGGED, type Flags, FORWARDED, SEEN } from './types.ts';

/** What a query looks at. Texts are `folded`. */
export interface Searchable {
  /** Milliseconds since 1970, as in an envelope. */
  readonly date: number;
  readonly arrival: number;
  /** Bytes. */
  readonly size: number;
  readonly attachments: number | null;
  /** Names and addresses. */
  readonly from: string;
  /** Cc too. */
  readonly to: string;
  readonly subject: string;
}

export type Where = 'from' | 'to' | 'subject' | 'any';
export type Is = 'unread' | 'read' | 'flagged' | 'answered' | 'forwarded' | 'draft';

export type Condition =
  /** Folded. */
  | { readonly t: 'text'; readonly where: Where; readonly text: string }
  | { readonly t: 'is'; readonly what: Is }
  | { readonly t: 'file' }
  /** Dated from `from` on and before `to`; milliseconds since 1970. */
  | { readonly t: 'dated'; readonly from: number; readonly to: number }
  /** Bytes. */
  | { readonly t: 'size'; readonly from: number; readonly to: number };

export type Term = Condition & { readonly not: boolean };

/** All terms hold. */
export interface Query {
  readonly terms: readonly Term[];
  /** Words as typed that have the form of an operator and make no sense: left out. Hostile text. */
  readonly odd: readonly string[];
}

export const OPERATORS =
  'words, -word, "two words", from: to: subject: is:unread is:flagged has:file before: after: newer:7d older:1m larger:1M';

/** Text in which neither case nor accents make a difference. */
export function folded(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
}

/** @param now for `newer:`, `today` and the like; milliseconds since 1970 */
export function parseQuery(text: string, now: number): Query {
  const terms: Term[] = [];
  const odd: string[] = [];
  const words = wordsOf(text);
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (!word) continue;
    const mutt = /^~(\p{L})(.*)$/u.exec(word.quoted ? '' : word.text);
    let found: Condition | 'odd' | 'unfinished';
    const { not } = word;
    if (mutt) {
      const letter = mutt[1] ?? '';
      const where = PATTERN_TEXT[letter];
      if (where) {
        const value = mutt[2] === '' ? words[++i]?.text : mutt[2];
        found = textIn(where, value ?? '');
      } else found = mutt[2] === '' ? (PATTERN_FLAGS[letter] ?? 'odd') : 'odd';
    } else found = word.quoted && word.operator === '' ? textIn('any', word.text) : conditionOf(word, now);
    if (found === 'odd') odd.push(word.text);
    else if (found !== 'unfinished') terms.push({ ...found, not });
  }
  return { terms, odd };
}

export function matches({ terms }: Query, mail: Searchable, flags: Flags): boolean {
  for (const term of terms) if (holds(term, mail, flags) === term.not) return false;
  return true;
}

/** Nothing is asked for. */
export function isEmpty({ terms }: Query): boolean {
  return terms.length === 0;
}

function holds(term: Condition, mail: Searchable, flags: Flags): boolean {
  switch (term.t) {
    case 'text':
      if (term.where !== 'any') return mail[term.where].includes(term.text);
      return mail.subject.includes(term.text) || mail.from.includes(term.text) || mail.to.includes(term.text);
    case 'is':
      return IS_FLAGS[term.what](flags);
    case 'file':
      return (mail.attachments ?? 0) > 0;
    case 'dated':
      return mail.date >= term.from && mail.date < term.to;
    case 'size':
      return mail.size >= term.from && mail.size < term.to;
  }
}

const IS_FLAGS: Readonly<Record<Is, (flags: Flags) => boolean>> = {
  unread: flags => (flags & SEEN) === 0,
  read: flags => (flags & SEEN) !== 0,
  flagged: flags => (flags & FLAGGED) !== 0,
  answered: flags => (flags & ANSWERED) !== 0,
  forwarded: flags => (flags & FORWARDED) !== 0,
  draft: flags => (flags & DRAFT) !== 0,
};

/** What follows `is:`, and other programs' words for it. */
const IS_WORDS: Readonly<Record<string, Is>> = {
  unread: 'unread',
  unseen: 'unread',
  new: 'unread',
  read: 'read',
  seen: 'read',
  flagged: 'flagged',
  starred: 'flagged',
  answered: 'answered',
  replied: 'answered',
  forwarded: 'forwarded',
  draft: 'draft',
};
const HAS_WORDS: readonly string[] = ['file', 'files', 'attachment', 'attachments'];

/** mutt's patterns. */
const PATTERN_TEXT: Readonly<Record<string, Where>> = { f: 'from', t: 'to', c: 'to', s: 'subject' };
const PATTERN_FLAGS: Readonly<Record<string, Condition>> = {
  N: { t: 'is', what: 'unread' },
  O: { t: 'is', what: 'unread' },
  U: { t: 'is', what: 'unread' },
  R: { t: 'is', what: 'read' },
  F: { t: 'is', what: 'flagged' },
  Q: { t: 'is', what: 'answered' },
  X: { t: 'file' },
};

interface Word {
  readonly not: boolean;
  /** Before the colon, '' where there is none. */
  readonly operator: string;
  /** The whole word without its minus; of an operator with its value. */
  readonly text: string;
  /** Behind the colon. */
  readonly value: string;
  readonly quoted: boolean;
}

/** Words are parted by spaces; quotes hold words together, also behind an operator, and may be left open at the end. */
function wordsOf(text: string): readonly Word[] {
  const found = text.matchAll(/([-!]?)(?:([\p{L}]+):)?(?:"([^"]*)(?:"|$)|(\S+))|(\S+)/gu);
  return [...found].map(([whole, not = '', operator = '', quoted, bare, rest]) => {
    const value = quoted ?? bare ?? '';
    const isNot = not !== '' && whole.length > 1;
    const plain = isNot ? whole.slice(1) : whole;
    const text = rest ?? (operator === '' && quoted !== undefined ? quoted : plain);
    return { not: isNot, operator: operator.toLowerCase(), text, value, quoted: quoted !== undefined };
  });
}

function textIn(where: Where, text: string): Condition | 'unfinished' {
  const wanted = folded(text).trim();
  return wanted === '' ? 'unfinished' : { t: 'text', where, text: wanted };
}

function conditionOf({ operator, text, value }: Word, now: number): Condition | 'odd' | 'unfinished' {
  // `from:` with nothing behind it yet is one word without a value.
  const bare = /^(\p{L}+):$/u.exec(text)?.[1]?.toLowerCase();
  if (bare !== undefined && OPERATOR_NAMES.includes(bare)) return 'unfinished';
  switch (operator) {
    case 'from':
    case 'to':
    case 'subject':
      return textIn(operator, value);
    case 'cc':
      return textIn('to', value);
    case 'is': {
      const what = IS_WORDS[value.toLowerCase()];
      if (what) return { t: 'is', what };
      return begins(Object.keys(IS_WORDS), value) ? 'unfinished' : 'odd';
    }
    case 'has':
      if (HAS_WORDS.includes(value.toLowerCase())) return { t: 'file' };
      return begins(HAS_WORDS, value) ? 'unfinished' : 'odd';
    case 'before':
    case 'after':
    case 'on':
    case 'since': {
      const day = dayOf(value, now);
      if (!day) return /^[\d./-]*$/.test(value) || begins(DAY_WORDS, value) ? 'unfinished' : 'odd';
      if (operator === 'before') return { t: 'dated', from: Number.NEGATIVE_INFINITY, to: day.from };
      if (operator === 'on') return { t: 'dated', ...day };
      return { t: 'dated', from: operator === 'since' ? day.from : day.to, to: Number.POSITIVE_INFINITY };
    }
    case 'newer':
    case 'older': {
      const ago = agoOf(value, now);
      if (ago === null) return /^\d*$/.test(value) ? 'unfinished' : 'odd';
      if (operator === 'newer') return { t: 'dated', from: ago, to: Number.POSITIVE_INFINITY };
      return { t: 'dated', from: Number.NEGATIVE_INFINITY, to: ago };
    }
    case 'larger':
    case 'smaller': {
      const size = bytesOf(value);
      if (size === null) return 'odd';
      if (operator === 'larger') return { t: 'size', from: size, to: Number.POSITIVE_INFINITY };
      return { t: 'size', from: 0, to: size };
    }
    default:
      return textIn('any', text);
  }
}

const OPERATOR_NAMES: readonly string[] = [
  'from',
  'to',
  'cc',
  'subject',
  'is',
  'has',
  'before',
  'after',
  'on',
  'since',
  'newer',
  'older',
  'larger',
  'smaller',
];

const begins = (words: readonly string[], value: string) =>
  words.some(word => word.startsWith(value.toLowerCase()));

const DAY_WORDS: readonly string[] = ['today', 'yesterday'];

/** A day, month or year as its first moment and the first one behind it, in the zone of this computer. */
function dayOf(text: string, now: number): { readonly from: number; readonly to: number } | null {
  const word = text.toLowerCase();
  const today = new Date(now);
  const back = DAY_WORDS.indexOf(word);
  if (back >= 0) return span(today.getFullYear(), today.getMonth(), today.getDate() - back, 'day');
  const iso = /^(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?$/.exec(word);
  const european = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(word);
  const [year, month, day] = (european ? [3, 2, 1].map(i => european[i]) : [1, 2, 3].map(i => iso?.[i])).map(
    digits => (digits === undefined ? undefined : Number(digits)),
  );
  if (year === undefined || (month ?? 1) < 1 || (month ?? 1) > 12 || (day ?? 1) < 1 || (day ?? 1) > 31) {
    return null;
  }
  if (month === undefined) return span(year, 0, 1, 'year');
  return day === undefined ? span(year, month - 1, 1, 'month') : span(year, month - 1, day, 'day');
}

function span(year: number, month: number, day: number, length: 'day' | 'month' | 'year') {
  const to =
    length === 'day'
      ? new Date(year, month, day + 1)
      : length === 'month'
        ? new Date(year, month + 1, 1)
        : new Date(year + 1, 0, 1);
  return { from: new Date(year, month, day).getTime(), to: to.getTime() };
}

/** `12h 7d 2w 3m 1y` before now. */
function agoOf(text: string, now: number): number | null {
  const match = /^(\d{1,5})([hdwmy])$/i.exec(text);
  if (!match) return null;
  const count = Number(match[1]);
  const date = new Date(now);
  switch (match[2]?.toLowerCase()) {
    case 'h':
      return now - count * 3_600_000;
    case 'd':
      return now - count * 86_400_000;
    case 'w':
      return now - count * 7 * 86_400_000;
    case 'm':
      return date.setMonth(date.getMonth() - count);
    default:
      return date.setFullYear(date.getFullYear() - count);
  }
}

/** `500`, `20K`, `1.5M`, `1G` in bytes. */
function bytesOf(text: string): number | null {
  const match = /^(\d+(?:[.,]\d+)?)(k|m|g)?b?$/i.exec(text);
  if (!match) return null;
  const power = { k: 1, m: 2, g: 3 }[(match[2] ?? '').toLowerCase()] ?? 0;
  return Math.round(Number((match[1] ?? '').replace(',', '.')) * 1024 ** power);
}
