// What keys do to a text: typing, deleting, cutting and pasting, marking, finding, wrapping again. Pure.

import {
  after,
  type Editor,
  endOf,
  lineText,
  normal,
  type Point,
  type Range,
  replace,
  START,
  selection,
  textBetween,
} from './editor.ts';
import { closed } from './history.ts';
import { type Frame, moveCaret, putCaret, scrolled } from './moving.ts';
import { nextGrapheme, previousGrapheme, wordEnd, wordStart } from './words.ts';

const here = (editor: Editor): Range => ({ from: editor.caret, to: editor.caret });

/** Typed text takes the place of what is selected. */
export function type(editor: Editor, text: string, frame: Frame): Editor {
  const range = selection(editor) ?? here(editor);
  return scrolled(replace(editor, range, text, range.from === range.to ? 'type' : 'other'), frame);
}

/** A paste, a file: one step, however long. */
export function insert(editor: Editor, text: string, frame: Frame): Editor {
  const clean = normal(text);
  return clean === ''
    ? editor
    : scrolled(replace(editor, selection(editor) ?? here(editor), clean, 'other'), frame);
}

const QUOTE = /^(?:> ?)+/;

/** Enter. Inside a quotation it opens an empty line to answer in, and what follows stays quoted. */
export function breakLine(editor: Editor, frame: Frame): Editor {
  const range = selection(editor) ?? here(editor);
  const { line, at } = range.to;
  const text = lineText(editor, line);
  const quote = QUOTE.exec(text)?.[0] ?? '';
  const inside = quote !== '' && range.from === range.to && at > quote.length && at < text.length;
  if (!inside) return scrolled(replace(editor, range, '\n', 'other'), frame);
  const spaces = /^ */.exec(text.slice(at))?.[0].length ?? 0;
  const to = { line, at: at + spaces };
  const answer = { line: range.from.line + 1, at: 0 };
  return scrolled(replace(editor, { from: range.from, to }, `\n\n${quote}`, 'other', answer), frame);
}

/** To the next place that a multiple of this many cells has; a text of mail holds no tabs. */
const INDENT = 4;

export function indent(editor: Editor, frame: Frame): Editor {
  return type(editor, ' '.repeat(INDENT - (editor.caret.at % INDENT)), frame);
}

export type Deletion = 'left' | 'right' | 'word-left' | 'word-right';

const STEPS = {
  left: previousGrapheme,
  right: nextGrapheme,
  'word-left': wordStart,
  'word-right': wordEnd,
} as const;

export function erase(editor: Editor, what: Deletion, frame: Frame): Editor {
  const chosen = selection(editor);
  if (chosen) return scrolled(replace(editor, chosen, '', 'other'), frame);
  const { caret } = editor;
  const text = lineText(editor, caret.line);
  const back = what === 'left' || what === 'word-left';
  let other: Point;
  if (back && caret.at === 0) {
    if (caret.line === 0) return editor;
    other = { line: caret.line - 1, at: lineText(editor, caret.line - 1).length };
  } else if (!back && caret.at === text.length) {
    if (caret.line === editor.lines.length - 1) return editor;
    other = { line: caret.line + 1, at: 0 };
  } else other = { line: caret.line, at: STEPS[what](text, caret.at) };
  const range = back ? { from: other, to: caret } : { from: caret, to: other };
  return scrolled(replace(editor, range, '', 'delete'), frame);
}

/** Cut texts, the newest first. */
export type Kills = readonly string[];
const KILLS = 20;

export interface Cut {
  readonly editor: Editor;
  readonly kills: Kills;
}

/** Cuts what is selected, else the line; lines cut one after another are pasted together. */
export function cut(editor: Editor, kills: Kills, frame: Frame): Cut {
  const chosen = selection(editor);
  if (chosen) {
    const text = textBetween(editor, chosen);
    return {
      editor: scrolled(replace(editor, chosen, '', 'other'), frame),
      kills: [text, ...kills].slice(0, KILLS),
    };
  }
  const { line } = editor.caret;
  const last = line === editor.lines.length - 1;
  const range = {
    from: { line, at: 0 },
    to: last ? { line, at: lineText(editor, line).length } : { line: line + 1, at: 0 },
  };
  const text = textBetween(editor, range);
  if (text === '') return { editor, kills };
  const [newest = '', ...older] = kills;
  const all = editor.cutting ? [newest + text, ...older] : [text, ...kills];
  return {
    editor: { ...scrolled(replace(editor, range, '', 'other'), frame), cutting: true },
    kills: all.slice(0, KILLS),
  };
}

