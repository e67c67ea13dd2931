// Envelopes by FETCH, whole: a message whose row could not be parsed comes back with what little can be had of it,
// so that none is missing from the list. Rows carry a UID or are dropped.
import type { FetchMessageObject, FetchQueryObject } from 'imapflow';
import type { Detail } from './caution.ts';
import type { ImapClient } from './client.ts';
import { BARE_ITEMS, ENVELOPE_ITEMS, PLAIN_ITEMS } from './envelope.ts';
import { formatUidSet } from './uid-set.ts';

export interface EnvelopeRequest {
  readonly by: 'uid' | 'seq';
  readonly range: string;
  /** How many rows are expected at most. */
  readonly count: number;
  /** The UIDs asked for, where they are known. */
  readonly uids?: readonly number[];
  /** `full` when absent. */
  readonly detail?: Detail;
}

const ITEMS: Readonly<Record<Detail, FetchQueryObject>> = {
  full: ENVELOPE_ITEMS,
  header: PLAIN_ITEMS,
  bare: BARE_ITEMS,
};

export async function fetchEnvelopes(
  client: ImapClient,
  request: EnvelopeRequest,
): Promise<FetchMessageObject[]> {
  // Twice and some: servers also send rows that nobody asked for, such as changed flags.
  const most = request.count * 2 + 1000;
  const items = ITEMS[request.detail ?? 'full'];
  const answer = await client.rows({ by: request.by, range: request.range, items, most });
  const rows = unique(answer.filter(row => row.uid > 0 && (row.envelope || row.size !== undefined)));
  const missing = await unparsed(client, request, rows, most);
  return missing.length === 0 ? rows : unique([...rows, ...missing]);
}

/** The later of two rows for one message is the fuller one only by chance: the first with an envelope wins. */
function unique(rows: readonly FetchMessageObject[]): FetchMessageObject[] {
  const byUid = new Map<number, FetchMessageObject>();
  for (const row of rows) {
    const known = byUid.get(row.uid);
    if (!known || (!known.envelope && row.envelope)) byUid.set(row.uid, row);
  }
  return [...byUid.values()];
}

async function unparsed(
  client: ImapClient,
  request: EnvelopeRequest,
  rows: readonly FetchMessageObject[],
  most: number,
): Promise<FetchMessageObject[]> {
  if (request.by === 'seq') {
    if (rows.length >= request.count) return [];
    const answer = await client.rows({ by: 'seq', range: request.range, items: PLAIN_ITEMS, most });
    return answer.filter(row => row.uid > 0);
  }
  const got = new Set(rows.map(row => row.uid));
  const absent = request.uids?.filter(uid => !got.has(uid)) ?? [];
  if (absent.length === 0) return [];
  const answer = await client.rows({ by: 'uid', range: formatUidSet(absent), items: PLAIN_ITEMS, most });
  return answer.filter(row => row.uid > 0);
}
