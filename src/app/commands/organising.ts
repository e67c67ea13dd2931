// Commands that file, move, copy and take back: what they act on is chosen, what they do is the effects'.
import { splitFolderId } from '../../mail/ids.ts';
import { INBOX_LABEL, leavesByLabel } from '../../mail/labels.ts';
import type { FolderId, Role } from '../../mail/types.ts';
import { EMPTY_FIELD, fieldOf } from '../field.ts';
import { foldersOf, isArchived, schemeOf } from '../organising/destinations.ts';
import { hasFlag } from '../organising/flags.ts';
import { cannotChange } from '../read-only.ts';
import { chosen, meant, onMarks } from '../selection.ts';
import { folderRecord, target } from '../selectors.ts';
import { type Messages, push } from '../state.ts';
import type { Command, Context, View } from './command.ts';
import { isDraft } from './draft-here.ts';

export const BOTH: readonly Context[] = ['list', 'reader'];

/** Why nothing can be done with what is chosen. */
export function cannotAct(view: View): string | undefined {
  const why = cannotChange(view.state);
  if (why) return why;
  if (onMarks(view.state)) return undefined;
  const found = target(view);
  if (!found) return 'There is no message here.';
  return found.folder.flags(found.uid) === undefined ? 'This message is gone from its folder.' : undefined;
}

const roleOf = ({ state }: View, folder: FolderId): Role | null => folderRecord(state, folder)?.role ?? null;

/** Those that are not where they would go. */
type Going = (view: View, messages: readonly Messages[]) => readonly Messages[];

interface Filing {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly keys: readonly string[];
  readonly synonyms: readonly string[];
  readonly label: string;
  readonly rank: number;
  readonly going: Going;
  /** Said where all of them are there already. */
  readonly already: string;
  readonly role: (view: View) => 'trash' | 'archive' | 'junk' | 'inbox';
}

function filing({ going, already, role, label, rank, ...rest }: Filing): Command {
  return {
    ...rest,
    group: 'Organising',
    in: BOTH,
    hint: { label, rank },
    disabled: view => cannotAct(view) ?? (going(view, meant(view)).length > 0 ? undefined : already),
    run: context => {
      const view = { state: context.state(), data: context.data };
      context.effects.file(going(view, chosen(view)), role(view));
    },
  };
}

const notIn =
  (role: Role): Going =>
  (view, messages) =>
    messages.filter(({ folder }) => roleOf(view, folder) !== role);

const notArchived: Going = ({ state, data }, messages) =>
  messages.flatMap(group => {
    const record = folderRecord(state, group.folder);
    if (!record) return [];
    if (leavesByLabel(foldersOf(state, record.account), record.role)) {
      const there = data.folder(group.folder);
      const has = there && hasFlag(there);
      const uids = group.uids.filter(uid => has?.(uid, INBOX_LABEL));
      return uids.length > 0 ? [{ ...group, uids }] : [];
    }
    const config = data.config.accounts.find(({ id }) => id === record.account);
    return isArchived(state, record, schemeOf(config)) ? [] : [group];
  });

const allJunk = (view: View): boolean => meant(view).every(({ folder }) => roleOf(view, folder) === 'junk');

