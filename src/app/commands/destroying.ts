// Commands that delete for good: each asks, with a count and with what becomes of the server's copies.
import type { ServerCopy } from '../../config/types.ts';
import { splitFolderId } from '../../mail/ids.ts';
import { hasLabels } from '../../mail/labels.ts';
import type { AccountId } from '../../mail/types.ts';
import type { FolderRecord } from '../../store/types.ts';
import { folderByRole } from '../organising/destinations.ts';
import { whatOf } from '../organising/words.ts';
import { cannotChange } from '../read-only.ts';
import { chosen, countOf } from '../selection.ts';
import { accountHere, folderLabel, folderRecord, plural } from '../selectors.ts';
import { pop, push, topLayer } from '../state.ts';
import type { Command, View } from './command.ts';
import { BOTH, cannotAct } from './organising.ts';

/** What becomes of the server's copy of what is deleted here. */
function serverText(copy: ServerCopy | null): string {
  if (copy === 'untilDeletedHere') return 'What is still on the server is deleted there at the next check.';
  if (copy === 'delete') return 'The server has no copy: this one is the last.';
  if (copy === 'keep' || copy === null)
    return 'What is still on the server stays there, and does not come again.';
  return `On the server it stays until its ${plural(copy.deleteAfterDays, 'day')} are over, and does not come again.`;
}

/** Sentences: what goes, and from where. */
function question(view: View, accounts: readonly AccountId[], what: string): readonly string[] {
  const configs = view.data.config.accounts.filter(({ id }) => accounts.includes(id));
  const imap = configs.some(({ protocol }) => protocol === 'imap');
  const copies = configs.filter(({ protocol }) => protocol === 'pop3').map(({ serverCopy }) => serverCopy);
  const where = !imap ? 'from this computer' : copies.length > 0 ? 'here and on the server' : 'on the server';
  return [
    `${what} deleted ${where} for good.`,
    ...new Set(copies.map(serverText)),
    ...(imap ? ['This can not be undone.'] : []),
  ];
}

/** The folder with this role of the account in the list, else of the first one. */
function folderWith(view: View, role: 'trash' | 'junk'): FolderRecord | undefined {
  const { state } = view;
  const account = accountHere(view) ?? state.accounts[0]?.id;
  const id = account === undefined ? undefined : folderByRole(state, account, role);
  return id === undefined ? undefined : folderRecord(state, id);
}

function emptying(role: 'trash' | 'junk', name: string, synonyms: readonly string[]): Command {
  return {
    id: `${role}.empty`,
    group: 'Organising',
    title: `Empty ${name}`,
    help: `Asks with the count, and then deletes everything in ${name} for good.`,
    keys: [],
    in: BOTH,
    synonyms,
    disabled: view =>
      cannotChange(view.state) ??
      ((folderWith(view, role)?.counts.total ?? 0) > 0 ? undefined : `${name} is empty.`),
    run: context => {
      const view = { state: context.state(), data: context.data };
      const folder = folderWith(view, role);
      if (!folder) return;
      const count = folder.counts.total;
      const what = `${plural(count, 'message')} in ${folderLabel(folder)} ${count === 1 ? 'is' : 'are'}`;
      const lines = question(view, [folder.account], what);
      const act = { t: 'empty', folder: folder.id } as const;
      context.change(state => push(state, { t: 'confirm', title: `Empty ${name}`, lines, act }));
    },
  };
}

/** Gmail takes an expunge anywhere else for "archive": the message would be gone here and stay there. */
function onlyTrash(view: View): string | undefined {
  const { accounts } = view.state;
  const kept = chosen(view).some(({ folder }) => {
    const account = accounts.find(({ id }) => id === splitFolderId(folder).account);
    const role = account?.folders.find(({ id }) => id === folder)?.role ?? null;
    return account !== undefined && hasLabels(account.folders) && role !== 'trash' && role !== 'junk';
  });
  return kept ? 'Gmail deletes only what is in Trash: d moves it there, and D there deletes it.' : undefined;
}

export const destroyingCommands: readonly Command[] = [
  {
    id: 'delete-for-ever',
    group: 'Organising',
    title: 'Delete for ever',
    help: 'Asks with the count, and then deletes the message, or all that are marked, for good.',
    keys: ['D'],
    in: BOTH,
    synonyms: ['expunge', 'purge'],
    disabled: view => cannotAct(view) ?? onlyTrash(view),
    run: context => {
      const view = { state: context.state(), data: context.data };
      const messages = chosen(view);
      const count = countOf(messages);
      if (count === 0) return;
      const about = whatOf(
        messages,
        ({ folder, uids }) => view.data.folder(folder)?.envelope(uids[0] ?? 0)?.subject,
      );
      const accounts = messages.map(({ folder }) => splitFolderId(folder).account);
      const lines = question(view, accounts, count === 1 ? `"${about}" is` : `${about} are`);
      const act = { t: 'destroy', messages } as const;
      context.change(state => push(state, { t: 'confirm', title: 'Delete for ever', lines, act }));
    },
  },
  emptying('trash', 'Trash', ['empty', 'empty-trash']),
  emptying('junk', 'Junk', ['empty-junk', 'empty-spam']),
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
      const { effects } = context;
      if (act.t === 'empty') effects.empty(act.folder);
      else if (act.t === 'remove-folder') effects.removeFolder(act.folder);
      else if (act.t === 'empty-to-trash') effects.emptyToTrash(act.folder);
      else if (act.t === 'archive') effects.file(act.messages, 'archive');
      else if (act.t === 'clean') effects.storage.clean(act.accounts);
      else if (act.t === 'drop') effects.dropOperation(act.account, act.operation);
      else effects.destroy(act.messages);
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
];
