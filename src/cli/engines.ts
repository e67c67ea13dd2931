// Makes the engine of an account with the password that its configuration names. Used by the commands and the screen.
import type { Environment } from '../config/paths.ts';
import { password } from '../config/secrets.ts';
import type { AccountConfig, Config } from '../config/types.ts';
import type { Store } from '../store/types.ts';
import { createEngineFor, type EngineForDeps, type Pop3Shared } from '../sync/create.ts';
import { createLedgers } from '../sync/pop3/ledgers.ts';
import type { Engine } from '../sync/types.ts';
import type { Log } from '../util/log.ts';
import type { Pace } from '../util/pace.ts';

export interface EngineSetting {
  readonly env: Environment;
  readonly log: Log;
  /** Gives up waiting for a password. */
  readonly signal?: AbortSignal;
  readonly pace?: Pace;
  /** Told of new mail. */
  readonly arrived?: EngineForDeps['arrived'];
  /** One for all engines of a store, see `sharedBy`. */
  readonly pop3: Pop3Shared;
}

/** What the engines of one store have in common. */
export function sharedBy(config: Config, store: Store): Pop3Shared {
  return { accounts: config.accounts, ledgers: createLedgers(store.dir) };
}

/** The engine, stopped. It asks for the password at every connection; the log never shows it. */
export function engineFor(
  account: AccountConfig,
  store: Store,
  { env, log, signal, pace, pop3, arrived }: EngineSetting,
): Promise<Engine> {
  return createEngineFor(account, store, {
    ...(pace && { pace }),
    ...(arrived && { arrived }),
    pop3,
    password: async () => {
      const secret = await password(account.auth, { env, ...(signal && { signal }) });
      log.secret(secret);
      return secret;
    },
  });
}
