// What a command is. Keymap, palette, help, hints and the README's tables are all made from a list of these.
import type { Config } from '../../config/types.ts';
import type { DraftId, Identity } from '../../mail/compose/types.ts';
import type { Sort } from '../../mail/sort.ts';
import type { AccountId, Envelope, FolderId, MessageId, Role } from '../../mail/types.ts';
import type { OutboxId, Outgoing } from '../../outgoing/types.ts';
import type { FolderStore, Operation } from '../../store/types.ts';
import type { Engine } from '../../sync/types.ts';
import type { Contacts } from '../compose/completion.ts';
import type { Keymap } from '../keymap.ts';
import type { LayoutChoice } from '../layout.ts';
import type { Message } from '../listing/envelopes.ts';
import type { ListId, Listing } from '../listing/types.ts';
import type { Answer, AppState, ChooserLayer, LayerName, Level, LineLayer, Messages } from '../state.ts';
import type { StorageEffects } from '../storage/storage.ts';
import type { MutedThread } from '../threads/folds.ts';
import type { FirstRun, Key } from '../types.ts';

/** Where a key means something: the topmost layer. */
export type Context = LayerName;

export const GROUPS = [
  'Moving',
  'Reading',
  'Folders',
  'Marking',
  'Writing',
  'Composing',
  'Editing',
  'Organising',
  'Searching',
  'Program',
] as const;
export type Group = (typeof GROUPS)[number];

/** What the state refers to by id, from memory; nothing here waits. */
export interface Data {
  /** An opened folder. */
  folder(id: FolderId): FolderStore | undefined;
  /** From memory; rows of a list may be here although their folder has let go of them. */
  envelope(message: Message): Envelope | undefined;
  /** What is in the list; undefined while it is read from the disk. */
  listing(state: AppState): Listing | undefined;
  /** This list is to be shown by conversation; it is once the mail has been looked through. */
  threadsWanted(state: AppState, list: ListId): boolean;
  engine(account: AccountId): Engine | undefined;
  /** What waits for the account's server, in order, and whether it may go yet. */
  queue(account: AccountId): readonly Operation[];
  isReady(account: AccountId, op: Operation): boolean;
  readonly commands: readonly Command[];
  readonly keymap: Keymap;
  readonly config: Config;
  readonly firstRun: FirstRun | null;
  /** The way out; null: mail can't be written here. */
  readonly outgoing: Outgoing | null;
  /** Whom a recipient's field could mean. */
  readonly contacts: Contacts;
  /** Who may write: each account's, in the order of the configuration. */
  readonly identities: readonly Identity[];
  /** All mail can be exported from here. */
  readonly exports: boolean;
}

/** What the composer and the outbox set in motion. */
export interface WritingEffects {
  compose(): void;
  /** A reply, a forward …: the composer opens at once and is filled when the message is here. */
  answer(how: AnswerHow, id: MessageId): void;
  /** Goes on with a message of a Drafts folder, which is replaced then. */
  recall(id: MessageId): void;
  /** Writes to the address of a mailto: link. */
  mailto(url: string): void;
  /** Asks, and then leaves the list that the opened message came from. */
  unsubscribe(): void;
  /** Puts a draft on the screen; null: takes the composer away, the draft stays. */
  show(draft: DraftId | null): void;
  /** Looks for what speaks against sending, asks about it, and sends. */
  send(draft: DraftId): void;
  /** Into the Drafts folder. */
  postpone(draft: DraftId): void;
  /** Asks what becomes of a draft that is left. */
  leave(draft: DraftId): void;
  /** Another program for the text. */
  edit(draft: DraftId): void;
  preview(draft: DraftId): void;
  /** What is under the cursor was chosen. */
  choose(chooser: ChooserLayer): void;
  /** Lists the templates to choose from: for a new message, or to go into this draft. */
  templates(into: DraftId | null): void;
  /** Takes a path, or a text to look for, of the prompt. */
  accept(prompt: LineLayer): void;
  /** Looks up what the path could go on with. */
  complete(prompt: LineLayer): void;
  /** A paste into the composer: may be a file. */
  paste(draft: DraftId, text: string): void;
  /** What was answered to a question. */
  answered(answer: Answer): void;
  /** Out of the outbox, into the composer again. */
  takeBack(id: OutboxId): void;
  sendNow(id: OutboxId): void;
  retry(id: OutboxId): void;
  assumeSent(id: OutboxId): void;
}

export type AnswerHow =
  | 'reply'
  | 'replyAll'
  | 'replyList'
  | 'forward'
  | 'forwardAttached'
  | 'bounce'
  | 'editAsNew';

