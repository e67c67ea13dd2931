// Opens accounts and their mail for a command: the person's own, or the demo's in a folder that vanishes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadedConfig } from '../config/load.ts';
import type { Environment } from '../config/paths.ts';
import type { AccountConfig, Config } from '../config/types.ts';
import type { AccountId } from '../mail/types.ts';
import type { LocalOutgoing } from '../outgoing/outgoing.ts';
import { knock, openStore } from '../store/store.ts';
import type { Store } from '../store/types.ts';
import type { Pop3Shared } from '../sync/create.ts';
import type { Engine } from '../sync/types.ts';
import { TmailError } from '../util/errors.ts';
import { type Log, openLog } from '../util/log.ts';
import type { Parser } from '../worker/types.ts';
import { knownAccount, type Mail } from './context.ts';

/** What an owner's store is filled by, and what sends from it. */
interface Makers {
  engine(account: AccountConfig): Promise<Engine>;
  outgoing(): Promise<LocalOutgoing>;
}

interface Opening {
  readonly env: Environment;
  readonly signal: AbortSignal;
}

export async function ownMail(
  opening: Opening & { readonly dir: string; readonly load: () => Promise<LoadedConfig> },
): Promise<Mail> {
  const { config } = await opening.load();
  return mailIn(config, opening.dir, opening);
}

/** The demo's servers run until it is closed; its lists are fetched first, its messages when they are asked for. */
export async function demoMail(opening: Opening): Promise<Mail> {
  const { startDemo } = await import('../demo/demo.ts');
  const dir = await mkdtemp(join(tmpdir(), 'tmail-demo-'));
  const demo = await startDemo({ arrivals: null });
  const accounts = demo.config.accounts.map(account => ({ ...account, offline: 'headers' as const }));
  const mail = mailIn({ ...demo.config, accounts }, dir, opening);
  const close = async () => {
    await mail.close();
    await demo.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    for (const { id } of demo.config.accounts) await fill(mail, id);
    return { ...mail, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function fill(mail: Mail, account: AccountId): Promise<void> {
  const store = await mail.owner();
  // Somebody waits, and nobody needs few writes to a folder that is about to vanish.
  const hurry = setInterval(() => void store.flush().catch(() => undefined), 20);
  try {
    const engine = await mail.engine(account, store);
    const { errors } = await engine.syncOnce(null);
    if (errors[0]) throw errors[0];
  } finally {
    clearInterval(hurry);
    await store.close();
  }
}

function mailIn(config: Config, dir: string, { env, signal: stopped }: Opening): Mail {
  const parsers: Parser[] = [];
  const stores = new Map<Store, Makers>();
  const logs: Log[] = [];
  const accountOf = (id: AccountId): AccountConfig => {
    const known = knownAccount(config, id);
    const found = config.accounts.find(account => account.id === known);
    if (!found) throw new TmailError('config', 'account.unknown', { facts: { account: id } });
    return found;
  };
  return {
    config,
    dir,
    reader: () => openStore({ dir, mode: 'reader' }),
    async owner() {
      const log = openLog(join(dir, 'tmail.log'));
      logs.push(log);
      const store = await openStore({ dir, mode: 'owner', log });
      const setting = { env, log, signal: stopped };
      let pop3: Pop3Shared | null = null;
      stores.set(store, {
        async engine(account) {
          const { engineFor, sharedBy } = await import('./engines.ts');
          pop3 ??= sharedBy(config, store);
          return engineFor(account, store, { ...setting, pop3 });
        },
        async outgoing() {
          const { outgoingFor } = await import('./outgoing.ts');
          return outgoingFor(config, store, { ...setting, engines: [] });
        },
      });
      return store;
    },
    async engine(id, store) {
      const make = stores.get(store);
      // Only an owner's store can be filled.
      if (!make) throw new TmailError('storage', 'store.reader');
      return make.engine(accountOf(id));
    },
    async outgoing(store) {
      const make = stores.get(store);
      if (!make) throw new TmailError('storage', 'store.reader');
      return make.outgoing();
    },
    async parser() {
      const { createParser } = await import('../worker/client.ts');
      const parser = createParser();
      parsers.push(parser);
      return parser;
    },
    knock: request => knock(dir, request),
    async signIn(id, signal) {
      const account = accountOf(id);
      const { signIn } = await import('../sync/sign-in.ts');
      const { password } = await import('../config/secrets.ts');
      return signIn(account, await password(account.auth, { env, signal }), signal);
    },
    async close() {
      for (const parser of parsers) await parser.close();
      for (const log of logs) log.close();
    },
  };
}
