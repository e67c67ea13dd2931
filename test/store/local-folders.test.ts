// Folders that exist only here: made, renamed and removed, whatever they are called, and whenever the disk stops.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/store/store.ts';
import type { AccountStore } from '../../src/store/types.ts';
import { TmailError } from '../../src/util/errors.ts';
import { syntheticMessage } from '../fixtures/synthetic.ts';
import { dyingDisk, faultyDisk, systemError } from './faulty-disk.ts';
import { code, info, MEMORY, ownedStore, temporaryDirectory, troubles } from './harness.ts';

const STANDARD = [
  info('Inbox', { role: 'inbox' }),
  info('Trash', { role: 'trash', remote: false }),
  info('Archive', { role: 'archive', remote: false }),
];

const paths = (account: AccountStore) => account.folders().map(({ path }) => path);

async function home(t: Parameters<typeof ownedStore>[0]) {
  const dir = await temporaryDirectory(t);
  const { store, events } = await ownedStore(t, dir);
  const account = await store.account('home');
  await account.setFolders(STANDARD);
  return { dir, store, events, account };
}

async function put(account: AccountStore, path: string): Promise<void> {
  const record = account.folders().find(folder => folder.path === path);
  assert.ok(record, path);
  const folder = await account.folder(record.id);
  await folder.apply({ put: [{ ...syntheticMessage(folder.reserve(1)), remote: null }] }, 'now');
}

test('a folder is made with those above it, in any script, and is there after a restart', async t => {
  const { dir, store, account } = await home(t);
  const id = await account.createFolder(' Listen / Débian ');
  await account.createFolder('表/דואר/😀 party');
  const wanted = [
    'Inbox',
    'Trash',
    'Archive',
    'Listen',
    'Listen/Débian',
    '表',
    '表/דואר',
    '表/דואר/😀 party',
  ];
  assert.deepEqual(paths(account), wanted);
  const record = account.folders().find(folder => folder.id === id);
  assert.deepEqual(
    { ...record, id: 0 },
    {
      id: 0,
      account: 'home',
      path: 'Listen/Débian',
      name: 'Débian',
      delimiter: '/',
      role: null,
      subscribed: true,
      selectable: true,
      remote: false,
      counts: { total: 0, unread: 0 },
    },
  );
  await store.close();
  const again = await (await ownedStore(t, dir)).store.account('home');
  assert.deepEqual(paths(again), wanted);
});

test('what is no name is refused with its reason, and nothing changes', async t => {
  const { account } = await home(t);
  const before = paths(account);
  const names = {
    '': 'empty',
    '  ': 'empty',
    '/': 'empty',
    'a//b': 'empty',
    'a/ ': 'empty',
    'a\u0000b': 'control',
    '\u001b[2J': 'control',
    'gpj.\u202eexe': 'control',
    'half \ud800': 'control',
    'two\nlines': 'control',
    ['x'.repeat(300)]: 'long',
    ['表'.repeat(100)]: 'long',
    [Array(20).fill('a').join('/')]: 'deep',
  };
  for (const [name, reason] of Object.entries(names)) {
    await assert.rejects(account.createFolder(name), error => {
      assert.ok(error instanceof TmailError && error.code === 'folder.name', name);
      assert.equal(error.facts.reason, reason, JSON.stringify(name));
      return true;
    });
  }
  for (const name of ['Inbox', 'INBOX', 'trash', ' Archive']) {
    await assert.rejects(account.createFolder(name), code('folder.exists'));
  }
  assert.deepEqual(paths(account), before);
});

test('no name chooses a place on the disk', async t => {
  const { dir, account } = await home(t);
  for (const name of ['../../evil', '...', '__proto__', 'constructor', '-rf', 'a:b*?"<>|']) {
    await account.createFolder(name);
    await put(account, name);
  }
  const folders = await readdir(join(dir, 'accounts/home/folders'));
  assert.ok(
    folders.every(name => /^\d+$/.test(name)),
    `${folders}`,
  );
  assert.deepEqual(await readdir(join(dir, 'accounts')), ['home']);
});

test('a folder inside the inbox is the same whatever case the inbox was written in', async t => {
  const { account } = await home(t);
  await account.createFolder('INBOX/later');
  assert.deepEqual(paths(account).slice(3), ['Inbox/later']);
  await assert.rejects(account.createFolder('inbox/LATER'), code('folder.exists'));
});

