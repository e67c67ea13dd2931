// A text that is being written: its lines, the caret, a selection, and what can be undone. Every function gives a new
// editor and leaves the old one as it was. Knows no key and no screen.

import { type History, NO_HISTORY, pushStep, type Step } from './history.ts';
import { changedLine, lineOf } from './line.ts';
import { Lines } from './lines.ts';

export interface Point {
  readonly line: number;
  /** UTF-16 units from the line's beginning, always between two graphemes. */
  readonly at: number;
}

export interface Editor {
  /** At least one. */
  readonly lines: Lines;
  readonly caret: Point;
  /** The other end of the selection. */
  readonly anchor: Point | null;
  /** Every motion selects, until it is switched off: for terminals without Shift and arrows. */
  readonly marking: boolean;
  /** The cell that up and down aim for. */
  readonly goal: number | null;
  /** The first visible row. */
  readonly top: { readonly line: number; readonly row: number };
  readonly history: History;
  /** The last change cut a line: the next one is added to it. */
  readonly cutting: boolean;
}

export const START: Point = { line: 0, at: 0 };

export function editorOf(text: string): Editor {
  return {
    lines: Lines.of(normal(text).split('\n').map(lineOf)),
    caret: START,
    anchor: null,
    marking: false,
    goal: null,
    top: { line: 0, row: 0 },
    history: NO_HISTORY,
    cutting: false,
  };
}

const texts = new WeakMap<Lines, string>();

/** All of it, LF between lines. Remembered: asked for again while nothing changed, it costs nothing. */
export function textOf({ lines }: Pick<Editor, 'lines'>): string {
  let text = texts.get(lines);
  if (text === undefined) {
    text = lines.texts().join('\n');
    texts.set(lines, text);
  }
  return text;
}

/** Line ends of every kind become LF; NUL and what keys send, but no text holds, goes. */
export function normal(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

export function compare(a: Point, b: Point): number {
  return a.line - b.line || a.at - b.at;
}

export interface Range {
  readonly from: Point;
  readonly to: Point;
}

/** What is selected; null where nothing is. */
export function selection({ caret, anchor }: Pick<Editor, 'caret' | 'anchor'>): Range | null {
  if (anchor === null) return null;
  const order = compare(anchor, caret);
  if (order === 0) return null;
  return order < 0 ? { from: anchor, to: caret } : { from: caret, to: anchor };
}

export function lineText({ lines }: Pick<Editor, 'lines'>, line: number): string {
  return lines.text(line);
}

export function endOf({ lines }: Pick<Editor, 'lines'>): Point {
  const line = lines.length - 1;
  return { line, at: lines.text(line).length };
}

export function textBetween(editor: Pick<Editor, 'lines'>, { from, to }: Range): string {
  if (from.line === to.line) return lineText(editor, from.line).slice(from.at, to.at);
  const middle = editor.lines.texts(from.line + 1, to.line);
  const first = lineText(editor, from.line).slice(from.at);
  return [first, ...middle, lineText(editor, to.line).slice(0, to.at)].join('\n');
}

/** Where a text ends that begins here. */
export function after(from: Point, text: string): Point {
  let breaks = 0;
  let last = -1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    breaks += 1;
    last = at;
  }
  if (breaks === 0) return { line: from.line, at: from.at + text.length };
  return { line: from.line + breaks, at: text.length - last - 1 };
}

function splice({ lines }: Editor, { from, to }: Range, text: string): Lines {
  const first = lines.at(from.line);
  const pieces = text.split('\n');
  const tail = lines.text(to.line).slice(to.at);
  const head = first.text.slice(0, from.at) + (pieces[0] ?? '');
  const made = pieces.map(lineOf);
  if (pieces.length > 1) made[made.length - 1] = lineOf((pieces[pieces.length - 1] ?? '') + tail);
  made[0] = changedLine(first, pieces.length > 1 ? head : head + tail, from.at);
  return lines.splice(from.line, to.line - from.line + 1, made);
}

/** Puts `text` (LF line ends) in place of a range, the caret behind it, and remembers how it was. */
export function replace(
  editor: Editor,
  range: Range,
  text: string,
  kind: Step['kind'],
  caret: Point = after(range.from, text),
): Editor {
  const removed = textBetween(editor, range);
  if (removed === '' && text === '') return { ...editor, anchor: null, marking: false, goal: null };
  const step: Step = {
    kind,
    from: range.from,
    removed,
    inserted: text,
    before: { caret: editor.caret, anchor: editor.anchor },
    after: caret,
  };
  return {
    ...editor,
    lines: splice(editor, range, text),
    caret,
    anchor: null,
    marking: false,
    goal: null,
    cutting: false,
    history: pushStep(editor.history, step),
  };
}

/** Takes the last change back; the same editor where there is none. */
export function undo(editor: Editor): Editor {
  const { past, future } = editor.history;
  if (!past) return editor;
  const { step } = past;
  const lines = splice(editor, { from: step.from, to: after(step.from, step.inserted) }, step.removed);
  return {
    ...editor,
    lines,
    caret: step.before.caret,
    anchor: step.before.anchor,
    marking: false,
    goal: null,
    cutting: false,
    history: { past: past.below, future: { step, below: future }, open: false },
  };
}

/** Does again what was taken back last. */
export function redo(editor: Editor): Editor {
  const { past, future } = editor.history;
  if (!future) return editor;
  const { step } = future;
  const lines = splice(editor, { from: step.from, to: after(step.from, step.removed) }, step.inserted);
  return {
    ...editor,
    lines,
    caret: step.after,
    anchor: null,
    marking: false,
    goal: null,
    cutting: false,
    history: { ...pushStep({ past, future: null, open: false }, step), future: future.below, open: false },
  };
}

/** Another text from outside, such as another editor's: one step that can be undone; the caret stays near its place. */
export function withText(editor: Editor, text: string): Editor {
  const next = normal(text);
  const whole = textOf(editor);
  if (next === whole) return editor;
  let same = 0;
  const most = Math.min(whole.length, next.length);
  while (same < most && whole.charCodeAt(same) === next.charCodeAt(same)) same += 1;
  // From the beginning of the line in which they differ: no grapheme is cut.
  const from = same === 0 ? 0 : whole.lastIndexOf('\n', same - 1) + 1;
  let tail = 0;
  while (
    tail < most - from &&
    whole.charCodeAt(whole.length - 1 - tail) === next.charCodeAt(next.length - 1 - tail)
  ) {
    tail += 1;
  }
  const end = whole.indexOf('\n', whole.length - tail);
  const keep = end < 0 ? 0 : whole.length - end;
  const start = after(START, whole.slice(0, from));
  const range = { from: start, to: after(start, whole.slice(from, whole.length - keep)) };
  return replace(editor, range, next.slice(from, next.length - keep), 'other', start);
}
