// What a header field was before each of its changes, to be taken back and done again. Letters that are typed one after
// the other are one step. Pure.
import type { Field } from '../field.ts';

export interface FieldHistory {
  readonly past: readonly Field[];
  readonly future: readonly Field[];
}

export const NO_HISTORY: FieldHistory = { past: [], future: [] };
/** A field is short; this is more than anybody goes back in it. */
const STEPS = 100;
/** In UTF-16 units; what is longer was pasted. */
const LETTER = 2;

export function remembered({ past }: FieldHistory, before: Field, after: Field): FieldHistory {
  const start = past.at(-1);
  const goesOn =
    start && isRun(start, before) && isRun(before, after) && after.caret - before.caret <= LETTER;
  return { past: goesOn ? past : [...past, before].slice(-STEPS), future: [] };
}

/** Only letters more, at the caret, and no new word. */
function isRun(before: Field, after: Field): boolean {
  const typed = after.text.slice(before.caret, after.caret);
  const head = before.text.slice(0, before.caret);
  return /^[^\s,]+$/u.test(typed) && after.text === head + typed + before.text.slice(before.caret);
}

export interface Taken {
  readonly field: Field;
  readonly history: FieldHistory;
}

/** Null: there is nothing to take back. */
export function takenBack({ past, future }: FieldHistory, now: Field): Taken | null {
  const field = past.at(-1);
  return field ? { field, history: { past: past.slice(0, -1), future: [now, ...future] } } : null;
}

export function doneAgain({ past, future }: FieldHistory, now: Field): Taken | null {
  const [field, ...rest] = future;
  return field ? { field, history: { past: [...past, now], future: rest } } : null;
}
