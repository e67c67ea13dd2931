// The nouns of writing mail: who writes, what is being written, what it answers. Pure data, as JSON on disk.
import type { AccountId, Address, MessageId } from '../types.ts';

/** One way for a person to sign (RFC 5322 `From`), of one account. */
export interface Identity {
  readonly account: AccountId;
  readonly name: string;
  readonly address: string;
  /** `Reply-To` of new mail; '' none. */
  readonly replyTo: string;
  /** Without its `-- ` line; '' none. */
  readonly signature: string;
  readonly signatureAbove: boolean;
}

/** Names the folder of a draft on disk: [a-z0-9]{16}. */
export type DraftId = string;

/** A file that goes along: a copy beside the draft, so that what was attached is what is sent. */
export interface DraftAttachment {
  /** Names the copy inside the draft's folder: [a-z0-9]+, from the store. */
  readonly file: string;
  /** As the recipient sees it. Hostile text. */
  readonly name: string;
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
}

export type BodyFormat = 'plain' | 'flowed' | 'markdown';

/** What is being written. Header fields as typed: they may be half an address. Text has LF line ends. */
export interface Draft {
  readonly id: DraftId;
  readonly account: AccountId;
  /** A mailbox (RFC 5322 3.4), `Name <address>`. */
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  readonly bcc: string;
  readonly replyTo: string;
  readonly subject: string;
  readonly text: string;
  readonly format: BodyFormat;
  readonly attachments: readonly DraftAttachment[];
  /** Message-IDs without angle brackets. */
  readonly inReplyTo: string;
  readonly references: readonly string[];
  /** What it answers or passes on: flagged \Answered or $Forwarded once it is sent. */
  readonly origin: {
    readonly id: MessageId;
    readonly messageId: string;
    readonly mark: 'answered' | 'forwarded';
  } | null;
  /** A delivery notice is asked for (RFC 3461 NOTIFY). */
  readonly dsn: boolean;
  /** The message in the Drafts folder that this one was recalled from and replaces. */
  readonly replaces: { readonly id: MessageId; readonly messageId: string } | null;
  /** That message has formatting (HTML) which this draft lacks, and the person has not agreed to its loss yet. */
  readonly losesHtml?: boolean;
  /** A bounce (RFC 5322 3.6.6): the message goes on as it is under Resent fields; text and subject only show it. */
  readonly resend: { readonly file: string } | null;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly changed: number;
}

/** What an answer needs of the message that it answers; from the parser, decoded and not sanitised. */
export interface Original {
  readonly id: MessageId;
  readonly account: AccountId;
  readonly subject: string;
  readonly from: readonly Address[];
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly replyTo: readonly Address[];
  readonly date: number | null;
  readonly messageId: string;
  readonly inReplyTo: string;
  readonly references: readonly string[];
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Readable text, soft breaks of format=flowed joined. */
  readonly text: string;
  /** Where its `[1]`, `[2]`, … lead; empty where the text did not come from HTML. Hostile text. */
  readonly links: readonly string[];
}

export type AnswerKind = 'reply' | 'replyAll' | 'replyList';

/** Something a person should know before sending. `stops`: it can't be sent so. */
export interface DraftProblem {
  readonly code:
    | 'no-recipient'
    | 'malformed' // facts: field, text
    | 'from-malformed'
    | 'no-subject'
    | 'attachment-forgotten' // facts: word
    | 'many-recipients' // facts: count
    | 'domain-mistyped' // facts: address, suggestion
    | 'variable-left' // facts: variable
    | 'too-large' // facts: bytes, limit
    | 'nothing-written';
  readonly stops: boolean;
  readonly facts: Readonly<Record<string, string | number>>;
}
