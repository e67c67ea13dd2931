// The Session for IMAP: one connection for the folder on the screen, a second on demand for everything else, so
// that opening a message never waits behind a long pull. Decides nothing about when; that is the engine's.
import { splitMessageId } from '../../mail/ids.ts';
import type { FolderId, MessageId } from '../../mail/types.ts';
import type { FolderRecord, FolderStore, Operation } from '../../store/types.ts';
import { cancelled, TmailError } from '../../util/errors.ts';
import { WHOLE_MESSAGE_BYTES } from '../../util/limits.ts';
import type { SessionDeps } from '../session.ts';
import type { BodyWanted, Caps, Progress, QuotaUse, Session } from '../types.ts';
import { type AppendContext, pushAppend, pushDelete } from './append.ts';
import { type BodyContext, fetchPieces, fetchText, fetchWhole } from './body.ts';
import { Caution } from './caution.ts';
import { type ImapClient, LINE_LIMITS, type LineLimits, type MailboxName, openClient } from './client.ts';
import { countsOf, type FolderStatus, isUpToDate, listedFolders, sameStatus, statusOf } from './folders.ts';
import { Line } from './line.ts';
import { encodeModifiedUtf7 } from './names.ts';
import { outgoingIn } from './outgoing.ts';
import { prefetchFolder, type Seen } from './prefetch.ts';
import { pullFolder } from './pull.ts';
import { pushFlags } from './push.ts';
import { readQuota } from './quota.ts';
import { watchLine } from './watch.ts';

export const IMAP_CAPS: Caps = {
  folders: true,
  flags: true,
  move: false,
  push: true,
  serverSearch: false,
  quota: true,
};

