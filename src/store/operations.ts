// Operations made here: committed to the queue and to the index in one step, taken back when they can't be kept or
// when the server says no. Keeps the promise of AccountStore.commit; what operations do to flags is queue.ts.
import type { AccountId, FolderId } from '../mail/types.ts';
import type { TmailError } from '../util/errors.ts';
import type { Folder } from './folder.ts';
import { GroupCommit } from './group-commit.ts';
import { newOperation, OperationQueue } from './queue.ts';
import type { QueueFiles } from './queue-files.ts';
import { shardOf } from './shards.ts';
import type { NewOperation, Operation, StoreEvent } from './types.ts';

/** Only what a server said anew about a message in the queue waits; operations themselves are written at once. */
const QUEUE_COMMIT_MS = 2000;

export interface OperationsOptions {
  readonly account: AccountId;
  readonly files: QueueFiles;
  readonly now: () => number;
  readonly emit: (event: StoreEvent) => void;
  /** The folder where it is in memory. */
  readonly opened: (id: FolderId) => Folder | undefined;
  /** The folder; null when there is none (any more). */
  readonly folder: (id: FolderId) => Promise<Folder | null>;
  /** No number handed out so far will be handed out again. */
  readonly reserved: () => Promise<void>;
  /** @throws TmailError for a folder that was never there. */
  readonly unknown: (id: FolderId) => TmailError;
}

export class Operations {
  readonly queue = new OperationQueue();
  readonly #options: OperationsOptions;
  readonly #commit: GroupCommit;
  readonly #ending = new Map<string, Promise<void>>();

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

  /** Synchronous up to its first wait when the folder and the shards of the targets are in memory. */
  async commit(newOp: NewOperation): Promise<Operation> {
    const folder = this.#loadedFor(newOp) ?? (await this.#loadFor(newOp));
    if (!folder) throw this.#options.unknown(newOp.folder);
    const op = newOperation(newOp, process.getBuiltinModule('node:crypto').randomUUID(), this.#options.now());
    const was = op.targets.map(({ uid }) => folder.flags(uid) ?? -1);
    folder.applyPending(this.queue.add(op, was));
    this.#changed();
    try {
      await this.#commit.request(true);
    } catch (error) {
      // Not durable, hence not done: what is seen must not be more than what is kept.
      this.#withdraw(op.id, folder);
      throw error;
    }
    return op;
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

  settled(id: string): Promise<void> {
    return this.#end(id, op => this.#settle(op));
  }

  refused(id: string, error: TmailError): Promise<void> {
    return this.#end(id, op => this.#refuse(op, error));
  }

  /** Once: whoever ends it again waits for the first, and where that failed, for the queue without it. */
  #end(id: string, work: (op: Operation) => Promise<void>): Promise<void> {
    const running = this.#ending.get(id);
    if (running) return running;
    const op = this.queue.get(id)?.op;
    if (!op) return this.#commit.request(true);
    const ended = work(op).finally(() => this.#ending.delete(id));
    this.#ending.set(id, ended);
    return ended;
  }

  async #settle(op: Operation): Promise<void> {
    // The index has to hold durably what the queue lets go of.
    const folder = await this.#loadFor(op);
    await folder?.flush();
    this.queue.remove(op.id);
    this.#changed();
    await this.#commit.request(true);
  }

  async #refuse(op: Operation, error: TmailError): Promise<void> {
    const folder = await this.#loadFor(op);
    this.#withdraw(op.id, folder);
    this.#options.emit({ t: 'trouble', error });
    await folder?.flush();
    await this.#commit.request(true);
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

  #changed(): void {
    this.#options.emit({ t: 'queue', account: this.#options.account });
  }

  #loadedFor(op: NewOperation): Folder | null {
    const folder = this.#options.opened(op.folder);
    if (!folder) return null;
    const { table } = folder;
    const loaded = op.targets.every(({ uid }) => !table.has(shardOf(uid)) || table.state(shardOf(uid)));
    return loaded ? folder : null;
  }

  /** The operation's folder with the targets in memory. */
  async #loadFor(op: NewOperation): Promise<Folder | null> {
    const folder = await this.#options.folder(op.folder);
    await folder?.loadStates([...new Set(op.targets.map(({ uid }) => shardOf(uid)))]);
    return folder;
  }

  /** Takes an operation back: its messages show what they would show without it. */
  #withdraw(id: string, folder: Folder | null): void {
    const pending = this.queue.get(id);
    if (!pending) return;
    const { targets, folder: of } = pending.op;
    const bases = targets.map(({ uid }) => ({ uid, base: this.queue.base(of, uid) ?? -1 }));
    this.queue.remove(id);
    this.#changed();
    folder?.showFlags(
      bases
        .filter(({ base }) => base >= 0)
        .map(({ uid, base }) => [uid, this.queue.rebase(of, uid, base, folder.keywords).flags] as const),
    );
  }
}
