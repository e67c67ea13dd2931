// What a key does in the composer: to the text, or to the field that has the keys. Pure.
import {
  breakLine,
  copy,
  cut,
  type Deletion,
  erase,
  indent,
  insert,
  justify,
  mark,
  paste,
  selectAll,
  type as typeText,
} from '../editor/editing.ts';
import { compare, type Editor, redo, START, undo } from '../editor/editor.ts';
import { type Frame, type Motion, moveCaret, scrolled } from '../editor/moving.ts';
import { nextGrapheme, previousGrapheme, wordEnd, wordStart } from '../editor/words.ts';
import { type Field, insertText } from '../field.ts';
import type { AppState } from '../state.ts';
import { movedInCompletion, taken } from './completion.ts';
import { doneAgain, takenBack } from './field-history.ts';
import { textFrame } from './frame.ts';
import {
  changeWriting,
  type FieldName,
  focusBy,
  historyOf,
  isField,
  type Writing,
  withEditor,
  withField,
  withStep,
  writingIn,
} from './writing.ts';

/** A list of recipients may be long: an address list of an association is pasted in one piece. */
const FIELD_TEXT = 64 * 1024;

export type Action =
  | { readonly t: 'move'; readonly motion: Motion; readonly select: boolean }
  | { readonly t: 'erase'; readonly what: Deletion }
  | { readonly t: 'type'; readonly text: string }
  | { readonly t: 'paste-text'; readonly text: string }
  | { readonly t: 'justify'; readonly wrap: (text: string) => string }
  | { readonly t: 'enter' | 'indent' | 'cut' | 'copy' | 'paste' | 'undo' | 'redo' | 'mark' | 'all' };

const CHANGES: readonly Action['t'][] = [
  'erase',
  'type',
  'paste-text',
  'justify',
  'enter',
  'indent',
  'cut',
  'paste',
  'undo',
  'redo',
];

/** Why this key can't do anything here; undefined: it can. */
export function refusal(writing: Writing, action: Action): string | undefined {
  if (writing.draft.resend && writing.focus === 'text' && CHANGES.includes(action.t)) {
    return 'A redirected message goes on as it is; only its recipients are yours to choose.';
  }
  if (action.t === 'undo' && !canStep(writing, 'past')) return `There is nothing to undo ${where(writing)}.`;
  if (action.t === 'redo' && !canStep(writing, 'future'))
    return `There is nothing to do again ${where(writing)}.`;
  return undefined;
}

function canStep(writing: Writing, way: 'past' | 'future'): boolean {
  const { focus, editor } = writing;
  if (focus === 'text') return Boolean(editor.history[way]);
  return isField(focus) && historyOf(writing, focus)[way].length > 0;
}

const where = ({ focus }: Writing): string => (focus === 'text' ? 'in this text' : 'in this field');

/** The composer after a key. */
export function act(state: AppState, action: Action): AppState {
  const writing = writingIn(state);
  if (!writing || writing.leaving || refusal(writing, action) !== undefined) return state;
  const { id } = writing.draft;
  const { focus } = writing;
  if (focus === 'text') return inText(state, writing, action);
  if (isField(focus)) return inField(state, writing, focus, action);
  // From and the files take no text.
  if (action.t !== 'move') return state;
  const by = action.motion === 'up' ? -1 : action.motion === 'down' ? 1 : null;
  return by === null ? state : changeWriting(state, id, now => focusBy(now, by));
}

function inText(state: AppState, writing: Writing, action: Action): AppState {
  const { id } = writing.draft;
  const { editor } = writing;
  const frame = textFrame(state, writing);
  if (action.t === 'cut' || action.t === 'copy') {
    const done = action.t === 'cut' ? cut(editor, state.kills, frame) : copy(editor, state.kills);
    const next = changeWriting(state, id, now => withEditor(now, done.editor));
    return { ...next, kills: done.kills };
  }
  if (action.t === 'move' && action.motion === 'up' && !action.select && compare(editor.caret, START) === 0) {
    return changeWriting(state, id, now => focusBy(now, -1));
  }
  return changeWriting(state, id, now => withEditor(now, edited(editor, action, frame, state)));
}

