// A one-line text field: its text and caret, edited by grapheme. Pure; used by the palette, pickers and prompts.
import { clusters } from '../mail/width.ts';
import type { Key } from './types.ts';

export interface Field {
  readonly text: string;
  /** Offset in UTF-16 units, always between two graphemes. */
  readonly caret: number;
}

export const EMPTY_FIELD: Field = { text: '', caret: 0 };
/** Longer input is no search any more; a pasted book must not slow down every key. */
const MAX_TEXT = 500;

export function fieldOf(text: string): Field {
  const kept = text.slice(0, MAX_TEXT);
  return { text: kept, caret: kept.length };
}

/** What the field becomes after an editing key, or null when the key is none. */
export function editField(field: Field, key: Key, most = MAX_TEXT): Field | null {
  const typed = typedText(key);
  if (typed !== null) return insertText(field, typed, most);
  const { text, caret } = field;
  switch (key) {
    case 'backspace':
    case 'C-h':
      return cut(field, before(text, caret), caret);
    case 'delete':
      return cut(field, caret, after(text, caret));
    case 'left':
    case 'C-b':
      return { text, caret: before(text, caret) };
    case 'right':
    case 'C-f':
      return { text, caret: after(text, caret) };
    case 'home':
    case 'C-a':
      return { text, caret: 0 };
    case 'end':
    case 'C-e':
      return { text, caret: text.length };
    case 'C-u':
      return cut(field, 0, caret);
    case 'C-w':
      return cut(field, wordStart(text, caret), caret);
    default:
      return null;
  }
}

/** Text as one piece, such as a paste: line ends and tabs become spaces, other control characters go. */
export function insertText(field: Field, piece: string, most = MAX_TEXT): Field {
  const clean = piece.replace(/[\r\n\t]+/g, ' ').replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
  const room = Math.max(0, most - field.text.length);
  const kept = clean.slice(0, room);
  return {
    text: field.text.slice(0, field.caret) + kept + field.text.slice(field.caret),
    caret: field.caret + kept.length,
  };
}

/** The text that a key types, or null for a key that is a name or a chord. */
export function typedText(key: Key): string | null {
  if (key === 'space') return ' ';
  return key !== '' && after(key, 0) === key.length ? key : null;
}

function cut(field: Field, from: number, to: number): Field {
  return { text: field.text.slice(0, from) + field.text.slice(to), caret: from };
}

function before(text: string, caret: number): number {
  let last = 0;
  for (const { end } of clusters(text)) {
    if (end >= caret) break;
    last = end;
  }
  return last;
}

function after(text: string, caret: number): number {
  for (const { end } of clusters(text)) {
    if (end > caret) return end;
  }
  return text.length;
}

function wordStart(text: string, caret: number): number {
  const head = text.slice(0, caret).trimEnd();
  return head.lastIndexOf(' ') + 1;
}
