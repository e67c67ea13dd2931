// Folders of a server that the person makes, renames, removes and subscribes to: shown in the list at once, queued with
// everything else. What a list shows while they wait is folder-overlay.ts.
import { folderId } from '../mail/ids.ts';
import type { AccountId, FolderId } from '../mail/types.ts';
import { TmailError } from '../util/errors.ts';
import type { Folder } from './folder.ts';
import type { FolderList } from './folder-list.ts';
import { newServerPath, newServerPaths, refuseRoles, serverBranch } from './local-folders.ts';
import type { FolderEntry } from './shapes.ts';
import type { FolderOperation } from './types.ts';

/** What it needs of its account. */
export interface ServerFoldersHost {
  readonly id: AccountId;
  readonly list: FolderList;
  assertWritable(): void;
  /** Durable when it resolves; else `back` has been called. */
  commit(operations: readonly FolderOperation[], back: () => void): Promise<void>;
  /** A folder that vanished and whose files are still there. */
  folderEver(number: number): Promise<Folder>;
}

export class ServerFolders {
  readonly #host: ServerFoldersHost;

  constructor(host: ServerFoldersHost) {
    this.#host = host;
  }

  async create(wanted: string): Promise<FolderId> {
    const { id, list } = this.#host;
    // Read first: what follows is one step.
    const empty = await this.#emptyOnes();
    const { delimiter } = list;
    const paths = newServerPaths(list.shown(), wanted, delimiter);
    const operations = this.#creating(paths, empty);
    await this.#commit(operations);
    return operations.at(-1)?.folder ?? folderId(id, 0);
  }

  async rename(number: number, wanted: string): Promise<void> {
    const { id, list } = this.#host;
    const empty = await this.#emptyOnes();
    const entry = this.#shown(number);
    const { path, above } = newServerPath(list.shown(), entry, wanted);
    if (path === entry.path) return;
    const before = list.entries();
    const operations = this.#creating(above, empty);
    operations.push({
      t: 'folder-rename',
      folder: folderId(id, number),
      targets: [],
      from: entry.path,
      path,
    });
    await this.#commit(operations, before);
  }

  /** With all below it, which goes first: a server removes no folder that has others in it. */
  async remove(number: number): Promise<void> {
    const { id, list } = this.#host;
    const branch = serverBranch(list.shown(), this.#shown(number));
    refuseRoles(branch);
    const deepest = branch.toSorted((a, b) => b.path.length - a.path.length);
    await this.#commit(
      deepest.map(({ n, path }) => ({ t: 'folder-delete', folder: folderId(id, n), targets: [], path })),
    );
  }

  async subscribe(number: number, subscribed: boolean): Promise<void> {
    const { path } = this.#shown(number);
    const folder = folderId(this.#host.id, number);
    await this.#commit([{ t: 'folder-subscribe', folder, targets: [], path, subscribed }]);
  }

  #shown(number: number): FolderEntry {
    const entry = this.#host.list.shown().find(({ n }) => n === number);
    if (entry) return entry;
    const facts = { folder: folderId(this.#host.id, number) };
    throw new TmailError('storage', 'folder.unknown', { facts });
  }

  #creating(paths: readonly string[], empty: ReadonlyMap<string, number>): FolderOperation[] {
    const { id, list } = this.#host;
    const numbers = list.createWaiting(paths, list.delimiter, path => empty.get(path));
    return paths.map((path, i) => ({
      t: 'folder-create',
      folder: folderId(id, numbers[i] ?? 0),
      targets: [],
      path,
    }));
  }

  /** Folders that were on the server and held nothing: made again they are the same, for whatever remembers them. */
  async #emptyOnes(): Promise<Map<string, number>> {
    const empty = new Map<string, number>();
    for (const { n, path, remote, dropped, counts } of this.#host.list.entries()) {
      if (dropped === 0 || !remote || counts[0] > 0) continue;
      const folder = await this.#host.folderEver(n);
      if (folder.length === 0) empty.set(path, n);
    }
    return empty;
  }

  async #commit(operations: readonly FolderOperation[], before?: readonly FolderEntry[]): Promise<void> {
    this.#host.assertWritable();
    const { list } = this.#host;
    const made = operations.filter(({ t }) => t === 'folder-create');
    await this.#host.commit(operations, () => {
      for (const op of made) list.undone({ ...op, id: '', at: 0, tries: 0 });
      if (before) list.again();
    });
  }
}
