// Several POP3 accounts with one inbox (`deliverTo`): each account's memory, policy and server stay its own.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cameTo } from '../../../src/mail/delivered.ts';
import { messageId } from '../../../src/mail/ids.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { type Pop3Server, startPop3Server } from '../../servers/pop3.ts';
import { openShared, type SharedOptions } from './shared.ts';

const root = await mkdtemp(join(tmpdir(), 'tmail-pop3-shared-'));
after(() => rm(root, { recursive: true, force: true }));
let count = 0;
const freshDir = () => join(root, String(count++));
const DAY = 24 * 60 * 60_000;

const mail = (subject: string, more = '') =>
  Buffer.from(
    `From: Ada <ada@x>\r\nMessage-ID: <${subject}@x>\r\nSubject: ${subject}\r\n\r\n${subject}\r\n${more}`,
  );
/** Both servers give the same names. */
const named = (...subjects: string[]) => subjects.map((s, n) => ({ bytes: mail(s), uidl: `u${n + 1}` }));
const left = (server: Pop3Server) =>
  server.messages.map(one => /Subject: (.*)\r/.exec(one.bytes.toString())?.[1]);

async function servers() {
  return {
    home: await startPop3Server({ messages: named('h1', 'h2', 'h3') }),
    work: await startPop3Server({ messages: named('w1', 'w2', 'w3') }),
  };
}

async function open(on: Awaited<ReturnType<typeof servers>>, more: Partial<SharedOptions> = {}) {
  const ports = { home: on.home.port, work: on.work.port };
  return openShared({ dir: freshDir(), ports, ...more });
}

const close = async (on: Awaited<ReturnType<typeof servers>>) => {
  await on.home[Symbol.asyncDispose]();
  await on.work[Symbol.asyncDispose]();
};

test('the mail of both comes into one inbox, each says whose it is, and nothing comes twice', async () => {
  const on = await servers();
  await using both = await open(on);
  const first = await both.sync();
  assert.deepEqual(
    first.map(({ account, received, onServer, errors }) => [account, received, onServer, errors]),
    [
      ['home', 3, 3, []],
      ['work', 3, 3, []],
    ],
  );
  assert.deepEqual(await both.subjects('home', 'Inbox'), ['h1', 'h2', 'h3', 'w1', 'w2', 'w3']);
  assert.deepEqual(both.kept.work?.folders(), []);
  for (const [subject, account] of [
    ['h1', 'home'],
    ['w1', 'work'],
  ] as const) {
    const { opened, uid } = await both.find('home', 'Inbox', subject);
    assert.equal(cameTo(opened.remote(uid), 'home'), account);
  }
  const again = await both.sync();
  assert.deepEqual(
    again.map(({ received }) => received),
    [0, 0],
  );
  assert.equal((await both.subjects('home', 'Inbox')).length, 6);
  // Each knows of its own mail where it is, and that its server has it too.
  const also = () => [both.engines.home, both.engines.work].map(engine => engine.status().maildrop?.alsoHere);
  assert.deepEqual(also(), [{ home: 3 }, { home: 3 }]);
  await both.destroy('Inbox', 'w1');
  assert.deepEqual(also(), [{ home: 3 }, { home: 2 }]);
  await close(on);
});

test('what is deleted in the shared inbox goes on the right server, and never comes again', async () => {
  const on = await servers();
  const dir = freshDir();
  {
    await using both = await open(on, { dir });
    await both.sync();
    await both.move('Inbox', 'w2', 'Trash');
    await both.move('Inbox', 'h3', 'Trash');
    await both.destroy('Trash', 'w2');
    await both.destroy('Trash', 'h3');
    const facts = both.engines.work.status().maildrop;
    assert.equal(facts?.willDelete ?? 1, 1);
    await both.sync();
    assert.deepEqual(left(on.home), ['h1', 'h2']);
    assert.deepEqual(left(on.work), ['w1', 'w3']);
    assert.deepEqual(both.kept.home?.queue(), []);
  }
  await using later = await open(on, { dir });
  assert.deepEqual(
    (await later.sync()).map(({ received }) => received),
    [0, 0],
  );
  assert.deepEqual(await later.subjects('home', 'Inbox'), ['h1', 'h2', 'w1', 'w3']);
  await close(on);
});

test('the deletion is remembered for the other account although that one is not running, and over a restart', async () => {
  const on = await servers();
  const dir = freshDir();
  {
    await using both = await open(on, { dir });
    await both.sync();
    await both.destroy('Inbox', 'w1');
    // Only the account in whose folders it was: it forgets the operation once the other one's memory has it.
    await both.sync('home');
    assert.deepEqual(both.kept.home?.queue(), []);
    assert.deepEqual(left(on.work), ['w1', 'w2', 'w3']);
  }
  await using later = await open(on, { dir });
  const [work] = await later.sync('work');
  assert.deepEqual([work?.received, work?.deletedOnServer], [0, 1]);
  assert.deepEqual(left(on.work), ['w2', 'w3']);
  assert.deepEqual(left(on.home), ['h1', 'h2', 'h3']);
  await close(on);
});

test('the other account deletes although the server of the inbox’s own is gone', async () => {
  const on = await servers();
  await using both = await open(on);
  await both.sync();
  await both.destroy('Inbox', 'w3');
  await on.home[Symbol.asyncDispose]();
  const [work] = await both.sync('work');
  assert.equal(work?.deletedOnServer, 1);
  assert.deepEqual(left(on.work), ['w1', 'w2']);
  // Until its own account has a connection, the operation stays; the message does not come back meanwhile.
  assert.equal(both.kept.home?.queue().length, 1);
  assert.equal((await both.sync('work'))[0]?.received, 0);
  await on.work[Symbol.asyncDispose]();
});

