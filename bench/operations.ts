// Organising in bulk: a folder of 100,000 messages on a real Dovecot, all marked read, 5,000 moved, that taken back.
// What the person waits for, what the server takes, the bytes to it, and the longest time that a key would have waited:
// of one operation on all of them, and by keys in the real program, which hands over some hundred at a time.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { FolderStore, OperationTarget } from '../src/store/types.ts';
import { startDovecot } from '../test/servers/dovecot.ts';
import { openWorld, type World } from '../test/sync/world.ts';
import type { BulkCost } from './bulk.child.tsx';
import { linesOf } from './lines-of.ts';
import type { Measure } from './report.ts';

const COUNT = 100_000;
const MOVED = 5000;

export async function* operations(): AsyncGenerator<Measure> {
  const server = await startDovecot({ pop3: false, plain: true });
  const line = await countingLine(server.imapPort);
  try {
    await server.deliver(
      'INBOX',
      Array.from({ length: COUNT }, (_, n) => small(n + 1)),
    );
    const { user, password } = server;
    await using world = await openWorld({ port: line.port, user, password });
    const at = performance.now();
    await world.engine.syncOnce(null);
    yield {
      what: `${COUNT.toLocaleString('en')} envelopes pulled`,
      measured: seconds(performance.now() - at),
    };
    yield* steps(world, line.sent);
  } finally {
    await line.close();
    await server.dispose();
  }
  yield* byKeys();
}

async function* byKeys(): AsyncGenerator<Measure> {
  for (const { what, took, p50, p95, blocked } of await linesOf<BulkCost>('bulk', [COUNT])) {
    yield {
      what: `by keys: ${what}`,
      measured: `${milliseconds(took)}, keys meanwhile p50 ${p50.toFixed(0)} p95 ${p95.toFixed(0)} ms`,
      budget: '25 ms',
    };
    yield { what: '  longest time without reading a key', measured: milliseconds(blocked) };
  }
}

async function* steps(world: World, sent: () => number): AsyncGenerator<Measure> {
  const inbox = await world.folder('INBOX');
  const archive = await world.folder('Archive');
  await inbox.loadAll();
  const all = targets(inbox, COUNT);
  const here = { folder: inbox.record.id, targets: all };
  yield* measured(world, sent, 'mark all read', () =>
    world.account.commit({ t: 'flags', ...here, add: ['\\Seen'], remove: [] }),
  );
  const some = targets(inbox, MOVED);
  const to = archive.record.id;
  let landing: readonly number[] = [];
  yield* measured(world, sent, `move ${MOVED.toLocaleString('en')}`, async () => {
    const op = await world.account.commit({ t: 'move', folder: inbox.record.id, targets: some, to });
    if (op.t === 'move') landing = op.landing;
  });
  yield* measured(world, sent, 'taken back, after the server had it', () =>
    world.account.commit({
      t: 'move',
      folder: to,
      targets: landing.map(uid => ({ uid, remote: archive.remote(uid) ?? null, messageId: '' })),
      to: inbox.record.id,
      landing: some.map(({ uid }) => uid),
    }),
  );
}

async function* measured(
  world: World,
  sent: () => number,
  what: string,
  work: () => Promise<unknown>,
): AsyncGenerator<Measure> {
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  // It counts from its first tick, and what held it up when it ticks again.
  await tick();
  const at = performance.now();
  const shown = work();
  const kept = await shown.then(() => performance.now() - at);
  await tick();
  const lagHere = lag.max / 1e6;
  lag.reset();
  const before = sent();
  const pushed = performance.now();
  const report = await world.engine.syncOnce(null);
  const took = performance.now() - pushed;
  await tick();
  lag.disable();
  const wrong = report.errors.map(error => ` ${error.code}`).join('');
  const left = world.account.queue().length;
  yield { what: `${what}: shown and durable`, measured: milliseconds(kept) };
  yield { what: '  longest wait of a key meanwhile', measured: milliseconds(lagHere), budget: '25 ms' };
  yield {
    what: '  the server has it, and a pull',
    measured: `${seconds(took)}, ${sent() - before} bytes sent${wrong}${left > 0 ? ', QUEUED' : ''}`,
  };
  yield { what: '  longest wait of a key meanwhile', measured: milliseconds(lag.max / 1e6), budget: '25 ms' };
}

function targets(folder: FolderStore, count: number): OperationTarget[] {
  return Array.from({ length: count }, (_, position) => {
    const uid = folder.uidAt(position) ?? 0;
    return { uid, remote: folder.remote(uid) ?? null, messageId: `m${uid}@bench.example` };
  });
}

function small(n: number): string {
  const head = [`From: a${n % 97}@example.org`, 'To: me@example.net', `Subject: number ${n}`];
  const date = new Date(Date.UTC(2025, 0, 1) + n * 60_000).toUTCString();
  return [...head, `Date: ${date}`, `Message-ID: <m${n}@bench.example>`, '', 'Text.', ''].join('\r\n');
}

const tick = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 5));

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const milliseconds = (ms: number): string => `${ms.toFixed(0)} ms`;

/** A line that counts what the client says. */
async function countingLine(target: number) {
  let sent = 0;
  const server = createServer({ noDelay: true }, near => {
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
    near.on('data', bytes => {
      sent += bytes.length;
    });
    near.pipe(far).pipe(near);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    sent: () => sent,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
