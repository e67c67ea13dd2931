// What each JSON file of the store holds, and the checks that tell damage from data. Pure; the only place that
// knows the format on disk (docs/decisions/0003).
import type { Address, Envelope } from '../mail/types.ts';
import { SHARD_SIZE } from '../util/limits.ts';
import type { Check } from './json.ts';
import type { FolderSync } from './types.ts';

/** `store.json` */
export interface StoreFile {
  v: number;
}

/** `accounts/<account>/account.json` */
export interface AccountFile {
  v: number;
  /** False while an owner works: after a crash the files are compared with the index (sweep.ts). */
  clean: boolean;
  /** The number of the next new folder. */
  next: number;
  folders: FolderEntry[];
}

export interface FolderEntry {
  n: number;
  path: string;
  name: string;
  delimiter: string;
  role: string | null;
  subscribed: boolean;
  selectable: boolean;
  remote: boolean;
  /** Total and unread. */
  counts: [number, number];
  /** Milliseconds since 1970 when it vanished from the server's list; 0 while it is there. */
  dropped: number;
  /** The server does not have it yet. */
  waits?: true;
  /** What the person uses it for; absent: whatever `role` says. */
  choice?: string | null;
}

/** `folders/<number>/index.json`: a summary, written last. */
export interface IndexFile {
  v: number;
  /** A copy of the account's entry, so that account.json can be rebuilt. */
  folder: FolderEntry;
  /** The summary may be older than the shards: an owner works on them, or died at it. */
  open: boolean;
  /** Numbers below this may have been handed out; those from here on never were. */
  next: number;
  /** Messages with smaller numbers are forgotten. */
  floor: number;
  sync: FolderSync;
  keywords: string[];
  /** Some messages are known by a POP3 UIDL. */
  uidls: boolean;
  /** First and last local uid, messages, unread: one row for each shard with messages, ascending. */
  shards: [number, number, number, number][];
}

/** `NNNNNN.json`: what never changes of up to SHARD_SIZE messages, in columns; slot = (uid - 1) % SHARD_SIZE. */
export interface EnvelopeFile {
  v: number;
  /** Name, address, name, address, …: each pair once. */
  people: string[];
  /** null: no envelope in this slot. */
  subject: (string | null)[];
  /** Pair numbers into `people`; a single one stands without brackets. */
  from: People[];
  to: People[];
  cc: People[];
  reply: People[];
  date: number[];
  arrival: number[];
  id: string[];
  /** 0: the last of `refs`. */
  parent: (string | 0)[];
  /** Joined by blanks; 0: none. A list where one of them holds white space. */
  refs: (string | 0 | string[])[];
  size: number[];
  /** Number of attachments; -1: unknown. */
  files: number[];
  /** IMAP UID or 0: a copy, to rebuild the state from. */
  uid: number[];
  /** The UIDVALIDITY of those. */
  validity: string | null;
  /** POP3 UIDLs; only where there are any. */
  uidl?: (string | 0)[];
}

export type People = number | number[];

/** `NNNNNN.state.json`: what changes. */
export interface StateFile {
  v: number;
  validity: string | null;
  /** The folder's keyword table when this was written, so that the bits can be read without index.json. */
  keywords: string[];
  /** IMAP UID or 0. */
  uid: number[];
  /** The flags' bits; EMPTY or GONE. */
  flags: number[];
  /** 0: none, n: file n, -n: file n without its attachments. */
  raw: number[];
}

/** `raw/NNN/manifest.json`: whose each message file is. Keys are file numbers. */
export interface ManifestFile {
  v: number;
  files: Record<string, ManifestEntry>;
}

export interface ManifestEntry {
  sha256: string;
  size: number;
  partial: boolean;
  /** The folder's number and the message's in it; 0: unknown. */
  folder: number;
  uid: number;
  /** [UIDVALIDITY, UID], a UIDL, or null: only here. */
  remote: [string, number] | string | null;
  /** Written for this operation: without it in the queue, and no message that names the file, nothing was promised. */
  op?: string;
}

/**
 * 1: before there were copies and operations on folders; 2: before there were steps beside the snapshot. A tmail that
 * knows nothing of steps must not take the snapshot for all.
 */
export const QUEUE_VERSION = 3;

/** `queue.json` and its twin `queue.copy.json` */
export interface QueueFile {
  v: number;
  /** Counted up with every snapshot: which steps belong to it. Absent: 0. */
  generation?: number;
  ops: QueuedOperation[];
}

/** A line of `queue.steps` and its twin `queue.copy.steps` */
export interface QueueStepLine {
  /** The snapshot's generation. */
  readonly g: number;
  /** New or changed operations; new ones come last, in this order. */
  readonly put: readonly QueuedOperation[];
  readonly gone: readonly string[];
  readonly tries: Readonly<Record<string, number>>;
}

interface QueuedCommon extends QueuedOnMessages {
  id: string;
  at: number;
  tries: number;
}

export interface QueuedOnMessages {
  folder: number;
  /** Columns over the targets. */
  uid: number[];
  remote: ([string, number] | string | null)[];
  messageId: string[];
}

