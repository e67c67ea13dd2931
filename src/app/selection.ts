// What a command acts on: the marks of the list, else the folded conversation, else the message that is open or under
// the cursor; grouped by folder, newest first within each. Pure; changes nothing.
import { messageId, splitMessageId } from '../mail/ids.ts';
import type { FolderId, LocalUid, MessageId } from '../mail/types.ts';
import type { View } from './commands/command.ts';
import { cursorPosition } from './list-view.ts';
import { lastOf, target } from './selectors.ts';
import { type AppState, hasLayer, listOf, type Messages, topLayer } from './state.ts';

export const NO_MARKS: ReadonlySet<MessageId> = new Set();

/** The marks of the list on the screen. */
export function marksOf(state: AppState): ReadonlySet<MessageId> {
  return (state.list === null ? undefined : state.marks[state.list]) ?? NO_MARKS;
}

/** The open message has the keys: marks in the list beside it are not what is meant. */
export function inReader(state: AppState): boolean {
  return hasLayer(state, 'reader') && topLayer(state).t !== 'list';
}

/** Commands act on marks now. */
export function onMarks(state: AppState): boolean {
  return marksOf(state).size > 0 && !inReader(state);
}

/** Empty where there is nothing to act on. Messages that are gone from their folder are left out. */
export function chosen(view: View): readonly Messages[] {
  const there = (folder: FolderId) => view.data.folder(folder);
  return meant(view).flatMap(({ folder, uids }) => {
    const left = uids.filter(uid => there(folder)?.flags(uid) !== undefined);
    return left.length > 0 ? [{ folder, uids: left }] : [];
  });
}

/** The same with those that are gone: cheap enough to be asked for every hint. */
export function meant(view: View): readonly Messages[] {
  const { state } = view;
  if (onMarks(state)) return grouped(marksOf(state));
  const found = target(view);
  if (!found) return [];
  const members = inReader(state) ? undefined : foldUnderCursor(view);
  return byFolder(members ?? [found.id]);
}

/** The messages of a folded conversation under the cursor; undefined: there is none. */
function foldUnderCursor({ state, data }: View): readonly MessageId[] | undefined {
  const rows = data.listing(state);
  if (!rows?.members) return undefined;
  const position = cursorPosition(listOf(state, rows.id), rows);
  const key = position < 0 ? undefined : rows.keyAt(position);
  if (key === undefined) return undefined;
  return rows.members(key)?.map(({ folder, uid }) => messageId(folder, uid));
}

/** How many messages these are. */
export function countOf(groups: readonly Messages[]): number {
  return groups.reduce((sum, { uids }) => sum + uids.length, 0);
}

/** Grouped by folder, each folder's newest (highest number) first. */
export function byFolder(ids: Iterable<MessageId>): readonly Messages[] {
  const groups = new Map<FolderId, LocalUid[]>();
  for (const id of ids) {
    const { folder, uid } = splitMessageId(id);
    const known = groups.get(folder);
    if (known) known.push(uid);
    else groups.set(folder, [uid]);
  }
  return [...groups].map(([folder, uids]) => ({ folder, uids: uids.sort((a, b) => b - a) }));
}

const grouped = lastOf((marks: ReadonlySet<MessageId>) => byFolder(marks));
