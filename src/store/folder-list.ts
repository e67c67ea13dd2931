// account.json: the account's folders, their numbers and counts. A folder's number is its directory and part of
// every message id, so it is never given to another folder. Opens no folder.
import { join } from 'node:path';
import type { Low } from 'lowdb';
import { folderId, splitFolderId } from '../mail/ids.ts';
import type { AccountId, Role } from '../mail/types.ts';
import { TmailError } from '../util/errors.ts';
import type { Disk } from './disk.ts';
import {
  at,
  followed,
  movedElsewhere,
  overlaid,
  type QueuedFolderOperation,
  renamed,
  type ShownFolder,
} from './folder-overlay.ts';
import { FILE_VERSION, openJson, type ReportDamage } from './json.ts';
import { LOCAL_DELIMITER, removable, withFolder, withRenamed } from './local-folders.ts';
import { type AccountFile, type FolderEntry, type IndexFile, isAccountFile, isIndexFile } from './shapes.ts';
import type { FolderCounts, FolderInfo, FolderRecord } from './types.ts';

export interface FolderListOptions {
  readonly id: AccountId;
  readonly dir: string;
  readonly disk: Disk;
  readonly now: () => number;
  readonly damaged: ReportDamage;
}

const ROLES: readonly Role[] = [
  'inbox',
  'drafts',
  'sent',
  'archive',
  'junk',
  'trash',
  'all',
  'flagged',
  'important',
];

