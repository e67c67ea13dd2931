// What a command acts on: the marks of the list, else the message that is open or under the cursor; grouped by
// folder, newest first within each. Pure; changes nothing.
import { splitMessageId } from '../mail/ids.ts';
import type { FolderId, LocalUid, MessageId } from '../mail/types.ts';
import type { View } from './commands/command.ts';
import { target } from './selectors.ts';
import { type AppState, hasLayer, type Messages, topLayer } from './state.ts';

export const NO_MARKS: ReadonlySet<MessageId> = new Set();

/** The marks of the list on the screen. */
export function marksOf(state: AppState): ReadonlySet<MessageId> {
  return (state.folder === null ? undefined : state.marks[state.folder]) ?? NO_MARKS;
}

/** The open message has the keys: marks in the list beside it are not what is meant. */
export function inReader(state: AppState): boolean {
  return hasLayer(state, 'reader') && topLayer(state).t !== 'list';
}

/** Empty where there is nothing to act on. Messages that are gone from their folder are left out. */
export function chosen(view: View): readonly Messages[] {
  const { state, data } = view;
  const marks = marksOf(state);
  const there = (id: MessageId): boolean => {
    const { folder, uid } = splitMessageId(id);
    return data.folder(folder)?.flags(uid) !== undefined;
  };
  if (marks.size > 0 && !inReader(state)) {
    const left = [...marks].filter(there);
    if (left.length > 0) return byFolder(left);
  }
  const found = target(view);
  return found && there(found.id) ? byFolder([found.id]) : [];
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
