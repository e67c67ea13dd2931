// Moves, copies and deletions made here → the server: each message is once where it was put, whatever is lost, refused
// or changed by others on the way.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Faults, type ImapServer, startImapServer } from '../../../src/demo/imap-server.ts';
import type { FolderStore, NewOperation, OperationTarget } from '../../../src/store/types.ts';
import { message, openWorld, remoteUids, subjects, until, type World } from '../world.ts';

const credentials = { user: 'ada', password: 'secret' };

async function serverWith(t: TestContext, count: number, hide: readonly string[] = []): Promise<ImapServer> {
  const server = await startImapServer({
    users: { ada: 'secret' },
    mailboxes: [{ name: 'Work' }, { name: 'Trash', use: '\\Trash' }],
    faults: { hide },
  });
  t.after(async () => {
    await server.stop();
    assert.deepEqual(server.defects(), []);
  });
  for (let n = 1; n <= count; n++) server.deliver('INBOX', message(n));
  return server;
}

const open = (server: ImapServer): Promise<World> =>
  openWorld({ port: server.port, ...credentials, groupMs: 2 });

async function pulled(world: World, path = 'INBOX'): Promise<FolderStore> {
  await world.engine.syncOnce(null);
  const folder = await world.folder(path);
  await folder.loadAll();
  return folder;
}

/** By their subjects' numbers, of what is here. */
async function targetsOf(folder: FolderStore, numbers: readonly number[]): Promise<OperationTarget[]> {
  const found = new Map<string, OperationTarget>();
  for await (const { uid, envelope } of folder.scan()) {
    found.set(envelope.subject, { uid, remote: folder.remote(uid) ?? null, messageId: envelope.messageId });
  }
  return numbers.map(n => {
    const target = found.get(`message ${n}`);
    assert.ok(target, `message ${n} is not here`);
    return target;
  });
}

async function commit(
  world: World,
  t: 'move' | 'copy' | 'delete',
  from: string,
  numbers: readonly number[],
  to = 'Work',
): Promise<void> {
  const folder = await world.folder(from);
  const targets = await targetsOf(folder, numbers);
  const here = { folder: folder.record.id, targets };
  const op: NewOperation = t === 'delete' ? { t, ...here } : { t, ...here, to: world.record(to).id };
  await world.account.commit(op);
}

function onServer(server: ImapServer, path: string): number[] {
  return server
    .folder(path)
    .messages.filter(({ flags }) => !flags.has('\\Deleted'))
    .map(({ raw }) => Number(/^Subject: message (\d+)\r$/m.exec(raw.toString())?.[1]))
    .sort((a, b) => a - b);
}

/** Both sides hold these messages, under the same UIDs. */
async function agrees(world: World, server: ImapServer, path: string, expected: number[]): Promise<void> {
  assert.deepEqual(onServer(server, path), expected, `${path} on the server`);
  const folder = await world.folder(path);
  const here = (await subjects(folder)).map(subject => Number(subject.slice(8))).sort((a, b) => a - b);
  assert.deepEqual(here, expected, `${path} here`);
  assert.deepEqual(
    (await remoteUids(folder)).sort((a, b) => a - b),
    server.folder(path).messages.map(({ uid }) => uid),
  );
  assert.deepEqual(world.record(path).counts.total, expected.length, `${path} counted`);
}

async function settle(world: World): Promise<void> {
  for (let i = 0; i < 3; i++) await world.engine.syncOnce(null);
}

const WITHOUT: readonly (readonly string[])[] = [
  [],
  ['MOVE'],
  ['UIDPLUS'],
  ['MOVE', 'UIDPLUS'],
  ['MOVE', 'UIDPLUS', 'QRESYNC', 'CONDSTORE', 'ENABLE', 'ESEARCH'],
];

