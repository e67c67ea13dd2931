// Operations made here: committed to the queue and to the index in one step, taken back when they can't be kept or
// when the server says no. Keeps the promises of AccountStore about the queue; how they are taken back is taking-back.ts,
// what becomes of messages commit.ts, withdraw.ts and placing.ts.
import type { FolderId, LocalUid, RemoteRef } from '../mail/types.ts';
import { asTmailError, cancelled, TmailError } from '../util/errors.ts';
import { aboutThose } from './about-those.ts';
import { type AppendHost, append, placeAppended } from './appends.ts';
import {
  assertSameSide,
  type Begun,
  beginCopy,
  beginDelete,
  beginFlags,
  beginMove,
  type CommitHost,
  drop,
  landingOf,
  type NewTransfer,
} from './commit.ts';
import type { Folder } from './folder.ts';
import { GroupCommit } from './group-commit.ts';
import { landed, rowsOf } from './moves.ts';
import {
  folderWith,
  loadedFor,
  loadFor,
  makeReady,
  type OperationsOptions,
  readyNow,
} from './operation-folders.ts';
import { forget, type PlacingHost, place } from './placing.ts';
import {
  isAppend,
  isDelete,
  isFolderOperation,
  isTransfer,
  OperationQueue,
  type Pending,
  type PendingAppend,
  type PendingTransfer,
  pendingFolder,
} from './queue.ts';
import type { QueueFiles } from './queue-files.ts';
import { QueueSteps } from './queue-steps.ts';
import { fromStored } from './queue-stored.ts';
import { recoverPending } from './recover.ts';
import { TakingBack } from './taking-back.ts';
import type {
  DeleteOperation,
  FlagsOperation,
  FolderOperation,
  NewAppend,
  NewOperation,
  Operation,
  OtherHalf,
} from './types.ts';
import { released, waitingFor, waits } from './waiting.ts';
import { keptFiles } from './withdraw.ts';

/** Only what a server said anew about a message in the queue waits; operations themselves are written at once. */
const QUEUE_COMMIT_MS = 2000;

export class Operations {
  readonly queue = new OperationQueue();
  readonly #options: OperationsOptions;
  readonly #commit: GroupCommit;
  readonly #steps: QueueSteps;
  readonly #takingBack: TakingBack;
  readonly #ending = new Map<string, Promise<void>>();
  /** A try is under way. */
  readonly #trying = new Set<string>();
  /** Uploads that will be made, by others' word. */
  readonly #announced = new Set<string>();
  /** Operations on folders, as the list shows them. */
  #folders = '';
  /** Operations that were settled since the account was opened. */
  readonly #settled = new Set<string>();
  /** What no server has to hear of, on its way out of the queue: in order, or a crash would bring back what went. */
  #settling: Promise<void> = Promise.resolve();

