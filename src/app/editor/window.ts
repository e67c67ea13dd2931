// The rows of a text that are on the screen, ready to be painted, and where the caret stands among them. Pure; what
// comes out is safe for the terminal.
import { compare, type Editor, type Point, selection } from './editor.ts';
import { cellsBetween, placeOfRow, shownPart } from './line.ts';
import { caretRow, type Frame, rowAway } from './moving.ts';

export interface EditorRow {
  /** Sanitised; at most as wide as the window, but for spaces at its end. */
  readonly text: string;
  /** The part of `text` that is selected. */
  readonly selected: readonly [number, number] | null;
  /** How often the line is quoted. */
  readonly depth: number;
  readonly line: number;
  /** Goes on from the row above. */
  readonly continued: boolean;
}

export function windowRows(editor: Editor, { cells, rows }: Frame): readonly EditorRow[] {
  const out: EditorRow[] = [];
  const chosen = selection(editor);
  let at = editor.top;
  for (;;) {
    const line = editor.lines.at(at.line);
    const place = placeOfRow(line, cells, at.row);
    const inside = (point: Point) => {
      if (point.line !== at.line)
        return compare(point, { line: at.line, at: 0 }) < 0 ? 0 : place.end - place.start;
      return Math.max(0, Math.min(place.end, point.at) - place.start);
    };
    const from = chosen ? inside(chosen.from) : 0;
    const to = chosen ? inside(chosen.to) : 0;
    out.push({
      text: shownPart(line, place.start, place.end),
      selected: to > from ? [from, to] : null,
      depth: quoteDepth(line.text),
      line: at.line,
      continued: at.row > 0,
    });
    if (out.length >= rows) return out;
    const next = rowAway(editor, at, 1, cells);
    if (next.line === at.line && next.row === at.row) return out;
    at = next;
  }
}

/** Where the caret stands in the window, zero-based. */
export function caretCell(editor: Editor, frame: Frame): { readonly row: number; readonly column: number } {
  const { cells, rows } = frame;
  const caret = caretRow(editor, cells);
  let at = editor.top;
  let row = 0;
  while ((at.line !== caret.line || at.row !== caret.row) && row < rows - 1) {
    at = rowAway(editor, at, 1, cells);
    row += 1;
  }
  const line = editor.lines.at(caret.line);
  const { start } = placeOfRow(line, cells, caret.row);
  // Spaces at the end of a row that is full have no cells of their own.
  return { row, column: Math.min(cells, cellsBetween(line, start, editor.caret.at)) };
}

function quoteDepth(text: string): number {
  const marks = /^(?:> ?)+/.exec(text)?.[0] ?? '';
  return marks.replaceAll(' ', '').length;
}

/** Where the caret is, for people: `line 3 of 120`. */
export function lineNumbers(editor: Editor): { readonly line: number; readonly of: number } {
  return { line: editor.caret.line + 1, of: editor.lines.length };
}
