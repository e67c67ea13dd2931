// Breaks the lines of a text again, paragraph by paragraph: quote marks and indents stay, code, tables and the
// signature are left alone, and no word is cut. Pure.
import { clusters, width } from '../width.ts';
import { mayBreak } from '../wrap.ts';

/** Cells of a line of mail (RFC 5322 2.1.1 asks for 78 characters, quotes need room to grow). */
export const WRAP_WIDTH = 72;

interface Line {
  readonly text: string;
  /** Quote marks as they stand there. */
  readonly marks: string;
  readonly depth: number;
  readonly body: string;
}

/** A run of lines that flow together, or lines that stay as they are. */
interface Block {
  readonly first: number;
  readonly lines: readonly Line[];
  readonly flows: boolean;
}

const MARKS = /^ ?(?:> ?)+/;
const BULLET = /^ {0,3}(?:[-*+•·‣◦–] +|\d{1,3}[.)] +|\[\d{1,3}\] +)/;
const FENCE = /^ {0,3}(?:```|~~~)/;
/** Code, tables, headings, rules, headers of a forwarded message, delimiters, a bullet alone: not prose. */
const FIXED =
  /^(?:\t| {4}|\||#{1,6} |={3,}|-{2,}|_{3,}|\*{3,}$|(?:From|To|Cc|Date|Subject|Reply-To): | {0,3}(?:[-*+•·‣◦–]|\d{1,3}[.)]|\[\d{1,3}\])$)/;

function lineOf(text: string): Line {
  const marks = MARKS.exec(text)?.[0] ?? '';
  return { text, marks, depth: marks.replace(/[^>]/g, '').length, body: text.slice(marks.length) };
}

function blocks(lines: readonly Line[]): Block[] {
  const out: Block[] = [];
  let fence = false;
  let signature = false;
  let open: Line[] = [];
  let first = 0;
  const flush = () => {
    if (open.length > 0) out.push({ first, lines: open, flows: true });
    open = [];
  };
  lines.forEach((line, n) => {
    const { body, depth } = line;
    const [before] = open;
    if (depth === 0 && line.text === '-- ') signature = true;
    else if (signature && depth > 0) signature = false;
    const border = FENCE.test(body);
    const stays = signature || fence || border || body.trim() === '' || FIXED.test(body);
    if (border) fence = !fence;
    // A hanging indent goes on with its bullet; any other line that is moved in begins a paragraph, as a bullet does.
    const begins =
      before !== undefined &&
      (before.depth !== depth || BULLET.test(body) || !continues(before, body, open.length));
    if (stays || begins) flush();
    if (stays) out.push({ first: n, lines: [line], flows: false });
    else {
      if (open.length === 0) first = n;
      open.push(line);
    }
  });
  flush();
  return out;
}

const indentOf = (body: string) => /^ */.exec(body)?.[0].length ?? 0;

function continues(first: Line, body: string, lines: number): boolean {
  const hang = BULLET.exec(first.body)?.[0].length;
  const indent = indentOf(body);
  if (hang !== undefined) return indent === hang || indent === 0 || lines > 1;
  return indent === 0 || indent === indentOf(first.body);
}

/** Letters that stand without spaces between them: Chinese, Japanese. Hangul has spaces. */
const IDEOGRAPH = /^[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\u3000-\u303f\uff00-\uffef]/u;
/** At the beginning of a line these would mean something else than inside of it. */
const SPECIAL_START =
  /^(?:>|[-*+•·‣◦–=_|]|\d{1,3}[.)]|\[\d{1,3}\]|#|```|~~~|(?:From|To|Cc|Date|Subject|Reply-To):$)/;

/** What can't be broken, and whether a space stands before it. */
interface Piece {
  text: string;
  readonly space: boolean;
}

function piecesOf(text: string): Piece[] {
  const out: Piece[] = [];
  for (const word of text.split(/ +/)) {
    if (word === '') continue;
    const start = out.length;
    let from = 0;
    let at = 0;
    let previous = false;
    for (const { end } of /[^\x00-\u2fff]/.test(word) ? clusters(word) : []) {
      const ideograph = IDEOGRAPH.test(word.slice(at, end));
      if (at > from && ideograph && previous && mayBreak(word, at)) {
        out.push({ text: word.slice(from, at), space: out.length === start });
        from = at;
      }
      previous = ideograph;
      at = end;
    }
    out.push({ text: word.slice(from), space: out.length === start });
  }
  return out;
}

/** One text of several lines: a space between them, none between ideographs. */
function joinLines(bodies: readonly string[]): string {
  const out: string[] = [];
  let ideograph = false;
  for (const body of bodies.map(line => line.trim()).filter(line => line !== '')) {
    if (out.length > 0 && !(ideograph && IDEOGRAPH.test(body))) out.push(' ');
    out.push(body);
    ideograph = IDEOGRAPH.test([...body.slice(-2)].at(-1) ?? '');
  }
  return out.join('');
}

function wrapBlock(block: Block, cells: number): string[] {
  const [first] = block.lines;
  if (!first || !block.flows) return block.lines.map(({ text }) => text);
  const bullet = BULLET.exec(first.body)?.[0];
  const lead = bullet ?? ' '.repeat(indentOf(first.body));
  const hang = ' '.repeat(width(lead));
  const bodies = block.lines.map(({ body }, n) => (n === 0 ? body.slice(lead.length) : body));
  // Quote marks get the space that separates them from the text.
  const marks = first.marks === '' || first.marks.endsWith(' ') ? first.marks : `${first.marks} `;
  const room = Math.max(10, cells - width(marks) - width(lead));
  const out: string[] = [];
  let line = '';
  let used = 0;
  for (const { text, space } of piecesOf(joinLines(bodies))) {
    const gap = space && line !== '' ? ' ' : '';
    const wide = width(text);
    if (line !== '' && used + gap.length + wide > room && !SPECIAL_START.test(text)) {
      out.push(line);
      line = text;
      used = wide;
    } else {
      line += gap + text;
      used += gap.length + wide;
    }
  }
  if (line === '') return block.lines.map(({ text }) => text);
  out.push(line);
  return out.map((text, n) => `${marks}${n === 0 ? lead : hang}${text}`);
}

/** A text or a selection of whole lines. What is behind a `-- ` line stays. */
export function rewrap(text: string, cells = WRAP_WIDTH): string {
  return blocks(text.split('\n').map(lineOf))
    .flatMap(block => wrapBlock(block, cells))
    .join('\n');
}

/** The paragraph around `offset`, broken again: `text.slice(start, end)` is to be replaced. null: nothing to do there. */
export function rewrapAt(
  text: string,
  offset: number,
  cells = WRAP_WIDTH,
): { start: number; end: number; text: string } | null {
  const lines = text.split('\n').map(lineOf);
  const at = text.slice(0, offset).split('\n').length - 1;
  const block = blocks(lines).find(({ first, lines: own }) => first <= at && at < first + own.length);
  if (!block?.flows) return null;
  const startOf = (n: number) => lines.slice(0, n).reduce((sum, line) => sum + line.text.length + 1, 0);
  const start = startOf(block.first);
  const end = startOf(block.first + block.lines.length) - 1;
  const wrapped = wrapBlock(block, cells).join('\n');
  return wrapped === text.slice(start, end) ? null : { start, end, text: wrapped };
}
