// One account's part of the store: the folder list, the operation queue, and its folders and message files. Keeps
// the promise of `commit`: durable in the queue and applied to the index, or neither.
import { join } from 'node:path';
import { folderId, splitFolderId } from '../mail/ids.ts';
import type { AccountId, Envelope, FolderId, LocalUid, RemoteRef, Role } from '../mail/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import type { Log } from '../util/log.ts';
import type { Deltas } from './apply.ts';
import type { Disk } from './disk.ts';
import type { EnvelopeCache } from './envelope-cache.ts';
import { ExportNotes } from './exports.ts';
import type { FileBatches } from './file-batch.ts';
import type { DroppedRaw, Folder } from './folder.ts';
import { FolderFiles } from './folder-files.ts';
import { FolderList } from './folder-list.ts';
import { GroupCommit } from './group-commit.ts';
import type { ReportDamage } from './json.ts';
import { Manifests } from './manifests.ts';
import { isAlone } from './operation-folders.ts';
import { Operations } from './operations.ts';
import type { OtherHalves } from './other-half.ts';
import { Outbox } from './outbox.ts';
import { OwnFolders } from './own-folders.ts';
import { envelopeIn, ownedRaw } from './owned-raw.ts';
import { openQueueFiles, type QueueFiles } from './queue-files.ts';
import { RawFiles } from './raw.ts';
import { rebuildManifest } from './rebuild-manifest.ts';
import { openFolder } from './repair.ts';
import type { ChangedSince } from './reread.ts';
import { ServerFolders } from './server-folders.ts';
import { expire, expired, type SweepReport, sweep } from './sweep.ts';
import type {
  AccountStore,
  FolderCounts,
  FolderInfo,
  FolderRecord,
  NewAppend,
  NewOperation,
  Operation,
  StoreEvent,
} from './types.ts';

/** Counts and the folder list can be had again: they are written at leisure. */
const LIST_COMMIT_MS = 2000;

export interface AccountOptions {
  readonly id: AccountId;
  /** Absolute: `<data>/accounts/<id>`. */
  readonly dir: string;
  readonly disk: Disk;
  readonly files: FileBatches;
  readonly groupMs: number;
  readonly cache: EnvelopeCache;
  readonly now: () => number;
  readonly log: Log;
  readonly emit: (event: StoreEvent) => void;
  readonly damaged: ReportDamage;
  readonly envelopeOf: (bytes: Buffer, arrival: number, partial: boolean) => Promise<Envelope>;
  readonly halves: OtherHalves;
}

export interface RebuildReport extends SweepReport {
  readonly messages: number;
}

export class Account implements AccountStore {
  readonly id: AccountId;
  readonly options: AccountOptions;
  readonly list: FolderList;
  readonly manifests: Manifests;
  readonly raw: RawFiles;
  readonly exports: ExportNotes;
  readonly outbox: Outbox;
  readonly operations: Operations;
  readonly #listCommit: GroupCommit;
  readonly #ownFolders: OwnFolders;
  readonly #serverFolders: ServerFolders;
  readonly #folders = new Map<number, Promise<Folder>>();
  readonly #open = new Map<number, Folder>();
  #began: Promise<void> | null = null;
  #swept = false;
  #tidying: Promise<unknown> | null = null;
  #sweeping: Promise<SweepReport> | null = null;
  /** Message files that are being removed. */
  #dropping: Promise<void> = Promise.resolve();

