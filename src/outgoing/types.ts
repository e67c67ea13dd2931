// The contract of the way out: drafts that survive, the outbox that sends them, and what became of each. Above the
// store, beside sync; knows no screen. Every sentence about it stands in app/messages.ts.
import type { Draft, DraftId, DraftProblem } from '../mail/compose/types.ts';
import type { AccountId, MessageId } from '../mail/types.ts';
import type { TmailError } from '../util/errors.ts';

/** [a-z0-9]{16}: names its files; shown by `tmail outbox`. */
export type OutboxId = string;

export type OutboxState =
  | 'undo' // may be taken back until `notBefore`
  | 'queued' // goes when the server can be reached
  | 'sending' // DATA may be under way
  | 'sent' // the server has taken it; its copy is being filed
  | 'failed' // refused for good (5xx, or nothing that a later try cures): waits for the person
  | 'unknown'; // the line broke, or tmail died, between DATA and the answer: the person is asked

export interface RecipientOutcome {
  readonly address: string;
  readonly outcome: 'pending' | 'accepted' | 'deferred' | 'refused';
  /** The server's words, one line. Hostile text. '' before it spoke. */
  readonly reply: string;
}

export interface OutboxItem {
  readonly id: OutboxId;
  readonly account: AccountId;
  readonly state: OutboxState;
  /** Hostile text, as are all addresses. */
  readonly subject: string;
  readonly from: string;
  readonly recipients: readonly RecipientOutcome[];
  /** Without angle brackets; the same for every try. */
  readonly messageId: string;
  /** Bytes on the wire. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Not handed over earlier: the time to undo, or the next try. Milliseconds since 1970. */
  readonly notBefore: number;
  readonly tries: number;
  /** Why it is not sent yet, or never. */
  readonly error: TmailError | null;
  /** It can be opened in the composer again. A whole message from the command line can't. */
  readonly editable: boolean;
}

/** A draft as the list of drafts on this computer shows it. */
export interface DraftRecord {
  readonly draft: Draft;
  /** Milliseconds since 1970. */
  readonly savedAt: number;
}

export interface SendOptions {
  /** Milliseconds in which it can be taken back. */
  readonly undo: number;
}

/** Every method that changes something resolves when that is durable, and rejects with a TmailError otherwise. */
export interface Outgoing {
  /** A new id for a draft; nothing is on disk yet. */
  newDraftId(): DraftId;
  /** Drafts on this computer that are being written, or were when tmail ended. Oldest first. */
  drafts(): Promise<readonly DraftRecord[]>;
  /** Repeatable; the last call wins. */
  saveDraft(draft: Draft): Promise<void>;
  /** Copies a file beside the draft. @throws TmailError attach.missing, attach.unreadable, attach.directory, disk.* */
  attachFile(draft: DraftId, path: string, name?: string): Promise<Draft['attachments'][number]>;
  /** The same for part `n` of a message, or for all of it as message/rfc822 (n null); fetches it when it is not here. */
  attachPart(draft: DraftId, message: MessageId, n: number | null): Promise<Draft['attachments'][number]>;
  /** For good, with its attachments. Repeatable. The message that it `replaces` stays. */
  discardDraft(draft: DraftId): Promise<void>;
  /** Files it as a message in the account's Drafts folder (queued for the server), in place of what it replaces. */
  postpone(draft: Draft): Promise<MessageId>;
  /** Makes a message of a Drafts folder, or any message as new, a draft again. `replace`: sending or postponing takes it away. */
  recall(message: MessageId, replace: boolean): Promise<Draft>;

  /** What would be sent, for the preview: the HTML alternative (null: none) and the size in bytes. */
  preview(draft: Draft): Promise<{ readonly html: string | null; readonly bytes: number }>;
  /** What speaks against sending now. Pure and fast: no disk, no network. */
  check(draft: Draft): readonly DraftProblem[];
  /** Builds the message, commits it to the outbox, forgets the draft. Bcc is in the envelope only. */
  send(draft: Draft, options: SendOptions): Promise<OutboxItem>;
  /** What is waiting, under way, or ended in this run; oldest first. From memory. */
  outbox(): readonly OutboxItem[];
  /** Out of the outbox and back into a draft, unless it is being sent. @throws TmailError outbox.too-late, outbox.gone */
  takeBack(id: OutboxId): Promise<Draft>;
  /** Ends the time to undo, or the wait for the next try. */
  sendNow(id: OutboxId): Promise<void>;
  /**
   * A failed or unknown one once more: to those recipients only that have not accepted it. Nobody gets a message of which
   * some recipients were refused or put off, until the person agrees: `rest` leaves those out.
   */
  retry(id: OutboxId, to?: 'rest'): Promise<void>;
  /** An unknown one arrived, says the person: filed as sent. */
  assumeSent(id: OutboxId): Promise<void>;
  /** Forgets it for good. */
  drop(id: OutboxId): Promise<void>;
  /** Called after each change of drafts or outbox. */
  subscribe(listener: () => void): () => void;
  /** Resolves when what runs has ended: for quitting. What waits stays for the next run. */
  close(): Promise<void>;
}