for (const hide of WITHOUT) {
  test(`moved, copied and deleted, without ${hide.join(', ') || 'nothing'}: once where they were put`, async t => {
    const server = await serverWith(t, 12, hide);
    await using world = await open(server);
    await pulled(world);
    await commit(world, 'move', 'INBOX', [1, 2, 3, 9]);
    await commit(world, 'copy', 'INBOX', [4, 5]);
    await commit(world, 'delete', 'INBOX', [6]);
    assert.deepEqual(
      await subjects(await world.folder('Work')),
      ['message 5', 'message 4', 'message 9', 'message 3', 'message 2', 'message 1'].slice(0),
      'shown at once',
    );
    await settle(world);
    assert.deepEqual(world.account.queue(), []);
    assert.deepEqual(world.troubles, []);
    await agrees(world, server, 'INBOX', [4, 5, 7, 8, 10, 11, 12]);
    await agrees(world, server, 'Work', [1, 2, 3, 4, 5, 9]);
  });

  for (const command of ['MOVE', 'COPY', 'STORE', 'EXPUNGE']) {
    test(`the answer to ${command} lost, without ${hide.join(', ') || 'nothing'}: nothing lost, nothing doubled`, async t => {
      const server = await serverWith(t, 8, hide);
      await using world = await open(server);
      await pulled(world);
      await commit(world, 'move', 'INBOX', [1, 2, 3]);
      await commit(world, 'copy', 'INBOX', [4]);
      server.setFault({ commands: [{ command, action: { t: 'lost' }, times: 2 }] });
      await settle(world);
      await settle(world);
      assert.deepEqual(world.account.queue(), []);
      await agrees(world, server, 'INBOX', [4, 5, 6, 7, 8]);
      await agrees(world, server, 'Work', [1, 2, 3, 4]);
      assert.deepEqual(world.troubles, []);
    });
  }
}

test('a pull that comes between a lost answer and the next try neither doubles nor brings back', async t => {
  const server = await serverWith(t, 5);
  await using world = await open(server);
  await pulled(world);
  await commit(world, 'move', 'INBOX', [2, 3]);
  let seen = 0;
  world.store.subscribe(() => {
    const inbox = world.account.folders().find(({ path }) => path === 'INBOX');
    if (inbox && inbox.counts.total > 3) seen++;
  });
  // The first is run and its answer lost; the next tries are cut before they are run, so that pulls come first.
  server.setFault({ commands: [{ command: 'MOVE', action: { t: 'lost' } }] });
  await world.engine.syncOnce(null);
  assert.deepEqual(onServer(server, 'Work'), [2, 3]);
  server.setFault({
    commands: [{ command: 'SEARCH', action: { t: 'answer', status: 'BAD', text: 'not now' } }],
  });
  await world.engine.syncOnce(null);
  assert.equal(world.account.queue().length, 1, 'still on its way');
  await agrees(world, server, 'INBOX', [1, 4, 5]);
  await agrees(world, server, 'Work', [2, 3]);
  await settle(world);
  assert.deepEqual([world.account.queue(), world.troubles], [[], []]);
  await agrees(world, server, 'INBOX', [1, 4, 5]);
  await agrees(world, server, 'Work', [2, 3]);
  assert.equal(seen, 0, 'the old count never showed again');
});

test('moved on and on offline: A to B to C, with a star on the way', async t => {
  for (const hide of [[], ['UIDPLUS'], ['MOVE', 'UIDPLUS']]) {
    const server = await serverWith(t, 3, hide);
    await using world = await open(server);
    await pulled(world);
    await commit(world, 'move', 'INBOX', [1, 2]);
    const work = await world.folder('Work');
    const [first] = await targetsOf(work, [1]);
    assert.ok(first);
    await world.account.commit({
      t: 'flags',
      folder: work.record.id,
      targets: [first],
      add: ['\\Flagged'],
      remove: [],
    });
    await commit(world, 'move', 'Work', [1], 'Trash');
    await settle(world);
    assert.deepEqual(world.account.queue(), []);
    await agrees(world, server, 'INBOX', [3]);
    await agrees(world, server, 'Work', [2]);
    await agrees(world, server, 'Trash', [1]);
    assert.deepEqual([...(server.folder('Trash').messages[0]?.flags ?? [])], ['\\Flagged']);
  }
});