  constructor(options: AccountOptions, list: FolderList, queueFiles: QueueFiles, outbox: Outbox) {
    this.outbox = outbox;
    this.id = options.id;
    this.options = options;
    this.list = list;
    const trouble = (error: TmailError) => options.emit({ t: 'trouble', error });
    const reserved = async () => {
      for (const folder of this.#open.values()) await folder.writer.reservedDurably();
    };
    const known = (folder: FolderId) => this.list.entry(this.#number(folder)) !== undefined;
    const everKnown = (folder: FolderId) => {
      const number = this.#number(folder);
      return this.list.entries().some(({ n }) => n === number);
    };
    const listChanged = () => options.emit({ t: 'folders', account: options.id });
    this.operations = new Operations({
      folders: {
        again: () => {
          list.again();
          listChanged();
        },
        done: async op => {
          list.done(op);
          listChanged();
          await this.#listCommit.request(true);
        },
        undone: op => {
          list.undone(op);
          listChanged();
        },
        write: () => this.#listCommit.request(true),
        delimiter: () => list.delimiter,
        isShown: folder => list.isShown(this.#number(folder)),
      },
      account: options.id,
      files: queueFiles,
      now: options.now,
      emit: options.emit,
      opened: folder => (known(folder) ? this.#open.get(this.#number(folder)) : undefined),
      folder: async folder => (known(folder) ? this.folder(folder) : null),
      openedEver: folder => this.#open.get(this.#number(folder)),
      folderEver: async folder => (everKnown(folder) ? this.#opening(this.#number(folder)) : null),
      reserved,
      giveTo: owners => this.raw.giveTo(owners),
      copyRaw: copies => this.raw.copyAll(copies),
      halves: options.halves,
      writeRaw: (bytes, owner) => this.raw.write(bytes, owner),
      readRaw: raw => this.raw.read(raw),
      removeRaw: raw => this.raw.remove(raw),
      unknown,
    });
    this.#listCommit = new GroupCommit(() => list.write(), LIST_COMMIT_MS, trouble);
    list.overlay(() => this.operations.queue.folderOperations());
    this.#serverFolders = new ServerFolders({
      id: options.id,
      list,
      assertWritable: () => options.disk.assertWritable(),
      commit: (operations, back) => this.operations.commitFolders(operations, back),
      folderEver: number => this.#opening(number),
    });
    this.#ownFolders = new OwnFolders({
      id: options.id,
      list,
      assertWritable: () => options.disk.assertWritable(),
      settled: () => this.operations.settleLocal(),
      queue: () => this.queue(),
      folder: id => this.folder(id),
      opened: number => this.#open.get(number),
      write: () => this.#listCommit.request(true),
      changed: () => options.emit({ t: 'folders', account: options.id }),
    });
    const { disk, now, damaged } = options;
    this.exports = new ExportNotes({ disk, dir: options.dir, now, damaged });
    this.manifests = new Manifests({
      disk,
      dir: join(options.dir, 'raw'),
      now,
      damaged,
      rebuild: directory => rebuildManifest(this, directory),
    });
    this.raw = new RawFiles({
      disk,
      files: options.files,
      manifests: this.manifests,
      began: () => this.#begin(),
      reserved,
    });
  }

  static async open(options: AccountOptions): Promise<Account> {
    const list = await FolderList.open(options);
    const trouble = (error: TmailError) => options.emit({ t: 'trouble', error });
    const outbox = await Outbox.open({ ...options, trouble });
    const account = new Account(options, list, await openQueueFiles(options), outbox);
    if (options.disk.writable) await account.#recover();
    return account;
  }

  async #recover(): Promise<void> {
    for (const op of this.operations.queue.folderOperations()) {
      if (op.t === 'folder-create')
        this.list.ensureWaiting(this.#number(op.folder), op.path, this.list.delimiter);
    }
    this.list.forgetWaiting();
    await this.operations.recover();
  }

  folders(): readonly FolderRecord[] {
    return this.list.records();
  }

  async setFolders(infos: readonly FolderInfo[]): Promise<void> {
    this.options.disk.assertWritable();
    this.list.replace(infos);
    this.options.emit({ t: 'folders', account: this.id });
    await this.#listCommit.request(true);
  }

  async createFolder(path: string, where?: 'here' | 'server'): Promise<FolderId> {
    const onServer = where === undefined ? await this.#isOnServer() : where === 'server';
    return onServer ? this.#serverFolders.create(path) : this.#ownFolders.create(path);
  }

  async renameFolder(id: FolderId, path: string): Promise<void> {
    const number = this.#number(id);
    await (this.#isServers(number) ? this.#serverFolders : this.#ownFolders).rename(number, path);
  }

  async removeFolder(id: FolderId): Promise<void> {
    const number = this.#number(id);
    await (this.#isServers(number) ? this.#serverFolders : this.#ownFolders).remove(number);
  }

  async subscribe(id: FolderId, on: boolean): Promise<void> {
    const number = this.#number(id);
    if (this.#isServers(number)) return this.#serverFolders.subscribe(number, on);
    await this.#changeList(() => this.list.setSubscribed(number, on));
  }

  async setRole(id: FolderId, role: Role | null): Promise<void> {
    const number = this.#number(id);
    // There is one inbox, and it is where the mail comes in.
    if (role === 'inbox' || this.list.record(number).role === 'inbox') {
      const facts = { folder: this.list.record(number).path };
      throw new TmailError('rejected', 'folder.role', { retry: 'never', facts });
    }
    await this.#changeList(() => this.list.setRole(number, role));
  }

  serverFolderId(path: string): FolderId | undefined {
    const number = this.list.numberOnServer(path);
    return number === undefined ? undefined : folderId(this.id, number);
  }

  /** Durable, or as it was. */
  async #changeList(change: () => void): Promise<void> {
    this.options.disk.assertWritable();
    const before = this.list.entries();
    change();
    this.options.emit({ t: 'folders', account: this.id });
    try {
      await this.#listCommit.request(true);
    } catch (error) {
      this.list.putBack(before);
      this.options.emit({ t: 'folders', account: this.id });
      throw error;
    }
  }

  #isServers(number: number): boolean {
    return this.list.entry(number)?.remote === true;
  }

  /** An IMAP account's folders are on its server; of a POP3 account only the inbox comes from there. */
  async #isOnServer(): Promise<boolean> {
    const remote = this.folders().filter(record => record.remote);
    const [first] = remote;
    if (!first || remote.length > 1) return first !== undefined;
    if (this.folders().some(({ remote, role }) => !remote && role === 'trash')) return false;
    return !isAlone(await this.folder(first.id));
  }

  setCounts(folder: FolderId, counts: FolderCounts): void {
    this.options.disk.assertWritable();
    if (!this.list.setCounts(this.#number(folder), counts)) return;
    this.options.emit({ t: 'folders', account: this.id });
    this.#listCommit.request(false);
  }

  async folder(id: FolderId): Promise<Folder> {
    const number = this.#number(id);
    if (!this.list.entry(number)) throw unknown(id);
    return this.#opening(number);
  }

  /** Also one that vanished from the server. */
  #opening(number: number): Promise<Folder> {
    const opened = this.#folders.get(number) ?? this.#openFolder(folderId(this.id, number), number);
    this.#folders.set(number, opened);
    opened.catch(() => this.#folders.delete(number));
    return opened;
  }

  /** Folders that are in memory. */
  opened(): readonly Folder[] {
    return [...this.#open.values()];
  }

  openFolder(number: number): Folder | undefined {
    return this.#open.get(number);
  }

  files(number: number): FolderFiles {
    const { dir, disk, now, damaged } = this.options;
    return new FolderFiles({ disk, dir: join(dir, 'folders', String(number)), now, damaged });
  }

  queue(): readonly Operation[] {
    return this.operations.queue.list();
  }

  async commit(op: NewOperation): Promise<Operation> {
    this.options.disk.assertWritable();
    return this.operations.commit(op);
  }

  announce(): string {
    this.options.disk.assertWritable();
    return this.operations.announce();
  }

  async append(message: NewAppend): Promise<Operation> {
    this.options.disk.assertWritable();
    return this.operations.append(message);
  }

  appended(id: string, remote: RemoteRef | null): Promise<void> {
    return this.operations.appended(id, remote);
  }

  moved(id: string, places: readonly (RemoteRef | null)[], uids?: readonly LocalUid[]): Promise<void> {
    return this.operations.moved(id, places, uids);
  }

  gone(id: string, uids: readonly LocalUid[], error: TmailError): Promise<void> {
    return this.operations.gone(id, uids, error);
  }

  drop(id: string): Promise<readonly Operation[]> {
    return this.operations.drop(id);
  }

  ready(op: Operation): boolean {
    return this.operations.ready(op);
  }

  tried(id: string): void {
    this.operations.tried(id);
  }

  /** Whether this operation waits, also one that no server has to hear of. */
  hasQueued(id: string): boolean {
    return this.operations.queue.get(id) !== undefined;
  }

  attempt(id: string): Promise<void> {
    return this.operations.attempt(id);
  }

  settled(id: string): Promise<void> {
    return this.operations.settled(id);
  }

  refused(id: string, error: TmailError): Promise<void> {
    return this.operations.refused(id, error);
  }

  /** Compares message files and index, see sweep.ts; at most once at a time. Resolves when all of it is durable. */
  sweep(thorough = false): Promise<SweepReport> {
    this.options.disk.assertWritable();
    this.#sweeping ??= sweep(this, thorough)
      .then(report => {
        this.#swept = true;
        return report;
      })
      .finally(() => {
        this.#sweeping = null;
      });
    return this.#sweeping;
  }

  /** What an owner has to put in order after opening; null: nothing. May take long and disturbs nobody. */
  tidy(): Promise<SweepReport & { expired: number }> | null {
    if (!this.list.crashed && expired(this).length === 0) return null;
    const nothing = { adopted: 0, removed: 0, missing: 0, temporary: 0 };
    const swept = this.list.crashed ? this.sweep() : Promise.resolve(nothing);
    const tidied = swept.then(async report => ({ ...report, expired: await expire(this) }));
    this.#tidying = tidied;
    return tidied;
  }

  async recovered(): Promise<void> {
    // Why it failed is in the log; what it did not reach is as it was.
    await this.#sweeping?.catch(() => undefined);
  }

  /**
   * For `tmail doctor --rebuild`, while no engine runs: reads every file, mends what is damaged, compares with the message files, counts
   * anew, and asks the server for everything that is not here. Nothing that is here gets another number.
   */
  async rebuild(): Promise<RebuildReport> {
    let messages = 0;
    for (const { id } of this.folders()) {
      const folder = await this.folder(id);
      await folder.loadAll();
      for (const number of folder.table.numbers()) await folder.readEnvelopes(number);
    }
    await this.#sweeping?.catch(() => undefined);
    const swept = await this.sweep(true);
    for (const { id } of this.folders()) {
      const folder = await this.folder(id);
      messages += folder.length;
      if (folder.record.remote) {
        await folder.apply({ sync: { ...folder.sync, highestModseq: null, filledDownTo: null } });
      } else {
        this.setCounts(id, { total: folder.length, unread: folder.unread });
      }
    }
    await this.flush();
    return { ...swept, messages };
  }

  /** For a reader: reads the list, the queue and every open folder again, as far as their directory has `changed`. */
  async refresh(changed: ChangedSince): Promise<void> {
    // A step of the queue changes no name in the directory.
    const steps = await changed(join(this.options.dir, 'queue.steps'));
    if ((await changed(this.options.dir)) || steps) {
      this.list.become(await FolderList.open(this.options));
      this.options.emit({ t: 'folders', account: this.id });
      this.operations.reload(await openQueueFiles(this.options));
      await this.outbox.reload();
    }
    for (const [number, folder] of this.#open) {
      if (!(await changed(join(this.options.dir, 'folders', String(number))))) continue;
      const fresh = await openFolder(folder.host);
      // What was in memory stays so: rows on the screen must not go blank.
      await fresh.loadStates(folder.table.numbers().filter(number => folder.table.state(number)));
      for (const number of folder.envelopes.keys()) {
        if (fresh.table.has(number)) await fresh.loadEnvelopes(number);
      }
      folder.become(fresh);
      folder.shown({ total: 0, unread: 0, counted: false, messages: 'all' });
    }
  }

  async flush(): Promise<void> {
    await this.operations.idle();
    await this.operations.flush();
    await this.outbox.flush();
    await this.raw.flush();
    for (const folder of this.#open.values()) await folder.flush();
    await this.#listCommit.flush();
    await this.#dropping;
  }

  async close(): Promise<void> {
    try {
      await this.#tidying?.catch(() => undefined);
      await this.#sweeping?.catch(() => undefined);
      await this.flush();
      for (const folder of this.#open.values()) await folder.writer.close();
      if (this.#swept || !this.list.crashed) await this.list.setClean(true);
    } finally {
      for (const folder of this.#open.values()) folder.writer.stop();
      this.operations.stop();
      this.outbox.stop();
      this.#listCommit.stop();
    }
  }

  #number(id: FolderId): number {
    const { account, folder } = splitFolderId(id);
    if (account !== this.id) throw unknown(id);
    return folder;
  }

  async #openFolder(id: FolderId, number: number): Promise<Folder> {
    const folder = await openFolder({
      id,
      number,
      files: this.files(number),
      writable: this.options.disk.writable,
      groupMs: this.options.groupMs,
      queue: this.operations.queue,
      cache: this.options.cache,
      record: () => this.list.record(number),
      entry: () => this.list.entryOrDropped(number),
      queueDurable: () => this.operations.flush(),
      queueChanged: () => this.operations.rebased(),
      listed: () => this.#listCommit.flush(),
      changed: deltas => this.#changed(id, number, deltas),
      dropRaw: drops => this.#dropRaw(drops),
      envelopeOf: ref => envelopeIn(this, ref),
      ownedRaw: () => ownedRaw(this.manifests, number),
      trouble: error => this.options.emit({ t: 'trouble', error }),
    });
    this.#open.set(number, folder);
    // Nobody else counts what no IMAP server has; what the list says may be older than a crash.
    if (this.options.disk.writable && folder.sync.uidValidity === null && this.list.entry(number)) {
      const alone = !folder.record.remote || folder.sync.filledDownTo === 1;
      if (alone) this.setCounts(id, { total: folder.length, unread: folder.unread });
    }
    return folder;
  }

  #changed(id: FolderId, number: number, deltas: Deltas): void {
    const { messages, flags } = deltas;
    this.options.emit({ t: 'folder', folder: id, ...(messages && { messages }), ...(flags && { flags }) });
    const folder = this.#open.get(number);
    const counts = this.list.entry(number)?.counts;
    if (!folder || !counts) return;
    const next = deltas.counted
      ? { total: folder.length, unread: folder.unread }
      : { total: Math.max(0, counts[0] + deltas.total), unread: Math.max(0, counts[1] + deltas.unread) };
    if (!this.list.setCounts(number, next)) return;
    this.options.emit({ t: 'folders', account: this.id });
    if (this.options.disk.writable) this.#listCommit.request(false);
  }

  #begin(): Promise<void> {
    this.#began ??= this.list.setClean(false);
    this.#began.catch(() => {
      this.#began = null;
    });
    return this.#began;
  }

  #dropRaw(drops: readonly DroppedRaw[]): void {
    const gone = drops.filter(({ only }) => !only).map(({ raw }) => raw);
    const kept = drops.filter(({ only }) => only).map(({ raw }) => raw);
    const drop = async () => {
      if (gone.length > 0) await this.raw.removeAll(gone);
      if (kept.length > 0) await this.raw.setAside(kept, this.options.now());
    };
    const dropped = drop().catch((thrown: unknown) => {
      // Orphans: swept at the next start.
      this.options.log.warn('raw.remove', { account: this.id, code: asTmailError(thrown).code });
    });
    this.#dropping = Promise.all([this.#dropping, dropped]).then(() => undefined);
  }
}

function unknown(folder: FolderId): TmailError {
  return new TmailError('storage', 'folder.unknown', { facts: { folder } });
}
