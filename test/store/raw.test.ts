import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { RawRef } from '../../src/mail/types.ts';
import { type FileSystem, realFileSystem } from '../../src/util/fsync.ts';
import { syntheticMessage } from '../fixtures/synthetic.ts';
import { code, inbox, ownedStore, temporaryDirectory } from './harness.ts';

const owner = (uid: number, partial = false) =>
  ({ folder: 'a:1', uid, remote: { t: 'imap', uidValidity: '7', uid }, partial }) as const;

test('a message file holds exactly the bytes that were given, also streamed, also empty', async t => {
  const dir = await temporaryDirectory(t);
  const first = await ownedStore(t, dir);
  const { raw } = (await inbox(first.store)).account;
  const bodies = [
    Buffer.from('.\r\n..\r\nno newline at the end'),
    Buffer.from([0, 13, 10, 0xff, 0xfe, 10, 13]),
    Buffer.alloc(0),
    randomBytes(3 * 1024 * 1024 + 7),
  ];
  async function* pieces(body: Buffer) {
    for (let i = 0; i < body.length; i += 70_001) yield body.subarray(i, i + 70_001);
  }
  const refs = await Promise.all(
    bodies.flatMap((body, i) => [raw.write(body, owner(i + 1)), raw.write(pieces(body), owner(i + 1, true))]),
  );
  assert.equal(new Set(refs.map(ref => ref.n)).size, refs.length);
  const check = async (files: typeof raw) => {
    for (const [i, ref] of refs.entries()) {
      assert.ok((await files.read(ref)).equals(bodies[i >> 1] ?? Buffer.of(1)));
      assert.equal(ref.partial, i % 2 === 1);
    }
    assert.equal(await files.usage(), 2 * bodies.reduce((sum, body) => sum + body.length, 0));
  };
  await check(raw);
  await first.store.close();
  const again = (await inbox((await ownedStore(t, dir)).store)).account.raw;
  await check(again);
  const next = await again.write(Buffer.from('x'), owner(9));
  assert.ok(
    refs.every(ref => ref.n < next.n),
    'a number is never used twice',
  );
});

test('directories hold a thousand files each, and everything is private', async t => {
  const before = process.umask(0o022);
  t.after(() => process.umask(before));
  const dir = join(await temporaryDirectory(t), 'deep', 'data');
  const { store } = await ownedStore(t, dir);
  const { account, folder } = await inbox(store);
  const refs = await Promise.all(
    Array.from({ length: 1003 }, (_, i) => account.raw.write(Buffer.from(`mail ${i}`), owner(i + 1))),
  );
  assert.deepEqual((await readdir(join(dir, 'accounts/a/raw'))).sort(), ['000', '001']);
  await folder.apply({ put: [syntheticMessage(folder.reserve(1))] }, 'now');
  await account.commit({ t: 'flags', folder: 'a:1', targets: [], add: [], remove: [] });
  assert.equal((await account.raw.read(refs[1002] ?? { n: 0, partial: false })).toString(), 'mail 1002');
  for (const name of ['.', ...(await readdir(dir, { recursive: true }))]) {
    const file = await stat(join(dir, name));
    if (file.isSocket()) assert.equal(file.mode & 0o077, 0, name);
    else assert.equal((file.mode & 0o777).toString(8), file.isDirectory() ? '700' : '600', name);
  }
});

test('a file that is gone, cut, changed or a symlink is never taken for the message', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  const { raw } = (await inbox(store)).account;
  const body = Buffer.from('Subject: secret\r\n\r\nhello');
  const write = () => raw.write(body, owner(1));
  const harm: [string, (ref: RawRef) => Promise<void>][] = [
    ['raw.missing', ref => rm(raw.path(ref))],
    ['raw.damaged', ref => truncate(raw.path(ref), 3)],
    ['raw.damaged', ref => writeFile(raw.path(ref), Buffer.from(body).fill(65, 0, 1))],
    [
      'raw.damaged',
      async ref => {
        const target = join(dir, 'elsewhere');
        await rename(raw.path(ref), target);
        await symlink(target, raw.path(ref));
      },
    ],
  ];
  for (const [wanted, damage] of harm) {
    const ref = await write();
    await damage(ref);
    await assert.rejects(raw.read(ref), code(wanted));
  }
});

