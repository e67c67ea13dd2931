// What a person is told about a POP3 account: before something is deleted on its server, between checks, on its screen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Backup } from '../../src/app/backup.ts';
import { maildropLines, policyText, warningText } from '../../src/app/maildrop.ts';
import type { AccountConfig } from '../../src/config/types.ts';
import type { AccountStatus, MaildropFacts, MaildropWarning } from '../../src/sync/types.ts';
import { TmailError } from '../../src/util/errors.ts';
import { NOW, testConfig, world } from './fakes.ts';

const DAY = 86_400_000;
const facts: MaildropFacts = {
  lastCheck: NOW - 60_000,
  onServer: { messages: 212, bytes: 118_000_000, oldest: NOW - 13 * DAY - 5 },
  alsoHere: { home: 200 },
  willDelete: 9,
  held: 0,
  placeholders: {
    messages: 1,
    bytes: 64_000_000,
    largest: { subject: 'Sc\u001b[31mans', bytes: 64_000_000 },
  },
  skipped: 3,
  later: 0,
  warnings: [],
};
const [work] = testConfig().accounts;
const home: AccountConfig = {
  ...(work ?? assert.fail()),
  id: 'home',
  protocol: 'pop3',
  serverCopy: { deleteAfterDays: 14 },
};
const held: MaildropWarning = { t: 'first-deletion', policy: 'deleteAfterDays 14', count: 9, held: true };

const exportedNow: Backup = {
  only: 12,
  exported: { at: NOW, to: '/backup', format: 'mbox' },
  due: false,
};

function lines(maildrop: MaildropFacts | null, config = home, backup: Backup = exportedNow): string[] {
  const status: AccountStatus = {
    account: 'home',
    phase: 'online',
    error: null,
    retryAt: null,
    progress: [],
    queued: 0,
    lastSync: null,
    nextCheck: NOW,
    maildrop,
  };
  const view = { id: 'home', status, folders: [], queued: 0 };
  return maildropLines(view, config, NOW, backup).map(({ label, text }) => `${label}: ${text}`);
}

async function homeWorld() {
  const config = { ...testConfig(['home']), accounts: [home] };
  const there = await world({ accounts: ['home'], deps: { config } });
  const [engine] = there.engines;
  assert.ok(engine);
  const log = () => there.app.state.get().log.map(({ level, text }) => `${level} ${text}`);
  return { ...there, engine, log };
}

test('the screen of accounts says what is there, the rule, what goes next and what did not come', () => {
  assert.deepEqual(lines(facts), [
    'on server: 212 messages, 118.0 MB, oldest 13 days',
    'policy: leave 14 days',
    'next run: deletes 9 on the server, each verified here first',
    'not here: 1 over the size limit: "Sc\ufffd[31mans" 64.0 MB, 3 from before the first check',
    'export: today, to /backup (mbox)',
  ]);
  assert.equal(lines({ ...facts, held: 9 })[2], 'next run: deletes 9 on the server; D: now');
  assert.equal(lines({ ...facts, willDelete: 0 })[2], 'next run: deletes nothing on the server');
  const until = { ...home, serverCopy: 'untilDeletedHere' } as const;
  assert.equal(lines(facts, until)[2], 'next run: deletes 9 on the server: deleted here for good');
  assert.match(lines(null)[0] ?? '', /^on server: known after/);
});

test('under “delete at once” the next run also deletes what it brings, and what limits leave comes with the next checks', () => {
  const config = { ...home, serverCopy: 'delete' } as const;
  const next = (willDelete: number) => lines({ ...facts, willDelete }, config)[2];
  assert.equal(next(0), 'next run: deletes what it brings, each safe here first');
  assert.equal(next(9), 'next run: deletes 9 and what it brings, each safe here first');
  // Whole at 80 columns.
  assert.ok((next(9999)?.length ?? 99) - 'next run: '.length <= 54);
  const alone = { ...facts, skipped: 0, placeholders: { messages: 0, bytes: 0, largest: null } };
  assert.equal(lines({ ...alone, later: 20 })[3], 'not here: 20 come with the next checks');
  assert.equal(lines({ ...alone, later: 1 })[3], 'not here: 1 comes with the next check');
});

test('mail that just came is zero days old, and what is not here is known after the first check', () => {
  const came = { ...facts, onServer: { ...facts.onServer, oldest: NOW + 5 } };
  assert.equal(lines(came)[0], 'on server: 212 messages, 118.0 MB, oldest 0 days');
  const none = { messages: 0, bytes: 0, largest: null };
  const before = lines({ ...facts, lastCheck: null, skipped: 0, placeholders: none });
  assert.deepEqual(
    [before[0], before[3]],
    ['on server: not looked at yet', 'not here: known after the first check'],
  );
});

test('of Gmail it says that Google’s own setting decides, where that is, and what recent: means', () => {
  const at = (host: string, user: string) =>
    lines(facts, { ...home, incoming: { ...home.incoming, host, user } }).slice(4, -1);
  const link = ': https://mail.google.com/mail/u/0/#settings/fwdandpop';
  const decides = "gmail: Google's POP setting decides what stays there:";
  const others = ': what another program fetched is not shown here';
  assert.deepEqual(at('pop.gmail.com', 'ada@gmail.com'), [decides, link, others]);
  const recent = at('pop.googlemail.com', 'recent:ada@googlemail.com');
  assert.deepEqual(recent, [decides, link, 'recent:: the last 30 days; other programs get them too']);
  assert.deepEqual(at('pop.isp.example', 'recent:ada'), []);
  // Each is whole at 80 columns.
  for (const line of [...recent, others]) assert.ok(line.replace(/^[^:]*:?: /, '').length <= 55, line);
});

