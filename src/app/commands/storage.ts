// Commands of the storage screen: what fills the mailbox, what of it is here, and what of that may go.
import type { AccountId } from '../../mail/types.ts';
import { cannotChange } from '../read-only.ts';
import { accountOf, folderRecord } from '../selectors.ts';
import { type AppState, type KeepPlace, push, replaceTop, type StorageLayer, topLayer } from '../state.ts';
import { keptOf } from '../storage/policy.ts';
import type { About } from '../storage/types.ts';
import { ABOUTS, storageLayer, underCursor } from '../storage/view.ts';
import type { Command, CommandContext, Context, View } from './command.ts';

const HERE: readonly Context[] = ['storage'];
const BOTH: readonly Context[] = ['accounts', 'storage'];
const ONLY_HERE = 'This folder is only on this computer: all of it is kept.';
const ONLY_HERE_POP3 = 'The mail of a POP3 account is only here: all of it is kept.';

/** The account that is meant: under the cursor, else the one that the screen is about; null: all. */
function accountMeant(state: AppState): AccountId | null {
  const layer = topLayer(state);
  if (layer.t === 'accounts') return state.accounts[layer.cursor]?.id ?? null;
  const shown = storageLayer(state);
  if (!shown) return state.accounts.length === 1 ? (state.accounts[0]?.id ?? null) : null;
  const row = underCursor(state);
  if (row?.t === 'account') return row.account;
  if (row?.t === 'folder') return row.folder.account;
  return shown.account ?? (state.accounts.length === 1 ? (state.accounts[0]?.id ?? null) : null);
}

/** What `p` is about: the folder under the cursor, else the account. */
function placeMeant(state: AppState): KeepPlace | null {
  const account = accountMeant(state);
  const row = topLayer(state).t === 'accounts' ? undefined : underCursor(state);
  const record = row?.t === 'folder' ? folderRecord(state, row.folder.folder) : undefined;
  if (record) return { account: record.account, path: record.path };
  return account === null ? null : { account };
}

const configOf = ({ data }: View, id: AccountId | null) => data.config.accounts.find(one => one.id === id);

const folderAt = (state: AppState, { account, path }: KeepPlace) =>
  accountOf(state, account)?.folders.find(record => record.path === path);

/** Accounts of which something can be fetched again. */
function imapAccounts(view: View): readonly AccountId[] {
  const meant = accountMeant(view.state);
  return view.state.accounts
    .map(({ id }) => id)
    .filter(id => (meant === null || id === meant) && configOf(view, id)?.protocol === 'imap');
}

function turn(context: CommandContext, by: 1 | -1): void {
  const layer = topLayer(context.state());
  if (layer.t !== 'storage') return;
  const at = ABOUTS.indexOf(layer.about) + by;
  show(context, layer, ABOUTS[(at + ABOUTS.length) % ABOUTS.length] ?? 'messages');
}

function show(context: CommandContext, layer: StorageLayer, about: About): void {
  context.change(state => replaceTop(state, { ...layer, about, sender: null, cursor: 0 }));
  if (layer.sender !== null) context.effects.storage.measure(null);
}

