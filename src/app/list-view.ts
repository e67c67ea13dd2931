// The list's window over a folder: which message the cursor is on and which is the topmost row. Pure arithmetic
// over local uids, so that nothing that arrives or vanishes can move the cursor to another message.
import type { LocalUid } from '../mail/types.ts';

/** What the arithmetic needs of a folder; `FolderStore` is one. Position 0 is the newest (highest uid). */
export interface Positions {
  readonly length: number;
  uidAt(position: number): LocalUid | undefined;
  positionOf(uid: LocalUid): number;
}

export interface ListView {
  /** Null only in an empty folder. */
  readonly cursor: LocalUid | null;
  /** The topmost row's message; null: held at the newest, so that arriving mail is seen. */
  readonly top: LocalUid | null;
}

export const EMPTY_VIEW: ListView = { cursor: null, top: null };

/** Position of a uid, or of the message that took its place: the next older one, or the oldest. */
export function locate(folder: Positions, uid: LocalUid): number {
  const exact = folder.positionOf(uid);
  if (exact >= 0) return exact;
  let low = 0;
  let high = folder.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = folder.uidAt(middle);
    // What is not loaded yet is older than everything that is.
    if (there !== undefined && there > uid) low = middle + 1;
    else high = middle;
  }
  return Math.min(low, Math.max(0, folder.length - 1));
}

/** First position of the window. */
export function topPosition(view: ListView, folder: Positions): number {
  return view.top === null ? 0 : locate(folder, view.top);
}

/** -1 in an empty folder. */
export function cursorPosition(view: ListView, folder: Positions): number {
  if (folder.length === 0) return -1;
  return view.cursor === null ? 0 : locate(folder, view.cursor);
}

/**
 * The same view after the folder or the window changed. The cursor stays on its message, or goes to the nearest when
 * that is gone; the visible rows stay, except that a window held at the newest shows what arrives for as long as
 * the cursor's row stays in it.
 */
export function reconcile(view: ListView, folder: Positions, height: number): ListView {
  const position = cursorPosition(view, folder);
  if (position < 0) return view.cursor === null && view.top === null ? view : EMPTY_VIEW;
  const cursor = folder.uidAt(position) ?? view.cursor;
  const rows = Math.max(1, height);
  let first = Math.min(topPosition(view, folder), lastTop(folder, rows));
  if (position < first) first = position;
  if (position >= first + rows) first = position - rows + 1;
  return placed(view, folder, cursor, first);
}

/** Moves the cursor by rows; at the window's edge the window goes on by half a page, so that most moves redraw two rows. */
export function moveCursor(view: ListView, folder: Positions, height: number, by: number): ListView {
  const from = cursorPosition(view, folder);
  if (from < 0) return view;
  return putCursor(view, folder, height, clamp(from + by, 0, folder.length - 1));
}

/** Puts the cursor on a position, scrolling by half a page (or as far as needed) when it is outside. */
export function putCursor(view: ListView, folder: Positions, height: number, position: number): ListView {
  const cursor = folder.uidAt(position);
  if (cursor === undefined) return view;
  const rows = Math.max(1, height);
  const half = Math.max(1, rows >> 1);
  let first = topPosition(view, folder);
  if (position < first) first = Math.min(position, first - half);
  else if (position >= first + rows) first = Math.max(position - rows + 1, first + half);
  return placed(view, folder, cursor, clamp(first, 0, lastTop(folder, rows)));
}

/** Scrolls window and cursor together by a number of rows, as a page key does. */
export function scrollBy(view: ListView, folder: Positions, height: number, by: number): ListView {
  const from = cursorPosition(view, folder);
  if (from < 0) return view;
  const rows = Math.max(1, height);
  const first = topPosition(view, folder);
  const next = clamp(first + by, 0, lastTop(folder, rows));
  // At either end the window can't follow any more: then only the cursor goes on.
  const position = next === first ? from + by : from + (next - first);
  const cursor = folder.uidAt(clamp(position, 0, folder.length - 1));
  return cursor === undefined ? view : placed(view, folder, cursor, next);
}

/** Positions that are in the window, first and one past the last. */
export function windowOf(view: ListView, folder: Positions, height: number): { from: number; to: number } {
  const from = topPosition(view, folder);
  return { from, to: Math.min(folder.length, from + Math.max(1, height)) };
}

function lastTop(folder: Positions, rows: number): number {
  return Math.max(0, folder.length - rows);
}

function placed(view: ListView, folder: Positions, cursor: LocalUid | null, first: number): ListView {
  const top = first <= 0 ? null : (folder.uidAt(first) ?? null);
  return view.cursor === cursor && view.top === top ? view : { cursor, top };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