/** Everything a command may set in motion besides a change of state. Each returns at once. */
export interface Effects {
  /** Shows a folder, or a list over all accounts. */
  openFolder(id: ListId, cursor?: 'first-unread' | 'last-unread'): void;
  openMessage(id: MessageId): void;
  /** Opens the store of a tmail that has ended, to change it. */
  takeOver(): void;
  /** Sets and clears flags (wire names). */
  flag(messages: readonly Messages[], add: readonly string[], remove: readonly string[]): void;
  /** To the folder of each account that is for this, which is made where there is none. */
  file(messages: readonly Messages[], role: 'trash' | 'archive' | 'junk' | 'inbox'): void;
  /** Moves messages to a folder, of another account too. */
  move(messages: readonly Messages[], to: FolderId): void;
  copy(messages: readonly Messages[], to: FolderId): void;
  /** The same again, with these. */
  repeat(messages: readonly Messages[]): void;
  /** Asks about all messages of the folder that are older than what the prompt says, or says why it can't. */
  archiveOlder(folder: FolderId, age: string): void;
  /** Marks the messages of the list that have these words. */
  markBy(words: string): void;
  /** Takes an operation out of the queue, with what builds on it: the person was asked. */
  dropOperation(account: AccountId, operation: string): void;
  /** Deletes messages for good: the person was asked. */
  destroy(messages: readonly Messages[]): void;
  /** Deletes all messages of a folder for good: the person was asked. */
  empty(folder: FolderId): void;
  /** Takes the last step back. */
  undo(): void;
  /** Makes a folder where the account's folders are; these messages go there when it is made. A prompt says why it can't. */
  createFolder(account: AccountId, path: string, move?: readonly Messages[]): void;
  renameFolder(folder: FolderId, path: string): void;
  /** With the folders in it: the person was asked where there is mail, which goes to Trash. */
  removeFolder(folder: FolderId): void;
  /** All mail of the folder goes to Trash: the person was asked. */
  emptyToTrash(folder: FolderId): void;
  subscribeFolder(folder: FolderId, on: boolean): void;
  /** What the account uses the folder for; null: nothing. */
  assignRole(folder: FolderId, role: Role | null): void;
  /** Runs `then` once every position of the folder in the list is known: at once when it is already. */
  whenLoaded(then: () => void): void;
  /** Shows it so from now on. */
  chooseLayout(choice: LayoutChoice): void;
  /** Puts the list on the screen into another order, which is remembered. */
  sort(sort: Sort): void;
  /** Fetches every account's news now. */
  refresh(): void;
  /** Lets the account delete on its server what it holds back, now. */
  agree(account: AccountId): void;
  /** Stops what runs in the background; false when nothing ran. */
  cancel(): boolean;
  /** Saves attachments of the opened message. */
  save(parts: readonly number[]): void;
  /** Reads the opened message's file for the raw view. */
  loadRaw(): void;
  /** Mutes the conversation of this message, or lets it be heard again. */
  mute(folder: FolderStore, uid: number): void;
  unmute(thread: MutedThread): void;
  /** Lists the muted conversations. */
  showMuted(): void;
  /** This list is shown by conversation from now on, or not. */
  threadsOn(list: ListId, on: boolean): void;
  /** Counts what is kept here of each account, for its screen. */
  countCopies(): void;
  /** What takes room, and what is kept here. */
  readonly storage: StorageEffects;
  /** Asks where an export of all mail goes. */
  askExport(): void;
  /** Begins the export that the prompt describes. */
  beginExport(): void;
  suspend(): void;
  redraw(): void;
  quit(): void;
  readonly writing: WritingEffects;
  demo(): void;
  rereadConfig(): void;
}

/** What `disabled` looks at. */
export interface View {
  readonly state: AppState;
  readonly data: Data;
}

export interface CommandContext {
  /** The state now; changes show at once. */
  state(): AppState;
  change(step: (state: AppState) => AppState): void;
  say(level: Level, text: string): void;
  readonly data: Data;
  readonly effects: Effects;
  /** Number typed before the key, or null. */
  readonly count: number | null;
  /** The last key of the sequence: which digit, for commands that stand on several. */
  readonly key: Key;
  /** Runs another command as if its key had been pressed; says why when it can't. */
  run(id: string): void;
}

export interface Hint {
  /** One or two words. */
  readonly label: string;
  /** The higher, the longer it stays when the row gets narrow. */
  readonly rank: number;
  /** Shown as a pair with this command: `j/k move`. */
  readonly with?: string;
  /** Only in these contexts; otherwise wherever the command works. */
  readonly in?: readonly Context[];
}

export interface Command {
  /** Stable; the name in the configuration's `ui.keys`. */
  readonly id: string;
  readonly group: Group;
  /** A few words in the imperative. */
  readonly title: string;
  /** One sentence. */
  readonly help: string;
  /** As in the configuration: `j`, `gg`, `C-d`, `enter`. */
  readonly keys: readonly string[];
  readonly in: readonly Context[];
  /** Its keys work only in these; elsewhere it is run by its name. */
  readonly keysIn?: readonly Context[];
  /** What the peers call it, and its names after `:`. */
  readonly synonyms?: readonly string[];
  readonly hint?: Hint;
  /** Belongs to a later version of tmail: always disabled, never hinted. */
  readonly later?: true;
  /** Moves something inside an overlay; of no use when run from the palette. */
  readonly hidden?: true;
  /** The id of another command that this key runs here instead. */
  instead?(view: View, key: Key): string | undefined;
  /** Why it can't act now: a sentence for the person. */
  disabled?(view: View): string | undefined;
  run(context: CommandContext): void;
}

/** A line of input over whatever is on the screen; Esc takes it away. */
export const PROMPT_CONTEXTS: readonly Context[] = [
  'palette',
  'picker',
  'labels',
  'find',
  'filter',
  'prompt',
  'line',
];
/** Contexts in which printable keys are text. */
export const TEXT_CONTEXTS: readonly Context[] = [...PROMPT_CONTEXTS, 'compose'];
/** Contexts in which printable keys are commands; a question takes only its answers. */
export const KEY_CONTEXTS: readonly Context[] = [
  'list',
  'reader',
  'drawer',
  'help',
  'accounts',
  'log',
  'parts',
  'links',
  'link',
  'outbox',
  'queue',
  'preview',
  'storage',
];
export const EVERYWHERE: readonly Context[] = [
  ...KEY_CONTEXTS,
  ...TEXT_CONTEXTS,
  'first-run',
  'confirm',
  'review',
  'chooser',
  'ask',
];
