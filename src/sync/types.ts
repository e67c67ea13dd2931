// The contract between the engine and a protocol, and between the engine and whoever shows its state.
// What a protocol can't do is said in Caps; nothing throws "unsupported".
import type { Offline } from '../config/types.ts';
import type { AccountId, FolderId, MessageId } from '../mail/types.ts';
import type { Operation } from '../store/types.ts';
import type { TmailError } from '../util/errors.ts';
import type { Warning } from './pop3/plan.ts';

/** What a check of a maildrop found or is going to do that a person should know first. */
export type MaildropWarning = Warning;

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

/** Resolves when it is durable. */
export type Rest = () => Promise<void>;

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
  /** How full the account is there; null: the server does not report it. Absent: nobody can be asked. */
  quota?(): Promise<readonly QuotaRoot[] | null>;
  /** Asks what limits the folders that were not asked about yet, and tells what is known then, once. */
  quotaOfFolders?(tell: (roots: readonly QuotaRoot[] | null) => void): AsyncGenerator<Progress>;
  /**
   * One queued operation → server; safe to repeat. Resolves to what is left to do here, if anything: it may go on
   * while the next operation is sent. @throws TmailError; kind `rejected` rolls it back.
   */
  push(op: Operation): Promise<Rest | null>;
  /** The store has forgotten an operation that went well. */
  settled?(op: Operation): Promise<void>;
  /** The server's folder has a message with this Message-ID. Absent: nobody can be asked. */
  holds?(folder: FolderId, messageId: string): Promise<boolean>;
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
  /** Messages that are not sent yet, or of which nobody knows. Absent: nobody counts. */
  readonly outbox?: number;
  /** POP3, between two checks: when the next one begins. Milliseconds since 1970. */
  readonly nextCheck?: number | null;
  /** POP3; null before the account's memory was read in this run. */
  readonly maildrop?: MaildropFacts | null;
  /** IMAP, as last told: the fullest root; null: the server does not report one; absent: not asked yet. */
  readonly quota?: QuotaUse | null;
  /** IMAP: all roots, that of the inbox first. Absent: none is known. */
  readonly quotaRoots?: readonly QuotaRoot[];
  /** How often the server refused something in this run because there is no room left. Absent: never. */
  readonly noRoom?: number;
  /** The server told unasked that a limit is passed (RFC 9208 section 4.3.1): its last words, which are hostile text. */
  readonly overQuota?: { readonly text: string; readonly times: number };
  /**
   * What the server wants the person to know (ALERT, RFC 9051 section 7.1), each text once in this run, in order. Hostile
   * text. Absent: nothing.
   */
  readonly alerts?: readonly string[];
}

/** How full an account is on its server: the fullest of its quota roots (RFC 9208). */
export interface QuotaUse {
  readonly usedBytes: number;
  /** 0: what is there is not limited by its size. */
  readonly limitBytes: number;
  readonly usedMessages?: number;
  /** Absent: their number is not limited. */
  readonly limitMessages?: number;
}

/** One of the things that limit an account (RFC 9208 section 3.1). */
export interface QuotaRoot extends QuotaUse {
  /** As the server calls it, often ''. Hostile text. */
  readonly name: string;
  /** Paths of the folders that it limits, as far as they were asked about. Hostile text. */
  readonly folders: readonly string[];
}

/** What is known here of a POP3 account's maildrop, without asking the server. */
export interface MaildropFacts {
  /** The last check that went through, milliseconds since 1970; null: none yet. */
  readonly lastCheck: number | null;
  readonly onServer: {
    readonly messages: number;
    readonly bytes: number;
    /** When the oldest of them was first seen here. Milliseconds since 1970. */
    readonly oldest: number | null;
  };
  /** How many of them are here too, whole or by their heads, by the account in whose folders they are. */
  readonly alsoHere: Readonly<Record<AccountId, number>>;
  /** Messages that the next check deletes there, as far as is known here. */
  readonly willDelete: number;
  /** Of those: held by the last check until the person knows. */
  readonly held: number;
  /** Over the size limit: only the head is here. */
  readonly placeholders: {
    readonly messages: number;
    readonly bytes: number;
    /** Hostile text. */
    readonly largest: { readonly subject: string; readonly bytes: number } | null;
  };
  /** Left alone at the first check, as `firstRun` asked. */
  readonly skipped: number;
  /** Left for the next check by the session's limits. */
  readonly later: number;
  /** Of the last check in this run, or of the one that runs, as soon as it knows. */
  readonly warnings: readonly MaildropWarning[];
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
  /** POP3: what the person should know; no failure. */
  readonly warnings?: readonly MaildropWarning[];
  /** What the server wants the person to know (RFC 9051 section 7.1, ALERT); absent: nothing. Hostile text. */
  readonly alerts?: readonly string[];
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
  /** The person agrees to deletions that a POP3 check holds back: the next check makes them. Durable. */
  agree?(): Promise<void>;
  /**
   * IMAP: what of the mail is fetched to stay here from now on, until the program ends; `folders`: what of some folders
   * otherwise, by their paths; as before where it is absent. Nothing here is removed; what is missing is looked for again.
   */
  keep?(offline: Offline, folders?: Readonly<Record<string, Offline>>): void;
  /** Cancels what runs in the background until the next refresh or push. */
  cancel(): void;
  /** Resolves when nothing is under way above prefetching: for tests and for quitting. */
  settled(): Promise<void>;
  /** push, pull (bodies as `offline` asks), stop; for `tmail sync`. */
  syncOnce(folder: FolderId | null, onProgress?: (p: Progress) => void): Promise<SyncReport>;
  /**
   * Sends what is queued, fetches nothing; connects for it where it was not started. Rejects with why nothing could be
   * sent; what the server refused is told as the store's trouble.
   */
  push?(signal: AbortSignal): Promise<void>;
  /**
   * The server's folder has a message with this Message-ID. Rejects when nobody can be asked now; absent: never.
   */
  holds?(folder: FolderId, messageId: string): Promise<boolean>;
  stop(): Promise<void>;
}
