// Message files of one account: written in batches so that one directory fsync serves many, checked when read, never
// overwritten. Decides nothing about messages.
import { join } from 'node:path';
import { splitFolderId } from '../mail/ids.ts';
import type { FolderId, LocalUid, RawRef, RemoteRef } from '../mail/types.ts';
import { asTmailError, type TmailError } from '../util/errors.ts';
import { RAW_BATCH, RAW_BATCH_MS, RAW_SMALL_BATCH, RAW_SMALL_BYTES } from '../util/limits.ts';
import { type Disk, errnoOf, storageError } from './disk.ts';
import type { FileBatches } from './file-batch.ts';
import { directoryOf, fileName, type Manifests, parseFileName } from './manifests.ts';
import { readChecked, streamChecked, type TemporaryFile, writeTemporary } from './raw-file.ts';
import { storeRemote } from './remote.ts';
import type { ManifestEntry } from './shapes.ts';
import type { RawFile, RawStore } from './types.ts';

/** A batch ends when nobody has begun another file for this long: a single opened message does not wait. */
const QUIET_MS = 10;
/** Message files open at once: those being written and those that wait for their batch. */
const OPEN_FILES = 4 * RAW_BATCH;

export interface RawOwner {
  readonly folder: FolderId;
  readonly uid: LocalUid;
  readonly remote: RemoteRef | null;
  readonly partial: boolean;
  /** The operation that it is written for; see ManifestEntry. */
  readonly op?: string;
}

export interface RawFilesOptions {
  readonly disk: Disk;
  readonly files: FileBatches;
  readonly manifests: Manifests;
  /** Before the first file of this session: notes durably that a crash has to be looked for. */
  readonly began: () => Promise<void>;
  /** Before files name local uids: makes sure that those are never handed out again. */
  readonly reserved: () => Promise<void>;
}

/** A message on its way into a batch. */
interface Pending {
  readonly n: number;
  readonly owner: RawOwner;
  /** Small ones are written with their batch, others are in a temporary file already. */
  readonly content: Buffer | TemporaryFile;
  readonly done: (error: TmailError | null) => void;
}

/** Its bytes are durable, its name is not. */
interface Written {
  readonly n: number;
  readonly entry: ManifestEntry;
  readonly temporary: string;
  readonly path: string;
  readonly done: (error: TmailError | null) => void;
}

export class RawFiles implements RawStore {
  readonly #options: RawFilesOptions;
  #first: Promise<number> | null = null;
  /** The highest number handed out. */
  #given = 0;
  readonly #made = new Map<number, Promise<void>>();
  #batch: Pending[] = [];
  /** How many of them are still in memory. */
  #small = 0;
  /** Files that are being written to their temporary names. */
  readonly #writing = new Set<Promise<unknown>>();
  #open = 0;
  readonly #waiting: (() => void)[] = [];
  #quiet: NodeJS.Timeout | null = null;
  #deadline: NodeJS.Timeout | null = null;
  /** Batches whose bytes are being made durable, one after the other; never fails. */
  #staging: Promise<unknown> = Promise.resolve();
  /** Batches whose bytes are not durable yet. */
  #unstaged = 0;
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

