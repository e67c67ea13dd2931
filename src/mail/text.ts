// Lays out the text of a message in rows for the reader: wrapping, quotes, format=flowed, signature, folding. Every
// row that comes out is sanitised. Knows no colours and writes no words of its own.
import { sanitize } from './sanitize.ts';
import { hangingIndent, rows } from './wrap.ts';

export type LineKind = 'text' | 'quote' | 'signature' | 'link' | 'fold';

export interface Line {
  /** Sanitised, without tabs, at most as wide as asked for. '' for a fold. */
  readonly text: string;
  /** `link`: a row of an address that is longer than a row. `fold`: stands for `hidden` rows of quoted text. */
  readonly kind: LineKind;
  /** Quote depth; 0 is the writer's own text. */
  readonly depth: number;
  /** Goes on from the row before: a copy of the text has no line break (but perhaps a space) there. */
  readonly continued: boolean;
  /** Rows that a fold hides; else 0. */
  readonly hidden: number;
}

export interface LayoutOptions {
  /** Cells of the pane. Text is never wider than MEASURE. */
  readonly width: number;
  /** format=flowed (RFC 3676). */
  readonly flowed?: boolean;
  /** DelSp=yes: the space that marks a soft break is not part of the text. */
  readonly delSp?: boolean;
  /** Quoted text after this many rows of a quote is folded; undefined shows everything. */
  readonly fold?: number;
}

/** Longer rows are hard to read (READ-04). */
export const MEASURE = 80;
/** Depth beyond which quote marks are not repeated: hostile mail has thousands. */
const MAX_MARKS = 8;
/** Characters of a line that are searched for quote marks. */
const MAX_PREFIX = 1000;
/** A fold that hides fewer rows than this hides nothing. */
const FOLD_AT_LEAST = 3;
const TAB = 8;

/** All rows; for long texts `layoutRows` gives them bit by bit. */
export function layout(text: string, options: LayoutOptions): Line[] {
  return [...layoutRows(text, options)];
}

/** The rows in order, each made when it is asked for: stop when the screen is full. */
export function* layoutRows(text: string, options: LayoutOptions): Generator<Line> {
  const lines = wrapped(paragraphs(text, options), Math.max(4, Math.min(options.width, MEASURE)));
  if (options.fold === undefined) yield* lines;
  else yield* folded(lines, options.fold);
}

/** One logical line: of the text, or several joined by format=flowed. */
interface Paragraph {
  readonly text: string;
  readonly depth: number;
  readonly kind: 'text' | 'quote' | 'signature';
}

/** Splits lazily: a body of 4 MB is not cut into lines before the first row. */
function* sourceLines(text: string): Generator<string> {
  let at = 0;
  while (at <= text.length) {
    const next = text.indexOf('\n', at);
    const end = next < 0 ? text.length : next;
    const raw = text.slice(at, text.charCodeAt(end - 1) === 13 && end > at ? end - 1 : end);
    // Other kinds of line breaks inside of the line come out as \n.
    const clean = sanitize(raw, { keepNewlines: true, tabs: 'keep' });
    if (clean.includes('\n')) yield* clean.split('\n');
    else yield clean;
    if (next < 0) return;
    at = next + 1;
  }
}