export const storageCommands: readonly Command[] = [
  {
    id: 'storage.open',
    group: 'Program',
    title: 'What fills my mailbox',
    help: 'Shows the largest messages, folders and senders, and what is kept on this computer.',
    keys: ['f'],
    keysIn: ['accounts'],
    in: ['accounts', 'list', 'reader', 'drawer'],
    synonyms: ['storage', 'largest', 'quota', 'disk usage', 'du', 'space'],
    hint: { label: 'what fills it', rank: 58 },
    disabled: ({ state }) => (state.accounts.length === 0 ? 'There is no account yet.' : undefined),
    run: context => {
      const state = context.state();
      const account = topLayer(state).t === 'accounts' ? accountMeant(state) : null;
      context.change(before =>
        push(before, { t: 'storage', about: 'messages', account, sender: null, cursor: 0 }),
      );
      context.effects.storage.measure(null);
    },
  },
  {
    id: 'storage.next',
    group: 'Program',
    title: 'Next view',
    help: 'Goes round: largest messages, folders, senders, and what is on this computer.',
    keys: ['tab'],
    in: HERE,
    hint: { label: 'next view', rank: 75 },
    run: context => turn(context, 1),
  },
  {
    id: 'storage.previous',
    group: 'Program',
    title: 'Previous view',
    help: 'Goes round the other way.',
    keys: ['S-tab'],
    in: HERE,
    run: context => turn(context, -1),
  },
  {
    id: 'storage.account',
    group: 'Program',
    title: 'Another account',
    help: 'Shows the next account alone, and after the last one all together.',
    keys: ['w'],
    in: HERE,
    hint: { label: 'account', rank: 52 },
    disabled: ({ state }) => (state.accounts.length < 2 ? 'There is only one account.' : undefined),
    run: context =>
      context.change(state => {
        const layer = topLayer(state);
        if (layer.t !== 'storage') return state;
        const ids = [null, ...state.accounts.map(({ id }) => id)];
        const account = ids[(ids.indexOf(layer.account) + 1) % ids.length] ?? null;
        return replaceTop(state, { ...layer, account, cursor: 0 });
      }),
  },
  {
    id: 'storage.enter',
    group: 'Program',
    title: 'Open what is under the cursor',
    help: 'Opens the message or the folder; of a sender, shows the largest messages.',
    keys: ['enter', 'right'],
    in: HERE,
    hint: { label: 'open', rank: 80 },
    disabled: ({ state }) => (underCursor(state) ? undefined : 'There is nothing here yet.'),
    run: context => {
      const row = underCursor(context.state());
      const layer = topLayer(context.state());
      if (!row || layer.t !== 'storage') return;
      if (row.t === 'message') context.effects.storage.open(row.message);
      else if (row.t === 'folder') context.effects.openFolder(row.folder.folder);
      else if (row.t === 'account') context.run('storage.keep');
      else {
        const { address } = row.sender;
        context.change(state =>
          replaceTop(state, { ...layer, about: 'messages', sender: address, cursor: 0 }),
        );
        context.effects.storage.measure(address);
      }
    },
  },
  {
    id: 'storage.delete',
    group: 'Program',
    title: 'Delete this message',
    help: 'Moves the message under the cursor to Trash; in Trash, asks and deletes it for good.',
    keys: ['d'],
    in: HERE,
    hint: { label: 'delete', rank: 70 },
    disabled: ({ state }) =>
      cannotChange(state) ??
      (underCursor(state)?.t === 'message'
        ? undefined
        : 'Only messages are deleted here: Tab leads to the largest ones.'),
    run: context => {
      const row = underCursor(context.state());
      if (row?.t === 'message') context.effects.storage.remove(row.message);
    },
  },
  {
    id: 'storage.keep',
    group: 'Program',
    title: 'What is kept on this computer',
    help: 'Asks what of the account, or of the folder under the cursor, is kept here: all mail, the last days, the newest, texts alone, headers only or nothing (IMAP).',
    keys: ['p'],
    keysIn: BOTH,
    in: [...BOTH, 'list', 'drawer'],
    synonyms: ['offline', 'policy', 'keep', 'retention'],
    hint: { label: 'keep here', rank: 54, in: BOTH },
    disabled: view => {
      const why = cannotChange(view.state);
      if (why) return why;
      const meant = accountMeant(view.state);
      if (meant === null) return 'Of which account? w chooses one, on the storage screen.';
      const place = placeMeant(view.state);
      if (place?.path !== undefined && !folderAt(view.state, place)?.remote) return ONLY_HERE;
      return keptOf(view.state, configOf(view, meant)) === null ? ONLY_HERE_POP3 : undefined;
    },
    run: context => {
      const meant = placeMeant(context.state());
      if (meant !== null) context.effects.storage.askKeep(meant);
    },
  },
  {
    id: 'storage.clean',
    group: 'Program',
    title: 'Remove what can be fetched again',
    help: 'Asks, and removes message files that are not to be kept here; the mail stays on its server (IMAP).',
    keys: ['C'],
    keysIn: BOTH,
    in: [...BOTH, 'list', 'drawer'],
    synonyms: ['clean', 'free', 'prune'],
    hint: { label: 'clean', rank: 48, in: BOTH },
    disabled: view =>
      cannotChange(view.state) ??
      (imapAccounts(view).length > 0
        ? undefined
        : 'The mail of a POP3 account is only here: nothing of it can be fetched again.'),
    run: context =>
      context.effects.storage.askClean(imapAccounts({ state: context.state(), data: context.data })),
  },
];