/** The second connection is let go after this long without work. */
const SPARE_LINGER_MS = 20_000;
/** After a refusal ("too many connections") the server is not asked for a second one again for this long. */
const SPARE_RETRY_MS = 60_000;
/** Without CONDSTORE, all flags of a folder are compared this often; between, only the newest. */
const THOROUGH_EVERY_MS = 10 * 60_000;

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
  /** What STATUS said since the last pull of the folder. */
  readonly #statuses = new Map<FolderId, FolderStatus>();
  readonly #lastStatuses = new Map<FolderId, FolderStatus>();
  readonly #thorough = new Map<FolderId, number>();
  #resolveClosed: (reason: TmailError | null) => void = () => undefined;
  #password = '';
  #main: Line | null = null;
  #spare: Promise<Line> | null = null;
  #sparesRefusedUntil = 0;
  #open: FolderId | null = null;
  #dirty: ((folder: FolderId) => void) | null = null;

  constructor(deps: SessionDeps, options: ImapSessionOptions) {
    this.#deps = deps;
    this.#options = options;
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
      const line = await this.#dial();
      this.#main = line;
      void line.client.closed.then(reason => this.#resolveClosed(reason));
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async folders(): Promise<void> {
    const { store } = this.#deps;
    const { entries, features } = await this.#mainLine().exclusive(async client => ({
      features: client.features,
      entries: await client.list(client.features.listStatus),
    }));
    const listed = listedFolders(entries, features.utf8);
    await store.setFolders(listed.map(folder => folder.info));
    const byPath = new Map(store.folders().map(record => [record.path, record.id]));
    for (const folder of listed) {
      const id = byPath.get(folder.info.path);
      if (id === undefined) continue;
      this.#names.set(id, folder.name);
      if (folder.status) await this.#note(id, folder.status);
    }
  }

  /** Without LIST-STATUS: each folder's counts, one by one. */
  async *counts(): AsyncGenerator<Progress> {
    if (this.#mainLine().client.features.listStatus) return;
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
    if (status && isUpToDate(status, context.folder.sync, context.folder.length)) return;
    const thorough = this.#isThorough(folder);
    yield* pullFolder({
      ...context,
      thorough,
      caution: remembered(this.#deps.memory.caution, folder, () => new Caution()),
      now: () => this.#deps.clock.now(),
      report: this.#deps.report,
      received: this.#deps.received,
      outgoing: () => outgoingIn(this.#deps.store.queue(), folder),
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
      offline: this.#deps.offline?.() ?? this.#deps.account.offline,
      now: () => this.#deps.clock.now(),
      seen: remembered(this.#deps.memory.prefetched, folder, nothingSeen),
      room: this.#deps.room,
    });
  }

  async push(op: Operation): Promise<void> {
    if (op.t === 'append') return await pushAppend(this.#appendContext(), op);
    if (op.t === 'delete') return await pushDelete(this.#appendContext(), op);
    // The keys say that moving comes later; nothing else queues it.
    if (op.t !== 'flags') throw new TmailError('bug', 'bug.unexpected', { facts: { text: op.t } });
    const record = this.#deps.store.folders().find(each => each.id === op.folder);
    if (!record) throw this.#noFolder(op.folder);
    const name = this.#nameOf(record);
    await pushFlags({ line: await this.#lineFor(op.folder), name, record }, op);
  }

  async holds(folder: FolderId, messageId: string): Promise<boolean> {
    const record = this.#deps.store.folders().find(each => each.id === folder);
    if (!record?.remote || !record.selectable) return false;
    const line = await this.#lineFor(folder);
    const search = (client: ImapClient) => client.uidsOfMessageId(messageId);
    return (await line.within(this.#nameOf(record), search, 'fresh')).length > 0;
  }

  quota(): Promise<QuotaUse | null> {
    return this.#mainLine().exclusive(readQuota);
  }

  #appendContext(): AppendContext {
    const { store, report } = this.#deps;
    return {
      store,
      report,
      line: folder => this.#lineFor(folder),
      nameOf: record => this.#nameOf(record),
      create: async path => {
        await this.#mainLine().exclusive(client => client.create({ path, wire: this.#wireOf(path) }));
        await this.folders();
      },
    };
  }

  #wireOf(path: string): string {
    return this.#mainLine().client.features.utf8 ? path : encodeModifiedUtf7(path);
  }

  async watch(open: FolderId | null, dirty: (folder: FolderId) => void, signal: AbortSignal): Promise<void> {
    this.#open = open;
    this.#dirty = dirty;
    const record = this.#deps.store.folders().find(each => each.id === open);
    await watchLine({
      line: this.#mainLine(),
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
    this.#main?.client.close();
    const spare = this.#spare;
    this.#spare = null;
    await spare?.then(line => line.client.close()).catch(() => undefined);
    this.#resolveClosed(null);
  }

  async #dial(): Promise<Line> {
    const { account, version, pace } = this.#deps;
    const limits = this.#options.limits ?? LINE_LIMITS;
    const options = {
      server: account.incoming,
      password: this.#password,
      version,
      limits,
      ...(pace && { pace }),
    };
    return new Line(await openClient(options, this.#abort.signal));
  }

  #mainLine(): Line {
    if (!this.#main || this.#abort.signal.aborted) throw cancelled();
    return this.#main;
  }

  /** The folder on the screen has the main line to itself; everything else shares the second. */
  async #lineFor(folder: FolderId): Promise<Line> {
    const main = this.#mainLine();
    return folder === this.#open || this.#open === null ? main : await this.#spareLine();
  }

  /** The second connection, or the first where the server grants no second one: then they take turns. */
  async #spareLine(): Promise<Line> {
    const main = this.#mainLine();
    const now = this.#deps.clock.now();
    if (now < this.#sparesRefusedUntil) return main;
    try {
      this.#spare ??= this.#dialSpare();
      return await this.#spare;
    } catch (error) {
      if (!(error instanceof TmailError) || error.kind !== 'network') throw error;
      this.#sparesRefusedUntil = now + SPARE_RETRY_MS;
      return main;
    }
  }

  async #dialSpare(): Promise<Line> {
    try {
      const line = await this.#dial();
      void line.client.closed.then(() => {
        this.#spare = null;
      });
      this.#letGoWhenIdle(line);
      return line;
    } catch (error) {
      this.#spare = null;
      throw error;
    }
  }

  #letGoWhenIdle(line: Line): void {
    let bytes = line.client.received();
    const check = (): void => {
      const now = line.client.received();
      if (line.free && now === bytes) {
        line.client.close();
        return;
      }
      bytes = now;
      if (this.#spare !== null) this.#deps.clock.after(SPARE_LINGER_MS, check);
    };
    this.#deps.clock.after(SPARE_LINGER_MS, check);
  }

  async #context(folder: FolderId, where?: 'background'): Promise<BodyContext> {
    const record = this.#deps.store.folders().find(each => each.id === folder);
    if (!record) throw this.#noFolder(folder);
    const line = where === 'background' ? await this.#spareLine() : await this.#lineFor(folder);
    const opened: FolderStore = await this.#deps.store.folder(folder);
    return { line, name: this.#nameOf(record), record, folder: opened, raw: this.#deps.store.raw };
  }

  #nameOf(record: FolderRecord): MailboxName {
    // Before the first LIST of a session only the path is known; that is right for all but broken names.
    return this.#names.get(record.id) ?? { path: record.path, wire: this.#wireOf(record.path) };
  }

  #noFolder(folder: FolderId): TmailError {
    return new TmailError('rejected', 'imap.no-folder', { retry: 'never', facts: { folder } });
  }

  #isThorough(folder: FolderId): boolean {
    const last = this.#thorough.get(folder);
    return last === undefined || this.#deps.clock.now() - last > THOROUGH_EVERY_MS;
  }

  async #status(record: FolderRecord): Promise<FolderStatus | null> {
    try {
      const answer = await this.#mainLine().exclusive(client => client.status(this.#nameOf(record)));
      return statusOf(answer);
    } catch (error) {
      // One folder that can't be asked about must not hide the counts of the others.
      if (error instanceof TmailError && error.kind === 'rejected') return null;
      throw error;
    }
  }

  async #note(id: FolderId, status: FolderStatus): Promise<void> {
    // Of the folder that is selected here STATUS tells what the session knew, not what is there (RFC 9051 section 6.3.11).
    if (this.#main?.selectedName === this.#names.get(id)?.wire) return;
    const before = this.#lastStatuses.get(id);
    this.#deps.store.setCounts(id, countsOf(status));
    this.#statuses.set(id, status);
    this.#lastStatuses.set(id, status);
    if (id === this.#open || !this.#dirty) return;
    // Without mod-sequences STATUS can only show that nothing moved between two of its answers.
    if (status.highestModseq === null && before && sameStatus(before, status)) return;
    const folder = await this.#deps.store.folder(id);
    if (!isUpToDate(status, folder.sync, folder.length)) this.#dirty(id);
  }
}

function remembered<T>(memory: Map<FolderId, T>, folder: FolderId, make: () => T): T {
  const known = memory.get(folder) ?? make();
  memory.set(folder, known);
  return known;
}

const nothingSeen = (): Seen => ({ low: Number.POSITIVE_INFINITY, high: 0 });
