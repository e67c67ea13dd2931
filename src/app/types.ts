// The contract between the program without a screen (app) and whoever shows it (ui), feeds it keys and starts it.
import type { Config, NoticeWay } from '../config/types.ts';
import type { AccountId, FolderId, MessageId } from '../mail/types.ts';
import type { Outgoing } from '../outgoing/types.ts';
import type { Store } from '../store/types.ts';
import type { BodyWanted, Engine } from '../sync/types.ts';
import type { ExportReport } from '../transfer/export.ts';
import type { Format } from '../transfer/marker.ts';
import type { TmailError } from '../util/errors.ts';
import type { Pace } from '../util/pace.ts';
import type { Parser } from '../worker/types.ts';
import type { Arrivals } from './arrivals.ts';

/** The whole state library: a value, its readers, and batches that notify once. */
export interface Observable<T> {
  get(): T;
  set(next: T): void;
  /** Listeners run once after the outermost batch. */
  batch(change: () => void): void;
  subscribe(listener: () => void): () => void;
}

/**
 * A key as one word: the character itself (`j`, `G`, `?`), or a name (`enter esc tab space backspace delete up down
 * left right home end pgup pgdn f1`…), with `C-`, `M-`, `S-` in front where held (`C-d`, `S-tab`). Space is `space`.
 */
export type Key = string;

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What the program may ask of the terminal that it runs in. */
export interface Terminal {
  /** Ctrl-Z: gives the terminal back to the shell, stops this process, redraws on return. */
  suspend(): void;
  /** Ctrl-L. */
  redraw(): void;
  /** The terminal's bell. */
  bell(): void;
  /** Tells the person by the bell or by a notice of the terminal's own; the bell where it has none. Absent: bell. */
  notify?(ways: readonly NoticeWay[], text: string): void;
  /** Gives the terminal to another program while `run` goes on, and takes it back whatever becomes of that. */
  lend?<T>(run: () => Promise<T>): Promise<T>;
}

/** Nothing can be changed: another tmail has the store, that one has ended, or the disk takes no writes. */
export type ReadOnly = 'other' | 'ended' | 'disk';

export interface Owner {
  /** Has it put a message's file on the disk, and sees it. */
  ask(id: MessageId, wanted: BodyWanted): Promise<void>;
  /** Repeatable. */
  runs(): Promise<boolean>;
  /** Leaves the screen and comes back, as the owner unless somebody else was faster. */
  takeOver(start: AppDeps['start']): void;
}

export interface AppDeps {
  readonly config: Config;
  readonly store: Store;
  /** In the order of the configuration. */
  readonly engines: readonly Engine[];
  /** What the engines tell of new mail; absent: nothing. */
  readonly arrivals?: Pick<Arrivals, 'subscribe'>;
  /** The engines' own: told of every key. */
  readonly pace?: Pick<Pace, 'touched'>;
  readonly parser: Parser;
  readonly terminal: Terminal;
  /** Drafts, and what sends them; null: nothing can be sent from here. */
  readonly outgoing: Outgoing | null;
  /** Leaves a mailing list by one POST (RFC 8058). @throws TmailError `unsubscribe.failed` and the network's */
  readonly postUnsubscribe?: (url: string) => Promise<void>;
  /** Where VISUAL, EDITOR and HOME are looked for. */
  readonly env?: NodeJS.ProcessEnv;
  readonly now: () => number;
  /** Where to start; null: the inbox of the default account. */
  readonly start: { readonly account: AccountId | null; readonly folder: string | null };
  /** Why nothing can be changed; null: it can. */
  readonly readOnly: 'other' | 'disk' | null;
  /** The process whose store this is; only where `readOnly` is `other`. */
  readonly owner?: Owner;
  /** What is odd in the configuration: said once the screen is up. */
  readonly warnings?: readonly TmailError[];
  /** Free bytes on the disk that the mail is on. Absent: nobody can say. */
  readonly freeSpace?: () => Promise<number>;
  /** Exports the mail of all accounts; absent where there is none. */
  readonly exportAll?: (wish: ExportWish) => Promise<readonly ExportOutcome[]>;
  /** First screen without a configuration: what its choices do. */
  readonly firstRun: FirstRun | null;
}

export interface ExportWish {
  readonly format: Format;
  /** Absolute. */
  readonly to: string;
  readonly signal: AbortSignal;
  readonly onProgress: (account: AccountId, folder: string, done: number, total: number) => void;
}

/** Of one account. */
export type ExportOutcome = Pick<
  ExportReport,
  'account' | 'verified' | 'written' | 'damaged' | 'notHere' | 'partial' | 'complete' | 'error' | 'format'
>;

export interface FirstRun {
  /** Where the configuration is looked for. */
  readonly configPath: string;
  /** Starts the demo in place of this screen. */
  demo(): void;
  /** Reads the configuration again: starts with it and resolves with null, or with what is wrong, as sentences. */
  reread?(): Promise<string | null>;
}

export interface App<S> {
  readonly state: Observable<S>;
  press(key: Key): void;
  /** Text pasted in one piece (bracketed paste); never taken as commands. */
  paste(text: string): void;
  resize(size: Size): void;
  /** Opens what a person would open, for tests and the command line. */
  open(target: FolderId | MessageId): void;
  /** No key pending, store flushed, engines settled, reader loaded. */
  settled(): Promise<void>;
  /** Makes durable what is being written: after a mistake that ends the program. Never rejects. */
  rescue(): Promise<void>;
  /** Begins a clean end, as `q` on the top screen does; repeatable. */
  quit(): void;
  /** Resolves with the exit status after a quit: everything durable, engines stopped. */
  readonly ended: Promise<number>;
}
