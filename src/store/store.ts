// Opens the store: lock, version, accounts; and hands events round. The composition of this layer, nothing else.
import { basename, join, relative } from 'node:path';
import type { AccountId, Envelope } from '../mail/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { type FileSystem, realFileSystem } from '../util/fsync.ts';
import { GROUP_COMMIT_MS } from '../util/limits.ts';
import { type Log, silentLog } from '../util/log.ts';
import { Account, type AccountOptions, type RebuildReport } from './account.ts';
import { Disk } from './disk.ts';
import { answer, type DoorHandler } from './door.ts';
import { Drafts } from './drafts.ts';
import { EnvelopeCache } from './envelope-cache.ts';
import { type FileBatches, filesInPlace } from './file-batch.ts';
import { filesInThread } from './file-batch-thread.ts';
import { type AccountHealth, inspectAccount } from './inspect.ts';
import { type Lock, lockStore } from './lock.ts';
import { assertVersion, migrate } from './migrate.ts';
import { type Accounts, lookForOtherHalves, otherHalves } from './other-half.ts';
import { type ChangedSince, changedSince, REREAD_MS } from './reread.ts';
import { openSettings, type StoredSettings } from './settings.ts';
import type { OpenStoreOptions, Settings, Store, StoreEvent } from './types.ts';

export { knock } from './door.ts';
export { isOwned } from './lock.ts';

export interface StoreOptions extends OpenStoreOptions {
  readonly log?: Log;
  /** The disk; another one in tests. */
  readonly fs?: FileSystem;
  /** How long grouped changes wait for each other; GROUP_COMMIT_MS unless said. */
  readonly groupMs?: number;
  /** Reads a message's header when an index has to be rebuilt from message files. */
  readonly envelopeOf?: (bytes: Buffer, arrival: number, partial: boolean) => Promise<Envelope>;
}

/** What this store offers beside the contract. */
export interface LocalStore extends Store {
  account(id: AccountId): Promise<Account>;
  readonly drafts: Drafts;
  readonly settings: Settings;
  /** Answers other processes (`knock`) from now on. */
  serve(handler: DoorHandler): void;
  /** For a reader: shows what the owner has made durable since. An owner's memory is the truth already. */
  refresh(): Promise<void>;
  /** For a reader: refreshes by itself from now on, within REREAD_MS of a change; until it is closed. */
  follow(): void;
  /** Reads everything and changes nothing: for `tmail doctor`. */
  inspect(): Promise<AccountHealth[]>;
  /** For `tmail doctor --rebuild`, see Account.rebuild. */
  rebuild(id: AccountId): Promise<RebuildReport>;
  /** Free space for the person on the store's disk. */
  freeBytes(): Promise<number>;
}

/**
 * @throws TmailError `store.locked` (dir, pid): another process owns it; `store.version` (found, supported): written
 * by a newer tmail; `disk.*`. Then nothing was changed.
 */
export async function openStore(options: StoreOptions): Promise<LocalStore> {
  const { dir, mode, now = Date.now, log = silentLog } = options;
  const disk = new Disk(options.fs ?? realFileSystem, mode === 'owner');
  // A test's failing disk is no matter for a thread.
  const files = options.fs ? filesInPlace(disk) : filesInThread(filesInPlace(disk));
  const listeners = new Set<(event: StoreEvent) => void>();
  const emit = (event: StoreEvent) => {
    if (event.t === 'trouble') log.warn(event.error.code, event.error.facts);
    for (const listener of [...listeners]) listener(event);
  };
  /** Damage found before anyone could subscribe. */
  const early: TmailError[] = [];
  const damaged = (file: string, kept: string | null, reason: string) => {
    const facts = { file: relative(dir, file), kept: kept === null ? undefined : basename(kept), reason };
    const error = new TmailError('storage', 'store.set-aside', { retry: 'never', facts });
    if (listeners.size === 0) early.push(error);
    emit({ t: 'trouble', error });
  };
  await assertVersion({ disk, dir, now, damaged });

  let handler: DoorHandler | null = null;
  let lock: Lock | null = null;
  if (mode === 'owner') {
    await disk.makeDirectory(dir);
    lock = await lockStore(dir, socket => answer(socket, () => handler));
    try {
      await migrate({ disk, dir, now, damaged });
    } catch (error) {
      lock.release();
      throw error;
    }
  }
  const trouble = (error: TmailError) => emit({ t: 'trouble', error });
  const drafts = new Drafts({ disk, dir: join(dir, 'drafts'), now, damaged, trouble });
  const cache = new EnvelopeCache();
  const groupMs = options.groupMs ?? GROUP_COMMIT_MS;
  const path = join(dir, 'settings.json');
  const settings = await openSettings({ disk, path, now, damaged, groupMs, trouble });
  const accountOptions = (id: AccountId): Omit<AccountOptions, 'halves'> => ({
    id,
    dir: join(dir, 'accounts', id),
    disk,
    files,
    cache,
    groupMs,
    now,
    log,
    emit,
    damaged,
    envelopeOf: options.envelopeOf ?? readEnvelope,
  });
  return new OpenedStore({
    dir,
    disk,
    drafts,
    settings,
    files,
    log,
    mode,
    listeners,
    early,
    lock,
    accountOptions,
    known: (await disk.list(join(dir, 'accounts'))).filter(isAccountId).sort(),
    serve: served => {
      handler = served;
    },
  });
}