  constructor(options: OperationsOptions) {
    this.#options = options;
    this.#load(options.files);
    this.#steps = new QueueSteps(options.files);
    const write = async () => {
      // A message's number must not be given to another one after a crash while an operation names it.
      await options.reserved();
      await this.#steps.write(this.queue);
    };
    this.#commit = new GroupCommit(write, QUEUE_COMMIT_MS, error => options.emit({ t: 'trouble', error }));
    this.#takingBack = new TakingBack({
      ...options,
      queue: this.queue,
      stamp: () => this.#stamp(),
      commitHost: () => this.#host(),
      ever: this.#ever,
      isBusy: id => this.#trying.has(id) || this.#ending.has(id),
      nextLocal: () => this.#nextLocal(),
      settleLocal: () => this.settleLocal(),
      landDurably: pending => this.#landDurably(pending),
      half: pending => this.#half(pending),
      changed: () => this.#changed(),
      request: () => this.#commit.request(true),
    });
  }

  /** Synchronous up to its first wait when the folders and the shards of the targets are in memory; a copy is not. */
  async commit(newOp: NewOperation): Promise<Operation> {
    if (newOp.t === 'flags')
      return this.#keepBegun(this.#beginFlagsNow(newOp) ?? (await this.#beginFlags(newOp)));
    if (newOp.t === 'copy') return this.#keepBegun(await this.#beginCopy(newOp));
    const ready = readyNow(this.#options, newOp) ?? (await makeReady(this.#options, newOp));
    if (newOp.t === 'delete') return this.#keepBegun(beginDelete(this.#host(), ready, newOp));
    // It was removed while its shards were read.
    if (!this.#options.folders.isShown(newOp.to) || !ready.to || this.#options.opened(newOp.to) !== ready.to)
      throw this.#options.unknown(newOp.to);
    return this.#keepBegun(beginMove(this.#host(), ready, ready.to, newOp));
  }

  #beginFlagsNow(newOp: FlagsOperation): Begun | null {
    const folder = loadedFor(this.#options, newOp);
    return folder && beginFlags(this.#host(), folder, newOp);
  }

  async #beginFlags(newOp: FlagsOperation): Promise<Begun> {
    const folder = await loadFor(this.#options, newOp);
    if (!folder) throw this.#options.unknown(newOp.folder);
    return beginFlags(this.#host(), folder, newOp);
  }

  /** The files are there before the messages are. */
  async #beginCopy(newOp: NewTransfer): Promise<Begun> {
    const { from, to, shards } = readyNow(this.#options, newOp) ?? (await makeReady(this.#options, newOp));
    if (!to) throw this.#options.unknown(newOp.to);
    assertSameSide(from, to);
    const uids = newOp.targets.map(({ uid }) => uid);
    const { targets, rows } = rowsOf(from, uids, shards);
    const landing = landingOf(to, targets, newOp);
    const { id } = this.#stamp();
    const wanted = rows.flatMap(({ raw }, i) => {
      const owner = { folder: newOp.to, uid: landing[i] ?? 0, remote: null, op: id };
      return raw ? [{ raw, owner }] : [];
    });
    const files = await this.#options.copyRaw(wanted);
    let next = 0;
    const copies = rows.map(row => ({ ...row, raw: row.raw && (files[next++] ?? null) }));
    if (this.#options.opened(newOp.to) !== to) throw this.#options.unknown(newOp.to);
    return beginCopy(this.#host(), from, to, newOp, { targets, rows: copies }, id, landing);
  }

  /** Operations on the server's folders, all of them or none. `back`: the list is as it was. */
  async commitFolders(bodies: readonly FolderOperation[], back: () => void): Promise<void> {
    const added = bodies.map(body => this.queue.add(pendingFolder({ ...body, ...this.#stamp() })));
    const [first] = added;
    if (!first) return;
    const undo = () => {
      for (const { op } of added) this.queue.remove(op.id);
      back();
    };
    await this.#keepBegun({ op: first.op, local: false, back: undo, done: () => undefined });
    await this.#options.folders.write();
  }

  /** See AccountStore.announce. */
  announce(): string {
    const { id } = this.#stamp();
    this.#announced.add(id);
    return id;
  }

  /** Under way as far as others may wait for it. */
  isExpected(id: string): boolean {
    return this.#announced.has(id) || this.queue.get(id) !== undefined;
  }

  async append(message: NewAppend): Promise<Operation> {
    try {
      const { pending, back, done } = await append(this.#appendHost(), message);
      return await this.#keepBegun({ op: pending.op, local: pending.local, back, done });
    } finally {
      if (message.id !== undefined) this.#announced.delete(message.id);
    }
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

  /** See AccountStore.moved. */
  async moved(id: string, places: readonly (RemoteRef | null)[], uids?: readonly LocalUid[]): Promise<void> {
    const pending = this.queue.get(id);
    if (!pending || !isTransfer(pending)) return;
    const to = await this.#loadAllOf(pending.op.to);
    if (to) place(this.#placingHost(), to, id, places, uids);
    const known = this.queue.get(id);
    // Before the queue says that the server has them there, they are there.
    if (known && isTransfer(known)) await this.#landDurably(known);
    await this.#commit.request(true);
  }

  /** See AccountStore.gone. */
  async gone(id: string, uids: readonly LocalUid[], error: TmailError): Promise<void> {
    const lost = aboutThose(this.queue.get(id), uids, folder => this.#options.opened(folder));
    const freed = await forget(this.#placingHost(), id, new Set(uids));
    if (freed) {
      for (const raw of freed.files) this.#options.removeRaw(raw).catch(() => undefined);
      this.#options.emit({ t: 'trouble', error, ...lost });
      this.#changed();
    }
    await this.#commit.request(true);
    this.#settleSoon();
  }

  #host(): CommitHost {
    return {
      queue: this.queue,
      opened: this.#options.openedEver,
      stamp: () => this.#stamp(),
      folders: this.#options.folders,
      waitsFor: op => this.#waitsFor(op),
      renamed: (from, to) => this.#options.halves.renamed(this.#half(from), to),
      lost: pending => {
        this.#options.halves.lost(this.#half(pending)).catch((thrown: unknown) => {
          this.#options.emit({ t: 'trouble', error: asTmailError(thrown) });
        });
      },
    };
  }

  /** Operations of folders that vanished meanwhile end as well. */
  get #ever() {
    return { ...this.#options, opened: this.#options.openedEver, folder: this.#options.folderEver };
  }

  #placingHost(): PlacingHost {
    return { queue: this.queue, stamp: () => this.#stamp(), folder: id => this.#loadAllOf(id) };
  }

  #appendHost(): AppendHost {
    const { writeRaw, readRaw, removeRaw } = this.#options;
    const folder = async (id: FolderId) => {
      const found = await this.#options.folder(id);
      await found?.loadAll();
      return found;
    };
    return { queue: this.queue, folder, writeRaw, readRaw, removeRaw, stamp: () => this.#stamp() };
  }

  async #loadAllOf(id: FolderId): Promise<Folder | null> {
    const folder = await this.#options.folderEver(id);
    await folder?.loadAll();
    return folder;
  }

  /** Not durable, hence not done: what is seen must not be more than what is kept. */
  async #keepBegun({ op, nothing, local, back, done }: Begun): Promise<Operation> {
    if (nothing) return op;
    this.#changed();
    try {
      await this.#commit.request(true);
    } catch (error) {
      back();
      this.#changed();
      throw error;
    }
    done();
    if (local) this.#settleSoon();
    return op;
  }

  #settleSoon(): void {
    this.settleLocal().catch((thrown: unknown) => {
      // It is in the queue: the next one, or the next start, takes it along.
      this.#options.emit({ t: 'trouble', error: asTmailError(thrown) });
    });
  }

  async attempt(id: string): Promise<void> {
    // It was asked for before it was known that it is taken back.
    if (this.#takingBack.isDropping(id)) throw cancelled();
    this.queue.tried(id, 1);
    this.#trying.add(id);
    try {
      await this.#commit.request(true);
    } catch (error) {
      this.queue.tried(id, -1);
      this.#trying.delete(id);
      throw error;
    }
  }

  /** The try that was counted is over, however it ended. */
  tried(id: string): void {
    this.#trying.delete(id);
  }

  async settled(id: string): Promise<void> {
    // What was done before it must not outlive it in the queue: a crash would do it again, and bring back what went.
    await this.settleLocal();
    await this.#end(id, pending => this.#settle(pending));
  }

  async refused(id: string, error: TmailError): Promise<void> {
    await this.#end(id, pending => this.#takingBack.refuse(pending, error));
  }

  /** Once: whoever ends it again waits for the first, and where that failed, for the queue without it. */
  #end(id: string, work: (pending: Pending) => Promise<void>): Promise<void> {
    const running = this.#ending.get(id);
    if (running) return running;
    const pending = this.queue.get(id);
    if (!pending) return this.#commit.request(true);
    const ended = work(pending).finally(() => {
      this.#ending.delete(id);
      this.#trying.delete(id);
    });
    this.#ending.set(id, ended);
    return ended;
  }

  async #settle(pending: Pending): Promise<void> {
    if (isFolderOperation(pending)) await this.#options.folders.done(pending.op);
    // The index has to hold durably what the queue lets go of.
    if (isTransfer(pending)) await this.#landDurably(pending);
    if (isAppend(pending)) {
      await this.#ownDurably(pending);
      for (const replaced of pending.op.replaces) await (await loadFor(this.#options, replaced))?.flush();
    }
    const folder = isFolderOperation(pending) ? null : await loadFor(this.#ever, pending.op);
    await folder?.flush();
    // Whoever waits for it in another account may go on before it is forgotten here, never the other way round.
    if (isAppend(pending)) this.#settled.add(pending.op.id);
    if (isAppend(pending))
      await this.#options.halves.settled(this.#half(pending), pending.op.verify === true);
    this.queue.remove(pending.op.id);
    if (!pending.local) this.#changed();
    await this.#commit.request(true);
    if (folder && isDelete(pending))
      drop(
        folder,
        keptFiles(pending).map(raw => ({ raw })),
      );
  }

  /** See AccountStore.drop. */
  drop(id: string): Promise<readonly Operation[]> {
    return this.#takingBack.drop(id);
  }

  /** See AccountStore.ready. */
  ready(op: Operation): boolean {
    return !waits(op) && !this.#takingBack.isDropping(op.id) && !this.queue.buildsOnAnother(op);
  }

  #waitsFor({ after }: DeleteOperation): boolean {
    if (!after) return false;
    const under = this.#options.halves.underWay(after);
    if (under !== null) return under;
    throw new TmailError('bug', 'operation.unknown', { facts: { operation: after.operation } });
  }

  #half({ op }: Pending): OtherHalf {
    return { account: this.#options.account, operation: op.id };
  }

  /** It was settled since the account was opened. */
  hasSettled(id: string): boolean {
    return this.#settled.has(id);
  }

  /** What operations here wait for. */
  otherHalves(): readonly OtherHalf[] {
    return this.queue.all().flatMap(pending => (isDelete(pending) ? (pending.op.after ?? []) : []));
  }

  /** The other half of these moves is settled: this half may go on. Durable. */
  async otherSettled(other: OtherHalf): Promise<void> {
    const waiting = waitingFor(this.queue, other);
    for (const pending of waiting) this.queue.replace(pending.op.id, released(pending));
    if (waiting.length === 0) return;
    this.#changed();
    await this.#commit.request(true);
    this.#settleSoon();
  }

  /** The other half will never be: this half is taken back. Durable. */
  async otherLost(other: OtherHalf): Promise<readonly Operation[]> {
    const waiting = waitingFor(this.queue, other);
    for (const { op } of waiting) await this.#takingBack.withdraw(op.id);
    return waiting.map(({ op }) => op);
  }

  otherRenamed(other: OtherHalf, operation: string): void {
    const waiting = waitingFor(this.queue, other);
    for (const pending of waiting) {
      const op = { ...pending.op, after: { ...other, operation } };
      this.queue.replace(op.id, { ...pending, op });
    }
    if (waiting.length > 0) this.#commit.request(true);
  }

  /** Does again what a crash may have left half done: before anyone looks, and before files are compared. */
  async recover(): Promise<void> {
    const host = this.#appendHost();
    for (const pending of this.queue.all()) await recoverPending(this.#options, host, pending);
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
    this.#load(files);
    this.#changed();
  }

  #load(files: QueueFiles): void {
    this.queue.load(files.found.map(stored => fromStored(stored, this.#options.account)));
  }

  #stamp(): { id: string; at: number; tries: number } {
    const id = process.getBuiltinModule('node:crypto').randomUUID();
    return { id, at: this.#options.now(), tries: 0 };
  }

  #changed(): void {
    const folders = this.queue
      .folderOperations()
      .map(op => JSON.stringify({ ...op, tries: 0 }))
      .join();
    if (folders !== this.#folders) this.#options.folders.again();
    this.#folders = folders;
    this.#options.emit({ t: 'queue', account: this.#options.account });
  }

  #nextLocal(): Pending | undefined {
    return this.queue.all().find(({ local, op }) => local && !waits(op));
  }

  /** What no server has to hear of is out of the queue: its folders are durable. */
  settleLocal(): Promise<void> {
    const settled = this.#settling.then(async () => {
      for (let pending = this.#nextLocal(); pending; pending = this.#nextLocal())
        await this.#end(pending.op.id, found => this.#settle(found));
    });
    this.#settling = settled.catch(() => undefined);
    return settled;
  }

  /** Where the messages went is on the disk, and their files say so: only then the queue may forget them. */
  async #landDurably({ op, rows }: PendingTransfer): Promise<void> {
    const to = await folderWith(this.#ever, op.to, op.landing);
    if (!to) return;
    const owners = landed(to, op.landing).flatMap(i => {
      const raw = rows[i]?.raw;
      const uid = op.landing[i];
      if (!raw || uid === undefined || to.raw(uid)?.n !== raw.n) return [];
      return [{ raw, owner: { folder: op.to, uid, remote: to.remote(uid) ?? null } }];
    });
    if (owners.length > 0) await this.#options.giveTo(owners);
    await to.flush();
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
}
