// The nouns of mail that every layer shares. Pure data; nothing here does anything.

/** The account's key in the configuration: [A-Za-z0-9._-]+, not starting with a dot. */
export type AccountId = string;
/** `account:number`; the number is the folder's for ever, also when it is renamed. */
export type FolderId = `${string}:${number}`;
/** A message's number inside its folder: monotonic, never reused, in arrival order. */
export type LocalUid = number;
/** `account:folder:uid`: opaque to people and scripts, stable, safe in a shell. */
export type MessageId = `${string}:${number}:${number}`;

export interface Address {
  /** Decoded display name, or ''. Hostile text until sanitised. */
  readonly name: string;
  /** `local@domain`, or whatever stood there. */
  readonly address: string;
}

/** What a folder is for (RFC 6154, RFC 8457 and INBOX); `all`, `flagged` and `important` repeat other folders. */
export type Role =
  | 'inbox'
  | 'drafts'
  | 'sent'
  | 'archive'
  | 'junk'
  | 'trash'
  | 'all'
  | 'flagged'
  | 'important';

/** System flags (RFC 9051 section 2.3.2) as bits; bits from KEYWORD_BIT on index the folder's keyword table. */
export const SEEN = 1;
export const ANSWERED = 2;
export const FLAGGED = 4;
export const DRAFT = 8;
export const FORWARDED = 16; // the keyword $Forwarded
export const DELETED = 32;
export const KEYWORD_BIT = 8;
/** Keywords beyond this many in one folder are not kept: bits 8 to 30 of a small integer. */
export const MAX_KEYWORDS = 22;
/** A set of the bits above. */
export type Flags = number;

/** What a list row, a thread and a reply need of a message, without its body. Text is decoded, not sanitised. */
export interface Envelope {
  readonly subject: string;
  readonly from: readonly Address[];
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly replyTo: readonly Address[];
  /** The Date header, or the arrival where it is missing or absurd. Milliseconds since 1970. */
  readonly date: number;
  /** INTERNALDATE, or when it was first seen here. Milliseconds since 1970. */
  readonly arrival: number;
  /** Without the angle brackets; '' when absent. */
  readonly messageId: string;
  readonly inReplyTo: string;
  readonly references: readonly string[];
  /** RFC822.SIZE in bytes. */
  readonly size: number;
  /** Parts a person would call attachments; null while the structure is unknown. */
  readonly attachments: number | null;
}

/** A message file of the store. `partial`: text parts only, attachments replaced by X-Tmail-Omitted parts. */
export interface RawRef {
  readonly n: number;
  readonly partial: boolean;
}

/** Where a message lives on its server; null when it exists only here. */
export type RemoteRef =
  | { readonly t: 'imap'; readonly uidValidity: string; readonly uid: number }
  | { readonly t: 'pop3'; readonly uidl: string };
