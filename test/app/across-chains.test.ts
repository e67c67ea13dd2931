// Moves to another account whose message is itself still on its way somewhere: taken back, refused, gone on, or cut off
// between its two halves, it is in one account and on the way to that one's server.
import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import type { Core } from '../../src/app/core.ts';
import { createAcross, takeBackCopy } from '../../src/app/organising/across.ts';
import { createCarry } from '../../src/app/organising/carry.ts';
import { dropOperation } from '../../src/app/organising/queue.ts';
import { envelopeOf } from '../../src/mail/headers.ts';
import type { FolderId, RemoteRef } from '../../src/mail/types.ts';
import { type LocalStore, openStore } from '../../src/store/store.ts';
import type { AccountStore, FolderStore } from '../../src/store/types.ts';
import { TmailError } from '../../src/util/errors.ts';
import type { Account } from '../store/fake-server.ts';
import { info, ownedStore, temporaryDirectory } from '../store/harness.ts';

const BYTES = Buffer.from('Message-ID: <1@x>\r\nSubject: one\r\n\r\nbody\r\n');
const ENVELOPE = envelopeOf(BYTES, { size: BYTES.length, arrival: 1 });
const SYNC = { uidValidity: '7', uidNext: 2, highestModseq: null, filledDownTo: 1 };
const PLACE: RemoteRef = { t: 'imap', uidValidity: '7', uid: 1 };
const NOTHING = (): void => undefined;

interface Place {
  readonly account: Account;
  readonly folder: FolderStore;
}

async function place(store: LocalStore, id: string, n = 0): Promise<Place> {
  const account = await store.account(id);
  const folder = await account.folder(account.folders()[n]?.id ?? `${id}:0`);
  await folder.loadAll();
  return { account, folder };
}

/** `work` and `third` on IMAP servers, `home` only here. */
async function begin(t: TestContext) {
  const dir = await temporaryDirectory(t);
  const { store } = await ownedStore(t, dir);
  for (const id of ['work', 'third']) {
    const account = await store.account(id);
    await account.setFolders([info('INBOX', { role: 'inbox' }), info('X')]);
    for (const n of [0, 1]) await (await place(store, id, n)).folder.apply({ sync: SYNC }, 'now');
  }
  await (await store.account('home')).setFolders([info('Inbox', { remote: false, role: 'inbox' })]);
  const inbox = await place(store, 'work');
  const x = await place(store, 'work', 1);
  const third = await place(store, 'third');
  const home = await place(store, 'home');
  const mail = new Map<string, AccountStore>(
    [inbox, third, home].map(({ account }) => [account.id, account] as const),
  );
  const protocols = { work: 'imap', third: 'imap', home: 'pop3' };
  const config = { accounts: Object.entries(protocols).map(([id, protocol]) => ({ id, protocol })) };
  // All of the program that this part of it looks at.
  const said: string[] = [];
  const core = {
    deps: { config },
    mail,
    opened: new Map<FolderId, FolderStore>(),
    state: { get: () => ({ accounts: [] }) },
    data: { folder: () => undefined },
    say: (_: string, text: string) => said.push(text),
  } as unknown as Core;
  const carry = createCarry(core, { applied: NOTHING, returned: NOTHING });
  const deps = { fetchWhole: async () => undefined, returned: NOTHING };
  const across = createAcross(core, carry, deps);
  return {
    dir,
    mail,
    inbox,
    x,
    third,
    home,
    said,
    drop: (account: string, id: string) => dropOperation(core, account, id),
    async send(from: Place, to: Place) {
      await from.folder.ensure(0, from.folder.length - 1);
      const messages = [{ folder: from.folder.record.id, uids: [from.folder.uidAt(0) ?? 0] }];
      const { copies, failed } = await across.send(messages, to.folder.record.id, true);
      return { failed, takeBack: async () => copies[0] && takeBackCopy(core, carry, deps, copies[0])() };
    },
  };
}

/** A message that a server has, or that is only here. */
async function put({ account, folder }: Place, remote: RemoteRef | null): Promise<number> {
  const uid = folder.reserve(1);
  const raw = await account.raw.write(BYTES, { folder: folder.record.id, uid, remote, partial: false });
  await folder.apply({ put: [{ uid, remote, flags: [], envelope: ENVELOPE, raw }] }, 'now');
  return uid;
}

/** One that is on its way to the server. */
const make = ({ account, folder }: Place) =>
  account.append({
    folder: folder.record.id,
    bytes: BYTES,
    envelope: ENVELOPE,
    flags: [],
    date: 1,
    upload: true,
  });

/** What waits for a server, and what has no server and is settled in the background. */
async function waiting(...places: readonly Place[]): Promise<readonly string[]> {
  for (const { account } of places) await account.recovered();
  await new Promise(resolve => setTimeout(resolve, 50));
  return places.flatMap(({ account }) => account.queue().map(op => `${op.t} ${op.folder}`));
}