export interface QueuedFlags extends QueuedCommon {
  t: 'flags';
  add: string[];
  remove: string[];
  /** Flags before this operation, -1: not here. */
  was: number[];
  local?: true;
}

/** With all that is known of the messages: which of the two folders reaches the disk first does not matter then. */
export interface QueuedTransfer extends QueuedCommon {
  t: 'move' | 'copy';
  to: number;
  landing: number[];
  /** No server has to hear of it. */
  local: boolean;
  rows: QueuedRow[];
  /** Where the server has them, as far as it said so. */
  places?: ([string, number] | string | null)[];
}

export interface QueuedRow {
  flags: string[];
  envelope: Envelope;
  /** As in StateFile. */
  raw: number;
}

export interface QueuedDelete extends QueuedCommon {
  t: 'delete';
  local: boolean;
  /** Waits for this account's operation. */
  after?: { account: string; operation: string };
  /** It waited for one, which was settled. */
  moved?: true;
  /** What can be taken back. */
  rows?: (QueuedRow | null)[];
}

export interface QueuedAppend extends QueuedCommon {
  t: 'append';
  path: string;
  date: number;
  replaces: QueuedOnMessages[];
  local: boolean;
  verify?: true;
  row: QueuedRow;
}

export type QueuedFolder = QueuedCommon &
  (
    | { t: 'folder-create' | 'folder-delete'; path: string }
    | { t: 'folder-rename'; from: string; path: string }
    | { t: 'folder-subscribe'; path: string; subscribed: boolean }
  );

export type QueuedOperation = QueuedFlags | QueuedTransfer | QueuedDelete | QueuedAppend | QueuedFolder;

const object = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const count = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const integer = (value: unknown): value is number => Number.isSafeInteger(value);
const finite = (value: unknown): value is number => Number.isFinite(value);
const text = (value: unknown): value is string => typeof value === 'string';
const flag = (value: unknown): value is boolean => typeof value === 'boolean';
const textOrNull = (value: unknown): value is string | null => value === null || text(value);
const list = <T>(value: unknown, each: (item: unknown) => item is T): value is T[] =>
  Array.isArray(value) && value.every(each);
const sameLength = (...columns: readonly unknown[][]) => new Set(columns.map(c => c.length)).size === 1;
const versioned = (value: unknown): value is Record<string, unknown> => object(value) && value.v === 1;
const remote = (value: unknown): value is [string, number] | string | null =>
  textOrNull(value) || (Array.isArray(value) && value.length === 2 && text(value[0]) && count(value[1]));

/** Any version: the caller decides (migrate.ts). */
export const isStoreFile: Check<StoreFile> = (value): value is StoreFile => object(value) && count(value.v);

const isFolderEntry = (value: unknown): value is FolderEntry =>
  object(value) &&
  count(value.n) &&
  text(value.path) &&
  text(value.name) &&
  text(value.delimiter) &&
  textOrNull(value.role) &&
  flag(value.subscribed) &&
  flag(value.selectable) &&
  flag(value.remote) &&
  list(value.counts, count) &&
  value.counts.length === 2 &&
  count(value.dropped) &&
  (value.waits === undefined || value.waits === true) &&
  (value.choice === undefined || textOrNull(value.choice));

export const isAccountFile: Check<AccountFile> = (value): value is AccountFile =>
  versioned(value) && flag(value.clean) && count(value.next) && list(value.folders, isFolderEntry);

const isSync = (value: unknown): value is FolderSync =>
  object(value) &&
  textOrNull(value.uidValidity) &&
  count(value.uidNext) &&
  textOrNull(value.highestModseq) &&
  (value.filledDownTo === null || count(value.filledDownTo));

const isShardRow = (value: unknown): value is [number, number, number, number] => {
  if (!list(value, count) || value.length !== 4) return false;
  const [first = 0, last = 0, total = 0] = value;
  const same = Math.floor((first - 1) / SHARD_SIZE) === Math.floor((last - 1) / SHARD_SIZE);
  return first >= 1 && last >= first && same && total >= 1 && total <= last - first + 1;
};

export const isIndexFile: Check<IndexFile> = (value): value is IndexFile =>
  versioned(value) &&
  isFolderEntry(value.folder) &&
  flag(value.open) &&
  count(value.next) &&
  count(value.floor) &&
  isSync(value.sync) &&
  list(value.keywords, text) &&
  flag(value.uidls) &&
  list(value.shards, isShardRow) &&
  value.shards.every((row, i, rows) => i === 0 || row[0] > (rows[i - 1]?.[1] ?? 0));

