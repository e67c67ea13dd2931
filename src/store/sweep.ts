// Compares message files with the index after a crash, or when the person asks for it: what belongs to a message is
// given back to it, what exists only here becomes a message again, what nobody needs is removed. Every decision is
// taken on what is in memory at that moment, so it may run beside everything else.
import { join } from 'node:path';
import { folderId } from '../mail/ids.ts';
import type { RawRef, RemoteRef } from '../mail/types.ts';
import { isLeftTemporary } from '../util/fsync.ts';
import type { Account } from './account.ts';
import type { Folder } from './folder.ts';
import { directoryOf, parseFileName } from './manifests.ts';
import { loadRemote, sameRemote } from './remote.ts';
import type { ManifestEntry } from './shapes.ts';
import { shardOf, slotOf, uidOf } from './shards.ts';
import { StateShard } from './state.ts';
import { keptFiles } from './withdraw.ts';

export interface SweepReport {
  /** Message files given back to their message, or made a message again. */
  adopted: number;
  /** Message files that nobody needed. */
  removed: number;
  /** Messages whose file is gone: fetched again where the server has them. */
  missing: number;
  /** Half-written files of a crash. */
  temporary: number;
}

/**
 * @param thorough also makes messages of files that a server has too; only while nobody pulls, who might have decided
 * to fetch the same message.
 */
export async function sweep(account: Account, thorough: boolean): Promise<SweepReport> {
  const report: SweepReport = { adopted: 0, removed: 0, missing: 0, temporary: 0 };
  const { disk } = account.options;
  const firstNew = await account.raw.firstNew();
  report.temporary += await removeTemporary(account, account.options.dir);
  const known = await referenced(account);
  const kept = new Set(
    account.operations.queue
      .all()
      .flatMap(keptFiles)
      .map(({ n }) => n),
  );
  for (const directory of await account.manifests.directories()) {
    const path = account.manifests.path(directory);
    report.temporary += await removeTemporary(account, path);
    const entries = await account.manifests.files(directory);
    const present = new Map<number, boolean>();
    for (const name of await disk.list(path)) {
      const file = parseFileName(name);
      if (file && directoryOf(file.n) === directory && file.n < firstNew) present.set(file.n, file.partial);
    }
    for (const [n, partial] of present) {
      const entry = entries[n];
      if (known.has(n)) known.delete(n);
      // A message that left its folder and may come back.
      else if (kept.has(n)) continue;
      else await settle(account, { n, partial }, entry, thorough, report);
    }
  }
  for (const [n, of] of known) if (n < firstNew) await forget(account, n, of, report);
  return report;
}

/** Which message names each file, from the states in memory or on disk. */
async function referenced(account: Account): Promise<Map<number, { folder: number; uid: number }>> {
  const known = new Map<number, { folder: number; uid: number }>();
  for (const { n: folder } of account.list.entries()) {
    const open = account.openFolder(folder);
    const files = account.files(folder);
    const shards = open ? open.table.numbers() : (await files.shards()).states;
    for (const number of shards) {
      await open?.loadStates([number]);
      const state = open ? open.table.state(number) : new StateShard((await files.state(number)).file);
      for (const slot of state?.order() ?? []) {
        const raw = state?.raw(slot);
        if (raw) known.set(raw.n, { folder, uid: uidOf(number, slot) });
      }
    }
  }
  return known;
}

/** A file that no message names. */
async function settle(
  account: Account,
  ref: RawRef,
  entry: ManifestEntry | undefined,
  thorough: boolean,
  report: SweepReport,
): Promise<void> {
  // Without an entry nothing was promised to anyone; all others are somebody's mail.
  if (!entry || isUnpromised(account, entry)) return remove(account, ref, report);
  if (!account.list.entries().some(({ n }) => n === entry.folder)) {
    // Its folder is gone, and with it all that was known of the message. A server will send its own again.
    const lost = thorough && entry.folder > 0 && loadRemote(entry.remote)?.t !== 'imap';
    if (!lost) return;
    account.list.recover(entry.folder);
  }
  // A folder that vanished from the server keeps its files as long as itself.
  if (entry.uid === 0 || !account.list.entry(entry.folder)) return;
  const folder = await account.folder(folderId(account.id, entry.folder));
  if (await adopt(folder, ref, entry, thorough)) report.adopted++;
  // It was moved while this looked for it.
  else if (!isNamedNow(account, ref.n)) await remove(account, ref, report);
}

