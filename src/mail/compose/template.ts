// Templates of messages: a text with variables, a mark for the caret, and header fields above it. Pure; where the files
// are is the caller's. What is put in for a variable is never read as a variable, as a header or as an address again.
import { TmailError } from '../../util/errors.ts';
import type { Address } from '../types.ts';
import { formatMailbox, isAddress, readAddresses } from './addresses.ts';
import { plainText } from './quote.ts';

interface Fields {
  readonly to: string;
  readonly cc: string;
  readonly bcc: string;
  readonly replyTo: string;
  readonly subject: string;
}

/** As written: the variables are still in it. LF line ends. */
export interface Template extends Fields {
  readonly text: string;
}

/** What the variables stand for. */
export interface TemplateValues {
  readonly from: Address;
  /** For a template that names no recipient itself. */
  readonly to: readonly Address[];
  /** For a template without a subject; '' none. */
  readonly subject: string;
  /** Milliseconds since 1970; the date is this computer's. */
  readonly now: number;
  /** The name that is known for an address; '' none. */
  nameOf(address: string): string;
}

export interface FilledTemplate extends Template {
  /** Offset of the mark in the text; null: there is none. */
  readonly cursor: number | null;
  /** Variables without a value here, and variables that do not exist: both are left as they stand. Without braces. */
  readonly empty: readonly string[];
  readonly unknown: readonly string[];
}

const VARIABLES = [
  'to.name',
  'to.first',
  'to.address',
  'from.name',
  'from.first',
  'from.address',
  'date',
  'subject',
  'cursor',
] as const;
type Variable = (typeof VARIABLES)[number];
type Known = Readonly<Partial<Record<Variable, string>>>;

const VARIABLE = /\{\{[ \t]{0,9}([A-Za-z][\w.-]{0,63})[ \t]{0,9}\}\}/g;
const FIELD = /^([A-Za-z][A-Za-z0-9-]*):(.*)$/;

const KEYS: ReadonlyMap<string, keyof Fields> = new Map<string, keyof Fields>([
  ['to', 'to'],
  ['cc', 'cc'],
  ['bcc', 'bcc'],
  ['reply-to', 'replyTo'],
  ['subject', 'subject'],
]);

const oneLine = (text: string) => text.replace(/[\s\p{Cc}]+/gu, ' ').trim();

/**
 * A template file: header fields and an empty line, if its first line looks like a field, and the text.
 * @throws TmailError `template.field` (name, line), `template.twice` (name, line), `template.line` (line); all with file
 */
export function parseTemplate(source: string, file: string): Template {
  const lines = plainText(source.replace(/^\ufeff/, '')).split('\n');
  const found = new Map<keyof Fields, string>();
  let at = 0;
  let last: keyof Fields | undefined;
  if (FIELD.test(lines[0] ?? '')) {
    for (let line = lines[at]; line !== undefined && line.trim() !== ''; line = lines[at]) {
      at++;
      const facts = { file, line: at };
      // A line that begins with a space goes on from the one before (RFC 5322 2.2.3).
      if (last !== undefined && /^[ \t]/.test(line)) {
        found.set(last, oneLine(`${found.get(last) ?? ''} ${line}`));
        continue;
      }
      const [, name = '', value = ''] = FIELD.exec(line) ?? [];
      if (name === '') throw new TmailError('config', 'template.line', { facts });
      last = KEYS.get(name.toLowerCase());
      if (last === undefined) throw new TmailError('config', 'template.field', { facts: { ...facts, name } });
      if (found.has(last)) throw new TmailError('config', 'template.twice', { facts: { ...facts, name } });
      found.set(last, oneLine(value));
    }
  }
  const body = lines.slice(lines[at]?.trim() === '' ? at + 1 : at);
  return {
    to: found.get('to') ?? '',
    cc: found.get('cc') ?? '',
    bcc: found.get('bcc') ?? '',
    replyTo: found.get('replyTo') ?? '',
    subject: found.get('subject') ?? '',
    text: body.join('\n').replace(/\n+$/, ''),
  };
}

/** With the variables filled in, as far as there is a value for them. */
export function fillTemplate(template: Template, values: TemplateValues): FilledTemplate {
  const left = { empty: new Set<string>(), unknown: new Set<string>() };
  const own: Known = people('from', [values.from]);
  const address = ({ 'from.address': from, 'to.address': to }: Known): Known => ({
    ...(from !== undefined && { 'from.address': from }),
    ...(to !== undefined && { 'to.address': to }),
  });
  // Names may hold commas: in a list of addresses only addresses are put in.
  const to = put(template.to, address(own), left).text;
  const recipients = to === '' ? values.to : readAddresses(to).addresses;
  const named = recipients.map(each => ({ ...each, name: each.name || values.nameOf(each.address) }));
  const all: Known = { ...own, ...people('to', named), date: isoDate(values.now) };
  const field = (text: string) => oneLine(put(text, address(all), left).text);
  const subject = oneLine(put(template.subject, all, left).text);
  const about = subject || oneLine(values.subject);
  const body = put(template.text, { ...all, ...(about !== '' && { subject: about }), cursor: '' }, left);
  return {
    to: oneLine(to),
    cc: field(template.cc),
    bcc: field(template.bcc),
    replyTo: field(template.replyTo),
    subject,
    text: body.text,
    cursor: body.cursor,
    empty: [...left.empty],
    unknown: [...left.unknown],
  };
}

/** Variables of templates that still stand in a text, as they stand there. */
export function variablesLeft(text: string): string[] {
  const known: readonly string[] = VARIABLES;
  const found = [...text.matchAll(VARIABLE)].filter(([, name = '']) => known.includes(name.toLowerCase()));
  return [...new Set(found.map(([written]) => written))];
}

interface Left {
  readonly empty: Set<string>;
  readonly unknown: Set<string>;
}

function put(text: string, values: Known, left: Left): { text: string; cursor: number | null } {
  const known: readonly string[] = VARIABLES;
  let out = '';
  let done = 0;
  let cursor: number | null = null;
  for (const match of text.matchAll(VARIABLE)) {
    const name = (match[1] ?? '').toLowerCase();
    const value = known.includes(name) ? values[name as Variable] : undefined;
    out += text.slice(done, match.index);
    done = match.index + match[0].length;
    if (name === 'cursor' && value !== undefined) cursor ??= out.length;
    if (value !== undefined) out += value;
    else {
      (known.includes(name) ? left.empty : left.unknown).add(match[1] ?? '');
      out += match[0];
    }
  }
  return { text: out + text.slice(done), cursor };
}

/** Names of people, one after another; no value where one of them has none. */
function people(who: 'to' | 'from', list: readonly Address[]): Known {
  if (list.length === 0) return {};
  const names = list.map(({ name }) => oneLine(name)).map(name => (name.includes('@') ? '' : name));
  const whole = names.every(name => name !== '');
  const addresses = list.filter(({ address }) => isAddress(address));
  return {
    ...(whole && { [`${who}.name`]: names.join(', '), [`${who}.first`]: names.map(first).join(', ') }),
    ...(addresses.length > 0 && {
      [`${who}.address`]: addresses.map(({ address }) => formatMailbox({ name: '', address })).join(', '),
    }),
  };
}

/** `Ada` of `Ada Lovelace` and of `Lovelace, Ada`. */
function first(name: string): string {
  const [, given] = /^[^,]+,\s*(\S.*)$/.exec(name) ?? [];
  return (given ?? name).split(' ')[0] ?? name;
}

/** In no language: templates are written in all of them. */
function isoDate(ms: number): string {
  const date = new Date(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
