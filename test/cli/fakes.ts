// Stand-ins for what a command is given: streams that remember, a store and an engine that do what a test says.

import { parseArguments } from '../../src/cli/arguments.ts';
import type { Context, Mail, OpenedStore } from '../../src/cli/context.ts';
import type { Sink } from '../../src/cli/output.ts';
import { checkConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/types.ts';
import { sanitize } from '../../src/mail/sanitize.ts';
import type { AccountStore, FolderRecord, FolderStore } from '../../src/store/types.ts';
import type { Engine, SyncReport } from '../../src/sync/types.ts';
import { TmailError } from '../../src/util/errors.ts';

function unused(): never {
  throw new Error('the test did not expect this call');
}

async function* noOwner(): AsyncGenerator<unknown> {
  yield* [];
  throw new TmailError('storage', 'store.no-owner');
}

export interface FakeSink extends Sink {
  text(): string;
}

export function fakeSink(terminal = false): FakeSink {
  const chunks: Buffer[] = [];
  const bytes = async (data: Uint8Array | string) => {
    chunks.push(Buffer.from(data));
  };
  return {
    terminal,
    columns: terminal ? 80 : Number.POSITIVE_INFINITY,
    bytes,
    line: text => bytes(`${sanitize(text)}\n`),
    text: () => Buffer.concat(chunks).toString(),
  };
}

/** A configuration of IMAP accounts with these names; a name that ends in `-` is disabled. */
export function fakeConfig(...names: string[]): Config {
  const accounts = names.map(name => [
    name.replace(/-$/, ''),
    {
      email: 'a@b.c',
      protocol: 'imap',
      incoming: { host: 'imap.example.org' },
      auth: { passwordEnv: 'P' },
      ...(name.endsWith('-') ? { disabled: true } : {}),
    },
  ]);
  return checkConfig(JSON.stringify({ accounts: Object.fromEntries(accounts) }), '/c.json', {}).config;
}

export function fakeFolder(
  account: string,
  number: number,
  path: string,
  role: FolderRecord['role'] = null,
): FolderRecord {
  return {
    id: `${account}:${number}`,
    account,
    path,
    name: path,
    delimiter: '/',
    role,
    subscribed: true,
    selectable: true,
    remote: true,
    counts: { total: 0, unread: 0 },
  };
}

export function fakeAccount(id: string, folders: readonly FolderRecord[]): AccountStore {
  return {
    id,
    folders: () => folders,
    setFolders: unused,
    setCounts: unused,
    createFolder: unused,
    renameFolder: unused,
    removeFolder: unused,
    folder: async id => emptyFolder(folders.find(folder => folder.id === id) ?? unused()),
    get raw() {
      return unused();
    },
    queue: () => [],
    commit: unused,
    attempt: unused,
    settled: unused,
    refused: unused,
  };
}

function emptyFolder(record: FolderRecord): FolderStore {
  return {
    record,
    rev: 0,
    get sync() {
      return unused();
    },
    length: 0,
    unread: 0,
    uidAt: () => undefined,
    positionOf: () => -1,
    flags: () => undefined,
    keywords: [],
    envelope: () => undefined,
    remote: () => undefined,
    raw: () => undefined,
    byRemoteUid: () => undefined,
    byUidl: () => undefined,
    ensure: async () => undefined,
    loadAll: async () => undefined,
    async *scan() {
      yield* [];
    },
    reserve: unused,
    apply: unused,
  };
}

export function fakeStore(accounts: readonly AccountStore[]): OpenedStore & { closed: boolean } {
  return {
    dir: '/data',
    mode: 'owner',
    closed: false,
    accounts: () => accounts.map(({ id }) => id),
    account: async id => accounts.find(account => account.id === id) ?? fakeAccount(id, []),
    subscribe: () => () => undefined,
    flush: async () => undefined,
    inspect: unused,
    rebuild: unused,
    async close() {
      this.closed = true;
    },
  };
}

export function fakeReport(account: string, more: Partial<SyncReport> = {}): SyncReport {
  const none = { received: 0, sent: 0, pushed: 0, deletedOnServer: 0, onServer: 0, errors: [] };
  return { account, protocol: 'imap', ...none, ...more };
}

export function fakeEngine(account: string, syncOnce: Engine['syncOnce'], log: string[] = []): Engine {
  return {
    account,
    caps: { folders: true, flags: true, move: true, push: true, serverSearch: true, quota: true },
    status: unused,
    subscribe: () => () => undefined,
    start: () => void log.push('start'),
    show: unused,
    body: async (id, wanted) => void log.push(`body ${id} ${wanted}`),
    refresh: unused,
    cancel: unused,
    settled: async () => undefined,
    syncOnce,
    stop: async () => void log.push('stop'),
  };
}

export interface FakeContext extends Context {
  readonly out: FakeSink;
  readonly err: FakeSink;
}

export function fakeContext(
  line: string,
  mail: Partial<Mail>,
  options: { readonly terminal?: boolean; readonly signal?: AbortSignal } = {},
): FakeContext {
  const wish = parseArguments(line.split(' '), '0');
  if (wish.t !== 'run') return unused();
  const out = fakeSink(options.terminal);
  const err = fakeSink(options.terminal);
  const whole: Mail = {
    config: fakeConfig('work'),
    dir: '/data',
    reader: unused,
    owner: unused,
    engine: unused,
    outgoing: unused,
    parser: unused,
    knock: noOwner,
    signIn: unused,
    close: async () => undefined,
    ...mail,
  };
  return {
    args: wish.args,
    output: { out, err },
    out,
    err,
    env: {},
    signal: options.signal ?? new AbortController().signal,
    load: async () => ({ config: whole.config, warnings: [] }),
    mail: async () => whole,
  };
}
