// Operations made here: committed to the queue and to the index in one step, taken back when they can't be kept or
// when the server says no. Keeps the promise of AccountStore.commit; what operations do to flags is queue.ts.
import type { FolderId, RemoteRef } from '../mail/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import {
  type AppendHost,
  append,
  inheritedFrom,
  placeAppended,
  recoverAppend,
  unsentAmong,
} from './appends.ts';
import type { Folder } from './folder.ts';
import { GroupCommit } from './group-commit.ts';
import { land, landed, leave, rowsOf, takeBack } from './moves.ts';
import {
  folderWith,
  isAlone,
  loadedFor,
  loadFor,
  makeReady,
  type OperationsOptions,
  type Removal,
  readyNow,
} from './operation-folders.ts';
import {
  isAppend,
  isFlags,
  OperationQueue,
  type Pending,
  type PendingAppend,
  type PendingDelete,
  type PendingFlags,
  type PendingMove,
  pendingDelete,
  pendingFlags,
  pendingMove,
} from './queue.ts';
import type { QueueFiles } from './queue-files.ts';
import type { FlagsOperation, NewAppend, NewOperation, OnMessages, Operation } from './types.ts';

/** Only what a server said anew about a message in the queue waits; operations themselves are written at once. */
const QUEUE_COMMIT_MS = 2000;

export class Operations {
  readonly queue = new OperationQueue();
  readonly #options: OperationsOptions;
  readonly #commit: GroupCommit;
  readonly #ending = new Map<string, Promise<void>>();
  /** What no server has to hear of, on its way out of the queue: in order, or a crash would bring back what went. */
  #settling: Promise<void> = Promise.resolve();

  constructor(options: OperationsOptions) {
    this.#options = options;
    this.queue.load(options.files.found, options.account);
    const write = async () => {
      // A message's number must not be given to another one after a crash while an operation names it.
      await options.reserved();
      await options.files.write(this.queue.toFile());
    };
    this.#commit = new GroupCommit(write, QUEUE_COMMIT_MS, error => options.emit({ t: 'trouble', error }));
  }

  /** Synchronous up to its first wait when the folders and the shards of the targets are in memory. */
  async commit(newOp: NewOperation): Promise<Operation> {
    if (newOp.t === 'copy') throw new TmailError('bug', 'bug.unexpected', { facts: { text: newOp.t } });
    return newOp.t === 'flags' ? this.#commitFlags(newOp) : this.#commitRemoval(newOp);
  }

