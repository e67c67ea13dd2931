// Where the caret goes, and which rows of the text are on the screen. Pure.

import { compare, type Editor, endOf, lineText, type Point, START, selection } from './editor.ts';
import { closed } from './history.ts';
import { cellsBetween, hasRow, type Line, placeAtCell, placeOfRow, rowAt, rowCount } from './line.ts';
import { nextGrapheme, previousGrapheme, wordEnd, wordStart } from './words.ts';

/** The part of the screen that the text has. */
export interface Frame {
  readonly cells: number;
  readonly rows: number;
}

export type Motion =
  | 'left'
  | 'right'
  | 'word-left'
  | 'word-right'
  | 'up'
  | 'down'
  | 'home'
  | 'end'
  | 'page-up'
  | 'page-down'
  | 'start'
  | 'finish';

/** Moves the caret; `select`: the selection grows with it. The text scrolls with the caret. */
export function moveCaret(editor: Editor, motion: Motion, frame: Frame, select = false): Editor {
  const selecting = select || editor.marking;
  const chosen = selection(editor);
  // Without Shift, left and right go to the ends of what was selected.
  if (chosen && !selecting && (motion === 'left' || motion === 'right')) {
    return placed(editor, motion === 'left' ? chosen.from : chosen.to, frame, null, false);
  }
  const { to, goal } = target(editor, motion, frame);
  return placed(editor, to, frame, goal, selecting);
}

/** Puts the caret at a place of the text. */
export function putCaret(editor: Editor, to: Point, frame: Frame): Editor {
  const line = Math.max(0, Math.min(to.line, editor.lines.length - 1));
  const at = Math.max(0, Math.min(to.at, lineText(editor, line).length));
  return placed(editor, { line, at }, frame, null, false);
}

function placed(editor: Editor, to: Point, frame: Frame, goal: number | null, selecting: boolean): Editor {
  const anchor = selecting ? (editor.anchor ?? editor.caret) : null;
  const moved = compare(to, editor.caret) !== 0;
  return scrolled(
    {
      ...editor,
      caret: moved ? to : editor.caret,
      anchor,
      goal,
      marking: editor.marking && selecting,
      cutting: false,
      history: moved ? closed(editor.history) : editor.history,
    },
    frame,
  );
}

function target(editor: Editor, motion: Motion, frame: Frame): { to: Point; goal: number | null } {
  const { caret } = editor;
  const to = (point: Point) => ({ to: point, goal: null });
  switch (motion) {
    case 'left':
    case 'word-left':
      return to(before(editor, motion === 'left' ? previousGrapheme : wordStart));
    case 'right':
    case 'word-right':
      return to(behind(editor, motion === 'right' ? nextGrapheme : wordEnd));
    case 'home':
      return to({ line: caret.line, at: homeOf(editor, frame) });
    case 'end':
      return to({ line: caret.line, at: endOfRow(editor, frame) });
    case 'start':
      return to(START);
    case 'finish':
      return to(endOf(editor));
    case 'up':
      return vertical(editor, -1, frame);
    case 'down':
      return vertical(editor, 1, frame);
    case 'page-up':
      return vertical(editor, -Math.max(1, frame.rows - 1), frame);
    case 'page-down':
      return vertical(editor, Math.max(1, frame.rows - 1), frame);
  }
}

function before(editor: Editor, step: (text: string, at: number) => number): Point {
  const { line, at } = editor.caret;
  if (at > 0) return { line, at: step(lineText(editor, line), at) };
  return line > 0 ? { line: line - 1, at: lineText(editor, line - 1).length } : START;
}

function behind(editor: Editor, step: (text: string, at: number) => number): Point {
  const { line, at } = editor.caret;
  const text = lineText(editor, line);
  if (at < text.length) return { line, at: step(text, at) };
  return line < editor.lines.length - 1 ? { line: line + 1, at: 0 } : { line, at };
}

