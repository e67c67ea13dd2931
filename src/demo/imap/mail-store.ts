// The mail that the embedded server holds, in memory: folders, messages, flags, mod-sequences, and who is told.
// Folder names are wire names (modified UTF-7, or whatever a test put there), separated by `/`.

export interface StoredMessage {
  readonly uid: number;
  readonly raw: Buffer;
  readonly date: Date;
  flags: ReadonlySet<string>;
  modseq: number;
  /** Expunged; sessions that have not been told yet may still hold it. */
  gone: boolean;
}

/** Sessions that have the folder selected. */
export interface Watcher {
  /** Messages came or went, or (with `message`) flags changed. */
  changed(message: StoredMessage | null, by: Watcher | null): void;
  /** UIDVALIDITY changed: every number that the session knows is void. */
  renumbered(): void;
  /** The folder was deleted. */
  deleted(by: Watcher | null): void;
}

/** System flags in one spelling; keywords as they came. */
const SYSTEM_FLAGS = new Map(
  ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft'].map(flag => [flag.toLowerCase(), flag]),
);

export function normalFlags(flags: Iterable<string>): Set<string> {
  const kept = [...flags].map(flag => SYSTEM_FLAGS.get(flag.toLowerCase()) ?? flag);
  return new Set(kept.filter(flag => flag.toLowerCase() !== '\\recent'));
}

export class MailFolder {
  name: string;
  /** `\\Sent` and such, or null. */
  readonly use: string | null;
  subscribed = true;
  uidValidity: number;
  uidNext = 1;
  modseq = 1;
  messages: StoredMessage[] = [];
  /** For VANISHED (RFC 7162): what went, and when. */
  expunged: { readonly uid: number; readonly modseq: number }[] = [];
  readonly watchers = new Set<Watcher>();

  constructor(name: string, use: string | null, uidValidity: number) {
    this.name = name;
    this.use = use;
    this.uidValidity = uidValidity;
  }

  append(
    raw: Buffer,
    flags: Iterable<string> = [],
    date = new Date(),
    by: Watcher | null = null,
  ): StoredMessage {
    const message = {
      uid: this.uidNext++,
      raw,
      date,
      flags: normalFlags(flags),
      modseq: ++this.modseq,
      gone: false,
    };
    this.messages.push(message);
    for (const watcher of this.watchers) watcher.changed(null, by);
    return message;
  }

  setFlags(message: StoredMessage, flags: Iterable<string>, by: Watcher | null = null): void {
    const next = normalFlags(flags);
    if (next.size === message.flags.size && [...next].every(flag => message.flags.has(flag))) return;
    message.flags = next;
    message.modseq = ++this.modseq;
    for (const watcher of this.watchers) watcher.changed(message, by);
  }

  /** @returns the uids that went. */
  expunge(which: (message: StoredMessage) => boolean, by: Watcher | null = null): number[] {
    const going = this.messages.filter(which);
    if (going.length === 0) return [];
    this.modseq++;
    for (const message of going) {
      message.gone = true;
      this.expunged.push({ uid: message.uid, modseq: this.modseq });
    }
    this.messages = this.messages.filter(message => !message.gone);
    for (const watcher of this.watchers) watcher.changed(null, by);
    return going.map(message => message.uid);
  }

  /** As after a restore from a backup: the same mail under new numbers. */
  renumber(): void {
    this.uidValidity++;
    const old = this.messages;
    this.messages = [];
    this.expunged = [];
    this.uidNext = 1;
    for (const message of old) {
      message.gone = true;
      const { raw, date, flags } = message;
      this.messages.push({ uid: this.uidNext++, raw, date, flags, modseq: ++this.modseq, gone: false });
    }
    for (const watcher of this.watchers) watcher.renumbered();
  }

  byUid(uid: number): StoredMessage | undefined {
    return findByUid(this.messages, uid);
  }
}

/** Binary search in a list that is ordered by uid. */
export function findByUid(messages: readonly StoredMessage[], uid: number): StoredMessage | undefined {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle]?.uid ?? 0) < uid) low = middle + 1;
    else high = middle;
  }
  const found = messages[low];
  return found?.uid === uid ? found : undefined;
}

export class MailStore {
  readonly folders = new Map<string, MailFolder>();
  /** Names that are subscribed though no such folder exists. */
  readonly subscriptions = new Set<string>();
  #uidValidity = Math.floor(Date.now() / 1000);

  constructor() {
    this.create('INBOX');
  }

  get(name: string): MailFolder | undefined {
    return this.folders.get(/^inbox$/i.test(name) ? 'INBOX' : name);
  }

  /** The folder, made when it is missing. */
  ensure(name: string, use: string | null = null): MailFolder {
    return this.get(name) ?? this.create(name, use);
  }

  create(name: string, use: string | null = null): MailFolder {
    const folder = new MailFolder(name, use, ++this.#uidValidity);
    this.folders.set(name, folder);
    return folder;
  }

  delete(folder: MailFolder, by: Watcher | null = null): void {
    this.folders.delete(folder.name);
    for (const watcher of [...folder.watchers]) watcher.deleted(by);
  }

  /** Renames it and what lies below it. */
  rename(from: string, to: string): void {
    for (const folder of [...this.folders.values()]) {
      if (folder.name !== from && !folder.name.startsWith(`${from}/`)) continue;
      this.folders.delete(folder.name);
      folder.name = to + folder.name.slice(from.length);
      this.folders.set(folder.name, folder);
    }
  }

  /** Bytes of all messages, for the quota. */
  size(): number {
    let total = 0;
    for (const folder of this.folders.values())
      for (const message of folder.messages) total += message.raw.length;
    return total;
  }
}
