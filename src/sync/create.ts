// Picks the protocol's session for an account. The libraries behind it are loaded when the engine connects.
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { version } from '../../package.json';
import type { AccountConfig, Pop3Settings } from '../config/types.ts';
import type { AccountStore, Store } from '../store/types.ts';
import type { Pace } from '../util/pace.ts';
import { type Clock, systemClock } from './clock.ts';
import { createEngine } from './engine.ts';
import { createImapSession, IMAP_CAPS } from './imap/session.ts';
import type { SessionDeps } from './session.ts';
import type { Engine } from './types.ts';

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
  const kept = await store.account(account.id);
  const protocol =
    account.protocol === 'imap'
      ? { createSession: (deps: SessionDeps) => createImapSession(deps), caps: IMAP_CAPS }
      : await pop3(account, store.dir, kept, deps.clock ?? systemClock);
  return createEngine({
    ...deps,
    ...protocol,
    config: account,
    store: kept,
    version,
    subscribe: listener => store.subscribe(listener),
    freeSpace: async () => {
      const { bavail, bsize } = await statfs(store.dir);
      return bavail * bsize;
    },
  });
}

/** Loaded only for those who have such an account. Its folders exist here before any server was reached. */
async function pop3(account: AccountConfig, dir: string, store: AccountStore, clock: Clock) {
  const [{ createMaildrop }, { ensureFolders }, { POP3_CAPS }] = await Promise.all([
    import('./pop3/account.ts'),
    import('./pop3/folders.ts'),
    import('./pop3/session.ts'),
  ]);
  await ensureFolders(store);
  const path = join(dir, 'accounts', account.id, 'pop3.jsonl');
  const { pop3: how } = account;
  const maildrop = createMaildrop({
    config: account,
    store,
    clock,
    path,
    ...(how && { settings: planSettings(how), everyMs: how.checkEvery }),
  });
  return { createSession: maildrop.createSession, caps: POP3_CAPS, maildrop };
}

function planSettings({ firstRun, sizeLimit, sessionMessages, sessionBytes }: Pop3Settings) {
  const limits = { sizeLimit, sessionMessages, sessionBytes };
  if (firstRun === 'all') return { firstRun: { t: 'all' }, ...limits } as const;
  if (firstRun === 'today') return { firstRun: { t: 'fromToday' }, ...limits } as const;
  return { firstRun: { t: 'lastDays', days: firstRun.days }, ...limits } as const;
}
