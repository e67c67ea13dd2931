// Both accounts check at once, in a process of its own, to be killed at any moment, after half of what is here was
// deleted for good. Arguments: data directory, the ports of home and work.
import { openShared } from './shared.ts';

const [dir = '', home = '0', work = '0'] = process.argv.slice(2);
const both = await openShared({ dir, ports: { home: Number(home), work: Number(work) } });
for (const subject of await both.subjects('home', 'Inbox')) {
  if (/[02468]$/.test(subject)) await both.destroy('Inbox', subject);
}
await Promise.all([both.engines.home.syncOnce(null), both.engines.work.syncOnce(null)]);
await both[Symbol.asyncDispose]();
process.exit(0);
