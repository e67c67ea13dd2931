// Commands that make, rename, remove, empty and subscribe folders, and say what a folder is for. On a server and here
// alike; what every account has keeps its name.
import type { Role } from '../../mail/types.ts';
import type { FolderRecord } from '../../store/types.ts';
import { EMPTY_FIELD, fieldOf } from '../field.ts';
import { contextUnder } from '../matching.ts';
import { folderByRole } from '../organising.ts';
import { withBelow } from '../own-folders.ts';
import { cannotChange } from '../read-only.ts';
import { accountOf, folderLabel, folderRecord, plural } from '../selectors.ts';
import { type AppState, push, topLayer } from '../state.ts';
import type { Command, Context, View } from './command.ts';

const WHERE: readonly Context[] = ['drawer', 'list', 'reader'];
const KEYS: readonly Context[] = ['drawer'];

/** The folder that is meant: under the pane's cursor, else the open one. */
function meant(state: AppState): FolderRecord | undefined {
  const drawer =
    contextUnder(state) === 'drawer' ? state.stack.find(layer => layer.t === 'drawer') : undefined;
  if (drawer?.t !== 'drawer') return folderRecord(state, state.folder);
  return drawer.cursor === 'outbox' ? undefined : folderRecord(state, drawer.cursor);
}

/** The account whose folders are meant. */
function accountMeant(state: AppState): string | undefined {
  return meant(state)?.account ?? state.accounts[0]?.id;
}

const isImap = ({ data }: View, account: string | undefined): boolean =>
  data.config.accounts.some(({ id, protocol }) => id === account && protocol === 'imap');

function cannotHere({ state }: View): string | undefined {
  if (accountMeant(state) === undefined) return 'There is no account yet.';
  return cannotChange(state);
}

function cannotTouch(view: View): string | undefined {
  return cannotHere(view) ?? (meant(view.state) ? undefined : 'There is no folder here.');
}

function cannotAlter(view: View): string | undefined {
  const reason = cannotTouch(view);
  const record = meant(view.state);
  if (reason !== undefined || !record) return reason;
  return record.role === null
    ? undefined
    : `The account uses this folder as its ${ROLE_NAMES[record.role]}; it keeps its name and its place.`;
}

/** What stands between a folder's name and that of one in it; '': there are none in others. */
function delimiterOf(view: View, account: string | undefined): string {
  if (!isImap(view, account)) return '/';
  const folders = accountOf(view.state, account ?? '')?.folders ?? [];
  return folders.find(({ remote }) => remote)?.delimiter ?? '/';
}

function levels(view: View, account: string | undefined): string {
  const delimiter = delimiterOf(view, account);
  return delimiter === ''
    ? 'This server has no folders within folders.'
    : `A "${delimiter}" in the name makes a folder inside another.`;
}

const ROLE_NAMES: Readonly<Record<Role, string>> = {
  inbox: 'Inbox',
  drafts: 'Drafts',
  sent: 'Sent',
  archive: 'Archive',
  junk: 'Junk',
  trash: 'Trash',
  all: 'All Mail',
  flagged: 'Starred',
  important: 'Important',
};

/** What a person may use a folder for. */
const USES: readonly (readonly [Role, string, readonly string[]])[] = [
  ['sent', 'copies of what is sent', ['sent folder']],
  ['drafts', 'drafts', ['drafts folder']],
  ['archive', 'what is archived', ['archive folder']],
  ['trash', 'what is deleted', ['trash folder']],
  ['junk', 'junk', ['spam folder']],
];

function cannotUse(view: View, role: Role | null): string | undefined {
  const reason = cannotTouch(view);
  const record = meant(view.state);
  if (reason !== undefined || !record) return reason;
  if (!isImap(view, record.account))
    return 'A POP3 account has these folders of its own here; they stay as they are.';
  if (record.role === 'inbox') return 'The inbox is where new mail comes; it is nothing else.';
  if (!record.selectable) return 'This folder holds only other folders, no messages.';
  if (record.role === role)
    return role === null
      ? 'The account does not use this folder for anything.'
      : `The account uses this folder as its ${ROLE_NAMES[role]} already.`;
  return undefined;
}

