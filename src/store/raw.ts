// Message files of one account: written in batches so that one directory fsync serves many, checked when read, never
// overwritten. Decides nothing about messages.
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { splitFolderId } from '../mail/ids.ts';
import type { FolderId, LocalUid, RawRef, RemoteRef } from '../mail/types.ts';
import { TmailError } from '../util/errors.ts';
import { temporaryName } from '../util/fsync.ts';
import { RAW_BATCH, RAW_BATCH_MS } from '../util/limits.ts';
import { type Disk, errnoOf, storageError } from './disk.ts';
import { directoryOf, fileName, type Manifests, parseFileName } from './manifests.ts';
import { storeRemote } from './remote.ts';
import type { ManifestEntry } from './shapes.ts';
import type { RawStore } from './types.ts';

/** A batch ends when nobody has begun another file for this long: a single opened message does not wait. */
const QUIET_MS = 10;
/** Bytes hashed or written between two looks at the event loop. */
const CHUNK = 1024 * 1024;

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
  readonly #made = new Set<number>();
  #batch: Written[] = [];
  /** Files that are being written to their temporary names. */
  readonly #writing = new Set<Promise<unknown>>();
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
    const path = this.path(ref);
    const damaged = (reason: string) =>
      new TmailError('storage', 'raw.damaged', { facts: { n: ref.n, path, reason } });
    const entry = await this.#options.manifests.entry(ref.n);
    try {
      const handle = await this.#options.disk.fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        const stat = await handle.stat();
        if (!stat.isFile()) throw damaged('not-a-file');
        if (entry && stat.size !== entry.size) throw damaged('size');
        const bytes = await handle.readFile();
        if (entry && (await sha256(bytes)) !== entry.sha256) throw damaged('sha256');
        return bytes;
      } finally {
        await handle.close();
      }
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT' || errno === 'ENOTDIR') {
        throw new TmailError('storage', 'raw.missing', { facts: { n: ref.n, path } });
      }
      if (errno === 'ELOOP') throw damaged('symlink');
      throw storageError(error, path);
    }
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
    const { disk, manifests } = this.#options;
    const { folder } = splitFolderId(owner.folder);
    const first = await this.firstNew();
    const n = Math.max(first, this.#given + 1);
    this.#given = n;
    const directory = directoryOf(n);
    if (!this.#made.has(directory)) await disk.makeDirectory(manifests.path(directory));
    this.#made.add(directory);
    const { uid, partial } = owner;
    const file = await this.#writeTemporary(this.path({ n, partial }), bytes);
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

  async #writeTemporary(path: string, bytes: Buffer | AsyncIterable<Buffer>) {
    const { disk } = this.#options;
    const temporary = temporaryName(path);
    let handle: FileHandle | null = null;
    try {
      handle = await disk.fs.open(temporary, 'wx', 0o600);
      const hash = createHash('sha256');
      const size = await writeAll(handle, bytes, hash);
      return { temporary, handle, size, sha256: hash.digest('hex') };
    } catch (error) {
      await handle?.close().catch(() => undefined);
      await disk.fs.unlink(temporary).catch(() => undefined);
      throw error instanceof TmailError || errnoOf(error) === undefined ? error : storageError(error, path);
    }
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

async function writeAll(
  handle: FileHandle,
  bytes: Buffer | AsyncIterable<Buffer>,
  hash: Hash,
): Promise<number> {
  if (!Buffer.isBuffer(bytes)) {
    let size = 0;
    for await (const chunk of bytes) size += await writeAll(handle, chunk, hash);
    return size;
  }
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const chunk = bytes.subarray(at, at + CHUNK);
    hash.update(chunk);
    await handle.writeFile(chunk);
  }
  return bytes.length;
}

/** Hex. Gives way to the event loop between megabytes. */
export async function sha256(bytes: Buffer): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += CHUNK) {
    if (at > 0) await new Promise(resolve => setImmediate(resolve));
    hash.update(bytes.subarray(at, at + CHUNK));
  }
  return hash.digest('hex');
}
