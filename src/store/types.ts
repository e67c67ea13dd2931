// The store's public surface. The store is the only truth that the screen reads and the only part that writes
// mail to disk. Nothing here knows a protocol or a screen.
import type { Sort } from '../mail/sort.ts';
import type {
  AccountId,
  Envelope,
  Flags,
  FolderId,
  LocalUid,
  RawRef,
  RemoteRef,
  Role,
} from '../mail/types.ts';
import type { TmailError } from '../util/errors.ts';
import type { NewAppend, NewOperation, Operation } from './operation-types.ts';
import type { DraftStore, OutboxStore } from './outgoing-types.ts';

export type * from './operation-types.ts';
export type * from './outgoing-types.ts';

/** What changed, by id; whoever listens reads again. A lost or merged event costs nothing. */
export type StoreEvent =
  | { readonly t: 'folders'; readonly account: AccountId } // the list, names, roles, counts
  // messages, flags, bodies of one folder
  | {
      readonly t: 'folder';
      readonly folder: FolderId;
      readonly messages?: ArrangedMessages;
      /** Which others got or lost flags; absent: none. */
      readonly flags?: readonly LocalUid[];
    }
  | { readonly t: 'queue'; readonly account: AccountId }
  // Something was set aside, or a write failed; or an operation was refused: its targets are those that this is about,
  // `subjects` theirs, as far as they are known. Hostile text.
  | {
      readonly t: 'trouble';
      readonly error: TmailError;
      readonly operation?: Operation;
      readonly subjects?: readonly string[];
    };

/**
 * Which messages a change put (new ones, and such whose envelope may be another now) and which it took away; `all`:
 * anything may have. Absent in an event: none came, none went. Only for who wants not to look at all of them.
 */
export type ArrangedMessages =
  | 'all'
  | { readonly put: readonly LocalUid[]; readonly gone: readonly LocalUid[] };

export interface OpenStoreOptions {
  /** The data directory; made 0700 when absent. */
  readonly dir: string;
  /** `owner`: fails with `store.locked` when another process owns it. `reader`: never writes anything. */
  readonly mode: 'owner' | 'reader';
  readonly now?: () => number;
}

export interface Store {
  readonly dir: string;
  readonly mode: 'owner' | 'reader';
  /** Accounts that have something on disk or were asked for. */
  accounts(): readonly AccountId[];
  /** Opens (and for an owner creates) an account's part; cheap: reads one small file. */
  account(id: AccountId): Promise<AccountStore>;
  /** Called after each visible change, synchronously; must not throw. Returns the unsubscribe function. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  /** What is being written; absent: this store keeps none. */
  readonly drafts?: DraftStore;
  /** How a person likes to look at mail; absent: this store remembers nothing of that. */
  readonly settings?: Settings;
  /** Resolves when everything changed so far is durable; rejects with the storage error that prevented it. */
  flush(): Promise<void>;
  /** flush, then lets go of the lock. Repeatable. */
  close(): Promise<void>;
}

/** Of one list: a folder's, or one over all accounts. Absent: as it is by itself. */
export interface ListSettings {
  readonly sort?: Sort;
  /** By conversation. */
  readonly threads?: boolean;
}

export interface SettingsShape {
  /** By the list's id. */
  readonly lists: Readonly<Record<string, ListSettings>>;
  /** Message-IDs of the first messages of conversations whose answers are not told. */
  readonly muted: Readonly<Record<AccountId, readonly string[]>>;
  /** The layout chosen for each class of width. */
  readonly layout: Readonly<Record<string, string>>;
  /** What was said of each account's quota already. Absent: nothing. */
  readonly quota?: Readonly<Record<AccountId, QuotaSaid>>;
}

export interface QuotaSaid {
  /** How many thresholds each root has crossed, by its name. */
  readonly levels: readonly (readonly [root: string, level: number])[];
  /** That there is no room left. */
  readonly full: boolean;
}

export interface Settings {
  /** From memory; another object after a change. */
  get(): SettingsShape;
  /** At once in memory; durable within a moment, and by `flush` and `close` of the store. A reader's stays in memory. */
  change(step: (settings: SettingsShape) => SettingsShape): void;
}

export interface FolderCounts {
  readonly total: number;
  readonly unread: number;
}

