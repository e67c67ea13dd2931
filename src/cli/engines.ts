// Makes the engine of an account with the password that its configuration names. Used by the commands and the screen.
import type { Environment } from '../config/paths.ts';
import { password } from '../config/secrets.ts';
import type { AccountConfig } from '../config/types.ts';
import type { Store } from '../store/types.ts';
import { createEngineFor } from '../sync/create.ts';
import type { Engine } from '../sync/types.ts';
import type { Log } from '../util/log.ts';

export interface EngineSetting {
  readonly env: Environment;
  readonly log: Log;
}

/** The engine, stopped. It asks for the password at every connection; the log never shows it. */
export function engineFor(
  account: AccountConfig,
  store: Store,
  { env, log }: EngineSetting,
): Promise<Engine> {
  return createEngineFor(account, store, {
    password: async () => {
      const secret = await password(account.auth, { env });
      log.secret(secret);
      return secret;
    },
  });
}
