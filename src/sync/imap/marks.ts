// By what a message is known again wherever its UID went: Message-ID and size, or, where it has no Message-ID, arrival
// and size. Asks the server for them; decides nothing.
import type { FetchMessageObject } from 'imapflow';
import type { Envelope } from '../../mail/types.ts';
import type { ImapClient } from './client-types.ts';
import { bareMessageId } from './envelope.ts';
import { formatUidSet } from './uid-set.ts';

export interface Marks {
  /** '' when absent. */
  readonly messageId: string;
  /** RFC822.SIZE. */
  readonly size: number;
  /** INTERNALDATE in whole seconds, which is what the wire carries. */
  readonly arrival: number;
}

export interface MarkedRow extends Marks {
  readonly uid: number;
}

/** Rows asked for in one command. */
const CHUNK = 2000;
const ITEMS = { uid: true, size: true, internalDate: true, headers: ['message-id'] };

/** Of the messages with these UIDs that are there. */
export async function marksOf(client: ImapClient, uids: readonly number[]): Promise<MarkedRow[]> {
  const found: MarkedRow[] = [];
  for (let from = 0; from < uids.length; from += CHUNK) {
    const set = uids.slice(from, from + CHUNK);
    const wanted = new Set(set);
    const most = set.length * 2 + 1000;
    const rows = await client.rows({ by: 'uid', range: formatUidSet(set), items: ITEMS, most });
    for (const row of rows) if (wanted.delete(row.uid)) found.push(marksOfRow(row));
  }
  return found;
}

function marksOfRow(row: FetchMessageObject): MarkedRow {
  const header = row.headers?.toString('latin1') ?? '';
  const value = /^message-id:(.*)$/is.exec(header)?.[1];
  return { uid: row.uid, ...marksOfFetched(row, value === undefined ? '' : bareMessageId(value)) };
}

/** Of a row whose Message-ID is known already. */
export function marksOfFetched(row: FetchMessageObject, messageId: string): Marks {
  const date = row.internalDate === undefined ? Number.NaN : new Date(row.internalDate).getTime();
  return { messageId, size: row.size ?? -1, arrival: seconds(date) };
}

export function marksOfEnvelope({ messageId, size, arrival }: Envelope): Marks {
  return { messageId, size, arrival: seconds(arrival) };
}

/** Equal for two messages that are taken for the same one. */
export function markKey({ messageId, size, arrival }: Marks): string {
  return messageId === '' ? `@${arrival} ${size}` : `${size} ${messageId}`;
}

const seconds = (ms: number): number => (Number.isFinite(ms) ? Math.floor(ms / 1000) : 0);

/** Things waiting under one key, taken one by one: two equal messages are two. */
export class Matches<T> {
  readonly #waiting = new Map<string, T[]>();

  add(key: string, value: T): void {
    const known = this.#waiting.get(key);
    if (known) known.push(value);
    else this.#waiting.set(key, [value]);
  }

  get size(): number {
    return this.#waiting.size;
  }

  take(key: string): T | undefined {
    return this.takeWhere(key, () => true);
  }

  /** The first that still holds; those before it are forgotten. */
  takeWhere(key: string, holds: (value: T) => boolean): T | undefined {
    const known = this.#waiting.get(key) ?? [];
    let value = known.shift();
    while (value !== undefined && !holds(value)) value = known.shift();
    if (known.length === 0) this.#waiting.delete(key);
    return value;
  }
}
