// What floats over the screen: palette, folder picker, the choices after a prefix key. Pure.
import { PROMPT_LABEL } from '../../app/caret.ts';
import type { Command, View } from '../../app/commands/command.ts';
import { chooserOffers } from '../../app/compose/choosing.ts';
import { composeRect, LABEL_CELLS } from '../../app/compose/frame.ts';
import { lastLevel } from '../../app/compose/prompt.ts';
import { writingIn } from '../../app/compose/writing.ts';
import { meaning } from '../../app/keymap.ts';
import { showBindings, showKeys } from '../../app/keys.ts';
import {
  confirmCells,
  confirmRect,
  pageTop,
  paletteRect,
  paletteRows,
  promptRect,
  type Rect,
} from '../../app/layout.ts';
import { unifiedTitle } from '../../app/listing/unified.ts';
import { paletteMatches, pickerLists, pickerMatches, pickerNew } from '../../app/matching.ts';
import { labelChoices } from '../../app/organising/labels.ts';
import { countOf } from '../../app/selection.ts';
import { folderLabel, layoutOf, plural } from '../../app/selectors.ts';
import { type Layer, topLayer } from '../../app/state.ts';
import { shownKeyword } from '../../mail/labels.ts';
import { sanitize } from '../../mail/sanitize.ts';
import { fit, width, wrapCells } from '../../mail/width.ts';
import type { Theme } from '../theme.ts';
import { bar, boxed, clean, fill, type Piece, piece, row, split } from './row.ts';

export interface Overlay {
  readonly rect: Rect;
  readonly rows: readonly string[];
}

export function overlayRows(view: View, theme: Theme): Overlay | null {
  const layer = topLayer(view.state);
  if (layer.t === 'palette') return palette(view, layer.field.text, layer.cursor, theme);
  if (layer.t === 'picker') return picker(view, layer, theme);
  if (layer.t === 'labels') return labels(view, layer, theme);
  if (layer.t === 'confirm') return confirm(view, layer, theme);
  if (layer.t === 'prompt') return prompt(view, layer, theme);
  if (layer.t === 'ask') return ask(view, layer, theme);
  if (layer.t === 'chooser') return offers(view, layer, theme);
  if (layer.t === 'line') return names(view, layer, theme);
  if (layer.t === 'compose') return completion(view, theme);
  if (layer.t === 'review') return reviewBar(view, theme);
  return view.state.pending.shown ? prefix(view, theme) : null;
}

interface Choice {
  readonly left: string;
  readonly right: string;
  readonly dim: boolean;
}

function palette(view: View, query: string, cursor: number, theme: Theme): Overlay {
  const choices = paletteMatches(view, query).map(command => commandChoice(view, command));
  return chooser(
    view,
    { title: 'All commands', label: ': ', query, cursor, choices, none: 'No command has this name.' },
    theme,
  );
}

function commandChoice(view: View, command: Command): Choice {
  const keys = view.data.keymap.keysOf(command.id)[0];
  const reason = command.disabled?.(view);
  return {
    left: reason === undefined ? command.title : `${command.title} - ${reason}`,
    right: keys ? showKeys(keys) : '',
    dim: reason !== undefined,
  };
}

function picker(view: View, layer: Extract<Layer, { t: 'picker' }>, theme: Theme): Overlay {
  const { move } = layer;
  const own = move?.messages.every(({ folder }) => folder.startsWith(`${move.account}:`));
  const several = (account: string) =>
    view.state.accounts.length > 1 && (!move || !own || account !== move.account);
  const { cursor } = layer;
  const query = layer.field.text;
  const title = move ? (move.copy ? 'Copy to folder' : 'Move to folder') : 'Go to folder';
  const made = pickerNew(view.state, layer);
  const known = pickerMatches(view.state, layer).map(record => ({
    left: `${several(record.account) ? `${clean(record.account)} / ` : ''}${clean(folderLabel(record)) || '(no name)'}`,
    right: record.counts.unread > 0 ? String(record.counts.unread) : '',
    dim: false,
  }));
  const lists = pickerLists(view.state, layer).map(id => ({
    left: id === 'all:inbox' ? unifiedTitle(id) : `all accounts / ${unifiedTitle(id)}`,
    right: '',
    dim: false,
  }));
  const choices = [
    ...known,
    ...lists,
    ...(made === null ? [] : [{ left: `create "${clean(made)}"`, right: 'new', dim: false }]),
  ];
  return chooser(
    view,
    { title, label: '> ', query, cursor, choices, none: 'No folder has this name.' },
    theme,
  );
}

