// Parses one message and forgets to close the parser.
import { createParser } from '../../src/worker/client.ts';

const mail = await createParser().parse(process.argv[2] ?? '');
process.stdout.write(`${mail.subject}\n`);
