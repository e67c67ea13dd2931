// The folders of an operation, with all in memory that its step needs: at once where they are, else read first.
import type { AccountId, FolderId, LocalUid, RawRef } from '../mail/types.ts';
import type { TmailError } from '../util/errors.ts';
import type { AppendHost } from './appends.ts';
import type { EnvelopeShard } from './envelopes.ts';
import type { Folder } from './folder.ts';
import { envelopesNow, envelopesOf } from './moves.ts';
import type { OtherHalves } from './other-half.ts';
import type { PendingFolder } from './queue.ts';
import type { QueueFiles } from './queue-files.ts';
import type { RawOwner } from './raw.ts';
import { shardOf } from './shards.ts';
import type { FlagsOperation, NewOperation, Operation, StoreEvent } from './types.ts';

/** The account's list of folders, as far as operations change it. */
export interface FoldersHost {
  /** The operations on folders are others now: the list is shown anew. */
  again(): void;
  /** The server has done it; durable. */
  done(op: PendingFolder['op']): Promise<void>;
  /** It will not be done; in memory, and durable with the next `write`. */
  undone(op: PendingFolder['op']): void;
  write(): Promise<void>;
  delimiter(): string;
  /** It is in the list that is shown, not waiting to be removed. */
  isShown(id: FolderId): boolean;
}

export interface OperationsOptions {
  readonly folders: FoldersHost;
  readonly account: AccountId;
  readonly files: QueueFiles;
  readonly now: () => number;
  readonly emit: (event: StoreEvent) => void;
  /** The folder where it is in memory. */
  readonly opened: (id: FolderId) => Folder | undefined;
  /** The folder; null when there is none (any more). */
  readonly folder: (id: FolderId) => Promise<Folder | null>;
  /** The same for folders that vanished and whose files are still there. */
  readonly openedEver: (id: FolderId) => Folder | undefined;
  readonly folderEver: (id: FolderId) => Promise<Folder | null>;
  /** No number handed out so far will be handed out again. */
  readonly reserved: () => Promise<void>;
  /** These message files are these messages' from now on; durable. */
  readonly giveTo: (
    owners: readonly { readonly raw: RawRef; readonly owner: Omit<RawOwner, 'partial'> }[],
  ) => Promise<void>;
  /** Each file once more, for other messages; null where there is none to be copied. Durable. */
  readonly copyRaw: (
    copies: readonly { readonly raw: RawRef; readonly owner: Omit<RawOwner, 'partial'> }[],
  ) => Promise<(RawRef | null)[]>;
  /** Operations of other accounts that those here wait for, and the other way round. */
  readonly halves: OtherHalves;
  readonly writeRaw: AppendHost['writeRaw'];
  readonly readRaw: AppendHost['readRaw'];
  readonly removeRaw: AppendHost['removeRaw'];
  /** @throws TmailError for a folder that was never there. */
  readonly unknown: (id: FolderId) => TmailError;
}

/** Everything that needs all that is known of its messages. */
export type Removal = Exclude<NewOperation, FlagsOperation>;

/** The folders of a move or a deletion, with all that its step needs in memory. */
export interface Ready {
  readonly from: Folder;
  /** Of a deletion: none. */
  readonly to: Folder | null;
  readonly shards: ReadonlyMap<number, EnvelopeShard>;
}

type Where = Pick<OperationsOptions, 'opened' | 'folder' | 'unknown'>;

/** Null: it has to be read first. */
export function loadedFor(where: Where, op: FlagsOperation): Folder | null {
  const folder = where.opened(op.folder);
  if (!folder) return null;
  return op.targets.every(({ uid }) => isLoaded(folder, uid)) ? folder : null;
}

/** The operation's folder with the targets in memory; null when it is gone. */
export function loadFor(where: Where, op: Pick<Operation, 'folder' | 'targets'>): Promise<Folder | null> {
  return folderWith(
    where,
    op.folder,
    op.targets.map(({ uid }) => uid),
  );
}

export async function folderWith(
  where: Where,
  id: FolderId,
  uids: readonly LocalUid[],
): Promise<Folder | null> {
  const folder = await where.folder(id);
  await folder?.loadStates([...new Set(uids.map(shardOf))]);
  return folder;
}

export function readyNow(where: Where, op: Removal): Ready | null {
  const from = where.opened(op.folder);
  const to = op.t === 'delete' ? null : where.opened(op.to);
  if (!from || to === undefined || (from === to && op.t === 'move')) return null;
  const places = op.t === 'delete' ? [] : (op.landing ?? [to?.next ?? 1]);
  if (to && !places.every(uid => isLoaded(to, uid))) return null;
  const shards = envelopesNow(
    from,
    op.targets.map(({ uid }) => uid),
  );
  return shards && { from, to, shards };
}

/** @throws TmailError `folder.unknown` */
export async function makeReady(where: Where, op: Removal): Promise<Ready> {
  const from = await loadFor(where, op);
  if (!from) throw where.unknown(op.folder);
  let to: Folder | null = null;
  if (op.t !== 'delete') {
    const same = op.to === op.folder && op.t === 'move';
    to = same ? null : await folderWith(where, op.to, op.landing ?? []);
    if (!to) throw where.unknown(op.to);
    await to.loadStates([shardOf(to.next)]);
  }
  const shards = await envelopesOf(
    from,
    op.targets.map(({ uid }) => uid),
  );
  return { from, to, shards };
}

function isLoaded(folder: Folder, uid: LocalUid): boolean {
  return !folder.table.has(shardOf(uid)) || folder.table.state(shardOf(uid)) !== undefined;
}

/** No IMAP server has this folder: it exists only here, or is the inbox of a POP3 account. */
export function isAlone(folder: Folder): boolean {
  const { uidValidity, filledDownTo } = folder.sync;
  return !folder.record.remote || (uidValidity === null && filledDownTo === 1);
}
