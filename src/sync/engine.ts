// One account's motor as the rest of the program sees it: says how things stand, takes wishes, never throws at its
// caller and never touches a socket. Staying connected is connection.ts, what is done then is work.ts.
import { type Keeping, offlineOf } from '../config/offline.ts';
import type { AccountConfig, Offline } from '../config/types.ts';
import { splitMessageId } from '../mail/ids.ts';
import type { AccountId, FolderId, LocalUid, MessageId } from '../mail/types.ts';
import type { AccountStore, StoreEvent } from '../store/types.ts';
import { asTmailError, cancelled, TmailError } from '../util/errors.ts';
import { FREE_SPACE_FLOOR } from '../util/limits.ts';
import type { Pace } from '../util/pace.ts';
import { Alerts } from './alerts.ts';
import { type Clock, systemClock } from './clock.ts';
import { Connection } from './connection.ts';
import { ownAddresses } from './network.ts';
import type { Maildrop } from './pop3/account.ts';
import { fullest } from './quota.ts';
import type { CreateSession, SessionDeps, SessionMemory } from './session.ts';
import type {
  AccountStatus,
  BodyWanted,
  Caps,
  Engine,
  Phase,
  Progress,
  QuotaRoot,
  Session,
  SyncReport,
} from './types.ts';
import { Work } from './work.ts';

export interface EngineDeps {
  readonly config: AccountConfig;
  readonly store: AccountStore;
  /** Asked for at every connection; never kept by the engine. */
  readonly password: () => Promise<string>;
  readonly createSession: CreateSession;
  readonly caps: Caps;
  readonly version: string;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** POP3: what its sessions have in common. The engine opens and closes it. */
  readonly maildrop?: Maildrop;
  /** The store's events: a queued operation is sent at once instead of with the next round. */
  readonly subscribe?: (listener: (event: StoreEvent) => void) => () => void;
  /** Mail that is new on the server since the last pull; it is in the store when this is called. Must not throw. */
  readonly arrived?: (folder: FolderId, uids: readonly LocalUid[]) => void;
  /** Free bytes where the store is. */
  readonly freeSpace?: () => Promise<number>;
  readonly pace?: Pace;
  /** This computer's addresses; the system's unless said. */
  readonly addresses?: () => ReadonlySet<string>;
}

/** A notice is shown this long, unless something else happens. */
const NOTICE_MS = 60_000;

export function createEngine(deps: EngineDeps): Engine {
  return new AccountEngine(deps);
}

