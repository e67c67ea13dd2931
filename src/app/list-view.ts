// The list's window over its rows: which message the cursor is on and which is the topmost row. Pure arithmetic over
// keys that stay with their messages, so that nothing that arrives or vanishes can move the cursor to another one.
import type { RowKey, Rows } from './listing/types.ts';

export interface ListView {
  /** Null only in an empty list. */
  readonly cursor: RowKey | null;
  /** The topmost row's message; null: held at the first, so that arriving mail is seen. */
  readonly top: RowKey | null;
}

export const EMPTY_VIEW: ListView = { cursor: null, top: null };

/** First position of the window. */
export function topPosition(view: ListView, list: Rows): number {
  return view.top === null ? 0 : list.locate(view.top);
}

/** -1 in an empty list. */
export function cursorPosition(view: ListView, list: Rows): number {
  if (list.length === 0) return -1;
  return view.cursor === null ? 0 : list.locate(view.cursor);
}

/**
 * The same view after the list or the window changed. The cursor stays on its message, or goes to the nearest when
 * that is gone; the visible rows stay, except that a window held at the first row shows what arrives for as long as
 * the cursor's row stays in it.
 */
export function reconcile(view: ListView, list: Rows, height: number): ListView {
  const position = cursorPosition(view, list);
  if (position < 0) return view.cursor === null && view.top === null ? view : EMPTY_VIEW;
  const cursor = list.keyAt(position) ?? view.cursor;
  const rows = Math.max(1, height);
  let first = Math.min(topPosition(view, list), lastTop(list, rows));
  if (position < first) first = position;
  if (position >= first + rows) first = position - rows + 1;
  return placed(view, list, cursor, first);
}

/** The same view of a list that stands in another order now: the cursor's row stays where it is on the screen. */
export function rearranged(view: ListView, before: Rows, after: Rows, height: number): ListView {
  if (view.cursor === null || after.length === 0) return EMPTY_VIEW;
  const row = cursorPosition(view, before) - topPosition(view, before);
  const position = after.locate(view.cursor);
  const first = clamp(position - Math.max(0, row), 0, lastTop(after, Math.max(1, height)));
  return placed(view, after, after.keyAt(position) ?? null, first);
}

/** Moves the cursor by rows; at the window's edge the window goes on by half a page, so that most moves redraw two rows. */
export function moveCursor(view: ListView, list: Rows, height: number, by: number): ListView {
  const from = cursorPosition(view, list);
  if (from < 0) return view;
  return putCursor(view, list, height, clamp(from + by, 0, list.length - 1));
}

/** Puts the cursor on a position, scrolling by half a page (or as far as needed) when it is outside. */
export function putCursor(view: ListView, list: Rows, height: number, position: number): ListView {
  const cursor = list.keyAt(position);
  if (cursor === undefined) return view;
  const rows = Math.max(1, height);
  const half = Math.max(1, rows >> 1);
  let first = topPosition(view, list);
  if (position < first) first = Math.min(position, first - half);
  else if (position >= first + rows) first = Math.max(position - rows + 1, first + half);
  return placed(view, list, cursor, clamp(first, 0, lastTop(list, rows)));
}

/** Scrolls window and cursor together by a number of rows, as a page key does. */
export function scrollBy(view: ListView, list: Rows, height: number, by: number): ListView {
  const from = cursorPosition(view, list);
  if (from < 0) return view;
  const rows = Math.max(1, height);
  const first = topPosition(view, list);
  const next = clamp(first + by, 0, lastTop(list, rows));
  // At either end the window can't follow any more: then only the cursor goes on.
  const position = next === first ? from + by : from + (next - first);
  const cursor = list.keyAt(clamp(position, 0, list.length - 1));
  return cursor === undefined ? view : placed(view, list, cursor, next);
}

/** Positions that are in the window, first and one past the last. */
export function windowOf(view: ListView, list: Rows, height: number): { from: number; to: number } {
  const from = topPosition(view, list);
  return { from, to: Math.min(list.length, from + Math.max(1, height)) };
}

function lastTop(list: Rows, rows: number): number {
  return Math.max(0, list.length - rows);
}

function placed(view: ListView, list: Rows, cursor: RowKey | null, first: number): ListView {
  const top = first <= 0 ? null : (list.keyAt(first) ?? null);
  return view.cursor === cursor && view.top === top ? view : { cursor, top };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
