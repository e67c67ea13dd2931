// Which draft is on the screen: the composer's layers come and go, the drafts stay. Pure.
import type { DraftId } from '../../mail/compose/types.ts';
import { type AppState, hasLayer, type Layer, push } from '../state.ts';
import type { Writing } from './writing.ts';

const OF_COMPOSER: readonly string[] = ['compose', 'review', 'line', 'chooser', 'preview', 'ask'];

/** Without the composer; what it was opened over is on the screen again. */
export function leaveComposer(state: AppState): AppState {
  const [first, ...rest] = state.stack;
  const kept = rest.filter(layer => !OF_COMPOSER.includes(layer.t));
  return kept.length === rest.length ? state : { ...state, stack: [first, ...kept] };
}

/** The composer with this draft, over the list or the message that was there. */
export function showDraft(state: AppState, draft: DraftId | null): AppState {
  const layer: Layer = { t: 'compose', draft, waiting: [] };
  const under = leaveComposer(state);
  // Screens such as the outbox would cover the composer's place when it is left again.
  const [first, ...rest] = under.stack;
  return push({ ...under, stack: [first, ...rest.filter(each => each.t === 'reader')] }, layer);
}

/** A draft more; one with the same id is replaced. */
export function addWriting(state: AppState, writing: Writing): AppState {
  const others = state.drafts.filter(each => each.draft.id !== writing.draft.id);
  return { ...state, drafts: [...others, writing] };
}

export function dropWriting(state: AppState, id: DraftId): AppState {
  const drafts = state.drafts.filter(writing => writing.draft.id !== id);
  if (drafts.length === state.drafts.length) return state;
  const shown = state.stack.some(layer => layer.t === 'compose' && layer.draft === id);
  return { ...(shown ? leaveComposer(state) : state), drafts };
}

export function isComposing(state: AppState): boolean {
  return hasLayer(state, 'compose');
}
