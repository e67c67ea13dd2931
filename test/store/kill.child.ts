// Lives in the store that argv names until it is killed, and prints each step and each promise at once.
import { writeSync } from 'node:fs';
import { openStore } from '../../src/store/store.ts';
import { live } from './workload.ts';

const [dir = '', seed = '0', from = '0'] = process.argv.slice(2);
const store = await openStore({ dir, mode: 'owner', groupMs: 10 });
writeSync(1, '{"open":true}\n');
await live(store, Number(seed), 1_000_000, Number(from), note => {
  writeSync(1, `${JSON.stringify(note)}\n`);
});
