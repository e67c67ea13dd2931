// Makes the way out with the passwords that the configuration names. Used by the commands and the screen.
import type { Environment } from '../config/paths.ts';
import { password } from '../config/secrets.ts';
import type { Config } from '../config/types.ts';
import { createOutgoing, type LocalOutgoing } from '../outgoing/outgoing.ts';
import type { Store } from '../store/types.ts';
import type { Engine } from '../sync/types.ts';
import type { Log } from '../util/log.ts';
import type { Parser } from '../worker/types.ts';

export interface OutgoingSetting {
  readonly env: Environment;
  readonly log: Log;
  readonly engines: readonly Engine[];
  /** Gives up waiting for a password. */
  readonly signal?: AbortSignal;
}

/** It sends nothing before it is started. Closing it closes all of it. */
export function outgoingFor(
  config: Config,
  store: Store,
  { env, log, engines, signal }: OutgoingSetting,
): LocalOutgoing {
  let parser: Promise<Parser> | null = null;
  const parserOf = (): Promise<Parser> => {
    parser ??= import('../worker/client.ts').then(({ createParser }) => createParser());
    return parser;
  };
  const outgoing = createOutgoing({
    config,
    store,
    engines,
    parser: parserOf,
    password: async account => {
      const secret = await password(account.outgoingAuth, { env, ...(signal && { signal }) });
      log.secret(secret);
      return secret;
    },
  });
  const close = outgoing.close.bind(outgoing);
  return Object.assign(outgoing, {
    async close() {
      await close();
      await (await parser)?.close();
    },
  });
}
