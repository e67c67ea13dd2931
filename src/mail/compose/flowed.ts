// format=flowed (RFC 3676), both ways: paragraphs of a text become lines that end in a space, and again one.
import { width } from '../width.ts';

/** Cells of a line, its trailing space not counted (RFC 3676 4.2 asks for less than 80). */
export const FLOWED_WIDTH = 72;
const SIGNATURE = '-- ';

/** Quote marks at the beginning, however they are spaced, and what follows them. */
export function quoteMarks(line: string): { depth: number; body: string } {
  const marks = /^(?:> ?)*/.exec(line)?.[0] ?? '';
  let depth = 0;
  for (const mark of marks) if (mark === '>') depth++;
  return { depth, body: line.slice(marks.length) };
}

/** Encodes a text of which every line is a paragraph. Trailing spaces, which would mean something else, go. */
export function flow(text: string, cells = FLOWED_WIDTH): string {
  return text
    .split('\n')
    .flatMap(line => flowLine(line, cells))
    .join('\n');
}

function flowLine(line: string, cells: number): string[] {
  if (line === SIGNATURE) return [line];
  const { depth, body } = quoteMarks(line);
  const marks = '>'.repeat(depth);
  const text = body === SIGNATURE ? body : body.trimEnd();
  if (text === SIGNATURE) return [`${marks} ${text}`];
  return pieces(text, depth === 0 ? cells : cells - depth - 1).map((piece, n, all) => {
    // Space-stuffing: a space in front of what would be taken for a quote, a stuffed line or an mbox separator.
    const stuffing = depth > 0 ? (piece === '' ? '' : ' ') : /^(?: |>|From )/.test(piece) ? ' ' : '';
    return `${marks}${stuffing}${piece}${n < all.length - 1 ? ' ' : ''}`;
  });
}

/** Broken at single spaces only, so that joining them gives the same text; code and tables stay whole lines. */
function pieces(text: string, cells: number): string[] {
  if (text.length <= cells && !/[^\x20-\x7e]/.test(text)) return [text];
  const out: string[] = [];
  let line = '';
  let used = 0;
  const words = text.split(/(?<=[^ ]) (?=[^ ])/);
  for (const [n, word] of words.entries()) {
    const wide = width(word);
    // A line that ends in the signature's delimiter would be taken for one.
    if (n > 0 && used + 1 + wide > cells && line !== '--' && line !== '') {
      out.push(line);
      line = word;
      used = wide;
    } else {
      line = n === 0 ? word : `${line} ${word}`;
      used += wide + (n === 0 ? 0 : 1);
    }
  }
  out.push(line);
  return out;
}

/** Joins the soft breaks and takes the stuffing away; quoted lines begin with `> ` a level. */
export function unflow(text: string, delSp = false): string {
  const out: string[] = [];
  let open: { depth: number; pieces: string[] } | null = null;
  const flush = () => {
    if (open) out.push(joined(open.depth, open.pieces));
    open = null;
  };
  for (const line of text.split('\n')) {
    const depth = /^>*/.exec(line)?.[0].length ?? 0;
    const body = line.slice(line.charCodeAt(depth) === 32 ? depth + 1 : depth);
    const delimiter = body === SIGNATURE;
    const soft = body.endsWith(' ') && !delimiter;
    const piece = soft && delSp ? body.slice(0, -1) : body;
    // A soft break joins lines of one depth only (RFC 3676 4.5).
    if (open !== null && ((open as { depth: number }).depth !== depth || delimiter)) flush();
    if (open === null) open = { depth, pieces: [piece] };
    else (open as { pieces: string[] }).pieces.push(piece);
    if (!soft) flush();
  }
  flush();
  return out.join('\n');
}

function joined(depth: number, pieces: readonly string[]): string {
  const text = pieces.join('');
  return depth === 0 ? text : `${'> '.repeat(depth)}${text}`.replace(/^((?:> )*>) $/, '$1');
}
