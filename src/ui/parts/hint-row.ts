// The hint row: the commonest keys of what has the keys now, or the line that is typed into. Pure.
import { FILTER_LABEL, FIND_LABEL, HELP_LABEL } from '../../app/caret.ts';
import type { Command, Context, Hint, View } from '../../app/commands/command.ts';
import { TEXT_CONTEXTS } from '../../app/commands/command.ts';
import { PROMPT_LABELS } from '../../app/compose/prompt.ts';
import type { Keymap } from '../../app/keymap.ts';
import { showKeys } from '../../app/keys.ts';
import { lastOf } from '../../app/last-of.ts';
import { onMarks } from '../../app/selection.ts';
import { type Choice, topLayer } from '../../app/state.ts';
import { sanitize } from '../../mail/sanitize.ts';
import { truncate, width } from '../../mail/width.ts';
import type { Theme } from '../theme.ts';
import { toastLines, toastMeaning } from './frame-rows.ts';
import { piece, row, split } from './row.ts';

interface ShownHint {
  readonly text: string;
  readonly key: string;
  readonly label: string;
  readonly rank: number;
}

/** The commonest keys; the lowest rank drops first, the palette's and help's never do. */
export function hintRow(view: View, theme: Theme): string {
  const { state } = view;
  const cells = state.size.columns;
  const layer = topLayer(state);
  if (layer.t === 'find') return prompt(FIND_LABEL, layer.field.text, cells, theme);
  if (layer.t === 'filter') return prompt(FILTER_LABEL, layer.field.text, cells, theme);
  if (layer.t === 'line') return prompt(PROMPT_LABELS[layer.about], layer.field.text, cells, theme);
  if (layer.t === 'help' && layer.typing) return prompt(HELP_LABEL, layer.field.text, cells, theme);
  const { always, others } = hintsFor(view.data.commands, view.data.keymap, layer.t);
  const shownAlways = always.filter(({ command }) => command.disabled?.(view) === undefined);
  const right = shownAlways.map(hint => hint.text).join(' ');
  const { pending } = state;
  // What was typed of a longer key or a number shows at once that tmail waits for the rest.
  const typed =
    pending.keys.length > 0 || pending.count !== '' ? `${pending.count}${showKeys(pending.keys)}  ` : '';
  const room = () => cells - 2 - width(typed) - width(right) - (right === '' ? 0 : 2);
  const kept = fitting(view, [...dynamicHints(view), ...others], room());
  const end = shownAlways.flatMap((hint, i) => [
    piece(i === 0 ? '' : ' '),
    piece(hint.key, 'key'),
    piece(` ${hint.label}`, 'dim'),
  ]);
  const { toast } = state;
  const more = toast ? toastLines(view).rest : '';
  if (toast && more !== '') {
    const shown = truncate(more, Math.max(0, room()), theme.ellipsis);
    return split(
      [piece(` ${shown}`, toastMeaning(toast))],
      [piece(typed, 'key'), ...end, piece(' ')],
      cells,
      theme,
    );
  }
  const left = kept.flatMap((hint, i) => [
    piece(i === 0 ? ' ' : '  '),
    piece(hint.key, 'key'),
    piece(` ${hint.label}`, 'dim'),
  ]);
  return split(left, [piece(typed, 'key'), ...end, piece(' ')], cells, theme);
}

/** The answers to a question, before anything else. */
function choiceHints(choices: readonly Choice[]): readonly ShownHint[] {
  return choices.map(({ key, label }, i) => ({ key, label, text: `${key} ${label}`, rank: 200 - i }));
}

/** What Esc takes back in the list, where there is something. */
function escapeHint({ state }: View): readonly ShownHint[] {
  if (topLayer(state).t !== 'list') return [];
  const label = state.filter ? 'show all' : onMarks(state) ? 'clear' : null;
  return label === null ? [] : [{ key: 'Esc', label, text: `Esc ${label}`, rank: 95 }];
}

/** With marks in the list what acts on all of them counts; one message is not what is meant. */
function isBulk({ state }: View, { group }: Command): boolean {
  return topLayer(state).t !== 'list' || !onMarks(state) || group === 'Organising' || group === 'Marking';
}

/** What depends on the moment, before the commands of the same rank. */
function dynamicHints(view: View): readonly ShownHint[] {
  const layer = topLayer(view.state);
  return [...(layer.t === 'ask' ? choiceHints(layer.choices) : []), ...escapeHint(view)];
}

/** From the highest rank down, as many as there is room for: the others need not be asked whether they can act. */
function fitting(
  view: View,
  hints: readonly (ShownHint | CommandHint)[],
  room: number,
): readonly ShownHint[] {
  const kept: ShownHint[] = [];
  let used = 0;
  for (const hint of [...hints].sort((a, b) => b.rank - a.rank)) {
    if ('command' in hint) {
      if (!isBulk(view, hint.command) || hint.command.disabled?.(view) !== undefined) continue;
    }
    used += width(hint.text) + (kept.length === 0 ? 0 : 2);
    if (used > room) break;
    kept.push(hint);
  }
  return kept;
}

interface CommandHint extends ShownHint {
  readonly command: Command;
}

/** The commands that are hinted at in a context, with their keys: the same until the program ends. */
const hintsFor = lastOf((commands: readonly Command[], keymap: Keymap, context: Context) => {
  const all = commands.flatMap(command => commandHint(command, keymap, context));
  return {
    always: all.filter(hint => hint.rank >= 1000),
    others: all.filter(hint => hint.rank < 1000),
  };
});

function commandHint(command: Command, keymap: Keymap, context: Context): readonly CommandHint[] {
  const { hint } = command;
  if (!hint || command.later || !(hint.in ?? command.keysIn ?? command.in).includes(context)) return [];
  const key = hintKey(keymap, command, hint, context);
  if (key === '') return [];
  return [{ command, key, label: hint.label, text: `${key} ${hint.label}`, rank: hint.rank }];
}

function hintKey(keymap: Keymap, command: Command, hint: Hint, context: Context): string {
  const first = (id: string) => {
    const keys = keymap.keysOf(id);
    // In a text field a letter is text.
    const usable = TEXT_CONTEXTS.includes(context) ? keys.filter(([key = '']) => [...key].length > 1) : keys;
    return usable[0] ? showKeys(usable[0], true) : '';
  };
  const own = first(command.id);
  if (own === '' || hint.with === undefined) return own;
  const other = first(hint.with);
  return other === '' ? own : `${own}/${other}`;
}

function prompt(label: string, text: string, cells: number, theme: Theme): string {
  return row([piece(label, 'label'), piece(sanitize(text))], cells, theme);
}
