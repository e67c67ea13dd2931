// Messages from the server into the box: bytes durable, ledger durable, entry durable, in batches. What turns out to
// be here already under another name is not kept twice.
import { TmailError } from '../../util/errors.ts';
import { RAW_BATCH } from '../../util/limits.ts';
import type { Progress } from '../types.ts';
import type { NewArrival, Written } from './box.ts';
import type { CheckOptions, Tally } from './check.ts';
import type { Known } from './known.ts';
import { type Fetch, policyName, whyRemove } from './plan.ts';
import type { Going } from './removal.ts';

export interface FetchJob {
  readonly options: CheckOptions;
  readonly tally: Tally;
  /** Ids that messages of the account have. */
  readonly taken: Set<string>;
  /** Known messages that were not found in the list: one with the same content is not new. */
  readonly unseen: Map<string, Known>;
  /** Messages that this session fetches, for the progress. */
  readonly total: number;
  /** False once a message was refused: then what is missing from the list may only have another name. */
  allFetched: boolean;
}

/** Entries made durable together once the first rows are on the screen: each batch writes the index anew. */
const LARGE_BATCH = 200;

interface Arriving {
  readonly fetch: Fetch;
  readonly written: Written;
  readonly known: Known;
}

/**
 * Fetches the messages, whole or only their heads, and says which of them the policy lets go now. Each yield is a
 * safe stop; what came before an error is kept.
 */
export async function* fetchMessages(
  job: FetchJob,
  fetches: readonly Fetch[],
  partial: boolean,
): AsyncGenerator<Progress, Going[]> {
  const { client } = job.options;
  const asked = new Map(fetches.map(one => [one.of.listed.number, one]));
  const waiting = new Set(fetches);
  const going: Going[] = [];
  let batch: Arriving[] = [];
  let done = 0;
  // The next batch comes over the line while this one is made durable.
  let committing: Promise<unknown> = Promise.resolve();
  const startCommit = () => {
    const full = batch;
    batch = [];
    const before = committing;
    committing = before.then(async () => going.push(...(await commit(job, full, partial))));
    committing.catch(() => undefined); // whoever waits for it next sees it
    return before;
  };
  const source = partial
    ? client.top(asked.keys(), 0)
    : client.retrieve(fetches.map(fetch => fetch.of.listed));
  try {
    for await (const one of source) {
      const fetch = asked.get(one.number);
      done++;
      if (!fetch) continue;
      if (one.bytes === null) {
        waiting.delete(fetch);
        job.allFetched = false;
        job.tally.errors.push(one.error);
        continue;
      }
      // A head without a name would come again at every check.
      if (partial && fetch.of.key === null) continue;
      batch.push(await take(job, fetch, one.bytes, partial));
      waiting.delete(fetch);
      // The first rows soon, then fewer and larger steps.
      if (batch.length < (done < LARGE_BATCH ? RAW_BATCH : LARGE_BATCH)) continue;
      await startCommit();
      yield { label: job.options.label, done, total: job.total };
    }
    startCommit();
    await committing;
  } catch (error) {
    if (!(error instanceof TmailError) || error.kind === 'storage') throw error;
    startCommit();
    await committing;
    const [current] = waiting;
    if (error.code === 'pop3.body-too-long' && current) await leaveAlone(job, current);
    throw error;
  } finally {
    await committing.catch(() => undefined);
  }
  if (done > 0) yield { label: job.options.label, done, total: job.total };
  return going;
}

async function take(
  job: FetchJob,
  fetch: Fetch,
  bytes: AsyncIterable<Buffer>,
  partial: boolean,
): Promise<Arriving> {
  const { box, now, settings } = job.options;
  const { listed, key, known } = fetch.of;
  const id = known?.id ?? freshId(key ?? `raw ${listed.number}`, job.taken);
  const written = await box.write(id, bytes, partial);
  written.durable.catch(() => undefined); // awaited with its batch
  const { head, body } = written.fingerprint;
  const entry: Known = {
    id,
    key: key ?? '',
    sure: !partial,
    state: partial ? 'placeholder' : 'here',
    firstSeen: known?.firstSeen ?? now(),
    size: listed.size,
    head,
    body: partial ? null : body,
    onServer: true,
    removals: known?.removals ?? 0,
    policy: policyName(settings.serverCopy),
  };
  return { fetch, written, known: entry };
}

async function commit(job: FetchJob, batch: readonly Arriving[], partial: boolean): Promise<Going[]> {
  if (batch.length === 0) return [];
  const { box, ledger, settings, now } = job.options;
  const fresh: Arriving[] = [];
  const again: Arriving[] = [];
  await box.flush();
  for (const one of batch) {
    await one.written.durable;
    const old = one.fetch.of.known === null ? sameContent(job.unseen, one.known) : undefined;
    if (!old) {
      fresh.push(one);
      continue;
    }
    job.unseen.delete(old.id);
    await box.drop(one.written);
    again.push({
      ...one,
      known: { ...old, key: one.known.key, sure: !partial, size: one.known.size, onServer: true },
    });
  }
  // The ledger first: what it says is here counts only when it is, and what only the index knew would come again.
  await ledger.record([...fresh, ...again].map(one => one.known));
  await box.add(fresh.map(one => arrivalOf(one, partial)));
  job.tally[partial ? 'placeholders' : 'received'] += fresh.length;
  return [...fresh, ...again]
    .filter(one => whyRemove(one.known, settings.serverCopy, now()) !== null)
    .map(({ fetch, known }) => ({ number: fetch.of.listed.number, known, copy: known.state === 'here' }));
}

function arrivalOf(one: Arriving, partial: boolean): NewArrival {
  const { bytes } = one.written.fingerprint;
  return {
    id: one.known.id,
    written: one.written,
    size: partial ? (one.known.size ?? bytes) : bytes,
    partial,
    replaces: one.fetch.of.known !== null,
    at: one.known.firstSeen,
  };
}

/** Of a placeholder only the head is known, and its size. */
function sameContent(unseen: ReadonlyMap<string, Known>, known: Known): Known | undefined {
  for (const old of unseen.values()) {
    if (old.head === null || old.head !== known.head || old.body !== known.body) continue;
    if (old.body !== null || old.size === known.size) return old;
  }
  return undefined;
}

/** A message without end would end every check at the same place. */
async function leaveAlone(job: FetchJob, fetch: Fetch): Promise<void> {
  const { ledger, now, settings } = job.options;
  const { key, listed, known } = fetch.of;
  if (key === null || known !== null) return;
  const id = freshId(key, job.taken);
  const policy = policyName(settings.serverCopy);
  const seen = { firstSeen: now(), size: listed.size, head: null, body: null, onServer: true, removals: 0 };
  await ledger.record([{ id, key, sure: false, state: 'skipped', ...seen, policy }]);
}

/** An id that no message of the account has had. */
export function freshId(key: string, taken: Set<string>): string {
  let id = key;
  for (let n = 2; taken.has(id); n++) id = `${key} again ${n}`;
  taken.add(id);
  return id;
}

/** What the server called a message with this id, for when only the id is left. */
export function keyOfId(id: string): string {
  return id.replace(/ again \d+$/, '');
}
