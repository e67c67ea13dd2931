import { type Motion, move } from '../moving.ts';
import { bodyHeight, documentOf, lastTop } from '../reader-view.ts';
import { openListing } from '../selectors.ts';
import { topLayer } from '../state.ts';
import { type Command, type CommandContext, type Context, TEXT_CONTEXTS, type View } from './command.ts';

const ROWS: readonly Context[] = [
  'list',
  'reader',
  'drawer',
  'help',
  'accounts',
  'log',
  'parts',
  'links',
  'outbox',
  'queue',
  'preview',
  'storage',
  'chooser',
];
const PAGED: readonly Context[] = ['reader', 'help', 'log', 'preview'];
const CHOOSING: readonly Context[] = ['palette', 'picker', 'labels', 'filter'];

function go(context: CommandContext, motion: Motion): void {
  const before = context.state();
  context.change(state => move({ state, data: context.data }, motion));
  if (context.state() !== before || TEXT_CONTEXTS.includes(topLayer(before).t)) return;
  const up = motion.t === 'to' ? motion.position !== 'last' : motion.by < 0;
  context.say('info', up ? 'This is the top.' : 'This is the bottom.');
}

/** Moves far: older positions of a large folder may have to be read first. */
function goFar(context: CommandContext, motion: Motion): void {
  if (topLayer(context.state()).t !== 'list') go(context, motion);
  else context.effects.whenLoaded(() => go(context, motion));
}

/** How often: the number before the key. */
export function times(context: CommandContext): number {
  return context.count ?? 1;
}

const nothingHere = ({ state, data }: View): string | undefined => {
  if (topLayer(state).t !== 'list') return undefined;
  const rows = openListing({ state, data });
  return rows && rows.length > 0 ? undefined : 'There is no message here.';
};

const atEnd = (view: View): boolean => {
  const { reader } = view.state;
  return reader !== null && reader.top >= lastTop(documentOf(view.state), bodyHeight(view.state));
};

export const movingCommands: readonly Command[] = [
  {
    id: 'move.down',
    group: 'Moving',
    title: 'Next row or line',
    help: 'Moves down by one message, row or line; a number before the key moves by as many.',
    keys: ['j', 'down'],
    in: ROWS,
    synonyms: ['next'],
    hint: { label: 'move', rank: 55, with: 'move.up', in: ['list', 'drawer', 'help', 'parts', 'links'] },
    disabled: nothingHere,
    run: context => go(context, { t: 'rows', by: times(context) }),
  },
  {
    id: 'move.up',
    group: 'Moving',
    title: 'Previous row or line',
    help: 'Moves up by one message, row or line; a number before the key moves by as many.',
    keys: ['k', 'up'],
    in: ROWS,
    synonyms: ['prev', 'previous'],
    disabled: nothingHere,
    run: context => go(context, { t: 'rows', by: -times(context) }),
  },
  {
    id: 'move.page-down',
    group: 'Moving',
    title: 'Next page',
    help: 'Moves down by as many rows as there are on the screen.',
    keys: ['C-f', 'pgdn'],
    in: [...ROWS, ...CHOOSING],
    disabled: nothingHere,
    run: context => go(context, { t: 'pages', by: times(context) }),
  },
  {
    id: 'move.page-up',
    group: 'Moving',
    title: 'Previous page',
    help: 'Moves up by as many rows as there are on the screen.',
    keys: ['C-b', 'pgup', '-'],
    in: [...ROWS, ...CHOOSING],
    disabled: nothingHere,
    run: context => go(context, { t: 'pages', by: -times(context) }),
  },
  {
    id: 'reader.page',
    group: 'Moving',
    title: 'Read on',
    help: 'Shows the next page of the message.',
    keys: ['space'],
    in: PAGED,
    hint: { label: 'page', rank: 80, in: ['reader'] },
    run: context => {
      const view = { state: context.state(), data: context.data };
      if (topLayer(view.state).t === 'reader' && atEnd(view)) {
        context.say('info', 'End of the message. J opens the next one.');
      } else go(context, { t: 'pages', by: times(context) });
    },
  },
  {
    id: 'move.half-down',
    group: 'Moving',
    title: 'Half a page down',
    help: 'Moves down by half a screen.',
    keys: ['C-d'],
    in: ROWS,
    disabled: nothingHere,
    run: context => go(context, { t: 'pages', by: times(context) / 2 }),
  },
  {
    id: 'move.half-up',
    group: 'Moving',
    title: 'Half a page up',
    help: 'Moves up by half a screen.',
    keys: ['C-u'],
    in: ROWS,
    disabled: nothingHere,
    run: context => go(context, { t: 'pages', by: -times(context) / 2 }),
  },
  {
    id: 'move.first',
    group: 'Moving',
    title: 'First row or line',
    help: 'Goes to the top; with a number before it, to that row.',
    keys: ['gg', 'home'],
    in: ROWS,
    disabled: nothingHere,
    run: context => goFar(context, { t: 'to', position: (context.count ?? 1) - 1 }),
  },
  {
    id: 'move.last',
    group: 'Moving',
    title: 'Last row or line',
    help: 'Goes to the bottom; with a number before it, to that row.',
    keys: ['G', 'end'],
    in: ROWS,
    disabled: nothingHere,
    run: context =>
      goFar(context, { t: 'to', position: context.count === null ? 'last' : context.count - 1 }),
  },
  {
    id: 'choice.next',
    group: 'Moving',
    title: 'Next choice',
    help: 'Moves down in what was found.',
    keys: ['down', 'C-n', 'tab'],
    in: CHOOSING,
    hidden: true,
    hint: { label: 'move', rank: 60, with: 'choice.previous' },
    run: context => go(context, { t: 'rows', by: 1 }),
  },
  {
    id: 'choice.previous',
    group: 'Moving',
    title: 'Previous choice',
    help: 'Moves up in what was found.',
    keys: ['up', 'C-p', 'S-tab'],
    in: CHOOSING,
    hidden: true,
    run: context => go(context, { t: 'rows', by: -1 }),
  },
];
