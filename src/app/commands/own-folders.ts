// Commands that make, rename and remove folders. They work for accounts whose folders are only here; where folders
// are on a server, each says so.
import type { FolderRecord } from '../../store/types.ts';
import { EMPTY_FIELD, fieldOf } from '../field.ts';
import { contextUnder } from '../matching.ts';
import { withBelow } from '../own-folders.ts';
import { accountOf, folderRecord, plural } from '../selectors.ts';
import { type AppState, push, topLayer } from '../state.ts';
import type { Command, Context, View } from './command.ts';

const WHERE: readonly Context[] = ['drawer', 'list', 'reader'];
const KEYS: readonly Context[] = ['drawer'];
const ON_SERVER =
  'On an IMAP account folders are made on the server; that comes with a later version of tmail.';

/** The folder that is meant: under the pane's cursor, else the open one. */
function meant(state: AppState): FolderRecord | undefined {
  const drawer =
    contextUnder(state) === 'drawer' ? state.stack.find(layer => layer.t === 'drawer') : undefined;
  return folderRecord(state, drawer?.t === 'drawer' ? drawer.cursor : state.folder);
}

/** The account whose folders are meant. */
function accountMeant(state: AppState): string | undefined {
  return meant(state)?.account ?? state.accounts[0]?.id;
}

function cannotHere({ state, data }: View): string | undefined {
  const id = accountMeant(state);
  const config = data.config.accounts.find(account => account.id === id);
  if (!config) return 'There is no account yet.';
  if (config.protocol !== 'pop3') return ON_SERVER;
  return state.readOnly ? 'Another tmail has this mail open; here it can only be read.' : undefined;
}

function cannotChange(view: View): string | undefined {
  const reason = cannotHere(view);
  if (reason !== undefined) return reason;
  const record = meant(view.state);
  if (!record) return 'There is no folder here.';
  return record.role === null ? undefined : 'Every account has this folder; it keeps its name and its place.';
}

const LEVELS = 'A "/" in the name makes a folder inside another.';

export const ownFolderCommands: readonly Command[] = [
  {
    id: 'folder.create',
    group: 'Folders',
    title: 'New folder',
    help: 'Asks for a name and makes a folder of it, which exists only on this computer (POP3).',
    keys: ['C'],
    keysIn: KEYS,
    in: WHERE,
    synonyms: ['create', 'mkdir', 'create-mailbox'],
    hint: { label: 'new', rank: 60 },
    disabled: cannotHere,
    run: context => {
      const account = accountMeant(context.state());
      if (account === undefined) return;
      const about = `It exists only on this computer, in the account ${account}. ${LEVELS}`;
      const act = { t: 'create-folder', account } as const;
      const prompt = { t: 'prompt', title: 'New folder', about, field: EMPTY_FIELD } as const;
      context.change(state => push(state, { ...prompt, problem: null, busy: false, act }));
    },
  },
  {
    id: 'folder.rename',
    group: 'Folders',
    title: 'Rename folder',
    help: 'Asks for another name of the folder, or another place; the folders in it go along (POP3).',
    keys: ['r'],
    keysIn: KEYS,
    in: WHERE,
    synonyms: ['rename', 'rename-mailbox'],
    hint: { label: 'rename', rank: 56 },
    disabled: cannotChange,
    run: context => {
      const record = meant(context.state());
      if (!record) return;
      const act = { t: 'rename-folder', folder: record.id } as const;
      const field = fieldOf(record.path);
      const prompt = { t: 'prompt', title: 'Rename folder', about: LEVELS, field } as const;
      context.change(state => push(state, { ...prompt, problem: null, busy: false, act }));
    },
  },
  {
    id: 'folder.delete',
    group: 'Folders',
    title: 'Delete folder',
    help: 'Deletes the folder and those in it; asks first where there is mail, which goes to Trash (POP3).',
    keys: ['d'],
    keysIn: KEYS,
    in: WHERE,
    synonyms: ['rmdir', 'delete-mailbox'],
    hint: { label: 'delete', rank: 54 },
    disabled: view => {
      const reason = cannotChange(view);
      const record = meant(view.state);
      if (reason !== undefined || !record) return reason;
      const fixed = branchOf(view.state, record).find(({ role }) => role !== null);
      return fixed ? `"${fixed.path}" is in it, which every account has.` : undefined;
    },
    run: context => {
      const record = meant(context.state());
      if (!record) return;
      const branch = branchOf(context.state(), record);
      const count = branch.reduce((sum, { counts }) => sum + counts.total, 0);
      if (count === 0) {
        context.effects.removeFolder(record.id);
        return;
      }
      const inside = branch.length === 1 ? '' : ` and ${plural(branch.length - 1, 'folder')} in it`;
      const one = branch.length === 1;
      const lines = [
        `"${record.path}"${inside} ${one ? 'holds' : 'hold'} ${plural(count, 'message')}.`,
        `${count === 1 ? 'It moves' : 'They move'} to Trash, and the folder${one ? ' is' : 's are'} deleted. u takes it back.`,
      ];
      const act = { t: 'remove-folder', folder: record.id } as const;
      const question = { t: 'confirm', title: 'Delete folder', lines, yes: 'yes, to Trash', act } as const;
      context.change(state => push(state, question));
    },
  },
  {
    id: 'prompt.take',
    group: 'Folders',
    title: 'Take this',
    help: 'Does what was asked for, or says why this answer will not do.',
    keys: ['enter'],
    in: ['prompt'],
    hidden: true,
    hint: { label: 'done', rank: 100 },
    run: context => {
      const layer = topLayer(context.state());
      if (layer.t !== 'prompt' || layer.busy) return;
      const { act, field } = layer;
      if (act.t === 'export') context.effects.beginExport();
      else if (act.t === 'keep-days') context.effects.storage.keepDays();
      else if (act.t === 'create-folder') context.effects.createFolder(act.account, field.text);
      else if (act.t === 'archive-older') context.effects.archiveOlder(act.folder, field.text);
      else if (act.t === 'mark-by') context.effects.markBy(field.text);
      else context.effects.renameFolder(act.folder, field.text);
    },
  },
];

function branchOf(state: AppState, record: FolderRecord): readonly FolderRecord[] {
  return withBelow(accountOf(state, record.account)?.folders ?? [], record);
}