  async #commitFlags(newOp: FlagsOperation): Promise<Operation> {
    const folder = loadedFor(this.#options, newOp) ?? (await loadFor(this.#options, newOp));
    if (!folder) throw this.#options.unknown(newOp.folder);
    const op = { ...newOp, ...this.#stamp() };
    const was = op.targets.map(({ uid }) => folder.flags(uid) ?? -1);
    const local = op.targets.length > 0 && op.targets.every(({ remote }) => remote?.t === 'pop3');
    const pending = this.queue.add(pendingFlags(op, was, local));
    folder.applyPending(pending);
    if (!local) this.#changed();
    await this.#keep(pending);
    return op;
  }

  async #commitRemoval(newOp: Removal): Promise<Operation> {
    const { from, to, shards } = readyNow(this.#options, newOp) ?? (await makeReady(this.#options, newOp));
    const uids = newOp.targets.map(({ uid }) => uid);
    // It was removed while its shards were read.
    if (newOp.t === 'move' && this.#options.opened(newOp.to) !== to) throw this.#options.unknown(newOp.to);
    const { targets, rows } = rowsOf(from, uids, shards);
    const stamp = this.#stamp();
    const local = targets.every(({ remote }) => remote?.t !== 'imap');
    let pending: PendingMove | PendingDelete;
    let unsent: readonly PendingAppend[] = [];
    if (newOp.t === 'move') {
      const first = newOp.landing ? 0 : (to?.reserve(targets.length) ?? 0);
      const place = new Map(newOp.landing?.map((uid, i) => [uids[i], uid]));
      const landing = targets.map(({ uid }, i) => place.get(uid) ?? first + i);
      const alone = local && isAlone(from) && to !== null && isAlone(to);
      pending = pendingMove({ ...newOp, ...stamp, targets, landing }, rows, alone);
    } else {
      unsent = unsentAmong(
        this.queue,
        newOp.folder,
        targets.map(({ uid }) => uid),
      );
      // Whoever fetches POP3 mail has to hear that it must not come again; what was on its way up may have arrived.
      const alone =
        targets.every(({ remote }) => remote === null) && unsent.every(({ op }) => op.tries === 0);
      pending = pendingDelete({ ...newOp, ...stamp, targets }, alone);
    }
    if (targets.length === 0) return pending.op;
    for (const each of unsent) this.queue.remove(each.op.id);
    this.queue.add(pending);
    // What they were to take away on the server goes all the same.
    const inherited = inheritedFrom(unsent).map(each => this.#deletionOf(each));
    for (const each of inherited) this.queue.add(each);
    const here = targets.map(({ uid }) => uid);
    if (to && 'rows' in pending) land(to, { targets, rows }, pending.op.landing);
    leave(from, here);
    if (!pending.local || inherited.length > 0) this.#changed();
    // The rows of a deletion are known only here.
    await this.#keep(pending, () => {
      for (const each of inherited) this.queue.remove(each.op.id);
      for (const each of unsent) this.queue.add(each);
      if (pending.op.t === 'delete') takeBack(from, { targets, rows });
    });
    if (pending.op.t === 'delete') {
      for (const { raw } of rows) if (raw) from.writer.drop(raw);
      from.writer.request(false);
    }
    return pending.op;
  }

  /** For the server only: here it is gone already. */
  #deletionOf({ folder, targets }: OnMessages): PendingDelete {
    return pendingDelete({ t: 'delete', ...this.#stamp(), folder, targets }, false);
  }

  async append(message: NewAppend): Promise<Operation> {
    const { pending, back, done } = await append(this.#appendHost(), message);
    this.#changed();
    await this.#keep(pending, back);
    done();
    return pending.op;
  }

  async appended(id: string, remote: RemoteRef | null): Promise<void> {
    const pending = this.queue.get(id);
    if (!pending || !isAppend(pending)) return;
    const folder = await this.#loadAllOf(pending.op.folder);
    if (folder) placeAppended(this.queue, folder, pending, remote);
    // As the queue has it now.
    const known = this.queue.get(id);
    if (known && isAppend(known)) await this.#ownDurably(known);
    await this.#commit.request(true);
  }

  #appendHost(): AppendHost {
    const { writeRaw, removeRaw } = this.#options;
    const folder = (id: FolderId) => this.#loadAllOf(id);
    return { queue: this.queue, folder, writeRaw, removeRaw, stamp: () => this.#stamp() };
  }

  async #loadAllOf(id: FolderId): Promise<Folder | null> {
    const folder = await this.#options.folder(id);
    await folder?.loadAll();
    return folder;
  }

  /** The message file is known to be this message's, wherever the server has it; the folder's index says so too. */
  async #ownDurably({ op, row }: PendingAppend): Promise<void> {
    const folder = await this.#loadAllOf(op.folder);
    const [target] = op.targets;
    if (!folder || !target) return;
    await folder.flush();
    if (!row.raw || folder.raw(target.uid)?.n !== row.raw.n) return;
    const remote = folder.remote(target.uid) ?? null;
    await this.#options.giveTo([{ raw: row.raw, owner: { folder: op.folder, uid: target.uid, remote } }]);
  }

  /** Not durable, hence not done: what is seen must not be more than what is kept. */
  async #keep(pending: Pending, back: () => void = () => undefined): Promise<void> {
    try {
      await this.#commit.request(true);
    } catch (error) {
      this.#withdraw(pending);
      back();
      throw error;
    }
    if (!pending.local) return;
    this.settleLocal().catch((thrown: unknown) => {
      // It is in the queue: the next one, or the next start, takes it along.
      this.#options.emit({ t: 'trouble', error: asTmailError(thrown) });
    });
  }

  async attempt(id: string): Promise<void> {
    this.queue.tried(id, 1);
    try {
      await this.#commit.request(true);
    } catch (error) {
      this.queue.tried(id, -1);
      throw error;
    }
  }

  async settled(id: string): Promise<void> {
    // What was done before it must not outlive it in the queue: a crash would do it again, and bring back what went.
    await this.settleLocal();
    await this.#end(id, pending => this.#settle(pending));
  }

  refused(id: string, error: TmailError): Promise<void> {
    return this.#end(id, pending => this.#refuse(pending, error));
  }

  /** Once: whoever ends it again waits for the first, and where that failed, for the queue without it. */
  #end(id: string, work: (pending: Pending) => Promise<void>): Promise<void> {
    const running = this.#ending.get(id);
    if (running) return running;
    const pending = this.queue.get(id);
    if (!pending) return this.#commit.request(true);
    const ended = work(pending).finally(() => this.#ending.delete(id));
    this.#ending.set(id, ended);
    return ended;
  }

