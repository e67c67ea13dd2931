// The storage screen without a screen: what is found, what its keys do, and what may go.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { foldersApart } from '../../../src/app/storage/policy.ts';
import { storageLayer, storageRows, underCursor } from '../../../src/app/storage/view.ts';
import type { Offline } from '../../../src/config/types.ts';
import { DRAFT, FLAGGED, SEEN } from '../../../src/mail/types.ts';
import { TmailError } from '../../../src/util/errors.ts';
import { FakeFolder, NOW, testConfig, type World, world } from '../fakes.ts';

const DAY = 86_400_000;

function rows(w: World) {
  const state = w.app.state.get();
  const layer = storageLayer(state) ?? assert.fail('the storage screen is not open');
  return storageRows(state, layer);
}

const sizes = (w: World) => rows(w).flatMap(one => (one.t === 'message' ? [one.message.size] : []));

async function press(w: World, ...keys: string[]): Promise<void> {
  for (const key of keys) {
    w.press(key);
    await w.app.settled();
  }
}

function withMail(): Promise<World> {
  return world({
    messages: 3,
    accounts: ['work', 'home'],
    deps: { freeSpace: async () => 1e9 },
    prepare: store => {
      const trash = store.addFolder('work', 'Trash', 'trash');
      trash.add({ size: 50_000, subject: 'Rubbish' });
      const home = [...store.folders.values()].find(({ id }) => id.startsWith('home:'));
      home?.add({ size: 9_000_000, subject: 'Film', from: [{ name: 'Eve', address: 'eve@example.org' }] });
      home?.add({ size: 8_000_000, subject: 'Song', from: [{ name: 'Eve', address: 'EVE@example.org' }] });
    },
  });
}

test('the largest messages of all accounts, and of one', async () => {
  const w = await withMail();
  await press(w, ':', ...'what fills', 'enter');
  assert.deepEqual(sizes(w).slice(0, 4), [9_000_000, 8_000_000, 50_000, 2000]);
  await press(w, 'w');
  assert.equal(sizes(w)[0], 50_000);
  await press(w, 'w');
  assert.equal(sizes(w)[0], 9_000_000);
  assert.equal(w.app.state.get().diskFree, 1e9);
});

test('folders, senders and what is here, round and back', async () => {
  const w = await withMail();
  await press(w, '@', 'j', 'f', 'tab');
  const [folder] = rows(w);
  assert.ok(folder?.t === 'folder' && folder.folder.bytes === 17_006_000 && folder.folder.messages === 5);
  await press(w, 'tab');
  const [sender] = rows(w);
  assert.ok(sender?.t === 'sender' && sender.sender.bytes === 17_000_000 && sender.sender.messages === 2);
  await press(w, 'tab');
  const [account, here] = rows(w);
  assert.ok(account?.t === 'account' && account.account === 'home' && account.files === 6);
  assert.ok(here?.t === 'folder' && here.folder.fileBytes === 17_006_000);
  await press(w, 'tab');
  assert.equal(storageLayer(w.app.state.get())?.about, 'messages');
});

test("a sender's largest messages, and back to the senders", async () => {
  const w = await withMail();
  await press(w, '@', 'j', 'f', 'tab', 'tab', 'enter');
  assert.deepEqual(sizes(w), [9_000_000, 8_000_000]);
  await press(w, 'esc');
  assert.equal(storageLayer(w.app.state.get())?.about, 'senders');
  assert.ok(rows(w).length > 1);
  await press(w, 'esc');
  assert.equal(storageLayer(w.app.state.get()), undefined);
});

test('Enter opens the message, and back leads to the screen', async () => {
  const w = await withMail();
  await press(w, '@', 'j', 'f', 'enter');
  const state = w.app.state.get();
  assert.equal(state.stack.at(-1)?.t, 'reader');
  assert.ok(state.reader?.id.startsWith('home:'));
  await press(w, 'q');
  assert.equal(w.app.state.get().stack.at(-1)?.t, 'storage');
});

