// Makes the HTML of a mail small and harmless before it is turned into text: one linear pass that drops what no
// person sees (hidden text, preheaders, tracking pixels, styles, scripts, comments), replaces pictures by their alt
// text, flattens tables that only lay out, and caps the nesting. What comes out is well nested and holds only
// a, br, p, div, h1-h6, ul, ol, li, blockquote, pre, hr and data tables.
import { HTML_DEPTH } from '../util/limits.ts';
import { hiddenClasses, isHiddenStyle, zeroFont } from './html-hidden.ts';
import { isPixel, isRemote, meaningOf } from './html-pictures.ts';
import { type Mark, type Row, render, type Table } from './html-tables.ts';
import { type Attributes, readTag } from './html-tags.ts';

export interface PreparedHtml {
  readonly html: string;
  /** Pictures that would have been fetched from the network, pixels and hidden ones included. */
  readonly remoteImages: number;
  /** `html-depth`: elements beyond HTML_DEPTH lost their structure, not their text. */
  readonly notes: readonly string[];
}

const VOID = new Set(
  'area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr'.split(
    ' ',
  ),
);
const RAW_TEXT = new Set('style script title textarea xmp iframe noembed noframes'.split(' '));
const DROPPED = new Set('template svg math object applet select datalist canvas audio video map'.split(' '));
const BLOCK = new Set(
  'div section article header footer main center address form fieldset figure figcaption aside nav dl dt dd details summary legend caption'.split(
    ' ',
  ),
);
const KEPT = new Set('p h1 h2 h3 h4 h5 h6 ul ol li blockquote pre a'.split(' '));
const INDENTED = new Set(['ul', 'ol', 'blockquote']);
/** Levels of lists and quotes: each one touches every line below it. */
const INDENT = 20;
const TABLE_PARTS = new Set(['table', 'tr', 'td', 'th']);
/** A close tag is looked for in this many open elements; more only in broken or hostile mail. */
const SEARCH = 300;
interface Style {
  readonly hidden: boolean;
  /** null: says nothing about the size of text. */
  readonly tiny: boolean | null;
}

const PLAIN: Style = { hidden: false, tiny: null };

interface Frame {
  readonly name: string;
  /** Written when the element ends. */
  readonly close: string | Mark | null;
  /** The text is too small to see, until an element says otherwise. */
  readonly tiny: boolean;
  readonly counted: boolean;
}