test('a message that another client took away meanwhile is forgotten and told; the rest of the move is made', async t => {
  const server = await serverWith(t, 4);
  await using world = await open(server);
  await pulled(world);
  await commit(world, 'move', 'INBOX', [1, 2, 3]);
  server.folder('INBOX').expunge(each => each.uid === 2);
  await settle(world);
  assert.deepEqual(world.account.queue(), []);
  await agrees(world, server, 'INBOX', [4]);
  await agrees(world, server, 'Work', [1, 3]);
  assert.deepEqual(
    world.troubles.map(({ code, facts }) => [code, facts.folder, facts.count]),
    [['imap.message-lost', 'INBOX', 1]],
  );
});

const refusals: [text: string, code: string][] = [
  ['[OVERQUOTA] full', 'imap.over-quota'],
  ['[NOPERM] not yours', 'imap.permission'],
  ['[CANNOT] no', 'imap.no'],
];
for (const [text, code] of refusals) {
  test(`a move refused with ${text} is taken back and told; what comes after it goes on`, async t => {
    const server = await serverWith(t, 4);
    await using world = await open(server);
    await pulled(world);
    await commit(world, 'move', 'INBOX', [1, 2]);
    await commit(world, 'move', 'INBOX', [3]);
    server.setFault({ commands: [{ command: 'MOVE', action: { t: 'answer', status: 'NO', text } }] });
    await settle(world);
    assert.deepEqual(world.account.queue(), []);
    assert.deepEqual(
      world.troubles.map(error => error.code),
      [code],
    );
    await agrees(world, server, 'INBOX', [1, 2, 4]);
    await agrees(world, server, 'Work', [3]);
  });
}

test('a refusal in the middle of a long move: what was moved stays, the rest is taken back', async t => {
  const server = await serverWith(t, 0);
  for (let n = 1; n <= 1200; n++) server.deliver('INBOX', message(n));
  await using world = await open(server);
  await pulled(world);
  await commit(
    world,
    'move',
    'INBOX',
    Array.from({ length: 1100 }, (_, i) => i + 1),
  );
  const action = { t: 'answer', status: 'NO', text: '[OVERQUOTA] full' } as const;
  server.setFault({ commands: [{ command: 'MOVE', skip: 1, action }] });
  const [op] = world.account.queue();
  const landing = op?.t === 'move' ? op.landing.slice(0, 500) : [];
  await settle(world);
  assert.deepEqual(world.account.queue(), []);
  const work = await world.folder('Work');
  assert.ok(
    landing.every(uid => work.flags(uid) !== undefined),
    'under the numbers that they had all the time',
  );
  assert.equal(onServer(server, 'Work').length, 500);
  await agrees(world, server, 'INBOX', onServer(server, 'INBOX'));
  await agrees(world, server, 'Work', onServer(server, 'Work'));
});

test('the target vanished on the server: it is made again', async t => {
  for (const hide of [[], ['MOVE']]) {
    const server = await serverWith(t, 3, hide);
    await using world = await open(server);
    await pulled(world);
    world.engine.start();
    await until(world, () => world.engine.status().phase === 'online');
    await world.engine.settled();
    server.deleteFolder('Work');
    await commit(world, 'move', 'INBOX', [1, 2]);
    await until(world, () => world.account.queue().length === 0, 'the queue to empty');
    await world.engine.settled();
    world.engine.refresh();
    await world.engine.settled();
    await agrees(world, server, 'INBOX', [3]);
    await agrees(world, server, 'Work', [1, 2]);
  }
});

test('a read-only folder keeps its messages, and the move is taken back', async t => {
  const server = await serverWith(t, 2);
  await using world = await open(server);
  await pulled(world);
  await commit(world, 'move', 'INBOX', [1]);
  server.setFault({
    commands: [
      { command: 'MOVE', action: { t: 'answer', status: 'NO', text: '[READ-ONLY] not here' }, times: 9 },
    ],
  });
  await settle(world);
  assert.deepEqual(world.account.queue(), []);
  await agrees(world, server, 'INBOX', [1, 2]);
});