test('d moves the largest message to Trash, u brings it back; in Trash it asks', async () => {
  const w = await withMail();
  const trash = [...w.store.folders.values()].find(({ record }) => record.role === 'trash');
  assert.ok(trash);
  const inbox = w.inbox;
  const big = inbox.add({ size: 700_000, subject: 'Big' });
  await press(w, '@', 'f');
  assert.equal(sizes(w)[0], 700_000);
  await press(w, 'd');
  assert.equal(inbox.positionOf(big), -1);
  assert.equal(trash.length, 2);
  assert.match(w.app.state.get().toast?.text ?? '', /Big/);
  await press(w, 'u');
  assert.equal(trash.length, 1);
  assert.ok(inbox.positionOf(big) >= 0);
  await press(w, 'j');
  const row = underCursor(w.app.state.get());
  assert.ok(row?.t === 'message' && row.message.subject === 'Rubbish');
  await press(w, 'd');
  assert.equal(w.app.state.get().stack.at(-1)?.t, 'confirm');
});

test('mail that comes while somebody looks is counted', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let seconds = 0;
  const w = await world({ deps: { now: () => NOW + 1000 * seconds } });
  await press(w, '@', 'f');
  assert.equal(sizes(w)[0], 2000);
  w.inbox.add({ size: 3000 });
  seconds += 3;
  await w.app.settled();
  t.mock.timers.tick(1000);
  await w.app.settled();
  assert.equal(sizes(w)[0], 3000);
});

/** A world whose account keeps that much, with a file of its configuration. */
async function keeping(t: TestContext, offline: Offline, more: Parameters<typeof world>[0] = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-keep-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'config.json');
  const text = JSON.stringify({
    accounts: {
      work: {
        email: 'me@work.example',
        name: 'Me',
        protocol: 'imap',
        incoming: { host: 'imap.work.example', port: 993, security: 'tls' },
        auth: { passwordEnv: 'NONE' },
        offline,
      },
    },
  });
  await writeFile(file, text, { mode: 0o600 });
  const config = testConfig();
  const accounts = config.accounts.map(account => ({ ...account, offline }));
  const w = await world({ messages: 0, ...more, deps: { config: { ...config, file, accounts } } });
  const kept = async () => JSON.parse(await readFile(file, 'utf8')).accounts.work.offline;
  return { w, file, kept };
}

test('what is kept is asked, written into the configuration and obeyed at once', async t => {
  const { w, kept } = await keeping(t, 'all');
  await press(w, '@', 'p', 'h');
  assert.equal(await kept(), 'headers');
  assert.deepEqual(
    w.engines[0]?.calls.filter(call => call.startsWith('keep')),
    ['keep "headers"'],
  );
  assert.equal(w.app.state.get().kept.work?.offline, 'headers');
  await press(w, 'p', 'l', 'backspace', 'backspace', ...'0', 'enter');
  assert.match(JSON.stringify(w.app.state.get().stack.at(-1)), /A number of days/);
  await press(w, 'backspace', ...'30', 'enter');
  assert.deepEqual(await kept(), { days: 30 });
  assert.equal(w.app.state.get().stack.at(-1)?.t, 'accounts');
});

test('a configuration that can not be written is said, and nothing changes', async t => {
  const { w, file } = await keeping(t, 'all');
  await writeFile(file, '{ "accounts": {} }');
  await press(w, '@', 'p', 'h');
  assert.match(w.app.state.get().log.at(-1)?.text ?? '', /config\.json/);
  assert.deepEqual(w.app.state.get().kept, {});
  assert.equal(
    w.engines[0]?.calls.some(call => call.startsWith('keep')),
    false,
  );
});

test('only what its server has, what nothing waits for and what is not to be kept goes', async t => {
  const old = NOW - 100 * DAY;
  const { w } = await keeping(t, { days: 30 });
  const inbox = w.inbox;
  const add = (subject: string, arrival: number, flags = SEEN) => inbox.add({ subject, arrival }, flags);
  const goes = add('goes', old);
  const newer = add('newer', NOW);
  const draft = add('draft', old, DRAFT);
  const queued = add('queued', old);
  const landed = add('landed', old);
  const local = add('only here', old);
  const target = (uid: number) => [{ uid, remote: null, messageId: '' }];
  const stamp = { at: NOW, tries: 0 };
  w.store.operations.push(
    { t: 'flags', folder: inbox.id, targets: target(queued), add: ['\\Seen'], remove: [], id: 'a', ...stamp },
    { t: 'move', folder: 'work:3', to: inbox.id, targets: target(9), landing: [landed], id: 'b', ...stamp },
  );
  const remote = FakeFolder.prototype.remote;
  t.mock.method(inbox, 'remote', (uid: number) => (uid === local ? null : remote.call(inbox, uid)));
  const drafts = [...w.store.folders.values()].find(({ record }) => record.role === 'drafts');
  const other = drafts?.add({ arrival: old }, SEEN) ?? 0;
  await press(w, '@', 'C');
  const question = w.app.state.get().stack.at(-1);
  assert.ok(question?.t === 'confirm');
  assert.match(question.lines.join(' '), /^1 message file of work \(2 kB\) is not to be kept/);
  assert.ok(inbox.raw(goes), 'nothing goes before the answer');
  await press(w, 'y');
  assert.equal(inbox.raw(goes), null);
  for (const uid of [newer, draft, queued, landed, local]) assert.ok(inbox.raw(uid), String(uid));
  assert.ok(drafts?.raw(other));
  assert.match(w.app.state.get().log.at(-1)?.text ?? '', /Removed 1 message file, 2 kB/);
});