export class FolderList {
  readonly #options: FolderListOptions;
  #low: Low<AccountFile>;
  /** The last owner did not close the account: files and index may disagree. */
  readonly crashed: boolean;
  #records: FolderRecord[] | null = null;
  #shown: readonly ShownFolder[] | null = null;
  /** What waits to be done to the server's folders, in order. */
  #operations: () => readonly QueuedFolderOperation[] = () => [];

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
    this.#again();
  }

  /** Call `again` when they change. */
  overlay(operations: () => readonly QueuedFolderOperation[]): void {
    this.#operations = operations;
    this.#again();
  }

  again(): void {
    this.#again();
  }

  #again(): void {
    this.#records = null;
    this.#shown = null;
  }

  records(): readonly FolderRecord[] {
    this.#records ??= this.#overlaid().map(shown => this.#toRecord(shown));
    return this.#records;
  }

  #overlaid(): readonly ShownFolder[] {
    this.#shown ??= overlaid(this.#low.data.folders, this.#operations());
    return this.#shown;
  }

  /** As the person has arranged them, with their roles. */
  shown(): readonly FolderEntry[] {
    return this.#overlaid().map(({ entry }) => ({ ...entry, role: this.#roleOf(entry) }));
  }

  isShown(number: number): boolean {
    return this.#overlaid().some(({ entry }) => entry.n === number);
  }

  /** The server's folder of this name. */
  numberOnServer(path: string): number | undefined {
    return this.#low.data.folders.find(
      entry => entry.dropped === 0 && entry.remote && !entry.waits && entry.path === path,
    )?.n;
  }

  #toRecord({ entry, ...more }: ShownFolder): FolderRecord {
    return { ...toRecord(this.#options.id, entry, this.#roleOf(entry)), ...more };
  }

  /** The person's choice; else the server's, unless the person chose another folder for it. */
  #roleOf(entry: FolderEntry): string | null {
    if (entry.choice !== undefined) return entry.choice;
    const taken = this.#low.data.folders.some(
      other => other.n !== entry.n && other.dropped === 0 && other.choice === entry.role,
    );
    return taken ? null : entry.role;
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
    return record ?? this.#toRecord({ entry: this.entryOrDropped(number) });
  }

  entryOrDropped(number: number): FolderEntry {
    const entry = this.#low.data.folders.find(candidate => candidate.n === number);
    if (!entry) throw new TmailError('storage', 'folder.unknown', { facts: { folder: number } });
    return entry;
  }

  /** In memory; see AccountStore.setFolders. */
  replace(infos: readonly FolderInfo[]): void {
    const operations = this.#operations();
    const before = movedElsewhere(followed(this.#low.data.folders, infos, operations), infos);
    // One that was removed may have had the path before; the living one has it now, and first the server's own.
    const rank = (entry: FolderEntry) => (entry.dropped !== 0 ? 0 : entry.waits ? 1 : 2);
    const old = new Map([...before].sort((a, b) => rank(a) - rank(b)).map(entry => [entry.path, entry]));
    const kept = new Map<string, FolderEntry>();
    for (const info of infos)
      if (!kept.has(info.path)) kept.set(info.path, this.#listed(info, old.get(info.path)));
    // A server's list says nothing about folders that exist only here, nor about those that it has yet to hear of.
    const fromServer = infos.some(info => info.remote);
    const made = new Set(operations.filter(({ t }) => t === 'folder-create').map(({ folder }) => folder));
    const folders = [...kept.values()];
    const numbers = new Set(folders.map(({ n }) => n));
    for (const entry of before.filter(({ n }) => !numbers.has(n))) {
      if (made.has(folderId(this.#options.id, entry.n)) && entry.dropped === 0)
        folders.push({ ...entry, waits: true });
      else if (entry.dropped !== 0 || (fromServer && !entry.remote)) folders.push(entry);
      else folders.push({ ...entry, dropped: this.#options.now() });
    }
    this.#become(folders, this.#low.data.next);
  }

  #listed(info: FolderInfo, before: FolderEntry | undefined): FolderEntry {
    const counts: [number, number] = info.counts
      ? [info.counts.total, info.counts.unread]
      : (before?.counts ?? [0, 0]);
    const { path, name, delimiter, subscribed, selectable, remote } = info;
    const n = before?.n ?? this.#low.data.next++;
    // Whoever hands back what was shown does not choose for the person.
    const same = before && before.dropped === 0 && info.role === this.#roleOf(before);
    const role = same ? before.role : info.role;
    const choice = before?.choice !== undefined && { choice: before.choice };
    return { n, path, name, delimiter, role, subscribed, selectable, remote, counts, dropped: 0, ...choice };
  }

  /** Folders that the server does not have yet. In memory. Returns their numbers. */
  createWaiting(
    paths: readonly string[],
    delimiter: string,
    revive: (path: string) => number | undefined,
  ): number[] {
    return paths.map(path => {
      const number = revive(path) ?? this.#low.data.next;
      this.ensureWaiting(number, path, delimiter);
      return number;
    });
  }

  /** The same for one whose number is known. Repeatable. */
  ensureWaiting(number: number, path: string, delimiter: string): void {
    if (this.entry(number)) return;
    const others = this.#low.data.folders.filter(({ n }) => n !== number);
    const nothing = { role: null, subscribed: true, selectable: true, remote: true, dropped: 0 };
    const entry = at(
      { n: number, path, name: path, delimiter, ...nothing, counts: [0, 0], waits: true },
      path,
    );
    this.#become([...others, entry], Math.max(this.#low.data.next, number + 1));
  }

  /** The delimiter of the server's folders. */
  get delimiter(): string {
    const remote = this.#low.data.folders.filter(entry => entry.remote && entry.dropped === 0);
    return (remote.find(({ path }) => path !== 'INBOX') ?? remote[0])?.delimiter || LOCAL_DELIMITER;
  }

  /** The server has done it. In memory; repeatable. */
  done(op: QueuedFolderOperation): void {
    const { folder } = splitFolderId(op.folder);
    const folders = this.#low.data.folders;
    if (op.t === 'folder-rename') this.#become([...renamed(folders, folder, op.path)], this.#low.data.next);
    else if (op.t === 'folder-delete') this.drop(new Set([folder]));
    else {
      this.#change(folder, ({ waits, ...entry }) => {
        if (op.t === 'folder-subscribe')
          return { ...entry, subscribed: op.subscribed, ...(waits && { waits }) };
        return entry;
      });
    }
  }

  /** An operation is not made: what waited for it is as if it had never been asked for. In memory. */
  undone(op: QueuedFolderOperation): void {
    const { folder } = splitFolderId(op.folder);
    if (op.t === 'folder-create' && this.entry(folder)?.waits) this.drop(new Set([folder]));
    if (op.t !== 'folder-rename') return;
    const { delimiter } = this;
    const folders = this.#low.data.folders.map(entry => {
      if (!entry.waits || !entry.path.startsWith(op.path + delimiter)) return entry;
      return at(entry, op.from + entry.path.slice(op.path.length));
    });
    this.#become(folders, this.#low.data.next);
  }

  /** What a crash has left: a folder that waits for an operation which is not in the queue will never be. In memory. */
  forgetWaiting(): void {
    const made = new Set(
      this.#operations()
        .filter(({ t }) => t === 'folder-create')
        .map(({ folder }) => folder),
    );
    for (const { n, waits, dropped } of this.#low.data.folders) {
      if (waits && dropped === 0 && !made.has(folderId(this.#options.id, n))) this.drop(new Set([n]));
    }
  }

  /** @throws TmailError `folder.unknown` */
  setRole(number: number, role: Role | null): void {
    this.#living(number);
    const folders = this.#low.data.folders.map((entry): FolderEntry => {
      if (entry.n === number) return { ...entry, choice: role };
      const { choice, ...rest } = entry;
      return role !== null && choice === role ? rest : entry;
    });
    this.#become(folders, this.#low.data.next);
  }

  setSubscribed(number: number, subscribed: boolean): void {
    this.#change(number, entry => ({ ...entry, subscribed }));
  }

  /** For a change that could not be made durable; counts are lost. */
  putBack(entries: readonly FolderEntry[]): void {
    this.#become([...entries], this.#low.data.next);
  }

  #change(number: number, change: (entry: FolderEntry) => FolderEntry): void {
    const folders = this.#low.data.folders.map(entry => (entry.n === number ? change(entry) : entry));
    this.#become(folders, this.#low.data.next);
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
    this.#again();
  }

  /** True when they differ from what was known. */
  setCounts(number: number, counts: FolderCounts): boolean {
    const entry = this.entry(number);
    if (!entry || (entry.counts[0] === counts.total && entry.counts[1] === counts.unread)) return false;
    entry.counts = [counts.total, counts.unread];
    this.#again();
    return true;
  }

  /** A folder of which only message files are left: it comes back without its name. In memory. */
  recover(number: number): void {
    if (this.#low.data.folders.some(entry => entry.n === number)) return;
    this.#low.data.folders.push(nameless(number));
    this.#low.data.next = Math.max(this.#low.data.next, number + 1);
    this.#again();
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

function toRecord(account: AccountId, entry: FolderEntry, wanted: string | null): FolderRecord {
  return {
    id: folderId(account, entry.n),
    account,
    path: entry.path,
    name: entry.name,
    delimiter: entry.delimiter,
    role: ROLES.find(role => role === wanted) ?? null,
    subscribed: entry.subscribed,
    selectable: entry.selectable,
    remote: entry.remote,
    counts: { total: entry.counts[0], unread: entry.counts[1] },
  };
}
