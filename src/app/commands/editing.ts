// Commands on the text that is being written: motions, selecting, deleting, cutting and pasting.

import { withCompletion } from '../compose/completion.ts';
import { type Action, act, refusal } from '../compose/typing.ts';
import { writingIn } from '../compose/writing.ts';
import type { Motion } from '../editor/moving.ts';
import type { Command, CommandContext, Context } from './command.ts';

const TEXT: readonly Context[] = ['compose'];
/** Also without Ctrl and Alt: after Esc, and from the list of all commands. */
const BOTH: readonly Context[] = ['compose', 'review'];

/** Does something to the text, or says why it can't. */
export function edit(
  context: Pick<CommandContext, 'state' | 'change' | 'say' | 'data'>,
  action: Action,
): void {
  const writing = writingIn(context.state());
  if (!writing) return;
  const reason = refusal(writing, action);
  if (reason !== undefined) {
    context.say('info', reason);
    return;
  }
  context.change(state => {
    const next = act(state, action);
    // Motions leave the list of names as they made it.
    return action.t === 'move' || action.t === 'enter' ? next : withCompletion(next, context.data);
  });
}

interface Key {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly keys: readonly string[];
  readonly action: Action;
  readonly in?: readonly Context[];
  readonly synonyms?: readonly string[];
}

function editing(keys: readonly Key[]): readonly Command[] {
  return keys.map(({ action, in: contexts, ...command }) => ({
    ...command,
    group: 'Editing',
    in: contexts ?? TEXT,
    run: context => edit(context, action),
  }));
}

const move = (motion: Motion): Action => ({ t: 'move', motion, select: false });

/** Keys that select, by what they do without Shift. */
const SELECTING: Readonly<Record<string, Motion>> = {
  'S-left': 'left',
  'S-right': 'right',
  'S-up': 'up',
  'S-down': 'down',
  'S-home': 'home',
  'S-end': 'end',
  'S-pgup': 'page-up',
  'S-pgdn': 'page-down',
  'C-S-left': 'word-left',
  'C-S-right': 'word-right',
  'C-S-home': 'start',
  'C-S-end': 'finish',
};

const select: Command = {
  id: 'edit.select',
  group: 'Editing',
  title: 'Select',
  help: 'Moves, and selects what lies between; the mark does the same without Shift.',
  keys: Object.keys(SELECTING),
  in: TEXT,
  synonyms: ['shift'],
  run: context => {
    const motion = SELECTING[context.key];
    if (motion) edit(context, { t: 'move', motion, select: true });
  },
};