test('p on a folder changes what is kept of it alone, and s gives it back to its account', async t => {
  const { w, file } = await keeping(t, 'all', { messages: 3 });
  const written = async () => JSON.parse(await readFile(file, 'utf8')).accounts.work.offlineFolders;
  const keeps = () => w.engines[0]?.calls.filter(call => call.startsWith('keep')).at(-1);
  await press(w, '@', 'f', 'tab');
  const at = rows(w).findIndex(row => row.t === 'folder' && row.folder.messages === 1);
  await press(w, ...'j'.repeat(at));
  await press(w, 'p');
  const question = w.app.state.get().stack.at(-1);
  assert.ok(question?.t === 'ask');
  assert.equal(question.title, 'Keep on this computer: lists/debian');
  assert.match(question.lines.join(' '), /^Now all mail, as the account\..* 1 message, 2 kB/);
  await press(w, 'h');
  assert.deepEqual(await written(), { 'lists/debian': 'headers' });
  assert.equal(keeps(), 'keep "all" {"lists/debian":"headers"}');
  assert.match(
    w.app.state.get().log.at(-1)?.text ?? '',
    /^"lists\/debian" keeps headers only here from now on\. C frees 2 kB of 1 message\.$/,
  );
  await press(w, 'p', 'c', 'C-u', ...'0', 'enter');
  assert.match(JSON.stringify(w.app.state.get().stack.at(-1)), /A number of messages, from 1 to 1,000,000/);
  await press(w, 'backspace', ...'20', 'enter', 'p', 't');
  assert.deepEqual(await written(), { 'lists/debian': { newest: 20, attachments: false } });
  await press(w, 'p', 'o');
  assert.equal(keeps(), 'keep "all" {"lists/debian":"none"}');
  await press(w, 'p', 's');
  assert.deepEqual(await written(), {});
  assert.equal(keeps(), 'keep "all"');
  // The account's own stays what it was all the time.
  assert.equal(w.app.state.get().kept.work?.offline, 'all');
});

test('p in the folder pane is about the folder under the cursor, and the screen of accounts tells it', async t => {
  const { w } = await keeping(t, { days: 30 }, { messages: 3 });
  await press(w, '`', 'j', 'p', 'a');
  assert.deepEqual(w.app.state.get().kept.work?.offlineFolders, { Drafts: 'all' });
  assert.deepEqual(foldersApart(w.app.state.get(), testConfig().accounts[0]), ['Drafts: all mail']);
});

test('what goes is told by folder before it goes; starred mail stays, also where only the newest do', async t => {
  const { w } = await keeping(t, { newest: 2 });
  const lists = [...w.store.folders.values()].find(({ record }) => record.path === 'lists/debian');
  assert.ok(lists);
  const add = (n: number, flags = SEEN) => w.inbox.add({ subject: `m${n}`, size: n * 1000 }, flags);
  const [first, star, third, fourth, fifth] = [add(1), add(2, SEEN | FLAGGED), add(3), add(4), add(5)];
  for (let n = 0; n < 4; n++) lists.add({ size: 10_000 }, SEEN);
  await press(w, '@', 'C');
  const question = w.app.state.get().stack.at(-1);
  assert.ok(question?.t === 'confirm');
  const text = question.lines.join('\n');
  assert.match(text, /^5 message files of work \(\d+ kB\) are not to be kept here/);
  assert.match(text, /^- lists\/debian: 3, \d+ kB \(keeps the newest 2 messages\)$/m);
  assert.match(text, /^- Inbox: 2, 4 kB/m);
  assert.match(text, /^1 starred message stays\.$/m);
  for (const uid of [first, third]) assert.ok(w.inbox.raw(uid), 'nothing goes before the answer');
  await press(w, 'y');
  assert.deepEqual(
    [first, star, third, fourth, fifth].map(uid => Boolean(w.inbox.raw(uid))),
    [false, true, false, true, true],
  );
});

