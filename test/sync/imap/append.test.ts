// Messages made here → the server: stored once whatever is lost on the way, and an earlier version goes only after it.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Faults, type ImapServer, startImapServer } from '../../../src/demo/imap-server.ts';
import { envelopeOf } from '../../../src/mail/headers.ts';
import { roleFolder } from '../../../src/outgoing/role-folder.ts';
import type { FolderStore, OnMessages, Operation } from '../../../src/store/types.ts';
import { MEMORY } from '../../store/harness.ts';
import { dovecot, worldOf } from '../dovecot-world.ts';
import { openWorld, remoteUids, subjects, until, type World, type WorldOptions } from '../world.ts';

const FOLDERS = [
  { name: 'Sent', use: '\\Sent' },
  { name: 'Drafts', use: '\\Drafts' },
];

async function serverWith(t: TestContext, faults: Faults = {}, folders = FOLDERS): Promise<ImapServer> {
  const server = await startImapServer({ users: { ada: 'secret' }, mailboxes: folders, faults });
  t.after(() => server.stop());
  return server;
}

const open = (server: ImapServer, more: Partial<WorldOptions> = {}): Promise<World> =>
  openWorld({ port: server.port, user: 'ada', password: 'secret', groupMs: 2, ...more });

const bytesOf = (n: number): Buffer =>
  Buffer.from(`Message-ID: <new${n}@here.example>\r\nSubject: new ${n}\r\n\r\nText ${n}.\r\n`);

/** Puts message n into the folder of that role. */
async function put(
  world: World,
  n: number,
  role: 'sent' | 'drafts',
  replaces: readonly OnMessages[] = [],
): Promise<Operation> {
  const bytes = bytesOf(n);
  const date = Date.UTC(2026, 0, 2, 3, 4, 5);
  const folder = await roleFolder(world.account, role);
  const envelope = envelopeOf(bytes, { size: bytes.length, arrival: date });
  const op = await world.account.append?.({
    folder,
    bytes,
    envelope,
    flags: role === 'sent' ? ['\\Seen'] : ['\\Draft', '\\Seen'],
    date,
    upload: true,
    replaces,
  });
  assert.ok(op);
  return op;
}

const placeOf = (op: Operation): OnMessages => ({ folder: op.folder, targets: op.targets });

function onServer(server: ImapServer, folder: string): string[] {
  return server
    .folder(folder)
    .messages.map(({ raw }) => /^Subject: (.*)\r$/m.exec(raw.toString())?.[1] ?? '');
}

/** Both sides agree: the same messages, each once, under the same numbers. */
async function agrees(world: World, server: ImapServer, path: string, expected: string[]): Promise<void> {
  assert.deepEqual(onServer(server, path), expected);
  const folder = await world.folder(path);
  assert.deepEqual((await subjects(folder)).reverse(), expected);
  assert.deepEqual(
    (await remoteUids(folder)).sort((a, b) => a - b),
    server.folder(path).messages.map(({ uid }) => uid),
  );
}

test('a message made here is shown at once, uploaded once, and is one message ever after', async t => {
  const server = await serverWith(t);
  await using world = await open(server);
  await world.engine.syncOnce(null);
  const op = await put(world, 1, 'sent');
  const sent = await world.folder('Sent');
  assert.deepEqual(await subjects(sent), ['new 1']);
  assert.equal(sent.remote(op.targets[0]?.uid ?? 0), null);
  const report = await world.engine.syncOnce(null);
  assert.deepEqual([report.pushed, report.errors], [1, []]);
  assert.deepEqual(world.account.queue(), []);
  const [message] = server.folder('Sent').messages;
  assert.deepEqual(message?.raw, bytesOf(1));
  assert.deepEqual(
    [[...(message?.flags ?? [])], message?.date.toISOString()],
    [['\\Seen'], '2026-01-02T03:04:05.000Z'],
  );
  await agrees(world, server, 'Sent', ['new 1']);
  await world.engine.syncOnce(null);
  await agrees(world, server, 'Sent', ['new 1']);
  const raw = sent.raw(op.targets[0]?.uid ?? 0);
  assert.ok(raw, 'its bytes are still here');
  assert.ok(!server.log().some(line => / SEARCH /.test(line)), 'nothing had to be searched for');
});

