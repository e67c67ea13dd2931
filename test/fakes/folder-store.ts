// A folder that lives in memory: what a pull may ask of the store, without a disk. Pending operations are not overlaid.
import type { Envelope, Flags, LocalUid, RawRef, RemoteRef } from '../../src/mail/types.ts';
import { flagBits } from '../../src/store/flags.ts';
import type { FolderChange, FolderRecord, FolderStore, FolderSync } from '../../src/store/types.ts';

interface Row {
  readonly remote: RemoteRef | null;
  readonly envelope: Envelope;
  flags: Flags;
  raw: RawRef | null;
}

export class FakeFolder implements FolderStore {
  rev = 0;
  sync: FolderSync = { uidValidity: null, uidNext: 1, highestModseq: null, filledDownTo: null };
  readonly keywords: string[] = [];
  /** Every number that was ever given to a message. */
  readonly used = new Set<LocalUid>();
  readonly record: FolderRecord;
  #rows = new Map<LocalUid, Row>();
  #next = 1;
  #sorted: LocalUid[] | null = null;
  #byRemote = new Map<number, LocalUid>();

  constructor(path = 'INBOX') {
    this.record = {
      id: 'work:1',
      account: 'work',
      path,
      name: path,
      delimiter: '/',
      role: null,
      subscribed: true,
      selectable: true,
      remote: true,
      counts: { total: 0, unread: 0 },
    };
  }

  get length(): number {
    return this.#rows.size;
  }

  get unread(): number {
    return [...this.#rows.values()].filter(row => (row.flags & 1) === 0).length;
  }

  uidAt(position: number): LocalUid | undefined {
    return this.#order()[position];
  }

  positionOf(uid: LocalUid): number {
    return this.#order().indexOf(uid);
  }

  flags(uid: LocalUid): Flags | undefined {
    return this.#rows.get(uid)?.flags;
  }

  envelope(uid: LocalUid): Envelope | undefined {
    return this.#rows.get(uid)?.envelope;
  }

  remote(uid: LocalUid): RemoteRef | null | undefined {
    return this.#rows.get(uid)?.remote;
  }

  raw(uid: LocalUid): RawRef | null | undefined {
    return this.#rows.get(uid)?.raw;
  }

  byRemoteUid(uid: number): LocalUid | undefined {
    return this.#byRemote.get(uid);
  }

  byUidl(): undefined {
    return undefined;
  }

  ensure(): Promise<void> {
    return Promise.resolve();
  }

  loadAll(): Promise<void> {
    return Promise.resolve();
  }

  async *scan() {
    for (const uid of this.#order()) {
      const row = this.#rows.get(uid);
      if (row) yield { uid, flags: row.flags, envelope: row.envelope };
    }
  }

  reserve(count: number): LocalUid {
    const first = this.#next;
    this.#next += count;
    return first;
  }

  async apply(change: FolderChange): Promise<void> {
    this.rev++;
    this.#sorted = null;
    if (change.reset) {
      this.#rows.clear();
      this.#byRemote.clear();
    }
    for (const { uid, remote, flags, envelope } of change.put ?? []) {
      if (uid >= this.#next) this.#next = uid + 1;
      this.used.add(uid);
      this.#rows.set(uid, { remote, envelope, flags: flagBits(flags, this.keywords), raw: null });
      if (remote?.t === 'imap') this.#byRemote.set(remote.uid, uid);
    }
    for (const { uid, flags } of change.flags ?? []) {
      const row = this.#rows.get(uid);
      if (row) row.flags = flagBits(flags, this.keywords);
    }
    for (const uid of change.remove ?? []) {
      const remote = this.#rows.get(uid)?.remote;
      if (remote?.t === 'imap') this.#byRemote.delete(remote.uid);
      this.#rows.delete(uid);
    }
    if (change.sync) this.sync = change.sync;
  }

  #order(): LocalUid[] {
    this.#sorted ??= [...this.#rows.keys()].sort((a, b) => b - a);
    return this.#sorted;
  }
}
