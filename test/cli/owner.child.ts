// Owns a store as an open screen does: engine running, door served. Says `ready` and ends with its standard input.
import { doorkeeper } from '../../src/cli/door.ts';
import { engineFor, sharedBy } from '../../src/cli/engines.ts';
import { outgoingFor } from '../../src/cli/outgoing.ts';
import { canSend } from '../../src/config/identities.ts';
import { loadConfig } from '../../src/config/load.ts';
import { openStore } from '../../src/store/store.ts';
import { silentLog } from '../../src/util/log.ts';

const { env } = process;
const { config } = await loadConfig({ env });
const store = await openStore({ dir: env.TMAIL_DATA ?? '', mode: 'owner' });
const pop3 = sharedBy(config, store);
const engines = await Promise.all(
  config.accounts.map(account => engineFor(account, store, { env, log: silentLog, pop3 })),
);
const outgoing = canSend(config) ? outgoingFor(config, store, { env, log: silentLog, engines }) : null;
store.serve(doorkeeper(store, engines, async () => outgoing));
for (const engine of engines) engine.start();
outgoing?.start();
process.stdout.write('ready\n');
process.stdin.resume();
process.stdin.on('end', async () => {
  await outgoing?.close();
  for (const engine of engines) await engine.stop();
  await store.close();
  process.exit(0);
});
