// The composer: its fields, its files, the visible rows of its text. Pure; only what is on the screen is looked at.
import type { View } from '../../app/commands/command.ts';
import { fieldWindow } from '../../app/compose/caret.ts';
import {
  composeRect,
  fieldCells,
  type HeaderRow,
  hasFocus,
  headerRows,
  LABEL_CELLS,
  textFrame,
} from '../../app/compose/frame.ts';
import { type FieldName, titleOf, type Writing, writingIn } from '../../app/compose/writing.ts';
import { type EditorRow, windowRows } from '../../app/editor/window.ts';
import { bytesText } from '../../app/notes.ts';
import { folderLabel, plural } from '../../app/selectors.ts';
import type { AppState } from '../../app/state.ts';
import { estimateSize } from '../../mail/compose/check.ts';
import { truncate, width } from '../../mail/width.ts';
import type { Meaning, Theme } from '../theme.ts';
import { clean, fill, type Piece, piece, row, split } from './row.ts';

const LABELS: Readonly<Record<FieldName, string>> = {
  to: 'To',
  cc: 'Cc',
  bcc: 'Bcc',
  replyTo: 'Reply-To',
  subject: 'Subject',
};

export function composeRows(view: View, theme: Theme): readonly string[] {
  const { state } = view;
  const { columns, rows } = composeRect(state);
  const writing = writingIn(state);
  if (!writing)
    return fill(
      [row([piece('  Fetching the message. Esc gives up.', 'dim')], columns, theme)],
      rows,
      columns,
    );
  const header = headerRows(state, writing).map(each => headerRow(each, state, writing, columns, theme));
  const body = windowRows(writing.editor, textFrame(state, writing)).map(each =>
    row([piece(' '), ...textPieces(each, writing.draft.resend !== null)], columns, theme),
  );
  return fill([...header, ...body], rows, columns);
}

function headerRow(each: HeaderRow, state: AppState, writing: Writing, cells: number, theme: Theme): string {
  const focus = hasFocus(each, writing);
  const label = (text: string): Piece => piece(` ${text.padEnd(LABEL_CELLS - 1)}`, focus ? 'key' : 'label');
  switch (each.t) {
    case 'rule':
      return theme.paint('rule', theme.borders.horizontal.repeat(cells));
    case 'from': {
      const account = piece(`  (${clean(writing.draft.account)}) `, 'dim');
      const hint = focus ? [piece('Enter chooses ', 'dim')] : [];
      return split(
        [label('From'), piece(clean(writing.draft.from))],
        [account, ...hint],
        cells,
        theme,
        LABEL_CELLS + 12,
      );
    }
    case 'files':
      return row([label('Files'), ...filePieces(writing)], cells, theme);
    case 'field': {
      const field = writing.fields[each.name];
      const room = fieldCells(state);
      const shown = focus ? fieldWindow(field, room).text : truncate(clean(field.text), room, theme.ellipsis);
      return row([label(LABELS[each.name]), piece(shown)], cells, theme);
    }
  }
}

function filePieces({ draft, attaching }: Writing): readonly Piece[] {
  const files = draft.attachments.map(
    ({ name, size }, i) => `${i + 1} ${clean(name) || '(no name)'} ${bytesText(size)}`,
  );
  const coming = attaching > 0 ? [`copying ${plural(attaching, 'file')}`] : [];
  return [piece([...files, ...coming].join('   '))];
}

const QUOTES: readonly Meaning[] = ['text', 'quote-1', 'quote-2', 'quote-3'];

function textPieces({ text, selected, depth }: EditorRow, dim: boolean): readonly Piece[] {
  const meaning = dim ? 'dim' : (QUOTES[Math.min(depth, 3)] ?? 'text');
  if (!selected) return [piece(text, meaning)];
  const [from, to] = selected;
  return [
    piece(text.slice(0, from), meaning),
    piece(text.slice(from, to), 'selected'),
    piece(text.slice(to), meaning),
  ];
}

/** What stands in the status row beside the composer. */
export function composeStatus(view: View): readonly Piece[] {
  const writing = writingIn(view.state);
  if (!writing) return [];
  const { draft, editor } = writing;
  const format = draft.resend ? 'redirected' : draft.format;
  const size = estimateSize({ text: '', attachments: draft.attachments }) + editor.lines.characters;
  const parts = [
    `format: ${format}`,
    `size: ${bytesText(size)}`,
    `sent copy: ${sentCopy(view, draft.account)}`,
    ...(draft.dsn ? ['notice asked for'] : []),
    ...(editor.marking ? ['mark set'] : []),
  ];
  return [piece(` ${parts.join('   ')}`, 'dim')];
}

/** Where the copy goes, as the folder pane calls it. */
function sentCopy({ state, data }: View, account: string): string {
  const config = data.config.accounts.find(({ id }) => id === account);
  const folder = state.accounts.find(({ id }) => id === account)?.folders.find(({ role }) => role === 'sent');
  if (config?.sentCopy === 'none') return 'none';
  if (config?.sentCopy === 'server') return 'kept by the server';
  return `${clean(account)}/${folder ? clean(folderLabel(folder)) : 'Sent'}`;
}

const TAB = 12;

/** The list and the drafts, the one on the screen marked; for the right end of the title row. */
export function tabPieces(view: View, cells: number, theme: Theme): readonly Piece[] {
  const { state } = view;
  if (state.drafts.length === 0) return [];
  const here = writingIn(state);
  const tabs = state.drafts.map((writing, i) => ({
    text: `${i + 1}:${truncate(clean(titleOf(writing)), TAB, theme.ellipsis)}${writing.leaving ? ' sending' : ''}`,
    here: writing === here,
  }));
  const out: Piece[] = [];
  let used = 0;
  // The one on the screen first of all, then as many others as there is room for.
  const at = Math.max(
    0,
    tabs.findIndex(tab => tab.here),
  );
  let from = at;
  let to = at;
  const cost = (i: number) => width(tabs[i]?.text ?? '') + 3;
  used = cost(at);
  for (let grown = true; grown; ) {
    grown = false;
    if (to + 1 < tabs.length && used + cost(to + 1) + 4 <= cells) {
      to += 1;
      used += cost(to);
      grown = true;
    }
    if (from > 0 && used + cost(from - 1) + 4 <= cells) {
      from -= 1;
      used += cost(from);
      grown = true;
    }
  }
  if (used > cells) return [piece(`[${tabs.length}] `, 'dim')];
  for (const tab of tabs.slice(from, to + 1))
    out.push(piece(`[${tab.text}]`, tab.here ? 'key' : 'dim'), piece(' '));
  const more = tabs.length - (to - from + 1);
  if (more > 0) out.push(piece(`+${more} `, 'dim'));
  return out;
}

/** `draft saved 09:51`, or what else is to be said about it. */
export function savedNote(writing: Writing): string {
  const { savedAt, rev, savedRev, attaching } = writing;
  if (attaching > 0) return 'copying files';
  if (savedAt === null) return rev > 0 ? 'not saved yet' : '';
  return rev > 0 && rev !== savedRev ? `changed, saved ${clock(savedAt)}` : `draft saved ${clock(savedAt)}`;
}

export function composeTitle(writing: Writing): string {
  return ` Compose  ${clean(titleOf(writing))}`;
}

function clock(ms: number): string {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes()].map(n => String(n).padStart(2, '0')).join(':');
}
