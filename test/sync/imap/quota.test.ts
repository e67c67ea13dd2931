// How full an account is on its server: asked when signed in, with every listing and after uploads; lies are not believed.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Faults, type ImapServer, startImapServer } from '../../../src/demo/imap-server.ts';
import { envelopeOf } from '../../../src/mail/headers.ts';
import type { QuotaUse } from '../../../src/sync/types.ts';
import { dovecot, worldOf } from '../dovecot-world.ts';
import { openWorld, until, type World } from '../world.ts';

async function serverWith(t: TestContext, faults: Faults = {}, quota?: number): Promise<ImapServer> {
  const more = quota === undefined ? {} : { quota };
  const server = await startImapServer({ users: { ada: 'secret' }, faults, ...more });
  t.after(() => server.stop());
  return server;
}

/** What is known of it once the account has settled. */
async function quotaOf(server: ImapServer): Promise<QuotaUse | null | undefined> {
  await using world = await openWorld({ port: server.port, user: 'ada', password: 'secret', groupMs: 2 });
  world.engine.start();
  await until(world, () => world.engine.status().phase === 'online');
  await world.engine.settled();
  return world.engine.status().quota;
}

/** A server that answers GETQUOTAROOT with these lines and nothing else. */
function saying(t: TestContext, ...lines: string[]): Promise<ImapServer> {
  const bytes = lines.map(line => `${line}\r\n`).join('');
  const commands = [
    { command: 'GETQUOTAROOT', times: Number.POSITIVE_INFINITY, action: { t: 'raw', bytes } },
    {
      command: 'GETQUOTAROOT',
      times: Number.POSITIVE_INFINITY,
      action: { t: 'answer', status: 'OK', text: 'So' },
    },
  ] as const;
  return serverWith(t, { commands }, 5000);
}

test('after signing in it is known how much room is used', async t => {
  const server = await serverWith(t, {}, 5000);
  server.deliver('INBOX', `Subject: large\r\n\r\n${'x'.repeat(100_000)}`);
  const quota = await quotaOf(server);
  assert.equal(quota?.limitBytes, 5000 * 1024);
  assert.equal(quota?.usedBytes, 98 * 1024);
});

test('a server without QUOTA is not asked and reports none', async t => {
  const server = await serverWith(t, { hide: ['QUOTA'] }, 5000);
  assert.equal(await quotaOf(server), null);
  assert.deepEqual(
    server.log().filter(line => /QUOTA/.test(line)),
    [],
  );
});

test('a refusal, or an answer without numbers, is as good as no quota, and the session goes on', async t => {
  for (const status of ['NO', 'BAD'] as const) {
    const action = { t: 'answer', status, text: 'Not for you' } as const;
    assert.equal(
      await quotaOf(await serverWith(t, { commands: [{ command: 'GETQUOTAROOT', action }] })),
      null,
    );
  }
  assert.equal(await quotaOf(await saying(t)), null);
  assert.equal(await quotaOf(await saying(t, '* QUOTAROOT INBOX')), null);
});

test('a root whose numbers were left out is asked for by name', async t => {
  const quota = await quotaOf(await saying(t, '* QUOTAROOT INBOX "User quota"'));
  assert.deepEqual(quota, { usedBytes: 0, limitBytes: 5000 * 1024 });
});

test('a root that does not exist after all is no quota', async t => {
  assert.equal(await quotaOf(await saying(t, '* QUOTAROOT INBOX "made up" "and another"')), null);
});

test('numbers that can not be true are not believed', async t => {
  const lies = [
    '(STORAGE -5 100)',
    '(STORAGE 5 -100)',
    '(STORAGE 5 99999999999999999999999999)',
    '(STORAGE 9007199254740993 9007199254740993)',
    '(STORAGE 1e5 2e5)',
    '(STORAGE NIL NIL)',
    '(STORAGE 5)',
    '(STORAGE (1) (2))',
    '()',
    'NIL',
    '(STORAGE 5 0)',
    '(ANNOTATION 5 10 __proto__ 1 2)',
  ];
  for (const lie of lies) {
    const quota = await quotaOf(await saying(t, '* QUOTAROOT INBOX ""', `* QUOTA "" ${lie}`));
    assert.equal(quota, null, lie);
  }
});

test('of several roots the fullest one counts, and messages are a limit like any other', async t => {
  const quota = await quotaOf(
    await saying(
      t,
      '* QUOTAROOT INBOX "a" "b"',
      '* QUOTA "a" (STORAGE 10 100)',
      '* QUOTA "b" (STORAGE 20 100 MESSAGE 900 1000)',
    ),
  );
  assert.deepEqual(quota, {
    usedBytes: 20 * 1024,
    limitBytes: 100 * 1024,
    usedMessages: 900,
    limitMessages: 1000,
  });
  assert.deepEqual(await quotaOf(await saying(t, '* QUOTAROOT INBOX ""', '* QUOTA "" (MESSAGE 7 10)')), {
    usedBytes: 0,
    limitBytes: 0,
    usedMessages: 7,
    limitMessages: 10,
  });
});

test('more used than there is may be: it is told as it is', async t => {
  const quota = await quotaOf(await saying(t, '* QUOTAROOT INBOX ""', '* QUOTA "" (STORAGE 120 100)'));
  assert.equal(quota?.usedBytes, 120 * 1024);
});

