// The preview as rows of the screen. Pure; safe for the terminal.
import { sanitize } from '../../mail/sanitize.ts';
import { wrapCells } from '../../mail/wrap.ts';
import { lastOf, layoutOf } from '../selectors.ts';
import { type AppState, topLayer } from '../state.ts';

export function previewRows(state: AppState): readonly string[] {
  const layer = topLayer(state);
  const cells = Math.max(10, Math.min(80, layoutOf(state).content.columns - 2));
  return layer.t === 'preview' && layer.lines !== null ? rowsOf(layer.lines, cells) : [];
}

const rowsOf = lastOf((lines: readonly string[], cells: number): readonly string[] =>
  lines.flatMap(line => wrapCells(sanitize(line), cells)),
);
