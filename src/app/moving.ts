// Moving: what a motion does to whichever layer has the keys. Pure.
import type { View } from './commands/command.ts';
import { chooserCount } from './compose/choosing.ts';
import { previewRows } from './compose/preview-rows.ts';
import { moveCursor, putCursor, scrollBy } from './list-view.ts';
import { logLines } from './log-view.ts';
import { helpCommands, helpRows, paletteMatches, pickerLists, pickerMatches, pickerNew } from './matching.ts';
import { labelChoices } from './organising/labels.ts';
import { bodyHeight, documentOf, lastTop } from './reader-view.ts';
import { layoutOf, listHeight, openListing, paneOrder } from './selectors.ts';
import { type AppState, type Layer, listOf, replaceTop, setList, setReader, topLayer } from './state.ts';
import { storageRows } from './storage/view.ts';

export type Motion =
  | { readonly t: 'rows'; readonly by: number }
  /** Windows; halves are allowed. */
  | { readonly t: 'pages'; readonly by: number }
  | { readonly t: 'to'; readonly position: number | 'last' };

export function move(view: View, motion: Motion): AppState {
  const { state } = view;
  const layer = topLayer(state);
  switch (layer.t) {
    case 'list':
    case 'filter':
      return moveInList(view, motion);
    case 'reader':
    case 'find':
      return moveInReader(view, motion);
    case 'drawer': {
      const order = paneOrder(state);
      const at = layer.cursor === null ? 0 : Math.max(0, order.indexOf(layer.cursor));
      const cursor = order[step(at, order.length, motion, layoutOf(state).content.rows)] ?? null;
      return cursor === layer.cursor ? state : replaceTop(state, { ...layer, cursor });
    }
    case 'log': {
      // Position 0 is the newest line, at the bottom.
      const rows = layoutOf(state).content.rows;
      const most = Math.max(0, logLines(state).length - rows);
      const at = most - Math.min(layer.back, most);
      const back = most - step(at, most + 1, motion, rows);
      return back === layer.back ? state : replaceTop(state, { ...layer, back });
    }
    case 'preview': {
      const height = layoutOf(state).content.rows;
      const last = Math.max(0, previewRows(state).length - height);
      const top = step(Math.min(layer.top, last), last + 1, motion, Math.max(1, height - 1));
      return top === layer.top ? state : replaceTop(state, { ...layer, top });
    }
    case 'link':
    case 'confirm':
    case 'prompt':
    case 'first-run':
    case 'compose':
    case 'review':
    case 'line':
    case 'ask':
      return state;
    default: {
      const count = choices(view, layer);
      const cursor = step(layer.cursor, count, motion, Math.max(1, layoutOf(state).content.rows - 6));
      return cursor === layer.cursor ? state : replaceTop(state, { ...layer, cursor });
    }
  }
}

/** How many rows a layer with a numbered cursor has. */
export function choices(view: View, layer: Layer): number {
  switch (layer.t) {
    case 'palette':
      return paletteMatches(view, layer.field.text).length;
    case 'picker':
      return (
        pickerMatches(view.state, layer).length +
        pickerLists(view.state, layer).length +
        (pickerNew(view.state, layer) === null ? 0 : 1)
      );
    case 'help':
      return helpCommands(helpRows(view, layer)).length;
    case 'accounts':
      return view.state.accounts.length;
    case 'parts':
      return view.state.reader?.message?.parts.length ?? 0;
    case 'links':
      return view.state.reader?.message?.links.length ?? 0;
    case 'labels':
      return labelChoices(view, layer).length;
    case 'queue':
      return view.data.queue(layer.account).length;
    case 'outbox':
      return view.state.outbox.length;
    case 'storage':
      return storageRows(view.state, layer).length;
    case 'chooser':
      return chooserCount(view);
    default:
      return 0;
  }
}

function moveInList(view: View, motion: Motion): AppState {
  const { state } = view;
  const rows = openListing(view);
  if (!rows) return state;
  const { id } = rows;
  const list = listOf(state, id);
  const height = listHeight(state);
  switch (motion.t) {
    case 'rows':
      return setList(state, id, moveCursor(list, rows, height, motion.by));
    case 'pages': {
      const by = Math.trunc(motion.by * height) || Math.sign(motion.by);
      return setList(state, id, scrollBy(list, rows, height, by));
    }
    case 'to': {
      const last = rows.length - 1;
      const position = motion.position === 'last' ? last : Math.min(motion.position, last);
      return setList(state, id, putCursor(list, rows, height, Math.max(0, position)));
    }
  }
}

function moveInReader(view: View, motion: Motion): AppState {
  const { state } = view;
  if (!state.reader) return state;
  const height = bodyHeight(state);
  const last = lastTop(documentOf(state), height);
  // One line stays in sight, so that the eye finds its place.
  const page = Math.max(1, height - 1);
  const top = step(Math.min(state.reader.top, last), last + 1, motion, page);
  return setReader(state, { top });
}

function step(at: number, count: number, motion: Motion, page: number): number {
  const last = Math.max(0, count - 1);
  let next: number;
  if (motion.t === 'rows') next = at + motion.by;
  else if (motion.t === 'pages') next = at + (Math.trunc(motion.by * page) || Math.sign(motion.by));
  else next = motion.position === 'last' ? last : motion.position;
  return Math.max(0, Math.min(last, next));
}
