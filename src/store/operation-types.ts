// What is done to mail and waits for a server to hear of it: part of the store's public surface (types.ts).
import type { AccountId, Envelope, FolderId, LocalUid, RemoteRef } from '../mail/types.ts';

/** One message of an operation: how it is found again, whatever happened to uids. */
export interface OperationTarget {
  readonly uid: LocalUid;
  readonly remote: RemoteRef | null;
  /** RFC 5322 Message-ID, to find it again after a UIDVALIDITY change. */
  readonly messageId: string;
}

export interface OnMessages {
  readonly folder: FolderId;
  readonly targets: readonly OperationTarget[];
}

export interface FlagsOperation extends OnMessages {
  readonly t: 'flags';
  /** Names as on the wire: \Seen, \Flagged, $Forwarded, … */
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export interface MoveOperation extends OnMessages {
  readonly t: 'move';
  /** Another folder of the same account. */
  readonly to: FolderId;
  /** The number of each target there. */
  readonly landing: readonly LocalUid[];
  /** Where the server has each target there, as far as it said so (`moved`); absent: of none. */
  readonly places?: readonly (RemoteRef | null)[];
}

/** Copies of messages in another folder of the account: each has a message file and a number of its own. */
export interface CopyOperation extends OnMessages {
  readonly t: 'copy';
  readonly to: FolderId;
  /** The number of each copy there. */
  readonly landing: readonly LocalUid[];
  /** As of a move. */
  readonly places?: readonly (RemoteRef | null)[];
}

/** For good: the message files go too. */
export interface DeleteOperation extends OnMessages {
  readonly t: 'delete';
  /**
   * The other half of a move to another account: until that operation is settled there, this one is not sent, its
   * files are kept, and it can be taken back.
   */
  readonly after?: OtherHalf;
  /** The other half was settled: its messages are in another account. */
  readonly moved?: true;
}

/** An operation of another account. */
export interface OtherHalf {
  readonly account: AccountId;
  readonly operation: string;
}

/** What is done to a server's folders: shown in the list at once. No targets; `folder` is the folder itself. */
export type FolderOperation = OnMessages &
  (
    | { readonly t: 'folder-create'; readonly path: string }
    | { readonly t: 'folder-rename'; readonly from: string; readonly path: string }
    | { readonly t: 'folder-delete'; readonly path: string }
    | { readonly t: 'folder-subscribe'; readonly path: string; readonly subscribed: boolean }
  );

/** A message that was made here: visible in its folder at once, on its way to the server's. One target. */
export interface AppendOperation extends OnMessages {
  readonly t: 'append';
  /** The folder's, should the server have lost it. */
  readonly path: string;
  /** Names as on the wire. */
  readonly flags: readonly string[];
  /** INTERNALDATE; milliseconds since 1970. */
  readonly date: number;
  /** Earlier versions: gone from here, and from the server when it has the new one. */
  readonly replaces: readonly OnMessages[];
  /** Once there, its size and Message-ID are compared before it counts as settled. */
  readonly verify?: boolean;
}

/** Changes made here. Idempotent by construction: absolute additions and removals, landing places named beforehand. */
export type OperationBody =
  | FlagsOperation
  | MoveOperation
  | CopyOperation
  | DeleteOperation
  | AppendOperation
  | FolderOperation;

/** A message to be put into a folder. */
export interface NewAppend {
  readonly folder: FolderId;
  readonly bytes: Buffer;
  /** Its envelope says what `bytes` say. */
  readonly envelope: Envelope;
  readonly flags: readonly string[];
  readonly date: number;
  /** False where no server has the folder. */
  readonly upload: boolean;
  readonly replaces?: readonly OnMessages[];
  /** As announced. */
  readonly id?: string;
  /** The number that it had there before, if that is free: it comes back to its place. Absent: a new one. */
  readonly uid?: LocalUid;
  /** See AppendOperation. What was written here is read again as well. */
  readonly verify?: boolean;
}

/**
 * As the person asks for it. Targets of a move, a copy or a deletion that are not here (any more) are left out. A move
 * takes new numbers unless `landing` names those that the messages had there before: that is how it is taken back.
 * Folder operations come by createFolder and its like.
 */
export type NewOperation =
  | FlagsOperation
  | DeleteOperation
  | (Omit<MoveOperation, 'landing' | 'places'> & { readonly landing?: readonly LocalUid[] })
  | (Omit<CopyOperation, 'landing' | 'places'> & { readonly landing?: readonly LocalUid[] });
export type Operation = OperationBody & {
  /** Unique for ever. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly tries: number;
};
