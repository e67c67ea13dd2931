// What sorting and filtering look at in a message: its times and size, and who and what in a form in which case and
// accents make no difference. A folder's are read once while its list is filtered.

import { folded, type Searchable } from '../../mail/query.ts';
import type { Envelope, LocalUid } from '../../mail/types.ts';
import type { FolderStore } from '../../store/types.ts';

export type Facts = Searchable;

/** Characters of who a message goes to: a list's hundred recipients are no use in a filter. */
const RECIPIENTS = 400;

/** Of an envelope; what has to be made of it is made when it is looked at: a sort needs one of them. */
export function factsOf(envelope: Envelope): Facts {
  return new EnvelopeFacts(envelope);
}

class EnvelopeFacts implements Facts {
  readonly #envelope: Envelope;

  constructor(envelope: Envelope) {
    this.#envelope = envelope;
  }

  get date(): number {
    return this.#envelope.date;
  }

  get arrival(): number {
    return this.#envelope.arrival;
  }

  get size(): number {
    return this.#envelope.size;
  }

  get attachments(): number | null {
    return this.#envelope.attachments;
  }

  get from(): string {
    return people(this.#envelope.from);
  }

  get to(): string {
    const { to, cc } = this.#envelope;
    return people(cc.length === 0 ? to : [...to, ...cc]).slice(0, RECIPIENTS);
  }

  get subject(): string {
    return folded(this.#envelope.subject);
  }
}

/** The same, made at once, without the envelope. */
function kept({ date, arrival, size, attachments, from, to, subject }: Facts): Facts {
  return { date, arrival, size, attachments, from, to, subject };
}

function people(addresses: Envelope['from']): string {
  let text = '';
  for (const { name, address } of addresses) {
    if (text !== '') text += ' ';
    text += name === '' ? address : `${name} ${address}`;
  }
  return folded(text);
}

export interface FactRow {
  readonly uid: LocalUid;
  readonly facts: Facts;
}

/** What is done with so many in one piece stays far below a key's patience. */
const BATCH = 100;

/** So many are known before the rest of the folder is looked at: what a list shows first. */
const FIRST = 200;

/** A folder's messages, newest first, as they are read from the disk. Those of the first batch come once more. */
export async function* scanned(folder: FolderStore): AsyncGenerator<readonly FactRow[]> {
  if (folder.length > FIRST) yield await newest(folder);
  let batch: FactRow[] = [];
  for await (const { uid, envelope } of folder.scan()) {
    batch.push({ uid, facts: factsOf(envelope) });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function newest(folder: FolderStore): Promise<readonly FactRow[]> {
  await folder.ensure(0, FIRST - 1);
  const rows: FactRow[] = [];
  for (let position = 0; position < FIRST; position++) {
    const uid = folder.uidAt(position);
    const envelope = uid === undefined ? undefined : folder.envelope(uid);
    if (uid !== undefined && envelope) rows.push({ uid, facts: factsOf(envelope) });
  }
  return rows;
}

/** Flags in one piece: a fraction of a millisecond. */
const LOOKED_AT = 1000;

/** Only those messages whose flags are such, newest first; of the others nothing is read. */
export async function* withFlags(
  folder: FolderStore,
  accepts: (flags: number) => boolean,
): AsyncGenerator<readonly FactRow[]> {
  await folder.loadAll();
  const uids: LocalUid[] = [];
  for (let position = 0; position < folder.length; position++) {
    // Whoever reads this gives way between two batches.
    if (position % LOOKED_AT === LOOKED_AT - 1) yield [];
    const uid = folder.uidAt(position);
    const flags = uid === undefined ? undefined : folder.flags(uid);
    if (uid !== undefined && flags !== undefined && accepts(flags)) uids.push(uid);
  }
  let batch: FactRow[] = [];
  for (const uid of uids) {
    let envelope = folder.envelope(uid);
    if (!envelope) {
      if (batch.length > 0) yield batch;
      batch = [];
      const position = folder.positionOf(uid);
      if (position >= 0) await folder.ensure(position, position);
      envelope = folder.envelope(uid);
    }
    if (envelope) batch.push({ uid, facts: factsOf(envelope) });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** A folder's facts in memory, for as long as somebody types a filter. */
export class FolderFacts {
  readonly #folder: FolderStore;
  readonly #rows: FactRow[] = [];
  #done = false;
  #closed = false;
  #more: (() => void)[] = [];

  constructor(folder: FolderStore) {
    this.#folder = folder;
  }

  /** Reads them; what is here can be looked at meanwhile. */
  async fill(turn: () => Promise<void>): Promise<void> {
    try {
      for await (const batch of scanned(this.#folder)) {
        if (this.#closed) return;
        for (const { uid, facts } of batch) this.#rows.push({ uid, facts: kept(facts) });
        this.#wake();
        await turn();
      }
    } finally {
      this.#done = true;
      this.#wake();
    }
  }

  /** A message that came. */
  add(row: FactRow): void {
    this.#rows.push({ uid: row.uid, facts: kept(row.facts) });
  }

  /** All of them, the rest as it is read. One that came meanwhile may be among them twice. */
  async *read(): AsyncGenerator<readonly FactRow[]> {
    let at = 0;
    for (;;) {
      while (at < this.#rows.length) {
        const batch = this.#rows.slice(at, at + BATCH);
        at += batch.length;
        yield batch;
      }
      if (this.#done) return;
      await new Promise<void>(resolve => this.#more.push(resolve));
    }
  }

  close(): void {
    this.#closed = true;
  }

  #wake(): void {
    for (const resolve of this.#more.splice(0)) resolve();
  }
}
