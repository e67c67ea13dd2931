// Walks a store from end to end. As a reader it only looks; as the owner it makes the store mend what is damaged
// (it rebuilds an index file from its neighbours and the message files when it opens one that does not read).
import { stat } from 'node:fs/promises';
import type { LocalUid, RawRef } from '../mail/types.ts';
import type { AccountStore, FolderStore, Store } from '../store/types.ts';
import { asTmailError, type TmailError } from '../util/errors.ts';

export interface Health {
  accounts: number;
  folders: number;
  messages: number;
  /** Message files that the index names. */
  files: number;
  bytes: number;
  /** Message files that are not there, or (when all are read) are not what was received. */
  missing: number;
  /** What the store reported while it was read. */
  readonly troubles: TmailError[];
}

/** Looks whether each message file that the index names exists. */
export async function healthOf(store: Store, signal: AbortSignal): Promise<Health> {
  return walk(store, signal, async (account, _folder, _uid, raw) => {
    return (await stat(account.raw.path(raw)).catch(() => null)) !== null;
  });
}

/**
 * Reads everything, message files with their checksums. One that is lost is forgotten, so that it is fetched again
 * where a server has it; nothing is removed. Resolves when all of it is durable.
 */
export async function mend(store: Store, signal: AbortSignal): Promise<Health> {
  const health = await walk(store, signal, async (account, folder, uid, raw) => {
    try {
      await account.raw.read(raw);
      return true;
    } catch (thrown) {
      const error = asTmailError(thrown);
      if (!/^raw\.(missing|damaged)$/.test(error.code)) throw error;
      await folder.apply({ raw: [{ uid, raw: null }] });
      return false;
    }
  });
  await store.flush();
  return health;
}

type Look = (account: AccountStore, folder: FolderStore, uid: LocalUid, raw: RawRef) => Promise<boolean>;

async function walk(store: Store, signal: AbortSignal, look: Look): Promise<Health> {
  const health: Health = {
    accounts: 0,
    folders: 0,
    messages: 0,
    files: 0,
    bytes: 0,
    missing: 0,
    troubles: [],
  };
  const unsubscribe = store.subscribe(event => {
    if (event.t === 'trouble') health.troubles.push(event.error);
  });
  try {
    for (const id of store.accounts()) {
      health.accounts++;
      const account = await store.account(id);
      health.bytes += await account.raw.usage();
      for (const record of account.folders()) {
        health.folders++;
        await walkFolder(health, account, await account.folder(record.id), signal, look);
      }
    }
  } finally {
    unsubscribe();
  }
  return health;
}

async function walkFolder(
  health: Health,
  account: AccountStore,
  folder: FolderStore,
  signal: AbortSignal,
  look: Look,
): Promise<void> {
  await folder.loadAll();
  for await (const { uid } of folder.scan()) {
    signal.throwIfAborted();
    health.messages++;
    const raw = folder.raw(uid);
    if (!raw) continue;
    health.files++;
    if (!(await look(account, folder, uid, raw))) health.missing++;
  }
}