test('a folder with its own choice is cleaned by that, whatever its account keeps', async t => {
  const { w } = await keeping(t, 'headers', { messages: 2 });
  await press(w, '`', 'p', 'a', 'esc', '@', 'C');
  const question = w.app.state.get().stack.at(-1);
  assert.ok(question?.t === 'confirm');
  assert.match(question.lines.join(' '), /^1 message file of work/, 'the one of lists/debian');
  await press(w, 'y');
  assert.ok(w.inbox.raw(1) && w.inbox.raw(2));
});

test('that what goes can not be read for now is said where the server is away', async t => {
  const { w } = await keeping(t, 'headers', { messages: 2 });
  const question = async () => {
    await press(w, '@', 'C');
    const layer = w.app.state.get().stack.at(-1);
    assert.ok(layer?.t === 'confirm');
    await press(w, 'n');
    return layer.lines.join(' ');
  };
  w.engines[0]?.become({ phase: 'online' });
  await w.app.settled();
  assert.doesNotMatch(await question(), /not connected/);
  w.engines[0]?.become({ phase: 'offline' });
  await w.app.settled();
  assert.match(await question(), /work is not connected: until then what goes can not be read\./);
});

test('on a full disk, where not even the note that they go has room, files go first', async t => {
  const { w } = await keeping(t, 'headers', { messages: 2 });
  const inbox = w.inbox;
  const apply = FakeFolder.prototype.apply;
  let full = true;
  t.mock.method(inbox, 'apply', async (change: Parameters<typeof apply>[0]) => {
    // What is in memory changes all the same.
    await apply.call(inbox, change);
    if (full) throw new TmailError('storage', 'disk.full', { retry: 'auto' });
  });
  const account = await w.store.account('work');
  const removed: number[] = [];
  t.mock.method(account.raw, 'remove', async ({ n }: { n: number }) => {
    removed.push(n);
    full = false;
  });
  await press(w, '@', 'C', 'y');
  assert.deepEqual(removed.sort(), [1, 2]);
  assert.match(w.app.state.get().log.at(-1)?.text ?? '', /^Removed 3 message files/);
});

test('of large messages with attachments the file goes, and their texts are fetched again', async t => {
  const { w } = await keeping(t, { attachments: false });
  const scan = w.inbox.add({ size: 90_000, attachments: 2 }, SEEN);
  const plain = w.inbox.add({ size: 90_000, attachments: 0 }, SEEN);
  const small = w.inbox.add({ size: 9000, attachments: 1 }, SEEN);
  await press(w, '@', 'C');
  const question = w.app.state.get().stack.at(-1);
  assert.ok(question?.t === 'confirm');
  assert.match(question.lines.join(' '), /^1 message file .* Of 1 message only the attachments go/);
  await press(w, 'y');
  assert.deepEqual(
    [scan, plain, small].map(uid => Boolean(w.inbox.raw(uid))),
    [false, true, true],
  );
  assert.equal(w.engines[0]?.calls.at(-1), 'keep {"attachments":false}', 'looked for again');
});

test('where all mail is kept nothing goes, and POP3 mail never', async t => {
  const { w } = await keeping(t, 'all', { messages: 3 });
  await press(w, '@', 'C');
  assert.match(w.app.state.get().toast?.text ?? '', /keeps all mail here/);
  const config = testConfig();
  const accounts = config.accounts.map(one => ({
    ...one,
    protocol: 'pop3' as const,
    serverCopy: 'keep' as const,
  }));
  const pop = await world({ deps: { config: { ...config, accounts } } });
  await press(pop, '@', 'C');
  assert.match(pop.app.state.get().toast?.text ?? '', /only here/);
  await press(pop, 'p');
  assert.match(pop.app.state.get().toast?.text ?? '', /only here/);
  assert.ok(pop.inbox.raw(1));
});