const losses: [what: string, faults: Faults][] = [
  ['the answer is lost', { commands: [{ command: 'APPEND', action: { t: 'lost' } }] }],
  ['the line breaks before it is run', { commands: [{ command: 'APPEND', action: { t: 'drop' } }] }],
  ['the answer is lost twice', { commands: [{ command: 'APPEND', action: { t: 'lost' }, times: 2 }] }],
  [
    'and SEARCH finds nothing in headers',
    {
      commands: [
        { command: 'APPEND', action: { t: 'lost' } },
        { command: 'SEARCH', action: { t: 'raw', bytes: '* SEARCH\r\n' } },
        { command: 'SEARCH', action: { t: 'answer', status: 'OK', text: 'done' } },
      ],
    },
  ],
];
for (const [what, faults] of losses) {
  for (const hide of [[], ['UIDPLUS'], ['UIDPLUS', 'CONDSTORE', 'QRESYNC']]) {
    test(`${what}${hide.length > 0 ? `, without ${hide.join(' and ')}` : ''}: never two copies`, async t => {
      const server = await serverWith(t, { hide });
      await using world = await open(server);
      await world.engine.syncOnce(null);
      await put(world, 1, 'sent');
      server.setFault(faults);
      await world.engine.syncOnce(null);
      await world.engine.syncOnce(null);
      await world.engine.syncOnce(null);
      assert.deepEqual(world.account.queue(), []);
      await world.engine.syncOnce(null);
      await agrees(world, server, 'Sent', ['new 1']);
    });
  }
}

for (const hide of [[], ['UIDPLUS']]) {
  test(`a message without a Message-ID, without ${hide.join() || 'nothing'}: never two copies`, async t => {
    const server = await serverWith(t, { hide });
    server.deliver('Sent', 'Subject: there before\r\n\r\nText 1.\r\n');
    await using world = await open(server);
    await world.engine.syncOnce(null);
    const bytes = Buffer.from('Subject: new 1\r\n\r\nText 1.\r\n');
    const date = Date.UTC(2026, 0, 2, 3, 4, 5);
    const folder = await roleFolder(world.account, 'sent');
    const envelope = envelopeOf(bytes, { size: bytes.length, arrival: date });
    const message = { folder, bytes, envelope, flags: [], date, upload: true, verify: true };
    await world.account.append?.(message);
    server.setFault({ commands: [{ command: 'APPEND', action: { t: 'lost' } }] });
    await world.engine.syncOnce(null);
    await world.engine.syncOnce(null);
    await world.engine.syncOnce(null);
    assert.deepEqual(world.account.queue(), []);
    await agrees(world, server, 'Sent', ['there before', 'new 1']);
  });

  test(`stored, says the server, without ${hide.join() || 'nothing'}, and does not have it: sent again`, async t => {
    const server = await serverWith(t, { hide });
    await using world = await open(server);
    await world.engine.syncOnce(null);
    await put(world, 1, 'sent');
    server.setFault({
      commands: [{ command: 'APPEND', action: { t: 'answer', status: 'OK', text: 'done' } }],
    });
    await world.engine.syncOnce(null);
    assert.equal(world.engine.status().error?.code, 'append.not-there');
    assert.deepEqual(await subjects(await world.folder('Sent')), ['new 1'], 'it is still here');
    world.engine.refresh();
    await world.engine.syncOnce(null);
    assert.deepEqual(world.account.queue(), []);
    await agrees(world, server, 'Sent', ['new 1']);
  });
}