const TICKS = { all: '[x]', some: '[-]', none: '[ ]' } as const;

function labels(view: View, layer: Extract<Layer, { t: 'labels' }>, theme: Theme): Overlay {
  const choices = labelChoices(view, layer).map(({ name, has, isNew }) => ({
    left: isNew ? `new label "${clean(shownKeyword(name))}"` : `${TICKS[has]} ${clean(shownKeyword(name))}`,
    right: isNew ? 'new' : '',
    dim: false,
  }));
  const title = `Labels of ${plural(countOf(layer.messages), 'message')}`;
  const none = 'No label yet: type one.';
  return chooser(
    view,
    { title, label: '> ', query: layer.field.text, cursor: layer.cursor, choices, none },
    theme,
  );
}

function confirm(view: View, layer: Extract<Layer, { t: 'confirm' }>, theme: Theme): Overlay {
  const layout = layoutOf(view.state);
  const cells = confirmCells(layout);
  const lines = layer.lines.flatMap(text => wrapCells(clean(text), cells));
  const rect = confirmRect(layout, lines.length);
  const inner = rect.columns - 2;
  const shown = lines
    .slice(0, Math.max(1, rect.rows - 4))
    .map(text => row([piece(` ${text}`)], inner, theme));
  const keys = row(
    [
      piece(' y', 'key'),
      piece(` ${layer.yes ?? 'yes, for good'}   `, 'dim'),
      piece('n', 'key'),
      piece(' no', 'dim'),
    ],
    inner,
    theme,
  );
  const rows = [...shown, row([], inner, theme), keys];
  return { rect, rows: boxed(rows, { title: layer.title, cells: rect.columns, rows: rect.rows }, theme) };
}

function prompt(view: View, layer: Extract<Layer, { t: 'prompt' }>, theme: Theme): Overlay {
  const layout = layoutOf(view.state);
  const cells = confirmCells(layout);
  const about = wrapCells(clean(layer.problem ?? layer.about), cells);
  const rect = promptRect(layout, about.length);
  const inner = rect.columns - 2;
  const meaning = layer.problem === null ? 'dim' : 'warning';
  const keys = [
    piece(' Enter', 'key'),
    piece(' done   ', 'dim'),
    piece('Esc', 'key'),
    piece(' leave', 'dim'),
  ];
  const rows = [
    row([piece(` ${PROMPT_LABEL}`, 'label'), piece(sanitize(layer.field.text))], inner, theme),
    row([], inner, theme),
    ...about
      .slice(0, Math.max(1, rect.rows - 6))
      .map(text => row([piece(` ${text}`, meaning)], inner, theme)),
    row([], inner, theme),
    row(keys, inner, theme),
  ];
  return { rect, rows: boxed(rows, { title: layer.title, cells: rect.columns, rows: rect.rows }, theme) };
}

/** A question with its answers. */
function ask(view: View, layer: Extract<Layer, { t: 'ask' }>, theme: Theme): Overlay {
  const layout = layoutOf(view.state);
  const cells = confirmCells(layout);
  const lines = layer.lines.flatMap(text => wrapCells(clean(text), cells));
  const placed = confirmRect(layout, lines.length + Math.max(0, layer.choices.length - 1));
  const { content } = layout;
  const rect = { ...placed, row: Math.min(placed.row, content.row + content.rows - placed.rows) };
  const inner = rect.columns - 2;
  const room = Math.max(1, rect.rows - 3 - layer.choices.length);
  const shown = lines.slice(0, room).map(text => row([piece(` ${text}`)], inner, theme));
  const choices = [...layer.choices.map(({ key, label }) => [key, label] as const)];
  const keys = (choices.length > 0 ? choices : [['Esc', 'back'] as const]).map(([key, label]) =>
    row([piece(` ${key.padEnd(3)}`, 'key'), piece(label)], inner, theme),
  );
  const rows = [...shown, row([], inner, theme), ...keys];
  return { rect, rows: boxed(rows, { title: layer.title, cells: rect.columns, rows: rect.rows }, theme) };
}

