// A POP3 account as the engine keeps it: checked, left alone, checked again; over a scripted server and a still clock.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { AccountConfig, Pop3Settings, ServerCopy } from '../../../src/config/types.ts';
import { messageId } from '../../../src/mail/ids.ts';
import type { FolderId } from '../../../src/mail/types.ts';
import { openStore } from '../../../src/store/store.ts';
import { createEngineFor } from '../../../src/sync/create.ts';
import type { AccountStatus, Engine } from '../../../src/sync/types.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { type Pop3Server, startPop3Server } from '../../servers/pop3.ts';

const root = await mkdtemp(join(tmpdir(), 'tmail-pop3-engine-'));
after(() => rm(root, { recursive: true, force: true }));
let count = 0;

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const mail = (n: number) =>
  Buffer.from(
    `From: Ada <ada@example.org>\r\nMessage-ID: <${n}@x>\r\nSubject: number ${n}\r\n\r\nhello ${n}\r\n`,
  );
const mails = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => mail(from + n));

const DEFAULTS: Pop3Settings = {
  firstRun: 'all',
  sizeLimit: null,
  sessionMessages: null,
  sessionBytes: null,
  checkEvery: 10 * MINUTE,
};

interface HomeOptions {
  readonly dir?: string;
  readonly serverCopy?: ServerCopy;
  readonly clock?: FakeClock;
  readonly port?: number;
  readonly pop3?: Partial<Pop3Settings>;
  readonly arrived?: (folder: FolderId, uids: readonly number[]) => void;
}

async function openHome(server: Pop3Server, options: HomeOptions = {}) {
  const { clock = new FakeClock(), serverCopy = 'keep', dir = join(root, String(count++)) } = options;
  const auth = { t: 'plain', password: 'secret' } as const;
  const config: AccountConfig = {
    id: 'home',
    email: 'ada@example.org',
    name: 'Ada',
    protocol: 'pop3',
    incoming: {
      host: '127.0.0.1',
      port: options.port ?? server.port,
      security: 'none',
      user: 'ada',
      tls: {},
    },
    outgoing: null,
    auth,
    outgoingAuth: auth,
    offline: 'all',
    serverCopy,
    pop3: { ...DEFAULTS, ...options.pop3 },
    disabled: false,
  };
  const store = await openStore({ dir, mode: 'owner', now: () => clock.now() });
  const engine = await createEngineFor(config, store, {
    password: async () => 'secret',
    clock,
    random: () => 1,
    ...(options.arrived && { arrived: options.arrived }),
  });
  const account = await store.account('home');
  return {
    dir,
    store,
    account,
    engine,
    clock,
    folder: (role: string) => account.folders().find(record => record.role === role),
    async [Symbol.asyncDispose]() {
      await engine.stop();
      await store.close();
    },
  };
}

/** Lets time pass until the work is done. */
async function waitedFor(clock: FakeClock, work: Promise<unknown>): Promise<void> {
  let done = false;
  const ended = work.finally(() => {
    done = true;
  });
  while (!done) {
    await clock.advance(1000);
    await new Promise(resolve => setImmediate(resolve));
  }
  await ended;
}

/** Resolves with the first status for which this holds. */
function status(engine: Engine, holds: (status: AccountStatus) => boolean): Promise<AccountStatus> {
  return new Promise(resolve => {
    const look = () => {
      const now = engine.status();
      if (!holds(now)) return;
      stop();
      resolve(now);
    };
    const stop = engine.subscribe(look);
    look();
  });
}

const waits = ({ phase, nextCheck, progress }: AccountStatus) =>
  phase === 'online' && typeof nextCheck === 'number' && progress.length === 0;

