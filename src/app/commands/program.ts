// Commands of the program itself: back, quit, help, palette, layout, accounts, log, and the terminal.
import { EMPTY_FIELD } from '../field.ts';
import { layoutFor, nextLayout } from '../layout.ts';
import { helpCommands, helpRows, paletteMatches } from '../matching.ts';
import { layoutOf } from '../selectors.ts';
import { hush, pop, push, replaceTop, topLayer } from '../state.ts';
import { type Command, type Context, EVERYWHERE, KEY_CONTEXTS, TEXT_CONTEXTS, type View } from './command.ts';

const INNER: readonly Context[] = KEY_CONTEXTS.filter(context => context !== 'list');

const LAYOUT_WORDS = {
  one: 'one pane',
  two: 'folders and list',
  three: 'folders, list and message',
  below: 'message under the list',
  'two-below': 'folders, and the message under the list',
} as const;

const leaving: readonly Command[] = [
  {
    id: 'back',
    group: 'Program',
    title: 'Back',
    help: 'Goes one step back.',
    keys: ['q', 'esc', 'left', 'i'],
    in: INNER,
    synonyms: ['close', 'exit'],
    hint: { label: 'back', rank: 65 },
    run: context => {
      const layer = topLayer(context.state());
      if (layer.t === 'help' && layer.field.text !== '') {
        context.change(state =>
          replaceTop(state, { ...layer, field: EMPTY_FIELD, typing: false, cursor: 0 }),
        );
      } else context.change(pop);
    },
  },
  {
    id: 'overlay.close',
    group: 'Program',
    title: 'Close',
    help: 'Goes one step back.',
    keys: ['esc'],
    in: TEXT_CONTEXTS,
    hidden: true,
    hint: { label: 'close', rank: 80 },
    run: context => context.change(pop),
  },
  {
    id: 'hush',
    group: 'Program',
    title: 'Take the message away',
    help: 'Clears the message in the status row; it stays in the log.',
    keys: ['esc'],
    in: ['list', 'first-run'],
    disabled: ({ state }) => (state.toast ? undefined : 'This is the first screen; q leaves tmail.'),
    run: context => context.change(state => hush(state)),
  },
  {
    id: 'quit',
    group: 'Program',
    title: 'Leave tmail',
    help: 'Ends tmail; everything is stored, and what waits for the server is sent next time.',
    keys: ['q'],
    in: ['list', 'first-run'],
    synonyms: ['exit', 'quit'],
    hint: { label: 'quit', rank: 25 },
    run: context => context.effects.quit(),
  },
  {
    id: 'quit.anywhere',
    group: 'Program',
    title: 'Leave tmail from here',
    help: 'Ends tmail at once from any screen.',
    keys: [],
    in: INNER,
    synonyms: ['quit', 'exit'],
    run: context => context.effects.quit(),
  },
];

