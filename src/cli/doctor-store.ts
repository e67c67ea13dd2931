// The doctor and the store: what it found when it looked at everything, and mending what can be mended.
import type { AccountHealth } from '../store/inspect.ts';
import type { Store } from '../store/types.ts';
import { TmailError } from '../util/errors.ts';

export interface Health {
  readonly accounts: number;
  readonly folders: number;
  readonly messages: number;
  /** Message files. */
  readonly files: number;
  readonly bytes: number;
  /** Message files that are not there or have another size. */
  readonly missing: number;
  /** Index files that can't be read, as paths in the data directory. */
  readonly damaged: readonly string[];
}

export function summed(accounts: readonly AccountHealth[]): Health {
  const sum = (of: (health: AccountHealth) => number) => accounts.reduce((total, one) => total + of(one), 0);
  return {
    accounts: accounts.length,
    folders: sum(one => one.folders),
    messages: sum(one => one.messages),
    files: sum(one => one.messageFiles),
    bytes: sum(one => one.messageBytes),
    missing: sum(one => one.missing),
    damaged: accounts.flatMap(({ account, damaged }) => damaged.map(path => `accounts/${account}/${path}`)),
  };
}

/**
 * Reads every message file with its checksum; one that is lost or damaged is forgotten, so that it is fetched again
 * where a server has it. Removes nothing. Returns how many.
 */
export async function forgetUnreadable(store: Store, signal: AbortSignal): Promise<number> {
  let forgotten = 0;
  for (const id of store.accounts()) {
    const account = await store.account(id);
    for (const record of account.folders()) {
      const folder = await account.folder(record.id);
      await folder.loadAll();
      for await (const { uid } of folder.scan()) {
        signal.throwIfAborted();
        const raw = folder.raw(uid);
        if (!raw) continue;
        try {
          await account.raw.read(raw);
        } catch (error) {
          if (!(error instanceof TmailError) || !/^raw\.(missing|damaged)$/.test(error.code)) throw error;
          forgotten++;
          await folder.apply({ raw: [{ uid, raw: null }] });
        }
      }
    }
  }
  return forgotten;
}
