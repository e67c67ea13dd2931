// Commands that mark messages for the next command.
import { OPERATORS } from '../../mail/query.ts';
import { EMPTY_FIELD } from '../field.ts';
import { allMarks, clearMarks, setMarks, toggleMark, toggleRange } from '../marking.ts';
import { move } from '../moving.ts';
import { inReader, marksOf } from '../selection.ts';
import { openListing, plural, target } from '../selectors.ts';
import { push } from '../state.ts';
import type { Command, CommandContext, Context, View } from './command.ts';
import { BOTH } from './organising.ts';

const LIST: readonly Context[] = ['list'];

const nothing = (view: View): string | undefined =>
  (openListing(view)?.length ?? 0) > 0 ? undefined : 'There is no message here.';

const noMarks = ({ state }: View): string | undefined =>
  marksOf(state).size > 0 || state.range ? undefined : 'Nothing is marked.';

/** In place of what was said of other marks. */
function sayMarked(context: CommandContext): void {
  const count = marksOf(context.state()).size;
  context.say('info', count === 0 ? 'No message is marked.' : `${plural(count, 'message')} marked.`);
}

function markAndGoOn(context: CommandContext): void {
  const by = context.count ?? 1;
  context.change(state => toggleMark(state, context.data, by));
  context.change(state => move({ state, data: context.data }, { t: 'rows', by }));
}

/** The opened message, or the one under the cursor. */
function markHere(context: CommandContext): void {
  context.change(state => {
    const found = target({ state, data: context.data });
    if (!inReader(state) || !found) return toggleMark(state, context.data);
    const marks = new Set(marksOf(state));
    if (!marks.delete(found.id)) marks.add(found.id);
    return setMarks(state, marks);
  });
  const count = marksOf(context.state()).size;
  if (inReader(context.state())) context.say('info', `${plural(count, 'message')} marked in the list.`);
}

export const markingCommands: readonly Command[] = [
  {
    id: 'mark',
    group: 'Marking',
    title: 'Mark',
    help: 'Marks the message or the folded conversation, or takes its mark away: the next command acts on all marked.',
    keys: ['x', 't'],
    in: BOTH,
    synonyms: ['tag', 'select'],
    hint: { label: 'mark', rank: 46, in: LIST },
    disabled: nothing,
    run: markHere,
  },
  {
    id: 'mark-next',
    group: 'Marking',
    title: 'Mark and go on',
    help: 'Marks the message, or takes its mark away, and goes to the next; a number marks as many.',
    keys: ['space'],
    in: LIST,
    synonyms: ['mark -t'],
    disabled: nothing,
    run: markAndGoOn,
  },
  {
    id: 'mark-range',
    group: 'Marking',
    title: 'Mark a range',
    help: 'Marks every message that the cursor passes, until it is pressed again.',
    keys: ['V'],
    in: LIST,
    synonyms: ['visual'],
    disabled: nothing,
    run: context => {
      context.change(state => toggleRange(state, context.data));
      if (context.state().range) context.say('info', 'The cursor marks what it passes; V ends that.');
      else sayMarked(context);
    },
  },
  {
    id: 'mark-all',
    group: 'Marking',
    title: 'Mark all, or none',
    help: 'Marks every message of the list; where all are marked, takes the marks away.',
    keys: ['%'],
    in: LIST,
    synonyms: ['mark -a', 'select all'],
    disabled: nothing,
    run: context =>
      context.effects.whenLoaded(() => {
        const rows = openListing({ state: context.state(), data: context.data });
        if (!rows) return;
        const marks = allMarks(rows);
        const marked = marksOf(context.state());
        const all = [...marks].every(id => marked.has(id));
        context.change(state => (all ? clearMarks(state) : { ...setMarks(state, marks), range: null }));
        sayMarked(context);
      }),
  },
  {
    id: 'mark-by',
    group: 'Marking',
    title: 'Mark by words',
    help: 'Marks the messages of the list that a filter with the same words or operators would show.',
    keys: ['~'],
    in: LIST,
    synonyms: ['tag-pattern', 'mark by pattern'],
    disabled: nothing,
    run: context => {
      const about = `${OPERATORS}; all of it must hold.`;
      const prompt = { t: 'prompt', title: 'Mark by words', about, field: EMPTY_FIELD } as const;
      context.change(state => push(state, { ...prompt, problem: null, busy: false, act: { t: 'mark-by' } }));
    },
  },
  {
    id: 'marks.clear',
    group: 'Marking',
    title: 'Take all marks away',
    help: 'Nothing is marked any more; Esc does it too.',
    keys: [],
    in: LIST,
    synonyms: ['untag', 'unmark', 'mark -u'],
    disabled: noMarks,
    run: context => {
      context.change(clearMarks);
      sayMarked(context);
    },
  },
  {
    id: 'for-marked',
    group: 'Marking',
    title: 'Act on the marked ones',
    help: 'Says how many are marked: every command acts on them, with or without this key.',
    keys: [';'],
    in: LIST,
    synonyms: ['apply', 'tag-prefix'],
    disabled: noMarks,
    run: context => {
      const count = marksOf(context.state()).size;
      context.say(
        'info',
        `${plural(count, 'message')} marked: d, a, s, gC, X, U, F, Y or D act on all of them.`,
      );
    },
  },
];
