// Every JSON file of the store, damaged in every way: the store opens, says so, keeps the file, loses no message and
// doubles none, whether it can mend it by itself or has to ask the server again.
import assert from 'node:assert/strict';
import { chmod, cp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Folder } from '../../src/store/folder.ts';
import { type LocalStore, openStore } from '../../src/store/store.ts';
import { syntheticMessage } from '../fixtures/synthetic.ts';
import { info, ownedStore, temporaryDirectory, troubles } from './harness.ts';

const COUNT = 1030;
const LOCAL = 5;
const letter = (n: number) =>
  Buffer.from(
    `From: A <a${n}@example.org>\r\nSubject: local ${n}\r\nMessage-ID: <${n}@x>\r\n\r\nbody ${n}\r\n`,
  );

/** INBOX of a server with some bodies, a folder with mail that exists only here, and a queued operation. */
async function build(t: TestContext): Promise<string> {
  const dir = join(await temporaryDirectory(t), 'data');
  const { store } = await ownedStore(t, dir);
  const account = await store.account('a');
  await account.setFolders([info('INBOX', { role: 'inbox' }), info('Local', { remote: false })]);
  const inbox = await account.folder('a:1');
  const first = inbox.reserve(COUNT);
  const put = Array.from({ length: COUNT }, (_, i) => syntheticMessage(first + i, i + 1));
  const sync = { uidValidity: '7', uidNext: COUNT + 1, highestModseq: '9', filledDownTo: 1 };
  await inbox.apply({ put, sync }, 'now');
  for (const uid of [first, first + 999, first + 1020]) {
    const remote = inbox.remote(uid) ?? null;
    const raw = await account.raw.write(letter(uid), { folder: 'a:1', uid, remote, partial: false });
    await inbox.apply({ raw: [{ uid, raw }] }, 'now');
  }
  const local = await account.folder('a:2');
  for (let n = 1; n <= LOCAL; n++) {
    const uid = local.reserve(1);
    const remote = n % 2 ? ({ t: 'pop3', uidl: `../${n}` } as const) : null;
    const raw = await account.raw.write(letter(n), { folder: 'a:2', uid, remote, partial: false });
    const { envelope } = syntheticMessage(n);
    await local.apply(
      { put: [{ uid, remote, flags: [], raw, envelope: { ...envelope, subject: `local ${n}` } }] },
      'now',
    );
  }
  const target = { uid: first + 5, remote: inbox.remote(first + 5) ?? null, messageId: '6.mail@example.org' };
  await account.commit({ t: 'flags', folder: 'a:1', targets: [target], add: ['\\Flagged'], remove: [] });
  await store.close();
  return dir;
}

const FILES = [
  'store.json',
  'accounts/a/account.json',
  'accounts/a/queue.json',
  'accounts/a/queue.copy.json',
  'accounts/a/folders/1/index.json',
  'accounts/a/folders/1/000000.json',
  'accounts/a/folders/1/000001.json',
  'accounts/a/folders/1/000000.state.json',
  'accounts/a/folders/1/000001.state.json',
  'accounts/a/folders/2/index.json',
  'accounts/a/folders/2/000000.json',
  'accounts/a/folders/2/000000.state.json',
  'accounts/a/raw/000/manifest.json',
];

const DAMAGES: Record<string, (path: string) => Promise<void>> = {
  empty: path => truncate(path, 0),
  truncated: async path => truncate(path, Math.max(1, (await stat(path)).size >> 1)),
  zeros: async path => writeFile(path, Buffer.alloc((await stat(path)).size)),
  null: path => writeFile(path, 'null'),
  list: path => writeFile(path, '[]'),
  'other shape': path => writeFile(path, '{"v":"1","folders":{},"shards":"x","subject":[1]}'),
  garbage: path => writeFile(path, Buffer.from([0xff, 0xfe, 0x00, 0x7b, 0x22, 0x80])),
  huge: path => truncate(path, 400 * 1024 * 1024),
  absent: path => rm(path),
  'mode 0644': path => chmod(path, 0o644),
};

/** What a pull does with a server that holds COUNT messages, by the markers alone. */
async function pull(folder: Folder): Promise<number> {
  await folder.loadAll();
  const { filledDownTo } = folder.sync;
  let fetched = 0;
  for (let r = COUNT; r >= 1; r--) {
    if (filledDownTo !== null && r >= filledDownTo) continue;
    if (folder.byRemoteUid(r) !== undefined) continue;
    const uid = folder.vacant(r) ?? folder.reserve(1);
    folder.apply({ put: [syntheticMessage(uid, r)] });
    fetched++;
  }
  const sync = { uidValidity: '7', uidNext: COUNT + 1, highestModseq: '9', filledDownTo: 1 };
  await folder.apply({ sync }, 'now');
  return fetched;
}

