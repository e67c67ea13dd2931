// Commands about conversations: shown or not, folded or not, from answer to question, and what is done with all of one.
import { messageId } from '../../mail/ids.ts';
import type { FolderStore } from '../../store/types.ts';
import { putCursor } from '../list-view.ts';
import { isUnified, type Listing, type RowKey } from '../listing/types.ts';
import { isArchived, schemeOf } from '../organising/destinations.ts';
import { cannotChange } from '../read-only.ts';
import { byFolder, inReader } from '../selection.ts';
import { folderRecord, listHeight, target } from '../selectors.ts';
import { listOf, type Messages, setList } from '../state.ts';
import { FOLDED, type Folds, withFold } from '../threads/folds.ts';
import type { Command, CommandContext, View } from './command.ts';
import { BOTH, cannotAct } from './organising.ts';

interface Here {
  readonly rows: Listing;
  readonly key: RowKey;
  readonly folder: FolderStore;
  readonly uid: number;
}

/** The message that is meant, as a row of the list. */
function here(view: View): Here | undefined {
  const found = target(view);
  const rows = view.data.listing(view.state);
  const key = found && rows?.keyOf(found.folder.record.id, found.uid);
  return found && rows && key !== undefined ? { rows, key, folder: found.folder, uid: found.uid } : undefined;
}

const viewOf = (context: CommandContext): View => ({ state: context.state(), data: context.data });

function noThreads({ state, data }: View): string | undefined {
  const { list } = state;
  if (list === null) return 'There is no list here.';
  if (data.listing(state)?.fold) return undefined;
  if (!data.threadsWanted(state, list))
    return 'This list is shown message by message; T shows conversations.';
  return 'Conversations are being put together; one moment.';
}

const noMessage = (view: View): string | undefined => {
  const none = noThreads(view);
  if (none !== undefined) return none;
  return here(view) ? undefined : 'There is no message here.';
};

/** Folds or unfolds; the cursor stays on its message, or on the fold that it is in. */
function setFolds(context: CommandContext, step: (folds: Folds) => Folds): void {
  context.change(state => {
    const { list } = state;
    if (list === null) return state;
    const folds = { ...state.folds, [list]: step(state.folds[list] ?? FOLDED) };
    return { ...state, folds, revs: { ...state.revs, [list]: (state.revs[list] ?? 0) + 1 } };
  });
}

function foldOne(context: CommandContext, how: 'fold' | 'unfold' | 'toggle'): void {
  const found = here(viewOf(context));
  const name = found?.rows.foldName?.(found.key);
  const fold = found?.rows.fold?.(found.key);
  if (!found || name === undefined || !fold) return;
  if (fold.count < 2) {
    context.say('info', 'This message is alone: nobody has answered it.');
    return;
  }
  const folded = how === 'toggle' ? !fold.folded : how === 'fold';
  if (folded !== fold.folded) setFolds(context, folds => withFold(folds, name, folded));
}

/** The messages of the conversation that are in the list, but those that are archived. */
function toArchive(view: View): readonly Messages[] {
  const found = here(view);
  if (!found) return [];
  const { rows, key } = found;
  const all = rows.conversation?.(key) ?? [{ folder: found.folder.record.id, uid: found.uid }];
  return byFolder(all.map(({ folder, uid }) => messageId(folder, uid))).filter(({ folder }) => {
    const record = folderRecord(view.state, folder);
    const config = view.data.config.accounts.find(({ id }) => id === record?.account);
    return record && !isArchived(view.state, record, schemeOf(config));
  });
}

