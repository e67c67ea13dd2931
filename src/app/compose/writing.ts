// One message that is being written, as the composer has it: its fields with their carets, its text, its files, and
// what of it is on the disk. Pure steps from one such moment to the next.
import type { Draft, DraftAttachment, DraftId } from '../../mail/compose/types.ts';
import { type Editor, editorOf, textOf } from '../editor/editor.ts';
import type { Field } from '../field.ts';
import type { AppState } from '../state.ts';
import { type FieldHistory, NO_HISTORY, remembered, type takenBack } from './field-history.ts';

export type FieldName = 'to' | 'cc' | 'bcc' | 'replyTo' | 'subject';
/** What has the keys. */
export type Focus = 'from' | FieldName | 'files' | 'text';
export const FIELD_NAMES: readonly FieldName[] = ['to', 'cc', 'bcc', 'replyTo', 'subject'];

/** An address, or the members of a group, that what was typed could become. */
export interface Completion {
  /** The part of the field that is replaced. */
  readonly start: number;
  readonly end: number;
  /** As they are put into the field. Hostile text. */
  readonly items: readonly string[];
  /** What is shown for the first of them: groups by name. Hostile text. */
  readonly groups?: readonly string[];
  readonly cursor: number;
}

export interface Writing {
  /** All but the fields and the text, which are typed into. */
  readonly draft: Draft;
  readonly fields: Readonly<Record<FieldName, Field>>;
  /** Of the fields that were changed. */
  readonly histories: Readonly<Partial<Record<FieldName, FieldHistory>>>;
  readonly editor: Editor;
  /** The text that it began with: a quote, a signature; null: that is not known any more. */
  readonly offered: string | null;
  readonly focus: Focus;
  /** Fields that are shown though they are empty. */
  readonly asked: readonly FieldName[];
  readonly completion: Completion | null;
  /** Grows with every change that has to be kept. */
  readonly rev: number;
  /** What of that is on the disk; -1: nothing is. */
  readonly savedRev: number;
  /** Milliseconds since 1970; null: never. */
  readonly savedAt: number | null;
  /** Files that are still being copied beside it. */
  readonly attaching: number;
  /** It stands in a Drafts folder as it is: giving it up loses nothing. */
  readonly recalled: boolean;
  /** It is handed over: nothing may change it any more. */
  readonly leaving: boolean;
}

const fieldOf = (text: string): Field => ({ text, caret: text.length });

export interface Opening {
  readonly focus?: Focus;
  /** It is on the disk as it is. */
  readonly savedAt?: number;
  readonly recalled?: boolean;
}

export function writingOf(draft: Draft, opening: Opening = {}): Writing {
  return {
    draft,
    fields: {
      to: fieldOf(draft.to),
      cc: fieldOf(draft.cc),
      bcc: fieldOf(draft.bcc),
      replyTo: fieldOf(draft.replyTo),
      subject: fieldOf(draft.subject),
    },
    histories: {},
    editor: editorOf(draft.text),
    offered: opening.savedAt === undefined ? draft.text : null,
    focus: opening.focus ?? (draft.to === '' ? 'to' : 'text'),
    asked: [],
    completion: null,
    rev: 0,
    savedRev: opening.savedAt === undefined ? -1 : 0,
    savedAt: opening.savedAt ?? null,
    attaching: 0,
    recalled: opening.recalled ?? false,
    leaving: false,
  };
}

/** The draft with everything that was typed. */
export function draftOf(writing: Writing): Draft {
  const { draft, fields, editor } = writing;
  return {
    ...draft,
    to: fields.to.text,
    cc: fields.cc.text,
    bcc: fields.bcc.text,
    replyTo: fields.replyTo.text,
    subject: fields.subject.text,
    text: draft.resend ? draft.text : textOf(editor),
  };
}

/** Nobody has written anything into it: leaving it loses nothing. */
export function isUntouched(writing: Writing): boolean {
  return writing.rev === 0 && (writing.savedRev < 0 || writing.recalled);
}

/** Its text is known to be another one than was offered; white space alone is nothing to send. */
export function isWrittenIn({ editor, offered }: Writing): boolean {
  const words = (text: string) => text.replace(/\s+/g, '');
  return offered !== null && words(textOf(editor)) !== words(offered);
}

