// store.json and the steps from one version of the store to the next. A store of a newer tmail is refused before
// anything in it is touched.
import { join } from 'node:path';
import { TmailError } from '../util/errors.ts';
import type { Disk } from './disk.ts';
import { openJson, type ReportDamage } from './json.ts';
import { isStoreFile, type StoreFile } from './shapes.ts';

export const STORE_VERSION = 1;

/** Brings a store from version n to n + 1. Has to be repeatable: a crash may come before the version is written. */
export type Migration = (disk: Disk, dir: string) => Promise<void>;

/** n → the step to n + 1. */
export const MIGRATIONS: ReadonlyMap<number, Migration> = new Map();

export interface MigrateOptions {
  readonly disk: Disk;
  readonly dir: string;
  readonly now: () => number;
  readonly damaged: ReportDamage;
  readonly steps?: ReadonlyMap<number, Migration>;
  readonly version?: number;
}

/** @throws TmailError `store.version` (found, supported): newer than this program, or unknown to it. Reads only. */
export async function assertVersion(options: MigrateOptions): Promise<number | null> {
  const { disk, dir, version = STORE_VERSION, steps = MIGRATIONS } = options;
  const path = join(dir, 'store.json');
  let found: number | null = null;
  const bytes = await disk.read(path, 1024 * 1024);
  if (bytes !== null && typeof bytes !== 'string') found = readVersion(bytes);
  if (found === null || found === version) return found;
  const reachable =
    found < version && Array.from({ length: version - found }, (_, i) => steps.has(found + i));
  if (!reachable || reachable.includes(false)) {
    throw new TmailError('storage', 'store.version', {
      retry: 'never',
      facts: { found, supported: version, path },
    });
  }
  return found;
}

/** Makes the store's version this program's; for an owner that holds the lock. */
export async function migrate(options: MigrateOptions): Promise<void> {
  const { disk, dir, now, damaged, version = STORE_VERSION, steps = MIGRATIONS } = options;
  const known = await assertVersion(options);
  const { low } = await openJson<StoreFile>({
    disk,
    path: join(dir, 'store.json'),
    check: isStoreFile,
    fallback: () => ({ v: version }),
    damaged,
    now,
    version: Number.MAX_SAFE_INTEGER,
  });
  if (known === version) return;
  for (let at = known ?? version; at < version; at++) {
    await steps.get(at)?.(disk, dir);
    low.data = { v: at + 1 };
    await low.write();
  }
  if (known === null) await low.write();
}

function readVersion(bytes: Buffer): number | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isStoreFile(value) ? value.v : null;
  } catch {
    return null;
  }
}
