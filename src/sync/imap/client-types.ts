// What one IMAP connection can be asked, without saying how: the contract between client.ts and those who pull and push.
import type { FetchMessageObject, FetchQueryObject, ListResponse, StatusObject } from 'imapflow';
import type { TmailError } from '../../util/errors.ts';
import type { Peer } from '../errors.ts';
import type { WireAttribute } from './flow.ts';
import type { UidRange } from './uid-set.ts';

/** A folder as SELECT described it. */
export interface Mailbox {
  readonly path: string;
  readonly uidValidity: string;
  /** 0: the server did not say. */
  readonly uidNext: number;
  readonly exists: number;
  /** Null without CONDSTORE or where the folder has no mod-sequences. */
  readonly highestModseq: string | null;
  readonly readOnly: boolean;
  /** Null: any flag. */
  readonly permanentFlags: ReadonlySet<string> | null;
}

/** What the server says without being asked. Sequence numbers are those of the moment. */
export type Unsolicited =
  | { readonly t: 'exists'; readonly count: number }
  | { readonly t: 'expunge'; readonly seq: number }
  | { readonly t: 'vanished'; readonly uids: readonly UidRange[]; readonly earlier: boolean }
  | { readonly t: 'flags' };

export interface Features {
  readonly condstore: boolean;
  readonly qresync: boolean;
  readonly idle: boolean;
  readonly listStatus: boolean;
  readonly quota: boolean;
  readonly uidplus: boolean;
  readonly move: boolean;
  /** Gmail's X-GM-EXT-1: labels are told among the flags, and taken among them. */
  readonly labels: boolean;
  /** Names travel as UTF-8 (UTF8=ACCEPT is enabled). */
  readonly utf8: boolean;
}

/** How a folder is called here and on the wire. */
export interface MailboxName {
  readonly path: string;
  readonly wire: string;
}

export interface RowRequest {
  readonly by: 'uid' | 'seq';
  readonly range: string;
  readonly items: FetchQueryObject;
  /** More rows than this are an attack or a broken server. */
  readonly most: number;
  readonly changedSince?: string;
}

export interface NewOnServer {
  readonly bytes: Buffer;
  /** Names as on the wire. */
  readonly flags: readonly string[];
  /** INTERNALDATE; milliseconds since 1970. */
  readonly date: number;
}

/** A message's place on the server. */
export interface Place {
  readonly uidValidity: string;
  readonly uid: number;
}

/** An untagged answer as imapflow parsed it. Hostile. */
export interface Untagged {
  readonly name: string;
  readonly attributes: readonly unknown[];
}

/** Where messages went (COPYUID, RFC 4315 section 3). */
export interface Copied {
  readonly uidValidity: string;
  /** UID there by UID here; those that the server did not name are missing. */
  readonly places: ReadonlyMap<number, number>;
}

/** What changes something on the server. Ranges are of UIDs in the selected folder. */
export interface Changes {
  /** UID STORE ±FLAGS.SILENT. @throws TmailError `rejected` with the server's words */
  storeFlags(range: string, change: 'add' | 'remove', flags: readonly string[]): Promise<void>;
  /**
   * Where the message is then; null: stored, but the server does not say where (no UIDPLUS).
   * @throws TmailError `rejected`: not stored; anything else: perhaps.
   */
  append(name: MailboxName, message: NewOnServer): Promise<Place | null>;
  /** UID COPY: all or none (RFC 9051 section 6.4.7). Null: the server does not say where they are. */
  copy(range: string, to: MailboxName): Promise<Copied | null>;
  /** UID MOVE (RFC 6851); after an error some may have been moved. Null: the server does not say where they are. */
  move(range: string, to: MailboxName): Promise<Copied | null>;
  /** UID EXPUNGE (RFC 4315) of these; without UIDPLUS EXPUNGE, which takes every message marked \Deleted. */
  expunge(range: string): Promise<void>;
  /** Makes and subscribes a folder; one that is there already is as good. */
  create(name: MailboxName): Promise<void>;
  /** With all folders below it (RFC 9051 section 6.3.6); its subscription stays at the old name. */
  rename(from: MailboxName, to: MailboxName): Promise<void>;
  /** DELETE, with all messages in it. */
  remove(name: MailboxName): Promise<void>;
  subscribeTo(name: MailboxName, subscribed: boolean): Promise<void>;
}

export interface ImapClient extends Changes {
  readonly peer: Peer;
  readonly features: Features;
  /** Resolves once, when the line is gone: why, or null when it was closed from here. */
  readonly closed: Promise<TmailError | null>;
  list(withStatus: boolean): Promise<ListResponse[]>;
  status(name: MailboxName): Promise<StatusObject>;
  /** Always a new SELECT: fresh counts and UIDVALIDITY. */
  select(name: MailboxName): Promise<Mailbox>;
  /** All rows of one FETCH; rows that were not parseable are missing. */
  rows(request: RowRequest): Promise<FetchMessageObject[]>;
  /** UIDs in a UID range, ascending. */
  uidsIn(range: string): Promise<number[]>;
  uidsOfMessageId(messageId: string): Promise<number[]>;
  /** How many messages have a UID in the range. */
  countIn(range: string): Promise<number>;
  /** UIDs of messages that are marked \Deleted. */
  uidsDeleted(): Promise<number[]>;
  /** A command of an extension, and the untagged answers with these names (the first 100). @throws TmailError */
  ask(command: string, attributes: readonly WireAttribute[], names: readonly string[]): Promise<Untagged[]>;
  /** Listens until the next command, `stopIdle` or the server ends it. Resolves at once without IDLE. */
  idle(): Promise<void>;
  noop(): Promise<void>;
  subscribe(listener: (event: Unsolicited) => void): () => void;
  /** Bytes received so far. */
  received(): number;
  /** Cuts the line with this reason: every pending call rejects with it. */
  fail(error: TmailError): void;
  /** Pending calls reject with `cancelled`. Repeatable. */
  close(): void;
}
