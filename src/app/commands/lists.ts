// Commands for how the list stands: narrowed down by a filter, in another order, or over all accounts.
import { isEmpty, OPERATORS, parseQuery } from '../../mail/query.ts';
import { BY_ARRIVAL, SORTS } from '../../mail/sort.ts';
import { EMPTY_FIELD, fieldOf } from '../field.ts';
import { setFilter } from '../filtering.ts';
import { messageCount, type UnifiedId } from '../listing/types.ts';
import { unifiedTitle } from '../listing/unified.ts';
import { openListing, plural } from '../selectors.ts';
import { pop, push, topLayer } from '../state.ts';
import type { Command, Context, View } from './command.ts';

const LIST: readonly Context[] = ['list'];
const ANY: readonly Context[] = ['list', 'reader', 'accounts', 'log', 'drawer'];

const noList = (view: View): string | undefined => (openListing(view) ? undefined : 'No folder is open yet.');

function unified(id: UnifiedId, keys: readonly string[], help: string, synonyms: readonly string[]): Command {
  const title = unifiedTitle(id);
  return {
    id: `list.${id.slice('all:'.length)}`,
    group: 'Folders',
    title: id === 'all:inbox' ? title : `${title} of all accounts`,
    help,
    keys,
    in: ANY,
    synonyms,
    disabled: ({ state }) =>
      state.accounts.some(({ folders }) => folders.length > 0)
        ? undefined
        : 'No folders are known yet; they come with the first connection.',
    run: context => context.effects.openFolder(id),
  };
}

export const listCommands: readonly Command[] = [
  {
    id: 'filter',
    group: 'Searching',
    title: 'Filter the list',
    help: `Shows only what matches while you type: ${OPERATORS}.`,
    keys: ['l', '\\'],
    in: LIST,
    synonyms: ['limit'],
    hint: { label: 'filter', rank: 42 },
    disabled: noList,
    run: context =>
      context.change(state => {
        const field = state.filter ? fieldOf(state.filter.text) : EMPTY_FIELD;
        return push(state, { t: 'filter', field });
      }),
  },
  {
    id: 'filter.take',
    group: 'Searching',
    title: 'Keep this filter',
    help: 'Goes to the list, which stays narrowed down until Esc.',
    keys: ['enter'],
    in: ['filter'],
    hidden: true,
    hint: { label: 'keep', rank: 100 },
    run: context => {
      context.change(pop);
      const { filter, now } = context.state();
      if (!filter) return;
      const query = parseQuery(filter.text, now);
      const [odd] = query.odd;
      if (odd !== undefined)
        context.say('warning', `${odd} means nothing in a filter. There are ${OPERATORS}.`);
      if (isEmpty(query)) context.change(state => setFilter(state, ''));
      else if (odd === undefined)
        context.effects.whenLoaded(() => {
          const rows = openListing({ state: context.state(), data: context.data });
          if (context.state().filter === filter)
            context.say('info', `${plural(messageCount(rows), 'message')} found; Esc shows all again.`);
        });
    },
  },
  {
    id: 'filter.clear',
    group: 'Searching',
    title: 'Show all messages again',
    help: 'Takes the filter away; Esc does it too.',
    keys: [],
    in: [...LIST, 'filter'],
    synonyms: ['limit all', 'clear'],
    disabled: ({ state }) =>
      state.filter || topLayer(state).t === 'filter' ? undefined : 'The list is not filtered.',
    run: context =>
      context.change(state => setFilter(topLayer(state).t === 'filter' ? pop(state) : state, '')),
  },
  {
    id: 'sort',
    group: 'Searching',
    title: 'Sort the list',
    help: 'Asks by what: arrival, date, sender, subject, size or unread first; the same again turns it round.',
    keys: ['o'],
    in: LIST,
    synonyms: ['order'],
    hint: { label: 'sort', rank: 30 },
    disabled: noList,
    run: context =>
      context.change(state => {
        const { by } = (state.list && state.sorts[state.list]) || BY_ARRIVAL;
        return push(state, { t: 'chooser', about: 'sort', cursor: SORTS.indexOf(by) });
      }),
  },
  {
    id: 'sort.reverse',
    group: 'Searching',
    title: 'Turn the list round',
    help: 'Puts the last row first.',
    keys: [],
    in: LIST,
    synonyms: ['reverse'],
    disabled: noList,
    run: context => {
      const { list, sorts } = context.state();
      const sort = (list && sorts[list]) || BY_ARRIVAL;
      context.effects.sort({ ...sort, reverse: !sort.reverse });
    },
  },
  unified('all:inbox', [], 'Opens the inboxes of all accounts as one list; so does gi in an inbox.', [
    'unified',
  ]),
  unified('all:unread', ['gN'], 'Opens what is unread in all accounts, without junk and trash.', [
    'new',
    'unread',
  ]),
  unified('all:flagged', ['gF'], 'Opens what has a star in all accounts.', ['starred']),
  unified('all:drafts', [], 'Opens the drafts of all accounts; so does gd in Drafts.', []),
  unified('all:sent', [], 'Opens what was sent from all accounts; so does gs in Sent.', []),
];