test('another message with the same Message-ID is not taken for what was to be stored', async t => {
  for (const hide of [[], ['UIDPLUS']]) {
    const server = await serverWith(t, { hide });
    server.deliver('Sent', `${bytesOf(1)}It was longer before.\r\n`);
    await using world = await open(server);
    await world.engine.syncOnce(null);
    await put(world, 1, 'sent');
    await put(world, 1, 'sent');
    const drop = { command: 'APPEND', action: { t: 'drop' } } as const;
    const lost = { command: 'APPEND', skip: 1, action: { t: 'lost' } } as const;
    server.setFault({ commands: [drop, lost] });
    for (let i = 0; i < 5; i++) await world.engine.syncOnce(null);
    assert.deepEqual(world.account.queue(), []);
    await agrees(world, server, 'Sent', ['new 1', 'new 1', 'new 1']);
  }
});

test('a pull that brings the message before the answer is known does not double it', async t => {
  const server = await serverWith(t);
  await using world = await open(server);
  await world.engine.syncOnce(null);
  await put(world, 1, 'drafts');
  // Stored, but the line is cut; then the queue can't be sent while pulls go on.
  server.setFault({
    commands: [
      { command: 'APPEND', action: { t: 'lost' } },
      { command: 'APPEND', skip: 1, action: { t: 'answer', status: 'NO', text: '[SERVERBUG] no' } },
    ],
  });
  world.engine.start();
  await until(world, () => world.account.queue().length === 0, 'the queue to empty');
  await world.engine.settled();
  await agrees(world, server, 'Drafts', ['new 1']);
});

test('an earlier version goes only after the new one is stored, and nothing else with it', async t => {
  for (const hide of [[], ['UIDPLUS']]) {
    const server = await serverWith(t, { hide });
    server.deliver('Drafts', 'Subject: of another client\r\n\r\n', ['\\Deleted']);
    await using world = await open(server);
    await world.engine.syncOnce(null);
    const first = await put(world, 1, 'drafts');
    await world.engine.syncOnce(null);
    const second = await put(world, 2, 'drafts', [placeOf(first)]);
    const drafts = await world.folder('Drafts');
    assert.deepEqual(await subjects(drafts), ['new 2', 'of another client']);
    // Not stored: the old one stays there, and does not come back here.
    server.setFault({ commands: [{ command: 'APPEND', action: { t: 'answer', status: 'NO', text: 'no' } }] });
    await world.engine.syncOnce(null);
    assert.deepEqual(onServer(server, 'Drafts'), ['of another client', 'new 1']);
    assert.deepEqual(await subjects(drafts), ['new 2', 'of another client']);
    server.clearFaults();
    server.setFault({ hide });
    world.engine.refresh();
    await world.engine.syncOnce(null);
    const left = server.folder('Drafts').messages.filter(({ flags }) => !flags.has('\\Deleted'));
    assert.deepEqual(
      left.map(({ raw }) => /^Subject: (.*)\r$/m.exec(raw.toString())?.[1]),
      ['new 2'],
    );
    assert.ok(onServer(server, 'Drafts').includes('of another client'), "another client's mail is not ours");
    if (hide.length === 0) assert.deepEqual(onServer(server, 'Drafts'), ['of another client', 'new 2']);
    assert.deepEqual(world.account.queue(), []);
    assert.ok(second.targets[0] && drafts.remote(second.targets[0].uid)?.t === 'imap');
  }
});

test('without UIDPLUS the old one is expunged where nothing else is marked', async t => {
  const server = await serverWith(t, { hide: ['UIDPLUS'] });
  await using world = await open(server);
  await world.engine.syncOnce(null);
  const first = await put(world, 1, 'drafts');
  await world.engine.syncOnce(null);
  await put(world, 2, 'drafts', [placeOf(first)]);
  await world.engine.syncOnce(null);
  await world.engine.syncOnce(null);
  await agrees(world, server, 'Drafts', ['new 2']);
});