async function assertWhole(store: LocalStore, where: string): Promise<void> {
  const account = await store.account('a');
  if (account.folders().length < 2) {
    // The list itself was lost: the server's and the person's are told again.
    await account.setFolders([info('INBOX', { role: 'inbox' }), info('Local', { remote: false })]);
  }
  assert.deepEqual(
    account.folders().map(({ id, path }) => `${id} ${path}`),
    ['a:1 INBOX', 'a:2 Local'],
    where,
  );
  const inbox = await account.folder('a:1');
  await inbox.ensure(0, COUNT);
  await pull(inbox);
  await inbox.ensure(0, COUNT);
  assert.equal(inbox.length, COUNT, `${where}: messages of the server`);
  const remotes = new Set<number>();
  for (let position = 0; position < COUNT; position++) {
    const uid = inbox.uidAt(position) ?? -1;
    const remote = inbox.remote(uid);
    assert.ok(remote?.t === 'imap', where);
    remotes.add(remote.uid);
    const subject = inbox.envelope(uid)?.subject;
    const own = [1, 1000, 1021].includes(remote.uid)
      ? `local ${uid}`
      : syntheticMessage(remote.uid).envelope.subject;
    assert.ok(
      subject === own || subject === syntheticMessage(remote.uid).envelope.subject,
      `${where}: ${subject}`,
    );
    assert.equal(remote.uid, COUNT - position, `${where}: order`);
  }
  assert.equal(remotes.size, COUNT, `${where}: doubled`);
  for (const r of [1, 1000, 1021]) {
    const uid = inbox.byRemoteUid(r) ?? -1;
    const raw = inbox.raw(uid);
    assert.ok(raw, `${where}: body of ${r}`);
    assert.deepEqual(await account.raw.read(raw), letter(uid), where);
  }
  const local = await account.folder('a:2');
  await local.loadAll();
  await local.ensure(0, LOCAL);
  assert.equal(local.length, LOCAL, `${where}: mail that exists only here`);
  for (let n = 1; n <= LOCAL; n++) {
    const raw = local.raw(n);
    assert.ok(raw, where);
    assert.deepEqual(await account.raw.read(raw), letter(n), where);
    assert.equal(local.envelope(n)?.subject, `local ${n}`, where);
    if (n % 2) assert.equal(local.byUidl(`../${n}`), n, `${where}: UIDL`);
  }
  assert.equal(account.queue().length, 1, `${where}: the queue`);
  assert.equal(account.queue()[0]?.targets[0]?.messageId, '6.mail@example.org', where);
  assert.equal((inbox.flags(6) ?? 0) & 4, 4, `${where}: the operation shows`);
  assert.ok(inbox.reserve(1) > COUNT && local.reserve(1) > LOCAL, `${where}: numbers`);
}

async function assertMended(dir: string, where: string): Promise<void> {
  const said: string[] = [];
  const store = await openStore({ dir, mode: 'owner', groupMs: 5 });
  store.subscribe(event => said.push(...troubles([event])));
  try {
    await assertWhole(store, `${where}, again`);
  } finally {
    await store.close();
  }
  assert.deepEqual(said, [], where);
}

test('a damaged file is set aside, told, rebuilt, and nothing is lost or doubled', async t => {
  const whole = await build(t);
  for (const file of FILES) {
    for (const [name, damage] of Object.entries(DAMAGES)) {
      const where = `${file}, ${name}`;
      const dir = join(await temporaryDirectory(t), 'data');
      await cp(whole, dir, { recursive: true, mode: 0 });
      await damage(join(dir, file));
      const said: string[] = [];
      const store = await openStore({ dir, mode: 'owner', groupMs: 5 });
      store.subscribe(event => said.push(...troubles([event])));
      try {
        await assertWhole(store, where);
      } finally {
        await store.close();
      }
      const kept = (await readdir(join(dir, dirname(file)))).filter(each => each.includes('.damaged-'));
      const told = name !== 'mode 0644' && name !== 'absent';
      assert.deepEqual(said, told ? ['store.set-aside'] : [], where);
      assert.equal(kept.length, told ? 1 : 0, where);
      assert.equal((await stat(join(dir, file))).mode & 0o777, 0o600, where);
      JSON.parse(await readFile(join(dir, file), 'utf8'));

      // What was mended stays so; the ways of damage lead to the same mending.
      if (name === 'empty' || name === 'absent') await assertMended(dir, where);
      await rm(dir, { recursive: true });
    }
  }
});

