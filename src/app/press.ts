// One key: text for a field, a digit of a count, a step of a prefix, or a command. No waiting anywhere.
import {
  type Command,
  type CommandContext,
  type Data,
  type Effects,
  TEXT_CONTEXTS,
} from './commands/command.ts';
import { edit } from './commands/editing.ts';
import { writingIn } from './compose/writing.ts';
import { editField, type Field, insertText, typedText } from './field.ts';
import { setFilter } from './filtering.ts';
import { meaning } from './keymap.ts';
import { showKeys } from './keys.ts';
import { layoutOf } from './selectors.ts';
import {
  type AppState,
  type ComposeLayer,
  type Layer,
  type Level,
  NO_PENDING,
  push,
  remember,
  replaceTop,
  topLayer,
} from './state.ts';
import type { Key } from './types.ts';

/** Longer counts are typing errors. */
const COUNT_DIGITS = 6;

export interface Press {
  state(): AppState;
  change(step: (state: AppState) => AppState): void;
  say(level: Level, text: string): void;
  readonly data: Data;
  readonly effects: Effects;
}

type FieldLayer = Extract<Layer, { readonly field: Field }>;

function fieldLayer(layer: Layer): FieldLayer | null {
  if (layer.t === 'help') return layer.typing ? layer : null;
  return 'field' in layer ? layer : null;
}

/** The layer with its text changed; what was chosen belongs to the old text. */
function withField(layer: FieldLayer, field: Field): Layer {
  if (layer.t === 'find' || layer.t === 'filter') return { ...layer, field };
  if (layer.t === 'line') return { ...layer, field, cursor: -1 };
  if (layer.t === 'prompt') return { ...layer, field, problem: null };
  return { ...layer, field, cursor: layer.field.text === field.text ? layer.cursor : 0 };
}

/** Commands that need no eyes: they end, stop or show, and change no mail. */
const UNSEEN: readonly string[] = [
  'quit',
  'quit.anywhere',
  'back',
  'cancel',
  'terminal.redraw',
  'terminal.suspend',
];

/**
 * On a terminal too small to show anything nobody sees what a key acts on: only keys that change no mail do something,
 * and text for a message that is being written. A pane may shrink under somebody who goes on typing, and what they
 * write is kept, also where it goes to the next line or is corrected.
 */
function pressUnseen(on: Press, key: Key): void {
  if (on.state().pending !== NO_PENDING) on.change(state => ({ ...state, pending: NO_PENDING }));
  const layer = topLayer(on.state());
  if (layer.t === 'compose' && typedText(key) !== null) {
    if (takesText(on.state(), layer)) composeKey(on, layer, key);
    return;
  }
  const found = meaning(on.data.keymap, layer.t, [key]);
  if (found.t !== 'command') return;
  const { id } = found.command;
  const writes =
    (id === 'edit.enter' || id === 'edit.delete-left') && writingIn(on.state())?.focus === 'text';
  if (writes || UNSEEN.includes(id)) runCommand(on, found.command, key, null);
}

/** What is typed goes into the message, and opens no list to choose from. */
function takesText(state: AppState, layer: ComposeLayer): boolean {
  const focus = writingIn(state)?.focus;
  return layer.draft === null || (focus !== 'from' && focus !== 'files');
}

export function pressKey(on: Press, key: Key): void {
  if (layoutOf(on.state()).tooSmall) {
    pressUnseen(on, key);
    return;
  }
  const layer = topLayer(on.state());
  const typing = fieldLayer(layer);
  if (typing && typeKey(on, typing, key)) return;
  if (layer.t === 'compose' && composeKey(on, layer, key)) return;
  const { pending } = on.state();
  if (key === 'esc' && (pending.keys.length > 0 || pending.count !== '')) {
    on.change(state => ({ ...state, pending: NO_PENDING }));
    return;
  }
  const keys = [...pending.keys, key];
  const found = meaning(on.data.keymap, layer.t, keys);
  if (found.t === 'unbound' && pending.keys.length === 0 && isCount(key, pending.count)) {
    const count = (pending.count + key).slice(0, COUNT_DIGITS);
    on.change(state => ({ ...state, pending: { ...NO_PENDING, count } }));
    return;
  }
  if (found.t === 'pending') {
    on.change(state => ({ ...state, pending: { ...pending, keys, shown: false } }));
    return;
  }
  if (pending !== NO_PENDING) on.change(state => ({ ...state, pending: NO_PENDING }));
  if (found.t === 'unbound') on.say('info', `${showKeys(keys)} means nothing here; ? lists the keys.`);
  else runCommand(on, found.command, key, pending.count === '' ? null : Number(pending.count));
}

