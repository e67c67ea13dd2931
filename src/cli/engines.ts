// Makes the engine of an account with the password that its configuration names. Used by the commands and the screen.
import type { Environment } from '../config/paths.ts';
import { password } from '../config/secrets.ts';
import type { AccountConfig } from '../config/types.ts';
import type { Store } from '../store/types.ts';
import { createEngineFor } from '../sync/create.ts';
import type { Engine } from '../sync/types.ts';
import type { Log } from '../util/log.ts';
import type { Pace } from '../util/pace.ts';

export interface EngineSetting {
  readonly env: Environment;
  readonly log: Log;
  /** Gives up waiting for a password. */
  readonly signal?: AbortSignal;
  readonly pace?: Pace;
}

/** The engine, stopped. It asks for the password at every connection; the log never shows it. */
export function engineFor(
  account: AccountConfig,
  store: Store,
  { env, log, signal, pace }: EngineSetting,
): Promise<Engine> {
  return createEngineFor(account, store, {
    ...(pace && { pace }),
    password: async () => {
      const secret = await password(account.auth, { env, ...(signal && { signal }) });
      log.secret(secret);
      return secret;
    },
  });
}