export const threadCommands: readonly Command[] = [
  {
    id: 'threads',
    group: 'Reading',
    title: 'Conversations on or off',
    help: 'Shows this list by conversation, or message by message; it stays so.',
    keys: ['T'],
    in: ['list'],
    synonyms: ['toggle-threads'],
    disabled: ({ state }) => {
      if (state.list === null) return 'There is no list here.';
      const several = isUnified(state.list) && state.list !== 'all:inbox';
      return several ? 'This list shows single messages, whatever they belong to.' : undefined;
    },
    run: context => {
      const { list } = context.state();
      if (list === null) return;
      const on = !context.data.threadsWanted(context.state(), list);
      context.effects.threadsOn(list, on);
      context.say('info', on ? 'Conversations are shown.' : 'Messages are shown one by one.');
    },
  },
  {
    id: 'fold-toggle',
    group: 'Reading',
    title: 'Fold or unfold conversation',
    help: 'Shows all messages of the conversation, or one row for it.',
    keys: ['za'],
    in: ['list'],
    synonyms: ['toggle-fold'],
    disabled: noMessage,
    run: context => foldOne(context, 'toggle'),
  },
  {
    id: 'fold',
    group: 'Reading',
    title: 'Fold conversation',
    help: 'Shows one row for the conversation.',
    keys: ['zc'],
    in: ['list'],
    synonyms: ['collapse'],
    disabled: noMessage,
    run: context => foldOne(context, 'fold'),
  },
  {
    id: 'unfold',
    group: 'Reading',
    title: 'Unfold conversation',
    help: 'Shows all messages of the conversation, with your answers, as a tree.',
    keys: ['zo'],
    in: ['list'],
    synonyms: ['expand'],
    disabled: noMessage,
    run: context => foldOne(context, 'unfold'),
  },
  {
    id: 'fold-all',
    group: 'Reading',
    title: 'Fold all conversations',
    help: 'Shows one row for each conversation of the list.',
    keys: ['zM'],
    in: ['list'],
    disabled: noThreads,
    run: context => setFolds(context, () => FOLDED),
  },
  {
    id: 'unfold-all',
    group: 'Reading',
    title: 'Unfold all conversations',
    help: 'Shows all messages of every conversation of the list.',
    keys: ['zR'],
    in: ['list'],
    disabled: noThreads,
    run: context => setFolds(context, () => ({ open: true, except: new Set() })),
  },
  {
    id: 'parent',
    group: 'Reading',
    title: 'Parent message',
    help: 'Goes to the message that this one answers, unfolding the conversation.',
    keys: ['P'],
    in: BOTH,
    disabled: noMessage,
    run: context => {
      const view = viewOf(context);
      const found = here(view);
      const parent = found?.rows.parent?.(found.key);
      if (!found || parent === undefined) {
        context.say('info', 'This message answers none that is here.');
        return;
      }
      const { rows, key } = found;
      const name = rows.foldName?.(key);
      if (name !== undefined && rows.fold?.(key)?.folded)
        setFolds(context, folds => withFold(folds, name, false));
      const now = context.data.listing(context.state()) ?? rows;
      context.change(state =>
        setList(state, now.id, putCursor(listOf(state, now.id), now, listHeight(state), now.locate(parent))),
      );
      const message = now.message(parent);
      if (inReader(view.state) && message)
        context.effects.openMessage(messageId(message.folder.record.id, message.uid));
    },
  },
  {
    id: 'archive-thread',
    group: 'Organising',
    title: 'Archive conversation',
    help: 'Moves all messages of the conversation that are in this list to Archive; u brings them back.',
    keys: ['A'],
    in: BOTH,
    synonyms: ['archive conversation'],
    disabled: view => {
      const why = cannotChange(view.state);
      if (why) return why;
      if (!here(view)) return cannotAct(view) ?? 'There is no message here.';
      return toArchive(view).length > 0 ? undefined : 'It is in Archive already.';
    },
    run: context => context.effects.file(toArchive(viewOf(context)), 'archive'),
  },
  {
    id: 'mute',
    group: 'Organising',
    title: 'Mute conversation',
    help: 'New answers come read and without a notice; the same key lets them be heard again.',
    keys: ['M'],
    in: BOTH,
    synonyms: ['ignore', 'unmute'],
    disabled: cannotAct,
    run: context => {
      const found = target(viewOf(context));
      if (found) context.effects.mute(found.folder, found.uid);
    },
  },
  {
    id: 'muted',
    group: 'Organising',
    title: 'Muted conversations',
    help: 'Lists the conversations that are muted; Enter lets one be heard again.',
    keys: [],
    in: BOTH,
    synonyms: ['muted threads'],
    run: context => context.effects.showMuted(),
  },
];
