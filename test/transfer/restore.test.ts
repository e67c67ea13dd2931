// A disk breaks: the export goes onto a new one, and the POP3 server that still has its copies sends nothing again.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { exportMail } from '../../src/transfer/export.ts';
import { importMail } from '../../src/transfer/import.ts';
import type { Format } from '../../src/transfer/marker.ts';
import { startPop3Server } from '../servers/pop3.ts';
import { temporaryDirectory } from '../store/harness.ts';
import { openAccount } from '../sync/pop3/account.ts';
import { openShared } from '../sync/pop3/shared.ts';
import { contentOf, exported, imported, namesOf } from './world.ts';

const letter = (n: number) =>
  Buffer.from(
    `From: a${n}@b.c\r\nSubject: number ${n}\r\nMessage-ID: <${n}@b.c>\r\n\r\ntext ${'x'.repeat(n)}\r\nFrom here\r\n`,
  );

/** RETR commands that the server has heard. */
const retrieved = (commands: readonly string[]) => commands.filter(line => /^RETR/i.test(line)).length;

async function withExport(t: TestContext, format: Format, uidl?: (n: number, session: number) => string) {
  const dir = await temporaryDirectory(t);
  const server = await startPop3Server({
    messages: Array.from({ length: 40 }, (_, n) => letter(n)),
    ...(uidl ? { uidl: (_, position, session) => uidl(position, session) } : {}),
  });
  t.after(() => server.close());
  const at = { port: server.port, serverCopy: 'keep' as const };
  const first = await openAccount({ ...at, dir: join(dir, 'first') });
  assert.equal((await first.check()).received, 40);
  const archive = first.account.folders().find(({ role }) => role === 'archive');
  await first.account.commit({
    t: 'move',
    folder: first.inbox.record.id,
    to: archive?.id ?? 'home:0',
    targets: [3, 7].map(uid => ({ uid, remote: first.inbox.remote(uid) ?? null, messageId: '' })),
  });
  await first.inbox.apply({ flags: [{ uid: 5, flags: ['\\Seen', '\\Flagged'] }] }, 'now');
  const to = join(dir, 'export');
  assert.equal((await exported(first.store, format, to)).verified, 40);
  // An mbox has no smaller time than a second.
  const options = { arrival: format !== 'mbox' };
  const content = await contentOf(first.store, options);
  const names = await namesOf(first.store);
  await first[Symbol.asyncDispose]();
  return { dir, server, at, to, content, names, options };
}

for (const format of ['maildir', 'eml', 'mbox'] as const) {
  test(`${format}: restored from an export, a check downloads nothing and doubles nothing`, async t => {
    const { dir, server, at, to, content, names, options } = await withExport(t, format);
    await using second = await openAccount({ ...at, dir: join(dir, 'second') });
    const back = await imported(second.store, to);
    assert.deepEqual([back.error, back.imported], [null, 40]);
    assert.deepEqual(await contentOf(second.store, options), content);
    assert.deepEqual(await namesOf(second.store), names);
    const before = retrieved(server.commands);
    const checked = await second.check();
    assert.deepEqual([checked.error, checked.received], [null, 0]);
    assert.equal(retrieved(server.commands), before);
    server.messages = [...server.messages, { bytes: letter(99) }];
    assert.equal((await second.check()).received, 1);
    assert.equal(
      (await second.hashes()).length,
      content.Inbox?.length === undefined ? 0 : content.Inbox.length + 1,
    );
    // What is deleted here goes there, as if it had never been away.
    assert.equal(Object.keys(await namesOf(second.store)).length, 41);
  });
}

test('restored, and the server has new names for everything: nothing is doubled', async t => {
  const { dir, at, to, content } = await withExport(t, 'maildir', (n, session) => `era${session}-${n}`);
  await using second = await openAccount({ ...at, dir: join(dir, 'second') });
  await imported(second.store, to);
  const checked = await second.check();
  assert.deepEqual([checked.error, checked.received], [null, 0]);
  assert.deepEqual(await contentOf(second.store), content);
});

test('imported beside what was fetched again, a name of the server stays with one message', async t => {
  const { dir, server, at, to, names } = await withExport(t, 'eml');
  await using second = await openAccount({ ...at, dir: join(dir, 'second') });
  assert.equal((await second.check()).received, 40);
  // Two had been moved to the archive: there they come again, known from no server.
  const back = await imported(second.store, to);
  assert.deepEqual([back.imported, back.duplicates], [2, 38]);
  assert.deepEqual(await namesOf(second.store), names);
  server.messages = server.messages.slice(0, 39);
  const checked = await second.check();
  assert.deepEqual([checked.error, checked.received], [null, 0]);
});

test("another account's export says nothing about this server", async t => {
  const { dir, server, at, to } = await withExport(t, 'maildir');
  const marker = join(to, 'tmail-export.json');
  await writeFile(marker, (await readFile(marker, 'utf8')).replace('"home"', '"work"'));
  await using second = await openAccount({ ...at, dir: join(dir, 'second') });
  assert.equal((await imported(second.store, to)).imported, 40);
  assert.deepEqual(await namesOf(second.store), {});
  server.messages = [];
  assert.deepEqual((await second.check()).error, null);
});

test('an inbox that several accounts share is known again by each of their servers', async t => {
  const dir = await temporaryDirectory(t);
  const named = (who: string) =>
    [1, 2, 3].map(n => ({ bytes: letter(who === 'home' ? n : 50 + n), uidl: `u${n}` }));
  const home = await startPop3Server({ messages: named('home') });
  const work = await startPop3Server({ messages: named('work') });
  t.after(() => home.close());
  t.after(() => work.close());
  const ports = { home: home.port, work: work.port };
  const to = join(dir, 'export');
  const watched = { signal: new AbortController().signal, onProgress: () => undefined };
  {
    await using first = await openShared({ dir: join(dir, 'first'), ports });
    await first.sync();
    const account = first.kept.home ?? assert.fail();
    const out = await exportMail({
      account: async () => account,
      folder: null,
      format: 'eml',
      to,
      ...watched,
    });
    assert.equal(out.verified, 6);
  }
  await using second = await openShared({ dir: join(dir, 'second'), ports });
  const account = second.kept.home ?? assert.fail();
  const back = await importMail({ account, path: to, folder: null, now: Date.now, ...watched });
  assert.deepEqual([back.error, back.imported], [null, 6]);
  const checked = await second.sync();
  assert.deepEqual(
    checked.map(({ received, errors }) => [received, errors]),
    [
      [0, []],
      [0, []],
    ],
  );
  assert.equal((await second.subjects('home', 'Inbox')).length, 6);
  assert.equal(retrieved([...home.commands, ...work.commands]), 6);
});
