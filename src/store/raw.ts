// Message files of one account: written in batches so that one directory fsync serves many, checked when read, never
// overwritten. Decides nothing about messages.
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { splitFolderId } from '../mail/ids.ts';
import type { FolderId, LocalUid, RawRef, RemoteRef } from '../mail/types.ts';
import type { TmailError } from '../util/errors.ts';
import { RAW_BATCH, RAW_BATCH_MS } from '../util/limits.ts';
import { type Disk, storageError } from './disk.ts';
import { directoryOf, fileName, type Manifests, parseFileName } from './manifests.ts';
import { readChecked, writeTemporary } from './raw-file.ts';
import { storeRemote } from './remote.ts';
import type { ManifestEntry } from './shapes.ts';
import type { RawStore } from './types.ts';

/** A batch ends when nobody has begun another file for this long: a single opened message does not wait. */
const QUIET_MS = 10;
/** Message files open at once: those being written and those that wait for their batch. */
const OPEN_FILES = 4 * RAW_BATCH;

export interface RawOwner {
  readonly folder: FolderId;
  readonly uid: LocalUid;
  readonly remote: RemoteRef | null;
  readonly partial: boolean;
}

export interface RawFilesOptions {
  readonly disk: Disk;
  readonly manifests: Manifests;
  /** Before the first file of this session: notes durably that a crash has to be looked for. */
  readonly began: () => Promise<void>;
  /** Before files name local uids: makes sure that those are never handed out again. */
  readonly reserved: () => Promise<void>;
}

interface Written {
  readonly n: number;
  readonly entry: ManifestEntry;
  readonly temporary: string;
  readonly handle: FileHandle;
  readonly done: (error: TmailError | null) => void;
}

export class RawFiles implements RawStore {
  readonly #options: RawFilesOptions;
  #first: Promise<number> | null = null;
  /** The highest number handed out. */
  #given = 0;
  readonly #made = new Map<number, Promise<void>>();
  #batch: Written[] = [];
  /** Files that are being written to their temporary names. */
  readonly #writing = new Set<Promise<unknown>>();
  #open = 0;
  readonly #waiting: (() => void)[] = [];
  #quiet: NodeJS.Timeout | null = null;
  #deadline: NodeJS.Timeout | null = null;
  /** Batches and removals, one after the other. */
  #chain: Promise<void> = Promise.resolve();

  constructor(options: RawFilesOptions) {
    this.#options = options;
  }

