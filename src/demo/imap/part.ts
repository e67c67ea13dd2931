// A message as a tree of MIME parts with the byte ranges of each (RFC 2045, 2046). Decodes nothing.
import { PART_DEPTH } from './limits.ts';

export interface Part {
  readonly raw: Buffer;
  readonly headerStart: number;
  /** Where the body starts: after the empty line. */
  readonly bodyStart: number;
  readonly end: number;
  readonly type: string;
  readonly subtype: string;
  /** Content-Type's parameters as they stand, in order. */
  readonly params: readonly (readonly [string, string])[];
  /** Of a multipart. */
  readonly children: readonly Part[];
  /** Of a message/rfc822. */
  readonly message: Part | null;
}

export interface Header {
  readonly name: string;
  /** Unfolded, a binary string. */
  readonly value: string;
  /** With its name, folds and line end. */
  readonly raw: string;
}

export function parseMessage(raw: Buffer): Part {
  return parsePart(raw, 0, raw.length, 0, 'text/plain');
}

export function headers(part: Part): Header[] {
  const block = part.raw.toString('latin1', part.headerStart, part.bodyStart);
  const found: Header[] = [];
  for (const raw of block.match(/[^\n]+\n?(?:[ \t][^\n]*\n?)*/g) ?? []) {
    const colon = raw.indexOf(':');
    if (colon <= 0) continue;
    const value = raw
      .slice(colon + 1)
      .replace(/\r?\n(?=[ \t])/g, '')
      .trim();
    found.push({ name: raw.slice(0, colon).trim().toLowerCase(), value, raw });
  }
  return found;
}

export function header(part: Part, name: string): string | null {
  return headers(part).find(one => one.name === name)?.value ?? null;
}

/** `text/plain; charset="utf-8"` → its value and parameters. Also for Content-Disposition. */
export function parseParameters(text: string): { value: string; params: (readonly [string, string])[] } {
  const [, value = '', tail = ''] = /^\s*([^;]*)(.*)$/s.exec(text) ?? [];
  const params: (readonly [string, string])[] = [];
  for (const match of tail.matchAll(/;\s*([^=;\s]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/gs)) {
    params.push([match[1] ?? '', match[2]?.replace(/\\(.)/g, '$1') ?? (match[3] ?? '').trim()]);
  }
  return { value: value.trim(), params };
}

function parsePart(raw: Buffer, start: number, end: number, depth: number, fallback: string): Part {
  const bodyStart = findBody(raw, start, end);
  const bare = {
    raw,
    headerStart: start,
    bodyStart,
    end,
    type: '',
    subtype: '',
    params: [],
    children: [],
    message: null,
  };
  const stated = parseParameters(header(bare, 'content-type') ?? fallback);
  const content = /^[^\s/]+\/[^\s/]+$/.test(stated.value) ? stated : parseParameters(fallback);
  const [type = '', subtype = ''] = content.value.toLowerCase().split('/');
  const boundary = content.params.find(([name]) => name.toLowerCase() === 'boundary')?.[1];
  const deep = depth >= PART_DEPTH;
  const childType = subtype === 'digest' ? 'message/rfc822' : 'text/plain';
  const children =
    type === 'multipart' && boundary && !deep
      ? split(raw, bodyStart, end, boundary).map(([from, to]) =>
          parsePart(raw, from, to, depth + 1, childType),
        )
      : [];
  const isMessage = type === 'message' && subtype === 'rfc822' && !deep;
  const message = isMessage ? parsePart(raw, bodyStart, end, depth + 1, 'text/plain') : null;
  return { ...bare, type, subtype, params: content.params, children, message };
}

function findBody(raw: Buffer, start: number, end: number): number {
  for (let at = start; at < end; ) {
    const newline = raw.indexOf(10, at);
    if (newline < 0 || newline >= end) return end;
    if (newline === at || (newline === at + 1 && raw[at] === 13)) return newline + 1;
    at = newline + 1;
  }
  return end;
}

/** The ranges between a multipart's delimiter lines, without the line ends that belong to the delimiters. */
function split(raw: Buffer, start: number, end: number, boundary: string): [number, number][] {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  const parts: [number, number][] = [];
  let open = -1;
  for (let at = raw.indexOf(delimiter, start); at >= 0 && at < end; at = raw.indexOf(delimiter, at + 1)) {
    if (at !== start && raw[at - 1] !== 10) continue;
    const lineEnd = raw.indexOf(10, at);
    const line = raw.toString('latin1', at + delimiter.length, lineEnd < 0 ? end : lineEnd);
    if (!/^(--)?[ \t\r]*/.exec(line) || /^[^-\s]|^-[^-]/.test(line)) continue;
    if (open >= 0) parts.push([open, Math.max(open, withoutLineEnd(raw, at))]);
    open = lineEnd < 0 ? end : lineEnd + 1;
    if (line.startsWith('--')) return parts;
  }
  if (open >= 0 && open < end) parts.push([open, end]);
  return parts;
}

function withoutLineEnd(raw: Buffer, at: number): number {
  const beforeLf = raw[at - 1] === 10 ? at - 1 : at;
  return raw[beforeLf - 1] === 13 ? beforeLf - 1 : beforeLf;
}

/** The part that a section number such as [2, 1] names, or null (RFC 9051 section 6.4.5.1). */
export function findPart(root: Part, numbers: readonly number[]): Part | null {
  let part = root;
  for (const [depth, number] of numbers.entries()) {
    // Numbers below a message/rfc822 part count in the message that it holds.
    const holder = depth > 0 && part.message ? part.message : part;
    const child =
      holder.children.length > 0 ? holder.children[number - 1] : number === 1 ? holder : undefined;
    if (child === undefined || (child === part && depth > 0)) return null;
    part = child;
  }
  return part;
}
