// What takes room, as the storage screen shows it. Bytes throughout; names and subjects are hostile text.
import type { AccountId, FolderId, LocalUid } from '../../mail/types.ts';

/** The four questions that the storage screen answers. */
export type About = 'messages' | 'folders' | 'senders' | 'here';

export interface LargeMessage {
  readonly folder: FolderId;
  readonly uid: LocalUid;
  readonly size: number;
  readonly from: string;
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly date: number;
}

export interface FolderSpace {
  readonly account: AccountId;
  readonly folder: FolderId;
  /** As they are known here; of an IMAP folder that is not listed in full yet, those that are. */
  readonly messages: number;
  /** As its server counts them. */
  readonly there: number;
  /** Of whole messages, as the server (or the file) says. */
  readonly bytes: number;
  /** Message files on this computer. */
  readonly files: number;
  readonly fileBytes: number;
}

export interface SenderSpace {
  /** In lower case; '' for mail without a sender. */
  readonly address: string;
  readonly name: string;
  readonly messages: number;
  readonly bytes: number;
}

/** One account, or one sender's mail in it. */
export interface Space {
  readonly account: AccountId;
  readonly looked: number;
  readonly total: number;
  /** All was looked at. */
  readonly complete: boolean;
  /** The largest first. */
  readonly messages: readonly LargeMessage[];
  readonly folders: readonly FolderSpace[];
  readonly senders: readonly SenderSpace[];
}
