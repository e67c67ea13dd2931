// Commands around folders: the folder pane, going to a folder by name or role, one folder up or down.

import type { Role } from '../../mail/types.ts';
import { EMPTY_FIELD } from '../field.ts';
import type { UnifiedId } from '../listing/types.ts';
import { pickerLists, pickerMatches, pickerNew } from '../matching.ts';
import { accountHere, folderOrder, hasSeveral, listOrder } from '../selectors.ts';
import { hasLayer, pop, push, topLayer, without } from '../state.ts';
import type { Command, CommandContext, Context, View } from './command.ts';

const ANY: readonly Context[] = ['list', 'reader', 'accounts', 'log'];

const noFolders = ({ state }: View): string | undefined =>
  folderOrder(state).length > 0
    ? undefined
    : 'No folders are known yet; they come with the first connection.';

function step(context: CommandContext, by: 1 | -1): void {
  const state = context.state();
  const order = listOrder(state);
  const at = state.list === null ? -1 : order.indexOf(state.list);
  const next = order[at + by * (context.count ?? 1)];
  if (next) context.effects.openFolder(next);
  else context.say('info', by > 0 ? 'This is the last folder.' : 'This is the first folder.');
}

/** `again`: where the key leads from a folder that is already such a one. */
function roleCommand(
  role: Role,
  key: string,
  title: string,
  synonyms: readonly string[],
  again?: UnifiedId,
): Command {
  const find = (view: View) => {
    const { state } = view;
    // In a list over all accounts it is the one whose message is under the cursor.
    const account = accountHere(view) ?? state.accounts[0]?.id;
    const folders = state.accounts.find(view => view.id === account)?.folders ?? [];
    return folders.find(folder => folder.role === role && folder.selectable);
  };
  return {
    id: `folder.${role}`,
    group: 'Folders',
    title: `Go to ${title}`,
    help: `Opens the ${title} folder of this account${again ? `; again, those of all accounts` : ''}.`,
    keys: [key],
    in: [...ANY, 'drawer'],
    synonyms,
    instead: view => {
      const there = find(view);
      return again && hasSeveral(view.state.accounts) && there && there.id === view.state.list
        ? `list.${again.slice('all:'.length)}`
        : undefined;
    },
    disabled: view => (find(view) ? undefined : `This account has no ${title} folder.`),
    run: context => {
      const found = find({ state: context.state(), data: context.data });
      if (found) context.effects.openFolder(found.id);
    },
  };
}

export const folderCommands: readonly Command[] = [
  {
    id: 'folder.pane',
    group: 'Folders',
    title: 'Folders',
    help: 'Goes to the folder pane, or opens it over the list; again closes it.',
    keys: ['`'],
    in: [...ANY, 'drawer'],
    synonyms: ['sidebar', 'drawer', 'mailboxes'],
    hint: { label: 'folders', rank: 45, in: ['list'] },
    disabled: view => (hasLayer(view.state, 'drawer') ? undefined : noFolders(view)),
    run: context =>
      context.change(state =>
        topLayer(state).t === 'drawer'
          ? without(state, 'drawer')
          : push(state, { t: 'drawer', cursor: state.list }),
      ),
  },
  {
    id: 'folder.open',
    group: 'Folders',
    title: 'Open folder',
    help: 'Opens the folder under the cursor.',
    keys: ['enter', 'right', 'o'],
    in: ['drawer'],
    hint: { label: 'open', rank: 100 },
    run: context => {
      const layer = topLayer(context.state());
      if (layer.t !== 'drawer' || layer.cursor === null) return;
      if (layer.cursor !== 'outbox') context.effects.openFolder(layer.cursor);
      else {
        // One step back from there is the list.
        context.change(state => without(state, 'drawer'));
        context.run('outbox');
      }
    },
  },
  {
    id: 'folder.pick',
    group: 'Folders',
    title: 'Go to folder by name',
    help: 'Opens the folder whose name has the letters that you type.',
    keys: ['c'],
    in: [...ANY, 'drawer'],
    synonyms: ['change-folder', 'cf', 'goto'],
    hint: { label: 'folder', rank: 48 },
    disabled: noFolders,
    run: context => context.change(state => push(state, { t: 'picker', field: EMPTY_FIELD, cursor: 0 })),
  },
  {
    id: 'folder.pick-run',
    group: 'Folders',
    title: 'Take this folder',
    help: 'Opens the chosen folder, or moves the message there; one that is not there yet is made.',
    keys: ['enter'],
    in: ['picker'],
    hidden: true,
    hint: { label: 'choose', rank: 100 },
    run: context => {
      const state = context.state();
      const layer = topLayer(state);
      if (layer.t !== 'picker') return;
      const folders = pickerMatches(state, layer);
      const found = folders[layer.cursor];
      const list = pickerLists(state, layer)[layer.cursor - folders.length];
      if (found && layer.move) {
        context.change(pop);
        if (layer.move.copy) context.effects.copy(layer.move.messages, found.id);
        else context.effects.move(layer.move.messages, found.id);
      } else if (found) context.effects.openFolder(found.id);
      else if (list) context.effects.openFolder(list);
      else if (layer.move && !layer.move.copy && pickerNew(state, layer) !== null) {
        const { move, field } = layer;
        context.change(pop);
        context.effects.createFolder(move.account, field.text, move.messages);
      } else context.say('info', 'No folder has these letters in its name.');
    },
  },
  {
    id: 'folder.next',
    group: 'Folders',
    title: 'Next folder',
    help: 'Opens the next folder of the pane.',
    keys: ['J'],
    in: ['list'],
    synonyms: ['next-folder', 'sidebar-next'],
    disabled: noFolders,
    run: context => step(context, 1),
  },
  {
    id: 'folder.previous',
    group: 'Folders',
    title: 'Previous folder',
    help: 'Opens the previous folder of the pane.',
    keys: ['K'],
    in: ['list'],
    synonyms: ['prev-folder', 'sidebar-prev'],
    disabled: noFolders,
    run: context => step(context, -1),
  },
  roleCommand('inbox', 'gi', 'Inbox', ['inbox'], 'all:inbox'),
  roleCommand('sent', 'gs', 'Sent', ['sent'], 'all:sent'),
  roleCommand('drafts', 'gd', 'Drafts', ['drafts', 'postponed'], 'all:drafts'),
  roleCommand('trash', 'gt', 'Trash', ['trash', 'bin']),
  roleCommand('archive', 'ga', 'Archive', ['go archive']),
  roleCommand('junk', 'gj', 'Junk', ['go junk', 'spam']),
];