test('a server that says OK and moves nothing is not believed', async t => {
  const server = await serverWith(t, 3);
  await using world = await open(server);
  await pulled(world);
  await commit(world, 'move', 'INBOX', [1]);
  server.setFault({ commands: [{ command: 'MOVE', action: { t: 'answer', status: 'OK', text: 'done' } }] });
  await settle(world);
  assert.deepEqual(world.account.queue(), []);
  assert.deepEqual(
    world.troubles.map(error => error.code),
    ['imap.not-moved'],
  );
  await agrees(world, server, 'INBOX', [1, 2, 3]);
  await agrees(world, server, 'Work', []);
});

test('without UIDPLUS nothing is expunged that another client has marked; it is told', async t => {
  const server = await serverWith(t, 3, ['MOVE', 'UIDPLUS']);
  server.deliver('INBOX', message(9), ['\\Deleted']);
  await using world = await open(server);
  await pulled(world);
  await commit(world, 'delete', 'INBOX', [2]);
  const warned: string[] = [];
  world.engine.subscribe(() => warned.push(world.engine.status().error?.code ?? ''));
  await settle(world);
  assert.equal(server.folder('INBOX').messages.length, 4);
  assert.deepEqual(onServer(server, 'INBOX'), [1, 3]);
  assert.ok(warned.includes('imap.only-marked'));
});

test('after a new UIDVALIDITY the right messages are moved, by their Message-ID', async t => {
  const server = await serverWith(t, 6);
  await using world = await open(server);
  await pulled(world);
  await commit(world, 'move', 'INBOX', [4, 5]);
  server.folder('INBOX').expunge(each => each.uid === 1 || each.uid === 5);
  server.folder('INBOX').renumber();
  await settle(world);
  assert.deepEqual(world.account.queue(), []);
  await agrees(world, server, 'INBOX', [2, 3, 6]);
  await agrees(world, server, 'Work', [4]);
  assert.ok(world.troubles.some(error => error.code === 'imap.message-lost'));
});

test('messages without a Message-ID, two of them equal, are told apart by number, date and size', async t => {
  for (const hide of [[], ['UIDPLUS'], ['MOVE', 'UIDPLUS']]) {
    const server = await serverWith(t, 0, hide);
    const date = new Date('2026-01-01T00:00:00Z');
    for (const n of [1, 2, 2, 3])
      server.deliver('INBOX', `Subject: message ${n}\r\n\r\n${'x'.repeat(n)}\r\n`, [], date);
    await using world = await open(server);
    await pulled(world);
    const inbox = await world.folder('INBOX');
    const targets = [1, 2, 3].map(uid => {
      const local = inbox.byRemoteUid(uid) ?? 0;
      return { uid: local, remote: inbox.remote(local) ?? null, messageId: '' };
    });
    await world.account.commit({ t: 'move', folder: inbox.record.id, targets, to: world.record('Work').id });
    server.setFault({
      commands: [{ command: hide.includes('MOVE') ? 'COPY' : 'MOVE', action: { t: 'lost' } }],
    });
    await settle(world);
    await settle(world);
    assert.deepEqual(world.account.queue(), []);
    await agrees(world, server, 'INBOX', [3]);
    await agrees(world, server, 'Work', [1, 2, 2]);
  }
});

test('the answer that names another place than the truth costs a message nothing', async t => {
  const server = await serverWith(t, 4);
  await using world = await open(server);
  await pulled(world);
  await commit(world, 'move', 'INBOX', [1, 2]);
  const lies =
    '* OK [COPYUID 1 1:2 4294967000:4294967001] Moved\r\n* OK [COPYUID 77 1:4294967295 1:4294967295] more\r\n';
  server.setFault({ commands: [{ command: 'MOVE', action: { t: 'raw', bytes: lies } }] });
  await settle(world);
  await settle(world);
  assert.deepEqual(onServer(server, 'Work'), [1, 2]);
  await agrees(world, server, 'INBOX', [3, 4]);
  await agrees(world, server, 'Work', [1, 2]);
});

