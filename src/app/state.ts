// What the program knows at one moment, and the pure steps between such moments. No envelopes (the store is asked
// for those by id), no effects, nothing that waits.
import type { Keeping } from '../config/offline.ts';
import type { Offline, UiConfig } from '../config/types.ts';
import type { Unsubscribe } from '../mail/compose/list-headers.ts';
import type { DraftId } from '../mail/compose/types.ts';
import type { Sort } from '../mail/sort.ts';
import type { AccountId, FolderId, LocalUid, MessageId } from '../mail/types.ts';
import type { OutboxId, OutboxItem } from '../outgoing/types.ts';
import type { ExportNote, FolderRecord } from '../store/types.ts';
import type { AccountStatus, Progress } from '../sync/types.ts';
import type { Format } from '../transfer/marker.ts';
import type { ParsedMessage } from '../worker/types.ts';
import type { Writing } from './compose/writing.ts';
import type { Kills } from './editor/editing.ts';
import type { Field } from './field.ts';
import type { LayoutChoice } from './layout.ts';
import { EMPTY_VIEW, type ListView } from './list-view.ts';
import type { ListId, PaneTarget, RowKey } from './listing/types.ts';
import type { About, Space } from './storage/types.ts';
import type { Folds, MutedThread } from './threads/folds.ts';
import type { Key, ReadOnly, Size } from './types.ts';

export interface Messages {
  readonly folder: FolderId;
  readonly uids: readonly LocalUid[];
}

/** Messages that go to the folder that is picked, or to a new one of this account. */
export interface PickerMove {
  readonly account: AccountId;
  readonly messages: readonly Messages[];
  /** They stay where they are, and copies go. */
  readonly copy?: true;
}

/** What was done last with messages, to be done again with others. */
export type Deed =
  | { readonly t: 'file'; readonly role: 'trash' | 'archive' | 'junk' | 'inbox' }
  | { readonly t: 'move' | 'copy'; readonly to: FolderId }
  | { readonly t: 'flag'; readonly add: readonly string[]; readonly remove: readonly string[] }
  /** Asks again. */
  | { readonly t: 'destroy' };

/** Something that can be taken back. */
export interface UndoStep {
  readonly n: number;
  /** A subject, or how many. Hostile text. */
  readonly what: string;
  /** What was done with it, as a participle. Hostile text. */
  readonly deed?: string;
  /** It was sent, and waits for that in the outbox. */
  readonly sending?: OutboxId;
}

/** One of the answers to a question. */
export interface Choice {
  readonly key: Key;
  /** A few words. */
  readonly label: string;
  readonly answer: Answer;
  /** Enter means this one: it loses nothing. */
  readonly usual?: true;
}

/** Of which something is kept here: an account, or one of its folders alone. */
export interface KeepPlace {
  readonly account: AccountId;
  /** Hostile text. */
  readonly path?: string;
}

/** What an answer sets in motion; null: nothing, the question goes. */
export type Answer =
  | { readonly t: 'send'; readonly draft: DraftId }
  | { readonly t: 'postpone'; readonly draft: DraftId }
  | { readonly t: 'discard'; readonly draft: DraftId }
  | {
      readonly t: 'lose-html';
      readonly draft: DraftId;
      /** The message that it was recalled from stays in Drafts beside it. */
      readonly keep: boolean;
      readonly then: 'send' | 'postpone';
    }
  | { readonly t: 'attach'; readonly draft: DraftId; readonly paths: readonly string[] }
  | { readonly t: 'insert'; readonly draft: DraftId; readonly text: string }
  | { readonly t: 'outbox-drop'; readonly id: OutboxId }
  | { readonly t: 'outbox-retry'; readonly id: OutboxId; readonly to?: 'rest' }
  | { readonly t: 'quit'; readonly sendNow: boolean }
  | { readonly t: 'text'; readonly draft: DraftId; readonly text: string }
  | { readonly t: 'unsubscribe'; readonly way: Unsubscribe }
  | ({ readonly t: 'keep'; readonly offline: Offline | 'days' | 'newest' | 'account' } & KeepPlace)
  | null;

