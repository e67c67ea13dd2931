// Commands that move and delete messages, ask before something is gone for good, and take back what can be.
import type { ServerCopy } from '../../config/types.ts';
import type { AccountId, FolderId, LocalUid, Role } from '../../mail/types.ts';
import { EMPTY_FIELD } from '../field.ts';
import { folderByRole } from '../organising.ts';
import { chosen } from '../selection.ts';
import { folderRecord, plural, target } from '../selectors.ts';
import { pop, push, topLayer } from '../state.ts';
import type { Command, Context, View } from './command.ts';
import { isDraft } from './draft-here.ts';

const BOTH: readonly Context[] = ['list', 'reader'];
export const MOVING = 'Moving and deleting mail comes with a later version of tmail.';
const UNDO = 'There is nothing to undo; undoing comes with a later version of tmail.';
const ONLY_POP3 = 'For mail that is only here (POP3).';

interface Here {
  readonly account: AccountId;
  readonly folder: FolderId;
  readonly role: Role | null;
  readonly uids: readonly LocalUid[];
}

/** What the keys act on. */
function here(view: View): Here | undefined {
  const found = target(view);
  if (!found) return undefined;
  const { id, account, role } = found.folder.record;
  return { account, folder: id, role, uids: [found.uid] };
}

/** Mail that a server keeps is moved there, which comes later. */
function isOnlyHere({ state, data }: View): boolean {
  const id = folderRecord(state, state.folder)?.account;
  return data.config.accounts.some(account => account.id === id && account.protocol === 'pop3');
}

function cannot(view: View): string | undefined {
  if (!isOnlyHere(view)) return MOVING;
  const found = target(view);
  if (!found) return 'There is no message here.';
  if (found.folder.flags(found.uid) === undefined) return 'This message is gone from its folder.';
  return view.state.readOnly ? 'Another tmail has this mail open; here it can only be read.' : undefined;
}

interface Place {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly keys: readonly string[];
  readonly synonyms: readonly string[];
  readonly label: string;
  readonly rank: number;
  /** Where the message goes from a folder with this role; a sentence: it does not. */
  readonly to: (role: Role | null) => { readonly role: Role } | string;
}

function moveTo(place: Place): Command {
  const find = (view: View): FolderId | string => {
    const found = here(view);
    const to = place.to(found?.role ?? null);
    if (typeof to === 'string') return to;
    return (found && folderByRole(view.state, found.account, to.role)) ?? NO_FOLDER;
  };
  const { id, title, help, keys, synonyms, label, rank } = place;
  return {
    id,
    group: 'Organising',
    title,
    help: `${help} ${ONLY_POP3}`,
    keys,
    in: BOTH,
    synonyms,
    hint: { label, rank },
    disabled: view => {
      const reason = cannot(view);
      if (reason !== undefined) return reason;
      const to = find(view);
      return isFolder(to) ? undefined : to;
    },
    run: context => {
      const view = { state: context.state(), data: context.data };
      const found = here(view);
      const to = find(view);
      if (found && isFolder(to)) context.effects.move([found], to);
    },
  };
}

const NO_FOLDER = 'This account has no such folder yet; $ makes its folders.';
const isFolder = (to: FolderId | string): to is FolderId => /^[^ ]+:\d+$/.test(to);

/** What becomes of the server's copy of what is deleted here. */
function serverText(copy: ServerCopy | null): string {
  if (copy === 'untilDeletedHere') return 'What is still on the server is deleted there at the next check.';
  if (copy === 'delete') return 'The server has no copy: this one is the last.';
  if (copy === 'keep' || copy === null)
    return 'What is still on the server stays there, and does not come again.';
  return `On the server it stays until its ${plural(copy.deleteAfterDays, 'day')} are over, and does not come again.`;
}

function question(view: View, account: AccountId, what: string): readonly string[] {
  const config = view.data.config.accounts.find(({ id }) => id === account);
  return [`${what} deleted from this computer for good.`, serverText(config?.serverCopy ?? null)];
}

const trashOf = (view: View) => {
  const account = folderRecord(view.state, view.state.folder)?.account;
  const id = account === undefined ? undefined : folderByRole(view.state, account, 'trash');
  return folderRecord(view.state, id ?? null);
};

