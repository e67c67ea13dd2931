// account.json: the account's folders, their numbers and counts. A folder's number is its directory and part of
// every message id, so it is never given to another folder. Opens no folder.
import { join } from 'node:path';
import type { Low } from 'lowdb';
import { folderId } from '../mail/ids.ts';
import type { AccountId, Role } from '../mail/types.ts';
import { TmailError } from '../util/errors.ts';
import type { Disk } from './disk.ts';
import { FILE_VERSION, openJson, type ReportDamage } from './json.ts';
import { removable, withFolder, withRenamed } from './local-folders.ts';
import { type AccountFile, type FolderEntry, type IndexFile, isAccountFile, isIndexFile } from './shapes.ts';
import type { FolderCounts, FolderInfo, FolderRecord } from './types.ts';

export interface FolderListOptions {
  readonly id: AccountId;
  readonly dir: string;
  readonly disk: Disk;
  readonly now: () => number;
  readonly damaged: ReportDamage;
}

const ROLES: readonly Role[] = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash', 'all', 'flagged'];

export class FolderList {
  readonly #options: FolderListOptions;
  #low: Low<AccountFile>;
  /** The last owner did not close the account: files and index may disagree. */
  readonly crashed: boolean;
  #records: FolderRecord[] | null = null;

  private constructor(options: FolderListOptions, low: Low<AccountFile>) {
    this.#options = options;
    this.#low = low;
    this.crashed = !low.data.clean;
  }

  /** For an owner creates the account. */
  static async open(options: FolderListOptions): Promise<FolderList> {
    const { disk, dir, now, damaged } = options;
    if (disk.writable) await disk.makeDirectory(dir);
    const { low, found } = await openJson<AccountFile>({
      disk,
      path: join(dir, 'account.json'),
      check: isAccountFile,
      fallback: () => ({ v: FILE_VERSION, clean: true, next: 1, folders: [] }),
      damaged,
      now,
    });
    if (found !== 'good') {
      low.data = await rebuildList(options);
      if (disk.writable) await low.write();
    }
    // A folder's number is never given again, also when its entry was lost.
    for (const number of await numbersOnDisk(options)) low.data.next = Math.max(low.data.next, number + 1);
    return new FolderList(options, low);
  }

  /** Takes over what another has read. */
  become(other: FolderList): void {
    this.#low = other.#low;
    this.#records = null;
  }