const QUOTE = /^ ?(?:> ?)+/;
// What Outlook and its kin write above the message that they answer on top of.
const HISTORY =
  /^-{2,}\s*(?:Original Message|Forwarded message|Ursprüngliche Nachricht|Weitergeleitete Nachricht|Message d'origine|Mensaje original|Messaggio originale|Mensagem original|Oorspronkelijk bericht|Oprindelig meddelelse|Ursprungligt meddelande|Alkuperäinen viesti|Исходное сообщение|原始邮件|元のメッセージ)\s*-{2,}\s*$/iu;

function quoteOf(line: string, flowed: boolean): { depth: number; body: string } {
  const first = line.charCodeAt(0);
  if (first !== 62 && first !== 32) return { depth: 0, body: line };
  if (flowed) {
    let depth = 0;
    while (line.charCodeAt(depth) === 62) depth++;
    const stuffed = line.charCodeAt(depth) === 32 ? depth + 1 : depth;
    return { depth, body: line.slice(stuffed) };
  }
  const marks = QUOTE.exec(line.slice(0, MAX_PREFIX))?.[0];
  if (marks === undefined) return { depth: 0, body: line };
  let depth = 0;
  for (let i = 0; i < marks.length; i++) if (marks.charCodeAt(i) === 62) depth++;
  // Deeper indentation than the one space belongs to the quoted text.
  return { depth, body: line.slice(marks.length) };
}

function* paragraphs(text: string, options: LayoutOptions): Generator<Paragraph> {
  const flowed = options.flowed ?? false;
  let signature = false;
  let history = false;
  let open: { pieces: string[]; depth: number } | null = null;
  for (const line of sourceLines(text)) {
    const { depth: marks, body } = quoteOf(line, flowed);
    const depth = history ? marks + 1 : marks;
    const isDelimiter = body === '-- ' || (body === '--' && !flowed);
    // A soft break joins only lines of one depth; a signature delimiter is never joined (RFC 3676, 4.3 and 4.5).
    if (open && (open.depth !== depth || isDelimiter)) {
      yield paragraph(open.pieces.join(''), open.depth, signature);
      open = null;
    }
    if (isDelimiter && depth === 0) signature = true;
    else if (signature && depth > 0) signature = false;
    if (!history && depth === 0 && body.startsWith('--') && HISTORY.test(body)) {
      signature = false;
      history = true;
      yield { text: body, depth: 0, kind: 'text' };
      continue;
    }
    const soft = flowed && body.endsWith(' ') && !isDelimiter;
    const piece = soft && options.delSp ? body.slice(0, -1) : body;
    if (soft) {
      if (open) open.pieces.push(piece);
      else open = { pieces: [piece], depth };
    } else {
      const whole: string = open ? open.pieces.join('') + piece : piece;
      open = null;
      yield paragraph(whole, depth, signature);
    }
  }
  if (open) yield paragraph(open.pieces.join(''), open.depth, signature);
}

function paragraph(text: string, depth: number, signature: boolean): Paragraph {
  return { text, depth, kind: depth > 0 ? 'quote' : signature ? 'signature' : 'text' };
}

/** Tabs to the next multiple of eight; wide characters before a tab are rare enough to count as one. */
function expandTabs(text: string): string {
  if (!text.includes('\t')) return text;
  const [head = '', ...pieces] = text.split('\t');
  let out = head;
  let column = head.length;
  for (const piece of pieces) {
    const gap = TAB - (column % TAB);
    out += ' '.repeat(gap) + piece;
    column += gap + piece.length;
  }
  return out;
}

function* wrapped(source: Iterable<Paragraph>, cells: number): Generator<Line> {
  for (const { text, depth, kind } of source) {
    const body = expandTabs(text);
    const prefix = depth === 0 ? '' : `${'>'.repeat(Math.min(depth, MAX_MARKS))} `;
    const room = Math.max(2, cells - prefix.length);
    if (body.trim() === '') {
      yield { text: prefix.trimEnd(), kind, depth, continued: false, hidden: 0 };
      continue;
    }
    const indent = body.length > room ? hangingIndent(body) : 0;
    // An indent of half a row would leave a ribbon.
    const hang = indent <= room / 2 ? indent : 0;
    const lead = ' '.repeat(hang);
    let first = true;
    for (const row of rows(body, room, room - hang)) {
      // A cut address gets the whole row and no inserted character, so that it can be copied.
      const piece = body.slice(row.start, row.end);
      const before = first ? prefix : row.link ? '' : prefix + lead;
      yield {
        text: before + piece,
        kind: row.link ? 'link' : kind,
        depth,
        continued: !first,
        hidden: 0,
      };
      first = false;
    }
  }
}

function* folded(lines: Iterable<Line>, keep: number): Generator<Line> {
  let held: Line[] = [];
  let shown = 0;
  function* release(): Generator<Line> {
    if (held.length < FOLD_AT_LEAST) yield* held;
    else yield { text: '', kind: 'fold', depth: held[0]?.depth ?? 1, continued: false, hidden: held.length };
    held = [];
    shown = 0;
  }
  for (const line of lines) {
    if (line.depth === 0) {
      yield* release();
      yield line;
    } else if (shown < keep) {
      shown++;
      yield line;
    } else held.push(line);
  }
  yield* release();
}
