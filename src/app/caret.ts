// Where the terminal's real cursor belongs: on the selected row or in the text field, so that screen readers,
// braille displays and input methods follow (A11Y-01). Pure.
import { width } from '../mail/width.ts';
import { accountLines } from './account-lines.ts';
import type { View } from './commands/command.ts';
import { composeCaret } from './compose/caret.ts';
import { chooserCount } from './compose/choosing.ts';
import { outboxTop } from './compose/outbox-view.ts';
import { PROMPT_LABELS } from './compose/prompt.ts';
import type { Field } from './field.ts';
import { drawerRect, pageTop, paletteRect, paletteRows, promptRect } from './layout.ts';
import { cursorPosition, topPosition } from './list-view.ts';
import { helpCommands, helpRows } from './matching.ts';
import { headerHeight } from './reader-view.ts';
import { layoutOf, openListing, paneRows, targetOf } from './selectors.ts';
import { type AccountView, type AppState, type Layer, listOf, screenLayer, topLayer } from './state.ts';
import { storageCursor, storageTop } from './storage/view.ts';

type Caret = AppState['caret'];
/** An error's sentence takes more where the cursor is. */
const ERROR_ROWS = 2;
/** About the disk, the outbox and the passwords, with their rule. */
const ACCOUNTS_FOOT = 4;
/** The label before the text of the find prompt. */
export const FIND_LABEL = ' Find: ';
export const FILTER_LABEL = ' Filter: ';
export const PROMPT_LABEL = '> ';
export const HELP_LABEL = ' Search: ';

/** The rows that an account takes on its screen, with the empty one above and its name. */
export function accountHeight(view: View, account: AccountView): number {
  return 2 + accountLines(view, account).length + (account.status.error ? ERROR_ROWS : 0);
}

/** Rows below the accounts; none where there is hardly room for an account. */
export function accountsFoot(rows: number): number {
  return rows >= 16 ? ACCOUNTS_FOOT : 0;
}

/** The first account on the accounts screen. It turns pages; the last one is as full as it can be. */
export function accountsTop(view: View): number {
  const { state } = view;
  const layer = screenLayer(state);
  if (layer.t !== 'accounts') return 0;
  const { rows } = layoutOf(state).content;
  const room = rows - accountsFoot(rows);
  const heights = state.accounts.map(account => accountHeight(view, account));
  let top = 0;
  let used = 0;
  heights.slice(0, layer.cursor + 1).forEach((height, n) => {
    if (n > top && used + height > room) {
      top = n;
      used = 0;
    }
    used += height;
  });
  let rest = heights.slice(top).reduce((sum, height) => sum + height, 0);
  while (top > 0 && rest + (heights[top - 1] ?? 0) <= room) {
    top--;
    rest += heights[top] ?? 0;
  }
  return top;
}

function accountCaret(view: View, cursor: number): number {
  const above = view.state.accounts.slice(accountsTop(view), cursor);
  return 1 + above.reduce((sum, account) => sum + accountHeight(view, account), 0);
}

export function caretOf(view: View): Caret {
  const { state } = view;
  const layout = layoutOf(state);
  if (layout.tooSmall) return null;
  const layer = topLayer(state);
  const { content } = layout;
  switch (layer.t) {
    case 'filter':
      return inPrompt(state, FILTER_LABEL, layer.field);
    case 'list': {
      const rows = openListing(view);
      if (!rows) return { row: layout.list.row, column: layout.list.column };
      const list = listOf(state, rows.id);
      const at = Math.max(0, cursorPosition(list, rows) - topPosition(list, rows));
      return { row: layout.list.row + at * layout.rowHeight, column: layout.list.column };
    }
    case 'reader':
      return { row: layout.reader.row + headerHeight(state), column: layout.reader.column };
    case 'drawer': {
      const rect = drawerRect(layout);
      const border = layout.sidebar ? 0 : 1;
      const rows = paneRows(state);
      const at = Math.max(
        0,
        rows.findIndex(row => targetOf(row) === layer.cursor),
      );
      const height = rect.rows - 2 * border;
      return { row: rect.row + border + at - pageTop(at, rows.length, height), column: rect.column + border };
    }
    case 'palette':
    case 'labels':
    case 'picker': {
      const rect = paletteRect(layout);
      const column = rect.column + 2 + width(layer.t === 'palette' ? ': ' : '> ') + before(layer.field);
      return { row: rect.row + 1, column: Math.min(column, rect.column + rect.columns - 2) };
    }
    case 'prompt': {
      const rect = promptRect(layout, 0);
      const column = rect.column + 2 + width(PROMPT_LABEL) + before(layer.field);
      return { row: rect.row + 1, column: Math.min(column, rect.column + rect.columns - 2) };
    }
    case 'confirm': {
      const rect = paletteRect(layout);
      return { row: rect.row + 1, column: rect.column + 2 };
    }
    case 'find':
      return inPrompt(state, FIND_LABEL, layer.field);
    case 'help':
      return layer.typing ? inPrompt(state, HELP_LABEL, layer.field) : helpCaret(view, layer);
    case 'accounts':
      return { row: content.row + accountCaret(view, layer.cursor), column: 0 };
    case 'parts':
    case 'links':
      return {
        row: content.row + layer.cursor - pageTop(layer.cursor, count(state, layer), content.rows),
        column: 0,
      };
    case 'compose':
    case 'review':
      return composeCaret(state);
    case 'line':
      return inPrompt(state, PROMPT_LABELS[layer.about], layer.field);
    case 'chooser':
    case 'ask': {
      const rect = paletteRect(layout);
      const at = layer.t === 'chooser' ? pageTop(layer.cursor, chooserCount(view), paletteRows(layout)) : 0;
      const row = layer.t === 'chooser' ? layer.cursor - at : 0;
      return { row: rect.row + 1 + row, column: rect.column + 2 };
    }
    case 'queue': {
      const queue = view.data.queue(layer.account).length;
      return { row: content.row + layer.cursor - pageTop(layer.cursor, queue, content.rows), column: 0 };
    }
    case 'outbox':
      return { row: content.row + layer.cursor - outboxTop(state, layer.cursor), column: 0 };
    case 'storage':
      return { row: content.row + 2 + storageCursor(state, layer) - storageTop(state, layer), column: 0 };
    case 'preview':
    case 'log':
    case 'link':
    case 'first-run':
      return { row: content.row, column: 0 };
  }
}

function helpCaret(view: View, layer: Extract<Layer, { t: 'help' }>): Caret {
  const { content } = layoutOf(view.state);
  const rows = helpRows(view, layer);
  const selected = helpCommands(rows)[layer.cursor];
  const at = selected ? rows.indexOf(selected) : 0;
  return { row: content.row + at - pageTop(at, rows.length, content.rows), column: 0 };
}

function count(state: AppState, layer: Layer): number {
  const message = state.reader?.message;
  return (layer.t === 'parts' ? message?.parts.length : message?.links.length) ?? 0;
}

function inPrompt(state: AppState, label: string, field: Field): Caret {
  return {
    row: state.size.rows - 1,
    column: Math.min(state.size.columns - 1, width(label) + before(field)),
  };
}

function before(field: Field): number {
  return width(field.text.slice(0, field.caret));
}