const finding: readonly Command[] = [
  {
    id: 'palette.open',
    group: 'Program',
    title: 'All commands',
    help: 'Lists every command by name with its key; type a few letters and press Enter.',
    keys: [':', 'C-p', 'C-k'],
    in: KEY_CONTEXTS,
    synonyms: ['palette', 'command line', 'ex'],
    hint: { label: 'cmds', rank: 1000 },
    run: context => context.change(state => push(state, { t: 'palette', field: EMPTY_FIELD, cursor: 0 })),
  },
  {
    id: 'palette.run',
    group: 'Program',
    title: 'Run this command',
    help: 'Runs the chosen command.',
    keys: ['enter'],
    in: ['palette'],
    hidden: true,
    hint: { label: 'run', rank: 100 },
    run: context => {
      const layer = topLayer(context.state());
      if (layer.t !== 'palette') return;
      const view = { state: context.state(), data: context.data };
      const command = paletteMatches(view, layer.field.text)[layer.cursor];
      if (!command) context.say('info', 'No command has this name; Esc closes.');
      else {
        context.change(pop);
        context.run(command.id);
      }
    },
  },
  {
    id: 'help.open',
    group: 'Program',
    title: 'Help',
    help: 'Lists the keys of this screen and all others; / searches, Enter runs.',
    keys: ['?', 'f1'],
    in: EVERYWHERE.filter(context => context !== 'help'),
    synonyms: ['keys', 'bindings'],
    hint: { label: 'help', rank: 1001 },
    run: context =>
      context.change(state => {
        const under = TEXT_CONTEXTS.includes(topLayer(state).t) ? pop(state) : state;
        return push(under, { t: 'help', field: EMPTY_FIELD, typing: false, cursor: 0 });
      }),
  },
  {
    id: 'help.search',
    group: 'Program',
    title: 'Search in help',
    help: 'Keeps only the commands that have the words you type.',
    keys: ['/'],
    in: ['help'],
    hint: { label: 'search', rank: 90 },
    run: context =>
      context.change(state => {
        const layer = topLayer(state);
        return layer.t === 'help' ? replaceTop(state, { ...layer, typing: true }) : state;
      }),
  },
  {
    id: 'help.run',
    group: 'Program',
    title: 'Run this command',
    help: 'Closes help and runs the command under the cursor.',
    keys: ['enter'],
    in: ['help'],
    hidden: true,
    hint: { label: 'run', rank: 95 },
    run: context => {
      const state = context.state();
      const layer = topLayer(state);
      if (layer.t !== 'help') return;
      const row = helpCommands(helpRows({ state, data: context.data }, layer))[layer.cursor];
      if (!row) return;
      if (!row.here) {
        context.say('info', `"${row.command.title}" belongs to another screen.`);
        return;
      }
      context.change(pop);
      context.run(row.command.id);
    },
  },
];

const one = ({ state }: View): string | undefined =>
  nextLayout(state.size, state.layout) &&
  layoutFor(state.size, nextLayout(state.size, state.layout)).name === layoutOf(state).name
    ? 'This window has room for one layout: 35 rows or 110 columns give more.'
    : undefined;

const looking: readonly Command[] = [
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
      context.change(state => ({ ...state, layout: nextLayout(state.size, state.layout) }));
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
    synonyms: ['status', 'connections', 'storage'],
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
    run: context => {
      const state = context.state();
      const layer = topLayer(state);
      const account = layer.t === 'accounts' ? state.accounts[layer.cursor] : undefined;
      const inbox = account?.folders.find(folder => folder.role === 'inbox');
      if (inbox) context.effects.openFolder(inbox.id);
      else context.say('info', 'The folders of this account are not known yet.');
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
    help: 'Sends what waits and fetches the news of every account; connects again where the line is lost.',
    keys: ['$'],
    in: ['list', 'reader', 'drawer', 'accounts', 'log'],
    synonyms: ['check-mail', 'fetch', 'sync', 'refresh'],
    hint: { label: 'sync', rank: 20, in: ['list', 'accounts'] },
    disabled: ({ state }) =>
      state.readOnly ? 'Another tmail has this mail open and keeps it up to date.' : undefined,
    run: context => {
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
      context.say('info', stopped ? 'Stopped. $ starts again.' : 'Nothing is running. q leaves tmail.');
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

const beginning: readonly Command[] = [
  {
    id: 'first.demo',
    group: 'Program',
    title: 'Try the demo',
    help: 'Starts tmail with a small mailbox of its own; nothing leaves this computer.',
    keys: ['d'],
    in: ['first-run'],
    hint: { label: 'try the demo', rank: 100 },
    run: context => context.effects.demo(),
  },
  {
    id: 'first.reread',
    group: 'Program',
    title: 'Read the configuration again',
    help: 'Looks whether the configuration is there now and starts with it.',
    keys: ['enter', 'r'],
    in: ['first-run'],
    hint: { label: 'read it again', rank: 90 },
    run: context => context.effects.rereadConfig(),
  },
];

export const programCommands: readonly Command[] = [...leaving, ...finding, ...looking, ...beginning];