test('a version that never went up is not sent after all; one that may have is looked for', async t => {
  const server = await serverWith(t);
  await using world = await open(server);
  await world.engine.syncOnce(null);
  const first = await put(world, 1, 'drafts');
  const second = await put(world, 2, 'drafts', [placeOf(first)]);
  assert.equal(world.account.queue().length, 1);
  server.setFault({ commands: [{ command: 'APPEND', action: { t: 'lost' } }] });
  await world.engine.syncOnce(null);
  assert.deepEqual(onServer(server, 'Drafts'), ['new 2']);
  await put(world, 3, 'drafts', [placeOf(second)]);
  await world.engine.syncOnce(null);
  await world.engine.syncOnce(null);
  await agrees(world, server, 'Drafts', ['new 3']);
  assert.equal(server.log().filter(line => / APPEND /.test(line)).length, 2);
});

test('deleted here before it went up: it does not come', async t => {
  const server = await serverWith(t);
  await using world = await open(server);
  await world.engine.syncOnce(null);
  const first = await put(world, 1, 'drafts');
  await world.account.commit({ t: 'delete', ...placeOf(first) });
  assert.deepEqual(world.account.queue(), []);
  const second = await put(world, 2, 'drafts');
  server.setFault({ commands: [{ command: 'APPEND', action: { t: 'lost' } }] });
  await world.engine.syncOnce(null);
  await world.account.commit({ t: 'delete', ...placeOf(second) });
  await world.engine.syncOnce(null);
  await world.engine.syncOnce(null);
  await agrees(world, server, 'Drafts', []);
});

test('a new version deleted before it went up takes the old one along', async t => {
  const server = await serverWith(t);
  await using world = await open(server);
  await world.engine.syncOnce(null);
  const first = await put(world, 1, 'drafts');
  await world.engine.syncOnce(null);
  const second = await put(world, 2, 'drafts', [placeOf(first)]);
  const third = await put(world, 3, 'drafts', [placeOf(second)]);
  await world.account.commit({ t: 'delete', ...placeOf(third) });
  await world.engine.syncOnce(null);
  await world.engine.syncOnce(null);
  await agrees(world, server, 'Drafts', []);
  assert.deepEqual(world.account.queue(), []);
});

test('a message of the server is deleted there for good', async t => {
  const server = await serverWith(t);
  server.deliver('Drafts', bytesOf(1));
  server.deliver('Drafts', bytesOf(2));
  await using world = await open(server);
  await world.engine.syncOnce(null);
  const drafts = await world.folder('Drafts');
  const uid = drafts.byRemoteUid(1) ?? 0;
  const target = { uid, remote: drafts.remote(uid) ?? null, messageId: 'new1@here.example' };
  await world.account.commit({ t: 'delete', folder: drafts.record.id, targets: [target] });
  await world.engine.syncOnce(null);
  await agrees(world, server, 'Drafts', ['new 2']);
});

test('a copy that has to be right counts only when the server says what was sent, and is asked again', async t => {
  const server = await serverWith(t);
  await using world = await open(server);
  await world.engine.syncOnce(null);
  const bytes = bytesOf(1);
  const folder = await roleFolder(world.account, 'sent');
  const envelope = envelopeOf(bytes, { size: bytes.length, arrival: 0 });
  await world.account.append?.({ folder, bytes, envelope, flags: [], date: 0, upload: true, verify: true });
  const lie =
    '* 1 FETCH (UID 1 RFC822.SIZE 17 BODY[HEADER.FIELDS (MESSAGE-ID)] "Message-ID: <new1@here.example>\r\n\r\n")';
  server.setFault({
    commands: [
      { command: 'FETCH', action: { t: 'raw', bytes: `${lie.replaceAll('\r\n', '')}\r\n` } },
      { command: 'FETCH', action: { t: 'answer', status: 'OK', text: 'done' } },
    ],
  });
  await world.engine.syncOnce(null);
  assert.equal(world.account.queue().length, 1, 'whoever waits for it goes on waiting');
  assert.equal(world.engine.status().error?.code, 'append.unverified');
  world.engine.refresh();
  await world.engine.syncOnce(null);
  assert.deepEqual(world.account.queue(), []);
  await agrees(world, server, 'Sent', ['new 1']);
  assert.equal(server.log().filter(line => / APPEND /.test(line)).length, 1);
});

