// What a command is given. Everything heavy is opened by it only when it asks.
import type { LoadedConfig } from '../config/load.ts';
import type { Environment } from '../config/paths.ts';
import type { Config } from '../config/types.ts';
import type { AccountId } from '../mail/types.ts';
import type { LocalOutgoing } from '../outgoing/outgoing.ts';
import type { LocalStore } from '../store/store.ts';
import type { Store } from '../store/types.ts';
import type { SignedIn } from '../sync/sign-in.ts';
import type { Engine } from '../sync/types.ts';
import { TmailError } from '../util/errors.ts';
import { nearest } from '../util/nearest.ts';
import type { Parser } from '../worker/types.ts';
import type { Arguments } from './arguments.ts';
import type { DoorRequest } from './door.ts';
import type { Output } from './output.ts';

export interface Context {
  readonly args: Arguments;
  readonly output: Output;
  readonly env: Environment;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  /** Standard input; the process's own when absent. */
  readonly input?: () => AsyncIterable<Uint8Array>;
  /** The configuration as the flags say; `doctor` and `config` need nothing more. */
  load(): Promise<LoadedConfig>;
  /** Accounts and their mail; with `--demo` those of the demo. Closed by whoever ran the command. */
  mail(): Promise<Mail>;
}

/** A store, and what the doctor needs of it. */
export type OpenedStore = Store & Pick<LocalStore, 'inspect' | 'rebuild'>;

export interface Mail {
  readonly config: Config;
  /** The data directory. */
  readonly dir: string;
  reader(): Promise<OpenedStore>;
  /** @throws TmailError `store.locked` when another process owns it: `knock` then. */
  owner(): Promise<OpenedStore>;
  engine(account: AccountId, store: Store): Promise<Engine>;
  /** The way out of an owner's store; not started. Closed by whoever asked for it. */
  outgoing(store: Store): Promise<LocalOutgoing>;
  parser(): Promise<Parser>;
  /** Signs in and reads the folder list, leaving nothing behind. @throws TmailError what went wrong */
  signIn(account: AccountId, signal: AbortSignal): Promise<SignedIn>;
  /** Asks the owner of the store. @throws TmailError `store.no-owner`, and what the owner throws */
  knock(request: DoorRequest): AsyncIterable<unknown>;
  close(): Promise<void>;
}

/** The account that was named, else the default one. @throws TmailError `account.unknown`, `account.none` */
export function chosenAccount(config: Config, named: string | undefined): AccountId {
  if (named !== undefined) return knownAccount(config, named);
  if (config.defaultAccount === null) throw new TmailError('config', 'account.none');
  return config.defaultAccount;
}

export function knownAccount(config: Config, named: string): AccountId {
  const ids = config.accounts.map(account => account.id);
  if (ids.includes(named)) return named;
  const suggestion = nearest(named, ids);
  throw new TmailError('config', 'account.unknown', { facts: { account: named, suggestion } });
}

/** Null: another process owns the store. */
export async function ownerOrNull(mail: Mail): Promise<OpenedStore | null> {
  try {
    return await mail.owner();
  } catch (error) {
    if (error instanceof TmailError && error.code === 'store.locked') return null;
    throw error;
  }
}
