// A whole account for tests: a real store in a temporary directory, a real engine, and a server of the test's choice.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccountConfig, Offline, Security } from '../../src/config/types.ts';
import { type LocalStore, openStore } from '../../src/store/store.ts';
import type { AccountStore, FolderRecord, FolderStore } from '../../src/store/types.ts';
import { createEngine } from '../../src/sync/engine.ts';
import { createImapSession, IMAP_CAPS, type ImapSessionOptions } from '../../src/sync/imap/session.ts';
import type { Engine } from '../../src/sync/types.ts';
import type { TmailError } from '../../src/util/errors.ts';

export interface WorldOptions {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly security?: Security;
  readonly ca?: string;
  readonly tls?: AccountConfig['incoming']['tls'];
  readonly offline?: Offline;
  readonly offlineFolders?: Readonly<Record<string, Offline>>;
  readonly session?: ImapSessionOptions;
  /** How long changes wait to be written together; as in the program unless said. */
  readonly groupMs?: number;
  /** A directory that outlives the world; else a temporary one. */
  readonly dir?: string;
}

export interface World {
  readonly config: AccountConfig;
  readonly store: LocalStore;
  readonly account: AccountStore;
  readonly engine: Engine;
  /** What the store reported as trouble. */
  readonly troubles: TmailError[];
  /** The record of a folder. @throws when it is not listed */
  record(path: string): FolderRecord;
  folder(path: string): Promise<FolderStore>;
  [Symbol.asyncDispose](): Promise<void>;
}

export function accountConfig(options: WorldOptions): AccountConfig {
  const { port, user, password, security = 'none', ca, offline = 'headers' } = options;
  return {
    id: 'work',
    email: 'ada@example.org',
    name: 'Ada',
    protocol: 'imap',
    incoming: {
      host: '127.0.0.1',
      port,
      security,
      user,
      tls: { ...(ca === undefined ? {} : { ca }), ...options.tls },
    },
    outgoing: null,
    auth: { t: 'plain', password },
    outgoingAuth: { t: 'plain', password },
    offline,
    ...(options.offlineFolders && { offlineFolders: options.offlineFolders }),
    serverCopy: null,
    disabled: false,
  };
}

export async function openWorld(options: WorldOptions): Promise<World> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'tmail-sync-')));
  const store = await openStore({
    dir,
    mode: 'owner',
    ...(options.groupMs !== undefined && { groupMs: options.groupMs }),
  });
  const troubles: TmailError[] = [];
  store.subscribe(event => {
    if (event.t === 'trouble') troubles.push(event.error);
  });
  const config = accountConfig(options);
  const account = await store.account(config.id);
  const engine = createEngine({
    config,
    store: account,
    password: async () => options.password,
    createSession: deps => createImapSession(deps, options.session),
    caps: IMAP_CAPS,
    version: '0.0.0',
    subscribe: listener => store.subscribe(listener),
  });
  const record = (path: string): FolderRecord => {
    const found = account.folders().find(each => each.path === path);
    assert.ok(found, `no folder ${path} among ${account.folders().map(each => each.path)}`);
    return found;
  };
  return {
    config,
    store,
    account,
    engine,
    troubles,
    record,
    folder: async path => await account.folder(record(path).id),
    async [Symbol.asyncDispose]() {
      await engine.stop();
      await store.close();
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Waits until `holds`, looking again whenever the engine or the store says that something changed. */
export async function until(
  world: World,
  holds: () => boolean | Promise<boolean>,
  what = 'it',
): Promise<void> {
  const deadline = Date.now() + 15_000;
  let wake: () => void = () => undefined;
  const stops = [world.engine.subscribe(() => wake()), world.store.subscribe(() => wake())];
  try {
    while (!(await holds())) {
      assert.ok(
        Date.now() < deadline,
        `waited in vain for ${what}: ${JSON.stringify(world.engine.status())}`,
      );
      await new Promise<void>(resolve => {
        wake = resolve;
        // Some conditions change without an event (a server's log): they are looked at now and then.
        setTimeout(resolve, 25);
      });
    }
  } finally {
    for (const stop of stops) stop();
  }
}

/** Subjects, newest first. */
export async function subjects(folder: FolderStore): Promise<string[]> {
  const found: string[] = [];
  for await (const { envelope } of folder.scan()) found.push(envelope.subject);
  return found;
}

/** Remote uids in list order, newest first. */
export async function remoteUids(folder: FolderStore): Promise<number[]> {
  await folder.loadAll();
  const uids: number[] = [];
  for (let position = 0; position < folder.length; position++) {
    const uid = folder.uidAt(position);
    const remote = uid === undefined ? undefined : folder.remote(uid);
    if (remote?.t === 'imap') uids.push(remote.uid);
  }
  return uids;
}

export function message(n: number, extra = ''): string {
  return [
    'From: "Grace Hopper" <grace@example.org>',
    'To: ada@example.org',
    `Subject: message ${n}`,
    `Message-ID: <m${n}@example.org>`,
    'Date: Mon, 05 Jan 2026 10:00:00 +0000',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    ...(extra ? [extra] : []),
    '',
    `Body of message ${n}.`,
    '',
  ].join('\r\n');
}
