// One account's motor: keeps a session, decides what is done next, reconnects, and says how things stand. It never
// throws at its caller and never touches a socket; what a protocol does is the session's.
import type { AccountConfig } from '../config/types.ts';
import { splitMessageId } from '../mail/ids.ts';
import type { AccountId, FolderId, MessageId } from '../mail/types.ts';
import type { AccountStore, FolderRecord, StoreEvent } from '../store/types.ts';
import { asTmailError, cancelled, TmailError } from '../util/errors.ts';
import { FREE_SPACE_FLOOR, STATUS_EVERY_MS } from '../util/limits.ts';
import { Backoff } from './backoff.ts';
import { type Clock, systemClock, type Timer } from './clock.ts';
import { JobLoop } from './jobs.ts';
import { replayQueue } from './replay.ts';
import type { CreateSession, SessionDeps, SessionMemory } from './session.ts';
import type {
  AccountStatus,
  BodyWanted,
  Caps,
  Engine,
  Phase,
  Progress,
  Session,
  SyncReport,
} from './types.ts';

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
  /** The store's events: a queued operation is sent at once instead of with the next round. */
  readonly subscribe?: (listener: (event: StoreEvent) => void) => () => void;
  /** Free bytes where the store is. */
  readonly freeSpace?: () => Promise<number>;
}

/** Priorities; lower is sooner. */
const P = { folders: 0, push: 1, visible: 2, other: 3, counts: 4, prefetch: 5 } as const;
const PREFETCH = 'prefetch:';

