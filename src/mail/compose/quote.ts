// Quoting: what of a message's text is answered, and how it stands below the attribution. Pure.
import type { Address } from '../types.ts';
import { width } from '../width.ts';
import { rows } from '../wrap.ts';
import { quoteMarks } from './flowed.ts';
import { WRAP_WIDTH } from './rewrap.ts';

const DELIMITER = '-- ';
/** An attribution is not longer than this many lines. */
const ATTRIBUTION = 3;

const isQuoted = (line: string) => line.startsWith('>');

/** A line that says whose text follows, or a forwarded message's first line. */
export const HISTORY = /^-{4,} ?\p{L}[^\n]{0,60}\p{L} ?-{4,}$/u;
const FORWARDED = '---------- Forwarded message ----------';
/** Lines of a forwarded message's head, From first, among which Subject is. */
const HEAD = 6;

function isForwarded(lines: readonly string[], n: number): boolean {
  const line = lines[n]?.trimEnd() ?? '';
  if (HISTORY.test(line) || line === 'Begin forwarded message:') return true;
  // Outlook has nothing but a rule above the head, or not even that.
  return line.startsWith('From: ') && lines.slice(n + 1, n + HEAD).some(next => next.startsWith('Subject: '));
}

/**
 * The text without its writer's signature: from the `-- ` line to the end, or to the older mail that follows it, quoted
 * (with the line that says whose it is) or forwarded.
 */
export function withoutSignature(text: string): string {
  const lines = text.split('\n');
  const start = lines.indexOf(DELIMITER);
  if (start < 0) return text;
  const quoted = lines.findIndex((line, n) => n > start && isQuoted(line));
  const forwarded = lines.findIndex((_, n) => n > start && isForwarded(lines, n));
  const isFirst = forwarded >= 0 && (quoted < 0 || forwarded < quoted);
  const older = isFirst ? forwarded : quoted < 0 ? lines.length : attributionOf(lines, start, quoted);
  const rest = lines.slice(older);
  const body = trimEnd(lines.slice(0, start));
  return [...body, ...(rest.length > 0 && body.length > 0 ? [''] : []), ...rest].join('\n');
}

/** Where the paragraph right above a quote begins; the quote itself when that paragraph is the signature. */
function attributionOf(lines: readonly string[], signature: number, quoted: number): number {
  let at = quoted;
  while (at - 1 > signature && lines[at - 1]?.trim() === '') at--;
  const last = at;
  while (at - 1 > signature && lines[at - 1]?.trim() !== '') at--;
  return at - 1 > signature && last - at <= ATTRIBUTION ? at : quoted;
}

function trimEnd(lines: readonly string[]): string[] {
  let end = lines.length;
  while (end > 0 && lines[end - 1]?.trim() === '') end--;
  return lines.slice(0, end);
}

/** Without what no person typed and no terminal should get: controls, NUL; other line breaks become `\n`. */
export function plainText(text: string): string {
  return text
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .replace(/\p{Cs}/gu, '\ufffd');
}

/**
 * A text that was made from HTML, with the targets of those links below whose ` [n]` it holds: without them the numbers
 * would lead nowhere once the message that they belong to is not at hand.
 */
export function withLinks(text: string, links: readonly string[]): string {
  const numbers = new Set([...text.matchAll(/ \[([1-9]\d{0,3})\](?=\W|$)/g)].map(([, n]) => Number(n)));
  const notes = links.flatMap((url, i) => (numbers.has(i + 1) ? [`[${i + 1}] ${url}`] : []));
  return notes.length === 0 ? text : `${text.replace(/\s+$/, '')}\n\n${notes.join('\n')}\n`;
}

/** Lines longer than this are broken when they are quoted; a URL stays whole. */
const LONG = 80;
/** A link's target, which stays beside its number. */
const LINK_NOTE = /^\[\d{1,4}\] \S+$/;

/**
 * `> ` before every line, `>` before an empty one. `wrap`: long lines are broken first, as they must be where the text
 * is not format=flowed.
 */
export function quote(text: string, wrap = true): string {
  const lines = trimEnd(
    plainText(text)
      .replace(/^(?:[ \t]*\n)+/, '')
      .split('\n'),
  );
  return lines
    .flatMap(line => (wrap ? broken(line) : [line]))
    .map(line => (line.trim() === '' ? '>' : `> ${line.trimEnd()}`))
    .join('\n');
}

