import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FLAGGED, KEYWORD_BIT, SEEN } from '../../src/mail/types.ts';
import { fillFolder, syntheticEnvelope, syntheticMessage } from '../fixtures/synthetic.ts';
import { code, inbox, info, ownedStore, temporaryDirectory, troubles } from './harness.ts';

test('what was put is there again after closing: envelope, flags, remote, order, counts', async t => {
  const dir = await temporaryDirectory(t);
  const first = await ownedStore(t, dir);
  const { folder } = await inbox(first.store);
  const uid = folder.reserve(3);
  const put = [0, 1, 2].map(i => syntheticMessage(uid + i, i + 4));
  await folder.apply({ put }, 'now');
  await first.store.close();

  const { store, events } = await ownedStore(t, dir);
  const again = (await inbox(store)).folder;
  assert.equal(again.length, 3);
  assert.equal(again.unread, 1);
  assert.deepEqual(
    [0, 1, 2, 3].map(i => again.uidAt(i)),
    [uid + 2, uid + 1, uid, undefined],
  );
  assert.deepEqual(
    [0, 1, 2].map(i => again.positionOf(uid + i)),
    [2, 1, 0],
  );
  for (const message of put) {
    assert.deepEqual(again.envelope(message.uid), message.envelope);
    assert.deepEqual(again.remote(message.uid), message.remote);
  }
  assert.equal(again.byRemoteUid(5), uid + 1);
  assert.equal(again.byRemoteUid(99), undefined);
  assert.ok(again.reserve(1) > uid + 2);
  assert.deepEqual(troubles(events), []);
});

test('an envelope with odd text, many people and white space in references survives as it is', async t => {
  const { store } = await ownedStore(t, await temporaryDirectory(t));
  const { folder } = await inbox(store);
  const uid = folder.reserve(1);
  const envelope = {
    ...syntheticEnvelope(1),
    subject: '\u001b]52;c;x\u0007 __proto__ \u0000\ud800',
    from: [],
    to: [
      { name: 'a,b', address: 'constructor' },
      { name: '', address: '' },
      { name: 'a', address: ',b' },
      { name: 'a,b', address: 'constructor' },
    ],
    references: ['x y', '', 'z'],
    inReplyTo: 'other',
    attachments: null,
  };
  await folder.apply({ put: [{ uid, remote: null, flags: [], envelope }] });
  assert.deepEqual(folder.envelope(uid), envelope);
  assert.equal(folder.remote(uid), null);
  await store.close();
});

test('numbers that are not finite do not damage a shard', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  const { folder } = await inbox(store);
  const envelope = { ...syntheticEnvelope(1), date: Number.NaN, size: Number.POSITIVE_INFINITY };
  const uid = folder.reserve(1);
  await folder.apply({ put: [{ uid, remote: null, flags: [], envelope }] }, 'now');
  await store.close();
  const again = await ownedStore(t, dir);
  assert.equal((await inbox(again.store)).folder.envelope(uid)?.date, 0);
  assert.deepEqual(troubles(again.events), []);
});

test('a first pull that fills downwards keeps the server’s order', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  const { folder } = await inbox(store);
  const first = folder.reserve(2500);
  for (let high = 2500; high > 0; high -= 300) {
    const low = Math.max(0, high - 300);
    const put = Array.from({ length: high - low }, (_, i) => syntheticMessage(first + low + i, low + i + 1));
    await folder.apply({ put });
  }
  const check = (of: typeof folder) => {
    assert.equal(of.length, 2500);
    for (const position of [0, 1, 499, 500, 1500, 2499]) {
      const uid = of.uidAt(position) ?? -1;
      assert.equal(of.positionOf(uid), position);
      assert.equal(uid, first + 2499 - position);
    }
    assert.equal(of.byRemoteUid(1), first);
    assert.equal(of.byRemoteUid(2500), first + 2499);
  };
  check(folder);
  await store.close();
  const again = (await inbox((await ownedStore(t, dir)).store)).folder;
  assert.equal(again.length, 2500);
  assert.equal(again.uidAt(2499), undefined, 'not loaded yet');
  await again.loadAll();
  check(again);
});

test('events come before apply returns, rev grows, and nothing visible means no event', async t => {
  const { store, events } = await ownedStore(t, await temporaryDirectory(t));
  const { folder, id } = await inbox(store);
  const uid = folder.reserve(1);
  events.length = 0;
  const rev = folder.rev;
  const done = folder.apply({ put: [syntheticMessage(uid)] });
  assert.ok(events.some(event => event.t === 'folder' && event.folder === id));
  assert.ok(folder.rev > rev);
  await done;
  events.length = 0;
  await folder.apply({
    flags: [{ uid, flags: ['\\Seen', '\\Flagged'] }],
    remove: [uid + 7],
    raw: [{ uid: uid + 9, raw: null }],
  });
  await folder.apply({ sync: { ...folder.sync, uidNext: 9 } });
  assert.deepEqual(events, []);
});

