// Commands around one message: opening it, the way it is shown, its flags.
import { messageId } from '../../mail/ids.ts';
import { FLAGGED, type MessageId, SEEN } from '../../mail/types.ts';
import { cursorPosition } from '../list-view.ts';
import { cannotChange } from '../read-only.ts';
import { bodyHeight, documentOf, lastTop } from '../reader-view.ts';
import { chosen } from '../selection.ts';
import { layoutOf, target } from '../selectors.ts';
import { hasLayer, listOf, push, setReader } from '../state.ts';
import type { Command, CommandContext, Context, View } from './command.ts';
import { cannotWrite, isDraft } from './draft-here.ts';

const READER: readonly Context[] = ['reader'];

const noMessage = (view: View) => (target(view) ? undefined : 'There is no message here.');

export const notReady = ({ state }: View): string | undefined =>
  state.reader?.message ? undefined : 'The message is not open yet.';

/** Of a folded conversation the first message that was not read yet is opened, else its newest. */
function unreadOf(view: View): { readonly id: MessageId } | undefined {
  const rows = view.data.listing(view.state);
  const position = rows ? cursorPosition(listOf(view.state, rows.id), rows) : -1;
  const key = position < 0 ? undefined : rows?.keyAt(position);
  if (!rows || key === undefined) return undefined;
  const unread = rows.firstUnread?.(key);
  const found = unread === undefined ? undefined : rows.message(unread);
  return found && { id: messageId(found.folder.record.id, found.uid) };
}

const opening: readonly Command[] = [
  {
    id: 'message.open',
    group: 'Reading',
    title: 'Open message',
    help: 'Opens the message under the cursor; a draft in the composer.',
    keys: ['enter', 'right'],
    in: ['list'],
    synonyms: ['view', 'display-message'],
    hint: { label: 'open', rank: 100 },
    disabled: noMessage,
    run: context => {
      const view = { state: context.state(), data: context.data };
      const found = unreadOf(view) ?? target(view);
      // A draft is written on, where that is possible at all.
      if (found && isDraft(view) && cannotWrite(view) === undefined) context.effects.writing.recall(found.id);
      else if (found) context.effects.openMessage(found.id);
    },
  },
  {
    id: 'reader.headers',
    group: 'Reading',
    title: 'All headers',
    help: 'Shows every header of the message, or the short ones again.',
    keys: ['h'],
    in: READER,
    synonyms: ['toggle-headers', 'display-toggle-weed'],
    disabled: notReady,
    run: context =>
      context.change(state =>
        setReader(state, { headers: state.reader?.headers === 'full' ? 'short' : 'full', top: 0 }),
      ),
  },
  {
    id: 'reader.raw',
    group: 'Reading',
    title: 'Raw message',
    help: 'Shows the message as it came from the server, or the readable text again.',
    keys: ['='],
    in: READER,
    synonyms: ['source', 'view-raw-message'],
    disabled: ({ state }) => (state.reader?.phase === 'loading' ? 'The message is not open yet.' : undefined),
    run: context => {
      const raw = context.state().reader?.headers === 'raw';
      context.change(state => setReader(state, { headers: raw ? 'short' : 'raw', top: 0 }));
      if (!raw) context.effects.loadRaw();
    },
  },
  {
    id: 'reader.quotes',
    group: 'Reading',
    title: 'Quoted text',
    help: 'Opens or folds the longer quotations of the message.',
    keys: ['T', 'za'],
    in: READER,
    synonyms: ['toggle-quoted', 'fold'],
    disabled: notReady,
    run: context => {
      const before = context.state();
      context.change(state => {
        const next = setReader(state, { quotesOpen: !state.reader?.quotesOpen });
        const last = lastTop(documentOf(next), bodyHeight(next));
        return setReader(next, { top: Math.min(next.reader?.top ?? 0, last) });
      });
      if (!documentOf(before).folds) context.say('info', 'This message has no long quotation to fold.');
    },
  },
];

/** Sets a flag where it is not, clears it where it is. */
function toggle(context: CommandContext, bit: number, name: string): void {
  const messages = chosen({ state: context.state(), data: context.data });
  if (messages.length === 0) return;
  // Of several, all get what one of them lacks.
  const has = messages.every(({ folder, uids }) =>
    uids.every(uid => ((context.data.folder(folder)?.flags(uid) ?? bit) & bit) !== 0),
  );
  context.effects.flag(messages, has ? [] : [name], has ? [name] : []);
}

const FLAG_CONTEXTS: readonly Context[] = ['list', 'reader'];
const gone = (view: View): string | undefined => {
  const found = target(view);
  return found && found.folder.flags(found.uid) === undefined
    ? 'This message is gone from its folder.'
    : undefined;
};
const cannotFlag = (view: View) => noMessage(view) ?? gone(view) ?? cannotChange(view.state);

const flags: readonly Command[] = [
  {
    id: 'message.toggle-read',
    group: 'Marking',
    title: 'Read or unread',
    help: 'Marks the message as unread, or as read.',
    keys: ['U'],
    in: FLAG_CONTEXTS,
    synonyms: ['seen', 'unread', 'toggle-new', 'read'],
    hint: { label: 'un/read', rank: 40 },
    disabled: cannotFlag,
    run: context => toggle(context, SEEN, '\\Seen'),
  },
  {
    id: 'message.toggle-star',
    group: 'Marking',
    title: 'Star',
    help: 'Puts a star on the message, or takes it away.',
    keys: ['F', '*'],
    in: FLAG_CONTEXTS,
    synonyms: ['flag', 'flagged', 'important'],
    hint: { label: 'star', rank: 35 },
    disabled: cannotFlag,
    run: context => toggle(context, FLAGGED, '\\Flagged'),
  },
];

const focus: readonly Command[] = [
  {
    id: 'reader.focus',
    group: 'Reading',
    title: 'Go to the opened message',
    help: 'Gives the keys to the message beside the list.',
    keys: [],
    in: ['list'],
    disabled: ({ state }) =>
      state.reader && layoutOf(state).split && !hasLayer(state, 'reader')
        ? undefined
        : 'No message is open beside the list.',
    run: context => context.change(state => push(state, { t: 'reader' })),
  },
];

export const readingCommands: readonly Command[] = [...opening, ...flags, ...focus];
