// What is done while connected, and in which order: opening messages, sending what is queued, the folder on the
// screen, the other folders, bodies in the background. Which command that takes is the session's business.
import { keepsFiles } from '../config/offline.ts';
import type { Offline } from '../config/types.ts';
import { hasLabels } from '../mail/labels.ts';
import type { FolderId, MessageId } from '../mail/types.ts';
import type { AccountStore, FolderRecord, Operation } from '../store/types.ts';
import { asTmailError, type TmailError } from '../util/errors.ts';
import { STATUS_EVERY_MS } from '../util/limits.ts';
import type { Clock, Timer } from './clock.ts';
import { JobLoop } from './jobs.ts';
import { type Held, replayQueue } from './replay.ts';
import type { BodyWanted, Progress, QuotaRoot, Session } from './types.ts';

/** Lower is sooner. */
const P = { folders: 0, push: 1, visible: 2, other: 3, counts: 4, prefetch: 5 } as const;
const PREFETCH = 'prefetch:';

/** What refusals for want of room are called. */
const NO_ROOM: ReadonlySet<string> = new Set(['imap.quota', 'imap.over-quota']);
const DISK_RETRY_MS = 30_000;
const JOB_RETRY_MS = 15_000;

export interface WorkHost {
  /** What of the folder at this path is fetched in the background, as it is now. */
  readonly offline: (path: string) => Offline;
  readonly store: AccountStore;
  /** Those that a server fills. */
  readonly folders: () => readonly FolderRecord[];
  readonly clock: Clock;
  /** Something moved: the status is worth another look. */
  tell(): void;
  /** Something went wrong that does not end the connection. */
  warn(error: TmailError): void;
  /** The disk stopped the fetching; null: it goes on. */
  disk(error: TmailError | null): void;
  /** How full the account is there; null: the server does not report it. */
  quota(roots: readonly QuotaRoot[] | null): void;
  /** The server refused something because there is no room left. */
  noRoom(): void;
  /** An operation reached the server. */
  pushed(): void;
  /** A folder was brought up to date. */
  synced(): void;
}

export class Work {
  readonly #host: WorkHost;
  /** Opening messages; sending and the visible folder; everything else. They run side by side. */
  readonly #bodies: JobLoop;
  readonly #front: JobLoop;
  readonly #back: JobLoop;
  /** Resolves when the last pull of a folder that was begun has ended. */
  readonly #pulling = new Map<FolderId, Promise<void>>();
  readonly #timers = new Set<Timer>();
  #session: Session | null = null;
  #visible: FolderId | null = null;
  #watch: AbortController | null = null;
  #held: 'disk' | 'person' | null = null;
  /** Outlives the session: what a server refused once it refuses again. */
  readonly #offers: Held = new Map();
  /** Listings that have not yet queued what follows from them. */
  #listings = 0;

  constructor(host: WorkHost) {
    this.#host = host;
    const tell = (): void => host.tell();
    this.#bodies = new JobLoop(tell);
    this.#front = new JobLoop(tell);
    this.#back = new JobLoop(tell);
  }

  get session(): Session | null {
    return this.#session;
  }

  /** Something other than fetching bodies in the background is under way. */
  get busy(): boolean {
    return this.#listings > 0 || this.#loops().some(loop => loop.has(job => !job.key.startsWith(PREFETCH)));
  }

  progress(): Progress[] {
    return this.#loops().flatMap(loop => loop.progress());
  }

  /** A session that may be used from now on; `live`: watched, and kept up to date. */
  attach(session: Session, how: 'live' | 'once'): void {
    this.#session = session;
    if (how === 'once') return;
    this.#restartWatch();
    this.round();
    this.#statusLater(session);
  }

