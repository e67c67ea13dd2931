// One check of a maildrop in a process of its own, so that its processor time and memory are its own.
// Arguments: data-folder port ca user password. Prints one JSON line.
import type { AccountConfig } from '../src/config/types.ts';
import { openStore } from '../src/store/store.ts';
import { createEngineFor } from '../src/sync/create.ts';
import { accountOn } from '../test/robot/home.ts';

export interface CheckCost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Resident at the most. */
  readonly megabytes: number;
  readonly received: number;
  readonly errors: readonly string[];
}

const [dir = '', port, ca = '', user = '', password = ''] = process.argv.slice(2);
const account: AccountConfig = {
  ...accountOn(Number(port), ca, user, password),
  protocol: 'pop3',
  serverCopy: 'keep',
};

const at = performance.now();
const used = process.cpuUsage();
const store = await openStore({ dir, mode: 'owner' });
const engine = await createEngineFor(account, store, { password: async () => password });
const report = await engine.syncOnce(null);
await engine.stop();
await store.close();
const { user: inUser, system } = process.cpuUsage(used);
const cost: CheckCost = {
  seconds: (performance.now() - at) / 1000,
  cpuSeconds: (inUser + system) / 1e6,
  megabytes: process.resourceUsage().maxRSS / 1024,
  received: report.received,
  errors: report.errors.map(error => error.code),
};
process.stdout.write(`${JSON.stringify(cost)}\n`);