class AccountEngine implements Engine {
  readonly account: AccountId;
  readonly caps: Caps;
  readonly #deps: EngineDeps;
  readonly #clock: Clock;
  readonly #connection: Connection;
  readonly #work: Work;
  readonly #memory: SessionMemory = { prefetched: new Map(), caution: new Map() };
  readonly #listeners = new Set<() => void>();
  #phase: Phase = 'stopped';
  #error: TmailError | null = null;
  #diskError: TmailError | null = null;
  #notice: { readonly error: TmailError; readonly until: number } | null = null;
  #retryAt: number | null = null;
  #lastSync: number | null = null;
  #quota: readonly QuotaRoot[] | null | undefined;
  #noRoom = 0;
  readonly #alerts = new Alerts();
  /** As configured, or as the person wished since. */
  #kept: Keeping;
  #dialled: Session | null = null;
  /** Connections tried. */
  #tries = 0;
  #stopped = false;
  #received = 0;
  #pushed = 0;
  #onProgress: ((progress: Progress) => void) | null = null;
  #changed: (() => void)[] = [];
  #unsubscribe: () => void = () => undefined;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    this.account = deps.config.id;
    this.#kept = deps.config;
    this.caps = deps.caps;
    const clock = deps.clock ?? systemClock;
    this.#clock = clock;
    this.#work = new Work({
      offline: path => offlineOf(this.#kept, path),
      store: deps.store,
      folders: () => (deps.maildrop ?? deps.store).folders(),
      clock,
      tell: () => this.#tell(),
      warn: error => this.#warn(error),
      disk: error => {
        this.#diskError = error;
        this.#tell();
      },
      quota: roots => {
        this.#quota = roots;
        this.#tell();
      },
      noRoom: () => {
        this.#noRoom++;
        this.#tell();
      },
      pushed: () => {
        this.#pushed++;
      },
      synced: () => {
        this.#lastSync = this.#clock.now();
        this.#tell();
      },
    });
    this.#connection = new Connection({
      clock,
      random: deps.random ?? Math.random,
      addresses: deps.addresses ?? ownAddresses,
      dial: signal => this.#dial(signal),
      begin: session => {
        this.#set('online', null, null);
        this.#work.attach(session, 'live');
      },
      end: () => this.#end(),
      state: (phase, error, retryAt) => this.#set(phase, error, retryAt),
    });
  }

  status(): AccountStatus {
    const notice = this.#notice && this.#notice.until > this.#clock.now() ? this.#notice.error : null;
    return {
      account: this.account,
      phase: this.#phase,
      error: this.#error ?? this.#diskError ?? notice,
      retryAt: this.#retryAt,
      progress: this.#work.progress(),
      queued: this.#deps.store.queue().length,
      ...this.#aboutOutbox(),
      lastSync: this.#lastSync,
      ...this.#aboutMaildrop(),
      ...(this.#quota !== undefined && { quota: fullest(this.#quota) }),
      ...(this.#quota && { quotaRoots: this.#quota }),
      ...(this.#noRoom > 0 && { noRoom: this.#noRoom }),
      ...this.#alerts.status(),
    };
  }

  #aboutOutbox(): Pick<AccountStatus, 'outbox'> {
    const { outbox } = this.#deps.store;
    return outbox ? { outbox: outbox.records().filter(({ state }) => state !== 'sent').length } : {};
  }

  #aboutMaildrop(): Pick<AccountStatus, 'nextCheck' | 'maildrop'> {
    const { maildrop } = this.#deps;
    if (!maildrop) return {};
    return { nextCheck: this.#phase === 'online' ? maildrop.nextCheck : null, maildrop: maildrop.facts() };
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#connection.running || this.#deps.config.disabled) return;
    this.#stopped = false;
    this.#unsubscribe = this.#deps.subscribe?.(event => this.#onStoreEvent(event)) ?? (() => undefined);
    this.#connection.start();
  }

  show(folder: FolderId | null): void {
    this.#work.show(folder);
  }

  async body(id: MessageId, wanted: BodyWanted): Promise<void> {
    const { folder, uid } = splitMessageId(id);
    const opened = await (this.#deps.maildrop ?? this.#deps.store).folder(folder);
    if (opened.positionOf(uid) < 0) await opened.loadAll();
    const raw = opened.raw(uid);
    if (raw && !(raw.partial && wanted === 'whole')) return;
    while (this.#phase === 'connecting') await this.#change();
    const { session } = this.#work;
    if (!session || this.#phase !== 'online') throw this.#offline();
    try {
      await this.#work.body(session, id, wanted);
    } catch (thrown) {
      const error = asTmailError(thrown);
      throw error.kind === 'cancelled' && this.#work.session !== session ? this.#offline() : error;
    }
  }

  async holds(folder: FolderId, messageId: string): Promise<boolean> {
    const { session } = this.#work;
    if (!session || this.#phase !== 'online') throw this.#offline();
    return await this.#work.holds(session, folder, messageId);
  }

  refresh(): void {
    this.#notice = null;
    if (this.#phase === 'online') this.#work.round();
    else {
      this.#work.resume();
      this.#connection.wake();
    }
    this.#tell();
  }

  async agree(): Promise<void> {
    await this.#deps.maildrop?.agree();
  }

  keep(offline: Offline, folders = this.#kept.offlineFolders): void {
    const before = this.#kept;
    this.#kept = { offline, ...(folders && { offlineFolders: folders }) };
    // What was looked at before was looked at with other eyes.
    this.#memory.prefetched.clear();
    this.#work.keptOtherwise(path => offlineOf(before, path));
    this.#tell();
  }

  cancel(): void {
    this.#work.cancel();
  }

  async settled(): Promise<void> {
    while (this.#phase === 'connecting' || this.#work.busy) await this.#change();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    await this.#connection.stop();
    await this.#deps.maildrop?.close();
    this.#set('stopped', null, null);
  }

  async syncOnce(folder: FolderId | null, onProgress?: (p: Progress) => void): Promise<SyncReport> {
    const errors: TmailError[] = [];
    const before = { received: this.#received, pushed: this.#pushed };
    const abort = new AbortController();
    const temporary = !this.#connection.running;
    const { maildrop } = this.#deps;
    const earlier = maildrop?.lastCheck ?? null;
    this.#onProgress = onProgress ?? null;
    try {
      if (temporary) await this.#connectOnce(abort.signal);
      else await this.#online();
      await this.#work.once(folder, error => errors.push(error));
      this.#lastSync = this.#clock.now();
    } catch (thrown) {
      errors.push(asTmailError(thrown));
    } finally {
      this.#onProgress = null;
      if (temporary) {
        abort.abort();
        await this.#end();
        this.#set('stopped', null, null);
      }
    }
    const check = maildrop && maildrop.lastCheck !== earlier ? maildrop.lastCheck : null;
    // Of single messages; what ended the check was thrown.
    errors.push(...(check?.tally.errors ?? []));
    const facts = maildrop?.facts();
    const { alerts } = this.#alerts.status();
    return {
      account: this.account,
      protocol: this.#deps.config.protocol,
      received: this.#received - before.received,
      sent: 0,
      pushed: this.#pushed - before.pushed,
      deletedOnServer: check?.tally.deletedOnServer ?? 0,
      onServer:
        facts?.onServer.messages ??
        this.#work.targets(folder).reduce((sum, record) => sum + record.counts.total, 0),
      errors,
      ...(check && { warnings: facts?.warnings ?? [] }),
      ...(alerts && { alerts }),
    };
  }

  async push(signal: AbortSignal): Promise<void> {
    const temporary = !this.#connection.running;
    const stop = (): void => void this.#end();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (temporary) await this.#connectOnce(signal);
      else await this.#online();
      await this.#work.push();
    } finally {
      signal.removeEventListener('abort', stop);
      if (temporary) {
        await this.#end();
        this.#set('stopped', null, null);
      }
    }
  }

  /** For `syncOnce` on an engine that was not started. */
  async #connectOnce(signal: AbortSignal): Promise<void> {
    this.#stopped = false;
    this.#set('connecting', null, null);
    const session = await this.#dial(signal);
    this.#set('online', null, null);
    this.#work.attach(session, 'once');
  }

  /** For `syncOnce` on one that was: connected, or the reason why not. */
  async #online(): Promise<void> {
    const tries = this.#tries;
    if (this.#phase !== 'online') this.#connection.wake();
    while (this.#phase === 'connecting' || (this.#phase === 'offline' && this.#tries === tries)) {
      await this.#change();
    }
    if (this.#phase !== 'online') throw this.#error ?? this.#offline();
  }

  async #dial(signal: AbortSignal): Promise<Session> {
    await this.#deps.maildrop?.open();
    const session = this.#deps.createSession(this.#sessionDeps());
    this.#dialled = session;
    this.#tries++;
    await session.connect(signal);
    return session;
  }

  async #end(): Promise<void> {
    const dialled = this.#dialled;
    this.#dialled = null;
    await this.#work.detach();
    // One that never got as far as being attached.
    await dialled?.close();
  }

  #sessionDeps(): SessionDeps {
    const { config, store, password, version, pace, arrived } = this.#deps;
    return {
      account: config,
      offline: path => offlineOf(this.#kept, path),
      store,
      password,
      version,
      clock: this.#clock,
      memory: this.#memory,
      report: error => this.#warn(error),
      alert: alert => {
        if (this.#alerts.add(alert)) this.#tell();
      },
      received: count => {
        this.#received += count;
      },
      ...(arrived && { arrived }),
      room: () => this.#room(),
      ...(pace && { pace }),
    };
  }

  async #room(): Promise<void> {
    const free = (await this.#deps.freeSpace?.()) ?? Number.POSITIVE_INFINITY;
    if (free >= FREE_SPACE_FLOOR) return;
    throw new TmailError('storage', 'disk.floor', {
      retry: 'auto',
      facts: { free, floor: FREE_SPACE_FLOOR },
    });
  }

  #onStoreEvent(event: StoreEvent): void {
    if (event.t === 'queue' && event.account === this.account) this.#work.sendQueue();
  }

  #set(phase: Phase, error: TmailError | null, retryAt: number | null): void {
    this.#phase = phase;
    this.#error = error?.kind === 'cancelled' ? null : error;
    this.#retryAt = retryAt;
    this.#tell();
  }

  #warn(error: TmailError): void {
    if (error.kind === 'cancelled') return;
    this.#notice = { error, until: this.#clock.now() + NOTICE_MS };
    this.#tell();
  }

  #tell(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const resolve of waiting) resolve();
    for (const listener of this.#listeners) listener();
    const [first] = this.#onProgress ? this.#work.progress() : [];
    if (first) this.#onProgress?.(first);
  }

  #change(): Promise<void> {
    return new Promise(resolve => {
      this.#changed.push(resolve);
    });
  }

  #offline(): TmailError {
    if (this.#stopped) return cancelled();
    const why = this.#error?.code;
    return new TmailError('network', 'body.offline', {
      retry: 'auto',
      facts: why === undefined ? {} : { why },
    });
  }
}
