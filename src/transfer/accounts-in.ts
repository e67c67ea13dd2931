// Whose mail an export of all accounts holds. Reads one small file.
import { join } from 'node:path';
import type { AccountId } from '../mail/types.ts';
import { Disk } from '../store/disk.ts';
import { realFileSystem } from '../util/fsync.ts';
import { readRootMarker } from './marker.ts';

export interface AccountPart {
  readonly account: AccountId;
  /** Absolute; an export of its own. */
  readonly path: string;
}

/** Null: it is no export of all accounts. */
export async function accountsIn(path: string): Promise<AccountPart[] | null> {
  const marker = await readRootMarker(new Disk(realFileSystem, false), path);
  return marker?.accounts.map(({ account, file }) => ({ account, path: join(path, file) })) ?? null;
}
