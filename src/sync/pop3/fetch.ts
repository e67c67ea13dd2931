// Messages from the server to the intake: what is asked for, what a refusal means, where a check may stop.
import { TmailError } from '../../util/errors.ts';
import { RAW_BATCH } from '../../util/limits.ts';
import type { Progress } from '../types.ts';
import type { CheckOptions, Tally } from './check.ts';
import { type Arriving, createIntake } from './intake.ts';
import type { Known } from './known.ts';
import { type Fetch, policyName } from './plan.ts';
import type { Going } from './removal.ts';

/** Progress is told, and a check can be stopped, at least this often while messages come; milliseconds. */
const STEP_MS = 250;

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
  const intake = createIntake(job, partial);
  let done = 0;
  let told = performance.now();
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
      await intake.take(await arriving(job, fetch, one.bytes, partial));
      waiting.delete(fetch);
      // The first rows soon.
      if (done === RAW_BATCH) job.options.box.flush().catch(() => undefined);
      // A place to stop often enough, also where each message takes its time.
      if (done % RAW_BATCH === 0 || performance.now() - told > STEP_MS) {
        yield { label: job.options.label, done, total: job.total };
        told = performance.now();
      }
    }
    await intake.end();
  } catch (error) {
    if (!(error instanceof TmailError) || error.kind === 'storage') throw error;
    await intake.end();
    const [current] = waiting;
    if (error.code === 'pop3.body-too-long' && current) await leaveAlone(job, current);
    if (error.kind === 'network' && current) await countCut(job, current);
    throw error;
  } finally {
    await intake.end().catch(() => undefined);
  }
  if (done > 0) yield { label: job.options.label, done, total: job.total };
  return [...intake.going];
}

async function arriving(
  job: FetchJob,
  fetch: Fetch,
  bytes: AsyncIterable<Buffer>,
  partial: boolean,
): Promise<Arriving> {
  const { box, now, settings } = job.options;
  const { listed, key, known } = fetch.of;
  const id = known?.id ?? freshId(key ?? `raw ${listed.number}`, job.taken);
  const written = await box.write(id, bytes, partial);
  written.durable.catch(() => undefined); // awaited by the intake
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

/** Where the line is cut again and again, the other messages go first. */
async function countCut({ options: { ledger } }: FetchJob, { of: { key, known } }: Fetch): Promise<void> {
  if (key === null || known !== null) return;
  const { cuts } = ledger.memory;
  await ledger.record([], { cuts: { ...cuts, [key]: (cuts[key] ?? 0) + 1 } });
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