test('a renamed folder takes its children and its mail along', async t => {
  const { dir, store, account } = await home(t);
  const id = await account.createFolder('lists/debian/devel');
  await account.createFolder('lists-old');
  await put(account, 'lists/debian/devel');
  const byPath = (path: string) => account.folders().find(folder => folder.path === path)?.id;
  await account.renameFolder(byPath('lists') ?? 'home:0', 'Mail/Listen');
  assert.deepEqual(paths(account).slice(3).sort(), [
    'Mail',
    'Mail/Listen',
    'Mail/Listen/debian',
    'Mail/Listen/debian/devel',
    'lists-old',
  ]);
  assert.equal(byPath('Mail/Listen/debian/devel'), id);
  assert.equal((await account.folder(id)).length, 1);
  // Only its case.
  await account.renameFolder(byPath('Mail') ?? 'home:0', 'mail');
  assert.ok(paths(account).includes('mail/Listen/debian/devel'));
  await store.close();
  const again = await (await ownedStore(t, dir)).store.account('home');
  assert.ok(paths(again).includes('mail/Listen/debian/devel'));
  assert.equal((await again.folder(id)).length, 1);
});

test('a rename that would hide, swallow or break something is refused', async t => {
  const { account } = await home(t);
  for (const path of ['a/b', 'c', 'd/b']) await account.createFolder(path);
  const byPath = (path: string) => account.folders().find(folder => folder.path === path)?.id ?? 'home:0';
  const before = paths(account);
  await assert.rejects(account.renameFolder(byPath('a'), 'c'), code('folder.exists'));
  await assert.rejects(account.renameFolder(byPath('a'), 'a/b/c'), code('folder.within-itself'));
  await assert.rejects(account.renameFolder(byPath('a'), 'TRASH'), code('folder.exists'));
  await assert.rejects(account.renameFolder(byPath('a'), 'x//y'), code('folder.name'));
  await assert.rejects(account.renameFolder(byPath('Trash'), 'Bin'), code('folder.role'));
  await assert.rejects(account.renameFolder(byPath('Inbox'), 'In'), code('folder.role'));
  await assert.rejects(account.renameFolder('home:77', 'x'), code('folder.unknown'));
  assert.deepEqual(paths(account), before);
});

test('a folder goes when it is empty, with what is below it, and its number never means another', async t => {
  const { dir, store, account } = await home(t);
  const id = await account.createFolder('a/b');
  const a = account.folders().find(({ path }) => path === 'a')?.id ?? 'home:0';
  await put(account, 'a/b');
  await assert.rejects(account.removeFolder(a), code('folder.not-empty'));
  const folder = await account.folder(id);
  const uid = folder.uidAt(0) ?? 0;
  const trash = account.folders().find(({ role }) => role === 'trash')?.id ?? 'home:0';
  const move = { t: 'move', folder: id, to: trash, targets: [{ uid, remote: null, messageId: '' }] } as const;
  const moved = await account.commit(move);
  await account.removeFolder(a);
  assert.deepEqual(paths(account), ['Inbox', 'Trash', 'Archive']);
  await assert.rejects(account.folder(id), code('folder.unknown'));
  await assert.rejects(account.commit({ ...move, folder: trash, to: id }), code('folder.unknown'));
  await assert.rejects(account.removeFolder(trash), code('folder.role'));
  assert.notEqual(await account.createFolder('c'), id);
  // Made again it is the same one: what is remembered of it still fits.
  assert.equal(await account.createFolder('a/b'), id);
  assert.ok(moved.t === 'move');
  await account.commit({
    t: 'move',
    folder: trash,
    to: id,
    targets: [{ uid: moved.landing[0] ?? 0, remote: null, messageId: '' }],
    landing: [uid],
  });
  assert.equal(folder.flags(uid), (await account.folder(id)).flags(uid));
  await store.close();
  const again = await (await ownedStore(t, dir)).store.account('home');
  assert.deepEqual(paths(again), ['Inbox', 'Trash', 'Archive', 'a', 'a/b', 'c']);
  assert.equal((await again.folder(id)).length, 1);
});