/** Written for an operation that did not come to be. */
function isUnpromised(account: Account, { op }: ManifestEntry): boolean {
  return op !== undefined && !account.hasQueued(op);
}

/** A message that is in memory has this file. Asked right before it is removed. */
function isNamedNow(account: Account, n: number): boolean {
  return account
    .opened()
    .some(({ table }) => table.numbers().some(number => table.state(number)?.hasRaw(n) === true));
}

async function remove(account: Account, ref: RawRef, report: SweepReport): Promise<void> {
  await account.raw.remove(ref);
  report.removed++;
}

/** Gives the file to its message, or makes one of it where no server could bring it back. */
async function adopt(folder: Folder, ref: RawRef, entry: ManifestEntry, thorough: boolean): Promise<boolean> {
  const { uid } = entry;
  const remote = loadRemote(entry.remote);
  await folder.loadStates([shardOf(uid)]);
  const state = folder.table.state(shardOf(uid));
  if (state?.has(slotOf(uid))) {
    const raw = folder.raw(uid);
    // Another adoption, or the pull, was faster; or it is the text of what is here whole.
    if (raw?.n === ref.n) return true;
    if (raw) return false;
    if (!folder.uidls && !sameRemote(folder.remote(uid) ?? null, remote)) return false;
    await folder.apply({ raw: [{ uid, raw: ref }] }, 'now');
    return true;
  }
  // Removed here on purpose.
  if (uid < folder.floor || state?.gone(slotOf(uid))) return false;
  if (remote?.t === 'imap' && !(thorough && fitsServer(folder, remote))) return false;
  if (remote?.t === 'pop3') {
    // Only a head: the next check brings it again.
    if (ref.partial) return false;
    await folder.loadAll();
  }
  const envelope = await folder.host.envelopeOf(ref);
  // Only now: a check of the server may have brought it meanwhile.
  if (!envelope || (remote?.t === 'pop3' && folder.byUidl(remote.uidl) !== undefined)) return false;
  await folder.apply({ put: [{ uid, remote, flags: [], envelope, raw: ref }] }, 'now');
  return true;
}

/** The server's message is not here under another number, and its UID still means the same. */
function fitsServer(folder: Folder, remote: RemoteRef & { t: 'imap' }): boolean {
  const validity = folder.sync.uidValidity;
  return (
    (validity === null || validity === remote.uidValidity) && folder.byRemoteUid(remote.uid) === undefined
  );
}

/** A message that names a file which is not there. */
async function forget(
  account: Account,
  n: number,
  of: { folder: number; uid: number },
  report: SweepReport,
): Promise<void> {
  if (!account.list.entry(of.folder)) return;
  const folder = await account.folder(folderId(account.id, of.folder));
  await folder.loadStates([shardOf(of.uid)]);
  if (folder.raw(of.uid)?.n !== n) return;
  await folder.apply({ raw: [{ uid: of.uid, raw: null }] }, 'now');
  report.missing++;
}

async function removeTemporary(account: Account, dir: string): Promise<number> {
  const { disk } = account.options;
  const left = (await disk.list(dir)).filter(isLeftTemporary);
  for (const name of left) await disk.remove(join(dir, name));
  return left.length;
}

/** How long a folder that vanished from the server keeps its number and its files. */
const DROPPED_MS = 30 * 24 * 60 * 60 * 1000;

/** Folders that are to go now: vanished long ago, with nothing in them that exists only here. */
export function expired(account: Account): number[] {
  const { now } = account.options;
  const queued = new Set(
    account.operations.queue.all().flatMap(({ op }) => ('to' in op ? [op.folder, op.to] : [op.folder])),
  );
  return account.list
    .entries()
    .filter(entry => entry.dropped > 0 && entry.remote && now() - entry.dropped > DROPPED_MS)
    .map(entry => entry.n)
    .filter(number => !queued.has(folderId(account.id, number)) && !account.openFolder(number));
}

/** Removes those folders and their message files, in an order that a crash may stop anywhere. */
export async function expire(account: Account): Promise<number> {
  const numbers = expired(account);
  for (const number of numbers) {
    const files = account.files(number);
    const refs: RawRef[] = [];
    for (const shard of (await files.shards()).states) {
      const state = new StateShard((await files.state(shard)).file);
      for (const slot of state.order()) {
        const raw = state.raw(slot);
        if (raw) refs.push(raw);
      }
    }
    if (refs.length > 0) await account.raw.removeAll(refs);
    await files.removeAll();
    await account.list.forget(number);
  }
  return numbers.length;
}
