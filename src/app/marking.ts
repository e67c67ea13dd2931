// Marks in the list on the screen, which the next command acts on: one message, a range that grows with the cursor,
// all, or those with given words.
import { messageId, splitMessageId } from '../mail/ids.ts';
import { isEmpty, matches, parseQuery } from '../mail/query.ts';
import type { MessageId } from '../mail/types.ts';
import { nextTurn } from '../util/turn.ts';
import type { Data, View } from './commands/command.ts';
import type { Core } from './core.ts';
import { cursorPosition } from './list-view.ts';
import { factsOf } from './listing/facts.ts';
import type { Touched } from './listing/listings.ts';
import type { Listing } from './listing/types.ts';
import { marksOf, NO_MARKS } from './selection.ts';
import { grouped, plural } from './selectors.ts';
import { type AppState, listOf, pop, replaceTop, topLayer } from './state.ts';

/** Work in one piece; milliseconds. */
const SPELL_MS = 8;

/** Replaces the marks of the list on the screen. */
export function setMarks(state: AppState, marks: ReadonlySet<MessageId>): AppState {
  if (state.list === null || marksOf(state) === marks) return state;
  return { ...state, marks: { ...state.marks, [state.list]: marks } };
}

/** Marks of messages that are not there any more are forgotten, in every list. */
export function forgetMarks(state: AppState, data: Data, touched: Touched): AppState {
  let all: Record<string, ReadonlySet<MessageId>> | null = null;
  for (const [list, marks] of Object.entries(state.marks)) {
    if (marks.size === 0) continue;
    const gone = [...touched].flatMap(([id, uids]) => {
      const folder = data.folder(id);
      const marked = uids === 'all' ? [...marks].filter(one => splitMessageId(one).folder === id) : [];
      const looked = uids === 'all' ? marked : [...uids].map(uid => messageId(id, uid));
      return looked.filter(one => marks.has(one) && folder?.flags(splitMessageId(one).uid) === undefined);
    });
    if (gone.length === 0) continue;
    const left = new Set(marks);
    for (const one of gone) left.delete(one);
    all = { ...(all ?? state.marks), [list]: left };
  }
  return all ? { ...state, marks: all } : state;
}

/** Takes all marks of the list on the screen away, and ends a range. */
export function clearMarks(state: AppState): AppState {
  return { ...setMarks(state, NO_MARKS), range: null };
}

/**
 * Marks the row under the cursor, or takes its mark away; a folded conversation as a whole. With a count the messages of
 * so many rows that are in the list itself.
 */
export function toggleMark(state: AppState, data: Data, count = 1): AppState {
  const rows = data.listing(state);
  const at = rows ? cursorPosition(listOf(state, rows.id), rows) : -1;
  if (!rows || at < 0) return state;
  const marks = new Set(marksOf(state));
  for (let row = at; row < Math.min(at + count, rows.length); row += 1) {
    const ids = count === 1 ? idsAt(rows, row) : ownIdsAt(rows, row);
    const all = ids.every(id => marks.has(id));
    for (const id of ids) {
      if (all) marks.delete(id);
      else marks.add(id);
    }
  }
  return setMarks(state, marks);
}

/** All messages of the list. */
export function allMarks(rows: Listing): ReadonlySet<MessageId> {
  const marks = new Set<MessageId>();
  for (let position = 0; position < rows.length; position += 1)
    for (const id of ownIdsAt(rows, position)) marks.add(id);
  return marks;
}

/** Begins a range at the cursor, or ends it; its rows stay marked. */
export function toggleRange(state: AppState, data: Data): AppState {
  const rows = data.listing(state);
  const at = rows ? cursorPosition(listOf(state, rows.id), rows) : -1;
  const from = rows && at >= 0 ? rows.keyAt(at) : undefined;
  if (state.range?.list === state.list) return { ...state, range: null };
  if (!rows || from === undefined) return state;
  return stretched({ ...state, range: { list: rows.id, from, base: marksOf(state) } }, data);
}

/** A range goes from where it began to the cursor; it ends when another list is shown. */
export function stretched(state: AppState, data: Data): AppState {
  const { range } = state;
  if (range === null) return state;
  if (range.list !== state.list) return { ...state, range: null };
  const rows = data.listing(state);
  if (!rows) return state;
  const first = rows.locate(range.from);
  const last = cursorPosition(listOf(state, rows.id), rows);
  const marks = new Set(range.base);
  for (let position = Math.min(first, last); position <= Math.max(first, last); position += 1)
    for (const id of ownIdsAt(rows, position)) marks.add(id);
  const before = marksOf(state);
  const same = before.size === marks.size && [...marks].every(id => before.has(id));
  return same ? state : setMarks(state, marks);
}

/** The messages that a row stands for. */
function idsAt(rows: Listing, position: number): readonly MessageId[] {
  const key = rows.keyAt(position);
  const found = key === undefined ? undefined : rows.message(key);
  if (key === undefined || !found) return [];
  const members = rows.members?.(key);
  if (members) return members.map(({ folder, uid }) => messageId(folder, uid));
  return [messageId(found.folder.record.id, found.uid)];
}

/**
 * Those that are in the list itself. An unfolded conversation has rows of other folders too: who marks many rows at once
 * means the list, as with the folded one, and not the answers in Sent among them.
 */
function ownIdsAt(rows: Listing, position: number): readonly MessageId[] {
  const key = rows.keyAt(position);
  if (key === undefined || (rows.base && !rows.members?.(key) && rows.base.positionOf(key) < 0)) return [];
  return idsAt(rows, position);
}

/** Marks those messages of the list on the screen that have the words; the prompt goes, or says that none has. */
export async function markBy(core: Core, pattern: string): Promise<void> {
  const asked = topLayer(core.state.get());
  const shown = core.data.listing(core.state.get());
  const rows = shown?.base ?? shown;
  if (!rows || asked.t !== 'prompt') return;
  core.change(state => replaceTop(state, { ...asked, busy: true, problem: null }));
  await rows.load();
  const marks = new Set(marksOf(core.state.get()));
  const before = marks.size;
  const query = parseQuery(pattern, core.deps.now());
  let began = performance.now();
  for (let position = 0; position < rows.length && !isEmpty(query); position += 1) {
    const key = rows.keyAt(position);
    const found = key === undefined ? undefined : rows.message(key);
    if (!found) continue;
    if (!core.data.envelope(found)) await core.listings.envelopes.read([found]);
    const envelope = core.data.envelope(found);
    const flags = found.folder.flags(found.uid) ?? 0;
    if (envelope && matches(query, factsOf(envelope), flags))
      marks.add(messageId(found.folder.record.id, found.uid));
    if (performance.now() - began < SPELL_MS) continue;
    await nextTurn();
    began = performance.now();
  }
  const [odd] = query.odd;
  const none = odd === undefined ? 'No message of this list matches.' : `${odd} means nothing here.`;
  const problem = marks.size === before ? none : null;
  core.change(state => {
    const layer = topLayer(state);
    if (layer.t !== 'prompt' || layer.act.t !== 'mark-by') return state;
    if (problem !== null) return replaceTop(state, { ...layer, busy: false, problem });
    return setMarks(pop(state), marks);
  });
  if (problem === null) core.say('info', `${plural(marks.size, 'message')} marked.`);
}

/** How many are marked; '' where none is. */
export function marksText(view: View): string {
  const count = marksOf(view.state).size;
  return count === 0 ? '' : `${grouped(count)} marked`;
}
