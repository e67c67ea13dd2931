// Gmail's ways over a server that has them: labels as keywords, both ways; archive, Trash, and All Mail.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INBOX_LABEL, labelKeyword, labelOf } from '../../../src/mail/labels.ts';
import { KEYWORD_BIT } from '../../../src/mail/types.ts';
import type { FolderStore } from '../../../src/store/types.ts';
import { labelled, splitLabels, withLabels } from '../../../src/sync/imap/gmail.ts';
import { type GmailServer, startGmail } from '../../servers/gmail.ts';
import { openWorld, until, type World } from '../world.ts';

const mail = (subject: string) =>
  `From: Grace <grace@example.org>\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x>\r\n\r\ntext of ${subject}\r\n`;
const ODD = 'Grüße & Co';

const opened = (server: GmailServer, offline: 'all' | 'headers' = 'headers') =>
  openWorld({ port: server.port, user: 'ada@gmail.com', password: 'secret', offline });

async function synced(world: World): Promise<void> {
  const { errors } = await world.engine.syncOnce(null);
  assert.deepEqual(errors, []);
}

function keywordsOf(folder: FolderStore, uid: number): string[] {
  const bits = folder.flags(uid) ?? 0;
  return folder.keywords.filter((_, n) => bits & (1 << (KEYWORD_BIT + n))).sort();
}

/** Label or keyword, of the only message with this subject. */
async function keywordsIn(world: World, path: string, subject: string): Promise<string[]> {
  const folder = await world.folder(path);
  for await (const { uid, envelope } of folder.scan()) {
    if (envelope.subject === subject) return keywordsOf(folder, uid);
  }
  return assert.fail(`no ${subject} in ${path}`);
}

async function subjectsIn(world: World, path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { envelope } of (await world.folder(path)).scan()) found.push(envelope.subject);
  return found.sort();
}

const targetsOf = (folder: FolderStore, uid: number) => [
  { uid, remote: folder.remote(uid) ?? null, messageId: folder.envelope(uid)?.messageId ?? '' },
];

test('labels are keywords here, and follow what others change', async () => {
  await using server = disposable(await startGmail({ labels: ['Work', ODD] }));
  server.deliver('INBOX', mail('one'));
  server.deliver('Work', mail('filed'));
  await using world = await opened(server);
  await synced(world);
  assert.deepEqual(
    world.account
      .folders()
      .flatMap(({ role }) => role ?? [])
      .sort(),
    ['all', 'drafts', 'flagged', 'important', 'inbox', 'junk', 'sent', 'trash'],
  );
  assert.deepEqual(await keywordsIn(world, 'INBOX', 'one'), []);
  assert.deepEqual(await keywordsIn(world, '[Gmail]/All Mail', 'filed'), ['label:Work']);
  // In the label's own folder Gmail does not name it.
  assert.deepEqual(await keywordsIn(world, 'Work', 'filed'), []);
  const [inbox] = server.folder('INBOX').messages;
  assert.ok(inbox);
  server.folder(ODD).append(inbox.raw, inbox.flags, inbox.date);
  await synced(world);
  assert.deepEqual(await keywordsIn(world, 'INBOX', 'one'), [labelKeyword(ODD)]);
  assert.deepEqual(await subjectsIn(world, ODD), ['one']);
  server.folder(ODD).expunge(() => true);
  await synced(world);
  assert.deepEqual(await keywordsIn(world, 'INBOX', 'one'), []);
  assert.deepEqual(server.defects(), []);
});

test('a label set or cleared here goes as a label, beside a flag that goes as a flag', async () => {
  await using server = disposable(await startGmail({ labels: ['Work'] }));
  server.deliver('INBOX', mail('one'));
  await using world = await opened(server);
  await synced(world);
  const inbox = await world.folder('INBOX');
  const change = { t: 'flags', folder: inbox.record.id, targets: targetsOf(inbox, 1) } as const;
  await world.account.commit({ ...change, add: [labelKeyword(ODD), '\\Seen'], remove: [] });
  assert.deepEqual(keywordsOf(inbox, 1), [labelKeyword(ODD)]);
  await synced(world);
  assert.deepEqual(server.labels('one'), [ODD, 'INBOX', '[Gmail]/All Mail'].sort());
  assert.ok(server.folder('INBOX').messages[0]?.flags.has('\\Seen'));
  // The list of folders is asked for before the queue is sent.
  await synced(world);
  // It came as a folder with the label, and stays read there.
  assert.deepEqual(await subjectsIn(world, ODD), ['one']);
  assert.deepEqual(keywordsOf(inbox, 1), [labelKeyword(ODD)]);
  await world.account.commit({ ...change, add: [], remove: [labelKeyword(ODD)] });
  await synced(world);
  assert.deepEqual(server.labels('one'), ['INBOX', '[Gmail]/All Mail']);
  assert.deepEqual(world.troubles, []);
});

