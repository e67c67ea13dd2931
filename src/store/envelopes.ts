// The envelopes of one shard: SHARD_SIZE consecutive local uids in columns, as they stand in the file. Compact in
// memory because objects are made only for the rows that someone looks at. No disk here.
import type { Address, Envelope, RemoteRef } from '../mail/types.ts';
import { ADDRESSES, ENVELOPE_TEXT, REFERENCES, SHARD_SIZE } from '../util/limits.ts';
import { FILE_VERSION } from './json.ts';
import type { EnvelopeFile, People } from './shapes.ts';

/** Characters of all addresses, and of all references, kept of one envelope: hostile mail fills no shard. */
const ADDRESS_BUDGET = 8 * 1024;
const REFERENCE_BUDGET = 4 * 1024;
/** Longer UIDLs break RFC 1939 (70 characters); what is kept is still unique enough to be told apart. */
const UIDL_TEXT = 512;

export function emptyEnvelopes(): EnvelopeFile {
  return {
    v: FILE_VERSION,
    people: [],
    subject: [],
    from: [],
    to: [],
    cc: [],
    reply: [],
    date: [],
    arrival: [],
    id: [],
    parent: [],
    refs: [],
    size: [],
    files: [],
    uid: [],
    validity: null,
  };
}

export class EnvelopeShard {
  #columns: EnvelopeFile;
  /** Address → name → the pair's number; only while messages are being added. */
  #numbers: Map<string, Map<string, number>> | null = null;

  constructor(columns: EnvelopeFile = emptyEnvelopes()) {
    this.#columns = columns;
  }

  /** Some messages have a POP3 UIDL. */
  get uidls(): boolean {
    return this.#columns.uidl?.some(uidl => uidl !== 0) ?? false;
  }

  /** Slots from here on never had an envelope. */
  get end(): number {
    return this.#columns.subject.length;
  }

  has(slot: number): boolean {
    return typeof this.#columns.subject[slot] === 'string';
  }

  get(slot: number): Envelope | undefined {
    const c = this.#columns;
    const subject = c.subject[slot];
    if (typeof subject !== 'string') return undefined;
    const references = splitReferences(c.refs[slot] ?? 0);
    const parent = c.parent[slot] ?? 0;
    const files = c.files[slot] ?? -1;
    return {
      subject,
      from: this.#people(c.from[slot]),
      to: this.#people(c.to[slot]),
      cc: this.#people(c.cc[slot]),
      replyTo: this.#people(c.reply[slot]),
      date: c.date[slot] ?? 0,
      arrival: c.arrival[slot] ?? 0,
      messageId: c.id[slot] ?? '',
      inReplyTo: parent === 0 ? (references.at(-1) ?? '') : parent,
      references,
      size: c.size[slot] ?? 0,
      attachments: files < 0 ? null : files,
    };
  }

  /** Where the message was when it was stored; null: only here, undefined: no such message. */
  remote(slot: number): RemoteRef | null | undefined {
    if (!this.has(slot)) return undefined;
    const { uid, uidl, validity } = this.#columns;
    const text = uidl?.[slot];
    if (typeof text === 'string') return { t: 'pop3', uidl: text };
    const number = uid[slot];
    return number && validity !== null ? { t: 'imap', uidValidity: validity, uid: number } : null;
  }

  set(slot: number, envelope: Envelope, remote: RemoteRef | null): void {
    const c = this.#columns;
    this.#grow(slot + 1);
    const budget = { left: ADDRESS_BUDGET };
    const references = trimReferences(envelope.references);
    const parent = envelope.inReplyTo.slice(0, ENVELOPE_TEXT);
    c.subject[slot] = envelope.subject.slice(0, ENVELOPE_TEXT);
    c.from[slot] = this.#number(envelope.from, budget);
    c.reply[slot] = this.#number(envelope.replyTo, budget);
    c.to[slot] = this.#number(envelope.to, budget);
    c.cc[slot] = this.#number(envelope.cc, budget);
    c.date[slot] = finite(envelope.date);
    c.arrival[slot] = finite(envelope.arrival);
    c.id[slot] = envelope.messageId.slice(0, ENVELOPE_TEXT);
    c.parent[slot] = parent === (references.at(-1) ?? '') ? 0 : parent;
    c.refs[slot] = joinReferences(references);
    c.size[slot] = finite(envelope.size);
    c.files[slot] = envelope.attachments ?? -1;
    c.uid[slot] = remote?.t === 'imap' ? remote.uid : 0;
    if (remote?.t === 'imap') c.validity = remote.uidValidity;
    if (remote?.t === 'pop3') c.uidl ??= c.subject.map(() => 0 as const);
    if (c.uidl) c.uidl[slot] = remote?.t === 'pop3' ? remote.uidl.slice(0, UIDL_TEXT) : 0;
  }

