// What a command is. Keymap, palette, help, hints and the README's tables are all made from a list of these.
import type { Config } from '../../config/types.ts';
import type { AccountId, FolderId, LocalUid, MessageId } from '../../mail/types.ts';
import type { FolderStore } from '../../store/types.ts';
import type { Engine } from '../../sync/types.ts';
import type { Keymap } from '../keymap.ts';
import type { AppState, LayerName, Level, Messages } from '../state.ts';
import type { FirstRun, Key } from '../types.ts';

/** Where a key means something: the topmost layer. */
export type Context = LayerName;

export const GROUPS = [
  'Moving',
  'Reading',
  'Folders',
  'Marking',
  'Writing',
  'Organising',
  'Searching',
  'Program',
] as const;
export type Group = (typeof GROUPS)[number];

/** What the state refers to by id, from memory; nothing here waits. */
export interface Data {
  /** An opened folder. */
  folder(id: FolderId): FolderStore | undefined;
  engine(account: AccountId): Engine | undefined;
  readonly commands: readonly Command[];
  readonly keymap: Keymap;
  readonly config: Config;
  readonly firstRun: FirstRun | null;
  /** All mail can be exported from here. */
  readonly exports: boolean;
}

/** Everything a command may set in motion besides a change of state. Each returns at once. */
export interface Effects {
  openFolder(id: FolderId, cursor?: 'first-unread' | 'last-unread'): void;
  openMessage(id: MessageId): void;
  /** Sets and clears flags (wire names) of messages of the folder in the list. */
  flag(uids: readonly LocalUid[], add: readonly string[], remove: readonly string[]): void;
  /** Moves messages to another folder of their account. */
  move(from: FolderId, uids: readonly LocalUid[], to: FolderId): void;
  /** Deletes messages for good: the person was asked. */
  destroy(from: FolderId, uids: readonly LocalUid[]): void;
  /** Deletes all messages of a folder for good: the person was asked. */
  empty(folder: FolderId): void;
  /** Takes the last step back. */
  undo(): void;
  /** Makes a folder that exists only here; these messages go there when it is made. A prompt says why it can't. */
  createFolder(account: AccountId, path: string, move?: Messages): void;
  renameFolder(folder: FolderId, path: string): void;
  /** With the folders in it: the person was asked where there is mail, which goes to Trash. */
  removeFolder(folder: FolderId): void;
  /** Runs `then` once every position of the folder in the list is known: at once when it is already. */
  whenLoaded(then: () => void): void;
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
  /** Counts what is kept here of each account, for its screen. */
  countCopies(): void;
  /** Asks where an export of all mail goes. */
  askExport(): void;
  /** Begins the export that the prompt describes. */
  beginExport(): void;
  suspend(): void;
  redraw(): void;
  quit(): void;
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
  /** Why it can't act now: a sentence for the person. */
  disabled?(view: View): string | undefined;
  run(context: CommandContext): void;
}

/** Contexts in which printable keys are text. */
export const TEXT_CONTEXTS: readonly Context[] = ['palette', 'picker', 'find', 'prompt'];
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
];
export const EVERYWHERE: readonly Context[] = [...KEY_CONTEXTS, ...TEXT_CONTEXTS, 'first-run', 'confirm'];
