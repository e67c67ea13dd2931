// Picks the protocol's session for an account. The libraries behind it are loaded when the engine connects.
import { statfs } from 'node:fs/promises';
import { version } from '../../package.json';
import type { AccountConfig } from '../config/types.ts';
import type { Store } from '../store/types.ts';
import { TmailError } from '../util/errors.ts';
import type { Pace } from '../util/pace.ts';
import type { Clock } from './clock.ts';
import { createEngine } from './engine.ts';
import { createImapSession, IMAP_CAPS } from './imap/session.ts';
import type { CreateSession } from './session.ts';
import type { Caps, Engine } from './types.ts';

export interface EngineForDeps {
  /** Asked for at every connection. @throws TmailError auth, config */
  readonly password: () => Promise<string>;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Of whoever has a person at the keys. */
  readonly pace?: Pace;
}

/** The engine of one account, stopped. Its store part is opened, nothing is connected. */
export async function createEngineFor(
  account: AccountConfig,
  store: Store,
  deps: EngineForDeps,
): Promise<Engine> {
  const imap = account.protocol === 'imap';
  return createEngine({
    ...deps,
    config: account,
    store: await store.account(account.id),
    createSession: imap ? sessionDeps => createImapSession(sessionDeps) : createNoPop3Session,
    caps: imap ? IMAP_CAPS : NO_CAPS,
    version,
    subscribe: listener => store.subscribe(listener),
    freeSpace: async () => {
      const { bavail, bsize } = await statfs(store.dir);
      return bavail * bsize;
    },
  });
}

const NO_CAPS: Caps = {
  folders: false,
  flags: false,
  move: false,
  push: false,
  serverSearch: false,
  quota: false,
};

/** POP3 comes with its own issue; until then an account of that kind says so and does nothing. */
const createNoPop3Session: CreateSession = deps => {
  const notYet = (): TmailError =>
    new TmailError('config', 'pop3.not-yet', { facts: { account: deps.account.id } });
  return {
    caps: NO_CAPS,
    connect: () => Promise.reject(notYet()),
    folders: () => Promise.reject(notYet()),
    async *pull() {
      yield* [];
    },
    async *body() {
      yield* [];
    },
    async *prefetch() {
      yield* [];
    },
    push: () => Promise.reject(notYet()),
    watch: () => Promise.resolve(),
    closed: new Promise(() => undefined),
    close: () => Promise.resolve(),
  };
};