test('a server’s list, also one from before, never takes a folder of one’s own away', async t => {
  const { account } = await home(t);
  const stale = [...account.folders()];
  const id = await account.createFolder('mine');
  await put(account, 'mine');
  await account.setFolders(stale);
  assert.equal(account.folders().find(({ path }) => path === 'mine')?.id, id);
  await account.renameFolder(id, 'yours');
  await account.setFolders([info('Inbox', { role: 'inbox' })]);
  assert.equal(account.folders().find(({ path }) => path === 'yours')?.id, id);
  // One that was removed and made anew under a path of another: the living one has it.
  const other = await account.createFolder('x');
  await account.removeFolder(other);
  await account.renameFolder(id, 'x');
  await account.setFolders([...account.folders()]);
  assert.equal(account.folders().find(({ path }) => path === 'x')?.id, id);
  assert.equal((await account.folder(id)).length, 1);
});

test('what could not be made durable has not happened', async t => {
  const dir = await temporaryDirectory(t);
  let full = false;
  const fs = faultyDisk((change, path) => {
    if (full && change === 'write' && path.includes('account.json')) throw systemError('ENOSPC');
    return undefined;
  });
  const { store, events } = await ownedStore(t, dir, { fs });
  const account = await store.account('home');
  await account.setFolders(STANDARD);
  const kept = await account.createFolder('kept');
  full = true;
  const before = paths(account);
  events.length = 0;
  await assert.rejects(account.createFolder('new/one'), code('disk.full'));
  await assert.rejects(account.renameFolder(kept, 'other'), code('disk.full'));
  await assert.rejects(account.removeFolder(kept), code('disk.full'));
  assert.deepEqual(paths(account), before);
  assert.ok(!events.some(event => event.t === 'folders'));
  full = false;
  await account.renameFolder(kept, 'other');
  assert.deepEqual(paths(account), ['Inbox', 'Trash', 'Archive', 'other']);
});

/** Each step, and the folders when it is done. */
const LIFE: readonly (readonly [(account: AccountStore) => Promise<unknown>, readonly string[]])[] = [
  [account => account.createFolder('a/b'), ['a', 'a/b']],
  [account => put(account, 'a/b'), ['a', 'a/b']],
  [account => account.createFolder('c'), ['a', 'a/b', 'c']],
  [account => account.renameFolder(idOf(account, 'a'), 'c/d'), ['c', 'c/d', 'c/d/b']],
  [account => account.createFolder('e'), ['c', 'c/d', 'c/d/b', 'e']],
  [account => account.removeFolder(idOf(account, 'e')), ['c', 'c/d', 'c/d/b']],
  [account => account.renameFolder(idOf(account, 'c/d/b'), 'f'), ['c', 'c/d', 'f']],
  [account => account.removeFolder(idOf(account, 'c')), ['f']],
];

const idOf = (account: AccountStore, path: string) =>
  account.folders().find(folder => folder.path === path)?.id ?? 'home:0';

test('a disk that dies at any write leaves the folders as they were, or as they were to be', async () => {
  for (let changes = 1, died = true; died; changes++) {
    const dir = await mkdtemp(join(MEMORY, 'tmail-folders-'));
    try {
      const disk = dyingDisk(changes);
      let done = -2;
      try {
        const store = await openStore({ dir, mode: 'owner', fs: disk, groupMs: 3 });
        try {
          const account = await store.account('home');
          await account.setFolders(STANDARD);
          done = -1;
          for (const [step] of LIFE) {
            await step(account);
            done++;
          }
        } finally {
          await store.close();
        }
      } catch (error) {
        if (!(error instanceof TmailError) || error.kind !== 'storage') throw error;
      }
      died = disk.died();
      const { store, account, said } = await reopened(dir);
      try {
        const own = paths(account).filter(path => !STANDARD.some(one => one.path === path));
        const before = done < 0 ? [] : LIFE[done]?.[1];
        const after = done < -1 ? [] : (LIFE[done + 1]?.[1] ?? before);
        const found = JSON.stringify([...own].sort());
        assert.ok(
          found === JSON.stringify(before) || found === JSON.stringify(after),
          `${changes}: ${found} after step ${done}`,
        );
        let messages = 0;
        for (const { id } of account.folders()) messages += (await account.folder(id)).length;
        if (done >= 1) assert.equal(messages, 1, `${changes}: the message is where its folder is`);
        assert.deepEqual(said, []);
      } finally {
        await store.close();
      }
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }
});

async function reopened(dir: string) {
  const store = await openStore({ dir, mode: 'owner' });
  const said: string[] = [];
  store.subscribe(event => said.push(...troubles([event])));
  const account = await store.account('home');
  return { store, account, said };
}
