// Moves and deletes mail in the store that argv names until it is killed, and prints each step and each promise at once.
import { writeSync } from 'node:fs';
import { openStore } from '../../src/store/store.ts';
import { liveWithMoves } from './moves-life.ts';

const [dir = '', seed = '0', i = '0', k = '0'] = process.argv.slice(2);
const store = await openStore({ dir, mode: 'owner', groupMs: 10 });
writeSync(1, '{"open":true}\n');
await liveWithMoves(store, Number(seed), { i: Number(i), k: Number(k) }, note => {
  writeSync(1, `${JSON.stringify(note)}\n`);
});
