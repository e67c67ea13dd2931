// What one client knows of the folder that it has selected, and what it must be told next.
// Sequence numbers are the client's (RFC 9051 section 2.3.1.2): they only move when it is told.
import { findByUid, type MailFolder, type StoredMessage, type Watcher } from './mail-store.ts';
import { formatSet } from './sequence-set.ts';

/** The connection that a view belongs to. */
export interface ViewOwner {
  readonly enabled: ReadonlySet<string>;
  /** While it idles it is told at once. */
  readonly idling: boolean;
  write(text: string): void;
  folderDeleted(): void;
}

export class FolderView implements Watcher {
  readonly folder: MailFolder;
  readonly readOnly: boolean;
  /** By sequence number; may hold messages that are gone and not yet told. */
  messages: readonly StoredMessage[];
  readonly #owner: ViewOwner;
  readonly #dirty = new Set<StoredMessage>();
  #membersChanged = false;
  #renumbered = false;
  #telling = false;

  constructor(folder: MailFolder, readOnly: boolean, owner: ViewOwner) {
    this.folder = folder;
    this.readOnly = readOnly;
    this.messages = [...folder.messages];
    this.#owner = owner;
    folder.watchers.add(this);
  }

  close(): void {
    this.folder.watchers.delete(this);
  }

  changed(message: StoredMessage | null, by: Watcher | null): void {
    if (message === null) this.#membersChanged = true;
    else if (by !== this) this.#dirty.add(message);
    this.#tellSoon();
  }

  renumbered(): void {
    this.#owner.write(`* OK [UIDVALIDITY ${this.folder.uidValidity}] UIDs have changed\r\n`);
    this.#membersChanged = true;
    this.#renumbered = true;
    this.#tellSoon();
  }

  deleted(by: Watcher | null): void {
    this.close();
    if (by !== this) this.#owner.folderDeleted();
  }

  /** Tells the client what happened since it was told last; `expunges` whether messages may be said to be gone. */
  tell(expunges: boolean): void {
    if (this.#membersChanged && (expunges || !this.#renumbered)) {
      this.#renumbered = false;
      const gone = this.messages.filter(message => message.gone);
      if (gone.length > 0 && expunges) this.#tellGone(gone);
      this.#tellNew();
      this.#membersChanged = gone.length > 0 && !expunges;
    }
    for (const message of this.#dirty) this.tellFlags(message);
    this.#dirty.clear();
  }

  tellFlags(message: StoredMessage): void {
    const sequence = this.sequenceOf(message);
    if (sequence === 0) return;
    const condstore = this.#owner.enabled.has('CONDSTORE');
    const extra = condstore ? ` UID ${message.uid} MODSEQ (${message.modseq})` : '';
    this.#owner.write(`* ${sequence} FETCH (FLAGS (${[...message.flags].join(' ')})${extra})\r\n`);
  }

  /** The client has just been told of this message. */
  told(message: StoredMessage): void {
    this.#dirty.delete(message);
  }

  /** 0 when the client does not know it. */
  sequenceOf(message: StoredMessage): number {
    let low = 0;
    let high = this.messages.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.messages[middle]?.uid ?? 0) < message.uid) low = middle + 1;
      else high = middle;
    }
    return this.messages[low] === message ? low + 1 : 0;
  }

  byUid(uid: number): StoredMessage | undefined {
    return findByUid(this.messages, uid);
  }

  /** What `*` means in a set of uids. */
  get lastUid(): number {
    return this.messages.at(-1)?.uid ?? 0;
  }

  #tellGone(gone: readonly StoredMessage[]): void {
    if (this.#owner.enabled.has('QRESYNC')) {
      this.#owner.write(`* VANISHED ${formatSet(gone.map(one => one.uid))}\r\n`);
    } else {
      const numbers = gone.map(message => this.sequenceOf(message)).reverse();
      this.#owner.write(numbers.map(number => `* ${number} EXPUNGE\r\n`).join(''));
    }
    this.messages = this.messages.filter(message => !message.gone);
  }

  #tellNew(): void {
    const { messages } = this.folder;
    let from = messages.length;
    while (from > 0 && (messages[from - 1]?.uid ?? 0) > this.lastUid) from--;
    if (from === messages.length) return;
    this.messages = [...this.messages, ...messages.slice(from)];
    this.#owner.write(`* ${this.messages.length} EXISTS\r\n* 0 RECENT\r\n`);
  }

  /** Once for all that happens in one turn of the event loop. */
  #tellSoon(): void {
    if (this.#telling || !this.#owner.idling) return;
    this.#telling = true;
    setImmediate(() => {
      this.#telling = false;
      if (this.#owner.idling) this.tell(true);
    });
  }
}
