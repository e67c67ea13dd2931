// Adds up messages: the largest ones, and what each sender takes. Pure; knows neither store nor screen.
import { shortName } from '../../mail/address.ts';
import type { Envelope, FolderId, LocalUid } from '../../mail/types.ts';
import type { LargeMessage, SenderSpace } from './types.ts';

/** How many of the largest are kept: far more than anybody looks through. */
export const LARGEST = 200;

/** One folder's part. */
export class Tally {
  messages = 0;
  bytes = 0;
  readonly #sender: string | null;
  readonly #senders = new Map<string, { name: string; messages: number; bytes: number }>();
  #largest: LargeMessage[] = [];
  #least = -1;

  /** `sender`: of whom alone messages are kept; null: of everybody. */
  constructor(sender: string | null = null) {
    this.#sender = sender;
  }

  add(folder: FolderId, uid: LocalUid, envelope: Envelope): void {
    const { size } = envelope;
    const from = envelope.from[0];
    const address = (from?.address ?? '').trim().toLowerCase();
    this.messages++;
    this.bytes += size;
    if (this.#sender !== null && address !== this.#sender) return;
    this.#count(address, from?.name ?? '', size);
    if (size <= this.#least) return;
    const { subject, date } = envelope;
    this.#largest.push({ folder, uid, size, from: from ? shortName(from) : '', subject, date });
    if (this.#largest.length >= 2 * LARGEST) this.#prune();
  }

  /** The largest first. */
  get largest(): readonly LargeMessage[] {
    this.#prune();
    return this.#largest;
  }

  get senders(): ReadonlyMap<string, Omit<SenderSpace, 'address'>> {
    return this.#senders;
  }

  #count(address: string, name: string, size: number): void {
    const known = this.#senders.get(address);
    if (!known) this.#senders.set(address, { name, messages: 1, bytes: size });
    else {
      known.messages++;
      known.bytes += size;
      if (known.name === '') known.name = name;
    }
  }

  #prune(): void {
    this.#largest = largestOf([this.#largest]);
    if (this.#largest.length === LARGEST) this.#least = this.#largest.at(-1)?.size ?? -1;
  }
}

export function largestOf(lists: readonly (readonly LargeMessage[])[]): LargeMessage[] {
  return lists
    .flat()
    .sort((a, b) => b.size - a.size || b.date - a.date)
    .slice(0, LARGEST);
}

/** Those with most bytes first. */
export function sendersOf(
  maps: readonly ReadonlyMap<string, Omit<SenderSpace, 'address'>>[],
): readonly SenderSpace[] {
  const all = new Map<string, SenderSpace>();
  for (const map of maps) {
    for (const [address, { name, messages, bytes }] of map) {
      const known = all.get(address);
      all.set(address, {
        address,
        name: known?.name || name,
        messages: messages + (known?.messages ?? 0),
        bytes: bytes + (known?.bytes ?? 0),
      });
    }
  }
  return [...all.values()].sort((a, b) => b.bytes - a.bytes).slice(0, LARGEST);
}