test('an account whose mail comes into another one’s inbox says so, and starting with it shows that one', async () => {
  assert.equal(
    lines(facts, { ...home, deliverTo: 'main' })[4],
    'inbox: its mail comes into the inbox of main',
  );
  const main = { ...home, id: 'main' };
  const config = { ...testConfig(['home', 'main']), accounts: [{ ...home, deliverTo: 'main' }, main] };
  const there = await world({
    accounts: ['home', 'main'],
    prepare: store => {
      for (const id of [...store.folders.keys()]) if (id.startsWith('home:')) store.folders.delete(id);
    },
    deps: { config },
  });
  const inbox = there.app.state.get().folder ?? '';
  assert.match(inbox, /^main:/);
  there.press('g', 't', '@', 'enter');
  await there.app.settled();
  assert.equal(there.app.state.get().folder, inbox);
  there.app.quit();
});

test('each policy has its words', () => {
  assert.deepEqual(
    (['keep', 'untilDeletedHere', 'delete', { deleteAfterDays: 1 }] as const).map(policyText),
    ['leave all', 'leave until deleted here', 'delete at once', 'leave 1 day'],
  );
});

test('what will be deleted is said with number, rule and what to do; what only looks odd is not alarming', () => {
  assert.match(warningText(held), /^9 messages .*"leave 14 days".*next check does it.*D on the @ screen/);
  const first: MaildropWarning = { ...held, policy: 'delete', held: false };
  assert.match(warningText(first), /"delete at once" and are deleted there, for the first time/);
  const many: MaildropWarning = { t: 'many-deletions', count: 5000, usual: 10, held: true };
  assert.match(
    warningText(many),
    /^5,000 messages .*far more than usual \(10\)\. Is this computer's clock right\?/,
  );
  for (const t of ['returned', 'renumbered', 'unrecognisable'] as const) {
    assert.match(warningText({ t, count: 1 }), /1 message\b/);
  }
});

test('of one message it is said as of one, and of mail that was deleted here not that its copy is read', () => {
  const one = (policy: string, held = false) => warningText({ t: 'first-deletion', policy, count: 1, held });
  assert.equal(
    one('delete'),
    '1 message on the server falls under "delete at once" and is deleted there, for the first time. The copy here is read again before.',
  );
  assert.match(one('delete', true), /^1 message on the server, from before this rule, falls under /);
  assert.equal(
    one('untilDeletedHere'),
    '1 message on the server falls under "leave until deleted here" and is deleted there, for the first time.',
  );
  assert.match(warningText({ t: 'returned', count: 1 }), /^1 message that was gone .* It is fetched/);
  assert.match(warningText({ t: 'unrecognisable', count: 1 }), /for 1 message\. It is fetched/);
  const two = warningText({ t: 'first-deletion', policy: 'untilDeletedHere', count: 2, held: false });
  assert.match(two, /^2 messages .* fall under .* are deleted there, for the first time\.$/);
});

test('a warning is shown once, also when the status comes again, and again when it is another', async () => {
  const { engine, app, log } = await homeWorld();
  engine.become({ nextCheck: NOW + 600_000, maildrop: { ...facts, warnings: [held] } });
  await app.settled();
  assert.equal(app.state.get().toast?.text, `home: ${warningText(held)}`);
  engine.become({ maildrop: { ...facts, warnings: [held] } });
  await app.settled();
  assert.equal(log().length, 1);
  assert.match(log()[0] ?? '', /^warning home: 9 messages/);
  engine.become({ maildrop: { ...facts, warnings: [held, { t: 'renumbered', count: 7 }] } });
  await app.settled();
  assert.equal(log().length, 2);
  assert.match(log()[1] ?? '', /^info home: the server has new names for 7 messages/);
  app.quit();
});

test('trouble that does not end the connection is said as well', async () => {
  const { engine, app, log } = await homeWorld();
  const error = new TmailError('storage', 'pop3.copy-damaged', { retry: 'auto' });
  engine.become({ error });
  await app.settled();
  engine.become({ error, progress: [] });
  await app.settled();
  assert.equal(log().length, 1);
  assert.match(log()[0] ?? '', /^warning home: the copy of a message here is damaged/);
  app.quit();
});

test('D on the screen of accounts agrees to what is held, and only then', async () => {
  const { engine, app, press } = await homeWorld();
  engine.become({ nextCheck: NOW + 600_000, maildrop: facts });
  await app.settled();
  press('@', 'D');
  assert.match(app.state.get().toast?.text ?? '', /^No deletion on the server/);
  assert.ok(!engine.calls.includes('agree'));
  engine.become({ maildrop: { ...facts, held: 9 } });
  await app.settled();
  press('D');
  await app.settled();
  assert.deepEqual(engine.calls.slice(-2), ['agree', 'refresh']);
  assert.equal(app.state.get().toast?.text, 'home: 9 messages on the server go now.');
  app.quit();
});
