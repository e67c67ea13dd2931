// The whole program on a screen over a real store, engine and server, in this process.
import assert from 'node:assert/strict';
import { createApp, type Program } from '../../src/app/app.ts';
import { createArrivals } from '../../src/app/arrivals.ts';
import type { Config } from '../../src/config/types.ts';
import { createOutgoing } from '../../src/outgoing/outgoing.ts';
import { openStore } from '../../src/store/store.ts';
import type { Store } from '../../src/store/types.ts';
import type { Clock } from '../../src/sync/clock.ts';
import { createEngineFor } from '../../src/sync/create.ts';
import { createLedgers } from '../../src/sync/pop3/ledgers.ts';
import type { Engine } from '../../src/sync/types.ts';
import { App } from '../../src/ui/App.tsx';
import { createParser } from '../../src/worker/client.ts';
import { createRobot, type Robot } from '../robot/robot.tsx';

export interface SessionOptions {
  readonly config: Config;
  /** The data directory: given twice, the second session finds what the first one kept. */
  readonly dir: string;
  readonly password: string;
  readonly columns?: number;
  readonly rows?: number;
  /** Mail can be written and sent. */
  readonly sending?: boolean;
  /** Where VISUAL and EDITOR are looked for. */
  readonly env?: NodeJS.ProcessEnv;
  /** Whose inbox is shown first; absent: where the program starts by itself. */
  readonly account?: string;
  /** The engines are not started. */
  readonly offline?: boolean;
  /** Of the engines. */
  readonly clock?: Clock;
  /** How long the store gathers changes before it writes them; as in the program unless said. */
  readonly groupMs?: number;
}

export interface Session {
  readonly robot: Robot<Program>;
  /** Of the first account. */
  readonly engine: Engine;
  /** In the order of the configuration. */
  readonly engines: readonly Engine[];
  readonly store: Store;
}

/** Runs the program until `run` returns, then ends it as `q` does. */
export async function session(
  options: SessionOptions,
  run: (session: Session) => Promise<void>,
): Promise<void> {
  const { groupMs } = options;
  const store = await openStore({
    dir: options.dir,
    mode: 'owner',
    ...(groupMs !== undefined && { groupMs }),
  });
  try {
    const password = () => Promise.resolve(options.password);
    const { accounts } = options.config;
    const pop3 = { accounts, ledgers: createLedgers(store.dir) };
    const arrivals = createArrivals();
    const { clock } = options;
    const making = { password, pop3, arrived: arrivals.arrived, ...(clock && { clock }) };
    const engines = await Promise.all(accounts.map(account => createEngineFor(account, store, making)));
    const [engine] = engines;
    assert.ok(engine);
    const parser = createParser({ workerUrl: null });
    const outgoing = options.sending
      ? createOutgoing({ config: options.config, store, engines, parser: () => parser, password })
      : null;
    const robot = await createRobot({
      columns: options.columns ?? 80,
      rows: options.rows ?? 24,
      app: terminal =>
        createApp({
          config: options.config,
          store,
          engines,
          arrivals,
          parser,
          terminal,
          now: Date.now,
          start: { account: options.account ?? null, folder: null },
          readOnly: null,
          outgoing,
          ...(options.env && { env: options.env }),
          firstRun: null,
        }),
      element: app => <App app={app} traits={{ colors: '256', unicode: true }} />,
    });
    try {
      if (!options.offline) {
        for (const each of engines) each.start();
        outgoing?.start();
      }
      await run({ robot, engine, engines, store });
      assert.equal(await robot.quit(), 0);
    } finally {
      await robot.quit();
      await parser.close();
    }
  } finally {
    await store.close();
  }
}