test('flags and keywords keep their names; unread follows', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  const { folder } = await inbox(store);
  const uid = folder.reserve(2);
  await folder.apply({ put: [syntheticMessage(uid, 4), syntheticMessage(uid + 1, 8)] });
  assert.equal(folder.unread, 2);
  await folder.apply({ flags: [{ uid, flags: ['\\SEEN', '\\Flagged', 'Later', '\\Recent'] }] });
  assert.equal(folder.unread, 1);
  assert.equal(folder.flags(uid), SEEN | FLAGGED | (1 << KEYWORD_BIT));
  await folder.apply({ flags: [{ uid: uid + 1, flags: ['later', 'work'] }] });
  assert.equal(folder.flags(uid + 1), (1 << KEYWORD_BIT) | (1 << (KEYWORD_BIT + 1)));
  await store.close();
  const again = (await inbox((await ownedStore(t, dir)).store)).folder;
  assert.deepEqual(again.keywords, ['Later', 'work']);
  assert.equal(again.flags(uid), SEEN | FLAGGED | (1 << KEYWORD_BIT));
});

test('reset forgets everything, and its numbers are never used again', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  const { folder } = await fillFolder(store, 'a', 'INBOX', 1500);
  const uid = folder.reserve(1);
  const remote = { t: 'imap', uidValidity: '8', uid: 1 } as const;
  await folder
    .apply(
      {
        reset: true,
        put: [{ ...syntheticMessage(uid), remote }],
        sync: { uidValidity: '8', uidNext: 2, highestModseq: null, filledDownTo: 1 },
      },
      'now',
    )
    .then(
      () => assert.fail('a number from before the reset was taken'),
      error => assert.ok(code('bug.forgotten-uid')(error)),
    );
  await folder.apply({ reset: true });
  assert.equal(folder.length, 0);
  assert.deepEqual(folder.sync.filledDownTo, null);
  const next = folder.reserve(1);
  assert.ok(next > uid);
  await folder.apply({ put: [{ ...syntheticMessage(next), remote }] }, 'now');
  assert.equal(folder.byRemoteUid(1), next);
  await store.close();
  const again = (await inbox((await ownedStore(t, dir)).store)).folder;
  await again.loadAll();
  assert.equal(again.length, 1);
  assert.equal(again.byRemoteUid(1), next);
  assert.deepEqual(again.remote(next), remote);
  const files = await readdir(join(dir, 'accounts/a/folders/1'));
  assert.ok(!files.includes('000000.json'), 'the forgotten shard is gone');
});

test('messages of two UIDVALIDITYs are never mixed', async t => {
  const { store } = await ownedStore(t, await temporaryDirectory(t));
  const { folder } = await inbox(store);
  const uid = folder.reserve(2);
  await folder.apply({ put: [syntheticMessage(uid)] });
  const other = { ...syntheticMessage(uid + 1), remote: { t: 'imap', uidValidity: '8', uid: 1 } as const };
  await assert.rejects(async () => folder.apply({ put: [other] }), code('bug.mixed-uidvalidity'));
  assert.equal(folder.length, 1);
});

test('envelopes beyond the newest shard are loaded when asked for, and only so many stay', async t => {
  const dir = await temporaryDirectory(t);
  const filled = await ownedStore(t, dir);
  await fillFolder(filled.store, 'a', 'INBOX', 30_500);
  await filled.store.close();
  const { store, events } = await ownedStore(t, dir);
  const { folder } = await inbox(store);
  const newest = folder.uidAt(0) ?? -1;
  assert.ok(folder.envelope(newest), 'the newest shard is there at once');
  assert.equal(folder.length, 30_500);
  assert.equal(folder.uidAt(600), undefined);
  events.length = 0;
  await folder.ensure(400, 700);
  assert.ok(events.some(event => event.t === 'folder'));
  assert.ok(folder.envelope(folder.uidAt(600) ?? -1));
  const loaded: number[] = [];
  for (let position = 0; position < 30_500; position += 500) {
    await folder.ensure(position, position + 50);
    assert.ok(folder.envelope(folder.uidAt(position) ?? -1), `row ${position}`);
  }
  for (let position = 0; position < 30_500; position += 1000) {
    if (folder.envelope(folder.uidAt(position) ?? -1)) loaded.push(position);
  }
  assert.ok(loaded.length <= 24, `${loaded.length} shards in memory`);
  let seen = 0;
  let last = Number.POSITIVE_INFINITY;
  for await (const { uid, envelope } of folder.scan()) {
    assert.ok(uid < last && envelope.messageId !== '');
    last = uid;
    seen++;
  }
  assert.equal(seen, 30_500);
});

test('POP3 messages are found by UIDL, whatever that is', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  const { folder } = await inbox(store);
  const uidls = ['../../etc/passwd', '__proto__', '\u001b[2J', 'constructor', ''];
  const first = folder.reserve(uidls.length);
  const put = uidls.map((uidl, i) => ({
    ...syntheticMessage(first + i),
    remote: { t: 'pop3', uidl } as const,
  }));
  await folder.apply({ put });
  uidls.forEach((uidl, i) => {
    assert.equal(folder.byUidl(uidl), first + i);
  });
  await store.close();
  const again = (await inbox((await ownedStore(t, dir)).store)).folder;
  await again.loadAll();
  uidls.forEach((uidl, i) => {
    assert.equal(again.byUidl(uidl), first + i);
    assert.deepEqual(again.remote(first + i), { t: 'pop3', uidl });
  });
  assert.equal(again.byUidl('toString'), undefined);
});