function edited(editor: Editor, action: Action, frame: Frame, { kills }: AppState): Editor {
  switch (action.t) {
    case 'move':
      return moveCaret(editor, action.motion, frame, action.select);
    case 'erase':
      return erase(editor, action.what, frame);
    case 'type':
      return typeText(editor, action.text, frame);
    case 'paste-text':
      return insert(editor, action.text, frame);
    case 'justify':
      return justify(editor, action.wrap, frame);
    case 'enter':
      return breakLine(editor, frame);
    case 'indent':
      return indent(editor, frame);
    case 'paste':
      return paste(editor, kills, frame);
    case 'undo':
      return scrolled(undo(editor), frame);
    case 'redo':
      return scrolled(redo(editor), frame);
    case 'mark':
      return mark(editor);
    case 'all':
      return selectAll(editor, frame);
    case 'cut':
    case 'copy':
      return editor;
  }
}

function inField(state: AppState, writing: Writing, name: FieldName, action: Action): AppState {
  const { id } = writing.draft;
  const field = writing.fields[name];
  const set = (next: Field) => changeWriting(state, id, now => withField(now, name, next));
  switch (action.t) {
    case 'move':
      return moved(state, writing, name, action.motion);
    case 'erase':
      return set(erased(field, action.what));
    case 'type':
      return set(insertText(field, action.text, FIELD_TEXT));
    case 'paste-text':
      return set(insertText(field, asField(name, action.text), FIELD_TEXT));
    case 'paste':
      return set(insertText(field, asField(name, state.kills[0] ?? ''), FIELD_TEXT));
    case 'enter':
      return changeWriting(state, id, now => taken(now) ?? focusBy(now, 1));
    case 'indent':
      return changeWriting(state, id, now => focusBy(now, 1));
    case 'cut':
      return field.text === ''
        ? state
        : { ...set({ text: '', caret: 0 }), kills: [field.text, ...state.kills] };
    case 'copy':
      return field.text === '' ? state : { ...state, kills: [field.text, ...state.kills] };
    case 'undo':
      return changeWriting(state, id, now => withStep(now, name, takenBack));
    case 'redo':
      return changeWriting(state, id, now => withStep(now, name, doneAgain));
    default:
      return state;
  }
}

/** Addresses that stand on lines of their own become a list. */
function asField(name: FieldName, text: string): string {
  return name === 'subject' ? text : text.trim().replace(/,?\s*\n\s*/g, ', ');
}

function moved(state: AppState, writing: Writing, name: FieldName, motion: Motion): AppState {
  const { id } = writing.draft;
  if (motion === 'up' || motion === 'down') {
    const by = motion === 'up' ? -1 : 1;
    return changeWriting(state, id, now => movedInCompletion(now, by) ?? focusBy(now, by));
  }
  const { text, caret } = writing.fields[name];
  const at = (to: number) =>
    changeWriting(state, id, now => ({ ...withField(now, name, { text, caret: to }), completion: null }));
  switch (motion) {
    case 'left':
      return at(previousGrapheme(text, caret));
    case 'right':
      return at(nextGrapheme(text, caret));
    case 'word-left':
      return at(wordStart(text, caret));
    case 'word-right':
      return at(wordEnd(text, caret));
    case 'home':
    case 'start':
    case 'page-up':
      return at(0);
    case 'end':
    case 'finish':
    case 'page-down':
      return at(text.length);
  }
}

function erased({ text, caret }: Field, what: Deletion): Field {
  const step = { left: previousGrapheme, right: nextGrapheme, 'word-left': wordStart, 'word-right': wordEnd }[
    what
  ];
  const other = step(text, caret);
  const from = Math.min(caret, other);
  return { text: text.slice(0, from) + text.slice(Math.max(caret, other)), caret: from };
}