function lineAt(editor: Editor, line: number): Line {
  return editor.lines.at(line);
}

/** The beginning of the row; from there the beginning of the line. */
function homeOf(editor: Editor, frame: Frame): number {
  const { line, at } = editor.caret;
  const { start } = placeOfRow(
    lineAt(editor, line),
    frame.cells,
    rowAt(lineAt(editor, line), frame.cells, at),
  );
  return at === start ? 0 : start;
}

/** The last place of the row; from there the end of the line. */
function endOfRow(editor: Editor, frame: Frame): number {
  const { line, at } = editor.caret;
  const here = lineAt(editor, line);
  const place = placeOfRow(here, frame.cells, rowAt(here, frame.cells, at));
  if (place.last) return here.text.length;
  let end = placeAtCell(here, place, frame.cells);
  // The space at which the row was wrapped stands behind its end.
  while (end > place.start && here.text.charCodeAt(end - 1) === 32) end -= 1;
  return at >= end ? here.text.length : end;
}

interface RowOf {
  readonly line: number;
  readonly row: number;
}

/** The row `by` rows away, or the first or last one. */
export function rowAway(editor: Editor, from: RowOf, by: number, cells: number): RowOf {
  let { line, row } = from;
  for (let left = by; left > 0; left -= 1) {
    if (hasRow(lineAt(editor, line), cells, row + 1)) row += 1;
    else if (line < editor.lines.length - 1) {
      line += 1;
      row = 0;
    } else break;
  }
  for (let left = by; left < 0; left += 1) {
    if (row > 0) row -= 1;
    else if (line > 0) {
      line -= 1;
      row = rowCount(lineAt(editor, line), cells) - 1;
    } else break;
  }
  return { line, row };
}

function vertical(editor: Editor, by: number, { cells }: Frame): { to: Point; goal: number | null } {
  const { line, at } = editor.caret;
  const here = lineAt(editor, line);
  const row = rowAt(here, cells, at);
  const goal = editor.goal ?? cellsBetween(here, placeOfRow(here, cells, row).start, at);
  const to = rowAway(editor, { line, row }, by, cells);
  // Above the first row is its beginning, below the last one its end: as every editor of today has it.
  if (to.line === line && to.row === row) return { to: by < 0 ? START : endOf(editor), goal };
  const there = lineAt(editor, to.line);
  return { to: { line: to.line, at: placeAtCell(there, placeOfRow(there, cells, to.row), goal) }, goal };
}

export function caretRow(editor: Editor, cells: number): RowOf {
  const { line, at } = editor.caret;
  return { line, row: rowAt(lineAt(editor, line), cells, at) };
}

/** Scrolls where the caret is out of sight: by a third of the window, so that the next keys need no scrolling. */
export function scrolled(editor: Editor, frame: Frame): Editor {
  const { cells, rows } = frame;
  const caret = caretRow(editor, cells);
  const line = Math.min(editor.top.line, editor.lines.length - 1);
  const top = {
    line,
    row: hasRow(lineAt(editor, line), cells, editor.top.row) && line === editor.top.line ? editor.top.row : 0,
  };
  const above = caret.line < top.line || (caret.line === top.line && caret.row < top.row);
  const third = Math.max(0, Math.floor(rows / 3));
  let next = top;
  if (above) next = rowAway(editor, caret, -third, cells);
  else if (distance(editor, top, caret, rows, cells) >= rows) {
    next = rowAway(editor, caret, -(rows - 1 - third), cells);
  }
  return next.line === editor.top.line && next.row === editor.top.row ? editor : { ...editor, top: next };
}

/** Rows from one row down to another, `most` at most. */
function distance(editor: Editor, from: RowOf, to: RowOf, most: number, cells: number): number {
  if (to.line - from.line >= most) return most;
  let at = from;
  for (let count = 0; count < most; count += 1) {
    if (at.line === to.line && at.row === to.row) return count;
    at = rowAway(editor, at, 1, cells);
  }
  return most;
}
