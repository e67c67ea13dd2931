// Many small message files in one go: made under temporary names and durable, then named. This is how it is done in
// place, with calls that do not wait; file-batch-thread.ts does the same in a thread. Knows no messages.
import { type Disk, storageError } from './disk.ts';
import { writeTemporary } from './raw-file.ts';

export interface NewFile {
  /** Of the file to be; the temporary one lies beside it. */
  readonly path: string;
  readonly bytes: Buffer;
}

/** A file whose bytes are durable under a temporary name. */
export interface Staged {
  readonly temporary: string;
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

export interface FileBatches {
  /** One result a file, in their order; an error (`disk.*`) leaves nothing behind of its file. */
  stage(files: readonly NewFile[]): Promise<(Staged | Error)[]>;
  /**
   * Names files, in their order, up to the first that fails; how many got their name, and what stopped it. Not durable
   * before the directory is.
   */
  rename(names: readonly Renaming[]): Promise<{ readonly done: number; readonly error: Error | null }>;
  close(): Promise<void>;
}

export interface Renaming {
  readonly from: string;
  readonly to: string;
}

export function filesInPlace(disk: Disk): FileBatches {
  return {
    stage: files => Promise.all(files.map(file => stageOne(disk, file))),
    async rename(names) {
      let done = 0;
      try {
        for (const { from, to } of names) {
          await disk.fs.rename(from, to);
          done++;
        }
        return { done, error: null };
      } catch (thrown) {
        return { done, error: storageError(thrown, names[done]?.to ?? '') };
      }
    },
    close: async () => undefined,
  };
}

async function stageOne(disk: Disk, { path, bytes }: NewFile): Promise<Staged | Error> {
  try {
    const { temporary, handle, size, sha256 } = await writeTemporary(disk, path, bytes);
    try {
      await handle.datasync();
      return { temporary, size, sha256 };
    } catch (thrown) {
      await disk.fs.unlink(temporary).catch(() => undefined);
      return storageError(thrown, temporary);
    } finally {
      await handle.close().catch(() => undefined);
    }
  } catch (thrown) {
    return storageError(thrown, path);
  }
}
