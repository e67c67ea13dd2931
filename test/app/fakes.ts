// Small stand-ins for the store, the engine and the parser: everything in memory, every event sent at once.

import { createApp, type Program } from '../../src/app/app.ts';
import type { AppDeps, Size } from '../../src/app/types.ts';
import type { Config, Offline } from '../../src/config/types.ts';
import { messageId } from '../../src/mail/ids.ts';
import {
  type Envelope,
  type FolderId,
  type LocalUid,
  type MessageId,
  type Role,
  SEEN,
} from '../../src/mail/types.ts';
import { flagBits } from '../../src/store/flags.ts';
import type {
  AccountStore,
  FolderChange,
  FolderRecord,
  FolderStore,
  NewOperation,
  Operation,
  Settings,
  Store,
  StoreEvent,
} from '../../src/store/types.ts';
import type { AccountStatus, Engine } from '../../src/sync/types.ts';
import { TmailError } from '../../src/util/errors.ts';
import type { ParsedMessage, Parser } from '../../src/worker/types.ts';
import { FakeOutgoing } from './fake-outgoing.ts';

export const NOW = new Date(2027, 10, 22, 10, 22).getTime();
const DAY = 86_400_000;

export function envelope(change: Partial<Envelope> = {}): Envelope {
  return {
    subject: 'Engine timetable for the spring meeting',
    from: [{ name: 'Ada Lovelace', address: 'ada@analytical.example' }],
    to: [{ name: 'Me', address: 'me@work.example' }],
    cc: [],
    replyTo: [],
    date: NOW - 40 * 60_000,
    arrival: NOW - 40 * 60_000,
    messageId: 'm@analytical.example',
    inReplyTo: '',
    references: [],
    size: 2000,
    attachments: 0,
    ...change,
  };
}

interface Entry {
  envelope: Envelope;
  flags: number;
  raw: boolean;
}

interface FakeInfo {
  readonly path: string;
  readonly role: Role | null;
  readonly selectable: boolean;
  readonly subscribed?: boolean;
}

export class FakeFolder implements FolderStore {
  rev = 0;
  readonly sync = { uidValidity: '1', uidNext: 1, highestModseq: null, filledDownTo: 1 };
  readonly keywords: string[] = [];
  readonly entries = new Map<LocalUid, Entry>();
  /** Oldest first. */
  uids: LocalUid[] = [];
  next = 1;
  readonly store: FakeStore;
  readonly id: FolderId;
  #info: FakeInfo;

  constructor(store: FakeStore, id: FolderId, info: FakeInfo) {
    this.store = store;
    this.id = id;
    this.#info = info;
  }

  get record(): FolderRecord {
    const levels = this.#info.path.split('/');
    return {
      id: this.id,
      account: this.id.split(':')[0] ?? '',
      path: this.#info.path,
      name: levels[levels.length - 1] ?? '',
      delimiter: '/',
      role: this.#info.role,
      subscribed: this.#info.subscribed ?? true,
      selectable: this.#info.selectable,
      remote: this.store.remote,
      counts: { total: this.length, unread: this.unread },
    };
  }

  get length() {
    return this.uids.length;
  }

  get unread() {
    return [...this.entries.values()].filter(entry => !(entry.flags & SEEN)).length;
  }

  uidAt(position: number) {
    return this.uids[this.uids.length - 1 - position];
  }

  positionOf(uid: LocalUid) {
    const at = this.uids.indexOf(uid);
    return at < 0 ? -1 : this.uids.length - 1 - at;
  }

  flags(uid: LocalUid) {
    return this.entries.get(uid)?.flags;
  }

  envelope(uid: LocalUid) {
    return this.entries.get(uid)?.envelope;
  }

  remote(uid: LocalUid) {
    return this.entries.has(uid) ? ({ t: 'imap', uidValidity: '1', uid } as const) : undefined;
  }

  raw(uid: LocalUid) {
    const entry = this.entries.get(uid);
    return entry && (entry.raw ? { n: uid, partial: false } : null);
  }

  byRemoteUid(uid: number) {
    return this.entries.has(uid) ? uid : undefined;
  }

  byUidl() {
    return undefined;
  }

  ensure() {
    return Promise.resolve();
  }

  loadAll() {
    return Promise.resolve();
  }

  async *scan() {
    for (const uid of [...this.uids].reverse()) {
      const entry = this.entries.get(uid);
      if (entry) yield { uid, flags: entry.flags, envelope: entry.envelope };
    }
  }

  reserve(count: number) {
    this.next += count;
    return this.next - count;
  }

  apply(change: FolderChange) {
    for (const { uid, raw } of change.raw ?? []) {
      const entry = this.entries.get(uid);
      if (entry) entry.raw = raw !== null;
    }
    this.changed();
    return Promise.resolve();
  }

