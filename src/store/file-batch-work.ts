// What the thread of file-batch-thread.ts does: the same files as file-batch.ts makes, with calls that wait, which are
// a third of the work. Only the waiting for the disk is done for all files at once.
import { createHash } from 'node:crypto';
import * as nodeFs from 'node:fs';
import { errnoOf } from './disk.ts';

export type SyncFileSystem = Pick<
  typeof nodeFs,
  'openSync' | 'writeSync' | 'fdatasync' | 'closeSync' | 'unlinkSync' | 'renameSync'
>;

/** Positions in one block of memory, which changes hands without being copied. */
export interface FileInBlock {
  readonly temporary: string;
  readonly from: number;
  readonly to: number;
}

export type Request =
  | {
      readonly id: number;
      readonly t: 'stage';
      readonly block: Uint8Array;
      readonly files: readonly FileInBlock[];
    }
  | { readonly id: number; readonly t: 'rename'; readonly names: readonly { from: string; to: string }[] };

export interface Failure {
  /** The system call's, such as ENOSPC. */
  readonly errno: string;
  readonly message: string;
}

export type StageResult = { readonly sha256: string } | Failure;

export interface RenameResult {
  readonly done: number;
  readonly failure: Failure | null;
}

export function work(request: Request, fs: SyncFileSystem = nodeFs): Promise<StageResult[] | RenameResult> {
  return request.t === 'stage' ? stage(request, fs) : Promise.resolve(rename(request.names, fs));
}

async function stage(
  { block, files }: Extract<Request, { t: 'stage' }>,
  fs: SyncFileSystem,
): Promise<StageResult[]> {
  const written = files.map(file => write(file.temporary, block.subarray(file.from, file.to), fs));
  return Promise.all(
    written.map(async (file, i) => {
      if ('errno' in file) return file;
      try {
        await datasync(file.fd, fs);
        return { sha256: file.sha256 };
      } catch (thrown) {
        remove(files[i]?.temporary ?? '', fs);
        return failure(thrown);
      } finally {
        fs.closeSync(file.fd);
      }
    }),
  );
}

function write(
  path: string,
  bytes: Uint8Array,
  fs: SyncFileSystem,
): { readonly fd: number; readonly sha256: string } | Failure {
  let fd: number | null = null;
  try {
    fd = fs.openSync(path, 'wx', 0o600);
    for (let at = 0; at < bytes.length; ) at += fs.writeSync(fd, bytes, at);
    return { fd, sha256: createHash('sha256').update(bytes).digest('hex') };
  } catch (thrown) {
    if (fd !== null) {
      fs.closeSync(fd);
      remove(path, fs);
    }
    return failure(thrown);
  }
}

function rename(names: readonly { from: string; to: string }[], fs: SyncFileSystem): RenameResult {
  let done = 0;
  try {
    for (const { from, to } of names) {
      fs.renameSync(from, to);
      done++;
    }
    return { done, failure: null };
  } catch (thrown) {
    return { done, failure: failure(thrown) };
  }
}

function datasync(fd: number, fs: SyncFileSystem): Promise<void> {
  return new Promise((resolve, reject) => fs.fdatasync(fd, error => (error ? reject(error) : resolve())));
}

function remove(path: string, fs: SyncFileSystem): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // A temporary name: swept at the next start.
  }
}

function failure(thrown: unknown): Failure {
  return {
    errno: errnoOf(thrown) ?? 'EIO',
    message: thrown instanceof Error ? thrown.message : String(thrown),
  };
}
