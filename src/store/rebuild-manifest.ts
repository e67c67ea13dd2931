// A directory of message files without its manifest: checksums from the files as they are, owners from the states of
// all folders.
import { join } from 'node:path';
import { folderId } from '../mail/ids.ts';
import type { Account } from './account.ts';
import { directoryOf, parseFileName } from './manifests.ts';
import { sha256 } from './raw-file.ts';
import { storeRemote } from './remote.ts';
import type { ManifestEntry, ManifestFile } from './shapes.ts';
import { uidOf } from './shards.ts';
import { StateShard } from './state.ts';

/** Whose each message file of a directory is; file number → folder, uid, remote. */
type Owners = Map<number, Pick<ManifestEntry, 'folder' | 'uid' | 'remote'>>;

export async function rebuildManifest(account: Account, directory: number): Promise<ManifestFile['files']> {
  const { disk } = account.options;
  const path = account.manifests.path(directory);
  const files: ManifestFile['files'] = {};
  const names = (await disk.list(path)).filter(name => parseFileName(name) !== null);
  if (names.length === 0) return files;
  const owners = await findOwners(account, directory);
  for (const name of names) {
    const parsed = parseFileName(name);
    if (!parsed || directoryOf(parsed.n) !== directory) continue;
    const bytes = await disk.read(join(path, name), Number.MAX_SAFE_INTEGER);
    if (bytes === null || typeof bytes === 'string') continue;
    const owner = owners.get(parsed.n) ?? { folder: 0, uid: 0, remote: null };
    files[parsed.n] = { sha256: await sha256(bytes), size: bytes.length, partial: parsed.partial, ...owner };
  }
  return files;
}

async function findOwners(account: Account, directory: number): Promise<Owners> {
  const owners: Owners = new Map();
  const note = (folder: number, shard: number, state: StateShard) => {
    for (const slot of state.order()) {
      const raw = state.raw(slot);
      if (!raw || directoryOf(raw.n) !== directory) continue;
      const uid = state.remote(slot);
      const imap = uid !== 0 && state.validity !== null;
      const remote = imap ? storeRemote({ t: 'imap', uidValidity: state.validity ?? '', uid }) : null;
      owners.set(raw.n, { folder, uid: uidOf(shard, slot), remote });
    }
  };
  for (const { n } of account.list.entries()) {
    const files = account.files(n);
    for (const shard of (await files.shards()).states)
      note(n, shard, new StateShard((await files.state(shard)).file));
    const open = account.opened().find(folder => folder.host.id === folderId(account.id, n));
    for (const shard of open?.table.numbers() ?? []) {
      const state = open?.table.state(shard);
      if (state) note(n, shard, state);
    }
  }
  return owners;
}
