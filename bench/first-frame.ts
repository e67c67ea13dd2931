// From the start of the process to the byte that completes the first row of mail, in a real terminal.

import { createHome } from '../test/robot/home.ts';
import { createPty } from '../test/robot/pty.ts';
import { type Measure, milliseconds } from './report.ts';

const RUNS = 11;
/** By then a session has written its code cache (src/loader.ts), also on a disk that is still busy. */
const SETTLE_MS = 7000;
const PEERS: Readonly<Record<number, string>> = {
  10000: 'mutt 148, neomutt 184, alpine 223, aerc 338 ms',
  100000: 'alpine 0.93, aerc 0.99, mutt 1.27, neomutt 1.92 s',
};

export async function* firstFrame(): AsyncGenerator<Measure> {
  const nothing: number[] = [];
  for (let run = 0; run < RUNS; run++)
    nothing.push(await until([process.execPath, '-e', 'console.log("@")'], ['@'], {}));
  yield { what: 'node alone', measured: milliseconds(nothing) };
  for (const count of [1000, 10_000, 100_000]) yield* started(count, []);
  for (const count of [1000, 100_000]) yield* started(count, ['home']);
}

/** `others`: accounts with as many messages; with any of them it starts with all inboxes as one list. */
async function* started(count: number, others: readonly string[]): AsyncGenerator<Measure> {
  const home = await createHome(count, {}, others);
  try {
    const waits: number[] = [];
    const env = { XDG_CACHE_HOME: `${home.dir}/cache` };
    const rows = ['@example.org', ` ${count}`];
    const first = await until(home.command(), rows, env, SETTLE_MS);
    if (count === 10_000) {
      yield { what: 'the very first start: no code cache yet', measured: `${first.toFixed(0)} ms` };
    }
    for (let run = 0; run < RUNS; run++) waits.push(await until(home.command(), rows, env));
    const peers = others.length > 0 ? undefined : PEERS[count];
    const messages = `${count.toLocaleString('en')} cached messages`;
    yield {
      what:
        others.length > 0 ? `all inboxes, ${others.length + 1} x ${messages}` : `first frame, ${messages}`,
      measured: milliseconds(waits),
      budget: '300 ms',
      aim: '200 ms',
      ...(peers === undefined ? {} : { peers }),
    };
  } finally {
    await home.dispose();
  }
}

/** Milliseconds from exec to the output that holds one of these texts; then the program stays for a while. */
async function until(
  command: readonly string[],
  texts: readonly string[],
  env: NodeJS.ProcessEnv,
  stayMs = 0,
): Promise<number> {
  let started = 0;
  let shown = 0;
  let output = '';
  const pty = await createPty(command, {
    columns: 160,
    rows: 45,
    env: { PW: 'x', ...env },
    onOutput(chunk) {
      output += chunk.toString('latin1');
      // The shell's last line before it becomes the program.
      if (started === 0 && output.includes('pid=')) {
        started = performance.now();
        output = output.slice(output.indexOf('pid='));
      }
      if (shown === 0 && texts.some(text => output.includes(text))) shown = performance.now();
    },
  });
  try {
    await pty.waitFor(`one of ${texts.join(', ')}`, () => shown > 0);
    if (stayMs > 0) await new Promise(resolve => setTimeout(resolve, stayMs));
    return shown - started;
  } finally {
    // An orderly end: the next one finds the store closed.
    pty.signal('SIGTERM');
    await pty.exited;
    await pty.close();
  }
}