  records(): readonly FolderRecord[] {
    this.#records ??= this.#low.data.folders
      .filter(entry => entry.dropped === 0)
      .map(entry => toRecord(this.#options.id, entry));
    return this.#records;
  }

  /** Every folder with files, also those that vanished from the server. */
  entries(): readonly FolderEntry[] {
    return this.#low.data.folders;
  }

  /** Undefined for a number that was never given or whose folder was dropped. */
  entry(number: number): FolderEntry | undefined {
    return this.#low.data.folders.find(entry => entry.n === number && entry.dropped === 0);
  }

  record(number: number): FolderRecord {
    const id = folderId(this.#options.id, number);
    const record = this.records().find(candidate => candidate.id === id);
    return record ?? toRecord(this.#options.id, this.entryOrDropped(number));
  }

  entryOrDropped(number: number): FolderEntry {
    const entry = this.#low.data.folders.find(candidate => candidate.n === number);
    if (!entry) throw new TmailError('storage', 'folder.unknown', { facts: { folder: number } });
    return entry;
  }

  /** In memory; see AccountStore.setFolders. */
  replace(infos: readonly FolderInfo[]): void {
    // One that was removed may have had the path before; the living one has it now.
    const byAge = [...this.#low.data.folders].sort(
      (a, b) => Number(a.dropped === 0) - Number(b.dropped === 0),
    );
    const old = new Map(byAge.map(entry => [entry.path, entry]));
    const kept = new Map<string, FolderEntry>();
    for (const info of infos) {
      if (kept.has(info.path)) continue;
      const before = old.get(info.path);
      const counts: [number, number] = info.counts
        ? [info.counts.total, info.counts.unread]
        : (before?.counts ?? [0, 0]);
      const { path, name, delimiter, role, subscribed, selectable, remote } = info;
      const n = before?.n ?? this.#low.data.next++;
      kept.set(path, { n, path, name, delimiter, role, subscribed, selectable, remote, counts, dropped: 0 });
    }
    // A server's list says nothing about folders that exist only here.
    const fromServer = infos.some(info => info.remote);
    const folders = [...kept.values()];
    const numbers = new Set(folders.map(({ n }) => n));
    const rest = this.#low.data.folders.filter(({ n }) => !numbers.has(n));
    for (const entry of rest) {
      const stays = entry.dropped !== 0 || (fromServer && !entry.remote);
      folders.push(stays ? entry : { ...entry, dropped: this.#options.now() });
    }
    this.#low.data = { ...this.#low.data, folders };
    this.#records = null;
  }

  /** A folder that exists only here, with those above it. In memory; see local-folders.ts. Returns its number. */
  create(path: string): number {
    const { folders, next, number } = withFolder(this.#low.data.folders, this.#low.data.next, path);
    this.#become([...folders], next);
    return number;
  }

  /** A folder that exists only here and all below it get another path. In memory; see local-folders.ts. */
  rename(number: number, path: string): void {
    const { folders, next } = this.#low.data;
    const change = withRenamed(folders, next, this.#living(number), path);
    this.#become([...change.folders], change.next);
  }

  /** The folder and all below it, where all of them are the person's to remove. @throws TmailError */
  removable(number: number): readonly FolderEntry[] {
    return removable(this.#low.data.folders, this.#living(number));
  }

  /** They vanish; their numbers stay theirs, and they come back when they are made again. In memory. */
  drop(numbers: ReadonlySet<number>): void {
    const dropped = this.#options.now();
    const folders = this.#low.data.folders.map(entry =>
      numbers.has(entry.n) ? { ...entry, dropped } : entry,
    );
    this.#become(folders, this.#low.data.next);
  }

  /**
   * These folders get back the names and the presence they had; those that were not there go. For a change that could
   * not be made durable. Counts are as they are now.
   */
  restore(before: readonly FolderEntry[], numbers: ReadonlySet<number>): void {
    const old = new Map(before.map(entry => [entry.n, entry]));
    const folders = this.#low.data.folders.flatMap(entry => {
      if (!numbers.has(entry.n)) return [entry];
      const was = old.get(entry.n);
      return was ? [{ ...entry, path: was.path, name: was.name, dropped: was.dropped }] : [];
    });
    this.#become(folders, this.#low.data.next);
  }

  #living(number: number): FolderEntry {
    const entry = this.entry(number);
    if (!entry) throw new TmailError('storage', 'folder.unknown', { facts: { folder: number } });
    return entry;
  }

  #become(folders: FolderEntry[], next: number): void {
    this.#low.data = { ...this.#low.data, folders, next };
    this.#records = null;
  }

  /** True when they differ from what was known. */
  setCounts(number: number, counts: FolderCounts): boolean {
    const entry = this.entry(number);
    if (!entry || (entry.counts[0] === counts.total && entry.counts[1] === counts.unread)) return false;
    entry.counts = [counts.total, counts.unread];
    this.#records = null;
    return true;
  }

  /** A folder of which only message files are left: it comes back without its name. In memory. */
  recover(number: number): void {
    if (this.#low.data.folders.some(entry => entry.n === number)) return;
    this.#low.data.folders.push(nameless(number));
    this.#low.data.next = Math.max(this.#low.data.next, number + 1);
    this.#records = null;
  }

  async setClean(clean: boolean): Promise<void> {
    const before = this.#low.data.clean;
    if (before === clean) return;
    this.#low.data.clean = clean;
    try {
      await this.#low.write();
    } catch (error) {
      this.#low.data.clean = before;
      throw error;
    }
  }

  /** A dropped folder whose files are gone; its number is never given again. Durable. */
  async forget(number: number): Promise<void> {
    const folders = this.#low.data.folders.filter(entry => entry.n !== number || entry.dropped === 0);
    this.#low.data = { ...this.#low.data, folders };
    await this.#low.write();
  }

  async write(): Promise<void> {
    await this.#low.write();
  }
}

/** No list: each folder's index.json has a copy of its entry; the rest comes back with the server's list. */
async function rebuildList(options: FolderListOptions): Promise<AccountFile> {
  const { disk, dir, now, damaged } = options;
  const folders: FolderEntry[] = [];
  const numbers = await numbersOnDisk(options);
  for (const n of numbers.sort((a, b) => a - b)) {
    const path = join(dir, 'folders', String(n), 'index.json');
    const fallback = (): IndexFile | null => null;
    const check = (value: unknown): value is IndexFile | null => isIndexFile(value);
    const { low } = await openJson({ disk, path, check, fallback, damaged, now });
    // Without a name it is still a folder with mail in it.
    folders.push(low.data ? { ...low.data.folder, n } : nameless(n));
  }
  const next = Math.max(0, ...numbers) + 1;
  return { v: FILE_VERSION, clean: folders.length === 0, next, folders };
}

async function numbersOnDisk({ disk, dir }: FolderListOptions): Promise<number[]> {
  return (await disk.list(join(dir, 'folders'))).filter(name => /^[1-9]\d{0,8}$/.test(name)).map(Number);
}

function nameless(n: number): FolderEntry {
  const path = `Recovered-${n}`;
  const nothing = { role: null, subscribed: true, selectable: true, remote: false };
  return { n, path, name: path, delimiter: '/', ...nothing, counts: [0, 0], dropped: 0 };
}

function toRecord(account: AccountId, entry: FolderEntry): FolderRecord {
  return {
    id: folderId(account, entry.n),
    account,
    path: entry.path,
    name: entry.name,
    delimiter: entry.delimiter,
    role: ROLES.find(role => role === entry.role) ?? null,
    subscribed: entry.subscribed,
    selectable: entry.selectable,
    remote: entry.remote,
    counts: { total: entry.counts[0], unread: entry.counts[1] },
  };
}