test('what comes after the first check is told as arrived, once and when it is here', async () => {
  const told: string[] = [];
  await using server = await startPop3Server({ messages: mails(1, 3) });
  let flagsOf = (_uid: number): number | undefined => undefined;
  await using home = await openHome(server, {
    arrived: (folder, uids) => {
      for (const uid of uids) told.push(`${folder} ${uid} ${flagsOf(uid)}`);
    },
  });
  await home.engine.syncOnce(null);
  assert.deepEqual(told, []);
  const inbox = home.folder('inbox');
  assert.ok(inbox);
  const kept = await home.account.folder(inbox.id);
  flagsOf = uid => kept.flags(uid);
  server.messages.push(...mails(4, 5).map(bytes => ({ bytes })));
  await home.engine.syncOnce(null);
  assert.deepEqual(told, [`${inbox.id} 4 0`, `${inbox.id} 5 0`]);
  await home.engine.syncOnce(null);
  assert.equal(told.length, 2);
});

test('once: what came, what is there, and nothing the second time', async () => {
  await using server = await startPop3Server({ messages: mails(1, 3) });
  await using home = await openHome(server);
  const first = await home.engine.syncOnce(null);
  assert.deepEqual(
    [first.protocol, first.received, first.deletedOnServer, first.onServer, first.errors],
    ['pop3', 3, 0, 3, []],
  );
  const second = await home.engine.syncOnce(null);
  assert.deepEqual([second.received, second.onServer, second.errors], [0, 3, []]);
  assert.deepEqual(server.commands.filter(command => command === 'QUIT').length, 2);
  await home.engine.stop();
  assert.match(await readFile(join(home.dir, 'accounts', 'home', 'pop3.jsonl'), 'utf8'), /"state":"here"/);
});

test('once with a policy that deletes says how many went, and what was said about it first', async () => {
  await using server = await startPop3Server({ messages: mails(1, 3) });
  await using home = await openHome(server, { serverCopy: 'delete' });
  const report = await home.engine.syncOnce(null);
  assert.deepEqual([report.received, report.deletedOnServer, report.onServer], [3, 3, 0]);
  assert.deepEqual(report.warnings, [{ t: 'first-deletion', policy: 'delete', count: 3, held: false }]);
  assert.equal(server.messages.length, 0);
});

test('what ended a check is reported once; a message that the server refuses is reported beside the others', async () => {
  await using server = await startPop3Server({ messages: mails(1, 3) });
  await using home = await openHome(server);
  server.set({
    fault: ({ verb, args }) =>
      verb === 'RETR' && args[0] === '2' ? { t: 'say', bytes: '-ERR no such thing\r\n' } : undefined,
  });
  const some = await home.engine.syncOnce(null);
  assert.deepEqual(
    [some.received, some.onServer, some.errors.map(({ code }) => code)],
    [2, 3, ['pop3.refused']],
  );
  server.set({
    fault: ({ verb }) => (verb === 'PASS' ? { t: 'say', bytes: '-ERR [IN-USE] busy\r\n' } : undefined),
  });
  server.set({ capabilities: ['USER', 'UIDL', 'RESP-CODES'] });
  const busy = home.engine.syncOnce(null);
  // Another client's check may be over in a moment: it is waited for, and then told.
  await waitedFor(home.clock, busy);
  const none = await busy;
  assert.deepEqual(
    [none.received, none.onServer, none.errors.map(({ code, retry }) => [code, retry])],
    [0, 3, [['pop3.in-use', 'auto']]],
  );
});

test('between two checks the account is not offline: it says when the next one is', async () => {
  await using server = await startPop3Server({ messages: mails(1, 2) });
  await using home = await openHome(server);
  const { engine, clock } = home;
  engine.start();
  const begun = clock.now();
  const waiting = await status(engine, waits);
  assert.equal(waiting.nextCheck, begun + 10 * MINUTE);
  assert.equal(waiting.maildrop?.onServer.messages, 2);
  assert.equal(server.commands.at(-1), 'QUIT');
  assert.equal(server.sessions, 1);

  server.messages.push({ bytes: mail(3) });
  // Looking at folders is no reason to connect, and puts nothing off.
  await clock.advance(9 * MINUTE);
  engine.show(home.folder('sent')?.id ?? null);
  engine.show(home.folder('inbox')?.id ?? null);
  await clock.advance(MINUTE - 1);
  assert.equal(server.sessions, 1);
  await clock.advance(1);
  await status(engine, now => waits(now) && now.nextCheck === begun + 20 * MINUTE);
  assert.equal(server.sessions, 2);
  assert.equal(home.folder('inbox')?.counts.total, 3);
});

