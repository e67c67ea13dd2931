// The first check of a maildrop, durably, and a check when nothing has changed, from a real Dovecot over TLS behind a
// line with and without a round trip time. Beside it what the line and the server cost alone: a reader that asks for
// everything at once and keeps nothing.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { type Dovecot, startDovecot } from '../test/servers/dovecot.ts';
import { createDelayProxy } from './delay-proxy.ts';
import { mailbox } from './mailbox.ts';
import type { CheckCost } from './pop3.child.ts';
import { type Measure, quantile } from './report.ts';

/** Machines are noisy: the median of so many. */
const RUNS = 3;

const BUDGETS: Readonly<Record<string, Pick<Measure, 'budget' | 'aim' | 'peers'>>> = {
  '1000/50': { budget: '1.2 s', aim: '0.8 s', peers: 'mpop 1.6 s' },
  '10000/0': { budget: '7 s', aim: '4 s', peers: 'mpop 7.8 s' },
  '10000/50': { budget: '8 s', aim: '5 s', peers: 'mpop 13.7 s' },
};

export async function* pop3(): AsyncGenerator<Measure> {
  for (const count of [1_000, 10_000]) {
    const server = await startDovecot();
    try {
      await server.deliver('INBOX', mailbox(count));
      for (const roundTrip of [0, 50]) yield* at(server, count, roundTrip);
    } finally {
      await server.dispose();
    }
  }
}

async function* at(server: Dovecot, count: number, roundTrip: number): AsyncGenerator<Measure> {
  const proxy = await createDelayProxy(server.pop3sPort, roundTrip);
  const where = `${count.toLocaleString('en')} messages, ${roundTrip} ms`;
  // Removed at the end: a disk that frees the blocks of one run makes the next one wait.
  const dirs: string[] = [];
  try {
    const floor: number[] = [];
    const first: CheckCost[] = [];
    const again: CheckCost[] = [];
    let bytes = 0;
    for (let run = 0; run < RUNS; run++) {
      const from = performance.now();
      bytes = await readAll(proxy.port, server, count);
      floor.push((performance.now() - from) / 1000);
      const dir = await mkdtemp(join(tmpdir(), 'tmail-bench-'));
      dirs.push(dir);
      first.push(await check(dir, server, proxy.port));
      again.push(await check(dir, server, proxy.port));
    }
    yield {
      what: `raw pipelined reader, ${where}`,
      measured: `${quantile(floor, 0.5).toFixed(2)} s, ${Math.round(bytes / 1e6)} MB`,
    };
    yield {
      what: `first check, durable, ${where}`,
      measured: described(first, count),
      ...BUDGETS[`${count}/${roundTrip}`],
    };
    yield { what: `nothing changed, ${where}`, measured: described(again, 0) };
  } finally {
    await proxy.close();
    await Promise.all(dirs.map(dir => rm(dir, { recursive: true, force: true })));
  }
}

function described(costs: readonly CheckCost[], expected: number): string {
  const middle = (of: (cost: CheckCost) => number) => quantile(costs.map(of), 0.5);
  const wrong = costs.flatMap(({ received, errors }) => [
    ...(received === expected ? [] : [`, RECEIVED ${received}`]),
    ...errors.map(code => `, ${code}`),
  ]);
  const [seconds, cpu, memory] = [
    middle(c => c.seconds),
    middle(c => c.cpuSeconds),
    middle(c => c.megabytes),
  ];
  const best = Math.min(...costs.map(c => c.seconds));
  return `${seconds.toFixed(2)} s (best ${best.toFixed(2)}), CPU ${cpu.toFixed(2)} s, ${Math.round(memory)} MB${wrong.join('')}`;
}

function check(dir: string, server: Dovecot, port: number): Promise<CheckCost> {
  const started = spawn(
    process.execPath,
    ['.build/bench/pop3.child.js', dir, String(port), server.ca, server.user, server.password],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  started.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    started.on('error', reject);
    started.on('close', status => {
      if (status !== 0) reject(new Error(`pop3.child ended with ${status}`));
      else resolve(JSON.parse(text) as CheckCost); // printed by pop3.child.ts
    });
  });
}

/** Signs in, asks for all messages in one write, and counts bytes until all have ended. */
async function readAll(port: number, server: Dovecot, count: number): Promise<number> {
  const ca = await readFile(server.ca);
  const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' });
  let bytes = 0;
  let ended = 0;
  // Greeting, USER and PASS are one line each; messages end with a dot of their own.
  let tail = '';
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('end', () => reject(new Error('the server ended the session')));
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      const text = tail + chunk.toString('latin1');
      let from = 0;
      for (let end = text.indexOf('\r\n.\r\n'); end >= 0; end = text.indexOf('\r\n.\r\n', from)) {
        ended++;
        from = end + 3;
      }
      tail = text.slice(Math.max(from, text.length - 4));
      if (ended === count) resolve();
    });
    socket.write(`USER ${server.user}\r\nPASS ${server.password}\r\n`);
    socket.write(Array.from({ length: count }, (_, i) => `RETR ${i + 1}\r\n`).join(''));
  });
  socket.removeAllListeners('end');
  socket.end('QUIT\r\n');
  return bytes;
}