/** One step on the way in; Esc takes the topmost away. The first is always `list` or `first-run`. */
export type Layer =
  | { readonly t: 'first-run'; readonly problem: string | null }
  | { readonly t: 'list' }
  | { readonly t: 'reader' }
  | { readonly t: 'drawer'; readonly cursor: PaneTarget | null }
  | {
      readonly t: 'picker';
      readonly field: Field;
      readonly cursor: number;
      /** The messages that go to the chosen folder, or to a new one; absent: it is opened. */
      readonly move?: PickerMove;
    }
  | {
      readonly t: 'confirm';
      readonly title: string;
      /** Sentences. Hostile text. */
      readonly lines: readonly string[];
      /** What `y` is; `yes, for good` unless said. */
      readonly yes?: string;
      readonly act:
        | { readonly t: 'destroy'; readonly messages: readonly Messages[] }
        | { readonly t: 'clean'; readonly accounts: readonly AccountId[] }
        | { readonly t: 'empty'; readonly folder: FolderId }
        | { readonly t: 'archive'; readonly messages: readonly Messages[] }
        | { readonly t: 'drop'; readonly account: AccountId; readonly operation: string }
        | { readonly t: 'empty-to-trash'; readonly folder: FolderId }
        | { readonly t: 'remove-folder'; readonly folder: FolderId };
    }
  | {
      /** Asks for one line of text. */
      readonly t: 'prompt';
      readonly title: string;
      /** A sentence about it. Hostile text. */
      readonly about: string;
      readonly field: Field;
      /** Why the last answer would not do. Hostile text. */
      readonly problem: string | null;
      /** The answer is being made good. */
      readonly busy: boolean;
      readonly act:
        | { readonly t: 'create-folder'; readonly account: AccountId }
        | { readonly t: 'rename-folder'; readonly folder: FolderId }
        | { readonly t: 'archive-older'; readonly folder: FolderId }
        | { readonly t: 'mark-by' }
        | ({ readonly t: 'keep-count'; readonly by: 'days' | 'newest' } & KeepPlace)
        | { readonly t: 'export'; readonly format: Format };
    }
  /** Labels of messages: those that there are, to be set and taken away, and a new one. */
  | {
      readonly t: 'labels';
      readonly field: Field;
      readonly cursor: number;
      readonly messages: readonly Messages[];
    }
  /** What waits for an account's server. */
  | { readonly t: 'queue'; readonly account: AccountId; readonly cursor: number }
  | { readonly t: 'palette'; readonly field: Field; readonly cursor: number }
  | { readonly t: 'help'; readonly field: Field; readonly typing: boolean; readonly cursor: number }
  | { readonly t: 'accounts'; readonly cursor: number }
  | { readonly t: 'log'; readonly back: number }
  | { readonly t: 'parts'; readonly cursor: number }
  | { readonly t: 'links'; readonly cursor: number }
  | { readonly t: 'link'; readonly index: number }
  | { readonly t: 'find'; readonly field: Field }
  /** Narrows the list down as it is typed. */
  | { readonly t: 'filter'; readonly field: Field }
  | ComposeLayer
  /** The bar of what can be done with the draft below it. */
  | { readonly t: 'review' }
  | LineLayer
  | ChooserLayer
  | PreviewLayer
  | { readonly t: 'outbox'; readonly cursor: number }
  | StorageLayer
  | {
      readonly t: 'ask';
      readonly title: string;
      /** Sentences. Hostile text. */
      readonly lines: readonly string[];
      readonly choices: readonly Choice[];
    };

/** One of the identities, of the attachments, of the templates, or of the orders of a list. */
export type ChooserLayer =
  | { readonly t: 'chooser'; readonly about: 'identity' | 'attachment' | 'sort'; readonly cursor: number }
  | {
      readonly t: 'chooser';
      readonly about: 'muted';
      /** Muted conversations; null while they are looked up. */
      readonly muted: readonly MutedThread[] | null;
      readonly cursor: number;
    }
  | {
      readonly t: 'chooser';
      readonly about: 'template';
      /** The draft that it goes into; null: a new message. */
      readonly into: DraftId | null;
      /** Files; null while they are looked up. Hostile text. */
      readonly files: readonly string[] | null;
      readonly cursor: number;
    };

/** What takes room. */
export interface StorageLayer {
  readonly t: 'storage';
  readonly about: About;
  /** Null: all accounts together. */
  readonly account: AccountId | null;
  /** Only this one's messages: an address in lower case. Hostile text. */
  readonly sender: string | null;
  readonly cursor: number;
}

export interface ComposeLayer {
  readonly t: 'compose';
  /** Null while it is made ready: what is typed meanwhile waits. */
  readonly draft: DraftId | null;
  readonly waiting: readonly Typed[];
}

/** A key, or a paste. */
export type Typed = { readonly key: Key } | { readonly text: string };

/** A line of input in the hint row, with what completes it above. */
export interface LineLayer {
  readonly t: 'line';
  readonly about: 'find' | 'attach' | 'insert';
  readonly field: Field;
  /** Names that the field could go on with. Hostile text. */
  readonly choices: readonly string[];
  readonly cursor: number;
}

/** A draft as its recipients get it. */
export interface PreviewLayer {
  readonly t: 'preview';
  /** Null while it is made. Lines; hostile text. */
  readonly lines: readonly string[] | null;
  readonly top: number;
}