export const organisingCommands: readonly Command[] = [
  moveTo({
    id: 'delete',
    title: 'Delete',
    help: 'Moves the message to Trash.',
    keys: ['d'],
    synonyms: ['trash'],
    label: 'delete',
    rank: 68,
    to: role => (role === 'trash' ? 'It is in Trash already; D deletes it for good.' : { role: 'trash' }),
  }),
  {
    id: 'delete-for-ever',
    group: 'Organising',
    title: 'Delete for ever',
    help: `Asks, and then deletes the message from this computer for good. ${ONLY_POP3}`,
    keys: ['D'],
    in: BOTH,
    synonyms: ['expunge', 'purge'],
    disabled: cannot,
    run: context => {
      const view = { state: context.state(), data: context.data };
      const found = here(view);
      const uid = found?.uids[0];
      if (!found || uid === undefined) return;
      const subject = view.data.folder(found.folder)?.envelope(uid)?.subject || '(no subject)';
      const lines = question(view, found.account, `"${subject}" is`);
      const act = { t: 'destroy', messages: chosen(view) } as const;
      context.change(state => push(state, { t: 'confirm', title: 'Delete for ever', lines, act }));
    },
  },
  {
    id: 'trash.empty',
    group: 'Organising',
    title: 'Empty Trash',
    help: `Asks, and then deletes everything in Trash for good. ${ONLY_POP3}`,
    keys: [],
    in: BOTH,
    synonyms: ['empty-trash'],
    disabled: view => {
      if (!isOnlyHere(view)) return MOVING;
      if (view.state.readOnly) return 'Another tmail has this mail open; here it can only be read.';
      return (trashOf(view)?.counts.total ?? 0) > 0 ? undefined : 'Trash is empty.';
    },
    run: context => {
      const view = { state: context.state(), data: context.data };
      const trash = trashOf(view);
      if (!trash) return;
      const count = trash.counts.total;
      const lines = question(
        view,
        trash.account,
        `${plural(count, 'message')} in Trash ${count === 1 ? 'is' : 'are'}`,
      );
      const act = { t: 'empty', folder: trash.id } as const;
      context.change(state => push(state, { t: 'confirm', title: 'Empty Trash', lines, act }));
    },
  },
  {
    id: 'confirm.yes',
    group: 'Organising',
    title: 'Yes',
    help: 'Does what was asked about.',
    keys: ['y'],
    in: ['confirm'],
    hidden: true,
    hint: { label: 'yes', rank: 100 },
    run: context => {
      const layer = topLayer(context.state());
      if (layer.t !== 'confirm') return;
      context.change(pop);
      const { act } = layer;
      if (act.t === 'empty') context.effects.empty(act.folder);
      else if (act.t === 'remove-folder') context.effects.removeFolder(act.folder);
      else context.effects.destroy(act.messages);
    },
  },
  {
    id: 'confirm.no',
    group: 'Organising',
    title: 'No',
    help: 'Leaves everything as it is.',
    keys: ['n', 'esc', 'q', 'left'],
    in: ['confirm'],
    hidden: true,
    hint: { label: 'no', rank: 90 },
    run: context => context.change(pop),
  },
  {
    ...moveTo({
      id: 'archive',
      title: 'Archive',
      help: 'Moves the message to Archive; e goes on with a draft.',
      keys: ['a', 'e'],
      synonyms: [],
      label: 'archive',
      rank: 66,
      to: role => (role === 'archive' ? 'It is in Archive already.' : { role: 'archive' }),
    }),
    // Nobody archives a draft, and e is what edits elsewhere.
    instead: (view, key) => (key === 'e' && isDraft(view) ? 'edit-as-new' : undefined),
  },
  {
    id: 'move',
    group: 'Organising',
    title: 'Move to folder',
    help: `Moves the message to the folder whose name has the letters that you type, or to a new one. ${ONLY_POP3}`,
    keys: ['s'],
    in: BOTH,
    synonyms: ['save', 'mv'],
    hint: { label: 'move', rank: 47 },
    disabled: cannot,
    run: context => {
      const found = here({ state: context.state(), data: context.data });
      if (!found) return;
      const move = { account: found.account, messages: [{ folder: found.folder, uids: found.uids }] };
      context.change(state => push(state, { t: 'picker', field: EMPTY_FIELD, cursor: 0, move }));
    },
  },
  moveTo({
    id: 'junk',
    title: 'Junk, or not',
    help: 'Moves the message to Junk, or from Junk back to the inbox.',
    keys: ['X'],
    synonyms: ['spam', 'not junk'],
    label: 'junk',
    rank: 15,
    to: role => ({ role: role === 'junk' ? 'inbox' : 'junk' }),
  }),
  {
    id: 'undo',
    group: 'Organising',
    title: 'Undo',
    help: 'Takes back what was just sent, as long as it waits, and the last move or star, one step at a time.',
    keys: ['u'],
    in: BOTH,
    synonyms: ['undelete'],
    disabled: view => {
      if (view.state.undo.at(-1)?.sending !== undefined) return undefined;
      if (!isOnlyHere(view)) return UNDO;
      return view.state.undo.length > 0 ? undefined : 'There is nothing to undo.';
    },
    run: context => context.effects.undo(),
  },
];