export const editingCommands: readonly Command[] = [
  ...editing([
    {
      id: 'edit.left',
      title: 'One letter left',
      help: 'Moves one letter to the left.',
      keys: ['left', 'C-b'],
      action: move('left'),
    },
    {
      id: 'edit.right',
      title: 'One letter right',
      help: 'Moves one letter to the right.',
      keys: ['right', 'C-f'],
      action: move('right'),
    },
    {
      id: 'edit.word-left',
      title: 'One word left',
      help: 'Moves to the beginning of the word.',
      keys: ['C-left', 'M-left', 'M-b'],
      action: move('word-left'),
    },
    {
      id: 'edit.word-right',
      title: 'One word right',
      help: 'Moves behind the end of the word.',
      keys: ['C-right', 'M-right', 'M-f', 'C-space'],
      action: move('word-right'),
    },
    {
      id: 'edit.up',
      title: 'One row up',
      help: 'Moves up, from the text into the header, from name to name in the list of addresses.',
      keys: ['up', 'C-p'],
      action: move('up'),
    },
    {
      id: 'edit.down',
      title: 'One row down',
      help: 'Moves down, from the header into the text, from name to name in the list of addresses.',
      keys: ['down', 'C-n'],
      action: move('down'),
    },
    {
      id: 'edit.home',
      title: 'Beginning of the row',
      help: 'Moves to the beginning of the row, and then of the line.',
      keys: ['home', 'C-a'],
      action: move('home'),
    },
    {
      id: 'edit.end',
      title: 'End of the row',
      help: 'Moves to the end of the row, and then of the line.',
      keys: ['end', 'C-e'],
      action: move('end'),
    },
    {
      id: 'edit.page-up',
      title: 'One page up',
      help: 'Moves up by a window of text.',
      keys: ['pgup', 'C-y'],
      action: move('page-up'),
    },
    {
      id: 'edit.page-down',
      title: 'One page down',
      help: 'Moves down by a window of text.',
      keys: ['pgdn', 'C-v'],
      action: move('page-down'),
    },
    {
      id: 'edit.start',
      title: 'Beginning of the text',
      help: 'Moves to the very beginning.',
      keys: ['C-home', 'M-\\', 'M-<'],
      action: move('start'),
    },
    {
      id: 'edit.finish',
      title: 'End of the text',
      help: 'Moves to the very end.',
      keys: ['C-end', 'M-/', 'M->'],
      action: move('finish'),
    },
  ]),
  select,
  ...editing([
    {
      id: 'edit.mark',
      title: 'Set the mark',
      help: 'From here on motions select, until a change, or the same key again.',
      keys: ['C-^', 'M-a'],
      action: { t: 'mark' },
      synonyms: ['set-mark'],
    },
    {
      id: 'edit.select-all',
      title: 'Select all',
      help: 'Selects the whole text.',
      keys: [],
      in: BOTH,
      action: { t: 'all' },
    },
    {
      id: 'edit.delete-left',
      title: 'Delete to the left',
      help: 'Deletes the letter before the caret, or what is selected.',
      keys: ['backspace'],
      action: { t: 'erase', what: 'left' },
    },
    {
      id: 'edit.delete-right',
      title: 'Delete to the right',
      help: 'Deletes the letter under the caret, or what is selected.',
      keys: ['delete', 'C-d'],
      action: { t: 'erase', what: 'right' },
    },
    {
      id: 'edit.delete-word-left',
      title: 'Delete the word to the left',
      help: 'Deletes to the beginning of the word.',
      keys: ['M-backspace', 'C-backspace'],
      action: { t: 'erase', what: 'word-left' },
    },
    {
      id: 'edit.delete-word-right',
      title: 'Delete the word to the right',
      help: 'Deletes to the end of the word.',
      keys: ['M-d', 'C-delete'],
      action: { t: 'erase', what: 'word-right' },
    },
    {
      id: 'edit.enter',
      title: 'New line',
      help: 'Breaks the line, and a quotation with room to answer; in the header takes the name or goes on.',
      keys: ['enter'],
      action: { t: 'enter' },
    },
    {
      id: 'edit.cut',
      title: 'Cut',
      help: 'Cuts what is selected, or the line; lines cut one after another are kept together.',
      keys: ['C-k'],
      action: { t: 'cut' },
      synonyms: ['kill'],
    },
    {
      id: 'edit.copy',
      title: 'Copy',
      help: 'Keeps what is selected, or the line, to be pasted.',
      keys: ['M-w', 'M-6'],
      in: BOTH,
      action: { t: 'copy' },
    },
    {
      id: 'edit.paste',
      title: 'Paste what was cut',
      help: 'Inserts what was cut or copied last, in this draft or another one.',
      keys: ['C-u'],
      action: { t: 'paste' },
      synonyms: ['uncut', 'yank'],
    },
  ]),
  ...editing([
    {
      id: 'edit.undo',
      title: 'Undo in the text',
      help: 'Takes back the last change of the text, or of the field that has the keys.',
      keys: ['C-_', 'M-u'],
      action: { t: 'undo' },
    },
    {
      id: 'edit.redo',
      title: 'Do again in the text',
      help: 'Does again what was taken back last, in the text or in the field.',
      keys: ['M-e', 'M-_'],
      action: { t: 'redo' },
    },
  ]),
];