export const organisingCommands: readonly Command[] = [
  filing({
    id: 'delete',
    title: 'Delete',
    help: 'Moves the message, the marked ones or the folded conversation to Trash; u brings them back.',
    keys: ['d'],
    synonyms: ['trash'],
    label: 'delete',
    rank: 68,
    going: notIn('trash'),
    already: 'It is in Trash already; D deletes it for good.',
    role: () => 'trash',
  }),
  {
    ...filing({
      id: 'archive',
      title: 'Archive',
      help: 'Moves to Archive, or to its folder of the year or month; e goes on with a draft.',
      keys: ['a', 'e'],
      synonyms: [],
      label: 'archive',
      rank: 66,
      going: notArchived,
      already: 'It is in Archive already.',
      role: () => 'archive',
    }),
    // Nobody archives a draft, and e is what edits elsewhere.
    instead: (view, key) => (key === 'e' && isDraft(view) ? 'edit-as-new' : undefined),
  },
  {
    id: 'archive.older',
    group: 'Organising',
    title: 'Archive everything older',
    help: 'Asks for an age, counts, asks again, and archives all older messages of the folder in the list.',
    keys: [],
    in: ['list'],
    synonyms: ['archive-older', 'archive old'],
    disabled: ({ state }) =>
      cannotChange(state) ??
      (state.folder === null ? 'This works in one folder, not over several.' : undefined),
    run: context => {
      const { folder } = context.state();
      if (folder === null) return;
      const act = { t: 'archive-older', folder } as const;
      const about = 'Days, or a number with w, m or y: 90, 8 w, 6 m, 2 y.';
      const prompt = { t: 'prompt', title: 'Archive older than', about, field: fieldOf('1 y') } as const;
      context.change(state => push(state, { ...prompt, problem: null, busy: false, act }));
    },
  },
  {
    id: 'move',
    group: 'Organising',
    title: 'Move to folder',
    help: 'Moves to the folder whose name has the letters that you type, of any account, or to a new one.',
    keys: ['s'],
    in: BOTH,
    synonyms: ['save', 'mv'],
    hint: { label: 'move', rank: 47 },
    disabled: cannotAct,
    run: context => {
      const messages = chosen({ state: context.state(), data: context.data });
      const [first] = messages;
      if (!first) return;
      const move = { account: splitFolderId(first.folder).account, messages };
      context.change(state => push(state, { t: 'picker', field: EMPTY_FIELD, cursor: 0, move }));
    },
  },
  {
    id: 'copy',
    group: 'Organising',
    title: 'Copy to folder',
    help: 'Puts a copy into the folder whose name has the letters that you type, of any account.',
    keys: ['gC'],
    in: BOTH,
    synonyms: ['cp'],
    disabled: cannotAct,
    run: context => {
      const messages = chosen({ state: context.state(), data: context.data });
      const [first] = messages;
      if (!first) return;
      const move = { account: splitFolderId(first.folder).account, messages, copy: true } as const;
      context.change(state => push(state, { t: 'picker', field: EMPTY_FIELD, cursor: 0, move }));
    },
  },
  filing({
    id: 'junk',
    title: 'Junk, or not',
    help: 'Moves to Junk, or what is in Junk back to the inbox.',
    keys: ['X'],
    synonyms: ['spam', 'not junk'],
    label: 'junk',
    rank: 15,
    going: (view, messages) => (allJunk(view) ? messages : notIn('junk')(view, messages)),
    already: 'It is in Junk already.',
    role: view => (allJunk(view) ? 'inbox' : 'junk'),
  }),
  {
    id: 'repeat',
    group: 'Organising',
    title: 'Repeat the last action',
    help: 'Does again what was done last with messages, with what is chosen now.',
    keys: ['.'],
    in: BOTH,
    synonyms: ['again'],
    disabled: view =>
      cannotAct(view) ?? (view.state.deed ? undefined : 'Nothing was done with messages yet.'),
    run: context => {
      const state = context.state();
      if (state.deed?.t === 'destroy') context.run('delete-for-ever');
      else context.effects.repeat(chosen({ state, data: context.data }));
    },
  },
  {
    id: 'undo',
    group: 'Organising',
    title: 'Undo',
    help: 'Takes back what was just sent, as long as it waits, and what was last done with mail, step by step.',
    keys: ['u'],
    // Wherever something is done that can be taken back.
    in: [...BOTH, 'drawer', 'storage'],
    synonyms: ['undelete'],
    disabled: ({ state }) => (state.undo.length > 0 ? undefined : 'There is nothing to undo.'),
    run: context => context.effects.undo(),
  },
];