test('flags set before it went up reach the server with it', async t => {
  const server = await serverWith(t);
  await using world = await open(server);
  await world.engine.syncOnce(null);
  const op = await put(world, 1, 'sent');
  await world.account.commit({ t: 'flags', ...placeOf(op), add: ['\\Flagged'], remove: [] });
  server.setFault({ commands: [{ command: 'APPEND', action: { t: 'answer', status: 'NO', text: 'no' } }] });
  await world.engine.syncOnce(null);
  assert.equal(world.account.queue().length, 2, 'neither is lost');
  world.engine.refresh();
  await world.engine.syncOnce(null);
  assert.deepEqual([...(server.folder('Sent').messages[0]?.flags ?? [])].sort(), ['\\Flagged', '\\Seen']);
  await agrees(world, server, 'Sent', ['new 1']);
});

test('a full mailbox is told; the message stays here and goes up when there is room', async t => {
  const server = await serverWith(t, {
    commands: [
      { command: 'APPEND', times: 1, action: { t: 'answer', status: 'NO', text: '[OVERQUOTA] no room' } },
    ],
  });
  await using world = await open(server);
  await world.engine.syncOnce(null);
  const op = await put(world, 1, 'sent');
  await world.engine.syncOnce(null);
  assert.equal(world.engine.status().error?.code, 'imap.over-quota');
  assert.deepEqual(await subjects(await world.folder('Sent')), ['new 1']);
  assert.equal(world.account.queue()[0]?.id, op.id);
  await world.engine.syncOnce(null);
  assert.deepEqual(onServer(server, 'Sent'), [], 'not offered again at once');
  world.engine.refresh();
  await world.engine.syncOnce(null);
  await agrees(world, server, 'Sent', ['new 1']);
});

test('the folder is made on the server where it is missing, also when it vanished meanwhile', async t => {
  const server = await serverWith(t, {}, []);
  await using world = await open(server);
  await world.engine.syncOnce(null);
  await put(world, 1, 'sent');
  await world.engine.syncOnce(null);
  assert.deepEqual(server.folders().sort(), ['INBOX', 'Sent']);
  assert.equal(server.folder('Sent').subscribed, true);
  assert.deepEqual([world.record('Sent').role, world.record('Sent').remote], ['sent', true]);
  await world.engine.syncOnce(null);
  await agrees(world, server, 'Sent', ['new 1']);
  await put(world, 2, 'sent');
  server.deleteFolder('Sent');
  await world.engine.syncOnce(null);
  await world.engine.syncOnce(null);
  await world.engine.syncOnce(null);
  await agrees(world, server, 'Sent', ['new 2']);
});

test('a new UIDVALIDITY takes nothing of what is on its way', async t => {
  const server = await serverWith(t);
  server.deliver('Drafts', 'Subject: old\r\n\r\n');
  await using world = await open(server);
  await world.engine.syncOnce(null);
  await put(world, 1, 'drafts');
  server.folder('Drafts').renumber();
  server.setFault({
    commands: [{ command: 'APPEND', action: { t: 'answer', status: 'NO', text: 'not now' } }],
  });
  await world.engine.syncOnce(null);
  const drafts = await world.folder('Drafts');
  assert.deepEqual((await subjects(drafts)).sort(), ['new 1', 'old']);
  world.engine.refresh();
  await world.engine.syncOnce(null);
  await world.engine.syncOnce(null);
  assert.deepEqual(onServer(server, 'Drafts'), ['old', 'new 1']);
  assert.deepEqual((await subjects(drafts)).sort(), ['new 1', 'old']);
  assert.deepEqual((await remoteUids(drafts)).sort(), [1, 2]);
});