/** Identities, attachments or templates. */
function offers(view: View, layer: Extract<Layer, { t: 'chooser' }>, theme: Theme): Overlay {
  const layout = layoutOf(view.state);
  const whole = paletteRect(layout);
  const all = chooserOffers(view);
  const height = Math.max(1, Math.min(paletteRows(layout), all.length));
  const rect = { ...whole, rows: Math.min(whole.rows, height + 2) };
  const inner = rect.columns - 2;
  const top = pageTop(layer.cursor, all.length, height);
  const rows = all.slice(top, top + height).map(({ text, note }, i) => {
    const at = top + i === layer.cursor;
    const left = `${at ? ' > ' : '   '}${clean(text)}`;
    const right = ` ${clean(note)} `;
    if (at) return bar(fit(left, inner - width(right), theme.ellipsis) + right, 'selected', inner, theme);
    return split([piece(left)], [piece(right, 'dim')], inner, theme, 10);
  });
  const title = {
    identity: 'From',
    attachment: 'Remove a file',
    template: 'Templates',
    sort: 'Sort the list',
    muted: 'Muted',
  }[layer.about];
  const verb = layer.about === 'attachment' ? 'remove' : layer.about === 'muted' ? 'hear again' : 'take';
  const foot = `Enter ${verb}   Esc back`;
  return { rect, rows: boxed(rows, { title, foot, cells: rect.columns, rows: rect.rows }, theme) };
}

const NAME_ROWS = 8;

/** Names that a path could go on with, above the line that is typed into. */
function names(view: View, layer: Extract<Layer, { t: 'line' }>, theme: Theme): Overlay | null {
  const { choices, cursor } = layer;
  if (choices.length === 0) return null;
  const { content, size } = layoutOf(view.state);
  const height = Math.min(NAME_ROWS, choices.length, Math.max(1, content.rows - 2));
  const columns = Math.min(60, size.columns);
  const inner = columns - 2;
  const top = pageTop(Math.max(0, cursor), choices.length, height);
  const rows = choices.slice(top, top + height).map((name, i) => {
    const at = top + i === cursor;
    const text = `${at ? ' > ' : '   '}${lastLevel(name)}`;
    return at ? bar(text, 'selected', inner, theme) : row([piece(text)], inner, theme);
  });
  const rect: Rect = { row: size.rows - 2 - height - 1, column: 0, rows: height + 2, columns };
  const foot = `Tab completes   ${choices.length} ${choices.length === 1 ? 'name' : 'names'}`;
  return { rect, rows: boxed(rows, { title: 'Files', foot, cells: columns, rows: rect.rows }, theme) };
}

/** All that can be done with the draft, by one letter each: over the last rows of its text. */
function reviewBar(view: View, theme: Theme): Overlay | null {
  const pane = composeRect(view.state);
  const cells = pane.columns - 4;
  const hints = view.data.commands
    .filter(command => command.in.includes('review') && !command.hidden && (command.hint?.rank ?? 0) < 1000)
    .flatMap(command => {
      const key = view.data.keymap.keysOf(command.id).find(([first = '']) => [...first].length === 1);
      const label = command.hint?.label ?? command.title.toLowerCase();
      if (!key && command.id !== 'compose.text') return [];
      const dim = command.disabled?.(view) !== undefined;
      return [{ key: key ? showKeys(key, true) : 'Enter', label, dim }];
    });
  const lines: Piece[][] = [[]];
  let used = 0;
  for (const { key, label, dim } of hints) {
    const cost = width(key) + width(label) + 4;
    if (used > 0 && used + cost > cells) {
      lines.push([]);
      used = 0;
    }
    lines[lines.length - 1]?.push(piece(` ${key}`, dim ? 'dim' : 'key'), piece(` ${label}  `, 'dim'));
    used += cost;
  }
  const rows = Math.min(lines.length, Math.max(1, pane.rows - 4));
  const shown = lines.slice(0, rows).map(pieces => row(pieces, pane.columns - 2, theme));
  const rect: Rect = {
    row: pane.row + pane.rows - rows - 2,
    column: pane.column,
    rows: rows + 2,
    columns: pane.columns,
  };
  const title = 'this draft';
  return {
    rect,
    rows: boxed(shown, { title, foot: 'Esc back', cells: pane.columns, rows: rows + 2 }, theme),
  };
}