test('a refresh checks now, and the next check is counted from there', async () => {
  await using server = await startPop3Server({ messages: mails(1, 1) });
  await using home = await openHome(server);
  const { engine, clock } = home;
  engine.start();
  await status(engine, waits);
  await clock.advance(4 * MINUTE);
  const asked = clock.now();
  engine.refresh();
  await status(engine, now => waits(now) && now.nextCheck === asked + 10 * MINUTE);
  assert.equal(server.sessions, 2);
  await clock.advance(10 * MINUTE - 1);
  assert.equal(server.sessions, 2);
  await clock.advance(1);
  await status(engine, now => waits(now) && now.nextCheck === asked + 20 * MINUTE);
  assert.equal(server.sessions, 3);
});

test('LOGIN-DELAY is obeyed by the timer, by the person and by a new connection', async () => {
  const capabilities = ['USER', 'UIDL', 'TOP', 'LOGIN-DELAY 1800'];
  await using server = await startPop3Server({ messages: mails(1, 1), capabilities });
  await using home = await openHome(server);
  const { engine, clock } = home;
  engine.start();
  const begun = clock.now();
  const first = await status(engine, waits);
  assert.equal(first.nextCheck, begun + 30 * MINUTE);
  engine.refresh();
  const told = await status(engine, now => waits(now) && now.error !== null);
  assert.equal(told.error?.code, 'pop3.too-soon');
  assert.equal(told.phase, 'online');
  // The computer slept: the line would be taken up again, but it is too soon.
  await clock.sleep(2 * MINUTE);
  await clock.advance(5 * MINUTE);
  await status(engine, waits);
  assert.equal(server.sessions, 1);
  await clock.advance(begun + 30 * MINUTE - clock.now());
  await status(engine, now => waits(now) && (now.nextCheck ?? 0) === begun + 60 * MINUTE);
  assert.equal(server.sessions, 2);
});

test('a server that is gone: offline with the reason, tried again, and all folders are here', async () => {
  await using server = await startPop3Server({ messages: mails(1, 1) });
  await using home = await openHome(server, { port: 1 });
  assert.deepEqual(
    home.account.folders().map(({ role }) => role),
    ['inbox', 'sent', 'drafts', 'archive', 'trash', 'junk'],
  );
  home.engine.start();
  const gone = await status(home.engine, ({ phase }) => phase === 'offline');
  assert.equal(gone.error?.code, 'net.refused');
  assert.equal(gone.nextCheck, null);
  assert.ok((gone.retryAt ?? 0) > home.clock.now());
  const report = await home.engine.syncOnce(null);
  assert.equal(report.errors[0]?.code, 'net.refused');
});

test('a changed policy holds what it would delete until the next check, or until the person agrees', async () => {
  await using server = await startPop3Server({ messages: mails(1, 3) });
  const clock = new FakeClock();
  const dir = join(root, String(count++));
  {
    await using home = await openHome(server, { dir, clock });
    await home.engine.syncOnce(null);
  }
  clock.advance(8 * DAY);
  await using home = await openHome(server, { dir, clock, serverCopy: { deleteAfterDays: 7 } });
  const { engine } = home;
  engine.start();
  const held = await status(engine, waits);
  assert.deepEqual([held.maildrop?.held, held.maildrop?.willDelete], [3, 3]);
  assert.deepEqual(held.maildrop?.warnings, [
    { t: 'first-deletion', policy: 'deleteAfterDays 7', count: 3, held: true },
  ]);
  assert.equal(held.maildrop?.onServer.oldest, clock.now() - 8 * DAY);
  assert.equal(server.messages.length, 3);
  await engine.agree?.();
  engine.refresh();
  const gone = await status(engine, now => waits(now) && now.maildrop?.held === 0);
  assert.deepEqual([gone.maildrop?.willDelete, gone.maildrop?.onServer.messages], [0, 0]);
  assert.equal(server.messages.length, 0);
});

