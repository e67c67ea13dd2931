// What can be undone, and what can be done again: steps in two stacks. Typing makes one step a few words, so that one
// key takes back what a person thinks of as one thing. Pure.
import type { Point } from './editor.ts';

export interface Step {
  readonly kind: 'type' | 'delete' | 'other';
  readonly from: Point;
  readonly removed: string;
  readonly inserted: string;
  readonly before: { readonly caret: Point; readonly anchor: Point | null };
  readonly after: Point;
}

export interface Stack {
  readonly step: Step;
  readonly below: Stack | null;
}

export interface History {
  readonly past: Stack | null;
  readonly future: Stack | null;
  /** The newest step may still grow: the caret has not been elsewhere since. */
  readonly open: boolean;
}

export const NO_HISTORY: History = { past: null, future: null, open: false };

/** Characters of one step of typing; it ends at the next word. */
const GROUP = 24;
/** Characters that all steps together may hold: a pasted megabyte can be taken back several times. */
const CHARACTERS = 16_000_000;
const STEPS = 5000;

/** Adds a step, or lengthens the newest one where both are one piece of typing or deleting. */
export function pushStep(history: History, step: Step): History {
  const grown = history.open && history.past ? joined(history.past.step, step) : null;
  const past = grown ? { step: grown, below: history.past?.below ?? null } : { step, below: history.past };
  const fits = grown !== null || step.kind === 'type';
  return { past: fits ? past : trimmed(past), future: null, open: step.kind !== 'other' };
}

/** The caret went elsewhere: what comes next is a step of its own. */
export function closed(history: History): History {
  return history.open ? { ...history, open: false } : history;
}

function joined(last: Step, next: Step): Step | null {
  if (last.kind !== next.kind || last.after.line !== next.before.caret.line) return null;
  if (next.kind === 'type') {
    if (next.removed !== '' || last.after.at !== next.from.at || last.after.line !== next.from.line)
      return null;
    if (next.inserted.includes('\n') || last.inserted.includes('\n')) return null;
    const word = /\s$/.test(last.inserted) && !/^\s/.test(next.inserted);
    if (word && last.inserted.length >= GROUP) return null;
    return { ...last, inserted: last.inserted + next.inserted, after: next.after };
  }
  if (next.kind !== 'delete' || last.inserted !== '' || next.inserted !== '') return null;
  if (next.removed.includes('\n') || last.removed.includes('\n') || last.from.line !== next.from.line)
    return null;
  const backward = next.from.at + next.removed.length === last.from.at;
  if (backward) return { ...last, from: next.from, removed: next.removed + last.removed, after: next.after };
  const forward = next.from.at === last.from.at;
  return forward ? { ...last, removed: last.removed + next.removed, after: next.after } : null;
}

function trimmed(stack: Stack): Stack {
  let characters = 0;
  let steps = 0;
  const kept: Step[] = [];
  for (let at: Stack | null = stack; at; at = at.below) {
    characters += at.step.inserted.length + at.step.removed.length;
    steps += 1;
    if (steps > 1 && (characters > CHARACTERS || steps > STEPS)) break;
    kept.push(at.step);
  }
  if (kept.length === steps) return stack;
  let rebuilt: Stack | null = null;
  for (const step of kept.reverse()) rebuilt = { step, below: rebuilt };
  return rebuilt ?? stack;
}