/** Addresses that a recipient's field could go on with, below it (product.md sketch C). */
function completion(view: View, theme: Theme): Overlay | null {
  const { state } = view;
  const writing = writingIn(state);
  if (!writing?.completion || !state.caret) return state.pending.shown ? prefix(view, theme) : null;
  const { items: texts, groups = [], cursor } = writing.completion;
  const items = texts.map((text, i) => groups[i] ?? text);
  const pane = composeRect(state);
  const widest = Math.max(...items.map(item => width(clean(item)))) + 5;
  const columns = Math.max(20, Math.min(widest + 2, pane.columns - LABEL_CELLS));
  const rows = Math.min(items.length, Math.max(1, pane.row + pane.rows - state.caret.row - 3));
  const inner = columns - 2;
  const top = pageTop(Math.max(0, cursor), items.length, rows);
  const shown = items.slice(top, top + rows).map((item, i) => {
    const at = top + i === cursor;
    const text = `${at ? ' > ' : '   '}${clean(item)}`;
    return at ? bar(text, 'selected', inner, theme) : row([piece(text)], inner, theme);
  });
  const rect: Rect = {
    row: state.caret.row + 1,
    column: pane.column + LABEL_CELLS - 1,
    rows: rows + 2,
    columns,
  };
  const foot = cursor < 0 ? 'Down chooses' : 'Enter take   Esc close';
  return { rect, rows: boxed(shown, { title: '', foot, cells: columns, rows: rect.rows }, theme) };
}

interface Chooser {
  readonly title: string;
  readonly label: string;
  readonly query: string;
  readonly cursor: number;
  readonly choices: readonly Choice[];
  readonly none: string;
}

function chooser(view: View, from: Chooser, theme: Theme): Overlay {
  const layout = layoutOf(view.state);
  const rect = paletteRect(layout);
  const cells = rect.columns - 2;
  const height = paletteRows(layout);
  const top = pageTop(from.cursor, from.choices.length, height);
  const shown = from.choices.slice(top, top + height).map((choice, i) => {
    const selected = top + i === from.cursor;
    const right = ` ${choice.right} `;
    const left = `${selected ? ' > ' : '   '}${choice.left}`;
    if (!selected) {
      const meaning = choice.dim ? 'dim' : 'text';
      return split([piece(left, meaning)], [piece(right, 'dim')], cells, theme, 10);
    }
    return bar(fit(left, cells - width(right), theme.ellipsis) + right, 'selected', cells, theme);
  });
  const none = from.choices.length === 0 ? [row([piece(`   ${from.none}`, 'dim')], cells, theme)] : [];
  const rows = [
    row([piece(` ${from.label}`, 'label'), piece(sanitize(from.query))], cells, theme),
    row([], cells, theme),
    ...fill([...shown, ...none], height, cells),
    row([piece(' Enter run   ^N/^P move   Esc close', 'dim')], cells, theme),
  ];
  return { rect, rows: boxed(rows, { title: from.title, cells: rect.columns, rows: rect.rows }, theme) };
}

const CHOICE_CELLS = 30;

function prefix(view: View, theme: Theme): Overlay | null {
  const { state, data } = view;
  const found = meaning(data.keymap, topLayer(state).t, state.pending.keys);
  if (found.t !== 'pending') return null;
  const { content, size } = layoutOf(state);
  const cells = size.columns - 2;
  const columns = Math.max(1, Math.floor(cells / CHOICE_CELLS));
  const commands = [...new Set(found.choices.map(choice => choice.command))];
  const ordered = commands
    .sort((a, b) => Number(a.later ?? false) - Number(b.later ?? false))
    .map(command => ({
      command,
      keys: showBindings(found.choices.filter(choice => choice.command === command).map(({ keys }) => keys)),
    }));
  const lines = Math.min(Math.ceil(ordered.length / columns), Math.max(1, content.rows - 2));
  const typed = showKeys(state.pending.keys);
  const rows = Array.from({ length: lines }, (_, line) =>
    row(
      Array.from({ length: columns }, (_, column) => ordered[column * lines + line]).flatMap(binding => {
        if (!binding) return [];
        const dim = binding.command.disabled?.(view) !== undefined;
        const text = `${fit(binding.keys, 5)} ${binding.command.title}`;
        return [piece(` ${fit(text, CHOICE_CELLS - 1, theme.ellipsis)}`, dim ? 'dim' : 'text')];
      }),
      cells,
      theme,
    ),
  );
  const rect: Rect = {
    row: content.row + content.rows - lines - 2,
    column: 0,
    rows: lines + 2,
    columns: size.columns,
  };
  return {
    rect,
    rows: boxed(rows, { title: `after ${typed}`, foot: 'Esc', cells: size.columns, rows: lines + 2 }, theme),
  };
}