test('what was moved or deleted for good does not come back with a state that is lost', async t => {
  const whole = await build(t);
  {
    const { store } = await ownedStore(t, whole);
    const account = await store.account('a');
    const to = await account.createFolder('Archive', 'here');
    const local = await account.folder('a:2');
    await local.loadAll();
    const targets = (...uids: number[]) =>
      uids.map(uid => ({ uid, remote: local.remote(uid) ?? null, messageId: '' }));
    await account.commit({ t: 'move', folder: 'a:2', to, targets: targets(1, 2) });
    await account.commit({ t: 'delete', folder: 'a:2', targets: targets(3, 4) });
    await account.recovered();
    await store.flush();
    await store.close();
  }
  for (const name of ['empty', 'truncated', 'absent']) {
    const dir = join(await temporaryDirectory(t), 'data');
    await cp(whole, dir, { recursive: true, mode: 0 });
    await DAMAGES[name]?.(join(dir, 'accounts/a/folders/2/000000.state.json'));
    const { store } = await ownedStore(t, dir);
    const account = await store.account('a');
    for (const [path, count] of [
      ['Local', 1],
      ['Archive', 2],
    ] as const) {
      const folder = await account.folder(account.folders().find(each => each.path === path)?.id ?? 'a:0');
      await folder.loadAll();
      assert.equal(folder.length, count, `${path}, ${name}`);
    }
    await store.close();
  }
});

test('an index is rebuilt from message files alone', async t => {
  const dir = await build(t);
  await rm(join(dir, 'accounts/a/folders'), { recursive: true });
  const { store } = await ownedStore(t, dir);
  const report = await store.rebuild('a');
  assert.equal(report.messages, 3 + LOCAL);
  const local = await (await store.account('a')).folder('a:2');
  await local.ensure(0, 10);
  assert.equal(local.envelope(3)?.subject, 'local 3');
  assert.equal(local.envelope(3)?.from[0]?.address, 'a3@example.org');
  assert.deepEqual(local.remote(3), { t: 'pop3', uidl: '../3' });
  const inbox = await (await store.account('a')).folder('a:1');
  assert.equal(inbox.sync.filledDownTo, null, 'the rest is asked of the server');
  assert.equal(await pull(inbox), COUNT - 3);
  const [health] = await store.inspect();
  assert.deepEqual(
    [health?.messages, health?.damaged, health?.orphans, health?.missing],
    [COUNT + LOCAL, [], 0, 0],
  );
});

test('mail that exists only here comes back even when nothing but the message files is left', async t => {
  const dir = await build(t);
  for (const name of ['account.json', 'queue.json', 'queue.copy.json', 'folders']) {
    await rm(join(dir, 'accounts/a', name), { recursive: true });
  }
  const { store } = await ownedStore(t, dir);
  const account = await store.account('a');
  assert.deepEqual(account.folders(), []);
  await account.tidy();
  await store.rebuild('a');
  assert.deepEqual(
    account.folders().map(({ id, remote }) => [id, remote]),
    [['a:2', false]],
  );
  const folder = await account.folder('a:2');
  assert.equal(folder.length, LOCAL);
  for (let n = 1; n <= LOCAL; n++) {
    assert.deepEqual(await account.raw.read(folder.raw(n) ?? { n: 0, partial: false }), letter(n));
  }
});

test('a file that is missing is fetched again; the doctor counts what he sees', async t => {
  const dir = await build(t);
  await rm(join(dir, 'accounts/a/raw/000/000003.eml'));
  await writeFile(join(dir, 'accounts/a/raw/000/000099.eml'), 'nobody’s');
  await writeFile(join(dir, 'accounts/a/raw/000/000100.eml.tmp-999999-00000000'), 'half');
  await writeFile(join(dir, 'accounts/a/folders/1/000000.json'), 'x');
  const { store } = await ownedStore(t, dir);
  const [before] = await store.inspect();
  assert.deepEqual(before?.damaged, ['folders/1/000000.json']);
  assert.deepEqual([before?.missing, before?.orphans, before?.temporary], [1, 1, 1]);
  const report = await store.rebuild('a');
  assert.deepEqual([report.missing, report.removed, report.temporary], [1, 1, 1]);
  const [after] = await store.inspect();
  assert.deepEqual([after?.missing, after?.orphans, after?.temporary, after?.damaged], [0, 0, 0, []]);
  assert.deepEqual(after?.setAside.length, 1);
});
