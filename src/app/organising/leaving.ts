// The screen around messages that go and come back: what is opened in place of an opened one that goes, which marks
// are done with, and where the cursor goes when messages return.
import { messageId } from '../../mail/ids.ts';
import type { FolderId, LocalUid, MessageId } from '../../mail/types.ts';
import type { Data } from '../commands/command.ts';
import type { Core } from '../core.ts';
import { putCursor } from '../list-view.ts';
import type { Listing, RowKey } from '../listing/types.ts';
import { listHeight } from '../selectors.ts';
import { type AppState, hasLayer, listOf, type Messages, setList, without } from '../state.ts';

/**
 * Looks before they go; what it returns is called when they are gone.
 * @param all those that go earlier or later, too: none of them is opened
 */
export function leaveReader(
  core: Core,
  openMessage: (id: MessageId) => void,
  messages: readonly Messages[],
  all: readonly Messages[] = messages,
): () => void {
  const state = core.state.get();
  const { reader } = state;
  if (!reader || !goingOf(messages)(reader.folder, reader.uid)) return () => undefined;
  const isGoing = goingOf(all);
  const rows = core.data.listing(state);
  const key = rows?.keyOf(reader.folder, reader.uid);
  const next = rows && key !== undefined ? neighbourOf(rows, key, isGoing) : undefined;
  const reading = hasLayer(state, 'reader');
  return () => {
    if (reading && next !== undefined) openMessage(next);
    else core.change(before => ({ ...without(before, 'reader'), reader: null }));
  };
}

type IsGoing = (folder: FolderId, uid: LocalUid) => boolean;

function goingOf(messages: readonly Messages[]): IsGoing {
  const going = new Map(messages.map(({ folder, uids }) => [folder, new Set(uids)]));
  return (folder, uid) => going.get(folder)?.has(uid) ?? false;
}

/** The next message that stays, else the one before; inside a folded conversation too. */
function neighbourOf(rows: Listing, key: RowKey, isGoing: IsGoing): MessageId | undefined {
  if (rows.step) return stepTo(rows, key, 1, isGoing) ?? stepTo(rows, key, -1, isGoing);
  const at = rows.positionOf(key);
  if (at < 0) return undefined;
  const stays = (position: number): MessageId | undefined => {
    const there = rows.keyAt(position);
    const found = there === undefined ? undefined : rows.message(there);
    if (!found || isGoing(found.folder.record.id, found.uid)) return undefined;
    return messageId(found.folder.record.id, found.uid);
  };
  for (let position = at + 1; position < rows.length; position += 1) {
    const found = stays(position);
    if (found !== undefined) return found;
  }
  for (let position = at - 1; position >= 0; position -= 1) {
    const found = stays(position);
    if (found !== undefined) return found;
  }
  return undefined;
}

function stepTo(rows: Listing, from: RowKey, by: 1 | -1, isGoing: IsGoing): MessageId | undefined {
  let key = rows.step?.(from, by);
  for (; key !== undefined; key = rows.step?.(key, by)) {
    const found = rows.message(key);
    if (found && !isGoing(found.folder.record.id, found.uid))
      return messageId(found.folder.record.id, found.uid);
  }
  return undefined;
}

/** Marks of these messages are done with, in whatever list they were set; so is a range. */
export function unmark(state: AppState, messages: readonly Messages[]): AppState {
  const isGoing = goingOf(messages);
  let changed = false;
  const marks = Object.entries(state.marks).map(([list, marked]) => {
    const kept = [...marked].filter(id => {
      const at = id.lastIndexOf(':');
      return !isGoing(id.slice(0, at) as FolderId, Number(id.slice(at + 1)));
    });
    if (kept.length === marked.size) return [list, marked] as const;
    changed = true;
    return [list, new Set(kept)] as const;
  });
  return changed ? { ...state, range: null, marks: Object.fromEntries(marks) } : state;
}

/** The cursor on what came back: in the list on the screen, and in the folder's own for when it is shown again. */
export function cursorOn(state: AppState, data: Data, folder: FolderId, uid: LocalUid): AppState {
  const rows = data.listing(state);
  const key = rows?.keyOf(folder, uid);
  const there = rows && key !== undefined ? rows.positionOf(key) : -1;
  // Inside a fold: on that.
  const position = there < 0 && rows?.fold && key !== undefined && rows.fold(key) ? rows.locate(key) : there;
  if (rows && position >= 0)
    return setList(state, rows.id, putCursor(listOf(state, rows.id), rows, listHeight(state), position));
  if (rows?.id === folder || data.folder(folder)?.flags(uid) === undefined) return state;
  return setList(state, folder, { ...listOf(state, folder), cursor: uid });
}
