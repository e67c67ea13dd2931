// Synchronises once, to be killed at any moment: argv is the data directory, the port and what to keep offline.
import { openWorld } from './world.ts';

const [dir = '', port = '0', offline = 'all'] = process.argv.slice(2);
const world = await openWorld({
  dir,
  port: Number(port),
  user: 'ada',
  password: 'secret',
  offline: offline === 'headers' ? 'headers' : 'all',
});
const report = await world.engine.syncOnce(null);
await world[Symbol.asyncDispose]();
process.stdout.write(`${JSON.stringify(report.errors.map(error => error.code))}\n`);
