// Folders that exist only here, changed durably: told about when it is on the disk, taken back when it can't be. What
// is allowed is local-folders.ts.
import { folderId } from '../mail/ids.ts';
import type { AccountId, FolderId } from '../mail/types.ts';
import { TmailError } from '../util/errors.ts';
import type { Folder } from './folder.ts';
import type { FolderList } from './folder-list.ts';
import type { Operation } from './types.ts';

/** What it needs of its account. */
export interface OwnFoldersHost {
  readonly id: AccountId;
  readonly list: FolderList;
  assertWritable(): void;
  /** No operation waits that no server has to hear of. */
  settled(): Promise<void>;
  queue(): readonly Operation[];
  folder(id: FolderId): Promise<Folder>;
  /** The folder where it is in memory. */
  opened(number: number): Folder | undefined;
  /** Makes the list durable. */
  write(): Promise<void>;
  changed(): void;
}

export class OwnFolders {
  readonly #host: OwnFoldersHost;

  constructor(host: OwnFoldersHost) {
    this.#host = host;
  }

  async create(path: string): Promise<FolderId> {
    let number = 0;
    await this.#change(() => {
      number = this.#host.list.create(path);
    });
    return folderId(this.#host.id, number);
  }

  async rename(number: number, path: string): Promise<void> {
    await this.#change(() => this.#host.list.rename(number, path));
  }

  async remove(number: number): Promise<void> {
    const { id, list } = this.#host;
    // An operation in the queue that names a folder which is gone would put its messages back where they came from.
    await this.#host.settled();
    for (const { n } of list.removable(number)) {
      await (await this.#host.folder(folderId(id, n))).loadAll();
    }
    await this.#change(() => {
      const numbers = new Set(list.removable(number).map(({ n }) => n));
      for (const n of numbers) this.#assertEmpty(n);
      list.drop(numbers);
    });
  }

  #assertEmpty(number: number): void {
    const { list } = this.#host;
    const id = folderId(this.#host.id, number);
    const queued = this.#host.queue().filter(op => op.t === 'move' && (op.to === id || op.folder === id));
    const count = Math.max(this.#host.opened(number)?.length ?? 0, queued.length);
    if (count === 0) return;
    const facts = { folder: list.record(number).path, count };
    throw new TmailError('rejected', 'folder.not-empty', { facts });
  }

  async #change(change: () => void): Promise<void> {
    this.#host.assertWritable();
    const { list } = this.#host;
    const before = new Set(list.entries());
    change();
    const changed = new Set(list.entries().flatMap(entry => (before.has(entry) ? [] : entry.n)));
    try {
      await this.#host.write();
    } catch (error) {
      list.restore([...before], changed);
      throw error;
    }
    // Their own copy of the name, should the list be lost.
    for (const n of changed) this.#host.opened(n)?.writer.indexChanged();
    this.#host.changed();
  }
}
