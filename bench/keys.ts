// What a key costs: until the last byte of its frame is out, in processor time, and in bytes.
import { type Dovecot, startDovecot } from '../test/servers/dovecot.ts';
import type { KeyCost } from './keys.child.tsx';
import { linesOf } from './lines-of.ts';
import { mailbox } from './mailbox.ts';
import type { Measure } from './report.ts';

const BUDGETS: Readonly<Record<string, { bytes: string; aim: string; peers?: string }>> = {
  move: { bytes: '300 B', aim: '212 B', peers: '212-430 B, 0.2-5 ms' },
  page: { bytes: '5 KB', aim: '3.2 KB', peers: '3.2-12 KB' },
  'scroll a row': { bytes: '1.5 KB', aim: '400 B' },
};

export async function* keys(): AsyncGenerator<Measure> {
  for (const [columns, rows] of [
    [80, 24],
    [160, 45],
  ] as const) {
    yield* costs(`${columns}x${rows}`, [columns, rows, 10_000]);
  }
  const server = await startDovecot({ pop3: false });
  try {
    await server.deliver('INBOX', mailbox(10_000));
    yield* costs('160x45 while a sync runs', [160, 45, 0], server);
  } finally {
    await server.dispose();
  }
}

async function* costs(where: string, words: readonly number[], server?: Dovecot): AsyncGenerator<Measure> {
  for (const cost of await child(words, server)) {
    const budget = BUDGETS[cost.key];
    yield {
      what: `${cost.key}, ${where}`,
      measured: `p50 ${cost.p50.toFixed(1)} p95 ${cost.p95.toFixed(1)} ms, CPU ${cost.cpu.toFixed(1)} ms, ${Math.round(cost.bytes)} B`,
      budget: `25 ms ${budget?.bytes ?? ''}`,
      aim: budget === undefined ? '10 ms' : budget.aim,
      ...(budget?.peers === undefined ? {} : { peers: budget.peers }),
    };
  }
}

function child(words: readonly number[], server?: Dovecot): Promise<readonly KeyCost[]> {
  const more = server === undefined ? [] : [server.imapsPort, server.ca, server.user, server.password];
  return linesOf<KeyCost>('keys', [...words, ...more]);
}
