// Commands that go from message to message, and over quoted text.
import { messageId } from '../../mail/ids.ts';
import type { FolderId, MessageId } from '../../mail/types.ts';
import { cursorPosition, putCursor } from '../list-view.ts';
import { isUnified, type ListId, type Listing, type RowKey } from '../listing/types.ts';
import { isLeftOut } from '../listing/unified.ts';
import { isUnread, unreadAt } from '../listing/unread.ts';
import { bodyHeight, documentOf, lastTop } from '../reader-view.ts';
import { folderOrder, folderRecord, foldersIn, listHeight, unifiedCounts } from '../selectors.ts';
import { type AppState, hasLayer, listOf, setList, setReader } from '../state.ts';
import type { Command, CommandContext, Context } from './command.ts';
import { times } from './moving.ts';

/** Of the message that is `by` messages below another one, through conversations too. */
function keyBelow(rows: Listing, key: RowKey, by: number): RowKey | undefined {
  const here = rows.message(key);
  if (!rows.step || !here || here.folder.flags(here.uid) === undefined) {
    const at = rows.locate(key);
    // What comes after a message that is gone takes its place, so that "next" is already there.
    const gone = rows.positionOf(key) < 0;
    const wanted = gone && by > 0 ? at + by - 1 : at + by;
    return wanted < 0 ? undefined : rows.keyAt(wanted);
  }
  let next: RowKey | undefined = key;
  for (let i = 0; i < Math.abs(by) && next !== undefined; i++) next = rows.step(next, by > 0 ? 1 : -1);
  return next;
}

/** Opens the message that is `by` messages below the opened one. */
function neighbour(context: CommandContext, by: number): void {
  const { data } = context;
  const state = context.state();
  const reader = state.reader;
  const rows = data.listing(state);
  const key = reader && rows?.keyOf(reader.folder, reader.uid);
  if (!reader || !rows || typeof key !== 'number') return;
  const next = keyBelow(rows, key, by);
  const found = next === undefined ? undefined : rows.message(next);
  if (next === undefined || !found) {
    context.say(
      'info',
      by > 0 ? 'This is the last message of the folder.' : 'This is the first message of the folder.',
    );
    return;
  }
  context.change(now => {
    const view = putCursor(listOf(now, rows.id), rows, listHeight(now), rows.locate(next));
    return setList(now, rows.id, view);
  });
  context.effects.openMessage(messageId(found.folder.record.id, found.uid));
}

/** The next unread message of the conversation that is being read, where that is folded in the list. */
function unreadFurther(context: CommandContext, rows: Listing, by: 1 | -1): MessageId | undefined {
  const { reader } = context.state();
  const open = hasLayer(context.state(), 'reader') ? reader : null;
  const start = open && rows.keyOf(open.folder, open.uid);
  const place = typeof start === 'number' ? rows.place?.(start) : undefined;
  if (typeof start !== 'number' || !place || !rows.fold?.(start)?.folded) return undefined;
  let key: RowKey | undefined = start;
  for (let n = place.n + by; n >= 1 && n <= place.of; n += by) {
    key = key === undefined ? undefined : rows.step?.(key, by);
    const found = key !== undefined && isUnread(rows, key) ? rows.message(key) : undefined;
    if (found) return messageId(found.folder.record.id, found.uid);
  }
  return undefined;
}

/** Goes to the next message with unseen mail in a direction, on to other folders when this list has no more. */
function unread(context: CommandContext, by: 1 | -1): void {
  const { data, effects } = context;
  const { list: id } = context.state();
  const rows = data.listing(context.state());
  if (id === null || !rows) return;
  effects.whenLoaded(() => {
    const now = context.state();
    const start = cursorPosition(listOf(now, id), rows);
    const further = unreadFurther(context, rows, by);
    if (further) {
      effects.openMessage(further);
      return;
    }
    for (let position = start + by; position >= 0 && position < rows.length; position += by) {
      const key = rows.keyAt(position);
      const unread = key === undefined ? undefined : unreadAt(rows, key);
      const found = unread === undefined ? undefined : rows.message(unread);
      if (!found) continue;
      context.change(s => setList(s, id, putCursor(listOf(s, id), rows, listHeight(s), position)));
      if (hasLayer(context.state(), 'reader'))
        effects.openMessage(messageId(found.folder.record.id, found.uid));
      return;
    }
    const landing = by > 0 ? 'first-unread' : 'last-unread';
    const next = unreadElsewhere(now, id, by) ?? (anyUnread(context, id) ? id : undefined);
    if (next === undefined) context.say('info', 'There is no unread mail.');
    else effects.openFolder(next, landing);
  });
}