  /** A message arrives. */
  add(change: Partial<Envelope> = {}, flags = 0, raw = true): LocalUid {
    const uid = this.reserve(1);
    const messageId = `m${uid}.${this.id.replace(':', '.')}@analytical.example`;
    this.entries.set(uid, { envelope: envelope({ messageId, ...change }), flags, raw });
    this.uids.push(uid);
    this.changed({ messages: { put: [uid], gone: [] } });
    return uid;
  }

  /** A message comes from another folder. */
  take(uid: LocalUid, entry: Entry) {
    this.entries.set(uid, entry);
    this.uids = [...this.uids, uid].sort((a, b) => a - b);
    this.changed({ messages: { put: [uid], gone: [] } });
  }

  /** A message vanishes. */
  drop(uid: LocalUid) {
    this.entries.delete(uid);
    this.uids = this.uids.filter(other => other !== uid);
    this.changed({ messages: { put: [], gone: [uid] } });
  }

  rename(path: string) {
    this.become({ path });
  }

  become(change: Partial<FakeInfo>) {
    this.#info = { ...this.#info, ...change };
    this.store.emit({ t: 'folders', account: this.record.account });
  }

  /** Its flags are others now. */
  setFlags(uid: LocalUid, flags: number) {
    const entry = this.entries.get(uid);
    if (entry) entry.flags = flags;
    this.changed({ flags: [uid] });
  }

  changed(what: Omit<Extract<StoreEvent, { t: 'folder' }>, 't' | 'folder'> = {}) {
    this.rev += 1;
    this.store.emit({ t: 'folder', folder: this.id, ...what });
  }
}

export class FakeStore implements Store {
  readonly dir = '/nowhere';
  readonly mode = 'owner';
  /** Its folders are on a server. */
  remote = true;
  readonly folders = new Map<FolderId, FakeFolder>();
  readonly operations: Operation[] = [];
  /** Message files that can't be read, and why. */
  readonly lost = new Map<number, 'raw.missing' | 'raw.damaged'>();
  /** How a person likes to look at mail; absent: nothing is remembered. */
  settings?: Settings;
  /** The account's memory of exports; null: this store has none. */
  exports: NonNullable<AccountStore['exports']> | null = null;
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #accounts = new Map<string, AccountStore>();

  folderOf(id: FolderId): FakeFolder {
    const folder = this.folders.get(id);
    if (!folder) throw new TmailError('bug', 'folder.unknown', { facts: { id } });
    return folder;
  }

  addFolder(account: string, path: string, role: Role | null = null, selectable = true): FakeFolder {
    let n = this.folders.size + 1;
    const taken = () => [...this.folders.keys()].some(id => id.endsWith(`:${n}`));
    while (taken()) n++;
    const id: FolderId = `${account}:${n}`;
    const folder = new FakeFolder(this, id, { path, role, selectable });
    this.folders.set(id, folder);
    this.emit({ t: 'folders', account });
    return folder;
  }

  accounts() {
    return [...this.#accounts.keys()];
  }

  account(id: string): Promise<AccountStore> {
    let account = this.#accounts.get(id);
    if (!account) {
      account = this.#make(id);
      this.#accounts.set(id, account);
    }
    return Promise.resolve(account);
  }

  #make(id: string): AccountStore {
    const never = () => Promise.reject(new TmailError('bug', 'bug.unreachable'));
    return {
      id,
      ...(this.exports && { exports: this.exports }),
      folders: () =>
        [...this.folders.values()].map(folder => folder.record).filter(record => record.account === id),
      setFolders: never,
      setCounts: () => undefined,
      createFolder: async path => {
        const taken = [...this.folders.values()].some(
          ({ record }) => record.account === id && record.path === path,
        );
        if (taken) throw new TmailError('rejected', 'folder.exists', { facts: { folder: path } });
        return this.addFolder(id, path).id;
      },
      renameFolder: async (folder, path) => this.folderOf(folder).rename(path),
      removeFolder: async folder => {
        const { path } = this.folderOf(folder).record;
        for (const [other, { record }] of this.folders) {
          if (record.account !== id || (record.path !== path && !record.path.startsWith(`${path}/`)))
            continue;
          if (record.counts.total > 0) throw new TmailError('rejected', 'folder.not-empty');
          this.folders.delete(other);
        }
        this.emit({ t: 'folders', account: id });
      },
      subscribe: async (folder, on) => this.folderOf(folder).become({ subscribed: on }),
      setRole: async (folder, role) => {
        for (const other of this.folders.values()) {
          if (other.record.account === id && other.record.role === role && role) other.become({ role: null });
        }
        this.folderOf(folder).become({ role });
      },
      folder: folder => Promise.resolve(this.folderOf(folder)),
      raw: {
        write: never,
        flush: () => Promise.resolve(),
        read: ref => {
          const loss = this.lost.get(ref.n);
          if (loss) return Promise.reject(new TmailError('storage', loss));
          return Promise.resolve(Buffer.from(`Subject: raw ${ref.n}\r\n\r\nThe raw text.\r\n`));
        },
        stream: async function* () {
          yield await never();
        },
        checksum: () => Promise.resolve(null),
        firstNew: () => Promise.resolve(1),
        path: ref => `/raw/${ref.n}`,
        remove: () => Promise.resolve(),
        usage: () => Promise.resolve(12_345),
        files: () => this.#files(id),
      },
      queue: () => this.operations.filter(operation => operation.folder.startsWith(`${id}:`)),
      commit: operation => this.#commit(operation),
      attempt: () => Promise.resolve(),
      settled: () => Promise.resolve(),
      refused: () => Promise.resolve(),
    };
  }