for (const half of ['append', 'delete'] as const) {
  test(`a move to another server that still waits is dropped as a whole, by its ${half}`, async t => {
    const { inbox, third, send, drop, said } = await begin(t);
    await put(inbox, PLACE);
    assert.deepEqual((await send(inbox, third)).failed, []);
    const at = half === 'append' ? third : inbox;
    const [op] = at.account.queue();
    assert.equal(op?.t, half);
    await drop(at.account.id, op?.id ?? '');
    assert.deepEqual(await waiting(inbox, third), []);
    assert.deepEqual([inbox.folder.length, third.folder.length], [1, 0]);
    assert.match(said.join(), /^Not done, and taken back here: .*, and 1 that built on it\.$/);
  });
}

test('of a move to an account without a server only the leaving waits: dropped, it says that the copy stays', async t => {
  const { inbox, home, send, drop, said } = await begin(t);
  await put(inbox, PLACE);
  assert.deepEqual((await send(inbox, home)).failed, []);
  await waiting(inbox, home);
  const [op] = inbox.account.queue();
  await drop('work', op?.id ?? '');
  assert.deepEqual([inbox.folder.length, home.folder.length], [1, 1]);
  assert.match(said.join(), /Take 1 message away from .*, moved to another account\. The copy .* stays/);
});

test('a message that was not uploaded yet, moved to an account that can not take it, is still uploaded', async t => {
  const { x, home, mail, send } = await begin(t);
  await make(x);
  const unable: AccountStore = Object.assign(Object.create(home.account), {
    id: 'home',
    announce: () => home.account.announce(),
    append: () => Promise.reject(new TmailError('storage', 'disk.full')),
  });
  mail.set('home', unable);
  const { failed } = await send(x, home);
  assert.deepEqual(
    failed.map(({ code }) => code),
    ['disk.full'],
  );
  assert.equal(x.folder.length, 1);
  assert.deepEqual(await waiting(x), ['append work:2']);
});

test('the same when the program ends between the two halves', async t => {
  const { x, home, dir } = await begin(t);
  const { folder, targets } = await make(x);
  const after = { account: 'home', operation: home.account.announce() };
  await x.account.commit({ t: 'delete', folder, targets, after });
  const later = await temporaryDirectory(t);
  await cp(dir, later, { recursive: true, filter: path => !path.endsWith('owner.sock') });
  const first = await openStore({ dir: later, mode: 'owner' });
  await place(first, 'work');
  await first.close();
  const store = await openStore({ dir: later, mode: 'owner' });
  t.after(() => store.close());
  const again = await place(store, 'work', 1);
  assert.equal(again.folder.length, 1);
  assert.deepEqual(await waiting(again), ['append work:2']);
});

test('a message that was not uploaded yet, moved on and taken back, is where it was', async t => {
  const { x, third, send } = await begin(t);
  await make(x);
  const { takeBack } = await send(x, third);
  assert.equal(await takeBack(), true);
  assert.deepEqual([x.folder.length, third.folder.length], [1, 0]);
  assert.deepEqual(await waiting(x, third), ['append work:2']);
});

test('moved to a second account and on to a third before anything was sent, it is in the third alone', async t => {
  const { inbox, third, home, send } = await begin(t);
  await put(inbox, PLACE);
  await send(inbox, third);
  await send(third, home);
  assert.deepEqual(
    [inbox, third, home].map(({ folder }) => folder.length),
    [0, 0, 1],
  );
  // Each server hears in turn: the upload that was passed by, then what takes it away again, and the original.
  assert.deepEqual(await waiting(third), ['append third:1', 'delete third:1']);
  const [upload] = third.account.queue();
  await third.account.appended(upload?.id ?? '', PLACE);
  await third.account.settled(upload?.id ?? '');
  const [away] = third.account.queue();
  assert.deepEqual(away?.t === 'delete' && [third.account.ready(away), away.targets[0]?.remote], [
    true,
    PLACE,
  ]);
  const [original] = inbox.account.queue();
  assert.ok(original && inbox.account.ready(original));
});

test('a move from an account without a server, taken back before the upload, leaves one message there', async t => {
  const { inbox, home, send } = await begin(t);
  await put(home, null);
  const { takeBack } = await send(home, inbox);
  assert.deepEqual([home.folder.length, inbox.folder.length], [0, 1]);
  assert.equal(await takeBack(), true);
  assert.deepEqual([home.folder.length, inbox.folder.length], [1, 0]);
  assert.deepEqual(await waiting(home, inbox), []);
});

test('a refused copy does not bring back what was moved to another account', async t => {
  const { inbox, x, third, send } = await begin(t);
  const uid = await put(inbox, PLACE);
  const { id: folder } = inbox.folder.record;
  const targets = [{ uid, remote: PLACE, messageId: '<1@x>' }];
  const to = x.folder.record.id;
  const copy = await inbox.account.commit({ t: 'copy', folder, to, targets });
  await send(inbox, third);
  await inbox.account.attempt(copy.id);
  await inbox.account.refused(copy.id, new TmailError('rejected', 'imap.over-quota'));
  assert.deepEqual(
    [inbox, x, third].map(each => each.folder.length),
    [0, 0, 1],
  );
  const [upload] = third.account.queue();
  await third.account.settled(upload?.id ?? '');
  assert.deepEqual(await waiting(inbox), ['delete work:1']);
});
