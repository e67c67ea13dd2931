// What the program holds in memory with a large folder open, after going to its end page by page.

import { createHome } from '../test/robot/home.ts';
import { createPty, residentKilobytes } from '../test/robot/pty.ts';
import type { Measure } from './report.ts';

const COUNT = 100_000;
/** Pages of 43 rows from the newest message to the oldest. */
const PAGES = Math.ceil(COUNT / 40);

export async function* memory(): AsyncGenerator<Measure> {
  const home = await createHome(COUNT);
  const pty = await createPty(home.command(), { columns: 160, rows: 45, env: { PW: 'x' } });
  try {
    await pty.waitForText(String(COUNT));
    await quiet(pty.bytes);
    yield { what: 'resident memory, 100,000 messages, at the start', measured: megabytes(pty.pid()) };
    // Conversations are put together; unfolded, every message has its row.
    await pty.waitForText('(5)');
    pty.send('zR');
    await quiet(pty.bytes);
    yield { what: 'resident memory, all conversations unfolded', measured: megabytes(pty.pid()) };
    let most = 0;
    for (let page = 0; page < PAGES; page++) {
      const before = pty.bytes();
      pty.send('\x1b[6~');
      // Each page is awaited: what a person sees, not what a flood of keys would skip.
      if (page % 50 === 0) most = Math.max(most, residentKilobytes(pty.pid()));
      await pty.waitFor('the page', () => pty.bytes() > before || page > PAGES * 0.9);
    }
    pty.send('G');
    await quiet(pty.bytes);
    yield {
      what: 'resident memory, paged to the oldest message',
      measured: `${megabytes(pty.pid())}, at most ${Math.round(most / 1024)} MB`,
      budget: '150 MB',
      aim: '110 MB',
      peers: 'alpine 50, aerc 73, mutt 155, neomutt 210 MB',
    };
  } finally {
    await pty.close();
    await home.dispose();
  }
}

function megabytes(pid: number): string {
  return `${Math.round(residentKilobytes(pid) / 1024)} MB`;
}

/** Nothing was written for a while. */
async function quiet(bytes: () => number) {
  for (let before = -1; before !== bytes(); ) {
    before = bytes();
    await new Promise(resolve => setTimeout(resolve, 500));
  }
}
