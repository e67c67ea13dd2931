// Where the composer's rows stand: its fields above, the text below. Scrolling and the real cursor need it, and the
// screen draws by it. Pure.
import type { Frame } from '../editor/moving.ts';
import type { Rect } from '../layout.ts';
import { layoutOf } from '../selectors.ts';
import type { AppState } from '../state.ts';
import { type FieldName, shownFields, type Writing } from './writing.ts';

/** Cells before what stands in a field. */
export const LABEL_CELLS = 10;
/** Longer rows are hard to read, and others' programs break them. */
const TEXT_CELLS = 80;
/** Below this many rows an empty Cc has none. */
const LOW = 16;

export type HeaderRow =
  | { readonly t: 'from' }
  | { readonly t: 'field'; readonly name: FieldName }
  | { readonly t: 'files' }
  | { readonly t: 'rule' };

/** The composer stands where the reader does, so that a list beside it stays visible. */
export function composeRect(state: AppState): Rect {
  return layoutOf(state).reader;
}

/** The rows above the text. At least one row is left for that. */
export function headerRows(state: AppState, writing: Writing): readonly HeaderRow[] {
  const rect = composeRect(state);
  const fields = shownFields(writing).filter(
    name => rect.rows >= LOW || name !== 'cc' || writing.fields.cc.text !== '' || writing.focus === 'cc',
  );
  const hasFiles = writing.draft.attachments.length > 0 || writing.attaching > 0;
  const all: HeaderRow[] = [
    { t: 'from' },
    ...fields.map(name => ({ t: 'field', name }) as const),
    ...(hasFiles ? [{ t: 'files' } as const] : []),
    { t: 'rule' },
  ];
  const room = Math.max(1, rect.rows - 2);
  if (all.length <= room) return all;
  // On a low screen the row that has the keys stays, and those around it as far as they fit.
  const at = Math.max(
    0,
    all.findIndex(row => hasFocus(row, writing)),
  );
  const first = Math.max(0, Math.min(at, all.length - room));
  return all.slice(first, first + room);
}

export function hasFocus(row: HeaderRow, { focus }: Writing): boolean {
  return row.t === 'field' ? row.name === focus : row.t === focus;
}

/** Cells and rows of the text: a margin on both sides, the right one for a caret behind the last letter. */
export function textFrame(state: AppState, writing: Writing): Frame {
  const rect = composeRect(state);
  return {
    cells: Math.max(10, Math.min(TEXT_CELLS, rect.columns - 2)),
    rows: Math.max(1, rect.rows - headerRows(state, writing).length),
  };
}

/** Cells of what is typed into a field. */
export function fieldCells(state: AppState): number {
  return Math.max(5, composeRect(state).columns - LABEL_CELLS - 1);
}