test('a ledger that can not be read stops the account and says so; nothing is asked of the server', async () => {
  await using server = await startPop3Server({ messages: mails(1, 1) });
  const dir = join(root, String(count++));
  {
    await using home = await openHome(server, { dir });
    await home.engine.syncOnce(null);
  }
  await writeFile(join(dir, 'accounts', 'home', 'pop3.jsonl'), '{"version":99}\n');
  await using home = await openHome(server, { dir });
  home.engine.start();
  const { error } = await status(home.engine, ({ phase }) => phase === 'attention');
  assert.equal(error?.code, 'pop3.ledger-version');
  assert.equal(server.sessions, 1);
});

test('lines of the ledger that can not be read are said once; nothing comes twice', async () => {
  await using server = await startPop3Server({ messages: mails(1, 3) });
  const dir = join(root, String(count++));
  {
    await using home = await openHome(server, { dir });
    await home.engine.syncOnce(null);
  }
  const path = join(dir, 'accounts', 'home', 'pop3.jsonl');
  const lines = (await readFile(path, 'utf8')).split('\n');
  await writeFile(path, lines.map(line => (line.includes('"state":"here"') ? `x${line}` : line)).join('\n'));
  await using home = await openHome(server, { dir });
  home.engine.start();
  const said = await status(home.engine, waits);
  assert.equal(said.error?.code, 'pop3.ledger-damaged');
  assert.equal(home.folder('inbox')?.counts.total, 3);
});

test('a message over the size limit comes as its head, counts as such, and comes whole when it is asked for', async () => {
  const large = Buffer.concat([mail(2), Buffer.alloc(9000, 'x\r\n')]);
  await using server = await startPop3Server({ messages: [mail(1), large, mail(3)] });
  await using home = await openHome(server, { pop3: { sizeLimit: 5000 } });
  const { engine } = home;
  engine.start();
  const { maildrop } = await status(engine, waits);
  assert.deepEqual(maildrop?.placeholders, {
    messages: 1,
    bytes: large.length,
    largest: { subject: 'number 2', bytes: large.length },
  });
  // The large one as well: here by its head, there whole.
  assert.deepEqual(maildrop?.alsoHere, { home: 3 });
  const inbox = home.folder('inbox');
  assert.deepEqual(inbox?.counts, { total: 3, unread: 3 });
  const folder = await home.account.folder(inbox?.id ?? '');
  const uids = [0, 1, 2].map(at => folder.uidAt(at) ?? 0);
  const partial = uids.find(uid => folder.raw(uid)?.partial) ?? 0;
  await engine.body(messageId(inbox?.id ?? '', partial), 'whole');
  const raw = folder.raw(partial);
  assert.equal(raw?.partial, false);
  assert.deepEqual(raw && (await home.account.raw.read(raw)), large);
  const after = await status(engine, now => waits(now) && now.maildrop?.placeholders.messages === 0);
  assert.equal(after.maildrop?.placeholders.largest, null);
  assert.equal(server.commands.filter(command => command.startsWith('RETR')).length, 3);
});

test('settings reach the check: the first run, the limits of a session, the interval', async () => {
  await using server = await startPop3Server({ messages: mails(1, 4) });
  await using home = await openHome(server, { pop3: { firstRun: 'today', checkEvery: 3 * MINUTE } });
  home.engine.start();
  const first = await status(home.engine, waits);
  assert.equal(first.nextCheck, home.clock.now() + 3 * MINUTE);
  assert.deepEqual([first.maildrop?.skipped, first.maildrop?.onServer.messages], [4, 4]);
  // They are there, and not here.
  assert.deepEqual(first.maildrop?.alsoHere, {});
  await using other = await openHome(server, { pop3: { sessionMessages: 3 } });
  const reports = [await other.engine.syncOnce(null), await other.engine.syncOnce(null)];
  assert.deepEqual(
    reports.map(({ received }) => received),
    [3, 1],
  );
});