test('archived is what has left the inbox: once in All Mail here and there, with its file', async () => {
  await using server = disposable(await startGmail({ labels: ['Work'] }));
  server.deliver('INBOX', mail('one'));
  server.deliver('INBOX', mail('two'));
  await using world = await opened(server, 'all');
  await synced(world);
  const inbox = await world.folder('INBOX');
  const all = await world.folder('[Gmail]/All Mail');
  assert.deepEqual(await subjectsIn(world, '[Gmail]/All Mail'), ['one', 'two']);
  await inbox.ensure(0, 1);
  const move = {
    t: 'move',
    folder: inbox.record.id,
    targets: targetsOf(inbox, 1),
    to: all.record.id,
  } as const;
  const done = await world.account.commit(move);
  await synced(world);
  assert.deepEqual(server.labels('one'), ['[Gmail]/All Mail']);
  assert.deepEqual(await subjectsIn(world, 'INBOX'), ['two']);
  assert.deepEqual(await subjectsIn(world, '[Gmail]/All Mail'), ['one', 'two']);
  const [landed] = done.t === 'move' ? done.landing : [];
  assert.ok(landed !== undefined && all.raw(landed));
  await synced(world);
  assert.deepEqual(await subjectsIn(world, '[Gmail]/All Mail'), ['one', 'two']);

  // Taken back: in the inbox, and in All Mail as ever.
  await world.account.commit({
    t: 'move',
    folder: all.record.id,
    targets: [{ uid: landed, remote: null, messageId: '' }],
    to: inbox.record.id,
    landing: [1],
  });
  await synced(world);
  await synced(world);
  assert.deepEqual(server.labels('one'), ['INBOX', '[Gmail]/All Mail']);
  assert.deepEqual(await subjectsIn(world, 'INBOX'), ['one', 'two']);
  assert.deepEqual(await subjectsIn(world, '[Gmail]/All Mail'), ['one', 'two']);
  assert.deepEqual(world.troubles, []);
});

test('outside the inbox a message is archived by its label, and stays where it is', async () => {
  await using server = disposable(await startGmail({ labels: ['Work'] }));
  server.deliver('Work', mail('one'));
  const [filed] = server.folder('Work').messages;
  assert.ok(filed);
  server.folder('INBOX').append(filed.raw, filed.flags, filed.date);
  await using world = await opened(server);
  await synced(world);
  assert.deepEqual(await keywordsIn(world, 'Work', 'one'), [INBOX_LABEL]);
  const work = await world.folder('Work');
  await work.ensure(0, 0);
  const change = { t: 'flags', folder: work.record.id, targets: targetsOf(work, 1) } as const;
  await world.account.commit({ ...change, add: [], remove: [INBOX_LABEL] });
  await synced(world);
  assert.deepEqual(server.labels('one'), ['Work', '[Gmail]/All Mail']);
  assert.deepEqual(await subjectsIn(world, 'INBOX'), []);
  await world.account.commit({ ...change, add: [INBOX_LABEL], remove: [] });
  await synced(world);
  assert.deepEqual(server.labels('one'), ['INBOX', 'Work', '[Gmail]/All Mail']);
  assert.deepEqual(await subjectsIn(world, 'INBOX'), ['one']);
});

test('while tmail is open, what was done in one folder shows in the others within seconds', async () => {
  await using server = disposable(await startGmail({ labels: ['Work'] }));
  server.deliver('Work', mail('one'));
  await using world = await opened(server);
  await synced(world);
  const all = await world.folder('[Gmail]/All Mail');
  const work = await world.folder('Work');
  await work.ensure(0, 0);
  world.engine.start();
  world.engine.show(all.record.id);
  await until(world, () => world.engine.status().phase === 'online');
  await world.engine.settled();
  await world.account.commit({
    t: 'flags',
    folder: all.record.id,
    targets: [{ uid: 1, remote: all.remote(1) ?? null, messageId: '' }],
    add: ['\\Seen', labelKeyword('Later')],
    remove: [],
  });
  assert.equal(work.unread, 1);
  await until(
    world,
    () => work.unread === 0 && keywordsOf(work, 1).join() === 'label:Later',
    'the other folder',
  );
  await until(
    world,
    () => world.account.folders().some(({ path }) => path === 'Later'),
    'the label as a folder',
  );
});

