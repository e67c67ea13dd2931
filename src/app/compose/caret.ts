// Where the caret of the composer stands on the screen, and which part of a long field is seen. Pure.
import { cut, width } from '../../mail/width.ts';
import { shownText } from '../editor/line.ts';
import { caretCell } from '../editor/window.ts';
import type { Field } from '../field.ts';
import type { AppState } from '../state.ts';
import { composeRect, fieldCells, hasFocus, headerRows, LABEL_CELLS, textFrame } from './frame.ts';
import { isField, writingIn } from './writing.ts';

/** The part of a field that is seen while it has the caret: safe for the terminal, at most `cells` wide. */
export function fieldWindow(
  { text, caret }: Field,
  cells: number,
): { readonly text: string; readonly cell: number } {
  // One UTF-16 unit stands for one, so that the caret's place is the same.
  const shown = shownText(text);
  const room = Math.max(1, cells - 1);
  let from = 0;
  const before = width(shown.slice(0, caret));
  if (before > room) {
    // By thirds of the field, so that not every key moves all of it.
    const third = Math.max(1, Math.floor(room / 3));
    const hidden = Math.ceil((before - room) / third) * third;
    from = cut(shown, hidden).length;
  }
  return { text: cut(shown.slice(from), cells), cell: width(shown.slice(from, caret)) };
}

export function composeCaret(state: AppState): AppState['caret'] {
  const rect = composeRect(state);
  const writing = writingIn(state);
  if (!writing) return { row: rect.row, column: rect.column };
  const header = headerRows(state, writing);
  if (writing.focus === 'text') {
    const { row, column } = caretCell(writing.editor, textFrame(state, writing));
    return { row: rect.row + header.length + row, column: rect.column + 1 + column };
  }
  const at = Math.max(
    0,
    header.findIndex(row => hasFocus(row, writing)),
  );
  const field = isField(writing.focus) ? writing.fields[writing.focus] : null;
  const cell = field ? fieldWindow(field, fieldCells(state)).cell : 0;
  return { row: rect.row + at, column: rect.column + LABEL_CELLS + cell };
}
