// The outbox and the preview of a draft, as full-width screens. Pure.
import type { View } from '../../app/commands/command.ts';
import { outboxDetails, outboxHeight, outboxTop, stateWords } from '../../app/compose/outbox-view.ts';
import { previewRows } from '../../app/compose/preview-rows.ts';
import { fit } from '../../mail/width.ts';
import { wrapCells } from '../../mail/wrap.ts';
import type { OutboxItem } from '../../outgoing/types.ts';
import type { Meaning, Theme } from '../theme.ts';
import { bar, clean, piece, row } from './row.ts';

const STATE_CELLS = 16;

export function outboxRows(view: View, theme: Theme, cells: number): readonly string[] {
  const { state } = view;
  const layer = state.stack.find(each => each.t === 'outbox');
  const cursor = layer?.t === 'outbox' ? Math.min(layer.cursor, state.outbox.length - 1) : 0;
  if (state.outbox.length === 0)
    return [
      row([piece('  Nothing waits, and nothing was sent since tmail was started.', 'dim')], cells, theme),
    ];
  const top = outboxTop(state, cursor);
  const rows = state.outbox.slice(top, top + outboxHeight(state)).map((item, i) => {
    const text = itemText(item, top + i === cursor, state.now, theme);
    return top + i === cursor
      ? bar(text, 'selected', cells, theme)
      : row([piece(text, meaningOf(item))], cells, theme);
  });
  const item = state.outbox[cursor];
  const details = item ? outboxDetails(item) : [];
  return [
    ...rows,
    theme.paint('rule', theme.borders.horizontal.repeat(cells)),
    ...details.flatMap(line =>
      wrapCells(clean(line), Math.max(20, cells - 2)).map(text => row([piece(` ${text}`)], cells, theme)),
    ),
  ];
}

function itemText(item: OutboxItem, at: boolean, now: number, theme: Theme): string {
  const mark = item.state === 'failed' ? '!' : item.state === 'unknown' ? '?' : ' ';
  const first = item.recipients[0]?.address ?? '';
  const more = item.recipients.length > 1 ? ` +${item.recipients.length - 1}` : '';
  const to = fit(`${clean(first)}${more}`, 26, theme.ellipsis);
  return `${at ? '>' : ' '}${mark} ${fit(stateWords(item, now), STATE_CELLS)} ${to} ${clean(item.subject) || '(no subject)'}`;
}

function meaningOf({ state }: OutboxItem): Meaning {
  if (state === 'failed' || state === 'unknown') return 'error';
  return state === 'sent' ? 'dim' : 'text';
}

export function previewScreen(view: View, theme: Theme, cells: number, height: number): readonly string[] {
  const layer = view.state.stack.find(each => each.t === 'preview');
  if (layer?.t !== 'preview') return [];
  if (layer.lines === null) return [row([piece('  Building the message.', 'dim')], cells, theme)];
  return previewRows(view.state)
    .slice(layer.top, layer.top + height)
    .map(text => row([piece(` ${text}`)], cells, theme));
}
