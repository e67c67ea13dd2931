// What the store's tests share: a throw-away data directory, and small ways to make folders and messages.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { FolderId } from '../../src/mail/types.ts';
import { type LocalStore, openStore, type StoreOptions } from '../../src/store/store.ts';
import type { FolderInfo, StoreEvent } from '../../src/store/types.ts';
import { TmailError } from '../../src/util/errors.ts';

/** What a disk's own fsync would add to a test is only time. */
export const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export async function temporaryDirectory(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(MEMORY, 'tmail-store-'));
  // Before whatever is opened later in the test is closed, since this is done in order: that may still write.
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 10 }));
  return dir;
}

/** An owner's store that is closed after the test, and what it said. */
export async function ownedStore(
  t: TestContext,
  dir: string,
  options: Partial<StoreOptions> = {},
): Promise<{ store: LocalStore; events: StoreEvent[] }> {
  const store = await openStore({ dir, mode: 'owner', ...options });
  t.after(() => store.close().catch(() => undefined));
  const events: StoreEvent[] = [];
  store.subscribe(event => events.push(event));
  return { store, events };
}

export function info(path: string, extra: Partial<FolderInfo> = {}): FolderInfo {
  const base = {
    path,
    name: path,
    delimiter: '/',
    role: null,
    subscribed: true,
    selectable: true,
    remote: true,
  };
  return { ...base, ...extra };
}

/** The account `a` with the folder INBOX. */
export async function inbox(store: LocalStore) {
  const account = await store.account('a');
  if (account.folders().length === 0) await account.setFolders([info('INBOX', { role: 'inbox' })]);
  const id: FolderId = account.folders()[0]?.id ?? 'a:0';
  return { account, id, folder: await account.folder(id) };
}

export const code = (wanted: string) => (error: unknown) =>
  error instanceof TmailError && error.code === wanted;

export const troubles = (events: readonly StoreEvent[]): string[] =>
  events.flatMap(event => (event.t === 'trouble' ? [event.error.code] : []));
