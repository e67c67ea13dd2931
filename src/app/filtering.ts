// The filter of the list on the screen, as somebody types it. Pure.
import { type AppState, listOf, setList } from './state.ts';

/** Narrows the list down to what matches; '' shows all again, with the cursor on a message that it was on. */
export function setFilter(state: AppState, text: string): AppState {
  const { list, filter } = state;
  if (list === null || (filter?.text ?? '') === text) return state;
  if (text.trim() !== '') {
    const cursor = filter?.cursor ?? listOf(state, list).cursor;
    return { ...state, filter: { text, cursor } };
  }
  const all: AppState = { ...state, filter: null };
  const view = listOf(state, list);
  return view.cursor === null && filter ? setList(all, list, { cursor: filter.cursor, top: null }) : all;
}
