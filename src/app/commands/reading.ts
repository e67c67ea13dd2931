// Commands around one message: opening it, the way it is shown, its attachments and links, its flags.
import { FLAGGED, SEEN } from '../../mail/types.ts';
import { EMPTY_FIELD } from '../field.ts';
import { bodyHeight, documentOf, findLine, lastTop } from '../reader-view.ts';
import { layoutOf, target } from '../selectors.ts';
import { hasLayer, push, setReader, topLayer } from '../state.ts';
import type { Command, CommandContext, Context, View } from './command.ts';

const READER: readonly Context[] = ['reader'];

const noMessage = (view: View) => (target(view) ? undefined : 'There is no message here.');

const notReady = ({ state }: View): string | undefined =>
  state.reader?.message ? undefined : 'The message is not open yet.';

const readOnly = ({ state }: View): string | undefined =>
  state.readOnly ? 'Another tmail has this mail open; here it can only be read.' : undefined;

const opening: readonly Command[] = [
  {
    id: 'message.open',
    group: 'Reading',
    title: 'Open message',
    help: 'Opens the message under the cursor.',
    keys: ['enter', 'right'],
    in: ['list'],
    synonyms: ['view', 'display-message'],
    hint: { label: 'open', rank: 100 },
    disabled: noMessage,
    run: context => {
      const found = target({ state: context.state(), data: context.data });
      if (found) context.effects.openMessage(found.id);
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

function find(context: CommandContext, by: 1 | -1): void {
  const { reader } = context.state();
  if (!reader?.find) return;
  const line = findLine(context.state(), reader.find.query, reader.find.line + by, by);
  if (line < 0) {
    context.say('info', `Nothing more is found for "${reader.find.query}".`);
    return;
  }
  context.change(state => {
    const now = state.reader;
    if (!now?.find) return state;
    const height = bodyHeight(state);
    const seen = line >= now.top && line < now.top + height;
    const top = seen ? now.top : Math.max(0, Math.min(line - 2, lastTop(documentOf(state), height)));
    return setReader(state, { top, find: { ...now.find, line } });
  });
}

const notSearched = ({ state }: View) =>
  state.reader?.find ? undefined : 'Nothing was searched for in this message yet; / does.';

const finding: readonly Command[] = [
  {
    id: 'find.open',
    group: 'Searching',
    title: 'Find in message',
    help: 'Searches the text of the opened message.',
    keys: ['/'],
    in: READER,
    synonyms: ['search', 'whereis'],
    disabled: notReady,
    run: context => context.change(state => push(state, { t: 'find', field: EMPTY_FIELD })),
  },
  {
    id: 'find.run',
    group: 'Searching',
    title: 'Find this text',
    help: 'Goes to the first place at or below the top of the screen.',
    keys: ['enter'],
    in: ['find'],
    hidden: true,
    hint: { label: 'find', rank: 90 },
    run: context => {
      const layer = topLayer(context.state());
      if (layer.t !== 'find') return;
      context.run('overlay.close');
      const query = layer.field.text.trim();
      if (query === '') return;
      const from = context.state().reader?.top ?? 0;
      context.change(state => setReader(state, { find: { query, line: from - 1 } }));
      find(context, 1);
    },
  },
  {
    id: 'find.next',
    group: 'Searching',
    title: 'Find next',
    help: 'Goes to the next place of what was searched for in this message.',
    keys: ['n'],
    in: READER,
    synonyms: ['search-next'],
    disabled: notSearched,
    run: context => find(context, 1),
  },
  {
    id: 'find.previous',
    group: 'Searching',
    title: 'Find previous',
    help: 'Goes to the previous place of what was searched for in this message.',
    keys: ['N'],
    in: READER,
    synonyms: ['search-opposite'],
    disabled: notSearched,
    run: context => find(context, -1),
  },
];

const noParts = (view: View): string | undefined =>
  notReady(view) ??
  (view.state.reader?.message?.parts.length ? undefined : 'This message has no attachments.');

const attachments: readonly Command[] = [
  {
    id: 'parts.open',
    group: 'Reading',
    title: 'Attachments',
    help: 'Lists the attachments and parts of the message.',
    keys: ['v'],
    in: READER,
    synonyms: ['attach', 'view-attachments'],
    hint: { label: 'files', rank: 30 },
    disabled: noParts,
    run: context => context.change(state => push(state, { t: 'parts', cursor: 0 })),
  },
  {
    id: 'parts.save',
    group: 'Reading',
    title: 'Save attachment',
    help: 'Saves the attachment under the cursor under a safe name; nothing is overwritten.',
    keys: ['s'],
    in: ['parts'],
    synonyms: ['save-attachment'],
    hint: { label: 'save', rank: 90 },
    disabled: noParts,
    run: context => {
      const state = context.state();
      const layer = topLayer(state);
      const part = layer.t === 'parts' ? state.reader?.message?.parts[layer.cursor] : undefined;
      if (part) context.effects.save([part.n]);
    },
  },
  {
    id: 'parts.save-all',
    group: 'Reading',
    title: 'Save all attachments',
    help: 'Saves every attachment of the message under safe names; nothing is overwritten.',
    keys: ['S'],
    in: ['parts'],
    hint: { label: 'save all', rank: 80 },
    disabled: noParts,
    run: context => {
      const parts = context.state().reader?.message?.parts ?? [];
      context.effects.save(parts.map(part => part.n));
    },
  },
  {
    id: 'parts.view',
    group: 'Reading',
    title: 'Open attachment',
    help: 'Opens the attachment in its program.',
    keys: ['enter', 'o'],
    in: ['parts'],
    later: true,
    disabled: () => 'Opening attachments comes with a later version of tmail; s saves this one.',
    run: () => undefined,
  },
];

const noLinks = (view: View): string | undefined =>
  notReady(view) ?? (view.state.reader?.message?.links.length ? undefined : 'This message has no links.');

const links: readonly Command[] = [
  {
    id: 'links.open',
    group: 'Reading',
    title: 'Links',
    help: 'Lists the links of the message with where they really go.',
    keys: ['gl'],
    in: READER,
    synonyms: ['urls', 'urlview', 'open-link'],
    disabled: noLinks,
    run: context => context.change(state => push(state, { t: 'links', cursor: 0 })),
  },
  {
    id: 'links.show-number',
    group: 'Reading',
    title: 'Show link by its number',
    help: 'Shows where the link with this number really goes, in full and ready to be copied.',
    keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
    in: ['reader', 'links'],
    disabled: noLinks,
    run: context => {
      const index = Number(context.key || Number.NaN) - 1;
      const count = context.state().reader?.message?.links.length ?? 0;
      if (Number.isNaN(index)) context.run('links.open');
      else if (index >= count)
        context.say('info', `This message has ${count === 1 ? 'one link' : `${count} links`}.`);
      else context.change(state => push(state, { t: 'link', index }));
    },
  },
  {
    id: 'links.show',
    group: 'Reading',
    title: 'Show link',
    help: 'Shows where the link really goes, in full and ready to be copied.',
    keys: ['enter', 'right'],
    in: ['links'],
    hint: { label: 'show in full', rank: 90 },
    disabled: noLinks,
    run: context => {
      const layer = topLayer(context.state());
      if (layer.t === 'links') context.change(state => push(state, { t: 'link', index: layer.cursor }));
    },
  },
  {
    id: 'link.open',
    group: 'Reading',
    title: 'Open link',
    help: 'Opens the link in the browser.',
    keys: ['enter', 'o'],
    in: ['link'],
    later: true,
    disabled: () =>
      'Opening links comes with a later version of tmail; select the address with the mouse to copy it.',
    run: () => undefined,
  },
];

/** Sets a flag where it is not, clears it where it is. */
function toggle(context: CommandContext, bit: number, name: string): void {
  const found = target({ state: context.state(), data: context.data });
  const flags = found?.folder.flags(found.uid);
  if (!found || flags === undefined) return;
  const has = (flags & bit) !== 0;
  context.effects.flag([found.uid], has ? [] : [name], has ? [name] : []);
}

const FLAG_CONTEXTS: readonly Context[] = ['list', 'reader'];
const cannotFlag = (view: View) => noMessage(view) ?? readOnly(view);

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

export const readingCommands: readonly Command[] = [
  ...opening,
  ...finding,
  ...attachments,
  ...links,
  ...flags,
  ...focus,
];