  async *stream(ref: RawRef): AsyncGenerator<Buffer> {
    const entry = await this.#options.manifests.entry(ref.n);
    yield* streamChecked(this.#options.disk, this.path(ref), ref.n, entry);
  }

  async checksum(ref: RawRef): Promise<{ size: number; sha256: string } | null> {
    const entry = await this.#options.manifests.entry(ref.n);
    return entry ? { size: entry.size, sha256: entry.sha256 } : null;
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
      await began().catch(async (thrown: unknown) => {
        const [first] = refs;
        if (!first || asTmailError(thrown).code !== 'disk.full') throw thrown;
        // On a full disk only a file that goes makes room for the mark; died between, it is found missing when asked for.
        await disk.remove(this.path(first));
        await began();
      });
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

  /** The files are other messages' from now on, so that an index rebuilt from them finds those. Durable, repeatable. */
  async giveTo(
    owners: readonly { readonly raw: RawRef; readonly owner: Omit<RawOwner, 'partial'> }[],
  ): Promise<void> {
    const { disk, manifests } = this.#options;
    disk.assertWritable();
    await this.exclusive(async () => {
      for (const directory of new Set(owners.map(({ raw }) => directoryOf(raw.n)))) {
        const entries = await manifests.files(directory);
        for (const { raw, owner } of owners) {
          const entry = directoryOf(raw.n) === directory ? entries[raw.n] : undefined;
          if (!entry) continue;
          entry.folder = splitFolderId(owner.folder).folder;
          entry.uid = owner.uid;
          entry.remote = storeRemote(owner.remote);
          delete entry.op;
        }
        await manifests.write(directory);
      }
    });
  }

  /**
   * Each file once more for another message: a hard link, or a copy where the disk has none. Durable. Null: there is no
   * such file.
   */
  async copyAll(
    copies: readonly { readonly raw: RawRef; readonly owner: Omit<RawOwner, 'partial'> }[],
  ): Promise<(RawRef | null)[]> {
    const { disk, manifests, began, reserved } = this.#options;
    disk.assertWritable();
    const first = await this.firstNew();
    const made = copies.map(({ raw, owner }) => {
      this.#given = Math.max(first, this.#given + 1);
      return { raw, owner, ref: { n: this.#given, partial: raw.partial } };
    });
    for (const directory of new Set(made.map(({ ref }) => directoryOf(ref.n))))
      await this.#makeDirectory(directory);
    const linked = new Set<number>();
    const byHand = new Set<number>();
    await this.exclusive(async () => {
      await began();
      await reserved();
      const entries = new Map<number, ManifestEntry>();
      for (const { raw, ref, owner } of made) {
        const entry = await manifests.entry(raw.n);
        const { uid, op } = owner;
        const whose = { folder: splitFolderId(owner.folder).folder, uid, remote: storeRemote(owner.remote) };
        if (entry) entries.set(ref.n, { ...entry, ...whose, ...(op !== undefined && { op }) });
        else byHand.add(ref.n);
      }
      try {
        for (const { raw, ref } of made) {
          if (!entries.has(ref.n)) continue;
          const done = await this.#link(this.path(raw), this.path(ref));
          if (done === 'linked') linked.add(ref.n);
          else if (done === 'impossible') byHand.add(ref.n);
        }
        for (const directory of new Set([...linked].map(directoryOf))) {
          const files = await manifests.files(directory);
          for (const n of linked) {
            const entry = entries.get(n);
            if (entry && directoryOf(n) === directory) files[n] = entry;
          }
          await manifests.write(directory);
        }
      } catch (error) {
        // What can't be removed now is an orphan that nothing names: swept at the next start.
        for (const { ref } of made)
          if (linked.has(ref.n)) await disk.remove(this.path(ref)).catch(() => undefined);
        throw error;
      }
    });
    return Promise.all(
      made.map(async ({ raw, owner, ref }) => {
        if (!byHand.has(ref.n)) return linked.has(ref.n) ? ref : null;
        return this.#copyByHand(raw, owner);
      }),
    );
  }

  async #link(from: string, to: string): Promise<'linked' | 'absent' | 'impossible'> {
    try {
      await this.#options.disk.fs.link(from, to);
      return 'linked';
    } catch (error) {
      const errno = errnoOf(error) ?? '';
      if (errno === 'ENOENT') return 'absent';
      if (['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errno))
        return 'impossible';
      throw storageError(error, to);
    }
  }

  async #copyByHand(raw: RawRef, owner: Omit<RawOwner, 'partial'>): Promise<RawRef | null> {
    try {
      return await this.write(this.stream(raw), { ...owner, partial: raw.partial });
    } catch (thrown) {
      // What can't be read can't be copied; where the server has it, it is fetched again.
      if (asTmailError(thrown).code.startsWith('raw.')) return null;
      throw thrown;
    }
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

  async *files(): AsyncGenerator<readonly RawFile[]> {
    const { manifests } = this.#options;
    for (const directory of await manifests.directories()) {
      const entries = Object.entries(await manifests.files(directory));
      yield entries.map(([n, { folder, uid, size }]) => ({ n: Number(n), folder, uid, size }));
    }
  }

  /** Runs `work` while no batch is being committed. */
  exclusive(work: () => Promise<void>): Promise<void> {
    const done = this.#chain.then(work);
    this.#chain = done.catch(() => undefined);
    return done;
  }

  firstNew(): Promise<number> {
    this.#first ??= this.#findNext();
    this.#first.catch(() => {
      this.#first = null;
    });
    return this.#first;
  }

  async #write(bytes: Buffer | AsyncIterable<Buffer>, owner: RawOwner) {
    const first = await this.firstNew();
    const n = Math.max(first, this.#given + 1);
    this.#given = n;
    const directory = directoryOf(n);
    await this.#makeDirectory(directory);
    const isSmall = Buffer.isBuffer(bytes) && bytes.length <= RAW_SMALL_BYTES;
    const content = isSmall ? bytes : await this.#temporary(this.path({ n, partial: owner.partial }), bytes);
    const written = new Promise<void>((resolve, reject) => {
      const done = (error: TmailError | null) => (error ? reject(error) : resolve());
      this.#batch.push({ n, owner, content, done });
      if (isSmall) this.#small++;
    });
    return { n, written };
  }

  async #temporary(path: string, bytes: Buffer | AsyncIterable<Buffer>): Promise<TemporaryFile> {
    if (this.#open >= OPEN_FILES) await new Promise<void>(resolve => this.#waiting.push(resolve));
    else this.#open++;
    try {
      return await writeTemporary(this.#options.disk, path, bytes);
    } catch (error) {
      this.#closed();
      throw error;
    }
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
    const { length } = this.#batch;
    if (this.#small >= RAW_SMALL_BATCH || length - this.#small >= RAW_BATCH) {
      this.#commitBatch();
      return;
    }
    // Behind another batch it would wait anyway: it may as well grow.
    if (length === 0 || this.#writing.size > 0 || this.#unstaged > 0) {
      if (this.#quiet) clearTimeout(this.#quiet);
      this.#quiet = null;
    } else if (this.#quiet) this.#quiet.refresh();
    else this.#quiet = setTimeout(() => this.#commitBatch(), QUIET_MS);
    if (length === 0) return;
    this.#deadline ??= setTimeout(() => this.#commitBatch(), RAW_BATCH_MS);
  }

  #commitBatch(): void {
    if (this.#quiet) clearTimeout(this.#quiet);
    if (this.#deadline) clearTimeout(this.#deadline);
    this.#quiet = null;
    this.#deadline = null;
    const all = this.#batch;
    this.#batch = [];
    this.#small = 0;
    for (let from = 0; from < all.length; from += RAW_SMALL_BATCH) {
      const batch = all.slice(from, from + RAW_SMALL_BATCH);
      // The bytes of one batch go to the disk while the batch before gets its names.
      this.#unstaged++;
      const staged = this.#staging.then(() => this.#stage(batch));
      this.#staging = staged.finally(() => {
        this.#unstaged--;
        this.#schedule();
      });
      this.exclusive(async () => this.#commit(await staged)).catch(() => undefined);
    }
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

  /** Makes the bytes durable. Whoever's file fails is told; the others are returned. */
  async #stage(batch: readonly Pending[]): Promise<Written[]> {
    const small = batch.flatMap(({ n, owner, content }) =>
      Buffer.isBuffer(content) ? [{ path: this.path({ n, partial: owner.partial }), bytes: content }] : [],
    );
    const staging = small.length > 0 ? this.#options.files.stage(small) : Promise.resolve([]);
    const results = staging.catch((error: unknown) => small.map(() => asTmailError(error)));
    let next = 0;
    const written = await Promise.all(
      batch.map(async pending => {
        const { n, owner, content, done } = pending;
        const path = this.path({ n, partial: owner.partial });
        const place = Buffer.isBuffer(content) ? next++ : -1;
        const file = Buffer.isBuffer(content) ? (await results)[place] : await this.#synced(content);
        if (file === undefined || file instanceof Error) {
          done(storageError(file, path));
          return null;
        }
        const { folder } = splitFolderId(owner.folder);
        const { uid, partial, op } = owner;
        const { sha256, size, temporary } = file;
        const remote = storeRemote(owner.remote);
        const entry = { sha256, size, partial, folder, uid, remote, ...(op !== undefined && { op }) };
        return { n, entry, temporary, path, done };
      }),
    );
    return written.filter(file => file !== null);
  }

  async #synced(file: TemporaryFile): Promise<TemporaryFile | Error> {
    try {
      await file.handle.datasync();
      return file;
    } catch (error) {
      await this.#options.disk.fs.unlink(file.temporary).catch(() => undefined);
      return storageError(error, file.temporary);
    } finally {
      await file.handle.close().catch(() => undefined);
      this.#closed();
    }
  }

  /** Names, then manifest and directory; each file's promise is kept or broken by itself. */
  async #commit(files: readonly Written[]): Promise<void> {
    const { began, reserved } = this.#options;
    if (files.length === 0) return;
    let named = 0;
    try {
      await began();
      await reserved();
      const names = files.map(({ temporary, path }) => ({ from: temporary, to: path }));
      const { done, error } = await this.#options.files.rename(names);
      named = done;
      if (error) throw error;
      await this.#enter(files);
    } catch (error) {
      const failure = storageError(error, this.#options.manifests.path(directoryOf(files[0]?.n ?? 0)));
      for (const [i, { path, temporary, done }] of files.entries()) {
        // What can't be removed now is an orphan without an entry: swept at the next start.
        await this.#options.disk.fs.unlink(i < named ? path : temporary).catch(() => undefined);
        done(failure);
      }
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
}