test('five thousand messages are moved with few bytes', async t => {
  const server = await serverWith(t, 0);
  for (let n = 1; n <= 5000; n++) server.deliver('INBOX', message(n));
  await using world = await open(server);
  const inbox = await pulled(world);
  const targets = Array.from({ length: inbox.length }, (_, position) => {
    const uid = inbox.uidAt(position) ?? 0;
    return { uid, remote: inbox.remote(uid) ?? null, messageId: '' };
  });
  await world.account.commit({ t: 'move', folder: inbox.record.id, targets, to: world.record('Work').id });
  const before = server.log().length;
  await world.engine.syncOnce(null);
  const sent = server
    .log()
    .slice(before)
    .filter(line => / UID MOVE /.test(line));
  assert.equal(sent.length, 10);
  assert.ok(sent.join('').length < 600, sent.join('\n'));
  assert.equal(server.folder('Work').messages.length, 5000);
  assert.equal((await world.folder('Work')).length, 5000);
});

test('a move whose source could not be expunged, and that is taken back meanwhile: one message all the time', async t => {
  const server = await serverWith(t, 2, ['MOVE']);
  await using world = await open(server);
  const inbox = await pulled(world);
  const [target] = await targetsOf(inbox, [2]);
  assert.ok(target);
  const to = world.record('Work').id;
  const op = await world.account.commit({ t: 'move', folder: inbox.record.id, targets: [target], to });
  assert.ok(op.t === 'move');
  const landed = op.landing.map(uid => ({ uid, remote: null, messageId: target.messageId }));
  await world.account.commit({
    t: 'move',
    folder: to,
    targets: landed,
    to: op.folder,
    landing: [target.uid],
  });
  const action = { t: 'answer', status: 'NO', text: '[INUSE] later' } as const;
  server.setFault({ commands: [{ command: 'EXPUNGE', action }] });
  await settle(world);
  world.engine.refresh();
  await settle(world);
  assert.deepEqual(world.account.queue(), []);
  assert.equal(server.log().filter(line => / UID COPY /.test(line)).length, 2, 'there and back');
  assert.deepEqual(server.folder('Work').messages, []);
  await agrees(world, server, 'INBOX', [1, 2]);
  await agrees(world, server, 'Work', []);
});

for (const command of ['MOVE', 'COPY', 'STORE']) {
  test(`${command} answered with EXPUNGEISSUED: asked again, without what is gone`, async t => {
    const server = await serverWith(t, 4, command === 'MOVE' ? [] : ['MOVE']);
    await using world = await open(server);
    await pulled(world);
    await commit(world, 'move', 'INBOX', [1, 2, 3]);
    const run = (): void => void server.folder('INBOX').expunge(({ uid }) => uid === 2);
    const action = { t: 'answer', status: 'NO', text: '[EXPUNGEISSUED] some are gone' } as const;
    server.setFault({
      commands: [
        { command, action: { t: 'run', run } },
        { command, action },
      ],
    });
    await settle(world);
    assert.deepEqual(world.account.queue(), []);
    await agrees(world, server, 'INBOX', [4]);
    // What was copied before it went is where it was wanted.
    const saved = command === 'STORE';
    await agrees(world, server, 'Work', saved ? [1, 2, 3] : [1, 3]);
    assert.deepEqual(
      world.troubles.map(error => error.code),
      saved ? [] : ['imap.message-lost'],
    );
  });
}

for (const [command, times, text] of [
  ['STORE', 1, '[NOPERM] not yours'],
  ['STORE', 1, '[NONEXISTENT] what?'],
  ['EXPUNGE', 1, '[NOPERM] not yours'],
  ['EXPUNGE', 9, '[NOPERM] not yours'],
] as const) {
  test(`without MOVE, ${command} refused ${times} times with ${text}: the copy goes again, the source is not left marked`, async t => {
    const server = await serverWith(t, 3, ['MOVE']);
    await using world = await open(server);
    await pulled(world);
    await commit(world, 'move', 'INBOX', [1, 2]);
    const action = { t: 'answer', status: 'NO', text } as const;
    server.setFault({ commands: [{ command, times, action }] });
    await settle(world);
    server.setFault({ commands: [] });
    await settle(world);
    assert.deepEqual(world.account.queue(), []);
    assert.deepEqual(
      world.troubles.map(error => error.code),
      [text.startsWith('[NOPERM]') ? 'imap.permission' : 'imap.no-folder'],
    );
    const marked = server.folder('INBOX').messages.filter(({ flags }) => flags.has('\\Deleted'));
    assert.deepEqual(marked, []);
    // What could not be expunged there either stays, and is shown.
    await agrees(world, server, 'INBOX', [1, 2, 3]);
    await agrees(world, server, 'Work', times === 1 ? [] : [1, 2]);
  });
}