test('a message that is asked for while a check is about to plan comes with that check', async () => {
  const large = Buffer.concat([mail(2), Buffer.alloc(9000, 'x\r\n')]);
  await using server = await startPop3Server({ messages: [mail(1), large], delay: 20 });
  const dir = join(root, String(count++));
  const options = { dir, pop3: { sizeLimit: 5000 } };
  {
    await using home = await openHome(server, options);
    await home.engine.syncOnce(null);
  }
  await using home = await openHome(server, options);
  const inbox = home.folder('inbox')?.id ?? assert.fail();
  const folder = await home.account.folder(inbox);
  await folder.loadAll();
  const partial = [0, 1].map(at => folder.uidAt(at) ?? 0).find(uid => folder.raw(uid)?.partial) ?? 0;
  home.engine.start();
  await home.engine.body(messageId(inbox, partial), 'whole');
  await home.engine.settled();
  assert.equal(folder.raw(partial)?.partial, false);
  assert.equal(server.sessions, 2);
});

/** Moves to Trash and empties it, as d, D and y do. */
async function deleteForGood(home: Awaited<ReturnType<typeof openHome>>, subjects: readonly string[]) {
  const inbox = await home.account.folder(home.folder('inbox')?.id ?? 'home:0');
  const trash = await home.account.folder(home.folder('trash')?.id ?? 'home:0');
  await inbox.loadAll();
  await inbox.ensure(0, inbox.length);
  const target = (uid: number) => ({ uid, remote: null, messageId: '' });
  const all = Array.from({ length: inbox.length }, (_, position) => inbox.uidAt(position) ?? 0);
  const wanted = all.filter(uid => subjects.includes(inbox.envelope(uid)?.subject ?? ''));
  assert.equal(wanted.length, subjects.length);
  const move = {
    t: 'move',
    folder: inbox.record.id,
    to: trash.record.id,
    targets: wanted.map(target),
  } as const;
  const moved = await home.account.commit(move);
  assert.ok(moved.t === 'move');
  return async () => {
    const targets = moved.landing.map(target);
    await home.account.commit({ t: 'delete', folder: trash.record.id, targets });
  };
}

const subjectsOf = (server: Pop3Server) =>
  server.messages.map(({ bytes }) => /Subject: (.*)\r/.exec(bytes.toString())?.[1]);

test('emptying Trash deletes there at the next check, also after days without a connection and a restart', async () => {
  await using server = await startPop3Server({ messages: mails(1, 4) });
  const dir = join(root, String(count++));
  const clock = new FakeClock();
  {
    await using home = await openHome(server, { dir, clock, serverCopy: 'untilDeletedHere' });
    await home.engine.syncOnce(null);
    const empty = await deleteForGood(home, ['number 2', 'number 3']);
    // In Trash it is here, and stays there.
    assert.equal((await home.engine.syncOnce(null)).deletedOnServer, 0);
    assert.equal(home.engine.status().queued, 0);
    await empty();
    assert.equal(home.engine.status().maildrop?.willDelete, 2);
  }
  await clock.advance(3 * DAY);
  {
    await using home = await openHome(server, { dir, clock, port: 1, serverCopy: 'untilDeletedHere' });
    assert.equal((await home.engine.syncOnce(null)).errors[0]?.code, 'net.refused');
    assert.equal(home.engine.status().maildrop?.willDelete, 2);
  }
  await using home = await openHome(server, { dir, clock, serverCopy: 'untilDeletedHere' });
  const report = await home.engine.syncOnce(null);
  assert.deepEqual([report.received, report.deletedOnServer, report.onServer], [0, 2, 2]);
  assert.deepEqual(subjectsOf(server), ['number 1', 'number 4']);
  assert.equal(home.account.queue().length, 0);
  assert.equal((await home.engine.syncOnce(null)).received, 0);
  assert.equal(home.folder('inbox')?.counts.total, 2);
});

