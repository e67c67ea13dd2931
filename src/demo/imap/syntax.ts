// Commands as tokens (RFC 9051 section 9), and values as they are written into responses.
// Text is kept as one character per byte ("binary strings"): the server must not guess charsets.
import { TmailError } from '../../util/errors.ts';
import { LIST_DEPTH } from './limits.ts';
import type { RawCommand } from './reader.ts';

export type Token =
  | { readonly t: 'atom'; readonly text: string }
  | { readonly t: 'string'; readonly text: string; readonly literal: Buffer | null }
  | { readonly t: 'list'; readonly items: readonly Token[] };

/** A piece of a response: a binary string or bytes. */
export type Piece = string | Buffer;

/** How a command ends. `code` is a response code without its brackets. */
export interface Answer {
  readonly status: 'OK' | 'NO' | 'BAD';
  readonly text: string;
  readonly code?: string;
}

/** Ends the command under way with NO or BAD; caught by the session. */
export function refuse(status: 'NO' | 'BAD', text: string, code?: string): TmailError {
  return new TmailError('rejected', 'demo.refused', { facts: { status, text, code } });
}

export function syntaxError(text: string): TmailError {
  return refuse('BAD', text);
}

export function tokenize(command: RawCommand): Token[] {
  const source: Source = {
    lines: command.lines.map(line => line.toString('latin1')),
    literals: command.literals,
    line: 0,
    at: 0,
  };
  const tokens = readTokens(source, 0);
  if (rest(source) !== '') throw syntaxError('Unexpected closing parenthesis');
  return tokens;
}

interface Source {
  readonly lines: readonly string[];
  readonly literals: readonly Buffer[];
  line: number;
  at: number;
}

const rest = (source: Source) => (source.lines[source.line] ?? '').slice(source.at);

function readTokens(source: Source, depth: number): Token[] {
  if (depth > LIST_DEPTH) throw syntaxError('Too many parentheses');
  const tokens: Token[] = [];
  for (;;) {
    const line = source.lines[source.line] ?? '';
    while (line[source.at] === ' ') source.at++;
    const next = line[source.at];
    if (next === undefined || next === ')') return tokens;
    if (next === '(') {
      source.at++;
      tokens.push({ t: 'list', items: readTokens(source, depth + 1) });
      if (source.lines[source.line]?.[source.at] !== ')') throw syntaxError('Missing closing parenthesis');
      source.at++;
    } else if (next === '"') tokens.push(readQuoted(source));
    else tokens.push(readLiteral(source, line) ?? readAtom(source, line));
  }
}

function readQuoted(source: Source): Token {
  const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(rest(source));
  if (!quoted) throw syntaxError('Missing closing quote');
  source.at += quoted[0].length;
  return { t: 'string', text: (quoted[1] ?? '').replace(/\\(.)/g, '$1'), literal: null };
}

function readLiteral(source: Source, line: string): Token | null {
  if (!/^\{\d+\+?\}$/.test(line.slice(source.at))) return null;
  const literal = source.literals[source.line];
  if (literal === undefined) return null;
  source.line++;
  source.at = 0;
  return { t: 'string', text: literal.toString('latin1'), literal };
}

/** An atom; brackets belong to it with all they hold, as in `BODY[HEADER.FIELDS (TO)]<0.9>`. */
function readAtom(source: Source, line: string): Token {
  const start = source.at;
  let inBrackets = false;
  for (; source.at < line.length; source.at++) {
    const char = line[source.at];
    if (char === '[') inBrackets = true;
    else if (char === ']') inBrackets = false;
    else if (!inBrackets && (char === ' ' || char === '(' || char === ')' || char === '"')) break;
  }
  if (source.at === start) throw syntaxError('Unexpected character');
  return { t: 'atom', text: line.slice(start, source.at) };
}

/** The text of an atom or string argument. */
export function textOf(token: Token | undefined, what = 'argument'): string {
  if (token === undefined || token.t === 'list') throw syntaxError(`Missing ${what}`);
  return token.text;
}

export function wordOf(token: Token | undefined, what = 'argument'): string {
  return textOf(token, what).toUpperCase();
}

export function itemsOf(token: Token | undefined): readonly Token[] {
  if (token === undefined) throw syntaxError('Missing list');
  return token.t === 'list' ? token.items : [token];
}

export function numberOf(token: Token | undefined, what = 'number'): number {
  const text = textOf(token, what);
  if (!/^\d{1,15}$/.test(text)) throw syntaxError(`Bad ${what}`);
  return Number(text);
}

/** A binary string as quoted string or literal. */
export function string(value: string): string {
  if (value.length < 1000 && /^[\x20-\x7e]*$/.test(value)) return `"${value.replace(/["\\]/g, '\\$&')}"`;
  return `{${value.length}}\r\n${value.replaceAll('\0', '\x80')}`;
}

export function nstring(value: string | null): string {
  return value === null ? 'NIL' : string(value);
}

/** Unicode → binary string. */
export function binary(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** INTERNALDATE, always in UTC. */
export function dateTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${two(date.getUTCDate())}-${MONTHS[date.getUTCMonth()]}-${date.getUTCFullYear()}`;
  return `"${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000"`;
}

/** `17-Jul-1996` with or without ` 02:44:25 -0700`; a date alone is midnight UTC. */
export function parseDate(text: string): Date {
  const match = /^ ?(\d{1,2})-([A-Za-z]{3})-(\d{4})(?: (\d\d):(\d\d):(\d\d) ([+-]\d{4}))?$/.exec(text);
  const month = MONTHS.findIndex(name => name.toLowerCase() === match?.[2]?.toLowerCase());
  if (!match || month < 0) throw syntaxError('Bad date');
  const zone = match[7] ?? '+0000';
  const minutes = (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3))) * (zone.startsWith('-') ? -1 : 1);
  const [day, year, hour, minute, second] = [1, 3, 4, 5, 6].map(n => Number(match[n] ?? 0));
  return new Date(Date.UTC(year ?? 0, month, day, hour, minute, second) - minutes * 60_000);
}