const HEARTBEAT_MS = 5000;
/** A timer this late means that the computer slept, and that the line is dead even if it does not say so. */
const SLEPT_MS = 5000;
const DISK_RETRY_MS = 30_000;
const JOB_RETRY_MS = 15_000;
/** A connection that held this long was a good one. */
const STABLE_MS = 20_000;
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
  readonly #backoff: Backoff;
  readonly #memory: SessionMemory = { prefetched: new Map() };
  readonly #listeners = new Set<() => void>();
  /** Opening messages; sending and the visible folder; everything else. They run side by side. */
  readonly #bodies: JobLoop;
  readonly #front: JobLoop;
  readonly #back: JobLoop;
  #phase: Phase = 'stopped';
  #error: TmailError | null = null;
  #notice: { readonly error: TmailError; readonly until: number } | null = null;
  #retryAt: number | null = null;
  #lastSync: number | null = null;
  #session: Session | null = null;
  #visible: FolderId | null = null;
  /** Resolves when the last pull of a folder that was begun has ended. */
  readonly #pulling = new Map<FolderId, Promise<void>>();
  #watch: AbortController | null = null;
  #living: Promise<void> | null = null;
  #stopping = new AbortController();
  #wake: (() => void) | null = null;
  #hangUp: (() => void) | null = null;
  #timers = new Set<Timer>();
  #held: 'disk' | 'person' | null = null;
  #received = 0;
  #pushed = 0;
  #onProgress: ((progress: Progress) => void) | null = null;
  #changed: (() => void)[] = [];
  #unsubscribe: () => void = () => undefined;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    this.account = deps.config.id;
    this.caps = deps.caps;
    this.#clock = deps.clock ?? systemClock;
    this.#backoff = new Backoff(() => this.#clock.now(), deps.random ?? Math.random);
    const tell = (): void => this.#tell();
    this.#bodies = new JobLoop(tell);
    this.#front = new JobLoop(tell);
    this.#back = new JobLoop(tell);
  }

  status(): AccountStatus {
    const notice = this.#notice && this.#notice.until > this.#clock.now() ? this.#notice.error : null;
    return {
      account: this.account,
      phase: this.#phase,
      error: this.#error ?? notice,
      retryAt: this.#retryAt,
      progress: [...this.#bodies.progress(), ...this.#front.progress(), ...this.#back.progress()],
      queued: this.#deps.store.queue().length,
      lastSync: this.#lastSync,
    };
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#living || this.#deps.config.disabled) return;
    this.#stopping = new AbortController();
    this.#unsubscribe = this.#deps.subscribe?.(event => this.#onStoreEvent(event)) ?? (() => undefined);
    this.#set('connecting', null);
    this.#living = this.#live();
    this.#beat();
  }

  show(folder: FolderId | null): void {
    if (folder === this.#visible) return;
    const before = this.#visible;
    this.#visible = folder;
    if (!this.#session || this.#phase !== 'online') return;
    this.#restartWatch();
    if (before !== null && this.#front.has(job => job.key === pullKey(before))) {
      this.#front.cancel(job => job.key === pullKey(before));
      this.#pull(before);
    }
    if (folder !== null) {
      this.#back.cancel(job => job.key === pullKey(folder));
      this.#pull(folder);
    }
  }

  async body(id: MessageId, wanted: BodyWanted): Promise<void> {
    const { folder, uid } = splitMessageId(id);
    const opened = await this.#deps.store.folder(folder);
    if (opened.positionOf(uid) < 0) await opened.loadAll();
    const raw = opened.raw(uid);
    if (raw && !(raw.partial && wanted === 'whole')) return;
    while (this.#phase === 'connecting') await this.#change();
    const session = this.#session;
    if (!session || this.#phase !== 'online') throw this.#offline();
    try {
      await this.#bodies.add({
        key: `body:${id}:${wanted}`,
        priority: wanted === 'text' ? 0 : 1,
        run: () => session.body(id, wanted),
      });
    } catch (thrown) {
      const error = asTmailError(thrown);
      throw error.kind === 'cancelled' && this.#session !== session ? this.#offline() : error;
    }
  }

  refresh(): void {
    if (this.#held === 'person') this.#held = null;
    this.#notice = null;
    if (this.#phase === 'online') this.#round();
    else {
      this.#backoff.succeeded();
      this.#wake?.();
    }
    this.#tell();
  }

  cancel(): void {
    this.#held ??= 'person';
    this.#back.cancel();
    this.#front.cancel(job => job.priority >= P.visible);
  }

  async settled(): Promise<void> {
    while (this.#busy()) await this.#change();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#unsubscribe();
    this.#cancelTimers();
    this.#wake?.();
    this.#hangUp?.();
    await this.#teardown();
    await this.#living;
    this.#living = null;
    this.#set('stopped', null);
  }

  async syncOnce(folder: FolderId | null, onProgress?: (p: Progress) => void): Promise<SyncReport> {
    const errors: TmailError[] = [];
    const before = { received: this.#received, pushed: this.#pushed };
    const temporary = this.#living === null;
    this.#onProgress = onProgress ?? null;
    try {
      await this.#readyForOnce(temporary);
      await this.#once(folder, errors);
    } catch (thrown) {
      errors.push(asTmailError(thrown));
    } finally {
      this.#onProgress = null;
      if (temporary) {
        await this.#teardown();
        this.#set('stopped', null);
      }
    }
    return {
      account: this.account,
      protocol: this.#deps.config.protocol,
      received: this.#received - before.received,
      sent: 0,
      pushed: this.#pushed - before.pushed,
      deletedOnServer: 0,
      onServer: this.#targets(folder).reduce((sum, record) => sum + record.counts.total, 0),
      errors,
    };
  }

  // Connecting and staying connected

  async #live(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#set('connecting', null);
      const since = this.#clock.now();
      const error = await this.#liveOnce();
      await this.#teardown();
      if (this.#stopping.signal.aborted) return;
      if (this.#clock.now() - since > STABLE_MS) this.#backoff.succeeded();
      if (error && needsPerson(error)) await this.#waitForPerson(error);
      else await this.#waitToRetry(error);
    }
  }

  /** One connection from beginning to end: why it ended. */
  async #liveOnce(): Promise<TmailError | null> {
    try {
      const session = await this.#dial();
      const hungUp = new Promise<null>(resolve => {
        this.#hangUp = () => resolve(null);
      });
      this.#begin(session);
      return await Promise.race([session.closed, hungUp]);
    } catch (thrown) {
      return asTmailError(thrown);
    } finally {
      this.#hangUp = null;
    }
  }

  async #dial(): Promise<Session> {
    this.#backoff.connecting();
    const session = this.#deps.createSession(this.#sessionDeps());
    this.#session = session;
    await session.connect(this.#stopping.signal);
    return session;
  }

  #sessionDeps(): SessionDeps {
    const { config, store, password, version } = this.#deps;
    return {
      account: config,
      store,
      password,
      version,
      clock: this.#clock,
      memory: this.#memory,
      report: error => this.#warn(error),
      received: count => {
        this.#received += count;
      },
      room: () => this.#room(),
    };
  }

  #begin(session: Session): void {
    this.#set('online', null);
    this.#restartWatch();
    this.#round();
    void this.#statusLater(session);
  }

  async #waitToRetry(error: TmailError | null): Promise<void> {
    const ms = this.#backoff.afterFailure();
    this.#set('offline', error, this.#clock.now() + ms);
    const asked = await this.#sleep(ms);
    // Somebody asked for it now: at once, but never more often than the window allows.
    if (asked && this.#backoff.soonest() > 0) await this.#sleep(this.#backoff.soonest());
  }

  async #waitForPerson(error: TmailError): Promise<void> {
    this.#set('attention', error);
    await this.#sleep(null);
    if (this.#backoff.soonest() > 0) await this.#sleep(this.#backoff.soonest());
  }

  /** True when woken before the time was up. */
  #sleep(ms: number | null): Promise<boolean> {
    return new Promise(resolve => {
      const finish = (woken: boolean): void => {
        timer?.cancel();
        this.#wake = null;
        resolve(woken);
      };
      const timer = ms === null ? null : this.#clock.after(ms, () => finish(false));
      this.#wake = () => finish(true);
      if (this.#stopping.signal.aborted) finish(true);
    });
  }

  async #teardown(): Promise<void> {
    const session = this.#session;
    this.#watch?.abort();
    this.#watch = null;
    this.#session = null;
    for (const loop of [this.#bodies, this.#front, this.#back]) loop.cancel();
    await session?.close().catch((error: unknown) => this.#warn(asTmailError(error)));
    await Promise.all([this.#bodies.idle(), this.#front.idle(), this.#back.idle()]);
  }

  /** Timers that fire late tell of sleep: the other side has long forgotten us. */
  #beat(): void {
    const due = this.#clock.now() + HEARTBEAT_MS;
    this.#later(HEARTBEAT_MS, () => {
      if (this.#stopping.signal.aborted) return;
      const late = this.#clock.now() - due;
      if (late > SLEPT_MS || late < -SLEPT_MS) {
        this.#backoff.succeeded();
        this.#hangUp?.();
        if (this.#phase === 'offline') this.#wake?.();
      }
      this.#beat();
    });
  }

  // What is done while connected

  /** Sends, lists, then pulls everything: at the beginning, and when the person asks. */
  #round(): void {
    if (this.#held === 'disk') this.#held = null;
    this.#sendQueue();
    const session = this.#session;
    if (!session) return;
    if (this.#visible !== null) this.#pull(this.#visible);
    this.#job(this.#front, 'folders', P.folders, async function* () {
      await session.folders();
      yield* [];
    }).then(
      () => this.#pullOthers(),
      () => undefined,
    );
  }

  #pullOthers(): void {
    for (const record of this.#targets(null)) if (record.id !== this.#visible) this.#pull(record.id);
    const counts = this.#session?.counts?.bind(this.#session);
    if (counts) void this.#job(this.#back, 'counts', P.counts, counts).catch(() => undefined);
  }

  async #statusLater(session: Session): Promise<void> {
    this.#later(STATUS_EVERY_MS, () => {
      if (this.#session !== session || this.#phase !== 'online') return;
      this.#sendQueue();
      const counts = session.counts?.bind(session);
      this.#job(this.#front, 'folders', P.folders, async function* () {
        await session.folders();
        yield* [];
      }).then(
        () => counts && this.#job(this.#back, 'counts', P.counts, counts).catch(() => undefined),
        () => undefined,
      );
      void this.#statusLater(session);
    });
  }

  #sendQueue(): void {
    const session = this.#session;
    if (!session || this.#phase !== 'online' || this.#deps.store.queue().length === 0) return;
    const { store } = this.#deps;
    void this.#job(this.#front, 'push', P.push, () =>
      replayQueue({
        store,
        push: op => session.push(op),
        pushed: () => {
          this.#pushed++;
        },
        report: error => this.#warn(error),
      }),
    ).catch(() => undefined);
  }

  #pull(folder: FolderId): void {
    const session = this.#session;
    const record = this.#deps.store.folders().find(each => each.id === folder);
    if (!session || !record?.selectable || !record.remote || this.#held !== null) return;
    const visible = folder === this.#visible;
    this.#job(visible ? this.#front : this.#back, pullKey(folder), visible ? P.visible : P.other, () =>
      this.#alone(folder, () => session.pull(folder)),
    ).then(
      () => {
        this.#lastSync = this.#clock.now();
        this.#prefetch(record);
        this.#tell();
      },
      (error: unknown) => this.#pullFailed(folder, asTmailError(error)),
    );
  }

  /** One pull of a folder at a time, also when it moved from one loop to the other: two would number its mail twice. */
  async *#alone(folder: FolderId, steps: () => AsyncGenerator<Progress>): AsyncGenerator<Progress> {
    const before = this.#pulling.get(folder);
    let release: () => void = () => undefined;
    const mine = new Promise<void>(resolve => {
      release = resolve;
    });
    this.#pulling.set(folder, before ? before.then(() => mine) : mine);
    try {
      await before;
      yield* steps();
    } finally {
      release();
    }
  }

  #pullFailed(folder: FolderId, error: TmailError): void {
    if (error.kind === 'cancelled' || error.kind === 'storage') return;
    if (error.code === 'imap.uidvalidity') this.#pull(folder);
    else if (error.kind === 'network' || error.kind === 'protocol') this.#again(() => this.#pull(folder));
  }

  #prefetch(record: FolderRecord): void {
    const session = this.#session;
    if (!session || this.#deps.config.offline === 'headers' || this.#held !== null || isVirtual(record))
      return;
    const key = PREFETCH + record.id;
    this.#job(this.#back, key, P.prefetch, () => session.prefetch(record.id)).catch((thrown: unknown) => {
      const error = asTmailError(thrown);
      if (error.kind !== 'cancelled' && error.kind !== 'rejected') this.#again(() => this.#prefetch(record));
    });
  }

  /** Something went wrong that did not end the session: once more in a while, if it is still the same one. */
  #again(work: () => void): void {
    const session = this.#session;
    this.#later(JOB_RETRY_MS, () => {
      if (session && this.#session === session) work();
    });
  }

  #job(loop: JobLoop, key: string, priority: number, run: () => AsyncGenerator<Progress>): Promise<void> {
    const done = loop.add({ key, priority, run });
    done.catch((thrown: unknown) => this.#jobFailed(asTmailError(thrown)));
    return done;
  }

  #jobFailed(error: TmailError): void {
    if (error.kind === 'cancelled') return;
    if (error.kind === 'storage' && error.code !== 'disk.floor') this.#diskFailed(error);
    else this.#warn(error);
  }

  /** Nothing more is fetched until there is room again; what is queued here and the screen go on. */
  #diskFailed(error: TmailError): void {
    if (this.#held === 'disk') return;
    this.#held = 'disk';
    this.#error = error;
    this.#back.cancel();
    this.#front.cancel(job => job.priority >= P.visible);
    this.#tell();
    this.#later(DISK_RETRY_MS, () => {
      if (this.#held !== 'disk') return;
      this.#held = null;
      if (this.#phase === 'online') {
        this.#error = null;
        this.#round();
      }
    });
  }

  async #room(): Promise<void> {
    const free = (await this.#deps.freeSpace?.()) ?? Number.POSITIVE_INFINITY;
    if (free >= FREE_SPACE_FLOOR) return;
    throw new TmailError('storage', 'disk.floor', {
      retry: 'auto',
      facts: { free, floor: FREE_SPACE_FLOOR },
    });
  }

  #restartWatch(): void {
    const session = this.#session;
    this.#watch?.abort();
    if (!session) return;
    const watch = new AbortController();
    this.#watch = watch;
    session
      .watch(this.#visible, folder => this.#dirty(folder), watch.signal)
      .catch((thrown: unknown) => {
        const error = asTmailError(thrown);
        if (watch.signal.aborted || error.kind === 'cancelled') return;
        if (error.kind === 'rejected') this.#warn(error);
      });
  }

  #dirty(folder: FolderId): void {
    if (this.#held === 'person') this.#held = null;
    this.#pull(folder);
  }

  #onStoreEvent(event: StoreEvent): void {
    if (event.t === 'queue' && event.account === this.account) this.#sendQueue();
  }

  // syncOnce

  async #readyForOnce(temporary: boolean): Promise<void> {
    if (temporary) {
      this.#stopping = new AbortController();
      this.#set('connecting', null);
      await this.#dial();
      this.#set('online', null);
      return;
    }
    if (this.#phase !== 'online') this.#wake?.();
    while (this.#phase === 'connecting') await this.#change();
    if (this.#phase !== 'online') throw this.#error ?? this.#offline();
  }

  async #once(folder: FolderId | null, errors: TmailError[]): Promise<void> {
    const session = this.#session;
    if (!session) throw this.#offline();
    const keep = (thrown: unknown): void => {
      const error = asTmailError(thrown);
      if (error.kind === 'network' || error.kind === 'storage') throw error;
      errors.push(error);
    };
    await this.#front.add({
      key: 'folders',
      priority: P.folders,
      run: async function* () {
        await session.folders();
        yield* [];
      },
    });
    this.#sendQueue();
    await this.#front.idle(job => job.key === 'push');
    const bodies: Promise<void>[] = [];
    for (const record of this.#targets(folder)) {
      const run = () => this.#alone(record.id, () => session.pull(record.id));
      const pull = { key: pullKey(record.id), priority: P.visible, run };
      await this.#front.add(pull).catch(keep);
      if (this.#deps.config.offline === 'headers' || isVirtual(record)) continue;
      const key = PREFETCH + record.id;
      const fetched = this.#back.add({ key, priority: P.prefetch, run: () => session.prefetch(record.id) });
      bodies.push(fetched);
      fetched.catch(() => undefined);
    }
    for (const fetched of bodies) await fetched.catch(keep);
    this.#lastSync = this.#clock.now();
  }

  /** Folders that a pull can be asked of: the inbox first, then those with a role, then the rest as listed. */
  #targets(folder: FolderId | null): FolderRecord[] {
    const all = this.#deps.store.folders().filter(record => record.remote && record.selectable);
    if (folder !== null) return all.filter(record => record.id === folder);
    const rank = (record: FolderRecord): number =>
      record.role === 'inbox' ? 0 : record.subscribed ? (record.role ? 1 : 2) : 3;
    return all.sort((a, b) => rank(a) - rank(b));
  }

  // State and its listeners

  #busy(): boolean {
    if (this.#phase === 'connecting') return true;
    return [this.#bodies, this.#front, this.#back].some(loop =>
      loop.has(job => !job.key.startsWith(PREFETCH)),
    );
  }

  #set(phase: Phase, error: TmailError | null, retryAt: number | null = null): void {
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
    const [first] = this.#onProgress ? this.status().progress : [];
    if (first) this.#onProgress?.(first);
  }

  #change(): Promise<void> {
    return new Promise(resolve => {
      this.#changed.push(resolve);
    });
  }

  #offline(): TmailError {
    if (this.#stopping.signal.aborted) return cancelled();
    const why = this.#error?.code;
    return new TmailError('network', 'body.offline', {
      retry: 'auto',
      facts: why === undefined ? {} : { why },
    });
  }

  #later(ms: number, work: () => void): void {
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(timer);
      work();
    });
    this.#timers.add(timer);
  }

  #cancelTimers(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}

function pullKey(folder: FolderId): string {
  return `pull:${folder}`;
}

/** Gmail's "All Mail" and "Starred" hold what other folders hold: their bodies would be fetched twice. */
function isVirtual(record: FolderRecord): boolean {
  return record.role === 'all' || record.role === 'flagged';
}

/** Trying again by itself would hammer a server, or lock an account, without any hope. */
function needsPerson(error: TmailError): boolean {
  return error.retry !== 'auto' && error.kind !== 'network' && error.kind !== 'cancelled';
}
