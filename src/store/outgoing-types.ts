// What is written and sent, as the store keeps it: part of the store's public surface (types.ts).
import type { Draft, DraftId } from '../mail/compose/types.ts';
import type { MessageId } from '../mail/types.ts';
import type { ErrorFacts, ErrorKind, Retry } from '../util/errors.ts';

/** What is being written, each draft in a folder of its own with copies of what goes along. 0600, folders 0700. */
export interface DraftStore {
  /** Oldest first. One of a newer tmail, or a damaged one, is told as `trouble` and left out; its files stay. */
  list(): Promise<readonly { readonly draft: Draft; readonly savedAt: number }[]>;
  /** Null: there is none. */
  load(id: DraftId): Promise<Draft | null>;
  /** Durable when it resolves; the last one wins. */
  save(draft: Draft): Promise<void>;
  /** Copies a file beside the draft, which need not be saved yet. Durable. */
  attach(id: DraftId, bytes: Buffer | AsyncIterable<Buffer>): Promise<{ file: string; size: number }>;
  /** Absolute path of such a copy. @throws TmailError `id.malformed` */
  path(id: DraftId, file: string): string;
  /** With all its files. Repeatable. */
  remove(id: DraftId): Promise<void>;
  /** Clears away what a crash left; before anybody writes. Returns how much. */
  sweep(): Promise<number>;
}

/** One message on its way out, as it is kept. */
export interface OutboxRecord {
  /** [a-z0-9]{16}. */
  readonly id: string;
  /** `sending`: the end of the message may have left this computer. */
  readonly state: 'undo' | 'queued' | 'sending' | 'sent' | 'failed' | 'unknown';
  readonly subject: string;
  /** The envelope (RFC 5321): addresses alone. */
  readonly from: string;
  readonly recipients: readonly OutboxRecipient[];
  readonly messageId: string;
  /** Bytes on the wire. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly notBefore: number;
  readonly tries: number;
  readonly error: StoredFailure | null;
  /** What it was made from; '' a whole message from elsewhere. */
  readonly draft: DraftId | '';
  readonly origin: { readonly id: MessageId; readonly messageId: string; readonly mark: string } | null;
  readonly replaces: { readonly id: MessageId; readonly messageId: string } | null;
  readonly dsn: boolean;
  /** Bytes above 127 in it: BODY=8BITMIME. */
  readonly eightBit: boolean;
}

export interface OutboxRecipient {
  readonly address: string;
  readonly outcome: 'pending' | 'accepted' | 'deferred' | 'refused';
  /** The server's words. Hostile text. */
  readonly reply: string;
  /** The person agreed to leave it out. */
  readonly skipped: boolean;
}

export interface StoredFailure {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly retry: Retry;
  readonly facts: ErrorFacts;
}

/** One account's outbox. Whatever changes is durable when the promise resolves, or did not happen. */
export interface OutboxStore {
  /** In the order in which they were added, from memory. */
  records(): readonly OutboxRecord[];
  /** With its message; after a crash both are there, or neither. */
  add(record: OutboxRecord, bytes: Buffer): Promise<void>;
  /** Replaces the record with the same id; nothing when there is none. */
  put(record: OutboxRecord): Promise<void>;
  /** With its message. Repeatable. */
  remove(id: string): Promise<void>;
  /** The message's bytes. @throws TmailError `outbox.message-lost` */
  bytes(id: string): Promise<Buffer>;
}
