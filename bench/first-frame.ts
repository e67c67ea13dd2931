// From the start of the process to the byte that completes the first row of mail, in a real terminal.
import { createPty } from '../test/robot/pty.ts';
import { createHome } from './home.ts';
import { type Measure, milliseconds } from './report.ts';

const RUNS = 11;
const PEERS: Readonly<Record<number, string>> = {
  10000: 'mutt 148, neomutt 184, alpine 223, aerc 338 ms',
  100000: 'alpine 0.93, aerc 0.99, mutt 1.27, neomutt 1.92 s',
};

export async function* firstFrame(): AsyncGenerator<Measure> {
  const nothing: number[] = [];
  for (let run = 0; run < RUNS; run++)
    nothing.push(await until([process.execPath, '-e', 'console.log("@")'], '@'));
  yield { what: 'node alone', measured: milliseconds(nothing) };
  for (const count of [1000, 10_000, 100_000]) {
    const home = await createHome(count);
    try {
      const waits: number[] = [];
      // The first start warms the page cache and what the program caches of itself.
      for (let run = 0; run <= RUNS; run++) {
        const wait = await until(home.command(), '@example.org', ` ${count}`);
        if (run > 0) waits.push(wait);
      }
      const peers = PEERS[count];
      yield {
        what: `first frame, ${count.toLocaleString('en')} cached messages`,
        measured: milliseconds(waits),
        budget: '300 ms',
        aim: '200 ms',
        ...(peers === undefined ? {} : { peers }),
      };
    } finally {
      await home.dispose();
    }
  }
}

/** Milliseconds from exec to the output that holds one of these texts. */
async function until(command: readonly string[], ...texts: readonly string[]): Promise<number> {
  let started = 0;
  let shown = 0;
  let output = '';
  const pty = await createPty(command, {
    columns: 160,
    rows: 45,
    env: { PW: 'x' },
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
    return shown - started;
  } finally {
    // An orderly end: the next one finds the store closed.
    pty.signal('SIGTERM');
    await pty.exited;
    await pty.close();
  }
}