test('a deletion while connected is known at once: the screen says what the next check deletes', async () => {
  await using server = await startPop3Server({ messages: mails(1, 3) });
  await using home = await openHome(server, { serverCopy: 'untilDeletedHere' });
  home.engine.start();
  await status(home.engine, waits);
  await (await deleteForGood(home, ['number 1']))();
  const told = await status(home.engine, now => now.queued === 0 && now.maildrop?.willDelete === 1);
  assert.equal(told.maildrop?.held, 0);
  home.engine.refresh();
  await status(home.engine, now => now.maildrop?.onServer.messages === 2 && now.maildrop.willDelete === 0);
  assert.deepEqual(subjectsOf(server), ['number 2', 'number 3']);
});

test('deleted here under each policy: what goes there and when, and nothing comes again', async () => {
  for (const [serverCopy, first, later] of [
    ['keep', 3, 3],
    ['untilDeletedHere', 2, 2],
    [{ deleteAfterDays: 7 }, 3, 0],
    ['delete', 0, 0],
  ] as const) {
    await using server = await startPop3Server({ messages: mails(1, 3) });
    const clock = new FakeClock();
    await using home = await openHome(server, { serverCopy, clock });
    await home.engine.syncOnce(null);
    await (await deleteForGood(home, ['number 2']))();
    await home.engine.syncOnce(null);
    assert.equal(server.messages.length, first, JSON.stringify(serverCopy));
    await clock.advance(8 * DAY);
    assert.equal((await home.engine.syncOnce(null)).received, 0);
    assert.equal(server.messages.length, later, JSON.stringify(serverCopy));
    assert.equal(home.folder('inbox')?.counts.total, 2);
  }
});

test('a message that is here only by its head is deleted here, and there as the policy says', async () => {
  const big = Buffer.concat([mail(2), Buffer.from('x'.repeat(5000))]);
  for (const [serverCopy, left] of [
    ['untilDeletedHere', ['number 1']],
    ['delete', []],
    ['keep', ['number 1', 'number 2']],
  ] as const) {
    await using server = await startPop3Server({ messages: [mail(1), big] });
    await using home = await openHome(server, { serverCopy, pop3: { sizeLimit: 2000 } });
    await home.engine.syncOnce(null);
    assert.equal(home.engine.status().maildrop?.placeholders.messages, 1);
    await (await deleteForGood(home, ['number 2']))();
    const before = server.commands.filter(line => line.startsWith('RETR')).length;
    const report = await home.engine.syncOnce(null);
    assert.equal(report.received, 0);
    assert.deepEqual(subjectsOf(server), left);
    assert.equal(server.commands.filter(line => line.startsWith('RETR')).length, before);
    assert.equal((await home.engine.syncOnce(null)).received, 0);
  }
});

test('what was asked and answered here is not held back, however much it is', async () => {
  await using server = await startPop3Server({ messages: mails(1, 150) });
  await using home = await openHome(server, { serverCopy: 'untilDeletedHere' });
  await home.engine.syncOnce(null);
  const subjects = Array.from({ length: 140 }, (_, n) => `number ${n + 1}`);
  await (await deleteForGood(home, subjects))();
  const report = await home.engine.syncOnce(null);
  assert.equal(report.deletedOnServer, 140);
  assert.equal(server.messages.length, 10);
});

test('LOGIN-DELAY is obeyed after a restart', async () => {
  const capabilities = ['USER', 'UIDL', 'TOP', 'LOGIN-DELAY 1800'];
  await using server = await startPop3Server({ messages: mails(1, 1), capabilities });
  const dir = join(root, String(count++));
  const clock = new FakeClock();
  {
    await using home = await openHome(server, { dir, clock });
    await home.engine.syncOnce(null);
  }
  await clock.advance(10 * MINUTE);
  {
    await using home = await openHome(server, { dir, clock });
    assert.equal((await home.engine.syncOnce(null)).errors[0]?.code, 'pop3.too-soon');
    assert.equal(server.sessions, 1);
  }
  await clock.advance(21 * MINUTE);
  await using home = await openHome(server, { dir, clock });
  assert.deepEqual((await home.engine.syncOnce(null)).errors, []);
  assert.equal(server.sessions, 2);
});