const useCommands: readonly Command[] = [
  ...USES.map(
    ([role, what, synonyms]): Command => ({
      id: `folder.use.${role}`,
      group: 'Folders',
      title: `Use this folder as ${ROLE_NAMES[role]}`,
      help: `The account keeps ${what} in this folder from now on; the one before becomes an ordinary one (IMAP).`,
      keys: [],
      in: WHERE,
      synonyms: ['role', 'special use', ...synonyms],
      disabled: view => cannotUse(view, role),
      run: context => {
        const record = meant(context.state());
        if (record) context.effects.assignRole(record.id, role);
      },
    }),
  ),
  {
    id: 'folder.use.none',
    group: 'Folders',
    title: 'Use this folder for nothing special',
    help: 'The folder is an ordinary one from now on, whatever the server or its name says (IMAP).',
    keys: [],
    in: WHERE,
    synonyms: ['role', 'special use'],
    disabled: view => cannotUse(view, null),
    run: context => {
      const record = meant(context.state());
      if (record) context.effects.assignRole(record.id, null);
    },
  },
];

export const ownFolderCommands: readonly Command[] = [
  {
    id: 'folder.create',
    group: 'Folders',
    title: 'New folder',
    help: 'Asks for a name and makes a folder of it: on the server (IMAP), or only on this computer (POP3).',
    keys: ['C'],
    keysIn: KEYS,
    in: WHERE,
    synonyms: ['create', 'mkdir', 'create-mailbox'],
    hint: { label: 'new', rank: 60 },
    disabled: cannotHere,
    run: context => {
      const view = { state: context.state(), data: context.data };
      const account = accountMeant(view.state);
      if (account === undefined) return;
      const where = isImap(view, account)
        ? 'It is made on the server of'
        : 'It exists only on this computer, in';
      const about = `${where} the account ${account}. ${levels(view, account)}`;
      const act = { t: 'create-folder', account } as const;
      const prompt = { t: 'prompt', title: 'New folder', about, field: EMPTY_FIELD } as const;
      context.change(state => push(state, { ...prompt, problem: null, busy: false, act }));
    },
  },
  {
    id: 'folder.rename',
    group: 'Folders',
    title: 'Rename folder',
    help: 'Asks for another name of the folder, or another place; the folders in it go along.',
    keys: ['r'],
    keysIn: KEYS,
    in: WHERE,
    synonyms: ['rename', 'rename-mailbox'],
    hint: { label: 'rename', rank: 56 },
    disabled: cannotAlter,
    run: context => {
      const view = { state: context.state(), data: context.data };
      const record = meant(view.state);
      if (!record) return;
      const act = { t: 'rename-folder', folder: record.id } as const;
      const field = fieldOf(record.path);
      const about = levels(view, record.account);
      const prompt = { t: 'prompt', title: 'Rename folder', about, field } as const;
      context.change(state => push(state, { ...prompt, problem: null, busy: false, act }));
    },
  },
  {
    id: 'folder.delete',
    group: 'Folders',
    title: 'Delete folder',
    help: 'Deletes the folder and those in it; asks first where there is mail, which goes to Trash.',
    keys: ['d'],
    keysIn: KEYS,
    in: WHERE,
    synonyms: ['rmdir', 'delete-mailbox'],
    hint: { label: 'delete', rank: 54 },
    disabled: view => {
      const reason = cannotAlter(view);
      const record = meant(view.state);
      if (reason !== undefined || !record) return reason;
      const branch = branchOf(view.state, record);
      const fixed = branch.find(({ role }) => role !== null);
      if (fixed) return `"${fixed.path}" is in it, which every account has.`;
      const mail = branch.some(({ counts }) => counts.total > 0);
      return mail && folderByRole(view.state, record.account, 'trash') === undefined
        ? 'There is mail in it, and this account has no Trash to move it to.'
        : undefined;
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
    id: 'folder.empty',
    group: 'Folders',
    title: 'Empty folder',
    help: 'Asks with the count, and then moves all mail of the folder to Trash; Trash and Junk are emptied for good.',
    keys: ['E'],
    keysIn: KEYS,
    in: WHERE,
    synonyms: ['clear folder', 'delete all'],
    hint: { label: 'empty', rank: 50 },
    disabled: view => {
      const reason = cannotTouch(view);
      const record = meant(view.state);
      if (reason !== undefined || !record) return reason;
      if (record.counts.total === 0) return 'This folder is empty.';
      if (isLast(record.role)) return undefined;
      return folderByRole(view.state, record.account, 'trash') === undefined
        ? 'This account has no Trash to move its mail to.'
        : undefined;
    },
    run: context => {
      const record = meant(context.state());
      if (!record) return;
      const { id, role, counts } = record;
      const many = plural(counts.total, 'message');
      const name = folderLabel(record);
      const title = `Empty ${name}`;
      if (isLast(role)) {
        const lines = [
          `${many} in "${name}" ${counts.total === 1 ? 'is' : 'are'} deleted for good${record.remote ? ', here and on the server' : ''}.`,
          'This can not be undone.',
        ];
        context.change(state => push(state, { t: 'confirm', title, lines, act: { t: 'empty', folder: id } }));
        return;
      }
      const lines = [
        `${many} ${counts.total === 1 ? 'moves' : 'move'} from "${name}" to Trash. u takes it back.`,
      ];
      const act = { t: 'empty-to-trash', folder: id } as const;
      context.change(state => push(state, { t: 'confirm', title, lines, yes: 'yes, to Trash', act }));
    },
  },
  {
    id: 'folder.subscribe',
    group: 'Folders',
    title: 'Subscribe or unsubscribe',
    help: 'Other programs show subscribed folders only; tmail shows all, the others dimmed and marked (off), and asks for subscribed ones first (IMAP).',
    keys: ['S'],
    keysIn: KEYS,
    in: WHERE,
    synonyms: ['subscribe', 'unsubscribe folder'],
    hint: { label: 'subscribe', rank: 40 },
    disabled: view => {
      const reason = cannotTouch(view);
      if (reason !== undefined) return reason;
      return meant(view.state)?.remote
        ? undefined
        : 'Only folders of an IMAP server are subscribed; this one is only here.';
    },
    run: context => {
      const record = meant(context.state());
      if (record) context.effects.subscribeFolder(record.id, !record.subscribed);
    },
  },
  {
    id: 'folder.keep',
    group: 'Folders',
    title: 'What is kept of this folder on this computer',
    help: 'Asks what of the folder is kept here: all mail, the last days, the newest, texts alone, headers only or nothing (IMAP).',
    keys: ['p'],
    keysIn: KEYS,
    in: WHERE,
    synonyms: ['offline', 'policy', 'retention'],
    hint: { label: 'keep here', rank: 38 },
    disabled: view => {
      const reason = cannotTouch(view);
      if (reason !== undefined) return reason;
      return meant(view.state)?.remote
        ? undefined
        : 'This folder is only on this computer: all of it is kept.';
    },
    run: context => {
      const record = meant(context.state());
      if (record) context.effects.storage.askKeep({ account: record.account, path: record.path });
    },
  },
  ...useCommands,
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
      else if (act.t === 'keep-count') context.effects.storage.keepCount();
      else if (act.t === 'create-folder') context.effects.createFolder(act.account, field.text);
      else if (act.t === 'archive-older') context.effects.archiveOlder(act.folder, field.text);
      else if (act.t === 'mark-by') context.effects.markBy(field.text);
      else context.effects.renameFolder(act.folder, field.text);
    },
  },
];

/** What is deleted there is gone for good. */
const isLast = (role: Role | null): boolean => role === 'trash' || role === 'junk';

function branchOf(state: AppState, record: FolderRecord): readonly FolderRecord[] {
  return withBelow(accountOf(state, record.account)?.folders ?? [], record);
}