export type LayerName = Layer['t'];

export type Level = 'info' | 'warning' | 'error';

export interface Entry {
  readonly n: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: Level;
  /** One or more sentences. May quote a server: sanitise it. */
  readonly text: string;
}

export interface AccountView {
  readonly id: AccountId;
  readonly status: AccountStatus;
  readonly folders: readonly FolderRecord[];
  /** Operations that the server has not confirmed. */
  readonly queued: number;
}

export interface Copies {
  readonly total: number;
  /** Messages whose text is here. */
  readonly bodies: number;
  /** Bytes of the message files. */
  readonly bytes: number;
  /** When all of it was last exported and verified, and where to; null: never. */
  readonly exported: ExportNote | null;
}

export type HeaderMode = 'short' | 'full' | 'raw';

/** The message that was opened last. */
export interface ReaderState {
  readonly id: MessageId;
  readonly folder: FolderId;
  readonly uid: LocalUid;
  readonly phase: 'loading' | 'ready' | 'failed';
  /** Loading takes long enough to be mentioned. */
  readonly slow: boolean;
  /** Why it failed, with what to do. */
  readonly problem: string | null;
  /** Opens by itself when the account is connected again. */
  readonly waiting: boolean;
  readonly message: ParsedMessage | null;
  /** The file as text for the raw view, or null until asked for. */
  readonly raw: string | null;
  readonly headers: HeaderMode;
  readonly quotesOpen: boolean;
  /** First line of the body that is shown. */
  readonly top: number;
  readonly find: { readonly query: string; readonly line: number } | null;
}

export interface AppState {
  readonly size: Size;
  readonly ui: UiConfig;
  /** Why nothing can be changed; null: it can. */
  readonly readOnly: ReadOnly | null;
  /** For dates in rows and for countdowns; moves once a minute and with every event. Milliseconds since 1970. */
  readonly now: number;
  readonly stack: readonly [Layer, ...Layer[]];
  readonly layout: LayoutChoice;
  readonly accounts: readonly AccountView[];
  /** What is in the list. */
  readonly list: ListId | null;
  /** The folder in the list; null also where it shows messages of several. */
  readonly folder: FolderId | null;
  /** Grows whenever the content of an opened folder or of a list changes: readers of the store read again. */
  readonly revs: Readonly<Record<string, number>>;
  /** Which conversations are unfolded in which list. */
  readonly folds: Readonly<Record<string, Folds>>;
  readonly lists: Readonly<Record<string, ListView>>;
  /** By the list's id; absent: by arrival. */
  readonly sorts: Readonly<Record<string, Sort>>;
  /** What the list is narrowed down to; `cursor`: where it was before. Null: nothing. */
  readonly filter: { readonly text: string; readonly cursor: RowKey | null } | null;
  /** Marked messages, by the list that they were marked in. */
  readonly marks: Readonly<Record<string, ReadonlySet<MessageId>>>;
  readonly reader: ReaderState | null;
  /** The count and prefix typed so far; `shown`: for long enough that the choices are listed. */
  readonly pending: { readonly keys: readonly Key[]; readonly count: string; readonly shown: boolean };
  /** What is kept here of each account, once counted. */
  readonly copies: Readonly<Record<AccountId, Copies>>;
  /** Free bytes on the disk that the mail is on, as last looked at; null: not known. */
  readonly diskFree: number | null;
  /** What is kept here of an IMAP account since it was changed in this run; else it is as configured. */
  readonly kept: Readonly<Record<AccountId, Keeping>>;
  /** What takes room in each account, while somebody looks. */
  readonly space: Readonly<Record<AccountId, Space>>;
  /** The export that is under way: of which folder how much is through. */
  readonly exporting: (Pick<Progress, 'label' | 'done' | 'total'> & { readonly account: AccountId }) | null;
  /** What was done last with messages; null: nothing in this run. */
  readonly deed: Deed | null;
  /** Where a range of marks begins; null: none is being marked. */
  readonly range: {
    readonly list: string;
    readonly from: number;
    /** What was marked before. */
    readonly base: ReadonlySet<MessageId>;
  } | null;
  /** Messages with a star in the folders that are looked at over all accounts; null: not counted yet. */
  readonly starred: number | null;
  /** What can be taken back, the last step last. */
  readonly undo: readonly UndoStep[];
  /** What is being written, the oldest first: a tab each. */
  readonly drafts: readonly Writing[];
  /** What was cut in the composer, the newest first. */
  readonly kills: Kills;
  /** What is on its way out. */
  readonly outbox: readonly OutboxItem[];
  readonly toast: Entry | null;
  readonly log: readonly Entry[];
  /** Command ids, the last used first. */
  readonly recent: readonly string[];
  readonly quitting: boolean;
  /** Where the terminal's real cursor belongs: the selected row or the text field (zero-based cells). */
  readonly caret: { readonly row: number; readonly column: number } | null;
}