/** Keeps what is selected, else the line, without taking it away. */
export function copy(editor: Editor, kills: Kills): Cut {
  const { line } = editor.caret;
  const whole = { from: { line, at: 0 }, to: { line, at: lineText(editor, line).length } };
  const chosen = selection(editor);
  const text = chosen ? textBetween(editor, chosen) : `${textBetween(editor, whole)}\n`;
  return { editor: { ...editor, anchor: null, marking: false }, kills: [text, ...kills].slice(0, KILLS) };
}

export function paste(editor: Editor, kills: Kills, frame: Frame): Editor {
  return insert(editor, kills[0] ?? '', frame);
}

/** Sets the mark, so that motions select; again takes it away. */
export function mark(editor: Editor): Editor {
  if (editor.marking) return { ...editor, marking: false, anchor: null };
  return { ...editor, marking: true, anchor: editor.caret, history: closed(editor.history) };
}

export function selectAll(editor: Editor, frame: Frame): Editor {
  return scrolled({ ...editor, anchor: START, caret: endOf(editor), marking: false, goal: null }, frame);
}

/** The next place of a text behind the caret, from the top again at the end; null: nowhere. It is selected. */
export function find(
  editor: Editor,
  query: string,
  frame: Frame,
): { editor: Editor; wrapped: boolean } | null {
  if (query === '') return null;
  const pattern = new RegExp(query.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'giu');
  const { line, at } = editor.caret;
  const count = editor.lines.length;
  for (let i = 0; i <= count; i += 1) {
    const n = (line + i) % count;
    const text = lineText(editor, n);
    pattern.lastIndex = i === 0 ? at : 0;
    const found = pattern.exec(text);
    if (!found || (i === count && found.index >= at)) continue;
    const from = { line: n, at: found.index };
    const there = putCaret(editor, { line: n, at: found.index + found[0].length }, frame);
    return { editor: { ...there, anchor: from }, wrapped: line + i >= count };
  }
  return null;
}

/** Lines that are wrapped together: what is selected, else the paragraph around the caret. Null on an empty line. */
export function paragraph(editor: Editor): Range | null {
  const chosen = selection(editor);
  if (chosen) {
    // A selection that ends before a line's first letter does not hold that line.
    const last =
      chosen.to.at === 0 && chosen.to.line > chosen.from.line ? chosen.to.line - 1 : chosen.to.line;
    return { from: { line: chosen.from.line, at: 0 }, to: { line: last, at: lineText(editor, last).length } };
  }
  const quoteOf = (line: number) => (QUOTE.exec(lineText(editor, line))?.[0] ?? '').replaceAll(' ', '');
  const holdsText = (line: number) => lineText(editor, line).replace(QUOTE, '').trim() !== '';
  const { line } = editor.caret;
  if (!holdsText(line)) return null;
  const quote = quoteOf(line);
  const belongs = (n: number) => holdsText(n) && quoteOf(n) === quote;
  let first = line;
  while (first > 0 && belongs(first - 1)) first -= 1;
  let last = line;
  while (last < editor.lines.length - 1 && belongs(last + 1)) last += 1;
  return { from: { line: first, at: 0 }, to: { line: last, at: lineText(editor, last).length } };
}

/** Wraps the paragraph, or what is selected, again; the caret goes behind it. */
export function justify(editor: Editor, wrap: (text: string) => string, frame: Frame): Editor {
  const range = paragraph(editor);
  if (!range) return moveCaret(editor, 'down', frame);
  const text = textBetween(editor, range);
  const wrapped = wrap(text);
  const end = after(range.from, wrapped);
  const next =
    wrapped === text ? { ...editor, anchor: null, marking: false } : replace(editor, range, wrapped, 'other');
  const below = end.line < next.lines.length - 1 ? { line: end.line + 1, at: 0 } : end;
  return putCaret(next, below, frame);
}
