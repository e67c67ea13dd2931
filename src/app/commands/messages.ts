// Commands that go from message to message, and over quoted text.
import { type MessageId, SEEN } from '../../mail/types.ts';
import { cursorPosition, putCursor } from '../list-view.ts';
import { bodyHeight, documentOf, lastTop } from '../reader-view.ts';
import { folderOrder, folderRecord, listHeight } from '../selectors.ts';
import { hasLayer, listOf, setList, setReader } from '../state.ts';
import type { Command, CommandContext, Context } from './command.ts';
import { times } from './moving.ts';

/** Opens the message that is `by` rows below the opened one. */
function neighbour(context: CommandContext, by: number): void {
  const { data } = context;
  const state = context.state();
  const reader = state.reader;
  const folder = reader && data.folder(reader.folder);
  if (!reader || !folder) return;
  const list = listOf(state, reader.folder);
  const at = cursorPosition({ ...list, cursor: reader.uid }, folder);
  // The next older one takes the place of a message that is gone, so that "next" is already there.
  const gone = folder.positionOf(reader.uid) < 0;
  const wanted = gone && by > 0 ? at + by - 1 : at + by;
  const uid = folder.uidAt(wanted);
  if (wanted < 0 || uid === undefined) {
    context.say(
      'info',
      by > 0 ? 'This is the last message of the folder.' : 'This is the first message of the folder.',
    );
    return;
  }
  context.change(now => {
    const view = putCursor(listOf(now, reader.folder), folder, listHeight(now), wanted);
    return setList(now, reader.folder, view);
  });
  context.effects.openMessage(`${reader.folder}:${uid}` as MessageId);
}

/** Goes to the next message with unseen mail in a direction, on to other folders when this one has no more. */
function unread(context: CommandContext, by: 1 | -1): void {
  const { data, effects } = context;
  const state = context.state();
  const id = state.folder;
  const folder = id === null ? undefined : data.folder(id);
  if (id === null || !folder) return;
  effects.whenLoaded(() => {
    const now = context.state();
    const start = cursorPosition(listOf(now, id), folder);
    for (let position = start + by; position >= 0 && position < folder.length; position += by) {
      const uid = folder.uidAt(position);
      if (uid === undefined || ((folder.flags(uid) ?? SEEN) & SEEN) !== 0) continue;
      context.change(s => setList(s, id, putCursor(listOf(s, id), folder, listHeight(s), position)));
      if (hasLayer(context.state(), 'reader')) effects.openMessage(`${id}:${uid}` as MessageId);
      return;
    }
    const order = folderOrder(now);
    const from = Math.max(0, order.indexOf(id));
    for (let i = 1; i <= order.length; i += 1) {
      const next = order[(from + by * i + order.length * 2) % order.length];
      const record = folderRecord(now, next ?? null);
      if (!next || !record || record.role === 'junk' || record.role === 'trash' || record.role === 'all')
        continue;
      const count = next === id ? folder.unread : record.counts.unread;
      if (count === 0 || (next === id && i < order.length)) continue;
      effects.openFolder(next, by > 0 ? 'first-unread' : 'last-unread');
      return;
    }
    context.say('info', 'There is no unread mail.');
  });
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