  async write(bytes: Buffer | AsyncIterable<Buffer>, owner: RawOwner): Promise<RawRef> {
    this.#options.disk.assertWritable();
    const writing = this.#write(bytes, owner);
    this.#writing.add(writing);
    try {
      const { n, written } = await writing;
      // `written` is wrapped in an object so that only the temporary file was awaited so far.
      this.#writing.delete(writing);
      this.#schedule();
      await written;
      return { n, partial: owner.partial };
    } finally {
      if (this.#writing.delete(writing)) this.#schedule();
    }
  }

  async flush(): Promise<void> {
    await Promise.allSettled(this.#writing);
    this.#commitBatch();
    await this.#chain;
  }

  async read(ref: RawRef): Promise<Buffer> {
    return readChecked(this.#options.disk, this.path(ref), ref.n, await this.#options.manifests.entry(ref.n));
  }

  path(ref: RawRef): string {
    return join(this.#options.manifests.path(directoryOf(ref.n)), fileName(ref.n, ref.partial));
  }

  /** When the file was written, in milliseconds since 1970: about the message's arrival here. */
  async writtenAt(ref: RawRef): Promise<number> {
    try {
      return Math.floor((await this.#options.disk.fs.lstat(this.path(ref))).mtimeMs);
    } catch (error) {
      throw storageError(error, this.path(ref));
    }
  }

  async remove(ref: RawRef): Promise<void> {
    await this.removeAll([ref]);
  }

  /** Removes files and their entries; repeatable. */
  async removeAll(refs: readonly RawRef[]): Promise<void> {
    const { disk, manifests, began } = this.#options;
    disk.assertWritable();
    await this.exclusive(async () => {
      await began();
      for (const directory of new Set(refs.map(ref => directoryOf(ref.n)))) {
        const entries = await manifests.files(directory);
        for (const ref of refs) {
          if (directoryOf(ref.n) !== directory) continue;
          await disk.remove(this.path(ref));
          delete entries[ref.n];
        }
        await manifests.write(directory);
      }
    });
  }

  /** Takes files out of use but keeps them, as `NAME.damaged-TIME`. */
  async setAside(refs: readonly RawRef[], now: number): Promise<void> {
    const { disk, manifests, began } = this.#options;
    await this.exclusive(async () => {
      await began();
      for (const ref of refs) {
        const path = this.path(ref);
        if (await disk.exists(path)) await disk.rename(path, `${path}.damaged-${now}`);
        delete (await manifests.files(directoryOf(ref.n)))[ref.n];
        await manifests.write(directoryOf(ref.n));
      }
    });
  }

  async usage(): Promise<number> {
    let bytes = 0;
    for (const directory of await this.#options.manifests.directories()) {
      for (const { size } of Object.values(await this.#options.manifests.files(directory))) bytes += size;
    }
    return bytes;
  }

  /** Runs `work` while no batch is being committed. */
  exclusive(work: () => Promise<void>): Promise<void> {
    const done = this.#chain.then(work);
    this.#chain = done.catch(() => undefined);
    return done;
  }

  /** Files with this number or a higher one were not there when the account was opened. */
  firstNew(): Promise<number> {
    this.#first ??= this.#findNext();
    this.#first.catch(() => {
      this.#first = null;
    });
    return this.#first;
  }

  async #write(bytes: Buffer | AsyncIterable<Buffer>, owner: RawOwner) {
    const { disk } = this.#options;
    const { folder } = splitFolderId(owner.folder);
    const first = await this.firstNew();
    const n = Math.max(first, this.#given + 1);
    this.#given = n;
    const directory = directoryOf(n);
    await this.#makeDirectory(directory);
    const { uid, partial } = owner;
    if (this.#open >= OPEN_FILES) await new Promise<void>(resolve => this.#waiting.push(resolve));
    else this.#open++;
    const file = await writeTemporary(disk, this.path({ n, partial }), bytes).catch((error: unknown) => {
      this.#closed();
      throw error;
    });
    const remote = storeRemote(owner.remote);
    const entry = { sha256: file.sha256, size: file.size, partial, folder, uid, remote };
    const written = new Promise<void>((resolve, reject) => {
      const done = (error: TmailError | null) => (error ? reject(error) : resolve());
      this.#batch.push({ n, entry, temporary: file.temporary, handle: file.handle, done });
    });
    return { n, written };
  }

  async #findNext(): Promise<number> {
    const { disk, manifests } = this.#options;
    const directory = (await manifests.directories()).at(-1);
    if (directory === undefined) return 1;
    // Also numbers that only the manifest knows: the file may be gone, the index may still name it.
    const numbers = Object.keys(await manifests.files(directory)).map(Number);
    for (const name of await disk.list(manifests.path(directory))) numbers.push(parseFileName(name)?.n ?? 0);
    return numbers.reduce((a, b) => Math.max(a, b), Math.max(0, directory * 1000 - 1)) + 1;
  }

  #schedule(): void {
    if (this.#quiet) clearTimeout(this.#quiet);
    this.#quiet = null;
    if (this.#batch.length === 0) return;
    if (this.#batch.length >= RAW_BATCH) {
      this.#commitBatch();
      return;
    }
    if (this.#writing.size === 0) this.#quiet = setTimeout(() => this.#commitBatch(), QUIET_MS);
    this.#deadline ??= setTimeout(() => this.#commitBatch(), RAW_BATCH_MS);
  }

  #commitBatch(): void {
    if (this.#quiet) clearTimeout(this.#quiet);
    if (this.#deadline) clearTimeout(this.#deadline);
    this.#quiet = null;
    this.#deadline = null;
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) this.exclusive(() => this.#commit(batch)).catch(() => undefined);
  }

  /** With its manifest, so that files of a crash are told from files whose manifest was lost. */
  #makeDirectory(directory: number): Promise<void> {
    const { disk, manifests } = this.#options;
    const make = async () => {
      await disk.makeDirectory(manifests.path(directory));
      if (Object.keys(await manifests.files(directory)).length === 0) await manifests.write(directory);
    };
    const made = this.#made.get(directory) ?? make();
    this.#made.set(directory, made);
    made.catch(() => this.#made.delete(directory));
    return made;
  }

  /** A file's place goes to the next that waits. */
  #closed(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#open--;
  }

  /** Bytes, then names, then manifest and directory; each file's promise is kept or broken by itself. */
  async #commit(batch: Written[]): Promise<void> {
    const { disk, began, reserved } = this.#options;
    const synced = await Promise.all(
      batch.map(async file => {
        try {
          await file.handle.datasync();
          return file;
        } catch (error) {
          await this.#fail([file], storageError(error, file.temporary), false);
          return null;
        } finally {
          await file.handle.close().catch(() => undefined);
          this.#closed();
        }
      }),
    );
    const files = synced.filter(file => file !== null);
    const renamed: Written[] = [];
    try {
      await began();
      await reserved();
      for (const file of files) {
        await disk.fs.rename(file.temporary, this.path({ n: file.n, partial: file.entry.partial }));
        renamed.push(file);
      }
      await this.#enter(files);
    } catch (error) {
      const failure = storageError(error, this.#options.manifests.path(directoryOf(files[0]?.n ?? 0)));
      await this.#fail(renamed, failure, true);
      await this.#fail(
        files.filter(file => !renamed.includes(file)),
        failure,
        false,
      );
      return;
    }
    for (const file of files) file.done(null);
  }

  async #enter(files: readonly Written[]): Promise<void> {
    const directories = new Set(files.map(file => directoryOf(file.n)));
    for (const directory of directories) {
      const entries = await this.#options.manifests.files(directory);
      const mine = files.filter(file => directoryOf(file.n) === directory);
      for (const file of mine) entries[file.n] = file.entry;
      try {
        // One fsync of the directory for the messages' names and the manifest's.
        await this.#options.manifests.write(directory);
      } catch (error) {
        for (const file of mine) delete entries[file.n];
        throw error;
      }
    }
  }

  async #fail(files: readonly Written[], error: TmailError, renamed: boolean): Promise<void> {
    for (const file of files) {
      const path = renamed ? this.path({ n: file.n, partial: file.entry.partial }) : file.temporary;
      // What can't be removed now is an orphan without an entry: swept at the next start.
      await this.#options.disk.fs.unlink(path).catch(() => undefined);
      file.done(error);
    }
  }
}