  /** Ends all work and the session; resolves when nothing uses it any more. Repeatable. */
  async detach(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    this.#watch?.abort();
    this.#watch = null;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    if (this.#held === 'disk') this.#held = null;
    for (const loop of this.#loops()) loop.cancel();
    await session?.close();
    await Promise.all(this.#loops().map(loop => loop.idle()));
  }

  show(folder: FolderId | null): void {
    const before = this.#visible;
    if (folder === before) return;
    this.#visible = folder;
    // Without push there is nothing to watch it by, and looking at a folder is no reason to connect.
    if (!this.#session?.caps.push) return;
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

  body(session: Session, id: MessageId, wanted: BodyWanted): Promise<void> {
    const run = () => session.body(id, wanted);
    return this.#bodies.add({ key: `body:${id}:${wanted}`, priority: wanted === 'text' ? 0 : 1, run });
  }

  /** Whether the server's folder has the message; asked ahead of pulls. */
  async holds(session: Session, folder: FolderId, messageId: string): Promise<boolean> {
    let found = false;
    const run = async function* (): AsyncGenerator<Progress> {
      found = (await session.holds?.(folder, messageId)) ?? false;
      yield* [];
    };
    await this.#front.add({ key: `holds:${folder}:${messageId}`, priority: P.push, run });
    return found;
  }

  /** Sends, lists, then pulls everything: at the beginning, and when the person asks. */
  round(): void {
    this.resume();
    this.sendQueue();
    if (this.#visible !== null) this.#pull(this.#visible);
    this.#list(async () => {
      await this.#front.idle(job => job.key === 'push');
      for (const record of this.targets(null)) if (record.id !== this.#visible) this.#pull(record.id);
    });
  }

  /** What the person stopped may go on. */
  resume(): void {
    if (this.#held === 'disk') this.#host.disk(null);
    this.#held = null;
    this.#offers.clear();
  }

  /** Stops what runs in the background. */
  cancel(): void {
    this.#held ??= 'person';
    this.#back.cancel();
    this.#front.cancel(job => job.priority >= P.visible);
  }

  /** Something else is wanted here than `before`: what is fetched in the background begins anew. */
  keptOtherwise(before: (path: string) => Offline): void {
    this.#back.cancel(job => job.key.startsWith(PREFETCH));
    for (const record of this.targets(null)) {
      if (before(record.path) === 'none') this.#pull(record.id);
      else this.#prefetch(record);
    }
  }

  sendQueue(): void {
    const session = this.#session;
    const { store } = this.#host;
    if (!session || store.queue().length === 0) return;
    const { pushed, warn } = this.#host;
    let resized = false;
    const push = async (op: Operation) => {
      resized ||= op.t !== 'flags';
      try {
        return await session.push(op);
      } catch (error) {
        if (NO_ROOM.has(asTmailError(error).code)) this.#host.noRoom();
        throw error;
      }
    };
    void this.#job(this.#front, 'push', P.push, () =>
      replayQueue({
        store,
        push,
        settled: async op => {
          pushed();
          await session.settled?.(op);
        },
        report: warn,
        held: this.#offers,
        now: () => this.#host.clock.now(),
      }),
    )
      .then(() => {
        if (resized) this.#askQuota(session);
      })
      .catch(() => undefined);
  }

  /** How full it is over there: with every listing, and when something that takes room was sent. */
  #askQuota(session: Session): void {
    const { quota } = this.#host;
    const ask = session.quota?.bind(session);
    if (!ask || this.#session !== session) return;
    const run = async function* (): AsyncGenerator<Progress> {
      quota(await ask());
      yield* [];
    };
    void this.#job(this.#back, 'quota', P.push, run).catch(() => undefined);
    // A command a folder, once in a session: behind all that somebody waits for.
    const others = session.quotaOfFolders?.bind(session);
    if (others)
      void this.#job(this.#back, 'quota-roots', P.counts, () => others(quota)).catch(() => undefined);
  }

  /** What is queued, and nothing else. */
  async push(): Promise<void> {
    this.sendQueue();
    await this.#front.idle(job => job.key === 'push');
  }

  /** Everything once, for `tmail sync`: folders, queue, each folder, bodies. @throws TmailError what ended it */
  async once(folder: FolderId | null, keep: (error: TmailError) => void): Promise<void> {
    const session = this.#session;
    if (!session) return;
    const survive = (thrown: unknown): void => {
      const error = asTmailError(thrown);
      if (error.kind === 'network' || error.kind === 'storage' || error.kind === 'cancelled') throw error;
      keep(error);
    };
    await this.#front.add({ key: 'folders', priority: P.folders, run: () => listing(session) });
    this.sendQueue();
    await this.#front.idle(job => job.key === 'push');
    const bodies: Promise<void>[] = [];
    for (const record of this.targets(folder)) {
      if (folder === null && !this.#isKept(record)) continue;
      const fetch = (): void => {
        if (!this.#wantsBodies(record)) return;
        const run = () => session.prefetch(record.id);
        bodies.push(this.#back.add({ key: PREFETCH + record.id, priority: P.prefetch, run }));
      };
      const run = () => this.#alone(record.id, () => withBodies(session.pull(record.id), fetch));
      await this.#front.add({ key: pullKey(record.id), priority: P.visible, run }).catch(survive);
      fetch();
    }
    const ends = await Promise.allSettled(bodies);
    for (const end of ends) if (end.status === 'rejected') survive(end.reason);
  }

  /** Folders that a pull can be asked of: the inbox first, then those with a role, then the rest as listed. */
  targets(folder: FolderId | null): FolderRecord[] {
    const all = this.#host.folders().filter(record => record.remote && record.selectable);
    if (folder !== null) return all.filter(record => record.id === folder);
    const rank = (record: FolderRecord): number =>
      record.role === 'inbox' ? 0 : record.subscribed ? (record.role ? 1 : 2) : 3;
    return all.sort((a, b) => rank(a) - rank(b));
  }

  #loops(): JobLoop[] {
    return [this.#bodies, this.#front, this.#back];
  }

  /** Asks for the folders, then for their counts where those did not come along. */
  #list(then: () => Promise<void>): void {
    const session = this.#session;
    if (!session) return;
    this.#listings++;
    this.#job(this.#front, 'folders', P.folders, () => listing(session))
      .then(async () => {
        await then();
        if (this.#session !== session) return;
        this.#askQuota(session);
        const counts = session.counts?.bind(session);
        if (counts) void this.#job(this.#back, 'counts', P.counts, counts).catch(() => undefined);
      })
      // Why it failed was told by #job already.
      .catch(() => undefined)
      .finally(() => {
        this.#listings--;
        this.#host.tell();
      });
  }

  #statusLater(session: Session): void {
    this.#later(STATUS_EVERY_MS, () => {
      if (this.#session !== session) return;
      this.sendQueue();
      this.#list(() => Promise.resolve());
      this.#statusLater(session);
    });
  }

  #pull(folder: FolderId): void {
    const session = this.#session;
    const record = this.#host.folders().find(each => each.id === folder);
    if (!session || !record?.selectable || !record.remote || this.#held !== null) return;
    const visible = folder === this.#visible;
    if (!visible && !this.#isKept(record)) return;
    const loop = visible ? this.#front : this.#back;
    const fetch = (): void => this.#prefetch(record);
    const run = () => this.#alone(folder, () => withBodies(session.pull(folder), fetch));
    this.#job(loop, pullKey(folder), visible ? P.visible : P.other, run).then(
      () => {
        this.#host.synced();
        fetch();
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

  /** Its list is brought up to date without being asked for; of the others only the counts come. */
  #isKept({ path }: FolderRecord): boolean {
    return this.#host.offline(path) !== 'none';
  }

  #wantsBodies(record: FolderRecord): boolean {
    if (!keepsFiles(this.#host.offline(record.path))) return false;
    // All mail and starred mail is in other folders as well; with Gmail's labels archived mail is nowhere else, and what
    // is in several folders is fetched once.
    return (record.role !== 'all' && record.role !== 'flagged') || hasLabels(this.#host.folders());
  }

  #prefetch(record: FolderRecord): void {
    const session = this.#session;
    if (!session || !this.#wantsBodies(record) || this.#held !== null) return;
    const run = () => session.prefetch(record.id);
    this.#job(this.#back, PREFETCH + record.id, P.prefetch, run).catch((thrown: unknown) => {
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
    if (error.kind === 'cancelled' || !this.#session) return;
    if (error.kind === 'storage' && error.code !== 'disk.floor') this.#diskFailed(error);
    else this.#host.warn(error);
  }

  /** Nothing more is fetched until there is room again; what is queued here and the screen go on. */
  #diskFailed(error: TmailError): void {
    if (this.#held === 'disk') return;
    this.#held = 'disk';
    this.#host.disk(error);
    this.#back.cancel();
    this.#front.cancel(job => job.priority >= P.visible);
    this.#later(DISK_RETRY_MS, () => {
      if (this.#held === 'disk') this.round();
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
        // A lost line ends the session, which is told elsewhere; a folder that can't be watched ends only this.
        if (!watch.signal.aborted && error.kind === 'rejected') this.#host.warn(error);
      });
  }

  #dirty(folder: FolderId): void {
    if (this.#held === 'person') this.#held = null;
    this.#pull(folder);
  }

  #later(ms: number, work: () => void): void {
    const timer = this.#host.clock.after(ms, () => {
      this.#timers.delete(timer);
      work();
    });
    this.#timers.add(timer);
  }
}

function pullKey(folder: FolderId): string {
  return `pull:${folder}`;
}

/** Bodies are fetched beside a long pull, not after it: `fetch` is called when there is something to begin with. */
async function* withBodies(pull: AsyncGenerator<Progress>, fetch: () => void): AsyncGenerator<Progress> {
  let begun = false;
  for await (const progress of pull) {
    if (!begun && progress.done < progress.total) {
      begun = true;
      fetch();
    }
    yield progress;
  }
}

async function* listing(session: Session): AsyncGenerator<Progress> {
  await session.folders();
  yield* [];
}