/** With a change that has to be kept. */
export function touched(writing: Writing, change: Partial<Writing>): Writing {
  return { ...writing, ...change, rev: writing.rev + 1 };
}

export function withDraft(writing: Writing, change: Partial<Draft>): Writing {
  return touched(writing, { draft: { ...writing.draft, ...change } });
}

export function withField(writing: Writing, name: FieldName, field: Field): Writing {
  const before = writing.fields[name];
  if (before === field) return writing;
  const fields = { ...writing.fields, [name]: field };
  if (before.text === field.text) return { ...writing, fields };
  const history = remembered(historyOf(writing, name), before, field);
  return touched(writing, { fields, histories: { ...writing.histories, [name]: history } });
}

export function historyOf({ histories }: Writing, name: FieldName): FieldHistory {
  return histories[name] ?? NO_HISTORY;
}

/** A step back or forth in a field; the same when there is none. */
export function withStep(writing: Writing, name: FieldName, step: typeof takenBack): Writing {
  const taken = step(historyOf(writing, name), writing.fields[name]);
  if (!taken) return writing;
  const fields = { ...writing.fields, [name]: taken.field };
  const histories = { ...writing.histories, [name]: taken.history };
  return touched(writing, { fields, histories, completion: null });
}

export function withEditor(writing: Writing, editor: Editor): Writing {
  if (editor === writing.editor) return writing;
  return editor.lines === writing.editor.lines ? { ...writing, editor } : touched(writing, { editor });
}

/** Fields from top to bottom, as they are on the screen. */
export function shownFields(writing: Writing): readonly FieldName[] {
  const { fields, asked, focus, draft } = writing;
  return FIELD_NAMES.filter(name => {
    if (name === 'subject') return draft.resend === null;
    if (name === 'to' || name === 'cc') return true;
    return fields[name].text !== '' || asked.includes(name) || focus === name;
  });
}

/** What Tab goes through. */
export function focusOrder(writing: Writing): readonly Focus[] {
  const files: readonly Focus[] = writing.draft.attachments.length > 0 ? ['files'] : [];
  return ['from', ...shownFields(writing), ...files, 'text'];
}

export function focused(writing: Writing, focus: Focus): Writing {
  const asked =
    focus === 'bcc' || focus === 'replyTo'
      ? [...writing.asked.filter(name => name !== focus), focus]
      : writing.asked;
  return { ...writing, focus, asked, completion: null };
}

/** The next or previous place for the keys; stays at both ends. */
export function focusBy(writing: Writing, by: 1 | -1): Writing {
  const order = focusOrder(writing);
  const at = order.indexOf(writing.focus);
  const next = order[Math.max(0, Math.min(order.length - 1, at + by))];
  return next === undefined || next === writing.focus ? writing : focused(writing, next);
}

export function isField(focus: Focus): focus is FieldName {
  return focus !== 'from' && focus !== 'files' && focus !== 'text';
}

export function withAttachment(writing: Writing, attachment: DraftAttachment): Writing {
  return withDraft(writing, { attachments: [...writing.draft.attachments, attachment] });
}

export function withoutAttachment(writing: Writing, file: string): Writing {
  const attachments = writing.draft.attachments.filter(attachment => attachment.file !== file);
  const next = withDraft(writing, { attachments });
  return attachments.length === 0 && next.focus === 'files' ? focused(next, 'text') : next;
}

/** The draft that the composer shows; undefined while it is not on the screen, or not ready yet. */
export function writingIn(state: AppState): Writing | undefined {
  const layer = state.stack.find(each => each.t === 'compose');
  return layer?.t === 'compose' && layer.draft !== null ? writingBy(state, layer.draft) : undefined;
}

export function writingBy(state: AppState, id: DraftId): Writing | undefined {
  return state.drafts.find(writing => writing.draft.id === id);
}

/** Changes one draft; nothing where it is gone. */
export function changeWriting(state: AppState, id: DraftId, step: (writing: Writing) => Writing): AppState {
  const before = writingBy(state, id);
  if (!before) return state;
  const after = step(before);
  if (after === before) return state;
  return { ...state, drafts: state.drafts.map(writing => (writing === before ? after : writing)) };
}

/** Its subject for a tab or a sentence. Hostile text. */
export function titleOf(writing: Writing): string {
  return writing.fields.subject.text.trim() || '(no subject)';
}
