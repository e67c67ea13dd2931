// The first pull of a mailbox with all bodies, durably, and a pull when nothing has changed, from a real Dovecot
// behind a line with and without a round trip time.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../src/store/store.ts';
import { createEngineFor } from '../src/sync/create.ts';
import type { SyncReport } from '../src/sync/types.ts';
import { accountOn } from '../test/robot/home.ts';
import { type Dovecot, startDovecot } from '../test/servers/dovecot.ts';
import { createDelayProxy } from './delay-proxy.ts';
import { mailbox } from './mailbox.ts';
import type { Measure } from './report.ts';

const COUNT = 10_000;

export async function* imap(): AsyncGenerator<Measure> {
  const server = await startDovecot({ pop3: false });
  try {
    const messages = mailbox(COUNT);
    const bytes = messages.reduce((sum, message) => sum + Buffer.byteLength(message), 0);
    await server.deliver('INBOX', messages);
    yield { what: `${COUNT.toLocaleString('en')} messages`, measured: `${Math.round(bytes / 1e6)} MB` };
    for (const roundTrip of [0, 50]) yield* at(server, roundTrip);
  } finally {
    await server.dispose();
  }
}

async function* at(server: Dovecot, roundTrip: number): AsyncGenerator<Measure> {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-bench-'));
  const proxy = await createDelayProxy(server.imapsPort, roundTrip);
  try {
    const first = await pull(dir, server, proxy.port);
    yield {
      what: `first pull with bodies, ${roundTrip} ms round trip`,
      measured: described(first, COUNT),
      budget: roundTrip === 0 ? '8 s' : '9 s',
      aim: '5 s',
      peers: `mbsync ${roundTrip === 0 ? '6.7' : '9.5'} s`,
    };
    const again = await pull(dir, server, proxy.port);
    yield { what: `nothing changed, ${roundTrip} ms round trip`, measured: described(again, 0) };
  } finally {
    await proxy.close();
    await rm(dir, { recursive: true, force: true });
  }
}

interface Pulled {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly report: SyncReport;
}

/** As `tmail sync` does it: store opened, pulled, everything durable, closed. */
async function pull(dir: string, server: Dovecot, port: number): Promise<Pulled> {
  const at = performance.now();
  const used = process.cpuUsage();
  const store = await openStore({ dir, mode: 'owner' });
  try {
    const account = accountOn(port, server.ca, server.user, server.password);
    const engine = await createEngineFor(account, store, { password: async () => server.password });
    const report = await engine.syncOnce(null);
    await engine.stop();
    await store.flush();
    const { user, system } = process.cpuUsage(used);
    return { seconds: (performance.now() - at) / 1000, cpuSeconds: (user + system) / 1e6, report };
  } finally {
    await store.close();
  }
}

function described({ seconds, cpuSeconds, report }: Pulled, expected: number): string {
  const wrong = report.received === expected ? '' : `, RECEIVED ${report.received}`;
  const errors = report.errors.length === 0 ? '' : `, ${report.errors.map(error => error.code).join(' ')}`;
  return `${seconds.toFixed(2)} s, CPU ${cpuSeconds.toFixed(2)} s${wrong}${errors}`;
}