  /** Of all messages whose text is here; as large as the messages. */
  async *#files(account: string) {
    for (const [id, folder] of this.folders) {
      if (!id.startsWith(`${account}:`)) continue;
      const number = Number(id.split(':')[1]);
      const files = [...folder.entries].filter(([, { raw }]) => raw);
      yield files.map(([uid, { envelope }]) => ({ n: uid, folder: number, uid, size: envelope.size }));
    }
  }

  #commit(operation: NewOperation): Promise<Operation> {
    const folder = this.folderOf(operation.folder);
    const stamp = { id: `op${this.operations.length}`, at: NOW, tries: 0 };
    let queued: Operation;
    if (operation.t === 'move' || operation.t === 'copy') {
      const to = this.folderOf(operation.to);
      const landing = operation.targets.map(({ uid }, i) => {
        const entry = folder.entries.get(uid);
        const there = operation.landing?.[i] ?? to.reserve(1);
        if (entry) to.take(there, operation.t === 'copy' ? { ...entry } : entry);
        return there;
      });
      queued = { ...operation, ...stamp, landing };
    } else queued = { ...operation, ...stamp };
    for (const { uid } of operation.targets) {
      const entry = folder.entries.get(uid);
      if (!entry) continue;
      if (operation.t === 'move' || operation.t === 'delete') folder.drop(uid);
      else if (operation.t === 'flags') {
        entry.flags |= flagBits(operation.add, folder.keywords);
        entry.flags &= ~flagBits(operation.remove, folder.keywords);
      }
    }
    this.operations.push(queued);
    folder.changed(operation.t === 'flags' ? { flags: operation.targets.map(({ uid }) => uid) } : {});
    return Promise.resolve(queued);
  }

  subscribe(listener: (event: StoreEvent) => void) {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  emit(event: StoreEvent) {
    for (const listener of this.#listeners) listener(event);
  }

  flush() {
    return Promise.resolve();
  }

  close() {
    return Promise.resolve();
  }
}

export class FakeEngine implements Engine {
  readonly account: string;
  readonly caps = { folders: true, flags: true, move: true, push: true, serverSearch: true, quota: false };
  readonly calls: string[] = [];
  current: AccountStatus;
  /** What asking for a body does. */
  onBody: (id: MessageId) => Promise<void> = () =>
    Promise.reject(new TmailError('network', 'body.offline', { retry: 'user' }));
  readonly #listeners = new Set<() => void>();

  constructor(account: string) {
    this.account = account;
    this.current = {
      account,
      phase: 'online',
      error: null,
      retryAt: null,
      progress: [],
      queued: 0,
      lastSync: NOW,
    };
  }

  status() {
    return this.current;
  }

  become(change: Partial<AccountStatus>) {
    this.current = { ...this.current, ...change };
    for (const listener of this.#listeners) listener();
  }

  subscribe(listener: () => void) {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  start() {
    this.calls.push('start');
  }

  show(folder: FolderId | null) {
    this.calls.push(`show ${folder}`);
  }

  body(id: MessageId) {
    this.calls.push(`body ${id}`);
    return this.onBody(id);
  }

  refresh() {
    this.calls.push('refresh');
  }

  keep(offline: Offline, folders: Readonly<Record<string, Offline>> = {}) {
    const apart = Object.keys(folders).length > 0 ? ` ${JSON.stringify(folders)}` : '';
    this.calls.push(`keep ${JSON.stringify(offline)}${apart}`);
  }

  agree() {
    this.calls.push('agree');
    return Promise.resolve();
  }

  cancel() {
    this.calls.push('cancel');
  }

  settled() {
    return Promise.resolve();
  }

  syncOnce() {
    return Promise.reject(new TmailError('bug', 'bug.unreachable'));
  }

  stop() {
    this.calls.push('stop');
    return Promise.resolve();
  }
}

export function parsed(change: Partial<ParsedMessage> = {}): ParsedMessage {
  return {
    subject: 'Engine timetable for the spring meeting',
    from: [{ name: 'Ada Lovelace', address: 'ada@analytical.example' }],
    to: [{ name: 'Me', address: 'me@work.example' }],
    cc: [],
    bcc: [],
    replyTo: [],
    date: NOW - 40 * 60_000,
    messageId: 'm@analytical.example',
    inReplyTo: '',
    references: [],
    headers: [{ name: 'Subject', value: 'Engine timetable' }],
    text: 'Charles,\n\nthe second session is on Thursday.\n\nAda\n',
    fromHtml: false,
    flowed: false,
    html: null,
    links: [],
    parts: [],
    remoteImages: 0,
    notes: [],
    ...change,
  };
}

export class FakeParser implements Parser {
  /** By message file. */
  readonly messages = new Map<string, ParsedMessage | TmailError>();
  readonly saved: string[] = [];

  parse(path: string): Promise<ParsedMessage> {
    const found = this.messages.get(path);
    if (found instanceof TmailError) return Promise.reject(found);
    return Promise.resolve(found ?? parsed({ text: `Text of ${path}.\n` }));
  }

  savePart(_path: string, _n: number, to: string) {
    this.saved.push(to);
    return Promise.resolve(10);
  }

  close() {
    return Promise.resolve();
  }
}

export function testConfig(accounts: readonly string[] = ['work']): Config {
  return {
    file: null,
    defaultAccount: accounts[0] ?? null,
    ui: { colors: 'none', borders: 'ascii', markReadAfter: 0, keys: {} },
    accounts: accounts.map(id => ({
      id,
      email: `me@${id}.example`,
      name: 'Me',
      protocol: 'imap',
      incoming: { host: `imap.${id}.example`, port: 993, security: 'tls', user: 'me', tls: {} },
      outgoing: null,
      auth: { t: 'env', variable: 'NONE' },
      outgoingAuth: { t: 'env', variable: 'NONE' },
      offline: 'all',
      serverCopy: null,
      disabled: false,
    })),
  };
}

export interface World {
  readonly app: Program;
  readonly store: FakeStore;
  readonly engines: readonly FakeEngine[];
  readonly parser: FakeParser;
  readonly outgoing: FakeOutgoing;
  readonly inbox: FakeFolder;
  readonly terminal: { calls: string[] };
  press(...keys: string[]): void;
}

export interface WorldOptions {
  readonly size?: Size;
  readonly messages?: number;
  readonly accounts?: readonly string[];
  readonly deps?: Partial<AppDeps>;
  /** Before the program looks. */
  readonly prepare?: (store: FakeStore) => void;
}

/** A program over a small mailbox: an inbox of `messages` rows, Sent, Drafts and a nested folder. */
export async function world(options: WorldOptions = {}): Promise<World> {
  const store = new FakeStore();
  const names = options.accounts ?? ['work'];
  for (const account of names) {
    const inbox = store.addFolder(account, 'INBOX', 'inbox');
    const count = options.messages ?? 60;
    for (let i = 0; i < count; i += 1) {
      const date = NOW - (count - i) * DAY * 0.3;
      inbox.add({ subject: `Message ${i + 1}`, date, arrival: date }, i < count - 3 ? SEEN : 0);
    }
    store.addFolder(account, 'Sent', 'sent');
    store.addFolder(account, 'Drafts', 'drafts');
    store.addFolder(account, 'lists/debian').add({ subject: 'A list message' });
  }
  options.prepare?.(store);
  const engines = names.map(account => new FakeEngine(account));
  const parser = new FakeParser();
  const outgoing = new FakeOutgoing(() => NOW);
  const calls: string[] = [];
  const app = createApp({
    config: testConfig(names),
    store,
    engines,
    parser,
    terminal: {
      suspend: () => calls.push('suspend'),
      redraw: () => calls.push('redraw'),
      bell: () => calls.push('bell'),
    },
    now: () => NOW,
    // Its inbox; `deps` may ask for what several accounts start with.
    start: { account: names[0] ?? null, folder: null },
    readOnly: null,
    outgoing,
    firstRun: null,
    ...options.deps,
  });
  app.resize(options.size ?? { columns: 80, rows: 24 });
  await app.settled();
  const first = names[0];
  const inbox =
    first === undefined
      ? undefined
      : [...store.folders.values()].find(folder => folder.id.startsWith(`${first}:`));
  return {
    app,
    store,
    engines,
    parser,
    outgoing,
    inbox: inbox ?? store.addFolder('none', 'INBOX', 'inbox'),
    terminal: { calls },
    press: (...keys) => {
      for (const key of keys) app.press(key);
    },
  };
}

export function idOf(folder: FakeFolder, uid: LocalUid): MessageId {
  return messageId(folder.id, uid);
}
