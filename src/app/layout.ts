// Terminal size → rectangles: which panes fit and where they stand. Pure; the program needs it for scrolling, the
// screen for drawing, so both take it from here.
import type { Size } from './types.ts';

/** The classes of width that a chosen layout is remembered for. */
export type WidthClass = 'narrow' | 'single' | 'double' | 'triple';
/** `one`: list or reader; `two`: folders beside; `three`: reader beside too; `below`: reader under the list. */
export type LayoutName = 'one' | 'two' | 'three' | 'below' | 'two-below';
export type LayoutChoice = Readonly<Partial<Record<WidthClass, LayoutName>>>;

export interface Rect {
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
}

export interface Layout {
  readonly name: LayoutName;
  readonly size: Size;
  /** Smaller than anything can be shown in. */
  readonly tooSmall: boolean;
  /** Rows of the content: between title (and rule) and status. */
  readonly content: Rect;
  readonly sidebar: Rect | null;
  readonly list: Rect;
  readonly reader: Rect;
  /** List and reader stand beside or above each other; otherwise one hides the other. */
  readonly split: boolean;
  /** A rule under the title and between panes. */
  readonly ruled: boolean;
  /** Screen rows of one message in the list. */
  readonly rowHeight: 1 | 2;
}

export const MIN_COLUMNS = 40;
export const MIN_ROWS = 8;
/** From this many rows on, a reader under the list leaves both enough. */
const BELOW_ROWS = 35;
const SIDEBAR = 24;

export function widthClass(columns: number): WidthClass {
  if (columns < 60) return 'narrow';
  if (columns < 110) return 'single';
  return columns < 140 ? 'double' : 'triple';
}

/** The layouts that this size allows, the default first; `^w` goes round them. */
export function layoutsFor(size: Size): readonly LayoutName[] {
  const below = size.rows >= BELOW_ROWS;
  switch (widthClass(size.columns)) {
    case 'narrow':
    case 'single':
      return below ? ['one', 'below'] : ['one'];
    case 'double':
      return below ? ['two', 'two-below', 'below', 'one'] : ['two', 'one'];
    case 'triple':
      return below ? ['three', 'two', 'two-below', 'one'] : ['three', 'two', 'one'];
  }
}

export function layoutFor(size: Size, choice: LayoutChoice): Layout {
  const allowed = layoutsFor(size);
  const wanted = choice[widthClass(size.columns)];
  const name = wanted && allowed.includes(wanted) ? wanted : (allowed[0] ?? 'one');
  return arrange(size, name);
}

const WIDTH_CLASSES: readonly WidthClass[] = ['narrow', 'single', 'double', 'triple'];
const LAYOUT_NAMES: readonly LayoutName[] = ['one', 'two', 'three', 'below', 'two-below'];

/** What was remembered, as far as it makes sense. */
export function layoutChoice(remembered: Readonly<Record<string, string>>): LayoutChoice {
  const known = WIDTH_CLASSES.flatMap(width => {
    const name = LAYOUT_NAMES.find(one => one === remembered[width]);
    return name ? [[width, name] as const] : [];
  });
  return Object.fromEntries(known);
}

/** The choice after `^w`: the next layout of this width. */
export function nextLayout(size: Size, choice: LayoutChoice): LayoutChoice {
  const allowed = layoutsFor(size);
  const at = allowed.indexOf(layoutFor(size, choice).name);
  const next = allowed[(at + 1) % allowed.length] ?? 'one';
  return { ...choice, [widthClass(size.columns)]: next };
}

function arrange(size: Size, name: LayoutName): Layout {
  const ruled = name !== 'one';
  const first = ruled ? 2 : 1;
  const rows = Math.max(1, size.rows - first - 2);
  const content: Rect = { row: first, column: 0, rows, columns: size.columns };
  const beside = name === 'two' || name === 'two-below' || name === 'three';
  const sidebar: Rect | null = beside ? { ...content, columns: SIDEBAR } : null;
  const left = sidebar ? SIDEBAR + 1 : 0;
  const width = size.columns - left;
  const rowHeight = width < 60 && widthClass(size.columns) === 'narrow' ? 2 : 1;
  const common = { name, size, content, sidebar, ruled, rowHeight } as const;
  const whole: Rect = { row: first, column: left, rows, columns: width };
  const tooSmall = size.columns < MIN_COLUMNS || size.rows < MIN_ROWS;
  if (name === 'three') {
    const columns = Math.max(50, Math.min(60, Math.floor((width - 1) * 0.43)));
    const list: Rect = { ...whole, columns };
    const reader: Rect = { ...whole, column: left + columns + 1, columns: width - columns - 1 };
    return { ...common, tooSmall, list, reader, split: true };
  }
  if (name === 'below' || name === 'two-below') {
    const above = Math.max(5, Math.floor((rows - 1) * 0.4));
    const list: Rect = { ...whole, rows: above };
    const reader: Rect = { ...whole, row: first + above + 1, rows: rows - above - 1 };
    return { ...common, tooSmall, list, reader, split: true };
  }
  return { ...common, tooSmall, list: whole, reader: whole, split: false };
}

/** What an overlay covers, border included. */
export function drawerRect(layout: Layout): Rect {
  const { content } = layout;
  if (layout.sidebar) return layout.sidebar;
  const columns = layout.size.columns < 60 ? layout.size.columns : 31;
  return { ...content, columns };
}

/** The palette and the folder picker: in the middle, as in product.md sketch D. */
export function paletteRect(layout: Layout): Rect {
  const { size, content } = layout;
  const columns = Math.min(64, size.columns - 2);
  const rows = Math.min(content.rows, 16, Math.max(6, content.rows - 4));
  const column = Math.max(0, (size.columns - columns) >> 1);
  return { row: content.row + Math.min(3, (content.rows - rows) >> 1), column, rows, columns };
}

/** A question, in the same place; `lines` of text and a row for its keys. */
export function confirmRect(layout: Layout, lines: number): Rect {
  const rect = paletteRect(layout);
  return { ...rect, rows: Math.min(layout.content.rows, lines + 4) };
}

/** A question for one line of text, in the same place; `lines` of text between the field and its keys. */
export function promptRect(layout: Layout, lines: number): Rect {
  const rect = paletteRect(layout);
  return { ...rect, rows: Math.min(layout.content.rows, lines + 6) };
}

/** Cells of a question's text. */
export function confirmCells(layout: Layout): number {
  return Math.max(10, paletteRect(layout).columns - 4);
}

/** Rows of choices in the palette: without border, field, the empty row below it, and the keys. */
export function paletteRows(layout: Layout): number {
  return Math.max(1, paletteRect(layout).rows - 5);
}

/** First row of a short list that is turned like pages, so that a cursor move redraws two rows. */
export function pageTop(cursor: number, count: number, rows: number): number {
  const page = Math.floor(Math.max(0, cursor) / rows) * rows;
  return Math.max(0, Math.min(page, count - rows));
}
