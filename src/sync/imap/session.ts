// The Session for IMAP: one connection for the folder on the screen, a second on demand for everything else, so
// that opening a message never waits behind a long pull. Decides nothing about when; that is the engine's.
import { offlineOf } from '../../config/offline.ts';
import { splitMessageId } from '../../mail/ids.ts';
import type { FolderId, MessageId } from '../../mail/types.ts';
import type { FolderInfo, FolderRecord, FolderStore, Operation } from '../../store/types.ts';
import { cancelled, TmailError } from '../../util/errors.ts';
import { WHOLE_MESSAGE_BYTES } from '../../util/limits.ts';
import type { Timer } from '../clock.ts';
import type { SessionDeps } from '../session.ts';
import type { BodyWanted, Caps, Progress, QuotaRoot, Rest, Session } from '../types.ts';
import { pushAppend } from './append.ts';
import { type BodyContext, fetchPieces, fetchText, fetchWhole } from './body.ts';
import { Caution } from './caution.ts';
import { type ImapClient, LINE_LIMITS, type LineLimits, type MailboxName, openClient } from './client.ts';
import { pushDelete } from './delete.ts';
import { pushFolder } from './folder-push.ts';
import {
  countsOf,
  type FolderStatus,
  isUpToDate,
  type ListedFolder,
  listedFolders,
  sameStatus,
  statusOf,
} from './folders.ts';
import type { Line } from './line.ts';
import { Lines } from './lines.ts';
import { pushTransfer } from './move.ts';
import { encodeModifiedUtf7 } from './names.ts';
import { expectedThere, Outgoing, type OutgoingHere } from './outgoing.ts';
import { prefetchFolder, type Seen } from './prefetch.ts';
import { pullFolder } from './pull.ts';
import { pushFlags } from './push.ts';
import type { PushContext } from './push-context.ts';
import { QuotaRoots } from './quota.ts';
import { findRenamed } from './renamed.ts';
import { Twins } from './twins.ts';
import { watchLine } from './watch.ts';

export const IMAP_CAPS: Caps = {
  folders: true,
  flags: true,
  move: true,
  push: true,
  serverSearch: false,
  quota: true,
};

/** Without CONDSTORE, all flags of a folder are compared this often; between, only the newest. */
const THOROUGH_EVERY_MS = 10 * 60_000;

/** Gmail: after the last of several pushes. */
const LOOK_AGAIN_MS = 1000;

export interface ImapSessionOptions {
  readonly limits?: LineLimits;
  /** Silence in IDLE after which the line is tried. */
  readonly probeMs?: number;
  /** How long the answer to that may take. */
  readonly probeAnswerMs?: number;
}

export function createImapSession(deps: SessionDeps, options: ImapSessionOptions = {}): Session {
  return new ImapSession(deps, options);
}

class ImapSession implements Session {
  readonly caps = IMAP_CAPS;
  readonly closed: Promise<TmailError | null>;
  readonly #deps: SessionDeps;
  readonly #options: ImapSessionOptions;
  readonly #abort = new AbortController();
  readonly #names = new Map<FolderId, MailboxName>();
  /** The server's folders by path. */
  #listed: ReadonlyMap<string, MailboxName> = new Map();
  /** What STATUS said since the last pull of the folder. */
  readonly #statuses = new Map<FolderId, FolderStatus>();
  readonly #lastStatuses = new Map<FolderId, FolderStatus>();
  readonly #thorough = new Map<FolderId, number>();
  #resolveClosed: (reason: TmailError | null) => void = () => undefined;
  #lookingAgain: Timer | null = null;
  readonly #lines: Lines;
  readonly #outgoing = new Outgoing();
  readonly #quota = new QuotaRoots();
  #password = '';
  #open: FolderId | null = null;
  #dirty: ((folder: FolderId) => void) | null = null;

