// The contract between the engine and a protocol, and between the engine and whoever shows its state.
// What a protocol can't do is said in Caps; nothing throws "unsupported".
import type { AccountId, FolderId, MessageId } from '../mail/types.ts';
import type { Operation } from '../store/types.ts';
import type { TmailError } from '../util/errors.ts';

export interface Caps {
  readonly folders: boolean;
  readonly flags: boolean;
  readonly move: boolean;
  readonly push: boolean;
  readonly serverSearch: boolean;
  readonly quota: boolean;
}

export interface Progress {
  /** For the status row: `Inbox`, a subject, … Hostile text. */
  readonly label: string;
  readonly done: number;
  /** 0: unknown. */
  readonly total: number;
  /** What is counted; messages or folders when absent. */
  readonly unit?: 'bytes';
}

/** How much of a message is wanted: its text, or all of its bytes. */
export type BodyWanted = 'text' | 'whole';

export interface Session {
  readonly caps: Caps;
  /** Once; a closed session can't be reopened. @throws TmailError network, tls, auth, protocol */
  connect(signal: AbortSignal): Promise<void>;
  /** Server's folders → store, with counts. */
  folders(): Promise<void>;
  /** Where `folders` could not bring the counts in one command: asks folder by folder. */
  counts?(): AsyncGenerator<Progress>;
  /** Server → store. Repeatable and resumable; every yield is a safe stop. */
  pull(folder: FolderId): AsyncGenerator<Progress>;
  /** Makes the message durable on disk. Repeatable; nothing is fetched when it is there already. */
  body(id: MessageId, wanted: BodyWanted): AsyncGenerator<Progress>;
  /** Fetches in the background what `offline` asks for and is not here yet. */
  prefetch(folder: FolderId): AsyncGenerator<Progress>;
  /** One queued operation → server; safe to repeat. @throws TmailError; kind `rejected` rolls it back. */
  push(op: Operation): Promise<void>;
  /** Until aborted: calls `dirty` when a folder may have changed. `open` is the folder on the screen. */
  watch(open: FolderId | null, dirty: (folder: FolderId) => void, signal: AbortSignal): Promise<void>;
  /** Rejects or resolves when the line is gone. */
  readonly closed: Promise<TmailError | null>;
  /** Ends every pending call with `cancelled`. Repeatable. */
  close(): Promise<void>;
}

export type Phase =
  | 'stopped' // disabled, or not started
  | 'connecting'
  | 'online'
  | 'offline' // tries again by itself at `retryAt`
  | 'attention'; // needs the person: sign-in, certificate, configuration

export interface AccountStatus {
  readonly account: AccountId;
  readonly phase: Phase;
  /** Why offline or attention. */
  readonly error: TmailError | null;
  /** Milliseconds since 1970. */
  readonly retryAt: number | null;
  /** What is under way, most important first. */
  readonly progress: readonly Progress[];
  /** Operations that the server has not confirmed. */
  readonly queued: number;
  readonly lastSync: number | null;
}

/** One line of `tmail sync --json`. */
export interface SyncReport {
  readonly account: AccountId;
  readonly protocol: 'imap' | 'pop3';
  readonly received: number;
  readonly sent: number;
  readonly pushed: number;
  readonly deletedOnServer: number;
  readonly onServer: number;
  readonly errors: readonly TmailError[];
}

/** One account's motor: connects, keeps up, replays, reconnects. Never throws at its caller; see `status`. */
export interface Engine {
  readonly account: AccountId;
  readonly caps: Caps;
  status(): AccountStatus;
  subscribe(listener: () => void): () => void;
  start(): void;
  /** The folder on the screen: pulled first, then watched by push. */
  show(folder: FolderId | null): void;
  /** Ahead of everything else. Rejects with the reason (offline and not here: `body.offline`). */
  body(id: MessageId, wanted: BodyWanted): Promise<void>;
  /** Pull all folders now; reconnects at once when offline. */
  refresh(): void;
  /** Cancels what runs in the background until the next refresh or push. */
  cancel(): void;
  /** Resolves when nothing is under way above prefetching: for tests and for quitting. */
  settled(): Promise<void>;
  /** push, pull (bodies as `offline` asks), stop; for `tmail sync`. */
  syncOnce(folder: FolderId | null, onProgress?: (p: Progress) => void): Promise<SyncReport>;
  stop(): Promise<void>;
}
