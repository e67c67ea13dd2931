// Notices of new mail: by which rule, in which words, how often, and what a person's own program is told.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createArrivals } from '../../src/app/arrivals.ts';
import { runNotice } from '../../src/app/notice-command.ts';
import { isQuiet, noticeText, rings } from '../../src/app/notice-rule.ts';
import type { NoticeSettings, NoticeWay } from '../../src/config/types.ts';
import { SEEN } from '../../src/mail/types.ts';
import { NO_SETTINGS } from '../../src/store/settings.ts';
import { noticeSequences } from '../../src/ui/notice-sequence.ts';
import { FakeFolder, FakeStore, NOW, testConfig, world } from './fakes.ts';

const root = await mkdtemp(join(tmpdir(), 'tmail-notices-'));
after(() => rm(root, { recursive: true, force: true }));

const SETTINGS: NoticeSettings = { by: ['osc9'], command: null, every: 60_000, quiet: null, folders: {} };
const ada = { name: 'Ada', address: 'ada@x.example' };
const grace = { name: 'Grace', address: 'grace@x.example' };

function recordOf(account: string, path: string, role: FakeFolder['record']['role']) {
  return new FakeFolder(new FakeStore(), `${account}:1`, { path, role, selectable: true }).record;
}

/** A program that is told of arrivals, and what the terminal heard. */
async function listening(
  change: Partial<NoticeSettings> = {},
  now: () => number = () => NOW,
  muted: readonly string[] = [],
) {
  const arrivals = createArrivals();
  const told: string[] = [];
  let wake: () => void = () => undefined;
  const notify = (_ways: readonly NoticeWay[], text: string) => {
    told.push(text);
    wake();
  };
  const accounts = ['work', 'home'];
  const here = await world({
    accounts,
    prepare: store => {
      const shape = { ...NO_SETTINGS, muted: { work: muted } };
      Object.assign(store, { settings: { get: () => shape, change: () => undefined } });
    },
    deps: {
      arrivals,
      now,
      config: { ...testConfig(accounts), notices: { ...SETTINGS, ...change } },
      terminal: { suspend: () => undefined, redraw: () => undefined, bell: () => undefined, notify },
    },
  });
  const folderOf = (account: string, path: string) => {
    const found = [...here.store.folders.values()].find(
      ({ record }) => record.account === account && record.path === path,
    );
    if (!found) throw new Error(path);
    return found;
  };
  return {
    ...here,
    told,
    folderOf,
    arrived: arrivals.arrived,
    /** Mail comes into the folder. */
    comes(account: string, path: string, from = ada, flags = 0) {
      const folder = folderOf(account, path);
      const uid = folder.add({ from: [from] }, flags);
      arrivals.arrived(folder.id, [uid]);
      return { folder, uid };
    },
    /** Until the terminal has been told this many times. */
    async heard(count: number) {
      // The program's own timers keep nobody here.
      const stay = setInterval(() => undefined, 1000);
      while (told.length < count) {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
      clearInterval(stay);
    },
    async [Symbol.asyncDispose]() {
      here.app.quit();
      await here.app.ended;
    },
  };
}

test('what comes together is one notice, with accounts, folders and senders', async () => {
  await using here = await listening();
  here.comes('work', 'INBOX');
  here.comes('work', 'INBOX', grace);
  here.comes('work', 'INBOX', ada);
  here.comes('home', 'INBOX', { name: '', address: 'charles@x.example' });
  await here.heard(1);
  assert.deepEqual(here.told, ['3 new in work/Inbox: Ada, Grace; 1 new in home/Inbox: charles@x.example']);
});

test('nothing for what is read already, for lists, Sent and Drafts, unless a rule names the list', async () => {
  await using here = await listening({ folders: { 'home/lists': true } });
  here.comes('work', 'INBOX', ada, SEEN);
  here.comes('work', 'Sent');
  here.comes('work', 'Drafts');
  here.comes('work', 'lists/debian');
  here.comes('home', 'lists/debian', grace);
  await here.heard(1);
  assert.deepEqual(here.told, ['1 new in home/lists/debian: Grace']);
});

test('what was read before its turn came is not told', async () => {
  await using here = await listening();
  const { folder, uid } = here.comes('work', 'INBOX');
  await here.app.settled();
  const entry = folder.entries.get(uid);
  assert.ok(entry);
  entry.flags |= SEEN;
  here.comes('work', 'INBOX', grace);
  await here.heard(1);
  assert.deepEqual(here.told, ['1 new in work/Inbox: Grace']);
});

test('an answer in a muted conversation comes read and unannounced', async () => {
  await using here = await listening({}, () => NOW, ['root@x']);
  const inbox = here.folderOf('work', 'INBOX');
  const uid = inbox.add({ from: [ada], references: ['root@x'], inReplyTo: 'root@x', messageId: 'answer@x' });
  here.arrived(inbox.id, [uid]);
  here.comes('work', 'INBOX', grace);
  await here.heard(1);
  assert.deepEqual(here.told, ['1 new in work/Inbox: Grace']);
  assert.equal((inbox.flags(uid) ?? 0) & SEEN, SEEN);
  const [last] = here.store.operations.slice(-1);
  assert.deepEqual(last?.t === 'flags' && [last.targets.map(target => target.uid), last.add], [
    [uid],
    ['\\Seen'],
  ]);
});

test('after the first notice the next one waits and gathers', async () => {
  await using here = await listening({ every: 900 });
  here.comes('work', 'INBOX');
  await here.heard(1);
  const since = performance.now();
  here.comes('work', 'INBOX', ada);
  await here.app.settled();
  here.comes('work', 'INBOX', grace);
  await here.heard(2);
  assert.ok(performance.now() - since >= 850);
  assert.deepEqual(here.told[1], '2 new in work/Inbox: Ada, Grace');
});

test('quiet hours are quiet, over midnight too, and what came in them is not told afterwards', async () => {
  const at = (hours: number, minutes = 0) => new Date(2027, 3, 5, hours, minutes).getTime();
  const night = { from: 22 * 60 + 30, to: 7 * 60 };
  assert.deepEqual(
    [at(22, 29), at(22, 30), at(0), at(6, 59), at(7)].map(now => isQuiet(night, now)),
    [false, true, true, true, false],
  );
  assert.equal(isQuiet({ from: 12 * 60, to: 13 * 60 }, at(12, 30)), true);
  assert.equal(isQuiet({ from: 12 * 60, to: 13 * 60 }, at(13)), false);
  let now = at(23);
  await using here = await listening({ quiet: night }, () => now);
  here.comes('work', 'INBOX', ada);
  await here.app.settled();
  now = at(8);
  here.comes('work', 'INBOX', grace);
  await here.heard(1);
  assert.deepEqual(here.told, ['1 new in work/Inbox: Grace']);
});

test('the closest rule counts: folder, folders above, role, account, else the inboxes', () => {
  const lists = recordOf('work', 'lists/debian', null);
  const inbox = recordOf('work', 'INBOX', 'inbox');
  assert.deepEqual([rings(inbox, {}), rings(lists, {})], [true, false]);
  assert.deepEqual([rings(inbox, { work: false }), rings(lists, { work: true })], [false, true]);
  assert.equal(rings(lists, { work: true, 'work/lists': false }), false);
  assert.equal(rings(lists, { 'work/lists': false, 'work/lists/debian': true }), true);
  assert.equal(rings(inbox, { work: false, 'work/inbox': true }), true);
  assert.equal(rings(recordOf('work', 'Junk', 'junk'), { work: true, 'work/Junk': true }), false);
  assert.equal(rings(recordOf('work', '__proto__', null), {}), false);
});

test('a notice stays one short line whoever writes', () => {
  const evil = { name: 'A\u001b]0;x\u0007\nB\u202e', address: '' };
  const text = noticeText([
    {
      record: recordOf('work', 'a\u001b[2J', null),
      from: [[evil], [], [{ name: 'x'.repeat(500), address: '' }]],
    },
  ]);
  assert.ok(!/[\p{Cc}\u202e]/u.test(text), JSON.stringify(text));
  assert.match(text, /\(nobody\)/);
  assert.ok(text.length < 200);
  const many = Array.from({ length: 5 }, () => ({ record: recordOf('w', 'f', null), from: [[ada]] }));
  assert.match(noticeText(many), /; 2 new in other folders$/);
});

test('a terminal is told in a sequence that it knows, wrapped in tmux, else by the bell, and text stays inside', () => {
  const nasty = 'a\u0007b\u001b\\c\u009cd;e';
  const xterm = { TERM: 'xterm-256color' };
  assert.equal(noticeSequences(['osc9'], 'hello', xterm), '\x1b]9;tmail: hello\x07');
  assert.equal(noticeSequences(['osc777', 'bell'], 'a;b', xterm), '\x1b]777;notify;tmail;a,b\x07\x07');
  for (const way of ['osc9', 'osc777'] as const) {
    const inside = noticeSequences([way], nasty, xterm).slice(2, -1);
    assert.ok(!/\p{Cc}/u.test(inside), JSON.stringify(inside));
  }
  const tmux = { TERM: 'tmux-256color', TMUX: '/tmp/tmux-0/default,1,0' };
  assert.equal(noticeSequences(['osc9'], 'hi', tmux), '\x1bPtmux;\x1b\x1b]9;tmail: hi\x07\x1b\\');
  for (const env of [
    { TERM: 'linux' },
    { TERM: 'screen' },
    { TERM: 'screen', STY: '1.x' },
    { TERM: 'tmux' },
    {},
  ]) {
    assert.equal(noticeSequences(['osc9', 'osc777', 'bell'], 'hi', env), '\x07');
  }
  assert.equal(noticeSequences(['osc9'], 'hi', { ...xterm, TMUX: 'x' }), '\x1b]9;tmail: hi\x07');
  assert.ok(noticeSequences(['osc9'], 'x'.repeat(10_000), xterm).length < 250);
});

test('the program of a person reads the facts as one line of JSON, without a shell', async () => {
  const to = join(root, 'facts; echo $HOME');
  const script = `process.stdin.pipe(require('fs').createWriteStream(process.argv[1]))`;
  await using here = await listening({ by: ['osc9'], command: [process.execPath, '-e', script, to] });
  const { folder, uid } = here.comes('work', 'INBOX', grace);
  await here.heard(1);
  await here.app.settled();
  const text = await readFile(to, 'utf8');
  assert.match(text, /^[^\n]+\n$/);
  const facts = JSON.parse(text);
  assert.equal(facts.event, 'new-mail');
  assert.equal(facts.count, 1);
  assert.equal(facts.text, '1 new in work/Inbox: Grace');
  assert.equal(facts.messages[0].id, `${folder.id}:${uid}`);
  assert.deepEqual(facts.messages[0].from, [grace]);
  assert.equal(facts.messages[0].subject, 'Engine timetable for the spring meeting');
});

test('a program that hangs, is not there or does not read is ended and named', async () => {
  const signal = new AbortController().signal;
  const run = (command: readonly string[], limitMs: number) =>
    runNotice({ command, input: 'x'.repeat(1_000_000), env: process.env, signal, limitMs });
  const pids = join(root, 'pids');
  await writeFile(pids, '');
  const hang = `require('fs').appendFileSync(${JSON.stringify(pids)}, process.pid + '\\n'); setInterval(() => {}, 1000)`;
  await assert.rejects(run([process.execPath, '-e', hang], 400), { code: 'notice.command' });
  const [pid] = (await readFile(pids, 'utf8')).split('\n').map(Number);
  if (pid) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  await assert.rejects(run([join(root, 'nothing-here')], 5000), { code: 'notice.command' });
  await assert.rejects(run([process.execPath, '-e', 'process.exit(3)'], 10_000), { code: 'notice.command' });
  await run([process.execPath, '-e', 'process.exit(0)'], 10_000);
});

test('a failing program is complained of once', async () => {
  await using here = await listening({ every: 300, command: [join(root, 'nothing-here')] });
  for (const n of [1, 2]) {
    here.comes('work', 'INBOX');
    await here.heard(n);
    await here.app.settled();
  }
  const complaints = here.app.state.get().log.filter(({ text }) => text.includes('nothing-here'));
  assert.equal(complaints.length, 1);
});