test('a source that breaks leaves nothing behind and stops nobody', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  const { raw } = (await inbox(store)).account;
  async function* broken() {
    yield Buffer.from('half of ');
    throw new Error('line cut');
  }
  const good = raw.write(Buffer.from('whole'), owner(1));
  await assert.rejects(raw.write(broken(), owner(2)), /line cut/);
  const ref = await good;
  const names = await readdir(dirname(raw.path(ref)));
  assert.deepEqual(
    names.filter(name => name !== 'manifest.json'),
    ['000001.eml'],
  );
});

test('a single message does not wait for a batch, and removing is repeatable', async t => {
  const { store } = await ownedStore(t, await temporaryDirectory(t));
  const { raw } = (await inbox(store)).account;
  const started = performance.now();
  const ref = await raw.write(Buffer.from('one'), owner(1));
  assert.ok(performance.now() - started < 500, 'waited for others');
  await raw.remove(ref);
  await raw.remove(ref);
  await assert.rejects(raw.read(ref), code('raw.missing'));
  assert.equal(await raw.usage(), 0);
});

test('a message file goes when its message goes or gets a better one', async t => {
  const { store } = await ownedStore(t, await temporaryDirectory(t));
  const { account, folder } = await inbox(store);
  const uid = folder.reserve(2);
  await folder.apply({ put: [syntheticMessage(uid), syntheticMessage(uid + 1)] }, 'now');
  const text = await account.raw.write(Buffer.from('text'), owner(uid, true));
  await folder.apply({ raw: [{ uid, raw: text }] });
  assert.deepEqual(folder.raw(uid), text);
  const whole = await account.raw.write(Buffer.from('whole'), owner(uid));
  await folder.apply({ raw: [{ uid, raw: whole }] });
  await store.flush();
  await assert.rejects(account.raw.read(text), code('raw.missing'));
  assert.equal((await account.raw.read(whole)).toString(), 'whole');
  folder.apply({ remove: [uid] });
  assert.equal((await account.raw.read(whole)).toString(), 'whole', 'not before the index says so durably');
  await store.flush();
  await assert.rejects(account.raw.read(whole), code('raw.missing'));
});

test('thousands of files at once keep few of them open', async t => {
  let open = 0;
  let most = 0;
  const fs: FileSystem = {
    ...realFileSystem,
    // Only the form that the store uses.
    open: (async (path: string, flags?: string | number, mode?: number) => {
      const handle = await realFileSystem.open(path, flags, mode);
      if (!String(path).includes('.eml')) return handle;
      most = Math.max(most, ++open);
      const close = handle.close;
      handle.close = () => {
        open--;
        return close.call(handle);
      };
      return handle;
    }) as FileSystem['open'],
  };
  const { store } = await ownedStore(t, await temporaryDirectory(t), { fs });
  const { raw } = (await inbox(store)).account;
  const all = Array.from({ length: 2500 }, (_, i) => raw.write(Buffer.from(`${i}`), owner(i + 1)));
  await raw.flush();
  const refs = await Promise.all(all);
  assert.ok(most <= 200, `${most} files open`);
  assert.equal(open, 0);
  assert.equal((await raw.read(refs[2499] ?? { n: 0, partial: false })).toString(), '2499');
});

test('what is left of damaged mail that no server has is kept', async t => {
  const { store } = await ownedStore(t, await temporaryDirectory(t), { now: () => 77 });
  const { account, folder } = await inbox(store);
  const uid = folder.reserve(2);
  const refs: RawRef[] = [];
  for (const i of [0, 1]) {
    const message = syntheticMessage(uid + i);
    const remote = i === 0 ? message.remote : ({ t: 'pop3', uidl: 'x' } as const);
    const raw = await account.raw.write(Buffer.from('mail'), { ...owner(uid + i), remote });
    await folder.apply({ put: [{ ...message, remote, raw }] }, 'now');
    refs.push(raw);
  }
  await folder.apply(
    {
      raw: [
        { uid, raw: null },
        { uid: uid + 1, raw: null },
      ],
    },
    'now',
  );
  await store.flush();
  const names = await readdir(dirname(account.raw.path(refs[0] ?? { n: 0, partial: false })));
  assert.deepEqual(names.sort(), ['000002.eml.damaged-77', 'manifest.json']);
});
