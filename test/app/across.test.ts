// Mail goes to another account on a disk that dies at any change: it is in one of the two, whole, whenever that is.
import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Core } from '../../src/app/core.ts';
import { type Copied, createAcross, takeBackCopy } from '../../src/app/organising/across.ts';
import { createCarry } from '../../src/app/organising/carry.ts';
import { envelopeOf } from '../../src/mail/headers.ts';
import type { FolderId } from '../../src/mail/types.ts';
import { type LocalStore, openStore } from '../../src/store/store.ts';
import type { FolderStore } from '../../src/store/types.ts';
import { TmailError } from '../../src/util/errors.ts';
import { dyingDisk } from '../store/faulty-disk.ts';
import { info, MEMORY } from '../store/harness.ts';

const NUMBERS = [1, 2] as const;
const bytesOf = (n: number): Buffer =>
  Buffer.from(`Message-ID: <${n}@x>\r\nSubject: ${n}\r\n\r\nbody ${n}\r\n`);

/** `work` on an IMAP server, with mail; `home` only here. */
async function accounts(store: LocalStore) {
  const work = await store.account('work');
  const home = await store.account('home');
  if (work.folders().length === 0) await work.setFolders([info('INBOX', { role: 'inbox' })]);
  if (home.folders().length === 0) await home.setFolders([info('Inbox', { remote: false, role: 'inbox' })]);
  const open = async (account: typeof work): Promise<FolderStore> => {
    const folder = await account.folder(account.folders()[0]?.id ?? 'a:0');
    await folder.loadAll();
    await folder.ensure(0, Math.max(0, folder.length - 1));
    return folder;
  };
  return { work, home, inbox: await open(work), here: await open(home) };
}

async function fill(store: LocalStore): Promise<void> {
  const { work, inbox } = await accounts(store);
  for (const n of NUMBERS) {
    const bytes = bytesOf(n);
    const uid = inbox.reserve(1);
    const remote = { t: 'imap', uidValidity: '7', uid: n } as const;
    const raw = await work.raw.write(bytes, { folder: inbox.record.id, uid, remote, partial: false });
    const envelope = envelopeOf(bytes, { size: bytes.length, arrival: n });
    const sync = { uidValidity: '7', uidNext: n + 1, highestModseq: null, filledDownTo: 1 };
    await inbox.apply({ put: [{ uid, remote, flags: [], envelope, raw }], sync }, 'now');
  }
}

/** All of the program that this part of it looks at. */
async function program(store: LocalStore) {
  const { work, home, inbox, here } = await accounts(store);
  const mail = new Map(Object.entries({ work, home }));
  const config = {
    accounts: [
      { id: 'work', protocol: 'imap' },
      { id: 'home', protocol: 'pop3' },
    ],
  };
  const core = { deps: { config }, mail, opened: new Map<FolderId, FolderStore>() } as unknown as Core;
  const nothing = (): void => undefined;
  const carry = createCarry(core, { applied: nothing, returned: nothing });
  return { core, carry, inbox, here, deps: { fetchWhole: async () => undefined, returned: nothing } };
}

async function send(store: LocalStore): Promise<readonly Copied[]> {
  const { core, carry, inbox, here, deps } = await program(store);
  const uids = NUMBERS.map(n => inbox.byRemoteUid(n) ?? 0);
  const across = createAcross(core, carry, deps);
  const { copies, failed } = await across.send([{ folder: inbox.record.id, uids }], here.record.id, true);
  for (const error of failed) assert.equal(error.kind, 'storage');
  return copies;
}

async function bringBack(store: LocalStore, copies: readonly Copied[]): Promise<void> {
  const { core, carry, deps } = await program(store);
  for (const copied of copies) await takeBackCopy(core, carry, deps, copied)();
}

async function numbersIn(folder: FolderStore): Promise<number[]> {
  const found: number[] = [];
  for await (const { envelope } of folder.scan()) found.push(Number(envelope.subject));
  return found;
}

/** Accounts look at each other in the background when they are opened. */
async function looked(dir: string): Promise<void> {
  const store = await openStore({ dir, mode: 'owner' });
  await accounts(store);
  await store.close();
}

/** Each message is once in one of the two, with its bytes. Returns how many are at home. */
async function assertWhole(dir: string, why: string): Promise<number> {
  await looked(dir);
  const store = await openStore({ dir, mode: 'owner' });
  try {
    const { work, home, inbox, here } = await accounts(store);
    await home.recovered();
    const there = await numbersIn(inbox);
    const copied = await numbersIn(here);
    assert.deepEqual([...there, ...copied].sort(), NUMBERS, `${why}: ${there} and ${copied}`);
    for (const [account, folder] of [
      [work, inbox],
      [home, here],
    ] as const) {
      for (let i = 0; i < folder.length; i++) {
        const uid = folder.uidAt(i) ?? 0;
        const raw = folder.raw(uid);
        assert.ok(raw);
        assert.deepEqual(await account.raw.read(raw), bytesOf(Number(folder.envelope(uid)?.subject)));
      }
    }
    return copied.length;
  } finally {
    await store.close();
  }
}

/** How many changes more a disk makes when all messages are where they are to be: what is tidied up then is cut as well. */
const TIDYING = 15;

/**
 * Does it to copies of a store, on a disk that makes so many changes and then no more, and one more each time, until
 * `last` messages are at home. Returns what came of it.
 */
async function onDyingDisks(
  origin: string,
  { from, last }: { readonly from: number; readonly last: number },
  work: (store: LocalStore) => Promise<unknown>,
): Promise<ReadonlySet<number>> {
  const outcomes = new Set<number>();
  for (let left = from, tidied = 0; tidied < TIDYING; left++) {
    // How many it takes depends on what goes to the disk together.
    assert.ok(left < 500, 'it never ends');
    const dir = await mkdtemp(join(MEMORY, 'tmail-across-'));
    try {
      await cp(origin, dir, { recursive: true, filter: path => !path.endsWith('owner.sock') });
      try {
        const store = await openStore({ dir, mode: 'owner', fs: dyingDisk(left), groupMs: 2 });
        await work(store).finally(() => store.close());
      } catch (error) {
        if (!(error instanceof TmailError) || error.kind !== 'storage') throw error;
      }
      const outcome = await assertWhole(dir, `${left} changes`);
      outcomes.add(outcome);
      if (outcome === last) tidied += 1;
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }
  return outcomes;
}

test('a disk that dies at any change of a move to another account: each message is once, in one of them', async () => {
  const origin = await mkdtemp(join(MEMORY, 'tmail-across-'));
  const first = await openStore({ dir: origin, mode: 'owner' });
  await fill(first);
  await first.close();
  const outcomes = await onDyingDisks(origin, { from: 45, last: 2 }, send);
  await rm(origin, { recursive: true, force: true });
  assert.deepEqual([...outcomes].sort(), [0, 1, 2]);
});

test('a disk that dies at any change while such a move is taken back: each message is once, in one of them', async () => {
  const origin = await mkdtemp(join(MEMORY, 'tmail-across-'));
  const first = await openStore({ dir: origin, mode: 'owner' });
  await fill(first);
  const copies = await send(first);
  const { work } = await accounts(first);
  for (const { deletion } of copies) {
    // The server has done it: only a copy can bring the message back.
    if (deletion) await work.attempt(deletion.id);
    if (deletion) await work.settled(deletion.id);
  }
  await first.close();
  const outcomes = await onDyingDisks(origin, { from: 40, last: 0 }, store => bringBack(store, copies));
  await rm(origin, { recursive: true, force: true });
  assert.deepEqual([...outcomes].sort(), [0, 1, 2]);
});
