// A server without a wire: folders of messages that operations of a queue are done to, and a pull that makes a store
// agree with it. What a real pull and push have to be careful of is not here: test/sync.
import assert from 'node:assert/strict';
import type { FolderId, LocalUid, RemoteRef } from '../../src/mail/types.ts';
import { flagNames } from '../../src/store/flags.ts';
import type { Folder } from '../../src/store/folder.ts';
import type { LocalStore } from '../../src/store/store.ts';
import type { NewMessage, OnMessages, Operation } from '../../src/store/types.ts';
import { syntheticEnvelope } from '../fixtures/synthetic.ts';
import { info } from './harness.ts';

export type Account = Awaited<ReturnType<LocalStore['account']>>;

interface ServerMessage {
  readonly messageId: string;
  flags: Set<string>;
}

export const PATHS = ['INBOX', 'B', 'C'] as const;
const VALIDITY = '7';

export class FakeServer {
  /** By the number of the folder here, so that a renamed one is the same. */
  readonly folders = new Map<FolderId, Map<number, ServerMessage>>();
  #next = 1;
  #k = 1;

  async connect(store: LocalStore): Promise<Account> {
    const account = await store.account('work');
    if (account.folders().length === 0) {
      await account.setFolders(PATHS.map(path => info(path, path === 'INBOX' ? { role: 'inbox' } : {})));
    }
    for (const { id } of account.folders()) if (!this.folders.has(id)) this.folders.set(id, new Map());
    return account;
  }

  arrive(folder: FolderId): void {
    this.#put(folder, { messageId: `${this.#k++}@server`, flags: new Set() });
  }