export const NO_PENDING: AppState['pending'] = { keys: [], count: '', shown: false };
const LOG_LENGTH = 500;
const RECENT_LENGTH = 12;

export interface Beginning {
  readonly size: Size;
  readonly ui: UiConfig;
  readonly readOnly: ReadOnly | null;
  readonly now: number;
  readonly firstRun: boolean;
}

export function initialState(from: Beginning): AppState {
  return {
    size: from.size,
    ui: from.ui,
    readOnly: from.readOnly,
    now: from.now,
    stack: [from.firstRun ? { t: 'first-run', problem: null } : { t: 'list' }],
    layout: {},
    accounts: [],
    list: null,
    folder: null,
    revs: {},
    folds: {},
    lists: {},
    sorts: {},
    filter: null,
    marks: {},
    reader: null,
    pending: NO_PENDING,
    copies: {},
    diskFree: null,
    kept: {},
    space: {},
    exporting: null,
    deed: null,
    range: null,
    starred: null,
    undo: [],
    drafts: [],
    kills: [],
    outbox: [],
    toast: null,
    log: [],
    recent: [],
    quitting: false,
    caret: null,
  };
}

export function topLayer(state: AppState): Layer {
  return state.stack[state.stack.length - 1] ?? state.stack[0];
}

const FLOATING: readonly LayerName[] = [
  'filter',
  'palette',
  'picker',
  'labels',
  'confirm',
  'prompt',
  'ask',
  'chooser',
  'line',
];

/** The screen under what floats over it. */
export function screenLayer(state: AppState): Layer {
  return state.stack.findLast(layer => !FLOATING.includes(layer.t)) ?? state.stack[0];
}

export function hasLayer(state: AppState, name: LayerName): boolean {
  return state.stack.some(layer => layer.t === name);
}

/** Opens a layer; one that is already open comes back to the top instead of opening twice. */
export function push(state: AppState, layer: Layer): AppState {
  const [first, ...rest] = state.stack;
  if (first.t === layer.t) return { ...state, stack: [layer] };
  return { ...state, stack: [first, ...rest.filter(other => other.t !== layer.t), layer] };
}

/** One step back; the first layer stays. */
export function pop(state: AppState): AppState {
  const [first, ...rest] = state.stack;
  return rest.length === 0 ? state : { ...state, stack: [first, ...rest.slice(0, -1)] };
}

/** Takes the layer away wherever it is. */
export function without(state: AppState, name: LayerName): AppState {
  const [first, ...rest] = state.stack;
  const kept = rest.filter(layer => layer.t !== name);
  return kept.length === rest.length ? state : { ...state, stack: [first, ...kept] };
}

/** Replaces the topmost layer by a changed one of the same kind. */
export function replaceTop(state: AppState, layer: Layer): AppState {
  const [first, ...rest] = state.stack;
  if (rest.length === 0) return { ...state, stack: [layer] };
  return { ...state, stack: [first, ...rest.slice(0, -1), layer] };
}

export function listOf(state: AppState, list: ListId): ListView {
  return state.lists[list] ?? EMPTY_VIEW;
}

export function setList(state: AppState, list: ListId, view: ListView): AppState {
  if (state.lists[list] === view) return state;
  return { ...state, lists: { ...state.lists, [list]: view } };
}

export function setReader(state: AppState, change: Partial<ReaderState>): AppState {
  const { reader } = state;
  if (reader === null) return state;
  const next = { ...reader, ...change };
  const same = (Object.keys(change) as (keyof ReaderState)[]).every(key => Object.is(reader[key], next[key]));
  return same ? state : { ...state, reader: next };
}

/** A message to the person: shown for a while, kept in the log. */
export function say(state: AppState, level: Level, text: string): AppState {
  const next = noted(state, level, text);
  return { ...next, toast: next.log[next.log.length - 1] ?? null };
}

/** Only for the log. */
export function noted(state: AppState, level: Level, text: string): AppState {
  const last = state.log[state.log.length - 1];
  const entry: Entry = { n: (last?.n ?? 0) + 1, at: state.now, level, text };
  return { ...state, log: [...state.log, entry].slice(-LOG_LENGTH) };
}

/** Takes the toast away; `n` names the one meant, so that a late timer does not take a newer one. */
export function hush(state: AppState, n?: number): AppState {
  if (state.toast === null || (n !== undefined && state.toast.n !== n)) return state;
  return { ...state, toast: null };
}

export function remember(state: AppState, command: string): AppState {
  const others = state.recent.filter(id => id !== command);
  return { ...state, recent: [command, ...others].slice(0, RECENT_LENGTH) };
}
