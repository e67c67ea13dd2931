// What a person does to very many messages, by keys in the real program, who goes on pressing keys meanwhile: how long
// each of those waits for its frame. Arguments: messages. Prints JSON lines.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fillFolder } from '../test/fixtures/synthetic.ts';
import { bytesOfKey } from '../test/robot/key-bytes.ts';
import { info } from '../test/store/harness.ts';
import { quantile } from './report.ts';
import { openScreen } from './screen.tsx';

export interface BulkCost {
  readonly what: string;
  /** Until all of it is durable and shown. */
  readonly took: number;
  /** The longest time that the loop read no key; milliseconds. */
  readonly blocked: number;
  readonly p50: number;
  readonly p95: number;
}

const [messages = 100_000] = process.argv.slice(2).map(Number);
const screen = await openScreen({
  columns: 80,
  rows: 24,
  async fill(store) {
    await fillFolder(store, 'work', 'INBOX', messages);
    const account = await store.account('work');
    await account.setFolders([
      info('INBOX', { role: 'inbox' }),
      info('Archive', { role: 'archive' }),
      info('Trash', { role: 'trash' }),
    ]);
    await store.flush();
  },
});
const { app, out, press, settle } = screen;
/** As fast as a key repeats itself. */
const BETWEEN_MS = 33;

/** Presses the keys, and the cursor's until all that they began is done. */
async function measure(what: string, keys: readonly string[]): Promise<void> {
  const waits: number[] = [];
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  // It counts from its first tick.
  await new Promise(resolve => setTimeout(resolve, 5));
  const begun = performance.now();
  for (const key of keys) screen.type(bytesOfKey(key));
  let done = 0;
  const ended = settle()
    .then(() => app.settled())
    .then(() => {
      done = performance.now();
    });
  for (let n = 0; done === 0 || n < 10; n++) {
    // A key comes when the person presses it, not when the loop has time: the wait counts from then.
    const due = performance.now() + BETWEEN_MS;
    await new Promise(resolve => setTimeout(resolve, BETWEEN_MS));
    const before = out.bytes;
    screen.type(bytesOfKey(n % 2 ? 'k' : 'j'));
    while (out.bytes === before && performance.now() - due < 2000)
      await new Promise(resolve => setImmediate(resolve));
    await screen.idle();
    waits.push(out.last - due);
  }
  await ended;
  const cost: BulkCost = {
    what,
    took: done - begun,
    blocked: lag.max / 1e6,
    p50: quantile(waits, 0.5),
    p95: quantile(waits, 0.95),
  };
  process.stdout.write(`${JSON.stringify(cost)}\n`);
}

await settle();
await press('j', 'k', 'j', 'k', 'pgdn', 'pgup', 'g', 'g');
await measure('mark all', ['%']);
await measure('all marked as read', ['U']);
await measure('taken back', ['u']);
await press('%', '%');
await press(...'5000', 'space');
await measure('5,000 conversations archived', ['a']);
await measure('taken back', ['u']);
await screen.close();
process.exit(0);
