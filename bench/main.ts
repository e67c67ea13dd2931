// Measures what design.md sets budgets for and prints it beside them and beside the peers. Not a test: the machine
// and its load decide; run it on a quiet one. Arguments: sections to run.
import { loadavg } from 'node:os';
import { firstFrame } from './first-frame.ts';
import { imap } from './imap.ts';
import { keys } from './keys.ts';
import { lists } from './lists.ts';
import { memory } from './memory.ts';
import { operations } from './operations.ts';
import { pop3 } from './pop3.ts';
import type { Measure } from './report.ts';
import { heading, print } from './report.ts';
import { threads } from './threads.ts';
import { transfer } from './transfer.ts';

const sections: Readonly<Record<string, () => AsyncGenerator<Measure>>> = {
  'first-frame': firstFrame,
  keys,
  lists,
  memory,
  imap,
  operations,
  pop3,
  threads,
  transfer,
};

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!(name in sections)) {
    process.stderr.write(`No section ${name}; there are ${Object.keys(sections).join(', ')}.\n`);
    process.exit(2);
  }
}
process.stdout.write(`node ${process.version}, load ${loadavg()[0]?.toFixed(1)} at the start\n`);
for (const [name, section] of Object.entries(sections)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  heading(name);
  for await (const measure of section()) print(measure);
}
