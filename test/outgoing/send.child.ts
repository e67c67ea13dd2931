// Writes and sends in the store that argv names until it is killed, and prints each promise at once.
import { writeSync } from 'node:fs';
import { openStore } from '../../src/store/store.ts';
import { openSmtp } from '../../src/sync/smtp/client.ts';
import { TmailError } from '../../src/util/errors.ts';
import { liveBySending } from './life.ts';
import { SHORT } from './world.ts';

const [dir = '', seed = '0', k = '0', port = '0'] = process.argv.slice(2);
const store = await openStore({ dir, mode: 'owner', groupMs: 10 });
writeSync(1, '{"open":true}\n');
const server = { host: '127.0.0.1', port: Number(port), security: 'none' as const, user: 'ada', tls: {} };
const setting = {
  seed: Number(seed),
  k: Number(k),
  steps: 1_000_000,
  openSmtp: async (_: unknown, signal: AbortSignal) => {
    try {
      return await openSmtp({ server, password: async () => '', limits: { ...SHORT, endMs: 60 } }, signal);
    } catch (error) {
      // So that it tries again at once, and dies at something else.
      if (!(error instanceof TmailError) || error.kind === 'cancelled') throw error;
      throw new TmailError('cancelled', 'cancelled');
    }
  },
};
await liveBySending(store, setting, note => {
  writeSync(1, `${JSON.stringify(note)}\n`);
});
