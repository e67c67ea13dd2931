// Commands of the program itself: back, quit, help, palette, and the first screen.
import { EMPTY_FIELD } from '../field.ts';
import { helpCommands, helpRows, paletteMatches } from '../matching.ts';
import { onMarks } from '../selection.ts';
import { hush, pop, push, replaceTop, topLayer } from '../state.ts';
import { type Command, type Context, EVERYWHERE, KEY_CONTEXTS, PROMPT_CONTEXTS } from './command.ts';

const INNER: readonly Context[] = KEY_CONTEXTS.filter(context => context !== 'list');

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
      } else if (layer.t === 'storage' && layer.sender !== null) {
        context.change(state => replaceTop(state, { ...layer, about: 'senders', sender: null, cursor: 0 }));
        context.effects.storage.measure(null);
      } else context.change(pop);
    },
  },
  {
    id: 'overlay.close',
    group: 'Program',
    title: 'Close',
    help: 'Goes one step back.',
    keys: ['esc'],
    in: [...PROMPT_CONTEXTS, 'chooser'],
    hidden: true,
    hint: { label: 'close', rank: 80 },
    instead: ({ state }) => (topLayer(state).t === 'filter' ? 'filter.clear' : undefined),
    run: context => context.change(pop),
  },
  {
    id: 'hush',
    group: 'Program',
    title: 'Take the message away',
    help: 'Clears the message in the status row; it stays in the log.',
    keys: ['esc'],
    in: ['list', 'first-run'],
    instead: ({ state }) => {
      if (state.range) return 'mark-range';
      return state.filter ? 'filter.clear' : onMarks(state) ? 'marks.clear' : undefined;
    },
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
    // One step back, as anywhere: a filter is one.
    instead: ({ state }) => (state.filter && topLayer(state).t === 'list' ? 'filter.clear' : undefined),
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
    in: [...KEY_CONTEXTS, 'review'],
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
    keys: ['?', 'f1', 'C-g'],
    in: EVERYWHERE.filter(context => context !== 'help'),
    synonyms: ['keys', 'bindings'],
    hint: { label: 'help', rank: 1001 },
    run: context =>
      context.change(state => {
        const under = PROMPT_CONTEXTS.includes(topLayer(state).t) ? pop(state) : state;
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
    id: 'help.close',
    group: 'Program',
    title: 'Close help',
    help: 'Goes back to where help was opened.',
    keys: ['?', 'f1'],
    in: ['help'],
    hidden: true,
    run: context => context.change(pop),
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

export const programCommands: readonly Command[] = [...leaving, ...finding, ...beginning];