export const isEnvelopeFile: Check<EnvelopeFile> = (value): value is EnvelopeFile => {
  if (!versioned(value) || !list(value.subject, textOrNull) || !list(value.people, text)) return false;
  const { length } = value.subject;
  const pairs = value.people.length / 2;
  const pair = (item: unknown): item is number => count(item) && item < pairs;
  const people = (item: unknown): item is People => pair(item) || list(item, pair);
  const textOr0 = (item: unknown): item is string | 0 => item === 0 || text(item);
  const refs = (item: unknown): item is string | 0 | string[] => textOr0(item) || list(item, text);
  const column = <T>(items: unknown, each: (item: unknown) => item is T) =>
    list(items, each) && items.length === length;
  return (
    length <= SHARD_SIZE &&
    Number.isInteger(pairs) &&
    textOrNull(value.validity) &&
    [value.from, value.to, value.cc, value.reply].every(items => column(items, people)) &&
    [value.date, value.arrival, value.size, value.files].every(items => column(items, finite)) &&
    column(value.id, text) &&
    column(value.parent, textOr0) &&
    column(value.refs, refs) &&
    column(value.uid, count) &&
    (value.uidl === undefined || column(value.uidl, textOr0))
  );
};

export const isStateFile: Check<StateFile> = (value): value is StateFile =>
  versioned(value) &&
  textOrNull(value.validity) &&
  list(value.keywords, text) &&
  list(value.uid, count) &&
  list(value.flags, integer) &&
  list(value.raw, integer) &&
  value.uid.length <= SHARD_SIZE &&
  value.flags.length === value.uid.length &&
  value.raw.length === value.uid.length;

const isManifestEntry = (value: unknown): value is ManifestEntry =>
  object(value) &&
  text(value.sha256) &&
  count(value.size) &&
  flag(value.partial) &&
  count(value.folder) &&
  count(value.uid) &&
  remote(value.remote) &&
  (value.op === undefined || text(value.op));

export const isManifestFile: Check<ManifestFile> = (value): value is ManifestFile =>
  versioned(value) &&
  object(value.files) &&
  Object.entries(value.files).every(([key, entry]) => /^[1-9]\d*$/.test(key) && isManifestEntry(entry));

const isAddress = (value: unknown): value is Address =>
  object(value) && text(value.name) && text(value.address);

const isEnvelope = (value: unknown): value is Envelope =>
  object(value) &&
  text(value.subject) &&
  [value.from, value.to, value.cc, value.replyTo].every(people => list(people, isAddress)) &&
  finite(value.date) &&
  finite(value.arrival) &&
  text(value.messageId) &&
  text(value.inReplyTo) &&
  list(value.references, text) &&
  finite(value.size) &&
  (value.attachments === null || count(value.attachments));

const isQueuedRow = (value: unknown): value is QueuedRow =>
  object(value) && list(value.flags, text) && isEnvelope(value.envelope) && integer(value.raw);

const isQueuedRowOrNull = (value: unknown): value is QueuedRow | null => value === null || isQueuedRow(value);

const isOnMessages = (value: unknown): value is QueuedOnMessages =>
  object(value) &&
  count(value.folder) &&
  list(value.uid, count) &&
  list(value.remote, remote) &&
  list(value.messageId, text) &&
  sameLength(value.uid, value.remote, value.messageId);

const isQueuedOperation = (value: unknown): value is QueuedOperation => {
  if (!object(value) || !text(value.id) || !count(value.at) || !count(value.tries)) return false;
  if (!isOnMessages(value)) return false;
  return isQueuedBody(value);
};

const isOtherHalf = (value: unknown): boolean =>
  object(value) && text(value.account) && text(value.operation);

const isQueuedBody = (value: Record<string, unknown> & QueuedOnMessages): boolean => {
  if (value.t === 'append') {
    const placed = text(value.path) && finite(value.date) && value.uid.length === 1 && flag(value.local);
    if (value.verify !== undefined && value.verify !== true) return false;
    return placed && list(value.replaces, isOnMessages) && isQueuedRow(value.row);
  }
  if (value.t === 'delete') {
    const rows = value.rows === undefined || list(value.rows, isQueuedRowOrNull);
    return flag(value.local) && rows && (value.after === undefined || isOtherHalf(value.after));
  }
  if (value.t === 'flags') {
    const named = list(value.add, text) && list(value.remove, text);
    if (value.local !== undefined && value.local !== true) return false;
    return named && list(value.was, integer) && sameLength(value.uid, value.was);
  }
  if (value.t === 'folder-create' || value.t === 'folder-delete') return text(value.path);
  if (value.t === 'folder-rename') return text(value.from) && text(value.path);
  if (value.t === 'folder-subscribe') return text(value.path) && flag(value.subscribed);
  if ((value.t !== 'move' && value.t !== 'copy') || !count(value.to) || !flag(value.local)) return false;
  const placed = value.places === undefined || list(value.places, remote);
  return (
    placed &&
    list(value.landing, count) &&
    list(value.rows, isQueuedRow) &&
    sameLength(value.uid, value.landing, value.rows)
  );
};

export const isQueueFile: Check<QueueFile> = (value): value is QueueFile =>
  object(value) &&
  count(value.v) &&
  value.v >= 1 &&
  value.v <= QUEUE_VERSION &&
  (value.generation === undefined || count(value.generation)) &&
  list(value.ops, isQueuedOperation);

export const isQueueStepLine: Check<QueueStepLine> = (value): value is QueueStepLine =>
  object(value) &&
  count(value.g) &&
  list(value.put, isQueuedOperation) &&
  list(value.gone, text) &&
  object(value.tries) &&
  Object.values(value.tries).every(count);