test('each policy is its own account’s; mail that was moved is still known, and its copy read where it is now', async () => {
  const on = await servers();
  const clock = new FakeClock();
  const dir = freshDir();
  const policies = { home: 'keep', work: { deleteAfterDays: 3 } } as const;
  {
    await using both = await open(on, { dir, policies, clock });
    await both.sync();
    await both.move('Inbox', 'w1', 'Archive');
    await both.move('Inbox', 'w2', 'Trash');
  }
  await clock.advance(4 * DAY);
  await using both = await open(on, { dir, policies, clock });
  // A copy that is damaged where it is now holds back its deletion, and only that one, and is fetched again.
  const { opened, uid } = await both.find('home', 'Archive', 'w1');
  const raw = opened.raw(uid);
  assert.ok(raw && both.kept.home);
  await writeFile(both.kept.home.raw.path(raw), 'damaged');
  const [, work] = await both.sync();
  assert.equal(work?.received, 1);
  assert.deepEqual(
    work?.errors.map(({ code }) => code),
    ['pop3.copy-damaged'],
  );
  assert.deepEqual(left(on.work), ['w1']);
  assert.deepEqual(left(on.home), ['h1', 'h2', 'h3']);
  const mended = opened.raw(uid);
  assert.ok(mended);
  assert.deepEqual(await both.kept.home.raw.read(mended), on.work.messages[0]?.bytes);
  await clock.advance(DAY);
  assert.deepEqual((await both.sync('work'))[0]?.deletedOnServer, 1);
  assert.deepEqual(await both.subjects('home', 'Archive'), ['w1']);
  await close(on);
});

test('delete: what came is read again in the shared inbox, and then goes; the other account keeps', async () => {
  const on = await servers();
  await using both = await open(on, { policies: { home: 'keep', work: 'delete' } });
  const [home, work] = await both.sync();
  assert.deepEqual([home?.deletedOnServer, work?.deletedOnServer], [0, 3]);
  assert.equal(on.work.messages.length, 0);
  assert.equal(on.home.messages.length, 3);
  assert.equal((await both.subjects('home', 'Inbox')).length, 6);
  await close(on);
});

test('a large message is fetched from the server that it came from, into its place', async () => {
  const on = await servers();
  on.work.messages.push({ bytes: mail('large', 'x'.repeat(70).concat('\r\n').repeat(100)), uidl: 'u9' });
  await using both = await open(on, { sizeLimit: 2000 });
  await both.sync();
  const { opened, uid } = await both.find('home', 'Inbox', 'large');
  assert.equal(opened.raw(uid)?.partial, true);
  both.engines.work.start();
  await both.engines.work.settled();
  assert.match(both.engines.work.status().maildrop?.placeholders.largest?.subject ?? '', /large/);
  await both.engines.work.body(messageId(opened.record.id, uid), 'whole');
  assert.equal(opened.raw(uid)?.partial, false);
  assert.equal((await both.subjects('home', 'Inbox')).filter(subject => subject === 'large').length, 1);
  await close(on);
});

test('begun later, and ended again: mail stays where it is, is known there, and comes only once', async () => {
  const on = await servers();
  const dir = freshDir();
  {
    await using apart = await open(on, { dir, delivers: false });
    await apart.sync();
    assert.deepEqual(await apart.subjects('work', 'Inbox'), ['w1', 'w2', 'w3']);
  }
  on.work.messages.push({ bytes: mail('w4'), uidl: 'u4' });
  {
    await using both = await open(on, { dir });
    assert.equal((await both.sync('work'))[0]?.received, 1);
    assert.deepEqual(await both.subjects('work', 'Inbox'), ['w1', 'w2', 'w3']);
    assert.deepEqual(await both.subjects('home', 'Inbox'), ['h1', 'h2', 'h3', 'w4']);
    assert.deepEqual(both.engines.work.status().maildrop?.alsoHere, { work: 3, home: 1 });
  }
  on.work.messages.push({ bytes: mail('w5'), uidl: 'u5' });
  await using apart = await open(on, { dir, delivers: false });
  assert.equal((await apart.sync('work'))[0]?.received, 1);
  assert.deepEqual(await apart.subjects('work', 'Inbox'), ['w1', 'w2', 'w3', 'w5']);
  assert.deepEqual(apart.engines.work.status().maildrop?.alsoHere, { work: 4, home: 1 });
  // What came into the other inbox meanwhile still is this account's.
  await apart.destroy('Inbox', 'w4');
  await apart.sync();
  assert.deepEqual(left(on.work), ['w1', 'w2', 'w3', 'w5']);
  assert.deepEqual(left(on.home), ['h1', 'h2', 'h3']);
  await close(on);
});

test('both check at the same time, with the same names, and neither disturbs the other', async () => {
  const many = (prefix: string) => named(...Array.from({ length: 150 }, (_, n) => `${prefix}${n}`));
  const on = {
    home: await startPop3Server({ messages: many('h') }),
    work: await startPop3Server({ messages: many('w') }),
  };
  await using both = await open(on, { policies: { home: 'delete', work: 'delete' } });
  const reports = await Promise.all([both.engines.home.syncOnce(null), both.engines.work.syncOnce(null)]);
  assert.deepEqual(
    reports.map(({ received, deletedOnServer, errors }) => [received, deletedOnServer, errors]),
    [
      [150, 150, []],
      [150, 150, []],
    ],
  );
  const here = await both.subjects('home', 'Inbox');
  assert.equal(new Set(here).size, 300);
  assert.equal(here.length, 300);
  await close(on);
});
