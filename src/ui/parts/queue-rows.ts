// The screen of what waits for a server. Pure.
import type { View } from '../../app/commands/command.ts';
import { pageTop } from '../../app/layout.ts';
import { operationText, waitText } from '../../app/organising/queue.ts';
import { fit, width } from '../../mail/width.ts';
import type { Theme } from '../theme.ts';
import { bar, clean, piece, row, split } from './row.ts';

export function queueRows(view: View, theme: Theme, cells: number, height: number): readonly string[] {
  const layer = view.state.stack.find(each => each.t === 'queue');
  if (layer?.t !== 'queue') return [];
  const queue = view.data.queue(layer.account);
  const several = view.state.accounts.length > 1;
  const whose = several ? ` of ${clean(layer.account)}` : '';
  if (queue.length === 0)
    return [row([piece(`  Nothing waits for the server${whose}.`, 'dim')], cells, theme)];
  const cursor = Math.min(layer.cursor, queue.length - 1);
  const top = pageTop(cursor, queue.length, height);
  return queue.slice(top, top + height).map((op, i) => {
    const at = top + i === cursor;
    const right = ` ${waitText(view, layer.account, op)} `;
    const left = `${at ? '>' : ' '} ${clean(operationText(view, op))}`;
    if (!at) return split([piece(left)], [piece(right, 'dim')], cells, theme, 24);
    const room = Math.max(24, cells - width(right));
    return bar(fit(left, room, theme.ellipsis) + right, 'selected', cells, theme);
  });
}