function broken(line: string): string[] {
  if (line.length <= LONG / 2 || width(line) <= LONG || LINK_NOTE.test(line)) return [line];
  const { depth, body } = quoteMarks(line);
  const marks = '> '.repeat(depth);
  const out: string[] = [];
  let glued = false;
  for (const row of rows(body, Math.max(20, WRAP_WIDTH - marks.length))) {
    const piece = body.slice(row.start, row.end);
    // The rows of one long address are one line again.
    if (glued && row.link && out.length > 0) out[out.length - 1] += piece;
    else out.push(`${marks}${piece}`);
    glued = row.link && !/\s/.test(body.charAt(row.end));
  }
  return out;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number) => String(n).padStart(2, '0');

/** `Tue, 12 Mar 2024 at 14:05`, in this computer's zone; '' for what is no date. */
export function spokenDate(ms: number | null): string {
  if (ms === null || Number.isNaN(new Date(ms).getTime())) return '';
  const date = new Date(ms);
  const day = `${DAYS[date.getDay()]}, ${date.getDate()} ${MONTHS[date.getMonth()]} ${date.getFullYear()}`;
  return `${day} at ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The line above a quote. */
export function attribution(from: readonly Address[], date: number | null): string {
  const [author] = from;
  const name = plainText(author?.name || author?.address || '')
    .replace(/\s+/g, ' ')
    .trim();
  const when = spokenDate(date);
  if (name === '') return when === '' ? 'It was written:' : `On ${when}, somebody wrote:`;
  return when === '' ? `${name} wrote:` : `On ${when}, ${name} wrote:`;
}

const signatureText = (signature: string) =>
  plainText(signature)
    .replace(/^\n+|\s+$/g, '')
    .replace(/^-- ?\n/, '');

/** The signature as it stands in the text, its delimiter above it (RFC 3676 4.3); '' without one. */
export function signatureBlock(signature: string): string {
  const text = signatureText(signature);
  return text === '' ? '' : `${DELIMITER}\n${text}`;
}

/** A text to be written above or below what is quoted, its signature in place. Ends in a line break. */
export function arrange(quoted: string, signature: string, above: boolean): string {
  const block = signatureBlock(signature);
  if (quoted === '') return block === '' ? '' : `\n\n${block}\n`;
  if (above) return `\n\n${block === '' ? '' : `${block}\n\n`}${quoted}\n`;
  return `${quoted}\n\n${block === '' ? '' : `\n\n${block}\n`}`;
}

/**
 * A message that is passed on, below the place to write: nobody reads to the end of a forwarded mail. The signature
 * stands where it does in a reply; above the message without its delimiter, as all that follows one is a signature to
 * whoever reads it, and nothing marks a forwarded mail as the older one.
 */
export function arrangeForwarded(head: string, body: string, signature: string, above: boolean): string {
  const forwarded = `${FORWARDED}\n${head}\n\n${body}`;
  const block = signatureBlock(signature);
  if (block === '') return `\n\n${forwarded}\n`;
  return above ? `\n\n${signatureText(signature)}\n\n${forwarded}\n` : `\n\n${forwarded}\n\n${block}\n`;
}

/** The text with another signature, where one of `known` stands in it. */
export function withSignature(text: string, known: readonly string[], signature: string): string {
  const block = signatureBlock(signature);
  const old = known.map(signatureBlock).find(each => each !== '' && text.includes(`\n${each}`));
  if (old !== undefined) return text.replace(`\n${old}`, () => (block === '' ? '' : `\n${block}`));
  // Above a forwarded message.
  const place = (one: string) => `\n${one === '' ? '' : `${one}\n\n`}${FORWARDED}\n`;
  const bare = known.map(signatureText).find(each => each !== '' && text.includes(place(each)));
  return bare === undefined ? text : text.replace(place(bare), () => place(signatureText(signature)));
}

/** Where writing begins in a text made by `arrange`: at the top, or below the quote. */
export function writingPlace(text: string): number {
  if (!/^[^\n]/.test(text)) return 0;
  const signature = text.lastIndexOf(`\n\n\n${DELIMITER}\n`);
  return signature >= 0 ? signature + 1 : text.length;
}