test('folders keep their number by path; vanished ones are dropped and come back', async t => {
  const dir = await temporaryDirectory(t);
  const { store, events } = await ownedStore(t, dir);
  const account = await store.account('a');
  const names = ['INBOX', '../../evil', '__proto__', 'constructor', 'Zoë/\u001b[31m', 'INBOX'];
  await account.setFolders(names.map(name => info(name)));
  const ids = account.folders().map(({ id, path }) => [path, id]);
  assert.deepEqual(ids, [
    ['INBOX', 'a:1'],
    ['../../evil', 'a:2'],
    ['__proto__', 'a:3'],
    ['constructor', 'a:4'],
    ['Zoë/\u001b[31m', 'a:5'],
  ]);
  await account
    .folder('a:2')
    .then(folder => folder.apply({ put: [syntheticMessage(folder.reserve(1))] }, 'now'));
  await account.setFolders([info('INBOX'), info('New')]);
  assert.deepEqual(
    account.folders().map(({ id }) => id),
    ['a:1', 'a:6'],
  );
  await assert.rejects(account.folder('a:2'), code('folder.unknown'));
  assert.ok(events.some(event => event.t === 'folders'));
  await store.close();

  const again = await (await ownedStore(t, dir)).store.account('a');
  assert.deepEqual(
    again.folders().map(({ id }) => id),
    ['a:1', 'a:6'],
  );
  await again.setFolders([info('../../evil'), info('INBOX')]);
  assert.deepEqual(
    again.folders().map(({ id }) => id),
    ['a:2', 'a:1'],
  );
  assert.equal((await again.folder('a:2')).length, 1);
  assert.deepEqual((await readdir(join(dir, 'accounts'))).sort(), ['a']);
  assert.deepEqual((await readdir(join(dir, 'accounts/a/folders'))).sort(), ['2']);
});

test('an account id that could be a path is refused', async t => {
  const { store } = await ownedStore(t, await temporaryDirectory(t));
  for (const id of ['..', '.hidden', 'a/b', '', 'a\u0000', 'x'.repeat(200)]) {
    await assert.rejects(store.account(id), code('account.malformed'));
  }
});

test('many folders share one memory, and what is on the screen stays', async t => {
  const { store } = await ownedStore(t, await temporaryDirectory(t), { groupMs: 2 });
  const account = await store.account('a');
  await account.setFolders(Array.from({ length: 40 }, (_, i) => info(`folder ${i}`)));
  const folders = await Promise.all(account.folders().map(({ id }) => account.folder(id)));
  const [shown] = folders;
  assert.ok(shown);
  for (const folder of folders) {
    const uid = folder.reserve(1);
    await folder.apply({ put: [syntheticMessage(uid)] }, 'now');
    assert.ok(shown.envelope(1), 'the rows that someone looks at');
  }
  const held = folders.reduce((sum, folder) => sum + folder.envelopes.size, 0);
  assert.ok(held <= 24, `${held} shards in memory`);
  for (const folder of folders) {
    await folder.ensure(0, 0);
    assert.ok(folder.envelope(1), 'the others come back when asked for');
  }
});

test('a folder that vanished keeps its mail for thirty days, and for ever what exists only here', async t => {
  const dir = await temporaryDirectory(t);
  const day = 24 * 60 * 60 * 1000;
  let now = Date.UTC(2026, 0, 1);
  const open = async () => {
    const { store } = await ownedStore(t, dir, { now: () => now });
    const account = await store.account('a');
    await account.tidy();
    return { store, account };
  };
  const first = await open();
  await first.account.setFolders([info('INBOX'), info('Old'), info('Mine', { remote: false })]);
  for (const id of ['a:2', 'a:3'] as const) {
    const folder = await first.account.folder(id);
    const uid = folder.reserve(1);
    const raw = await first.account.raw.write(Buffer.from(id), {
      folder: id,
      uid,
      remote: null,
      partial: false,
    });
    await folder.apply({ put: [{ ...syntheticMessage(uid), raw }] }, 'now');
  }
  await first.account.setFolders([info('INBOX')]);
  assert.deepEqual(
    first.account.folders().map(({ path }) => path),
    ['INBOX', 'Mine'],
  );
  await first.store.close();
  now += 29 * day;
  await (await open()).store.close();
  assert.deepEqual((await readdir(join(dir, 'accounts/a/folders'))).sort(), ['2', '3']);
  now += 2 * day;
  const later = await open();
  assert.deepEqual((await readdir(join(dir, 'accounts/a/folders'))).sort(), ['3']);
  assert.equal(await later.account.raw.usage(), 3);
  await later.account.setFolders([info('INBOX'), info('Old')]);
  assert.deepEqual(
    later.account.folders().map(({ id }) => id),
    ['a:1', 'a:4', 'a:3'],
  );
});