export function prepareHtml(source: string): PreparedHtml {
  const out: (string | Mark)[] = [];
  const frames: Frame[] = [];
  const tables: Table[] = [];
  const openNames = new Map<string, number>();
  const notes = new Set<string>();
  const hiddenNames = new Set<string>();
  const styles = new Map<string, Style>();
  let hiddenAt = -1; // frames beyond this are not shown
  let depth = 0;
  let remoteImages = 0;

  const isHidden = () => hiddenAt >= 0;
  const indents = () =>
    (openNames.get('ul') ?? 0) + (openNames.get('ol') ?? 0) + (openNames.get('blockquote') ?? 0);
  const row = () => tables.at(-1)?.row ?? null;

  function text(raw: string): void {
    if (raw === '' || isHidden() || frames.at(-1)?.tiny) return;
    const inRow = row();
    if (inRow) {
      const length = raw.trim().length;
      inRow.text += length;
      inRow.cell += length;
    }
    out.push(raw);
  }

  function pop(): void {
    const frame = frames.pop();
    if (!frame) return;
    openNames.set(frame.name, (openNames.get(frame.name) ?? 1) - 1);
    if (frame.counted) depth -= 1;
    if (frame.name === 'td' || frame.name === 'th') endCell();
    if (frame.close !== null && !isHidden()) out.push(frame.close);
    if (hiddenAt >= frames.length) hiddenAt = -1;
    if (frame.name === 'table') tables.pop();
  }

  function endCell(): void {
    const table = tables.at(-1);
    if (!table?.row) return;
    const column = table.row.cells - 1;
    table.columns[column] = Math.max(table.columns[column] ?? 0, table.row.cell);
    table.row.cell = 0;
  }

  /** Ends the nearest open element of these names, not looking outside of a cell or table. */
  function endNearest(names: readonly string[], barrier: ReadonlySet<string>): void {
    if (!names.some(name => (openNames.get(name) ?? 0) > 0)) return;
    const lowest = Math.max(0, frames.length - SEARCH);
    for (let i = frames.length - 1; i >= lowest; i--) {
      const name = frames[i]?.name ?? '';
      if (names.includes(name)) {
        while (frames.length > i) pop();
        return;
      }
      if (barrier.has(name)) return;
    }
  }

  function push(name: string, close: string | Mark | null, tiny: boolean, counted: boolean): void {
    frames.push({ name, close, tiny, counted });
    openNames.set(name, (openNames.get(name) ?? 0) + 1);
    if (counted) depth += 1;
  }

  function openTable(name: string, attributes: Attributes, tiny: boolean): void {
    if (name === 'table') {
      const outer = tables.at(-1);
      if (outer) {
        outer.nested = true;
        if (outer.row) outer.row.block = true;
      }
      const table: Table = {
        nested: false,
        heads: false,
        border: Number.parseInt(attributes.get('border') ?? '0', 10) > 0,
        presentation: /presentation|none/i.test(attributes.get('role') ?? ''),
        rows: 0,
        columns: [],
        row: null,
      };
      tables.push(table);
      mark('table', name, table, null, '', tiny, true);
      return;
    }
    const table = tables.at(-1);
    if (!table) {
      block(name, tiny);
      return;
    }
    if (name === 'tr' || !table.row) {
      table.row = { cells: 0, text: 0, cell: 0, block: false };
      table.rows += 1;
      if (name === 'tr') {
        mark('row', name, table, table.row, '', tiny, true);
        return;
      }
    }
    if (name === 'th') table.heads = true;
    table.row.cells += 1;
    const span = /^\d{1,2}$/.test(attributes.get('colspan') ?? '')
      ? ` colspan="${attributes.get('colspan')}"`
      : '';
    mark('cell', name, table, table.row, span, tiny, table.row.cells === 1);
  }

  function mark(
    kind: Mark['kind'],
    name: string,
    table: Table,
    inRow: Row | null,
    span: string,
    tiny: boolean,
    first: boolean,
  ): void {
    if (depth >= HTML_DEPTH) {
      notes.add('html-depth');
      if (!isHidden()) out.push(' ');
      push(name, null, tiny, false);
      return;
    }
    const base = { kind, table, row: inRow, span, first };
    if (!isHidden()) out.push({ ...base, open: true });
    push(name, { ...base, open: false }, tiny, true);
  }

  function block(name: string, tiny: boolean, tag = 'div', attributes = ''): void {
    const inRow = row();
    if (inRow && tag !== 'a') inRow.block = true;
    if (depth >= HTML_DEPTH) {
      notes.add('html-depth');
      if (!isHidden() && tag !== 'a' && out.at(-1) !== '<br>') out.push('<br>');
      push(name, null, tiny, false);
      return;
    }
    if (!isHidden()) out.push(`<${tag}${attributes}>`);
    push(name, `</${tag}>`, tiny, true);
  }

  function picture(attributes: Attributes, hidden: boolean): void {
    if (isRemote(attributes)) remoteImages += 1;
    if (hidden || isPixel(attributes)) return;
    const alt = meaningOf(attributes);
    if (alt !== '') text(`[${alt.replaceAll('<', '&lt;')}]`);
  }

  /** Newsletters repeat the same few styles hundreds of times. */
  function styleOf(style: string): Style {
    const known = styles.get(style);
    if (known) return known;
    const fresh = { hidden: isHiddenStyle(style), tiny: zeroFont(style) };
    styles.set(style, fresh);
    return fresh;
  }

  function element(name: string, attributes: Attributes): void {
    const style = attributes.get('style');
    const look = style ? styleOf(style) : PLAIN;
    const hidden =
      attributes.has('hidden') || look.hidden || (hiddenNames.size > 0 && hasClass(attributes, hiddenNames));
    if (name === 'img') {
      picture(attributes, hidden);
      return;
    }
    if (name === 'br' || name === 'hr') {
      const inRow = row();
      if (inRow) inRow.block = true;
      if (!isHidden() && !hidden) out.push(`<${name}>`);
      return;
    }
    if (VOID.has(name)) return;
    endImplied(name);
    if ((hidden || DROPPED.has(name)) && !isHidden()) hiddenAt = frames.length;
    const tiny = look.tiny ?? frames.at(-1)?.tiny ?? false;
    if (TABLE_PARTS.has(name)) openTable(name, attributes, tiny);
    else if (BLOCK.has(name) || (INDENTED.has(name) && indents() >= INDENT)) block(name, tiny);
    else if (KEPT.has(name)) block(name, tiny, name, keptAttributes(name, attributes));
    else push(name, null, tiny, false);
  }

  /** End tags that HTML lets a writer leave out. */
  function endImplied(name: string): void {
    if (name === 'td' || name === 'th') endNearest(['td', 'th'], TABLE_OR_ROW);
    else if (name === 'tr') endNearest(['tr'], TABLE_ONLY);
    else if (name === 'li') endNearest(['li'], LIST_BARRIER);
    else if (
      frames.at(-1)?.name === 'p' &&
      (BLOCK.has(name) || (KEPT.has(name) && name !== 'a') || name === 'table')
    ) {
      pop();
    }
  }

  let at = 0;
  while (at < source.length) {
    const open = source.indexOf('<', at);
    if (open < 0) {
      text(source.slice(at));
      break;
    }
    if (open > at) text(source.slice(at, open));
    const code = source.charCodeAt(open + 1);
    if (code === 33 || code === 63) {
      // Comments, conditional ones with all they hold, doctypes, processing instructions.
      const comment = source.startsWith('<!--', open);
      const end = source.indexOf(comment ? '-->' : '>', open + 2);
      at = end < 0 ? source.length : end + (comment ? 3 : 1);
      continue;
    }
    const tag = readTag(source, open);
    if (!tag) {
      text('&lt;');
      at = open + 1;
      continue;
    }
    at = tag.end;
    if (tag.closing) {
      endNearest([tag.name], TABLE_PARTS.has(tag.name) ? TABLE_ONLY : CELLS);
      continue;
    }
    if (RAW_TEXT.has(tag.name)) {
      const end = rawTextEnd(source, at, tag.name);
      if (tag.name === 'style')
        for (const name of hiddenClasses(source.slice(at, end))) hiddenNames.add(name);
      at = end;
      continue;
    }
    element(tag.name, tag.attributes);
  }
  while (frames.length > 0) pop();
  return { html: render(out), remoteImages, notes: [...notes] };
}

const CELLS: ReadonlySet<string> = new Set(['td', 'th', 'table']);
const TABLE_ONLY: ReadonlySet<string> = new Set(['table']);
const TABLE_OR_ROW: ReadonlySet<string> = new Set(['table', 'tr']);
const LIST_BARRIER: ReadonlySet<string> = new Set(['ul', 'ol', 'td', 'th', 'table']);
function rawTextEnd(source: string, from: number, name: string): number {
  const close = new RegExp(`</${name}[\\s/>]`, 'gi');
  close.lastIndex = from;
  return close.exec(source)?.index ?? source.length;
}

function hasClass(attributes: Attributes, names: ReadonlySet<string>): boolean {
  return (attributes.get('class') ?? '').split(/\s+/).some(name => names.has(name));
}

function keptAttributes(name: string, attributes: Attributes): string {
  const wanted = name === 'a' ? 'href' : name === 'ol' ? 'start' : '';
  const value = wanted === '' ? undefined : attributes.get(wanted);
  return value === undefined ? '' : ` ${wanted}="${value.replaceAll('"', '&quot;')}"`;
}
