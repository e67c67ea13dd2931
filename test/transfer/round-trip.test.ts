// Out of the store and into another one: every byte, flag and date comes back, whatever the mail is.
import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../store/harness.ts';
import { type Content, computer, contentOf, exported, fill, imported, oddLetters, sha256 } from './world.ts';

const letter = (text: string) => ({ bytes: Buffer.from(text), arrival: Date.UTC(2022, 3, 5, 6, 7, 8) });

for (const format of ['maildir', 'eml', 'mbox'] as const) {
  test(`${format}: export, import and export again give the same bytes, flags, dates and folders`, async t => {
    const dir = await temporaryDirectory(t);
    const first = await computer(t);
    await fill(first, 'Inbox', oddLetters);
    await fill(first, 'Archive/2026/für später 邮件', oddLetters.slice(0, 4));
    await fill(first, 'Archive/2026', [letter('Subject: between\r\n\r\nx')]);
    await fill(first, 'archive', [letter('Subject: differs by case\r\n\r\nx')]);
    await fill(first, '../../etc/a.b', [letter('Subject: hostile name\r\n\r\nx')]);
    await fill(first, 'x.mbox', [letter('Subject: like a file\r\n\r\nx')]);
    await fill(first, `long ${'n'.repeat(300)}`, [letter('Subject: long name\r\n\r\nx')]);
    const before = await contentOf(first);
    const out = await exported(first, format, join(dir, 'one'));
    const total = Object.values(before).flat().length;
    assert.deepEqual([out.error, out.complete, out.verified, out.written], [null, true, total, total]);
    const second = await computer(t);
    const back = await imported(second, join(dir, 'one'));
    assert.deepEqual([back.error, back.imported, back.refused, back.otherFiles], [null, total, 0, 0]);
    const cut = (content: Content) =>
      Object.fromEntries(
        Object.entries(content)
          .map(([path, rows]) => [path.replaceAll('/', '|').slice(0, 120), rows] as const)
          .sort(),
      );
    // Levels that lead nowhere are names like any other.
    assert.deepEqual(cut(await contentOf(second)), cut(before));
    await exported(second, format, join(dir, 'two'));
    assert.deepEqual(await hashes(join(dir, 'two')), await hashes(join(dir, 'one')));
  });
}

/** Checksums of all files, without the names, in which numbers differ. */
async function hashes(dir: string): Promise<string[]> {
  const names = (await readdir(dir, { recursive: true, withFileTypes: true })).filter(
    entry => entry.isFile() && entry.name !== 'tmail-export.json' && entry.name !== 'dovecot-keywords',
  );
  const found = await Promise.all(names.map(entry => readFile(join(entry.parentPath, entry.name))));
  return found.map(sha256).sort();
}

test('a Maildir is one that other programs read: names, flags, directories, times', async t => {
  const dir = await temporaryDirectory(t);
  const store = await computer(t);
  const flags = ['\\Seen', '\\Flagged', 'todo'];
  const arrival = Date.UTC(2020, 1, 2, 3, 4, 5);
  await fill(store, 'Inbox', [{ bytes: Buffer.from('Subject: a\r\n\r\nx'), flags, arrival }]);
  await fill(store, 'Arbeit/für mich', [letter('Subject: b\r\n\r\ny')]);
  await exported(store, 'maildir', join(dir, 'mail'));
  const names = await readdir(join(dir, 'mail'));
  for (const name of ['cur', 'new', 'tmp', '.Sent', '.Arbeit.f&APw-r mich'])
    assert.ok(names.includes(name), name);
  const [name = ''] = await readdir(join(dir, 'mail', 'cur'));
  assert.match(name, /^1580612645\.[^:/]+,S=15:2,FSa$/);
  const found = await stat(join(dir, 'mail', 'cur', name));
  assert.deepEqual([found.mtimeMs, found.mode & 0o777], [arrival, 0o600]);
  assert.equal(await readFile(join(dir, 'mail', 'dovecot-keywords'), 'utf8'), '0 todo\n');
  assert.deepEqual(await readdir(join(dir, 'mail', '.Arbeit.f&APw-r mich')), [
    'cur',
    'maildirfolder',
    'new',
    'tmp',
  ]);
});

