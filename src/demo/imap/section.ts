// BODY[section]<partial> (RFC 9051 section 6.4.5): which bytes of a message an item asks for.
import { findPart, headers, type Part } from './part.ts';
import { syntaxError } from './syntax.ts';

export interface Section {
  /** As it is answered: `BODY[1.MIME]<0>`. */
  readonly label: string;
  readonly peek: boolean;
  readonly numbers: readonly number[];
  readonly what: '' | 'HEADER' | 'TEXT' | 'MIME' | 'HEADER.FIELDS' | 'HEADER.FIELDS.NOT';
  readonly fields: readonly string[];
  readonly partial: readonly [number, number] | null;
}

const ITEM =
  /^BODY(\.PEEK)?\[([0-9.]*?)\.?(HEADER\.FIELDS\.NOT|HEADER\.FIELDS|HEADER|TEXT|MIME)?(?: \((.*)\))?\](?:<(\d+)(?:\.(\d+))?>)?$/is;

/** Null when the item is no BODY[…]. @throws on one that can't be read. */
export function parseSection(item: string): Section | null {
  if (!/^BODY(\.PEEK)?\[/i.test(item)) return null;
  const match = ITEM.exec(item);
  const what = (match?.[3] ?? '').toUpperCase();
  if (!match || !isWhat(what)) throw syntaxError('Bad BODY section');
  const numbers = match[2] ? match[2].split('.').map(Number) : [];
  if (numbers.some(number => number < 1) || (what === 'MIME' && numbers.length === 0)) {
    throw syntaxError('Bad BODY section');
  }
  const fields = (match[4] ?? '').split(' ').filter(name => name !== '');
  if (what.startsWith('HEADER.FIELDS') && fields.length === 0) throw syntaxError('Missing header names');
  const inner = [numbers.join('.'), what].filter(text => text !== '').join('.');
  const list = fields.length > 0 ? ` (${fields.join(' ').toUpperCase()})` : '';
  const origin = match[5] === undefined ? '' : `<${match[5]}>`;
  return {
    label: `BODY[${inner}${list}]${origin}`,
    peek: match[1] !== undefined,
    numbers,
    what,
    fields: fields.map(name => name.replace(/^"|"$/g, '').toLowerCase()),
    partial: match[5] === undefined ? null : [Number(match[5]), Number(match[6] ?? Number.MAX_SAFE_INTEGER)],
  };
}

function isWhat(text: string): text is Section['what'] {
  return ['', 'HEADER', 'TEXT', 'MIME', 'HEADER.FIELDS', 'HEADER.FIELDS.NOT'].includes(text);
}

/** The bytes, or null when the message has no such part. */
export function readSection(root: Part, section: Section): Buffer | null {
  const bytes = whole(root, section);
  if (bytes === null || section.partial === null) return bytes;
  const [from, count] = section.partial;
  return bytes.subarray(from, from + count);
}

function whole(root: Part, { numbers, what, fields }: Section): Buffer | null {
  const part = findPart(root, numbers);
  if (part === null) return null;
  const { raw } = part;
  if (what === 'MIME') return raw.subarray(part.headerStart, part.bodyStart);
  if (what === '') return numbers.length === 0 ? raw : raw.subarray(part.bodyStart, part.end);
  // HEADER and TEXT belong to messages: the whole one or one inside.
  const message = numbers.length === 0 ? part : part.message;
  if (message === null) return null;
  if (what === 'TEXT') return raw.subarray(message.bodyStart, message.end);
  if (what === 'HEADER') return raw.subarray(message.headerStart, message.bodyStart);
  const wanted = what === 'HEADER.FIELDS';
  const kept = headers(message).filter(header => fields.includes(header.name) === wanted);
  return Buffer.from(`${kept.map(header => header.raw).join('')}\r\n`, 'latin1');
}