function isCount(key: Key, count: string): boolean {
  return /^[0-9]$/.test(key) && (key !== '0' || count !== '');
}

/** True when the field took the key. Help's field leaves everything but editing to help's own keys. */
function typeKey(on: Press, layer: FieldLayer, key: Key): boolean {
  const typed = typedText(key) !== null;
  if (!typed && TEXT_CONTEXTS.includes(layer.t)) {
    if (meaning(on.data.keymap, layer.t, [key]).t === 'command') return false;
  }
  if (layer.t === 'help' && key === 'enter') {
    on.change(state => replaceTop(state, { ...layer, typing: false }));
    return true;
  }
  // Nothing left to delete: leaves the field, as in a search prompt of vim and less.
  if (key === 'backspace' && layer.field.text === '' && layer.t !== 'help') return false;
  const field = editField(layer.field, key);
  if (!field) return false;
  const next = withField(layer, field);
  on.change(state => replaceTop(state, next));
  if (next.t === 'line') on.effects.writing.complete(next);
  if (next.t === 'filter') on.change(state => setFilter(state, next.field.text));
  return true;
}

/** True when the composer took the key as text. Until it is ready, keys wait: none of them may mean something else. */
function composeKey(on: Press, layer: ComposeLayer, key: Key): boolean {
  if (layer.draft === null) {
    if (key === 'esc' || key === 'C-c' || key === 'C-z' || key === 'C-l') return false;
    on.change(state => replaceTop(state, { ...layer, waiting: [...layer.waiting, { key }] }));
    return true;
  }
  const focus = writingIn(on.state())?.focus;
  const text = typedText(key);
  if (focus === 'from' || focus === 'files') {
    if (text === null && key !== 'enter' && key !== 'right') return false;
    const about = focus === 'from' ? 'identity' : 'attachment';
    on.change(state => push(state, { t: 'chooser', about, cursor: 0 }));
    return true;
  }
  if (text === null) return false;
  edit(on, { t: 'type', text });
  return true;
}

export function pasteText(on: Press, text: string): void {
  const layer = topLayer(on.state());
  if (layer.t === 'compose') {
    if (layer.draft !== null) on.effects.writing.paste(layer.draft, text);
    else on.change(state => replaceTop(state, { ...layer, waiting: [...layer.waiting, { text }] }));
    return;
  }
  if (layoutOf(on.state()).tooSmall) return;
  const typing = fieldLayer(layer);
  if (!typing) {
    on.say('info', 'Pasted text is only taken where text is asked for; it was not run as keys.');
    return;
  }
  const next = withField(typing, insertText(typing.field, text));
  on.change(state => replaceTop(state, next));
  if (next.t === 'line') on.effects.writing.complete(next);
  if (next.t === 'filter') on.change(state => setFilter(state, next.field.text));
}

/** Runs a command, or says why it can't act. */
export function runCommand(on: Press, command: Command, key: Key, count: number | null): void {
  const view = { state: on.state(), data: on.data };
  const instead = command.instead?.(view, key);
  const other = on.data.commands.find(({ id }) => id === instead);
  if (other) {
    runCommand(on, other, key, count);
    return;
  }
  const reason = command.disabled?.(view);
  if (reason !== undefined) {
    on.say('info', reason);
    return;
  }
  const context: CommandContext = {
    ...on,
    key,
    count,
    run: id => {
      const other = on.data.commands.find(candidate => candidate.id === id);
      if (!other) return;
      if (!other.hidden) on.change(state => remember(state, id));
      runCommand(on, other, '', null);
    },
  };
  command.run(context);
}