test('a message in many folders is fetched once, and each of them can be read offline', async () => {
  await using server = disposable(await startGmail({ labels: ['Work'] }));
  server.deliver('Work', mail('filed'));
  server.deliver('INBOX', mail('one'));
  const [filed] = server.folder('Work').messages;
  assert.ok(filed);
  server.folder('INBOX').append(filed.raw, filed.flags, filed.date);
  server.deliver('[Gmail]/All Mail', mail('archived'));
  // Nobody's twin: another one with its Message-ID and size.
  const other = mail('archived').replace('text of archived', 'text of ARCHIVED');
  server.deliver('[Gmail]/All Mail', other, [], new Date(Date.now() - 5000));
  await using world = await opened(server, 'all');
  await synced(world);
  for (const path of ['INBOX', 'Work', '[Gmail]/All Mail']) {
    const folder = await world.folder(path);
    for await (const { uid, envelope } of folder.scan()) {
      const raw = folder.raw(uid);
      assert.ok(raw && !raw.partial, `${path} ${envelope.subject}`);
      const text = String(await world.account.raw.read(raw));
      const there = server.folder(path).byUid(remoteUid(folder, uid));
      assert.equal(text, String(there?.raw));
    }
  }
  const fetches = server.log().filter(line => /UID FETCH .*BODY\.PEEK\[\]/.test(line));
  const bodies = fetches.flatMap(line => numbersIn(/UID FETCH (\S+)/.exec(line)?.[1] ?? ''));
  assert.equal(bodies.length, 4);
});

test('what goes to Trash leaves All Mail and every label, and comes back from there', async () => {
  await using server = disposable(await startGmail({ labels: ['Work'] }));
  server.deliver('Work', mail('one'));
  await using world = await opened(server);
  await synced(world);
  const work = await world.folder('Work');
  const trash = await world.folder('[Gmail]/Trash');
  await work.ensure(0, 0);
  const move = {
    t: 'move',
    folder: work.record.id,
    targets: targetsOf(work, 1),
    to: trash.record.id,
  } as const;
  const done = await world.account.commit(move);
  await synced(world);
  assert.deepEqual(server.labels('one'), ['[Gmail]/Trash']);
  assert.deepEqual(await subjectsIn(world, '[Gmail]/Trash'), ['one']);
  assert.deepEqual(await subjectsIn(world, '[Gmail]/All Mail'), []);
  const [landed = 0] = done.t === 'move' ? done.landing : [];
  await world.account.commit({
    t: 'move',
    folder: trash.record.id,
    targets: [{ uid: landed, remote: null, messageId: '' }],
    to: work.record.id,
    landing: [1],
  });
  await synced(world);
  await synced(world);
  assert.deepEqual(server.labels('one'), ['Work', '[Gmail]/All Mail']);
  assert.deepEqual(await subjectsIn(world, 'Work'), ['one']);
  assert.deepEqual(await subjectsIn(world, '[Gmail]/All Mail'), ['one']);
  assert.deepEqual(await subjectsIn(world, '[Gmail]/Trash'), []);
});

test('a row that tells only flags does not take labels away', () => {
  assert.deepEqual(withLabels({ uid: true, flags: true }), { uid: true, flags: true, labels: true });
  assert.deepEqual(withLabels({ uid: true, size: true }), { uid: true, size: true });
  const row = { seq: 1, uid: 7, flags: new Set(['\\Seen']) };
  assert.equal(labelled(row), null);
  assert.deepEqual(
    labelled({ ...row, labels: new Set(['Work', '\\Sent', '']) })?.flags,
    new Set(['\\Seen', 'label:Work']),
  );
  assert.equal(labelled({ seq: 1, uid: 7, flags: new Set(), size: 3 })?.size, 3);
});

test('keywords and labels are told apart, also where a label looks like anything', () => {
  for (const label of ['Work', 'a b/c', 'label:x', '"\\', ODD])
    assert.equal(labelOf(labelKeyword(label)), label);
  for (const keyword of ['$Forwarded', 'Label:x', 'label:', '']) assert.equal(labelOf(keyword), null);
  assert.deepEqual(splitLabels(['\\Seen', 'todo', labelKeyword('ü')], false), {
    flags: ['\\Seen', 'todo'],
    labels: [{ type: 'STRING', value: '&APw-' }],
  });
});

function remoteUid(folder: FolderStore, uid: number): number {
  const remote = folder.remote(uid);
  return remote?.t === 'imap' ? remote.uid : 0;
}

/** `1:3,5` → 1 2 3 5 */
function numbersIn(set: string): number[] {
  return set.split(',').flatMap(range => {
    const [from = 0, to = from] = range.split(':').map(Number);
    return Array.from({ length: to - from + 1 }, (_, n) => from + n);
  });
}

function disposable<T extends { stop(): Promise<void> }>(server: T): T & AsyncDisposable {
  return { ...server, [Symbol.asyncDispose]: () => server.stop() };
}
