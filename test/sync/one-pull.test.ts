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
import { openWorld } from './world.ts';

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

test('a first pull whose markers a crash took goes on below the messages that are here', async () => {
  const server = await startImapServer({ users: { ada: 'secret' }, mailboxes: [{ name: 'INBOX' }] });
  const count = 300;
  for (let i = 1; i <= count; i += 1) server.deliver('INBOX', `Subject: ${i}\r\n\r\nbody ${i}\r\n`);
  try {
    await using world = await openWorld({ port: server.port, user: 'ada', password: 'secret' });
    await world.engine.syncOnce(null);
    const inbox = await world.folder('INBOX');
    const newest = inbox.uidAt(0) ?? 0;
    const envelope = inbox.envelope(newest);
    assert.ok(envelope);
    const uidValidity = inbox.sync.uidValidity ?? '';
    const empty = { uidValidity, uidNext: 1, highestModseq: null, filledDownTo: null };
    await inbox.apply({ reset: true, sync: empty }, 'now');
    const top = inbox.reserve(count) + count - 1;
    const put = Array.from({ length: 60 }, (_, i) => ({
      uid: top - i,
      remote: { t: 'imap', uidValidity, uid: count - i } as const,
      flags: [],
      envelope,
    }));
    await inbox.apply({ put }, 'now');
    assert.deepEqual((await world.engine.syncOnce(null)).errors, []);
    const remotes = Array.from({ length: inbox.length }, (_, position) => {
      const remote = inbox.remote(inbox.uidAt(position) ?? 0);
      return remote?.t === 'imap' ? remote.uid : 0;
    });
    assert.deepEqual(
      remotes,
      Array.from({ length: count }, (_, i) => count - i),
    );
  } finally {
    await server.stop();
  }
});