  constructor(deps: SessionDeps, options: ImapSessionOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#lines = new Lines({
      clock: deps.clock,
      dial: () => this.#dial(),
      gone: () => this.#abort.signal.aborted,
    });
    this.closed = new Promise(resolve => {
      this.#resolveClosed = resolve;
    });
  }

  async connect(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#abort.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) throw cancelled();
      this.#password = await this.#deps.password();
      const line = await this.#lines.open();
      void line.client.closed.then(reason => this.#resolveClosed(reason));
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async folders(): Promise<void> {
    const { store } = this.#deps;
    const { entries, features } = await this.#lines.main().exclusive(async client => ({
      features: client.features,
      entries: await client.list(client.features.listStatus),
    }));
    const listed = listedFolders(entries, features.utf8);
    this.#listed = new Map(listed.map(({ name }) => [name.path, name]));
    const was = await this.#renamed(listed);
    await store.setFolders(
      listed.map(({ info }) => {
        const before = was.get(info.path);
        return { ...this.#withoutOldCounts(info), ...(before !== undefined && { was: before }) };
      }),
    );
    this.#names.clear();
    for (const folder of listed) {
      const id = this.#idOf(folder.info.path);
      if (id === undefined) continue;
      this.#names.set(id, folder.name);
      if (folder.status) await this.#note(id, folder.status);
    }
  }

  #renamed(listed: readonly ListedFolder[]): Promise<ReadonlyMap<string, string>> {
    return findRenamed(
      {
        store: this.#deps.store,
        status: async ({ name }) => await this.#statusAt(name),
        within: ({ name }, work) => this.#lines.main().within(name, work, 'fresh'),
      },
      listed,
    );
  }

  /** A folder here by the server's path. */
  #idOf(path: string): FolderId | undefined {
    const { store } = this.#deps;
    return store.serverFolderId
      ? store.serverFolderId(path)
      : store.folders().find(record => record.path === path)?.id;
  }

  /** What is on its way from here the server does not count yet: its numbers would flicker. */
  #withoutOldCounts({ counts, ...info }: FolderInfo): FolderInfo {
    const id = this.#idOf(info.path);
    const keeps = id !== undefined && this.#outgoingIn(id).touched;
    return counts && !keeps ? { ...info, counts } : info;
  }

  /** Without LIST-STATUS: each folder's counts, one by one. */
  async *counts(): AsyncGenerator<Progress> {
    if (this.#lines.main().client.features.listStatus) return;
    const records = this.#deps.store.folders().filter(record => record.selectable && record.remote);
    for (const [done, record] of records.entries()) {
      if (record.id === this.#open) continue;
      const status = await this.#status(record);
      if (status) await this.#note(record.id, status);
      yield { label: record.name, done: done + 1, total: records.length };
    }
  }

  async *pull(folder: FolderId): AsyncGenerator<Progress> {
    const context = await this.#context(folder);
    const status = this.#statuses.get(folder);
    this.#statuses.delete(folder);
    if (status && isUpToDate(status, context.folder.sync, this.#expected(context.folder))) return;
    const thorough = this.#isThorough(folder);
    yield* pullFolder({
      ...context,
      thorough,
      caution: remembered(this.#deps.memory.caution, folder, () => new Caution()),
      now: () => this.#deps.clock.now(),
      report: this.#deps.report,
      received: this.#deps.received,
      outgoing: () => this.#outgoingIn(folder),
      arrived: uids => this.#deps.arrived?.(folder, uids),
    });
    if (thorough) this.#thorough.set(folder, this.#deps.clock.now());
    const { sync, length, unread } = context.folder;
    if (sync.filledDownTo === 1) this.#deps.store.setCounts(folder, { total: length, unread });
  }

  async *body(id: MessageId, wanted: BodyWanted): AsyncGenerator<Progress> {
    const { folder, uid } = splitMessageId(id);
    const context = await this.#context(folder);
    await context.folder.loadAll();
    const raw = context.folder.raw(uid);
    if (raw && !(raw.partial && wanted === 'whole')) return;
    const position = context.folder.positionOf(uid);
    if (position >= 0 && !context.folder.envelope(uid)) await context.folder.ensure(position, position);
    const envelope = context.folder.envelope(uid);
    if (envelope && envelope.size <= WHOLE_MESSAGE_BYTES) await fetchWhole(context, uid, envelope.size);
    else if (wanted === 'text') await fetchText(context, uid);
    else yield* fetchPieces(context, uid, envelope?.size ?? 0, envelope?.subject ?? '');
  }

  async *prefetch(folder: FolderId): AsyncGenerator<Progress> {
    const context = await this.#context(folder, 'background');
    yield* prefetchFolder({
      ...context,
      offline:
        this.#deps.offline?.(context.record.path) ?? offlineOf(this.#deps.account, context.record.path),
      now: () => this.#deps.clock.now(),
      seen: remembered(this.#deps.memory.prefetched, folder, nothingSeen),
      room: this.#deps.room,
      ...(context.line.client.features.labels && {
        share: uids => this.#twins().share(context.folder, uids),
      }),
    });
  }

  #twins(): Twins {
    const { memory, store } = this.#deps;
    memory.twins ??= new Twins(store);
    return memory.twins;
  }

  async push(op: Operation): Promise<Rest | null> {
    const { labels } = this.#lines.main().client.features;
    try {
      return await this.#send(op);
    } finally {
      // One message in many folders: what was said of any of them before is not true any more.
      if (labels) {
        this.#statuses.clear();
        this.#lookAgainSoon();
      }
    }
  }

  /** Folders that were not named in an operation have changed with it: they are asked about once it is quiet. */
  #lookAgainSoon(): void {
    if (!this.#dirty) return;
    this.#lookingAgain?.cancel();
    this.#lookingAgain = this.#deps.clock.after(LOOK_AGAIN_MS, () => {
      // Without an answer the next round asks.
      this.folders().catch(() => undefined);
    });
  }

  async #send(op: Operation): Promise<Rest | null> {
    const context = this.#pushContext();
    if (op.t === 'append') return await pushAppend(context, op);
    if (op.t === 'flags') await pushFlags(context, op);
    else if (op.t === 'delete') await pushDelete(context, op);
    else if (op.t === 'move' || op.t === 'copy') await pushTransfer(context, op);
    else await pushFolder(context, op);
    return null;
  }

  /** After an operation on folders is settled: names and subscriptions as the server has them now. */
  async settled(op: Operation): Promise<void> {
    if (op.t === 'folder-rename' || op.t === 'folder-create') await this.folders();
  }

  async holds(folder: FolderId, messageId: string): Promise<boolean> {
    const record = this.#deps.store.folders().find(each => each.id === folder);
    if (!record?.remote || !record.selectable) return false;
    const line = await this.#lineFor(folder);
    const search = (client: ImapClient) => client.uidsOfMessageId(messageId);
    return (await line.within(this.#nameOf(record), search, 'fresh')).length > 0;
  }

  quota(): Promise<readonly QuotaRoot[] | null> {
    return this.#lines.main().exclusive(client => this.#quota.read(client, { path: 'INBOX', wire: 'INBOX' }));
  }

  async *quotaOfFolders(tell: (roots: readonly QuotaRoot[] | null) => void): AsyncGenerator<Progress> {
    const records = this.#deps.store.folders().filter(({ selectable, remote }) => selectable && remote);
    this.#quota.keepOnly(new Set(records.map(({ path }) => path)));
    if (!this.#lines.main().client.features.quota) return;
    let more = false;
    for (const [done, record] of records.entries()) {
      // Taking the line for nothing would end its IDLE.
      if (!this.#quota.lacks(record.path)) continue;
      const folder = { path: record.path, wire: this.#nameOf(record).wire };
      if (await this.#lines.main().exclusive(client => this.#quota.more(client, folder))) more = true;
      yield { label: record.name, done: done + 1, total: records.length };
    }
    if (more) tell(this.#quota.known);
  }

  #pushContext(): PushContext {
    const { store, report } = this.#deps;
    return {
      store,
      report,
      line: folder => this.#lineFor(folder),
      nameOf: record => this.#nameOf(record),
      nameAt: path => this.#nameAt(path),
      outgoing: folder => this.#outgoingIn(folder),
      list: () => this.folders(),
      release: wire => this.#lines.release(wire),
      create: async path => {
        await this.#lines.main().exclusive(client => client.create(this.#nameAt(path)));
        await this.folders();
      },
    };
  }

  #outgoingIn(folder: FolderId): OutgoingHere {
    return this.#outgoing.in(this.#deps.store.queue(), folder);
  }

  #nameAt(path: string): MailboxName {
    return { path, wire: this.#wireOf(path) };
  }

  #wireOf(path: string): string {
    const listed = this.#listed.get(path);
    if (listed) return listed.wire;
    return this.#lines.main().client.features.utf8 ? path : encodeModifiedUtf7(path);
  }

  async watch(open: FolderId | null, dirty: (folder: FolderId) => void, signal: AbortSignal): Promise<void> {
    this.#open = open;
    this.#dirty = dirty;
    const record = this.#deps.store.folders().find(each => each.id === open);
    await watchLine({
      line: this.#lines.main(),
      name: record?.selectable ? this.#nameOf(record) : null,
      dirty: () => {
        if (open !== null) dirty(open);
      },
      signal,
      ...this.#options,
    });
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#lines.close();
    this.#resolveClosed(null);
  }

  async #dial(): Promise<ImapClient> {
    const { account, version, pace, alert } = this.#deps;
    const limits = this.#options.limits ?? LINE_LIMITS;
    const options = {
      server: account.incoming,
      password: this.#password,
      version,
      limits,
      ...(pace && { pace }),
      ...(alert && { alert }),
    };
    return await openClient(options, this.#abort.signal);
  }

  /** The folder on the screen has the main line to itself; everything else shares the second. */
  async #lineFor(folder: FolderId): Promise<Line> {
    return folder === this.#open || this.#open === null ? this.#lines.main() : await this.#lines.spare();
  }

  async #context(folder: FolderId, where?: 'background'): Promise<BodyContext> {
    const record = this.#deps.store.folders().find(each => each.id === folder);
    if (!record) throw this.#noFolder(folder);
    const line = where === 'background' ? await this.#lines.spare() : await this.#lineFor(folder);
    const opened: FolderStore = await this.#deps.store.folder(folder);
    return { line, name: this.#nameOf(record), record, folder: opened, raw: this.#deps.store.raw };
  }

  #nameOf(record: FolderRecord): MailboxName {
    // Before the first LIST of a session only the path is known; that is right for all but broken names.
    return this.#names.get(record.id) ?? this.#nameAt(record.serverPath ?? record.path);
  }

  #noFolder(folder: FolderId): TmailError {
    return new TmailError('rejected', 'imap.no-folder', { retry: 'never', facts: { folder } });
  }

  #expected(folder: FolderStore): number {
    return expectedThere(folder, this.#outgoingIn(folder.record.id));
  }

  #isThorough(folder: FolderId): boolean {
    const last = this.#thorough.get(folder);
    return last === undefined || this.#deps.clock.now() - last > THOROUGH_EVERY_MS;
  }

  #status(record: FolderRecord): Promise<FolderStatus | null> {
    return this.#statusAt(this.#nameOf(record));
  }

  async #statusAt(name: MailboxName): Promise<FolderStatus | null> {
    try {
      const answer = await this.#lines.main().exclusive(client => client.status(name));
      return statusOf(answer);
    } catch (error) {
      // One folder that can't be asked about must not hide the counts of the others.
      if (error instanceof TmailError && error.kind === 'rejected') return null;
      throw error;
    }
  }

  async #note(id: FolderId, status: FolderStatus): Promise<void> {
    // Of the folder that is selected here STATUS tells what the session knew, not what is there (RFC 9051 section 6.3.11).
    if (this.#lines.selected === this.#names.get(id)?.wire) return;
    const before = this.#lastStatuses.get(id);
    // What is on its way from here the server does not count yet: its numbers would flicker.
    if (!this.#outgoingIn(id).touched) this.#deps.store.setCounts(id, countsOf(status));
    this.#statuses.set(id, status);
    this.#lastStatuses.set(id, status);
    if (id === this.#open || !this.#dirty) return;
    // Without mod-sequences STATUS can only show that nothing moved between two of its answers.
    if (status.highestModseq === null && before && sameStatus(before, status)) return;
    const folder = await this.#deps.store.folder(id);
    if (!isUpToDate(status, folder.sync, this.#expected(folder))) this.#dirty(id);
  }
}

function remembered<T>(memory: Map<FolderId, T>, folder: FolderId, make: () => T): T {
  const known = memory.get(folder) ?? make();
  memory.set(folder, known);
  return known;
}

const nothingSeen = (): Seen => ({ low: Number.POSITIVE_INFINITY, high: 0 });
