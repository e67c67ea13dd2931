// Tries to own the store that argv names, says what came of it, and keeps it until stdin ends.
import { openStore } from '../../src/store/store.ts';
import { asTmailError } from '../../src/util/errors.ts';

const [dir = ''] = process.argv.slice(2);
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
try {
  const store = await openStore({ dir, mode: 'owner' });
  store.serve(async (request, reply) => {
    reply({ echo: request });
    reply({ pid: process.pid });
  });
  say({ owner: process.pid });
  process.stdin.on('end', () => store.close());
  process.stdin.resume();
} catch (error) {
  const { code, facts } = asTmailError(error);
  say({ code, pid: facts.pid });
}
