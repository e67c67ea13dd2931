// What a server wants the person to know, on the command line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startImapServer } from '../../src/demo/imap-server.ts';
import { place } from './place.ts';
import { tmail } from './program.ts';

test('what the server wants the person to know is printed, and stands in the report', async t => {
  const server = await startImapServer({
    users: { ada: 'secret' },
    faults: { greeting: { raw: '* OK [ALERT] Down at \x1b[31mnoon\r\n' } },
  });
  t.after(() => server.stop());
  const incoming = { host: '127.0.0.1', port: server.port, security: 'none', user: 'ada' };
  const here = await place(t, incoming);
  const plain = await tmail(['sync'], here);
  assert.equal(plain.status, 0);
  assert.match(plain.stderr, /^work: the server says: Down at [^\x1b]*noon\n$/);
  const json = await tmail(['sync', '--json'], here);
  assert.equal(JSON.parse(json.stdout).alerts.length, 1);
});