test("Dovecot's quota is read, and read again when a message was uploaded", async t => {
  const server = await dovecot(t, 3, { quota: '10M' });
  await using world = await worldOf(server);
  world.engine.start();
  await until(world, () => world.engine.status().quota !== undefined, 'the quota');
  await world.engine.settled();
  const before = world.engine.status().quota;
  assert.equal(before?.limitBytes, 10 * 1024 * 1024);
  const bytes = Buffer.from(
    `Message-ID: <big@here.example>\r\nSubject: big\r\n\r\n${'y'.repeat(300_000)}\r\n`,
  );
  const date = Date.UTC(2026, 0, 2);
  await world.account.append?.({
    folder: world.record('Sent').id,
    bytes,
    envelope: envelopeOf(bytes, { size: bytes.length, arrival: date }),
    flags: ['\\Seen'],
    date,
    upload: true,
  });
  await until(world, () => (world.engine.status().quota?.usedBytes ?? 0) > 290_000, 'the new quota');
});

const LISTS = `namespace lists {
  prefix = Lists/
  separator = /
  location = maildir:~/lists
}
plugin {
  quota_rule = *:storage=10M:messages=50
  quota2 = maildir:List quota:ns=Lists/
  quota2_rule = *:storage=1M
}`;

test("Dovecot's other root, of other folders, is read with both its resources; one command a folder, once", async t => {
  const server = await dovecot(t, 3, { quota: '10M', extraConfig: LISTS });
  await server.doveadm('mailbox', 'create', '-u', server.user, 'Lists/debian');
  const large = `Subject: large\r\n\r\n${'x'.repeat(600_000)}\r\n`;
  await server.deliver('INBOX', [large]);
  await server.doveadm('move', '-u', server.user, 'Lists/debian', 'mailbox', 'INBOX', 'subject', 'large');
  await using world = await worldOf(server);
  world.engine.start();
  await until(world, () => (world.engine.status().quotaRoots?.length ?? 0) > 1, 'both roots');
  const [first, second] = world.engine.status().quotaRoots ?? [];
  assert.equal(first?.name, 'User quota');
  assert.ok((first?.usedMessages ?? 0) >= 3);
  assert.equal(first?.limitMessages, 50);
  assert.equal(first?.limitBytes, 10 * 1024 * 1024);
  assert.ok(first?.folders.includes('INBOX') && first.folders.includes('Sent'));
  assert.equal(second?.name, 'List quota');
  assert.deepEqual(second?.folders, ['Lists/debian']);
  assert.equal(world.engine.status().quota?.limitBytes, 1024 * 1024, 'the fullest one counts');
  await world.engine.settled();
  // A later look asks for the roots alone, and sees what changed in the other one.
  await server.doveadm('expunge', '-u', server.user, 'mailbox', 'Lists/debian', 'all');
  world.engine.refresh();
  await until(world, () => world.engine.status().quotaRoots?.[1]?.usedBytes === 0, 'the room that was made');
  await world.engine.settled();
  assert.equal(world.engine.status().quota?.limitBytes, 10 * 1024 * 1024);
});

test('each folder is asked once in a session, and a folder that will not tell is no trouble', async t => {
  const refused = { t: 'answer', status: 'NO', text: 'Not this one' } as const;
  const server = await startImapServer({
    users: { ada: 'secret' },
    mailboxes: ['Lists', 'Lists/debian', 'Sent'].map(name => ({ name })),
    quota: 5000,
    faults: { commands: [{ command: 'GETQUOTAROOT', skip: 2, action: refused }] },
  });
  t.after(() => server.stop());
  await using world = await openWorld({ port: server.port, user: 'ada', password: 'secret', groupMs: 2 });
  world.engine.start();
  await until(world, () => world.engine.status().phase === 'online');
  const asked = () => server.log().filter(line => /GETQUOTAROOT/.test(line));
  const folders = () => world.account.folders().filter(({ selectable }) => selectable).length;
  await world.engine.settled();
  await until(world, () => asked().length === folders(), 'all folders to be asked');
  world.engine.refresh();
  await world.engine.settled();
  assert.equal(asked().filter(line => /INBOX/.test(line)).length, 2);
  assert.equal(asked().length, folders() + 1);
  assert.equal(world.engine.status().quotaRoots?.length, 1);
});

test('a refusal for want of room is counted, and what was refused stays here', async t => {
  const server = await dovecot(t, 3, { quota: '200k' });
  await using world = await worldOf(server);
  world.engine.start();
  await until(world, () => world.engine.status().quota !== undefined, 'the quota');
  await world.engine.settled();
  assert.equal(world.engine.status().noRoom, undefined);
  await upload(world, 300_000);
  await until(world, () => world.engine.status().noRoom === 1, 'the refusal');
  assert.equal((await world.folder('Sent')).length, 1);
  assert.equal(world.account.queue().length, 1);
});

async function upload(world: World, size: number): Promise<void> {
  const bytes = Buffer.from(`Message-ID: <big@here.example>\r\nSubject: big\r\n\r\n${'y'.repeat(size)}\r\n`);
  const date = Date.UTC(2026, 0, 2);
  await world.account.append?.({
    folder: world.record('Sent').id,
    bytes,
    envelope: envelopeOf(bytes, { size: bytes.length, arrival: date }),
    flags: ['\\Seen'],
    date,
    upload: true,
  });
}