test('a deletion that is refused half way leaves nothing marked', async t => {
  const server = await serverWith(t, 2);
  await using world = await open(server);
  await pulled(world);
  await commit(world, 'delete', 'INBOX', [1]);
  const action = { t: 'answer', status: 'NO', text: '[NOPERM] not yours' } as const;
  server.setFault({ commands: [{ command: 'EXPUNGE', times: 9, action }] });
  await settle(world);
  assert.deepEqual([...(server.folder('INBOX').messages[0]?.flags ?? [])], []);
  await agrees(world, server, 'INBOX', [1, 2]);
});

/** Answers as a server that does the move itself and then says where, wrongly. */
function lie(server: ImapServer, uids: string, places: (work: number[]) => string): void {
  const run = (): void => {
    const work = server.folder('Work');
    const moved = [1, 2].map(n => server.deliver('Work', message(n)));
    server.folder('INBOX').expunge(({ uid }) => uid <= 2);
    const text = `* OK [COPYUID ${work.uidValidity} ${uids} ${places(moved)}] Moved\r\n`;
    const ok = { t: 'answer', status: 'OK', text: 'Done' } as const;
    server.setFault({
      commands: [
        { command: 'MOVE', skip: 0, action: { t: 'raw', bytes: text } },
        { command: 'MOVE', action: ok },
      ],
    });
  };
  server.setFault({ commands: [{ command: 'SELECT', skip: 0, action: { t: 'run', run } }] });
}

test('places told in another order than they were given, or that are other messages: the right one is deleted next', async t => {
  for (const places of [([a, b]: number[]) => `${b},${a}`, () => '1:2', ([a = 0]: number[]) => `2,${a}`]) {
    const server = await serverWith(t, 3);
    server.deliver('Work', message(8));
    server.deliver('Work', message(9));
    await using world = await open(server);
    await pulled(world);
    await commit(world, 'move', 'INBOX', [1, 2]);
    lie(server, '1:2', places);
    await settle(world);
    assert.deepEqual(world.account.queue(), []);
    await agrees(world, server, 'Work', [1, 2, 8, 9]);
    await commit(world, 'delete', 'Work', [1]);
    await settle(world);
    await agrees(world, server, 'Work', [2, 8, 9]);
  }
});

test('a copy that the server says it made and that is nowhere is taken back and told', async t => {
  const server = await serverWith(t, 2);
  await using world = await open(server);
  await pulled(world);
  await commit(world, 'copy', 'INBOX', [1]);
  server.setFault({ commands: [{ command: 'COPY', action: { t: 'answer', status: 'OK', text: 'done' } }] });
  await settle(world);
  assert.deepEqual(
    world.troubles.map(error => error.code),
    ['imap.not-copied'],
  );
  await agrees(world, server, 'INBOX', [1, 2]);
  await agrees(world, server, 'Work', []);
});

const faultless: Faults = {};
test('a move taken back after it reached the server moves the message back there', async t => {
  const server = await serverWith(t, 3);
  server.setFault(faultless);
  await using world = await open(server);
  const inbox = await pulled(world);
  const [target] = await targetsOf(inbox, [2]);
  assert.ok(target);
  await commit(world, 'move', 'INBOX', [2]);
  await settle(world);
  await agrees(world, server, 'Work', [2]);
  const work = await world.folder('Work');
  const there = await targetsOf(work, [2]);
  await world.account.commit({
    t: 'move',
    folder: work.record.id,
    targets: there,
    to: inbox.record.id,
    landing: [target.uid],
  });
  await settle(world);
  await agrees(world, server, 'INBOX', [1, 2, 3]);
  await agrees(world, server, 'Work', []);
  assert.ok(inbox.flags(target.uid) !== undefined, 'under its old number');
});