  async #settle(pending: Pending): Promise<void> {
    // The index has to hold durably what the queue lets go of.
    if ('rows' in pending) await this.#landDurably(pending);
    if (isAppend(pending)) {
      await this.#ownDurably(pending);
      for (const replaced of pending.op.replaces) await (await loadFor(this.#options, replaced))?.flush();
    }
    const folder = await loadFor(this.#options, pending.op);
    await folder?.flush();
    this.queue.remove(pending.op.id);
    if (!pending.local) this.#changed();
    await this.#commit.request(true);
  }

  async #refuse(pending: Pending, error: TmailError): Promise<void> {
    const folder = await loadFor(this.#options, pending.op);
    this.#withdraw(pending);
    this.#options.emit({ t: 'trouble', error });
    await folder?.flush();
    await this.#commit.request(true);
  }

  /** Does again what a crash may have left half done: before anyone looks, and before files are compared. */
  async recover(): Promise<void> {
    for (const pending of this.queue.all()) {
      if (isFlags(pending)) continue;
      if (isAppend(pending)) {
        await recoverAppend(this.#appendHost(), pending);
        continue;
      }
      const uids = pending.op.targets.map(({ uid }) => uid);
      const from = await loadFor(this.#options, pending.op);
      if ('rows' in pending) {
        const { to: id, landing, targets } = pending.op;
        const placed = { targets, rows: pending.rows };
        const found = await folderWith(this.#options, id, landing);
        const to = found && landing.every(uid => uid >= found.floor) ? found : null;
        // The folder is gone: they stay where they were.
        if (to) land(to, placed, landing);
        else if (from) takeBack(from, placed);
        if (to && from) leave(from, uids);
      } else if (from) leave(from, uids);
    }
    this.settleLocal().catch(() => undefined); // what failed stays in the queue, and whoever writes next hears why
  }

  /** Nothing waits that no server has to hear of; it failed where the disk did. */
  async idle(): Promise<void> {
    await this.#settling;
  }

  /** The server's word on a message with pending operations has changed. */
  rebased(): void {
    this.#commit.request(false);
  }

  /** Everything that shows is durable, or it rejects with the reason. */
  flush(): Promise<void> {
    return this.#commit.flush();
  }

  stop(): void {
    this.#commit.stop();
  }

  /** For a reader: what the owner has made of it since. */
  reload(files: QueueFiles): void {
    this.queue.load(files.found, this.#options.account);
    this.#changed();
  }

  #stamp(): { id: string; at: number; tries: number } {
    const id = process.getBuiltinModule('node:crypto').randomUUID();
    return { id, at: this.#options.now(), tries: 0 };
  }

  #changed(): void {
    this.#options.emit({ t: 'queue', account: this.#options.account });
  }

  /** What no server has to hear of is out of the queue: its folders are durable. */
  settleLocal(): Promise<void> {
    const next = () => this.queue.all().find(({ local }) => local);
    const settled = this.#settling.then(async () => {
      for (let pending = next(); pending; pending = next())
        await this.#end(pending.op.id, found => this.#settle(found));
    });
    this.#settling = settled.catch(() => undefined);
    return settled;
  }

  /** Where the messages went is on the disk, and their files say so: only then the queue may forget them. */
  async #landDurably(pending: PendingMove): Promise<void> {
    const { op, rows } = pending;
    const to = await folderWith(this.#options, op.to, op.landing);
    if (!to) return;
    const owners = landed(to, op.landing).flatMap(i => {
      const raw = rows[i]?.raw;
      const remote = op.targets[i]?.remote;
      const uid = op.landing[i];
      if (!raw || uid === undefined || to.raw(uid)?.n !== raw.n) return [];
      return [{ raw, owner: { folder: op.to, uid, remote: remote?.t === 'pop3' ? remote : null } }];
    });
    if (owners.length > 0) await this.#options.giveTo(owners);
    await to.flush();
  }

  /** Takes an operation back: its messages show what they would show without it. */
  #withdraw(pending: Pending): void {
    const { op } = pending;
    // What was made here stays here, whatever the server says of it; `append` takes back what the disk did not take.
    if (isAppend(pending)) {
      this.queue.remove(op.id);
      this.#changed();
      return;
    }
    const folder = this.#options.opened(op.folder);
    if (isFlags(pending)) this.#withdrawFlags(pending, folder);
    else {
      this.queue.remove(op.id);
      const to = 'rows' in pending ? this.#options.opened(pending.op.to) : undefined;
      if (folder && to && 'rows' in pending) moveBack(pending, folder, to);
    }
    this.#changed();
  }

  #withdrawFlags({ op }: PendingFlags, folder: Folder | undefined): void {
    const bases = op.targets.map(({ uid }) => ({ uid, base: this.queue.base(op.folder, uid) ?? -1 }));
    this.queue.remove(op.id);
    folder?.showFlags(
      bases
        .filter(({ base }) => base >= 0)
        .map(
          ({ uid, base }) => [uid, this.queue.rebase(op.folder, uid, base, folder.keywords).flags] as const,
        ),
    );
  }
}

/** What has gone on from where it landed is somebody else's to take back. */
function moveBack({ op, rows }: PendingMove, from: Folder, to: Folder): void {
  const back = landed(to, op.landing);
  const pick = <T>(all: readonly T[]): T[] => back.flatMap(i => all[i] ?? []);
  takeBack(from, { targets: pick(op.targets), rows: pick(rows) });
  leave(to, pick(op.landing));
}
