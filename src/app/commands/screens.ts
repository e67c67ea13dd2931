// Commands for what is on the screen and what runs: layout, accounts, log, synchronising, the terminal.
import { layoutFor, nextLayout } from '../layout.ts';
import { cannotChange } from '../read-only.ts';
import { layoutOf, plural } from '../selectors.ts';
import { hasLayer, push, topLayer } from '../state.ts';
import { type Command, EVERYWHERE, type View } from './command.ts';

/** What the other tmail does meanwhile. */
const UP_TO_DATE = 'it keeps everything up to date';

const LAYOUT_WORDS = {
  one: 'one pane',
  two: 'folders and list',
  three: 'folders, list and message',
  below: 'message under the list',
  'two-below': 'folders, and the message under the list',
} as const;

const one = ({ state }: View): string | undefined =>
  nextLayout(state.size, state.layout) &&
  layoutFor(state.size, nextLayout(state.size, state.layout)).name === layoutOf(state).name
    ? 'This window has room for one layout: 35 rows or 110 columns give more.'
    : undefined;

/** Deletions on the server of the account under the cursor that wait until the person knows. */
function heldUnderCursor({ state }: View): number {
  const layer = topLayer(state);
  return layer.t === 'accounts' ? (state.accounts[layer.cursor]?.status.maildrop?.held ?? 0) : 0;
}

export const screenCommands: readonly Command[] = [
  {
    id: 'layout.next',
    group: 'Program',
    title: 'Next layout',
    help: 'Goes round the layouts that fit: one, two or three panes, or the message under the list.',
    keys: ['C-w'],
    in: ['list', 'reader', 'drawer'],
    synonyms: ['split', 'panes'],
    hint: { label: 'layout', rank: 10, in: ['list'] },
    disabled: one,
    run: context => {
      context.effects.chooseLayout(nextLayout(context.state().size, context.state().layout));
      context.say('info', `Layout: ${LAYOUT_WORDS[layoutOf(context.state()).name]}.`);
    },
  },
  {
    id: 'accounts.open',
    group: 'Program',
    title: 'Accounts',
    help: 'Shows the state of each account, its server, what is kept here and what waits to be sent.',
    keys: ['@'],
    in: ['list', 'reader', 'drawer', 'log'],
    synonyms: ['status', 'connections'],
    run: context => {
      context.change(state => push({ ...state, copies: {} }, { t: 'accounts', cursor: 0 }));
      context.effects.countCopies();
    },
  },
  {
    id: 'accounts.inbox',
    group: 'Program',
    title: "Open the account's inbox",
    help: 'Opens the inbox of the account under the cursor.',
    keys: ['enter', 'right'],
    in: ['accounts'],
    hint: { label: 'inbox', rank: 60 },
    instead: ({ state }) => {
      const layer = topLayer(state);
      const waiting = layer.t === 'accounts' ? (state.accounts[layer.cursor]?.queued ?? 0) : 0;
      return waiting > 0 ? 'queue' : undefined;
    },
    run: context => {
      const state = context.state();
      const layer = topLayer(state);
      const account = layer.t === 'accounts' ? state.accounts[layer.cursor] : undefined;
      const inboxOf = (id: string | undefined) =>
        state.accounts.find(one => one.id === id)?.folders.find(folder => folder.role === 'inbox');
      const into = context.data.config.accounts.find(({ id }) => id === account?.id)?.deliverTo;
      const inbox = inboxOf(account?.id) ?? inboxOf(into);
      if (inbox) context.effects.openFolder(inbox.id);
      else context.say('info', 'The folders of this account are not known yet.');
    },
  },
  {
    id: 'accounts.agree',
    group: 'Program',
    title: 'Delete on the server what was held back',
    help: 'POP3: agrees to the deletions on the server that were announced; each copy here is read again first.',
    keys: ['D'],
    in: ['accounts'],
    synonyms: ['agree', 'pop3-delete'],
    hint: { label: 'delete there', rank: 50 },
    disabled: view =>
      cannotChange(view.state, UP_TO_DATE) ??
      (heldUnderCursor(view) > 0
        ? undefined
        : 'No deletion on the server of this account waits for your word.'),
    run: context => {
      const state = context.state();
      const layer = topLayer(state);
      const account = layer.t === 'accounts' ? state.accounts[layer.cursor] : undefined;
      if (!account) return;
      const held = plural(account.status.maildrop?.held ?? 0, 'message');
      context.effects.agree(account.id);
      context.say('info', `${account.id}: ${held} on the server go now.`);
    },
  },
  {
    id: 'log.open',
    group: 'Program',
    title: 'Log',
    help: 'Shows the messages and errors of this session.',
    keys: [],
    in: ['list', 'reader', 'drawer', 'accounts'],
    synonyms: ['log', 'messages', 'errors'],
    run: context => context.change(state => push(state, { t: 'log', back: 0 })),
  },
  {
    id: 'sync.now',
    group: 'Program',
    title: 'Synchronise now',
    help: 'Sends what waits and fetches the news of every account; connects again where the line is lost. Where the tmail that had this mail open has ended, opens it here.',
    keys: ['$'],
    in: ['list', 'reader', 'drawer', 'accounts', 'log'],
    synonyms: ['check-mail', 'fetch', 'sync', 'refresh'],
    hint: { label: 'sync', rank: 20, in: ['list', 'accounts'] },
    disabled: ({ state }) => (state.readOnly === 'ended' ? undefined : cannotChange(state, UP_TO_DATE)),
    run: context => {
      if (context.state().readOnly === 'ended') return context.effects.takeOver();
      context.effects.refresh();
      context.say('info', 'Synchronising.');
    },
  },
  {
    id: 'cancel',
    group: 'Program',
    title: 'Cancel what runs',
    help: 'Stops what runs in the background; never quits and never loses anything.',
    keys: ['C-c'],
    in: EVERYWHERE,
    synonyms: ['abort', 'stop'],
    run: context => {
      const stopped = context.effects.cancel();
      context.say(
        'info',
        stopped
          ? 'Stopped. $ starts again.'
          : hasLayer(context.state(), 'compose')
            ? 'Nothing is running, and nothing is lost: Esc shows what can be done with the draft.'
            : 'Nothing is running. q leaves tmail.',
      );
    },
  },
  {
    id: 'terminal.redraw',
    group: 'Program',
    title: 'Redraw the screen',
    help: 'Draws everything again, after something else has written on the terminal.',
    keys: ['C-l'],
    in: EVERYWHERE,
    synonyms: ['clear'],
    run: context => context.effects.redraw(),
  },
  {
    id: 'terminal.suspend',
    group: 'Program',
    title: 'Suspend',
    help: 'Gives the terminal back to the shell; fg returns.',
    keys: ['C-z'],
    in: EVERYWHERE,
    synonyms: ['shell', 'background'],
    run: context => context.effects.suspend(),
  },
];