/** How far the copy of a server's folder goes. Values of 64 bits are decimal strings. */
export interface FolderSync {
  readonly uidValidity: string | null;
  readonly uidNext: number;
  readonly highestModseq: string | null;
  /**
   * The first pull goes downwards: every message with this UID or above is here (as far as it existed when
   * pulled). 1 when the copy is complete, null before the first pull.
   */
  readonly filledDownTo: number | null;
  /** While the first pull goes on: the number that the next older message gets. Absent: below the oldest here. */
  readonly nextSlot?: number;
}

export interface FolderRecord {
  readonly id: FolderId;
  readonly account: AccountId;
  /** The server's path in Unicode, or the local folder's name. Hostile text. */
  readonly path: string;
  /** Last level of the path. Hostile text. */
  readonly name: string;
  readonly delimiter: string;
  readonly role: Role | null;
  readonly subscribed: boolean;
  /** False for \Noselect and \NonExistent. */
  readonly selectable: boolean;
  /** Exists on a server, or is on its way to one; false: exists only on this computer. */
  readonly remote: boolean;
  /** What the server calls it when that differs from `path` (a renaming waits); null: the server does not have it yet. */
  readonly serverPath?: string | null;
  /** The server's word (STATUS) where there is one, adjusted by local changes; else counted here. */
  readonly counts: FolderCounts;
}

/** What a session found on the server, or a local folder to be made. */
export interface FolderInfo {
  readonly path: string;
  readonly name: string;
  readonly delimiter: string;
  readonly role: Role | null;
  readonly subscribed: boolean;
  readonly selectable: boolean;
  readonly remote: boolean;
  readonly counts?: FolderCounts;
  /** The server's path for it until somebody else renamed it there: it keeps its number and what is in it. */
  readonly was?: string;
}

export interface AccountStore {
  readonly id: AccountId;
  /** In the server's order, from memory. */
  folders(): readonly FolderRecord[];
  /** Replaces the list: same path keeps its number; a vanished one is dropped (its files are kept until swept). */
  setFolders(infos: readonly FolderInfo[]): Promise<void>;
  setCounts(folder: FolderId, counts: FolderCounts): void;
  /**
   * Makes a folder, with the missing ones above it: `here` only on this computer (`/` between levels), `server` also
   * there (the server's delimiter between levels), when the queue comes to it. Unless said, where the account's folders
   * are. Durable when it resolves. @throws TmailError `folder.name` (folder, reason), `folder.exists` (folder)
   */
  createFolder(path: string, where?: 'here' | 'server'): Promise<FolderId>;
  /**
   * Gives a folder another path, and all below it with it; a server's is renamed there when the queue comes to it.
   * Durable when it resolves.
   * @throws TmailError as createFolder; `folder.role`, `folder.within-itself` (folder)
   */
  renameFolder(id: FolderId, path: string): Promise<void>;
  /**
   * Removes a folder and all below it. Durable when it resolves. One that exists only here has to be empty; made again,
   * it has its id again. A server's is removed there when the queue comes to it, and its messages' files are kept until
   * then. @throws TmailError `folder.not-empty` (folder, count), `folder.role` (folder)
   */
  removeFolder(id: FolderId): Promise<void>;
  /** Whether other programs show this folder; told to the server when the queue comes to it. Durable when it resolves. */
  subscribe?(id: FolderId, on: boolean): Promise<void>;
  /**
   * What the person uses this folder for; null: nothing. Beats what the server and the names say, and one folder has
   * a role: another one loses it. Durable when it resolves. @throws TmailError `folder.unknown`
   */
  setRole?(id: FolderId, role: Role | null): Promise<void>;
  /** The folder that the server calls so, renamings that wait considered. */
  serverFolderId?(path: string): FolderId | undefined;
  /** Opens a folder: reads its summary and newest shard only. The same object for the same id. */
  folder(id: FolderId): Promise<FolderStore>;
  readonly raw: RawStore;
  /**
   * Resolves when what a crash left has been looked through, which goes on in the background after opening: until
   * then, message files without a message may become messages.
   */
  recovered?(): Promise<void>;
  /** Exports and imports that are remembered; absent: this store remembers none. */
  readonly exports?: ExportRecord;
  /** Operations made here that the server has not confirmed, in order, from memory. */
  queue(): readonly Operation[];
  /**
   * Applies an operation here and queues it in one step: at once in memory (events are sent before it returns),
   * durable when the promise resolves. After a crash it is either both or neither; applying is repeatable. What no
   * server has to hear of (a move of mail that is only here) is settled by itself.
   */
  commit(op: NewOperation): Promise<Operation>;
  /**
   * Names the next `append` beforehand, so that a deletion may wait for it (`after`) that is durable before the message
   * is: after a crash in between the deletion is taken back. Absent: it can't be waited for.
   */
  announce?(): string;
  /**
   * Puts a message into a folder, and on its way to the server. At once in memory and durable when it resolves; after a
   * crash it is both or neither. Absent: this store takes none. @throws TmailError `copy.differs` (folder): of `verify`
   */
  append?(message: NewAppend): Promise<Operation>;
  /** The server has the message of this operation, there (null: it did not say where). Durable, repeatable. */
  appended?(id: string, remote: RemoteRef | null): Promise<void>;
  /**
   * The server has the targets of this move or copy there (null: it did not say where), in their order. Durable,
   * repeatable. Later operations on the landed messages learn it.
   */
  moved?(
    id: string,
    places: readonly (RemoteRef | null)[],
    /** Only these targets, in the order of `places`; absent: the first ones. */
    uids?: readonly LocalUid[],
  ): Promise<void>;
  /**
   * These targets are not on the server any more: forgotten here, also where they landed, and reported as `trouble`;
   * the rest of the operation goes on. Durable, repeatable.
   */
  gone?(id: string, uids: readonly LocalUid[], error: TmailError): Promise<void>;
  /**
   * By the person: taken back here, together with all later operations that build on it, which are returned. Durable.
   * @throws TmailError `operation.under-way` when a try is running
   */
  drop?(id: string): Promise<readonly Operation[]>;
  /** False: it waits for another account's operation (`after`); a `queue` event follows when that changes. */
  ready?(op: Operation): boolean;
  /** Messages on their way out; absent: this store keeps none. */
  readonly outbox?: OutboxStore;
  /** Counts a try durably, before it is made. @throws TmailError `cancelled`: it is just being dropped */
  attempt(id: string): Promise<void>;
  /** The try is over, also without an answer; `settled` and `refused` say so by themselves. */
  tried?(id: string): void;
  /** The server has it: forgotten. */
  settled(id: string): Promise<void>;
  /**
   * The server said no: rolled back here where that is possible, forgotten, and reported as `trouble`. What has gone on
   * from where this operation brought it stays where it is: the operation that took it on starts where this one did.
   */
  refused(id: string, error: TmailError): Promise<void>;
}

