// Folders that somebody else renamed: one vanished from the server's list, another is new there, and it is the same one
// by its UIDVALIDITY and by a message in it. Then it keeps its number, its mail and what waits for it here. Where that is
// not certain it is another folder.
import type { AccountStore, FolderRecord, FolderStore } from '../../store/types.ts';
import type { ImapClient, Mailbox } from './client-types.ts';
import type { FolderStatus, ListedFolder } from './folders.ts';
import { type Marks, markKey, marksOf, marksOfEnvelope } from './marks.ts';

/** Messages of which one has to be there still, and the same. */
const PROBES = 3;

export interface RenamedHost {
  readonly store: AccountStore;
  readonly status: (folder: ListedFolder) => Promise<FolderStatus | null>;
  readonly within: <T>(
    folder: ListedFolder,
    work: (client: ImapClient, box: Mailbox) => Promise<T>,
  ) => Promise<T>;
}

/** The server's path before by that of now. */
export async function findRenamed(
  host: RenamedHost,
  listed: readonly ListedFolder[],
): Promise<ReadonlyMap<string, string>> {
  const renamed = new Map<string, string>();
  const paths = new Set(listed.map(({ info }) => info.path));
  const records = host.store.folders().filter(each => each.remote && each.selectable);
  // What is being renamed from here is known by its paths.
  const vanished = records.filter(each => each.serverPath === undefined && !paths.has(each.path));
  const known = new Set(records.map(each => each.serverPath ?? each.path));
  const fresh = listed.filter(({ info }) => info.selectable && !known.has(info.path));
  if (vanished.length === 0 || fresh.length === 0) return renamed;
  const candidates = await Promise.all(
    fresh.map(async folder => ({ folder, status: folder.status ?? (await host.status(folder)) })),
  );
  const gone = await Promise.all(
    vanished.map(async record => ({ record, folder: await host.store.folder(record.id) })),
  );
  for (const { record, folder } of gone) {
    const { uidValidity, uidNext } = folder.sync;
    if (uidValidity === null || gone.filter(each => each.folder.sync.uidValidity === uidValidity).length > 1)
      continue;
    const same = candidates.filter(({ status }) => status?.uidValidity === uidValidity);
    const [only] = same;
    if (!only || same.length > 1 || (only.status?.uidNext ?? 0) < uidNext) continue;
    if (await isSame(host, record, folder, only.folder)) renamed.set(only.folder.info.path, record.path);
  }
  return renamed;
}

/** One of the newest messages here is there, under the same UID; a folder without any is known by its numbers alone. */
async function isSame(
  host: RenamedHost,
  record: FolderRecord,
  folder: FolderStore,
  there: ListedFolder,
): Promise<boolean> {
  const probes = new Map<number, Marks>();
  await folder.ensure(0, PROBES);
  for (let position = 0; position < folder.length && probes.size < PROBES; position++) {
    const uid = folder.uidAt(position) ?? 0;
    const remote = folder.remote(uid);
    const envelope = folder.envelope(uid);
    if (remote?.t === 'imap' && envelope) probes.set(remote.uid, marksOfEnvelope(envelope));
  }
  // Its delimiter and its place are the person's business, its role is not: those are found by role.
  if (probes.size === 0) return record.role === null;
  const rows = await host.within(there, client => marksOf(client, [...probes.keys()]));
  return rows.some(
    row => markKey(row) === markKey(probes.get(row.uid) ?? { messageId: '', size: -2, arrival: 0 }),
  );
}
