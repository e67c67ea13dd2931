// The seam between the command line and the screen: opens the store, makes engines, parser and program, and puts
// them on the screen; again with other accounts when the first screen asks for the demo or a new configuration.
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createArrivals } from '../app/arrivals.ts';
import { sentence } from '../app/messages.ts';
import type { AppDeps, ExportOutcome, ExportWish, FirstRun, Owner } from '../app/types.ts';
import { canSend } from '../config/identities.ts';
import { configErrors, loadConfig } from '../config/load.ts';
import type { Environment } from '../config/paths.ts';
import type { Config } from '../config/types.ts';
import { isOwned, knock, type LocalStore, openStore } from '../store/store.ts';
import type { Engine } from '../sync/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { type Log, openLog } from '../util/log.ts';
import { createPace } from '../util/pace.ts';
import type { DoorRequest } from './door.ts';
import type { EngineSetting } from './engines.ts';
import { type LateOutgoing, lateOutgoing } from './late-outgoing.ts';

export interface TuiOptions {
  /** Null: no configuration yet (the first screen), or the demo. */
  readonly config: Config | null;
  /** What is odd in the configuration; nothing was printed about it. */
  readonly warnings: readonly TmailError[];
  /** Where the configuration is looked for. */
  readonly configPath: string;
  readonly dataDir: string;
  /** As on the command line; not checked against the configuration. */
  readonly account: string | null;
  readonly folder: string | null;
  readonly demo: boolean;
  readonly offline: boolean;
  readonly env: Environment;
}

/** What one stay on the screen shows. */
type Show =
  | { readonly t: 'config'; readonly config: Config; readonly warnings: readonly TmailError[] }
  | { readonly t: 'demo' }
  | { readonly t: 'first-run' };

/** A stay that ends with another one: the demo, accounts that were just set up, a store whose owner has ended. */
interface Ended {
  readonly status: number;
  readonly next: { readonly show: Show; readonly start: AppDeps['start'] } | null;
}

const NO_ACCOUNTS: Config = {
  file: null,
  accounts: [],
  defaultAccount: null,
  ui: { colors: 'auto', borders: 'auto', markReadAfter: 0, keys: {} },
};
/** The first frame waits for mail from the cache, but not for a store that has to be mended first. */
const READY_MS = 150;

/** Why the store can't be owned, but read. */
const READABLE: ReadonlySet<string> = new Set(['store.locked', 'disk.read-only']);

/** Takes over the terminal until the person quits. Resolves with the exit status. */
export async function startTui(options: TuiOptions): Promise<number> {
  const { config, warnings } = options;
  let show: Show = { t: 'first-run' };
  if (config) show = { t: 'config', config, warnings };
  if (options.demo) show = { t: 'demo' };
  let start: AppDeps['start'] = options;
  for (;;) {
    const { status, next } = await stay(show, { ...options, ...start });
    if (next === null) return status;
    ({ show, start } = next);
  }
}

/** Things that are let go of in the reverse order, whatever happens. */
type Release = () => unknown;
type Later = (release: Release) => void;

async function stay(show: Show, options: TuiOptions): Promise<Ended> {
  const held: Release[] = [];
  try {
    return await onScreen(show, options, release => held.unshift(release));
  } finally {
    for (const release of held) await release();
  }
}

async function onScreen(show: Show, options: TuiOptions, later: Later): Promise<Ended> {
  const { env, account, folder } = options;
  // The largest part of starting; the store is read meanwhile.
  const screen = import('./screen.tsx');
  const { config, dir, warnings } = await mailOf(show, options, later);
  const log = openLog(join(dir, 'tmail.log'));
  later(() => log.close());
  const { store, hindrance } = await openFor(dir, log);
  const readOnly = hindrance !== null;
  later(() => store.close());
  const pace = createPace();
  const arrivals = createArrivals();
  const setting = { env, log, pace, arrived: arrivals.arrived };
  const engines = options.offline || readOnly ? [] : await enginesOf(config, store, setting);
  const outgoing = readOnly ? null : wayOut(config, store, { env, log, engines });
  later(() => outgoing?.close());
  let next: Ended['next'] = null;
  const leaveFor = (show: Show, start: AppDeps['start'] = { account, folder }) => {
    next = { show, start };
    program.app.quit();
  };
  const { createProgram } = await screen;
  const program = createProgram({
    config,
    store,
    engines,
    arrivals,
    pace,
    readOnly: hindrance && (hindrance.code === 'store.locked' ? 'other' : 'disk'),
    outgoing,
    postUnsubscribe: async url => (await import('../outgoing/one-click.ts')).postUnsubscribe(url),
    ...(hindrance?.code === 'store.locked'
      ? { owner: ownerOf(dir, store, start => leaveFor(show, start)) }
      : {}),
    ...(config.accounts.length > 0
      ? { exportAll: wish => exportFrom(config, dir, store, readOnly, wish) }
      : {}),
    freeSpace: async () => {
      const { bavail, bsize } = await statfs(dir);
      return bavail * bsize;
    },
    warnings: hindrance === null || hindrance.code === 'store.locked' ? warnings : [...warnings, hindrance],
    env,
    dataDir: dir,
    start: { account, folder },
    firstRun: show.t === 'first-run' ? firstRun(options, leaveFor) : null,
  });
  later(() => program.close());
  if (readOnly) store.follow();
  else await answerDoor(store, engines, outgoing);
  await Promise.race([program.app.ready, new Promise(resolve => setTimeout(resolve, READY_MS))]);
  const status = await program.run(() => {
    for (const engine of engines) engine.start();
    // Should it not load, whoever asks it for something hears why.
    outgoing?.load().then(
      loaded => options.offline || loaded.start(),
      () => undefined,
    );
  });
  return { status, next };
}