/** An export that has everything which was here in full, read back and compared. */
export interface ExportNote {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly messages: number;
  readonly format: string;
  /** Where, as it was given, absolute. */
  readonly to: string;
  /** All accounts went there, each in a folder of its own. */
  readonly all?: boolean;
}

export interface ExportRecord {
  /** The last export of the whole account; null: never. Reads one small file. */
  last(): Promise<ExportNote | null>;
  /** Durable when it resolves. */
  note(note: ExportNote): Promise<void>;
  /**
   * Notes durably that an import has begun which will write message files from number `first` on. Returns where the
   * oldest import began that has not ended: what a crash made of its files has no flags and no arrival yet.
   */
  importBegins(first: number): Promise<number>;
  importEnded(): Promise<void>;
}

export interface NewMessage {
  readonly uid: LocalUid;
  readonly remote: RemoteRef | null;
  readonly flags: readonly string[];
  readonly envelope: Envelope;
  readonly raw?: RawRef;
}

/** One atomic step of a folder, from a pull or an operation. Repeatable. */
export interface FolderChange {
  /** Forget every message first (UIDVALIDITY changed); their numbers are never used again. */
  readonly reset?: boolean;
  readonly put?: readonly NewMessage[];
  /** The server's flags as wire names; pending operations stay on top of them. */
  readonly flags?: readonly { readonly uid: LocalUid; readonly flags: readonly string[] }[];
  readonly remove?: readonly LocalUid[];
  /** Like `remove`, but the message files stay: they are other messages' now. */
  readonly leave?: readonly LocalUid[];
  readonly raw?: readonly { readonly uid: LocalUid; readonly raw: RawRef | null }[];
  readonly sync?: FolderSync;
}

