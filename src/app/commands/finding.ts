// Commands that search the text of the opened message.
import { EMPTY_FIELD } from '../field.ts';
import { bodyHeight, documentOf, findLine, lastTop } from '../reader-view.ts';
import { push, setReader, topLayer } from '../state.ts';
import type { Command, CommandContext, Context, View } from './command.ts';
import { notReady } from './reading.ts';

const READER: readonly Context[] = ['reader'];

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

export const findingCommands: readonly Command[] = [
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