interface MailOf {
  readonly config: Config;
  readonly dir: string;
  readonly warnings: readonly TmailError[];
}

async function mailOf(show: Show, { dataDir }: TuiOptions, later: Later): Promise<MailOf> {
  if (show.t === 'config') return { config: show.config, dir: dataDir, warnings: show.warnings };
  const dir = await mkdtemp(join(tmpdir(), 'tmail-'));
  later(() => rm(dir, { recursive: true, force: true }));
  if (show.t === 'first-run') return { config: NO_ACCOUNTS, dir, warnings: [] };
  const { startDemo } = await import('../demo/demo.ts');
  const demo = await startDemo();
  later(() => demo.stop());
  return { config: demo.config, dir, warnings: [] };
}

/** The store as its owner; to read only beside another owner and on a disk that takes no writes. */
async function openFor(dir: string, log: Log): Promise<{ store: LocalStore; hindrance: TmailError | null }> {
  try {
    return { store: await openStore({ dir, mode: 'owner', log }), hindrance: null };
  } catch (error) {
    if (!(error instanceof TmailError) || !READABLE.has(error.code)) throw error;
    return { store: await openStore({ dir, mode: 'reader', log }), hindrance: error };
  }
}

function ownerOf(dir: string, store: LocalStore, takeOver: Owner['takeOver']): Owner {
  return {
    async ask(id, wanted) {
      // A body has no lines; the end of them is its answer.
      for await (const _ of knock(dir, { t: 'body', id, wanted } satisfies DoorRequest));
      await store.refresh();
    },
    runs: () => isOwned(dir),
    takeOver,
  };
}

/** Through readers of its own, so that nothing on the screen waits for it. */
async function exportFrom(
  config: Config,
  dir: string,
  store: LocalStore,
  readOnly: boolean,
  wish: ExportWish,
): Promise<readonly ExportOutcome[]> {
  const { exportEvery } = await import('./exporting.ts');
  const ids = config.accounts.map(account => account.id);
  if (!readOnly) {
    for (const id of store.accounts()) await (await store.account(id)).recovered?.();
    await store.flush();
  }
  return exportEvery(ids, {
    ...wish,
    reader: () => openStore({ dir, mode: 'reader' }),
    async note(account, note) {
      if (!readOnly) await (await store.account(account)).exports?.note(note);
      else for await (const _ of knock(dir, { t: 'exported', account, note } satisfies DoorRequest));
    },
  });
}

async function enginesOf(
  config: Config,
  store: LocalStore,
  setting: Omit<EngineSetting, 'pop3'>,
): Promise<Engine[]> {
  const { engineFor, sharedBy } = await import('./engines.ts');
  const pop3 = sharedBy(config, store);
  return Promise.all(
    config.accounts
      .filter(account => !account.disabled)
      .map(account => engineFor(account, store, { ...setting, pop3 })),
  );
}

/** Null: no account can send. */
function wayOut(
  config: Config,
  store: LocalStore,
  setting: { readonly env: Environment; readonly log: Log; readonly engines: readonly Engine[] },
): LateOutgoing | null {
  if (!canSend(config)) return null;
  return lateOutgoing(async () => (await import('./outgoing.ts')).outgoingFor(config, store, setting));
}

async function answerDoor(
  store: LocalStore,
  engines: readonly Engine[],
  outgoing: LateOutgoing | null,
): Promise<void> {
  const { doorkeeper } = await import('./door.ts');
  store.serve(doorkeeper(store, engines, async () => (await outgoing?.load()) ?? null));
}

function firstRun({ configPath, env }: TuiOptions, leaveFor: (show: Show) => void): FirstRun {
  return {
    configPath,
    demo: () => leaveFor({ t: 'demo' }),
    async reread() {
      try {
        leaveFor({ t: 'config', ...(await loadConfig({ file: configPath, env })) });
        return null;
      } catch (thrown) {
        return configErrors(asTmailError(thrown))
          .map(error => sentence(error))
          .join('\n');
      }
    },
  };
}