export interface FolderStore {
  readonly record: FolderRecord;
  /** Grows by at least one with every visible change. */
  readonly rev: number;
  readonly sync: FolderSync;
  /** Messages here. */
  readonly length: number;
  readonly unread: number;
  /** Position 0 is the newest (highest number). O(log n); undefined outside. */
  uidAt(position: number): LocalUid | undefined;
  /** -1 when it is not here (any more). */
  positionOf(uid: LocalUid): number;
  /** Undefined when the message is gone. */
  flags(uid: LocalUid): Flags | undefined;
  /** Keyword names for the bits from KEYWORD_BIT on. */
  readonly keywords: readonly string[];
  /** Undefined while its shard is not in memory (ask `ensure`) or when it is gone. Never touches the disk. */
  envelope(uid: LocalUid): Envelope | undefined;
  remote(uid: LocalUid): RemoteRef | null | undefined;
  raw(uid: LocalUid): RawRef | null | undefined;
  /** The message with this IMAP UID. */
  byRemoteUid(uid: number): LocalUid | undefined;
  byUidl(uidl: string): LocalUid | undefined;
  /** A server's folder: messages here whose place there is not known (landed, or made here). Complete after `loadAll`. */
  unplaced?(): readonly LocalUid[];
  /** All UIDLs here; complete after `loadAll`. */
  uidlNames?(): Iterable<string>;
  /**
   * The number of a message with this IMAP UID whose envelope was lost to damage: not here (`byRemoteUid` does not
   * find it), but putting it under this number brings it back to its place in the list.
   */
  vacant?(uid: number): LocalUid | undefined;
  /** Loads the envelopes of these positions (inclusive); an event follows when something was loaded. */
  ensure(from: number, to: number): Promise<void>;
  /** Loads flags and remote uids of every shard; needed before positions beyond the newest shard. */
  loadAll(): Promise<void>;
  /** All messages, newest first, a shard at a time, without keeping envelopes in memory. */
  scan(): AsyncGenerator<{ readonly uid: LocalUid; readonly flags: Flags; readonly envelope: Envelope }>;
  /** Numbers below this one are forgotten (`reset`): no message may be put there. */
  readonly floor?: LocalUid;
  /** Takes `count` consecutive new numbers and returns the first. Never handed out again, also after a crash. */
  reserve(count: number): LocalUid;
  /** In memory and visible at once; resolves when durable. Writes are grouped unless `now`. */
  apply(change: FolderChange, durable?: 'grouped' | 'now'): Promise<void>;
}

/** A message file, and whose it is. */
export interface RawFile {
  readonly n: number;
  /** The number of its folder, as in the folder's id. */
  readonly folder: number;
  readonly uid: LocalUid;
  /** Bytes. */
  readonly size: number;
}

/** Message files of one account: byte for byte as received, 0600, never overwritten. */
export interface RawStore {
  /**
   * Adds a message file. Files written in the same second are made durable together (RAW_BATCH); resolves when
   * this one is. `owner` says whose it is, so that an index can be rebuilt from the files alone.
   */
  write(
    bytes: Buffer | AsyncIterable<Buffer>,
    owner: { folder: FolderId; uid: LocalUid; remote: RemoteRef | null; partial: boolean },
  ): Promise<RawRef>;
  /**
   * Each file once more for another message: a hard link, or a copy where the disk has none. Durable. Null: there is no
   * such file. Absent: this store can't.
   */
  copyAll?(
    copies: readonly {
      readonly raw: RawRef;
      readonly owner: { folder: FolderId; uid: LocalUid; remote: RemoteRef | null };
    }[],
  ): Promise<(RawRef | null)[]>;
  /** Ends the wait of a batch: everything written so far becomes durable now. */
  flush(): Promise<void>;
  /** @throws TmailError `raw.missing`, `raw.damaged` (size or sha256 differ; symlinks are never followed). */
  read(ref: RawRef): Promise<Buffer>;
  /**
   * The same in pieces, for files that need not be in memory. What is wrong with the checksum shows only at the end.
   * @throws TmailError as `read`
   */
  stream(ref: RawRef): AsyncGenerator<Buffer>;
  /** What was written, by the manifest; null: not known. */
  checksum(ref: RawRef): Promise<{ readonly size: number; readonly sha256: string } | null>;
  /** Files with this number or a higher one were not there when the account was opened. */
  firstNew(): Promise<number>;
  /** Absolute path, for streaming and for the worker. */
  path(ref: RawRef): string;
  remove(ref: RawRef): Promise<void>;
  /** Bytes that the message files take. */
  usage(): Promise<number>;
  /** Every message file that is known, some hundred at a time. Absent: this store can't tell them apart. */
  files?(): AsyncGenerator<readonly RawFile[]>;
}
