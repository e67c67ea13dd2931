// Messages on their way into the box, in the order in which they came: bytes durable, ledger durable, entry durable.
// Whatever has become durable meanwhile takes the next step together, so that neither the line nor the disk waits
// for the other. What turns out to be here already under another name is not kept twice.
import { nextTurn } from '../../util/turn.ts';
import type { NewArrival, Written } from './box.ts';
import type { FetchJob } from './fetch.ts';
import type { Known } from './known.ts';
import { type Fetch, whyRemove } from './plan.ts';
import type { Going } from './removal.ts';

/** Bytes that may wait for the disk before the line waits too. */
const WAITING_BYTES = 16 * 1024 * 1024;

export interface Arriving {
  readonly fetch: Fetch;
  readonly written: Written;
  readonly known: Known;
}

export interface Intake {
  /** Resolves when there is room for the next one. @throws TmailError what kept an earlier one from being stored */
  take(one: Arriving): Promise<void>;
  /** Resolves when all that was taken is a message, or is known not to be a new one. Repeatable. @throws as `take` */
  end(): Promise<void>;
  /** Those of them that the policy lets go now. */
  readonly going: readonly Going[];
}

export function createIntake(job: FetchJob, partial: boolean): Intake {
  const going: Going[] = [];
  const waiting: Arriving[] = [];
  const durable = new Set<Arriving>();
  let bytes = 0;
  /** The batch that is being stored, and all that wait. A failed one stays, so that whoever comes later hears of it. */
  let step: Promise<void> = Promise.resolve();
  let working: Promise<void> | null = null;
  let failed = false;

  async function storeNext(first: Arriving): Promise<void> {
    await first.written.durable;
    // All of a batch become durable in one turn.
    await nextTurn();
    const stops = waiting.findIndex(one => !durable.has(one));
    const batch = waiting.slice(0, stops < 0 ? waiting.length : stops);
    going.push(...(await commit(job, batch, partial)));
    waiting.splice(0, batch.length);
    for (const one of batch) {
      durable.delete(one);
      bytes -= one.written.fingerprint.bytes;
    }
  }

  async function work(): Promise<void> {
    for (let first = waiting[0]; first; first = waiting[0]) {
      step = storeNext(first);
      await step;
    }
    working = null;
  }

  return {
    going,
    async take(one) {
      waiting.push(one);
      bytes += one.written.fingerprint.bytes;
      one.written.durable.then(
        () => durable.add(one),
        () => undefined, // `storeNext` waits for it too
      );
      working ??= work();
      working.catch(() => {
        failed = true;
      });
      if (bytes > WAITING_BYTES || failed) await step;
    },
    async end() {
      if (working === null) return;
      await job.options.box.flush();
      await working;
    },
  };
}

async function commit(job: FetchJob, batch: readonly Arriving[], partial: boolean): Promise<Going[]> {
  if (batch.length === 0) return [];
  const { box, ledger, settings, now } = job.options;
  const fresh: Arriving[] = [];
  const again: Arriving[] = [];
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
