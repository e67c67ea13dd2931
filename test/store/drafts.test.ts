// Drafts on the disk: durable, private, one folder each; what is damaged or newer is told and left alone.
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Draft } from '../../src/mail/compose/types.ts';
import { randomId } from '../../src/util/ids.ts';
import { faultyDisk, systemError } from './faulty-disk.ts';
import { code, ownedStore, temporaryDirectory, troubles } from './harness.ts';

export function draftOf(n: number, more: Partial<Draft> = {}): Draft {
  return {
    id: randomId(),
    account: 'work',
    from: 'ada@example.org',
    to: 'half an addr',
    cc: '',
    bcc: '',
    replyTo: '',
    subject: `draft ${n} \u{1f600} \u0000`,
    text: 'text\n',
    format: 'plain',
    attachments: [],
    inReplyTo: '',
    references: ['a@b'],
    origin: { id: 'work:1:2', messageId: 'a@b', mark: 'answered' },
    dsn: false,
    replaces: null,
    resend: null,
    created: n,
    changed: n,
    ...more,
  };
}

test('a draft is as it was saved, after a new start as well; the last save wins', async t => {
  const dir = await temporaryDirectory(t);
  const draft = draftOf(1);
  {
    const { store } = await ownedStore(t, dir, { now: () => 7 });
    await Promise.all([1, 2, 3].map(n => store.drafts.save({ ...draft, text: `version ${n}` })));
    await store.drafts.save(draftOf(0, { subject: 'older' }));
    await store.close();
  }
  const { store } = await ownedStore(t, dir);
  const found = await store.drafts.list();
  assert.deepEqual(
    found?.map(({ draft: { subject, text }, savedAt }) => [subject, text, savedAt]),
    [
      ['older', 'text\n', 7],
      [draft.subject, 'version 3', 7],
    ],
  );
  assert.deepEqual(await store.drafts.load(draft.id), { ...draft, text: 'version 3' });
  await store.drafts.remove(draft.id);
  await store.drafts.remove(draft.id);
  assert.equal(await store.drafts.load(draft.id), null);
  // A save that was on its way does not bring it back.
  await store.drafts.save(draft);
  assert.equal((await store.drafts.list())?.length, 1);
  assert.equal((await stat(join(dir, 'drafts'))).mode & 0o777, 0o700);
});

test('attachments lie beside it under names of their own', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  const { drafts } = store;
  const draft = draftOf(1);
  const { file, size } = await drafts.attach(draft.id, Buffer.from('bytes'));
  assert.equal(size, 5);
  async function* pieces(): AsyncGenerator<Buffer> {
    yield Buffer.from('a');
    yield Buffer.from('b');
  }
  const second = await drafts.attach(draft.id, pieces());
  assert.notEqual(second.file, file);
  assert.equal(await readFile(drafts.path(draft.id, second.file), 'utf8'), 'ab');
  for (const name of ['../../../etc/passwd', '', 'a/b', 'draft.json']) {
    assert.throws(() => drafts.path(draft.id, name), code('id.malformed'), name);
    assert.throws(() => drafts.path(name, file), code('id.malformed'), name);
  }
});

test('what a crash left is cleared away, what is damaged or newer is not', async t => {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  const { drafts } = store;
  const kept = await drafts.attach(randomId(), Buffer.from('x'));
  const draft = draftOf(1);
  const attachment = await drafts.attach(draft.id, Buffer.from('named'));
  await drafts.attach(draft.id, Buffer.from('orphan'));
  const named = { ...attachment, name: 'a.txt', contentType: 'text/plain' };
  await drafts.save({ ...draft, attachments: [named] });
  await writeFile(join(dir, 'drafts', draft.id, 'draft.json.tmp-1-00000000'), 'half');
  const damaged = draftOf(2);
  await drafts.save(damaged);
  await writeFile(join(dir, 'drafts', damaged.id, 'draft.json'), '{"v":1,');
  const newer = draftOf(3);
  await drafts.save(newer);
  const path = join(dir, 'drafts', newer.id, 'draft.json');
  await writeFile(path, (await readFile(path, 'utf8')).replace('"v":1', '"v":99'));
  await mkdir(join(dir, 'drafts', 'not-a-draft'));
  await store.close();

  const again = await ownedStore(t, dir);
  assert.equal(await again.store.drafts.sweep(), 3, 'a folder without a draft, an orphan, half a file');
  assert.deepEqual(
    (await again.store.drafts.list()).map(each => each.draft.id),
    [draft.id],
  );
  assert.ok(troubles(again.events).includes('store.set-aside'));
  assert.ok(troubles(again.events).includes('store.version'));
  assert.deepEqual(
    (await readdir(join(dir, 'drafts', draft.id))).sort(),
    [attachment.file, 'draft.json'].sort(),
  );
  assert.equal((await readdir(join(dir, 'drafts', damaged.id))).length, 1);
  assert.equal(await again.store.drafts.sweep(), 0);
  assert.match(await readFile(path, 'utf8'), /"v":99/);
  assert.ok(kept.file);
});

test('a disk that is full says so; with room again the same call does it', async t => {
  const dir = await temporaryDirectory(t);
  let full = true;
  const fs = faultyDisk((change, path) => {
    if (full && change === 'write' && path.includes('drafts')) throw systemError('ENOSPC');
    return undefined;
  });
  const { store } = await ownedStore(t, dir, { fs });
  const draft = draftOf(1);
  await assert.rejects(store.drafts.save(draft), code('disk.full'));
  await assert.rejects(store.drafts.attach(draft.id, Buffer.from('x')), code('disk.full'));
  full = false;
  await store.drafts.save(draft);
  assert.equal((await store.drafts.list()).length, 1);
});
