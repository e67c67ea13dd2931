// The disk stops at any change of a life of writing and sending: nothing that was promised is lost, and nothing that
// the server has is sent again.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/store/store.ts';
import type { SmtpClient, SmtpOutcome } from '../../src/sync/smtp/client.ts';
import { TmailError } from '../../src/util/errors.ts';
import { dyingDisk } from '../store/faulty-disk.ts';
import { MEMORY } from '../store/harness.ts';
import { random } from '../store/workload.ts';
import { checkSending, liveBySending, numberOf, type OpenSmtp, type SentNote } from './life.ts';

/** A server in memory that now and then refuses, breaks the line, or takes a message and does not say so. */
function flakyServer(chance: () => number, taken: Map<number, number>): OpenSmtp {
  return async () => {
    const client: SmtpClient = {
      usable: true,
      async send({ bytes, ending }): Promise<SmtpOutcome> {
        await new Promise(resolve => setImmediate(resolve));
        const dice = chance();
        const broken = new TmailError('network', 'net.closed');
        if (dice < 0.1) throw broken;
        const later = new TmailError('rejected', 'smtp.deferred', { retry: 'auto' });
        if (dice < 0.15) return { t: 'refused', error: later, recipients: [] };
        await ending();
        if (dice < 0.25) return { t: 'unknown', error: broken };
        taken.set(numberOf(bytes), (taken.get(numberOf(bytes)) ?? 0) + 1);
        if (dice < 0.35) return { t: 'unknown', error: broken };
        return { t: 'sent', reply: '250 ok' };
      },
      quit: () => undefined,
      close: () => undefined,
    };
    return client;
  };
}

async function dieAt(
  changes: number,
  seed: number,
): Promise<{ died: boolean; unknown: number; sent: number }> {
  const dir = await mkdtemp(join(MEMORY, 'tmail-sending-'));
  const notes: SentNote[] = [];
  const taken = new Map<number, number>();
  const chance = random(seed);
  let died = false;
  try {
    for (const [life, budget] of [changes, 30 + (changes % 90)].entries()) {
      const disk = dyingDisk(budget);
      try {
        const store = await openStore({ dir, mode: 'owner', fs: disk, groupMs: 3 });
        const setting = { seed: seed + life, k: life * 100, steps: 6, openSmtp: flakyServer(chance, taken) };
        await liveBySending(store, setting, note => notes.push(note)).finally(() => store.close());
      } catch (error) {
        if (!(error instanceof TmailError) || error.kind !== 'storage') throw error;
      }
      if (life === 0) died = disk.died();
    }
    const store = await openStore({ dir, mode: 'owner' });
    try {
      return { died, ...(await checkSending(store, notes, taken)) };
    } finally {
      await store.close();
    }
  } catch (error) {
    throw new Error(`dieAt(${changes}, ${seed}): ${error}`, { cause: error });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

test('a disk that dies at any change: every message is somewhere, none is sent twice', async t => {
  const seed = Number(process.env.TMAIL_SEED ?? Date.now() % 1_000_000);
  const only = process.env.TMAIL_CHANGES;
  if (only) {
    await dieAt(Number(only), seed);
    return;
  }
  const until = performance.now() + Number(process.env.TMAIL_LONG ?? 9000);
  const total = { runs: 0, deaths: 0, unknown: 0, sent: 0 };
  // However busy the machine is: enough of each has been seen.
  const few = () => total.deaths <= 10 || total.sent <= 10 || total.unknown === 0;
  for (let run = 0; performance.now() < until || few(); run++) {
    const { died, unknown, sent } = await dieAt(1 + ((run * 7) % 260), seed + run * 13);
    total.runs++;
    total.deaths += Number(died);
    total.unknown += unknown;
    total.sent += sent;
  }
  t.diagnostic(JSON.stringify(total));
});