test('an mbox is one that other programs read: From_ line, Status, quoted lines, an empty line at the end', async t => {
  const dir = await temporaryDirectory(t);
  const store = await computer(t);
  const bytes = Buffer.from('From: Ada <ada@example.org>\nSubject: a\n\nFrom here\n>From there\n');
  await fill(store, 'Inbox', [
    { bytes, flags: ['\\Seen', '\\Answered'], arrival: Date.UTC(2020, 1, 2, 3, 4, 5) },
  ]);
  await exported(store, 'mbox', join(dir, 'mail'));
  assert.equal(
    await readFile(join(dir, 'mail', 'Inbox.mbox'), 'utf8'),
    'From ada@example.org Sun Feb  2 03:04:05 2020\nX-Tmail-Mbox: rd whole\nStatus: RO\nX-Status: A\nX-Keywords: \n' +
      'From: Ada <ada@example.org>\nSubject: a\n\n>From here\n>>From there\n\n',
  );
});

test('one folder alone: an mbox file, or a directory with its messages', async t => {
  const dir = await temporaryDirectory(t);
  const store = await computer(t);
  await fill(store, 'Archive/2026', oddLetters);
  await fill(store, 'Inbox', [letter('Subject: not this\r\n\r\n')]);
  const folder = (await store.account('home')).folders().find(({ path }) => path === 'Archive/2026') ?? null;
  const wanted = (await contentOf(store))['Archive/2026'];
  for (const format of ['maildir', 'eml', 'mbox'] as const) {
    const to = join(dir, format);
    assert.equal((await exported(store, format, to, { folder })).verified, oddLetters.length);
    assert.equal((await stat(to)).isFile(), format === 'mbox');
    const second = await computer(t);
    await imported(second, to, 'Box/of/it');
    assert.deepEqual(await contentOf(second), { 'Box/of/it': wanted });
  }
});

test('a message of 50 MB passes in pieces', async t => {
  const dir = await temporaryDirectory(t);
  const store = await computer(t);
  const bytes = Buffer.alloc(50 * 1024 * 1024);
  bytes.write('Subject: large\r\n\r\n');
  bytes.write('\nFrom x\n>From y', 30 * 1024 * 1024);
  await fill(store, 'Inbox', [{ bytes }]);
  const before = await contentOf(store);
  for (const format of ['maildir', 'mbox'] as const) {
    assert.equal((await exported(store, format, join(dir, format))).verified, 1);
    const second = await computer(t);
    assert.equal((await imported(second, join(dir, format))).imported, 1);
    assert.deepEqual(await contentOf(second), before);
    await second.close();
  }
});

for (const format of ['maildir', 'eml', 'mbox'] as const) {
  test(`${format}: two that are alike stay two, the list keeps its order, and what moved away and back is one`, async t => {
    const to = join(await temporaryDirectory(t), 'out');
    const first = await computer(t);
    const alike = letter('Subject: alike\r\n\r\nx');
    const old = { bytes: Buffer.from('Subject: old\r\n\r\nx'), arrival: Date.UTC(2001, 0, 1) };
    const newest = { bytes: Buffer.from('Subject: new\r\n\r\nx'), arrival: Date.UTC(2023, 0, 1) };
    // An old message that was moved here last stands on top.
    await fill(first, 'Archive', [alike, newest, { ...alike, flags: ['\\Seen'] }, old]);
    await exported(first, format, to);
    const account = await first.account('home');
    const record = account.folders().find(({ path }) => path === 'Archive');
    const folder = await account.folder(record?.id ?? 'home:0');
    const raw = folder.raw(4) ?? assert.fail();
    const envelope = folder.envelope(4) ?? assert.fail();
    const uid = folder.reserve(1);
    await folder.apply({ leave: [4], put: [{ uid, remote: null, flags: [], envelope, raw }] }, 'now');
    const again = await exported(first, format, to);
    assert.deepEqual([again.verified, again.written], [4, 0]);
    const second = await computer(t);
    assert.deepEqual([(await imported(second, to)).imported, (await imported(second, to)).imported], [4, 0]);
    assert.deepEqual(await contentOf(second), await contentOf(first));
    // The new computer goes on with the same export: other numbers, the same mail.
    const beside = await exported(second, format, to);
    assert.deepEqual([beside.verified, beside.written], [4, 0]);
    const third = await computer(t);
    assert.equal((await imported(third, to)).imported, 4);
  });
}
