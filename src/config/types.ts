// The configuration as the rest of the program sees it: validated, defaults filled in, paths absolute.
import type { AccountId, Address } from '../mail/types.ts';

export type Security = 'tls' | 'starttls' | 'none';

export interface TlsSettings {
  /** Absolute path of a PEM file that replaces the system's authorities. */
  readonly ca?: string;
  readonly servername?: string;
  /** SHA-256 of the certificate, upper-case hex with colons; pins it in place of the chain. */
  readonly fingerprint256?: string;
}

export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly security: Security;
  readonly user: string;
  readonly tls: TlsSettings;
}

export type AuthSettings =
  | { readonly t: 'command'; readonly command: string | readonly string[] }
  | { readonly t: 'env'; readonly variable: string }
  | { readonly t: 'file'; readonly path: string }
  | { readonly t: 'plain'; readonly password: string }
  | { readonly t: 'unsupported'; readonly what: 'keyring' | 'oauth2' };

/** What of an IMAP folder is kept on this computer without being opened. `none`: not even its list, until it is opened. */
export type Offline = 'all' | 'headers' | 'none' | OfflinePart;

export interface OfflinePart {
  /** Mail of the last days, and starred mail. */
  readonly days?: number;
  /** So many of each folder's newest messages, and starred mail. Never beside `days`. */
  readonly newest?: number;
  /** Of messages with attachments only the text. Absent: whole messages. */
  readonly attachments?: false;
}
export type ServerCopy = 'delete' | 'keep' | 'untilDeletedHere' | { readonly deleteAfterDays: number };

/** POP3: how a maildrop is checked. Bytes and milliseconds. */
export interface Pop3Settings {
  /** Of the mail that is there when the account is new; `today`: only what comes later. */
  readonly firstRun: 'all' | 'today' | { readonly days: number };
  /** Larger messages come as a head only; null: none. */
  readonly sizeLimit: number | null;
  /** What one check fetches at most; null: no limit. */
  readonly sessionMessages: number | null;
  readonly sessionBytes: number | null;
  readonly checkEvery: number;
}

export interface AccountConfig {
  readonly id: AccountId;
  readonly email: string;
  readonly name: string;
  readonly protocol: 'imap' | 'pop3';
  readonly incoming: ServerSettings;
  readonly outgoing: ServerSettings | null;
  readonly auth: AuthSettings;
  readonly outgoingAuth: AuthSettings;
  readonly offline: Offline;
  /** Of folders, by their paths, otherwise; absent: of none. */
  readonly offlineFolders?: Readonly<Record<string, Offline>>;
  /** POP3 only. */
  readonly serverCopy: ServerCopy | null;
  /** POP3 only: another POP3 account, whose inbox takes this one's mail. */
  readonly deliverTo?: AccountId;
  /** POP3 only; its defaults where it is absent. */
  readonly pop3?: Pop3Settings;
  /** Other addresses that it sends from; absent: none. */
  readonly identities?: readonly IdentitySettings[];
  /** `Reply-To` of what is sent; absent: none. */
  readonly replyTo?: string;
  /** Without its `-- ` line; absent: none. */
  readonly signature?: string;
  readonly signatureAbove?: boolean;
  /** Who files a copy of what is sent; absent: as the server's name suggests. */
  readonly sentCopy?: SentCopy;
  /** How archived mail is filed: in one folder, or below it by year or month. Absent: flat. */
  readonly archive?: ArchiveScheme;
  readonly disabled: boolean;
}

export type ArchiveScheme = 'flat' | 'year' | 'month';
export type SentCopy = 'append' | 'server' | 'none';

export interface IdentitySettings {
  readonly email: string;
  /** What is absent is the account's. */
  readonly name?: string;
  readonly replyTo?: string;
  readonly signature?: string;
}

export interface AddressGroup {
  readonly name: string;
  /** At least one. */
  readonly members: readonly Address[];
}

export interface Config {
  /** Absolute path of the file, or null (demo, tests). */
  readonly file: string | null;
  readonly accounts: readonly AccountConfig[];
  readonly defaultAccount: AccountId | null;
  /** Milliseconds in which a sent message can be taken back; UNDO_SEND_MS when absent. */
  readonly undoSend?: number;
  /** Names for several recipients; absent: none. */
  readonly groups?: readonly AddressGroup[];
  /** What tells of new mail; absent: nothing does. */
  readonly notices?: NoticeSettings;
  /** UI settings: `ui` object. */
  readonly ui: UiConfig;
}

/** The terminal's bell, or its own notices by one of two sequences. */
export type NoticeWay = 'bell' | 'osc9' | 'osc777';

export interface NoticeSettings {
  readonly by: readonly NoticeWay[];
  /** Without a shell; null: none. */
  readonly command: readonly string[] | null;
  /** Milliseconds between two notices. */
  readonly every: number;
  /** Minutes after midnight, local time; from later than to: over midnight. Null: never. */
  readonly quiet: { readonly from: number; readonly to: number } | null;
  /** `account`, or `account/path` of a folder → on or off; what is not named: the inboxes. */
  readonly folders: Readonly<Record<string, boolean>>;
}

/** What a row of the list can show beside the letters of its state. */
export const LIST_COLUMNS = ['account', 'date', 'from', 'count', 'size', 'subject'] as const;
export type ListColumn = (typeof LIST_COLUMNS)[number];

/** `09:42`, `Tue`, `12 Nov`, `2026-11`; `09:42`, `2027-11-12`; `2027-11-12 09:42`. The narrowest first. */
export const DATE_FORMS = ['short', 'iso', 'full'] as const;
export type DateForm = (typeof DATE_FORMS)[number];

export interface UiConfig {
  /** `auto` asks the environment (NO_COLOR, TERM, locale). */
  readonly colors: 'auto' | 'none' | '16' | '256';
  readonly borders: 'auto' | 'ascii' | 'unicode';
  /** Seconds until an opened message counts as read; 0 at once, null only by key. */
  readonly markReadAfter: number | null;
  /** Columns of the list from left to right; absent: the usual ones. */
  readonly columns?: readonly ListColumn[];
  /** Absent: short. */
  readonly dates?: DateForm;
  /** Command id → its keys; [] unbinds. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
}
