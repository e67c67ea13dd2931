// Where the messages of a move or a copy are, while a pull looks at the same folder.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startImapServer } from '../../../src/demo/imap-server.ts';
import type { ImapClient, Mailbox } from '../../../src/sync/imap/client-types.ts';
import { Landing } from '../../../src/sync/imap/landing.ts';
import { NOTHING_OUTGOING } from '../../../src/sync/imap/outgoing.ts';
import type { PushContext } from '../../../src/sync/imap/push-context.ts';
import { message, openWorld } from '../world.ts';

test('a message that a pull finds while a second try looks for it is where the pull found it', async t => {
  const server = await startImapServer({ users: { ada: 'secret' }, mailboxes: [{ name: 'Work' }] });
  t.after(() => server.stop());
  server.deliver('INBOX', message(1));
  await using world = await openWorld({ port: server.port, user: 'ada', password: 'secret', groupMs: 2 });
  await world.engine.syncOnce(null);
  const inbox = await world.folder('INBOX');
  const work = await world.folder('Work');
  const uid = inbox.uidAt(0) ?? 0;
  const messageId = inbox.envelope(uid)?.messageId ?? '';
  const targets = [{ uid, remote: inbox.remote(uid) ?? null, messageId }];
  const to = work.record.id;
  const op = await world.account.commit({ t: 'copy', folder: inbox.record.id, targets, to });
  assert.ok(op.t === 'copy');
  const [landed] = op.landing;
  const [target] = op.targets;
  const uidValidity = work.sync.uidValidity ?? '';
  const found = { t: 'imap' as const, uidValidity, uid: 7 };

  // The pull's answer is taken in between the question of the second try and its answer.
  const client = {
    uidsIn: async () => {
      const envelope = work.envelope(landed ?? 0);
      assert.ok(envelope && landed !== undefined);
      await work.apply({ put: [{ uid: landed, remote: found, flags: [], envelope }] });
      return [7];
    },
    rows: async () => [],
  };
  const within = async <T>(_: unknown, look: (client: ImapClient, box: Mailbox) => Promise<T>) =>
    look(client as unknown as ImapClient, { uidValidity } as Mailbox);
  const context = {
    store: world.account,
    nameOf: () => ({ path: 'Work', wire: 'Work' }),
    line: async () => ({ within }),
    outgoing: () => NOTHING_OUTGOING,
  } as unknown as PushContext;
  const landing = await Landing.open(context, op, work.record);
  assert.ok(target);
  assert.equal(landing.has(target), false);
  await landing.find([target]);
  assert.deepEqual(landing.placeOf(target), found);
});