test('a folder that was never read keeps its order, whatever was put into it before', async t => {
  const server = await serverWith(t);
  for (let n = 10; n < 40; n++) server.deliver('Sent', bytesOf(n));
  await using world = await open(server);
  server.setFault({
    commands: [{ command: 'SELECT', times: 1, action: { t: 'answer', status: 'NO', text: '' } }],
  });
  // Only the list of folders.
  await world.engine.syncOnce('work:99');
  server.clearFaults();
  await put(world, 1, 'sent');
  await put(world, 2, 'sent');
  await world.engine.syncOnce(null);
  await world.engine.syncOnce(null);
  const expected = [...Array.from({ length: 30 }, (_, i) => `new ${i + 10}`), 'new 1', 'new 2'];
  await agrees(world, server, 'Sent', expected);
});

test('cut off at any byte of any command, it stands once on both sides', async t => {
  const server = await serverWith(t);
  await using world = await open(server);
  await world.engine.syncOnce(null);
  let expected: string[] = [];
  let last: Operation | null = null;
  for (let round = 0; round < 24; round++) {
    last = await put(world, round, 'drafts', last ? [placeOf(last)] : []);
    expected = [`new ${round}`];
    const command = ['APPEND', 'STORE', 'EXPUNGE', 'SELECT', 'SEARCH', 'FETCH'][round % 6] ?? '*';
    const action =
      round % 4 < 2 ? ({ t: 'lost' } as const) : ({ t: 'drop', bytes: (round * 7) % 40 } as const);
    server.setFault({ commands: [{ command, action }] });
    for (let tries = 0; tries < 4; tries++) await world.engine.syncOnce(null);
    server.clearFaults();
    world.engine.refresh();
    await world.engine.syncOnce(null);
    await world.engine.syncOnce(null);
    assert.deepEqual(world.account.queue(), []);
    await agrees(world, server, 'Drafts', expected);
  }
});

test('a run that ends between any two steps is gone on with by the next', async t => {
  const dir = await mkdtemp(join(MEMORY, 'tmail-append-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const server = await serverWith(t);
  {
    await using world = await open(server, { dir });
    await world.engine.syncOnce(null);
    const first = await put(world, 1, 'drafts');
    await world.engine.syncOnce(null);
    await put(world, 2, 'drafts', [placeOf(first)]);
    await put(world, 3, 'sent');
    server.setFault({ commands: [{ command: 'APPEND', skip: 1, action: { t: 'lost' } }] });
    await world.engine.syncOnce(null);
  }
  await using world = await open(server, { dir });
  const drafts: FolderStore = await world.folder('Drafts');
  assert.deepEqual(await subjects(drafts), ['new 2']);
  await world.engine.syncOnce(null);
  await agrees(world, server, 'Drafts', ['new 2']);
  await agrees(world, server, 'Sent', ['new 3']);
});

test('Dovecot stores, replaces and gives places', async t => {
  const server = await dovecot(t, 0);
  await using world = await worldOf(server);
  await world.engine.syncOnce(null);
  world.engine.start();
  await world.engine.settled();
  let last = await put(world, 1, 'drafts');
  for (let n = 2; n < 5; n++) last = await put(world, n, 'drafts', [placeOf(last)]);
  await put(world, 9, 'sent');
  await until(world, () => world.account.queue().length === 0, 'the queue to empty');
  world.engine.refresh();
  await world.engine.settled();
  const fetched = await server.doveadm('fetch', '-u', server.user, 'hdr.subject flags', 'mailbox', '*');
  assert.deepEqual(
    fetched
      .split('\n')
      .filter(line => /subject/i.test(line))
      .map(line => line.trim())
      .sort(),
    ['hdr.subject: new 4', 'hdr.subject: new 9'],
  );
  assert.match(fetched, /\\Draft/);
  assert.deepEqual(await subjects(await world.folder('Drafts')), ['new 4']);
  assert.deepEqual(await subjects(await world.folder('Sent')), ['new 9']);
  assert.equal((await remoteUids(await world.folder('Sent'))).length, 1);
  assert.equal(await world.engine.holds?.(world.record('Sent').id, 'new9@here.example'), true);
  assert.equal(await world.engine.holds?.(world.record('Sent').id, 'absent@here.example'), false);
});