  /** Another client takes a message away. */
  expunge(folder: FolderId, n: number): void {
    const uids = [...this.#of(folder).keys()];
    const uid = uids[n % Math.max(1, uids.length)];
    if (uid !== undefined) this.#of(folder).delete(uid);
  }

  /** Another client marks one that nobody here is about to move: of those nobody here would hear before they came. */
  async mark(account: Account, id: FolderId, n: number, flag: string): Promise<void> {
    const folder = await account.folder(id);
    const going = new Set(
      account.queue().flatMap(op => (op.t !== 'flags' && op.folder === id ? placesOf(op) : [])),
    );
    const all = [...this.#of(id)].filter(([uid]) => folder.byRemoteUid(uid) !== undefined && !going.has(uid));
    const [, message] = all[n % Math.max(1, all.length)] ?? [];
    if (!message) return;
    if (message.flags.has(flag)) message.flags.delete(flag);
    else message.flags.add(flag);
  }

  has(folder: FolderId, remote: RemoteRef | null): boolean {
    return remote?.t === 'imap' && this.#of(folder).has(remote.uid);
  }

  /** Targets with their UID; 0: not there any more. One whose place nobody was told is found by its Message-ID. */
  find(account: Account, op: Operation, folder: Folder): number[] {
    const taken = new Set(account.queue().flatMap(each => (each.folder === op.folder ? placesOf(each) : [])));
    const queue = account.queue();
    const before = queue.slice(
      0,
      queue.findIndex(({ id }) => id === op.id),
    );
    const made = new Set(
      before.flatMap(each =>
        (each.t === 'move' || each.t === 'copy') && each.to === op.folder ? each.landing : [],
      ),
    );
    return op.targets.map(({ uid, remote, messageId }) => {
      if (remote) return remote.t === 'imap' && this.has(op.folder, remote) ? remote.uid : 0;
      // It is not there yet.
      if (made.has(uid)) return 0;
      const free = [...this.#of(op.folder)].find(
        ([there, message]) =>
          message.messageId === messageId && folder.byRemoteUid(there) === undefined && !taken.has(there),
      );
      if (free) taken.add(free[0]);
      return free?.[0] ?? 0;
    });
  }

  /** Does it to those that are there. The places of a move or a copy, in the order of its targets. */
  perform(op: Operation, uids: readonly number[]): (RemoteRef | null)[] {
    return uids.map(uid => {
      const from = this.#of(op.folder);
      const message = from.get(uid);
      if (!message) return null;
      if (op.t === 'flags') {
        for (const flag of op.remove) message.flags.delete(flag);
        for (const flag of op.add) message.flags.add(flag);
        return null;
      }
      if (op.t === 'move' || op.t === 'delete') from.delete(uid);
      if (op.t !== 'move' && op.t !== 'copy') return null;
      return this.#put(op.to, { messageId: message.messageId, flags: new Set(message.flags) });
    });
  }

  /** Makes the folder here as it is there, but for what waits. */
  async pull(account: Account, id: FolderId): Promise<void> {
    const folder = await account.folder(id);
    await folder.loadAll();
    const leaving = new Set<number>();
    const waiting = new Set<LocalUid>();
    const unsent = new Set<LocalUid>();
    const astray: string[] = [];
    for (const op of account.queue()) {
      if ((op.t === 'move' || op.t === 'delete') && op.folder === id) {
        for (const [i, there] of this.find(account, op, folder).entries()) {
          const { uid = 0, remote = null, messageId = '' } = op.targets[i] ?? {};
          if (there !== 0) leaving.add(there);
          // As far as what brought it there was sent.
          else if (!remote && !unsent.has(uid)) astray.push(messageId);
        }
      }
      if ((op.t !== 'move' && op.t !== 'copy') || op.to !== id) continue;
      for (const uid of op.landing) {
        waiting.add(uid);
        if (op.tries === 0) unsent.add(uid);
      }
    }
    const there = this.#of(id);
    const free = folder.unplaced().filter(uid => !unsent.has(uid));
    const put: NewMessage[] = [];
    const flags: { uid: LocalUid; flags: string[] }[] = [];
    for (const [remote, message] of there) {
      const known = folder.byRemoteUid(remote);
      if (known !== undefined) flags.push({ uid: known, flags: [...message.flags] });
      if (known !== undefined || leaving.has(remote)) continue;
      // One that has gone on from here before anybody knew that it had come.
      const nameless = astray.indexOf(message.messageId);
      if (nameless >= 0) {
        astray.splice(nameless, 1);
        continue;
      }
      const at = free.findIndex(uid => messageIdOf(folder, uid) === message.messageId);
      const [mine] = at < 0 ? [] : free.splice(at, 1);
      put.push({
        uid: mine ?? folder.reserve(1),
        remote: { t: 'imap', uidValidity: VALIDITY, uid: remote },
        flags: [...message.flags],
        envelope: { ...syntheticEnvelope(remote), messageId: message.messageId },
      });
    }
    const gone = uidsOf(folder).filter(uid => {
      const remote = folder.remote(uid);
      return remote?.t === 'imap' && !there.has(remote.uid);
    });
    const sync = { uidValidity: VALIDITY, uidNext: this.#next, highestModseq: null, filledDownTo: 1 };
    await folder.apply(
      { put, flags, remove: [...gone, ...free.filter(uid => !waiting.has(uid))], sync },
      'now',
    );
    await folder.ensure(0, Math.max(0, folder.length - 1));
  }

  #put(folder: FolderId, message: ServerMessage): RemoteRef {
    const uid = this.#next++;
    this.#of(folder).set(uid, message);
    return { t: 'imap', uidValidity: VALIDITY, uid };
  }

  #of(folder: FolderId): Map<number, ServerMessage> {
    const found = this.folders.get(folder) ?? new Map<number, ServerMessage>();
    this.folders.set(folder, found);
    return found;
  }
}

const placesOf = (op: OnMessages): number[] =>
  op.targets.flatMap(({ remote }) => (remote?.t === 'imap' ? [remote.uid] : []));

export function uidsOf(folder: Folder): LocalUid[] {
  return Array.from({ length: folder.length }, (_, position) => folder.uidAt(position) ?? 0);
}

const messageIdOf = (folder: Folder, uid: LocalUid): string => folder.envelope(uid)?.messageId ?? '?';

/** Asserts that every message is where the server has it once all that waits is done, and shows the flags it has then. */
export async function assertAgrees(account: Account, server: FakeServer, why: string): Promise<void> {
  const queue = account.queue();
  const expected = new Map<string, { messageId: string | undefined; flags: Set<string> | null }>();
  const key = (folder: FolderId, uid: LocalUid) => `${folder}/${uid}`;
  for (const [id, messages] of server.folders) {
    const folder = await account.folder(id);
    for (const [remote, message] of messages) {
      const leaving = queue
        .filter(op => op.folder === id)
        .flatMap(op => op.targets[server.find(account, op, folder).indexOf(remote)] ?? [])[0];
      const uid = folder.byRemoteUid(remote) ?? leaving?.uid;
      assert.ok(uid !== undefined, `${why}: ${message.messageId} of ${id} is not here`);
      expected.set(key(id, uid), { messageId: message.messageId, flags: new Set(message.flags) });
    }
  }
  for (const op of queue) {
    const found = server.find(account, op, await account.folder(op.folder));
    for (const [i, { uid }] of op.targets.entries()) {
      const from = key(op.folder, uid);
      // Another client took it away, and nobody here has heard of it.
      const { remote = null, messageId = '' } = op.targets[i] ?? {};
      const there = expected.get(from);
      const doomed = remote ? !server.has(op.folder, remote) : !there && found[i] === 0;
      const message = expected.get(from) ?? (doomed ? { messageId, flags: null } : null);
      if (op.t === 'flags' && doomed) continue;
      assert.ok(message, `${why}: ${op.t} of ${from}, which is nowhere`);
      if (op.t === 'flags') {
        for (const flag of op.remove) message.flags?.delete(flag);
        for (const flag of op.add) message.flags?.add(flag);
      }
      if (op.t === 'move' || op.t === 'delete') expected.delete(from);
      if (op.t === 'move' || op.t === 'copy') {
        const to = key(op.to, op.landing[i] ?? 0);
        assert.ok(!expected.has(to), `${why}: ${to} twice`);
        expected.set(to, { ...message, flags: message.flags && new Set(message.flags) });
      }
    }
  }
  const found = new Map<string, { messageId: string; flags: string[] }>();
  for (const { id } of account.folders()) {
    const folder = await account.folder(id);
    await folder.ensure(0, Math.max(0, folder.length - 1));
    let unread = 0;
    for (const uid of uidsOf(folder)) {
      const flags = folder.flags(uid) ?? 0;
      if ((flags & 1) === 0) unread++;
      found.set(key(id, uid), {
        messageId: messageIdOf(folder, uid),
        flags: flagNames(flags, folder.keywords).sort(),
      });
    }
    assert.deepEqual(folder.record.counts, { total: folder.length, unread }, `${why}: counts of ${id}`);
  }
  const wanted = [...expected].map(([at, { messageId, flags }]) => {
    const shown = found.get(at)?.flags ?? [];
    return [at, { messageId, flags: flags ? [...flags].sort() : shown }] as const;
  });
  const inOrder = <T>(all: Iterable<readonly [string, T]>) =>
    new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
  assert.deepEqual(inOrder(found), inOrder(wanted), why);
}
