import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import type { AccountConfig } from '../../src/config/types.ts';
import { startImapServer } from '../../src/demo/imap-server.ts';
import { openStore } from '../../src/store/store.ts';
import { createEngineFor } from '../../src/sync/create.ts';

test('a folder that is shown while it is being pulled in the background is numbered once, in order', async () => {
  const server = await startImapServer({
    users: { ada: 'secret' },
    mailboxes: [{ name: 'INBOX' }],
    faults: { delay: 20 },
  });
  const count = 700;
  for (let i = 1; i <= count; i += 1) server.deliver('INBOX', `Subject: ${i}\r\n\r\nbody ${i}\r\n`);
  const dir = await mkdtemp(join(tmpdir(), 'tmail-one-pull-'));
  const store = await openStore({ dir, mode: 'owner' });
  const incoming = { host: '127.0.0.1', port: server.port, security: 'none', user: 'ada', tls: {} } as const;
  const auth = { t: 'plain', password: 'secret' } as const;
  const config: AccountConfig = {
    id: 'work',
    email: 'ada@example.org',
    name: 'Ada',
    protocol: 'imap',
    incoming,
    outgoing: null,
    auth,
    outgoingAuth: auth,
    offline: 'headers',
    serverCopy: null,
    disabled: false,
  };
  const engine = await createEngineFor(config, store, { password: async () => 'secret' });
  try {
    const account = await store.account('work');
    engine.start();
    // In the middle of the very first question about messages, which nobody can take back.
    while (!server.log().some(line => line.includes('SELECT'))) await immediate();
    const inbox = account.folders().find(record => record.role === 'inbox');
    assert.ok(inbox);
    engine.show(inbox.id);
    await engine.settled();
    const folder = await account.folder(inbox.id);
    await folder.loadAll();
    assert.equal(folder.length, count);
    const remotes: number[] = [];
    for (let position = 0; position < count; position += 1) {
      const remote = folder.remote(folder.uidAt(position) ?? 0);
      assert.equal(remote?.t, 'imap');
      remotes.push(remote?.t === 'imap' ? remote.uid : 0);
    }
    assert.deepEqual(
      remotes,
      Array.from({ length: count }, (_, i) => count - i),
    );
    assert.equal(folder.reserve(1), count + 1);
  } finally {
    await engine.stop();
    await store.close();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
});
