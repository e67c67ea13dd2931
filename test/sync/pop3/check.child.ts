// One check in a process of its own, to be killed at any moment. Arguments: data directory, port.
import { openAccount } from './account.ts';

const [dir = '', port = '0'] = process.argv.slice(2);
const home = await openAccount({ dir, port: Number(port), serverCopy: 'delete' });
process.stdout.write('ready\n');
const { error } = await home.check();
await home[Symbol.asyncDispose]();
process.exit(error ? 1 : 0);
