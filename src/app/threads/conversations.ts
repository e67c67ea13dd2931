// The conversations of every account, as far as they are known: one index an account over all its folders, and the
// folders that were looked through. Filled by follow.ts; read by lists and commands.
import { splitFolderId } from '../../mail/ids.ts';
import type { Threadable } from '../../mail/threads/identity.ts';
import { ThreadIndex } from '../../mail/threads/thread-index.ts';
import type { AccountId, Envelope, FolderId, LocalUid } from '../../mail/types.ts';
import type { FolderStore } from '../../store/types.ts';

/** A folder's number and a message's in one safe integer. */
const FOLDER = 2 ** 32;

export const placeOf = (folder: number, uid: LocalUid): number => folder * FOLDER + uid;
export const folderNumber = (place: number): number => Math.floor(place / FOLDER);
export const uidOf = (place: number): LocalUid => place % FOLDER;

export interface Place {
  readonly folder: FolderStore;
  readonly uid: LocalUid;
}

export class AccountThreads {
  readonly account: AccountId;
  readonly index: ThreadIndex;
  /** Every message of the account has been looked at. */
  ready = false;
  /** By number; those that were looked through, or are being. */
  readonly folders = new Map<number, FolderStore>();

  constructor(account: AccountId, seed: number) {
    this.account = account;
    this.index = new ThreadIndex({ seed });
  }

  put(folder: number, uid: LocalUid, envelope: Envelope): void {
    this.index.put(threadable(placeOf(folder, uid), envelope));
  }

  /** Undefined: its folder is gone. */
  messageAt(place: number): Place | undefined {
    const folder = this.folders.get(folderNumber(place));
    return folder && { folder, uid: uidOf(place) };
  }
}

/** Which folder of which account, for code that asks for every message of a long list. */
export interface Whereabouts {
  of(folder: FolderStore): { readonly account: AccountId; readonly folder: number };
}

export function createWhereabouts(): Whereabouts {
  const known = new WeakMap<FolderStore, ReturnType<typeof splitFolderId>>();
  return {
    of(folder) {
      const found = known.get(folder) ?? splitFolderId(folder.record.id);
      known.set(folder, found);
      return found;
    },
  };
}

export interface Conversations {
  /** Undefined until somebody has begun to look through the account. */
  of(account: AccountId): AccountThreads | undefined;
  /** Makes it where there is none. */
  begin(account: AccountId): AccountThreads;
  /** A folder that was looked through. */
  folder(id: FolderId): FolderStore | undefined;
}

/** @param seed makes a secret of this run: nobody can write Message-IDs that are taken for each other */
export function createConversations(seed: () => number): Conversations {
  const accounts = new Map<AccountId, AccountThreads>();
  return {
    of: account => accounts.get(account),
    begin(account) {
      const known = accounts.get(account) ?? new AccountThreads(account, seed());
      accounts.set(account, known);
      return known;
    },
    folder(id) {
      const { account, folder } = splitFolderId(id);
      return accounts.get(account)?.folders.get(folder);
    },
  };
}

function threadable(place: number, envelope: Envelope): Threadable {
  const { messageId, inReplyTo, references, subject, date, attachments } = envelope;
  const files = (attachments ?? 0) > 0;
  return { place, messageId, inReplyTo, references, subject, date, files };
}
