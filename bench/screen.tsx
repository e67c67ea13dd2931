// The real program on a terminal that takes everything at once, for benchmarks that press keys.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { createApp } from '../src/app/app.ts';
import type { Config } from '../src/config/types.ts';
import { type LocalStore, openStore } from '../src/store/store.ts';
import { createEngineFor } from '../src/sync/create.ts';
import { App } from '../src/ui/App.tsx';
import { createScreenTerminal, startScreen } from '../src/ui/start.tsx';
import { createPace } from '../src/util/pace.ts';
import { createParser } from '../src/worker/client.ts';
import { FakeOutgoing } from '../test/app/fake-outgoing.ts';
import { accountOn } from '../test/robot/home.ts';
import { bytesOfKey } from '../test/robot/key-bytes.ts';

export interface Server {
  readonly port: number;
  readonly ca: string;
  readonly user: string;
  readonly password: string;
}

export interface ScreenOptions {
  readonly columns: number;
  readonly rows: number;
  /** Before anything is shown. */
  readonly fill: (store: LocalStore) => Promise<void>;
  readonly server?: Server;
}

export async function openScreen({ columns, rows, fill, server }: ScreenOptions) {
  const dir = await mkdtemp(join(tmpdir(), 'tmail-bench-'));
  const store = await openStore({ dir, mode: 'owner' });
  await fill(store);

  const out = { bytes: 0, last: 0 };
  const output = Object.defineProperties(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        out.bytes += chunk.length;
        out.last = performance.now();
        done();
      },
    }),
    { isTTY: { value: true }, columns: { value: columns }, rows: { value: rows } },
  );
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const nothing = () => undefined;
  const terminal = createScreenTerminal(
    {
      input,
      output,
      sink: output,
      signals: { on: nothing, off: nothing, onUncaught: () => nothing, stop: nothing },
      writeNow: nothing,
    },
    { TERM: 'xterm-256color', COLORTERM: 'truecolor', LANG: 'C.UTF-8' },
  );
  const parser = createParser();
  const config: Config = {
    file: null,
    accounts: [accountOn(server?.port ?? 1, server?.ca ?? '', server?.user ?? '', server?.password ?? '')],
    defaultAccount: 'work',
    ui: { colors: 'auto', borders: 'auto', markReadAfter: null, keys: {} },
  };
  const pace = createPace();
  const engines = server
    ? await Promise.all(
        config.accounts.map(account =>
          createEngineFor(account, store, { pace, password: async () => server.password }),
        ),
      )
    : [];
  const app = createApp({
    config,
    store,
    engines,
    pace,
    parser,
    terminal,
    now: Date.now,
    start: { account: null, folder: null },
    readOnly: null,
    outgoing: new FakeOutgoing(Date.now),
    firstRun: null,
  });
  const ended = startScreen({ app, element: <App app={app} traits={terminal.traits} />, terminal });

  /** The answer to a key is out. While a sync runs nothing ever settles: then the frame that was due is waited for. */
  const settle = async (): Promise<void> => {
    await new Promise(resolve => setImmediate(resolve));
    if (!server) await app.settled();
    await new Promise(resolve => setImmediate(resolve));
    await terminal.idle();
  };
  const type = (text: string): void => void input.push(text);
  return {
    app,
    engines,
    /** All that went to the terminal, and when the last of it did. */
    out,
    type,
    idle: () => terminal.idle(),
    settle,
    async press(...keys: readonly string[]): Promise<void> {
      for (const key of keys) {
        type(bytesOfKey(key));
        await settle();
      }
    },
    async close(): Promise<void> {
      app.quit();
      await ended;
      await parser.close();
      await store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
