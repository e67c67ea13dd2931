// Tables in the HTML of a mail: which hold data, which only lay out a page, and what is written for each.

/** Rows of a layout table with no more text than this are shown in one line. */
const SHORT_ROW = 70;
/** A data table wider than this would be broken by wrapping. */
const TABLE_WIDTH = 76;

export interface Table {
  nested: boolean;
  heads: boolean;
  border: boolean;
  presentation: boolean;
  rows: number;
  /** Longest text of each column. */
  readonly columns: number[];
  row: Row | null;
}

export interface Row {
  cells: number;
  text: number;
  cell: number;
  block: boolean;
}

/** A table tag, whose form is known only when the table has ended. */
export interface Mark {
  readonly kind: 'table' | 'row' | 'cell';
  readonly open: boolean;
  readonly table: Table;
  readonly row: Row | null;
  readonly span: string;
  /** The first cell of its row. */
  readonly first: boolean;
}

/** Rows and columns that belong together, rather than a grid that places things on a page. */
function isData({ nested, presentation, heads, border, rows, columns }: Table): boolean {
  if (nested || presentation || rows < 2 || columns.length < 2) return false;
  const wide = columns.reduce((sum, cells) => sum + (cells ?? 0) + 2, 0) > TABLE_WIDTH;
  return !wide && (heads || border);
}

/** The pieces as one text, table tags in the form that their table turned out to have. */
export function render(out: readonly (string | Mark)[]): string {
  const kinds = new Map<Table, boolean>();
  const pieces: string[] = [];
  for (const piece of out) {
    if (typeof piece === 'string') {
      pieces.push(piece);
      continue;
    }
    const known = kinds.get(piece.table);
    const data = known ?? isData(piece.table);
    if (known === undefined) kinds.set(piece.table, data);
    pieces.push(data ? dataTag(piece) : layoutTag(piece));
  }
  return pieces.join('');
}

function dataTag({ kind, open, span }: Mark): string {
  const name = kind === 'table' ? 'table' : kind === 'row' ? 'tr' : 'td';
  return open ? `<${name}${span}>` : `</${name}>`;
}

function layoutTag({ kind, open, row, first }: Mark): string {
  if (kind !== 'cell') return open ? '<div>' : '</div>';
  // Short cells stand beside each other: `Total:  20 EUR`.
  if (row && !row.block && row.text <= SHORT_ROW) return open && !first ? ' &nbsp;' : ' ';
  return open ? '<div>' : '</div>';
}