/** Loaded when something has to be rebuilt, that is, nearly never. */
async function readEnvelope(bytes: Buffer, arrival: number, partial: boolean): Promise<Envelope> {
  const { envelopeOf } = await import('../mail/headers.ts');
  const { attachmentsIn } = await import('../mail/mime-scan.ts');
  const attachments = partial ? null : attachmentsIn(bytes);
  return envelopeOf(bytes, { size: bytes.length, arrival, attachments });
}

/** Account ids are directory names: nothing else may be in them, and none starts with a dot. */
export function isAccountId(id: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(id);
}

interface Parts {
  readonly dir: string;
  readonly disk: Disk;
  readonly drafts: Drafts;
  readonly settings: StoredSettings;
  readonly files: FileBatches;
  readonly log: Log;
  readonly mode: 'owner' | 'reader';
  readonly listeners: Set<(event: StoreEvent) => void>;
  readonly early: TmailError[];
  readonly lock: Lock | null;
  readonly known: readonly AccountId[];
  readonly accountOptions: (id: AccountId) => Omit<AccountOptions, 'halves'>;
  readonly serve: (handler: DoorHandler) => void;
}

class OpenedStore implements LocalStore {
  readonly #parts: Parts;
  readonly #accounts = new Map<AccountId, Promise<Account>>();
  readonly #opened = new Map<AccountId, Account>();
  readonly #changed: ChangedSince;
  readonly #all: Accounts = {
    known: () => this.accounts(),
    opened: () => this.#opened.values(),
    open: id => this.account(id),
  };
  readonly #halves = otherHalves(this.#all);
  #closed: Promise<void> | null = null;
  #looking: Promise<void> = Promise.resolve();
  #following: NodeJS.Timeout | null = null;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#changed = changedSince(dir => parts.disk.timeOf(dir));
  }

  get dir(): string {
    return this.#parts.dir;
  }

  get mode(): 'owner' | 'reader' {
    return this.#parts.mode;
  }

  get drafts(): Drafts {
    return this.#parts.drafts;
  }

  get settings(): Settings {
    return this.#parts.settings;
  }

  accounts(): readonly AccountId[] {
    return [...new Set([...this.#parts.known, ...this.#accounts.keys()])];
  }

  account(id: AccountId): Promise<Account> {
    if (!isAccountId(id)) {
      return Promise.reject(new TmailError('config', 'account.malformed', { facts: { account: id } }));
    }
    let account = this.#accounts.get(id);
    if (!account) {
      const options = { ...this.#parts.accountOptions(id), halves: this.#halves };
      account = Account.open(options).then(opened => {
        this.#opened.set(id, opened);
        if (this.mode === 'owner') this.#tidy(opened);
        return opened;
      });
      account.catch(() => this.#accounts.delete(id));
      this.#accounts.set(id, account);
    }
    return account;
  }

  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#parts.listeners.add(listener);
    for (const error of this.#parts.early.splice(0)) listener({ t: 'trouble', error });
    return () => this.#parts.listeners.delete(listener);
  }

  serve(handler: DoorHandler): void {
    this.#parts.serve(handler);
  }

  freeBytes(): Promise<number> {
    return this.#parts.disk.freeBytes(this.#parts.dir);
  }

  refresh(): Promise<void> {
    const read = async () => {
      if (this.mode === 'owner') return;
      for (const account of this.#opened.values()) if (!this.#closed) await account.refresh(this.#changed);
    };
    const done = this.#refreshing.then(read);
    this.#refreshing = done.catch(() => undefined);
    return done;
  }

  follow(): void {
    if (this.#closed || this.mode === 'owner') return;
    this.#following = setTimeout(() => {
      this.refresh()
        .catch((thrown: unknown) => this.#parts.log.warn('refresh', { code: asTmailError(thrown).code }))
        .finally(() => this.follow());
    }, REREAD_MS).unref();
  }

  async inspect(): Promise<AccountHealth[]> {
    const { disk, dir } = this.#parts;
    const health: AccountHealth[] = [];
    for (const id of this.accounts()) health.push(await inspectAccount(disk, join(dir, 'accounts', id), id));
    return health;
  }

  async rebuild(id: AccountId): Promise<RebuildReport> {
    return (await this.account(id)).rebuild();
  }

  async flush(): Promise<void> {
    await this.#parts.drafts.flush();
    await this.#parts.settings.flush();
    for (const account of this.#opened.values()) await account.flush();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** In the background: nobody has to wait for it before mail shows. */
  #tidy(account: Account): void {
    const { log } = this.#parts;
    const waiting = account.operations.otherHalves();
    this.#looking = this.#looking
      .then(() => lookForOtherHalves(account.operations, waiting, this.#all))
      .catch((thrown: unknown) =>
        log.warn('halves', { account: account.id, code: asTmailError(thrown).code }),
      );
    account.tidy()?.then(
      report => log.info('tidy', { account: account.id, ...report }),
      (thrown: unknown) => log.warn('tidy', { account: account.id, code: asTmailError(thrown).code }),
    );
  }

  async #close(): Promise<void> {
    if (this.#following) clearTimeout(this.#following);
    await this.#looking;
    await Promise.allSettled(this.#accounts.values());
    try {
      if (this.mode === 'owner') for (const account of this.#opened.values()) await account.close();
      await this.#parts.settings.flush();
    } finally {
      await this.#parts.files.close();
      this.#parts.lock?.release();
    }
  }
}
