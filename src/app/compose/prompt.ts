// The line that asks for a path or a text: what it holds, and going through what it could go on with. Pure.
import { sanitize } from '../../mail/sanitize.ts';
import { type AppState, type LineLayer, replaceTop, topLayer } from '../state.ts';

export const PROMPT_LABELS: Readonly<Record<LineLayer['about'], string>> = {
  find: ' Find: ',
  attach: ' Attach: ',
  insert: ' Insert file: ',
};

/** With the next name in the field. The first Tab takes what all names begin with. */
export function cycled(state: AppState, by: 1 | -1): AppState {
  const layer = topLayer(state);
  if (layer.t !== 'line' || layer.choices.length === 0) return state;
  const { choices, field, cursor } = layer;
  const common = commonStart(choices);
  const first = cursor < 0 && by > 0 && choices.length > 1 && common.length > field.text.length;
  const next = first
    ? -1
    : cursor < 0 && by < 0
      ? choices.length - 1
      : (cursor + by + choices.length) % choices.length;
  const text = first ? common : (choices[next] ?? field.text);
  return replaceTop(state, { ...layer, cursor: next, field: { text, caret: text.length } });
}

function commonStart(names: readonly string[]): string {
  let common = names[0] ?? '';
  for (const name of names) {
    let same = 0;
    while (same < common.length && common[same] === name[same]) same += 1;
    common = common.slice(0, same);
  }
  return common;
}

/** The last level of a path, for a list. */
export function lastLevel(path: string): string {
  const at = path.lastIndexOf('/', path.length - 2);
  return sanitize(path.slice(at + 1));
}
