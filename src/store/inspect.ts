// A look at the whole store for `tmail doctor`: reads everything, changes nothing, never throws for damage.
import { join } from 'node:path';
import type { AccountId } from '../mail/types.ts';
import type { Disk } from './disk.ts';
import { isExportFile, isImportFile } from './exports.ts';
import { type Check, JSON_FILE_BYTES, SET_ASIDE } from './json.ts';
import { parseFileName } from './manifests.ts';
import {
  isAccountFile,
  isEnvelopeFile,
  isIndexFile,
  isManifestFile,
  isQueueFile,
  isStateFile,
  type ManifestFile,
} from './shapes.ts';

export interface AccountHealth {
  readonly account: AccountId;
  folders: number;
  messages: number;
  /** JSON files, and the names (relative to the account) of those that can't be read. */
  files: number;
  damaged: string[];
  /** Files that were set aside earlier and are kept. */
  setAside: string[];
  messageFiles: number;
  messageBytes: number;
  /** Message files that a manifest names and that are not there, or have another size. */
  missing: number;
  /** Message files that no manifest names. */
  orphans: number;
  /** Half-written files. */
  temporary: number;
}

const KINDS: readonly (readonly [RegExp, Check<unknown>])[] = [
  [/^account\.json$/, isAccountFile],
  [/^queue(\.copy)?\.json$/, isQueueFile],
  [/^export\.json$/, isExportFile],
  [/^import\.json$/, isImportFile],
  [/^folders\/\d+\/index\.json$/, isIndexFile],
  [/^folders\/\d+\/\d{6,}\.state\.json$/, isStateFile],
  [/^folders\/\d+\/\d{6,}\.json$/, isEnvelopeFile],
  [/^raw\/\d{3,}\/manifest\.json$/, isManifestFile],
];

/** @throws TmailError `disk.*` when the disk itself fails. */
export async function inspectAccount(disk: Disk, dir: string, account: AccountId): Promise<AccountHealth> {
  const health: AccountHealth = {
    account,
    folders: 0,
    messages: 0,
    files: 0,
    damaged: [],
    setAside: [],
    messageFiles: 0,
    messageBytes: 0,
    missing: 0,
    orphans: 0,
    temporary: 0,
  };
  await inspectFiles(disk, dir, '', await disk.list(dir), health);
  for (const folder of numbered(await disk.list(join(dir, 'folders')))) {
    health.folders++;
    const path = join('folders', folder);
    await inspectFiles(disk, dir, path, await disk.list(join(dir, path)), health);
  }
  for (const directory of numbered(await disk.list(join(dir, 'raw')))) {
    const path = join('raw', directory);
    const names = await disk.list(join(dir, path));
    const manifest = await inspectFiles(disk, dir, path, names, health);
    await inspectMessages(disk, join(dir, path), names, manifest, health);
  }
  return health;
}

/** Checks the JSON files of one directory; returns its manifest where there is one. */
async function inspectFiles(
  disk: Disk,
  dir: string,
  path: string,
  names: readonly string[],
  health: AccountHealth,
): Promise<ManifestFile['files']> {
  let manifest: ManifestFile['files'] = {};
  for (const name of names) {
    const relative = path === '' ? name : `${path}/${name}`;
    if (SET_ASIDE.test(name)) health.setAside.push(relative);
    if (/\.tmp-\d+-[0-9a-f]+$/.test(name)) health.temporary++;
    const kind = KINDS.find(([pattern]) => pattern.test(relative));
    if (!kind) continue;
    health.files++;
    const value = parse(await disk.read(join(dir, relative), JSON_FILE_BYTES));
    if (!kind[1](value)) health.damaged.push(relative);
    else if (isManifestFile(value)) manifest = value.files;
    else if (isStateFile(value)) health.messages += value.flags.filter(flags => flags >= 0).length;
  }
  return manifest;
}

async function inspectMessages(
  disk: Disk,
  path: string,
  names: readonly string[],
  manifest: ManifestFile['files'],
  health: AccountHealth,
): Promise<void> {
  const named = new Set(Object.keys(manifest).map(Number));
  for (const name of names) {
    const file = parseFileName(name);
    if (!file) continue;
    const size = await disk.size(join(path, name));
    health.messageFiles++;
    health.messageBytes += size ?? 0;
    const entry = manifest[file.n];
    if (!entry) health.orphans++;
    else if (entry.size === size) named.delete(file.n);
  }
  health.missing += named.size;
}

function parse(bytes: Buffer | string | null): unknown {
  if (bytes === null || typeof bytes === 'string') return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

const numbered = (names: readonly string[]) => names.filter(name => /^\d+$/.test(name));