  /** A message that is here has this place now. */
  place(slot: number, { uid, uidValidity }: Extract<RemoteRef, { t: 'imap' }>): void {
    this.#columns.uid[slot] = uid;
    this.#columns.validity = uidValidity;
    const { uidl } = this.#columns;
    if (uidl) uidl[slot] = 0;
  }

  /** Takes what `older` has and this has not: a file that was read after messages had been added here. */
  mergeOlder(older: EnvelopeShard): void {
    for (let slot = 0; slot < SHARD_SIZE; slot++) {
      if (this.has(slot)) continue;
      const envelope = older.get(slot);
      if (envelope) this.set(slot, envelope, older.remote(slot) ?? null);
    }
  }

  /** For the file. Valid until the next `set`. */
  columns(): EnvelopeFile {
    this.#numbers = null;
    return this.#columns;
  }

  #grow(length: number): void {
    const c = this.#columns;
    for (let slot = c.subject.length; slot < length; slot++) {
      c.subject.push(null);
      for (const column of [c.from, c.to, c.cc, c.reply]) column.push([]);
      for (const column of [c.date, c.arrival, c.size, c.uid]) column.push(0);
      c.files.push(-1);
      c.id.push('');
      c.parent.push(0);
      c.refs.push(0);
      c.uidl?.push(0);
    }
  }

  #people(people: People | undefined): Address[] {
    if (people === undefined) return [];
    return typeof people === 'number' ? [this.#person(people)] : people.map(n => this.#person(n));
  }

  #person(n: number): Address {
    const { people } = this.#columns;
    return { name: people[2 * n] ?? '', address: people[2 * n + 1] ?? '' };
  }

  #number(addresses: readonly Address[], budget: { left: number }): People {
    if (addresses.length === 0) return [];
    const numbers: number[] = [];
    for (const each of addresses) {
      const name = each.name.slice(0, ENVELOPE_TEXT);
      const address = each.address.slice(0, ENVELOPE_TEXT);
      budget.left -= name.length + address.length;
      if (budget.left < 0 || numbers.length === ADDRESSES) break;
      numbers.push(this.#pair(name, address));
    }
    const [only] = numbers;
    return numbers.length === 1 && only !== undefined ? only : numbers;
  }

  #pair(name: string, address: string): number {
    const { people } = this.#columns;
    if (!this.#numbers) {
      this.#numbers = new Map();
      for (let i = 0; i < people.length; i += 2)
        namesOf(this.#numbers, people[i + 1] ?? '').set(people[i] ?? '', i / 2);
    }
    const names = namesOf(this.#numbers, address);
    let number = names.get(name);
    if (number === undefined) {
      number = people.push(name, address) / 2 - 1;
      names.set(name, number);
    }
    return number;
  }
}

/** By two keys: no text has to be made to look a pair up. */
function namesOf(numbers: Map<string, Map<string, number>>, address: string): Map<string, number> {
  let names = numbers.get(address);
  if (!names) {
    names = new Map();
    numbers.set(address, names);
  }
  return names;
}

/** JSON has no NaN or infinity: it would come back as null, that is, as damage. */
const finite = (n: number) => (Number.isFinite(n) ? n : 0);

function trimReferences(references: readonly string[]): string[] {
  const all = references.map(reference => reference.slice(0, ENVELOPE_TEXT));
  const [first] = all;
  if (first === undefined) return [];
  const kept: string[] = [];
  let left = REFERENCE_BUDGET - first.length;
  // The first names the thread, the newest its branch; the middle is what a long thread can miss.
  for (let i = all.length - 1; i > 0 && kept.length < REFERENCES - 1; i--) {
    const reference = all[i] ?? '';
    left -= reference.length;
    if (left < 0) break;
    kept.unshift(reference);
  }
  return [first, ...kept];
}

function joinReferences(references: string[]): string | 0 | string[] {
  if (references.length === 0) return 0;
  return references.some(reference => reference === '' || /\s/.test(reference))
    ? references
    : references.join(' ');
}

function splitReferences(stored: string | 0 | string[]): string[] {
  if (stored === 0) return [];
  return typeof stored === 'string' ? stored.split(' ') : stored;
}