/** The next folder with unread mail that is not in this list. */
function unreadElsewhere(state: AppState, id: ListId, by: 1 | -1): FolderId | undefined {
  const order = folderOrder(state);
  // Flagged shows some of their messages only.
  const inList = new Set<ListId>([id, ...(id === 'all:flagged' ? [] : foldersIn(state, id))]);
  const at: readonly ListId[] = order;
  // A list over all accounts stands above the folders.
  const from = isUnified(id) && by < 0 ? order.length : at.indexOf(id);
  for (let i = 1; i <= order.length; i += 1) {
    const next = order[(from + by * i + order.length) % order.length];
    const record = next === undefined ? undefined : folderRecord(state, next);
    if (!next || !record || inList.has(next) || isLeftOut(record.role)) continue;
    if (record.counts.unread > 0) return next;
  }
  return undefined;
}

/** The list itself, from its other end on: also what a filter hides. */
function anyUnread({ state, data }: CommandContext, id: ListId): boolean {
  if (!isUnified(id)) return (data.folder(id)?.unread ?? 0) > 0;
  if (id === 'all:flagged') return false;
  return unifiedCounts(state().accounts, id).unread > 0;
}

const READ_OR_LIST: readonly Context[] = ['list', 'reader'];

const between: readonly Command[] = [
  {
    id: 'message.next',
    group: 'Reading',
    title: 'Next message',
    help: 'Opens the next message of the list.',
    keys: ['J'],
    in: ['reader'],
    hint: { label: 'next/prev msg', rank: 70, with: 'message.previous', in: ['reader'] },
    run: context => neighbour(context, times(context)),
  },
  {
    id: 'message.previous',
    group: 'Reading',
    title: 'Previous message',
    help: 'Opens the previous message of the list.',
    keys: ['K'],
    in: ['reader'],
    run: context => neighbour(context, -times(context)),
  },
  {
    id: 'unread.next',
    group: 'Moving',
    title: 'Next unread message',
    help: 'Goes to the next unread message, in this folder and then in the others.',
    keys: ['tab'],
    in: READ_OR_LIST,
    synonyms: ['next-unread', 'next-new', 'next-result'],
    hint: { label: 'unread', rank: 50 },
    run: context => unread(context, 1),
  },
  {
    id: 'unread.previous',
    group: 'Moving',
    title: 'Previous unread message',
    help: 'Goes to the previous unread message, in this folder and then in the others.',
    keys: ['S-tab'],
    in: READ_OR_LIST,
    synonyms: ['previous-unread', 'previous-new'],
    run: context => unread(context, -1),
  },
];

/** Lines of the body from `from` on for which `test` holds. */
function lineAfter(context: CommandContext, from: number, test: (quoted: boolean) => boolean): number {
  const { lines } = documentOf(context.state());
  for (let i = from; i < lines.length; i += 1) {
    const line = lines[i];
    if (line && line.text.trim() !== '' && test(line.depth > 0)) return i;
  }
  return -1;
}

const inText: readonly Command[] = [
  {
    id: 'reader.skip-quote',
    group: 'Reading',
    title: 'Skip the quoted text',
    help: 'Goes to the text after the next quotation.',
    keys: [']'],
    in: ['reader'],
    synonyms: ['skip-quoted'],
    run: context => {
      const top = context.state().reader?.top ?? 0;
      const quote = lineAfter(context, top, quoted => quoted);
      const own = quote < 0 ? -1 : lineAfter(context, quote, quoted => !quoted);
      if (own < 0) context.say('info', 'No quoted text follows with something after it.');
      else
        context.change(state =>
          setReader(state, { top: Math.min(own, lastTop(documentOf(state), bodyHeight(state))) }),
        );
    },
  },
];

export const messageCommands: readonly Command[] = [...between, ...inText];
