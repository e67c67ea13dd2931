// Picks the protocol's session for an account. The libraries behind it are loaded when the engine connects.
import { statfs } from 'node:fs/promises';
import { version } from '../../package.json';
import type { AccountConfig, Pop3Settings } from '../config/types.ts';
import type { FolderId, LocalUid } from '../mail/types.ts';
import type { AccountStore, Store } from '../store/types.ts';
import type { Pace } from '../util/pace.ts';
import { type Clock, systemClock } from './clock.ts';
import { createEngine } from './engine.ts';
import { createImapSession, IMAP_CAPS } from './imap/session.ts';
import type { Ledgers } from './pop3/ledgers.ts';
import type { SessionDeps } from './session.ts';
import type { Engine } from './types.ts';

/** What POP3 accounts of one store have in common. */
export interface Pop3Shared {
  /** All of the configuration's. */
  readonly accounts: readonly AccountConfig[];
  /** One for all engines of the store. */
  readonly ledgers: Ledgers;
}

export interface EngineForDeps {
  /** Asked for at every connection. @throws TmailError auth, config */
  readonly password: () => Promise<string>;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Told of new mail, see `EngineDeps`. */
  readonly arrived?: (folder: FolderId, uids: readonly LocalUid[]) => void;
  /** Of whoever has a person at the keys. */
  readonly pace?: Pace;
  /** Needed where accounts deliver into each other. */
  readonly pop3?: Pop3Shared;
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
      : await pop3(account, store, kept, deps.clock ?? systemClock, deps.pop3);
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
async function pop3(
  account: AccountConfig,
  store: Store,
  kept: AccountStore,
  clock: Clock,
  shared: Pop3Shared | undefined,
) {
  const [{ createMaildrop }, { createLedgers }, { ensureFolders }, { POP3_CAPS }] = await Promise.all([
    import('./pop3/account.ts'),
    import('./pop3/ledgers.ts'),
    import('./pop3/folders.ts'),
    import('./pop3/session.ts'),
  ]);
  const target = account.deliverTo === undefined ? kept : await store.account(account.deliverTo);
  await ensureFolders(target);
  const { accounts, ledgers } = shared ?? { accounts: [account], ledgers: createLedgers(store.dir) };
  const { pop3: how } = account;
  const maildrop = createMaildrop({
    config: account,
    store: kept,
    target,
    storeOf: id => store.account(id),
    accounts,
    ledgers,
    clock,
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
