// Many files in one go, with calls that wait: a third of the work of calls that do not. Only the waiting for the disk
// is done for all files at once. Runs in a thread (transfer.thread.ts), without one in place. Knows no mail.
import { createHash } from 'node:crypto';
import * as nodeFs from 'node:fs';
import { constants } from 'node:fs';

export type SyncFileSystem = Pick<
  typeof nodeFs,
  | 'openSync'
  | 'fstatSync'
  | 'readSync'
  | 'writeSync'
  | 'futimesSync'
  | 'fsync'
  | 'closeSync'
  | 'unlinkSync'
  | 'renameSync'
>;

export interface Checked {
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

/** Bytes of a path: a name in a Maildir need not be UTF-8. */
export type Path = string | Uint8Array;

export interface Copy {
  readonly from: string;
  readonly temporary: string;
  /** Nobody has this name; durable once its directory is. */
  readonly to: string;
  /** What was written when the mail came. */
  readonly expected: Checked;
  /** The file's time, seconds since 1970. */
  readonly seconds: number;
}

/** `reason`: what is wrong with the file itself; else `errno`. */
export interface Failure {
  readonly side: 'source' | 'target';
  readonly reason: 'size' | 'sha256' | 'not-a-file' | 'verify' | null;
  readonly errno: string;
  readonly message: string;
}

/** Where the bytes of a file lie in the block; `whole` false: its first bytes. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly whole: boolean;
}

export type Request =
  | { readonly t: 'copy'; readonly files: readonly Copy[] }
  | { readonly t: 'check'; readonly paths: readonly string[] }
  | {
      readonly t: 'read';
      readonly paths: readonly Path[];
      /** Of each file at most so many bytes; of one that is larger `head`. */
      readonly most: number;
      readonly head: number;
    };

export interface Pieces {
  readonly block: Uint8Array<ArrayBuffer>;
  readonly files: readonly (Piece | Failure)[];
}

/** Of `copy`, of `check` (null: no regular file of that name), of `read`. */
export type Result = (Checked | Failure)[] | (Checked | Failure | null)[] | Pieces;

export const isFailure = (result: object): result is Failure => 'errno' in result;

/** Never rejects: each file has its own outcome. */
export async function work(
  request: Request,
  fs: SyncFileSystem = nodeFs,
): Promise<{ readonly result: Result; readonly transfer: ArrayBuffer[] }> {
  const memory = { buffer: Buffer.allocUnsafe(0) };
  switch (request.t) {
    case 'copy':
      return { result: await copy(request.files, fs, memory), transfer: [] };
    case 'check':
      return { result: request.paths.map(path => check(path, fs, memory)), transfer: [] };
    case 'read': {
      const result = read(request, fs);
      return { result, transfer: [result.block.buffer] };
    }
  }
}

const CHUNK = 1024 * 1024;
const OPEN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

interface Memory {
  buffer: Buffer;
}

function chunk(memory: Memory): Buffer {
  if (memory.buffer.length === 0) memory.buffer = Buffer.allocUnsafe(CHUNK);
  return memory.buffer;
}

/** Written, durable, read back, named: nothing is left of a file that fails on the way. */
async function copy(
  files: readonly Copy[],
  fs: SyncFileSystem,
  memory: Memory,
): Promise<(Checked | Failure)[]> {
  const written = files.map(file => write(file, fs, memory));
  return Promise.all(
    written.map(async (fd, i) => {
      const file = files[i];
      if (typeof fd !== 'number' || !file) return typeof fd === 'number' ? failure('target', null) : fd;
      let outcome: Checked | Failure;
      try {
        await sync(fd, fs);
        const { expected } = file;
        const found = hashed(fd, fs, memory, 0);
        outcome = same(found, expected) ? expected : failure('target', null, 'verify');
        if (outcome === expected) fs.renameSync(file.temporary, file.to);
      } catch (thrown) {
        outcome = failure('target', thrown);
      }
      fs.closeSync(fd);
      if (isFailure(outcome)) remove(file.temporary, fs);
      return outcome;
    }),
  );
}

const same = (a: Checked, b: Checked) => a.size === b.size && a.sha256 === b.sha256;

/** The temporary file, open; it has the bytes that were expected, but not durably. */
function write(
  { from, temporary, expected, seconds }: Copy,
  fs: SyncFileSystem,
  memory: Memory,
): number | Failure {
  let source: number | null = null;
  let target: number | null = null;
  let side: Failure['side'] = 'source';
  const fail = (problem: Failure): Failure => {
    if (target !== null) {
      fs.closeSync(target);
      remove(temporary, fs);
    }
    return problem;
  };
  try {
    source = fs.openSync(from, OPEN);
    const stat = fs.fstatSync(source);
    if (!stat.isFile()) return failure('source', null, 'not-a-file');
    if (stat.size !== expected.size) return failure('source', null, 'size');
    side = 'target';
    target = fs.openSync(temporary, 'wx+', 0o600);
    const hash = createHash('sha256');
    const buffer = chunk(memory);
    for (let left = stat.size; left > 0; ) {
      side = 'source';
      const got = fs.readSync(source, buffer, 0, Math.min(CHUNK, left), null);
      if (got === 0) return fail(failure('source', null, 'size'));
      left -= got;
      const bytes = buffer.subarray(0, got);
      hash.update(bytes);
      side = 'target';
      for (let done = 0; done < got; ) done += fs.writeSync(target, bytes, done, got - done);
    }
    if (hash.digest('hex') !== expected.sha256) return fail(failure('source', null, 'sha256'));
    side = 'target';
    fs.futimesSync(target, seconds, seconds);
    return target;
  } catch (thrown) {
    return fail(failure(side, thrown));
  } finally {
    if (source !== null) fs.closeSync(source);
  }
}

function check(path: string, fs: SyncFileSystem, memory: Memory): Checked | Failure | null {
  let fd: number | null = null;
  try {
    fd = fs.openSync(path, OPEN);
    return fs.fstatSync(fd).isFile() ? hashed(fd, fs, memory, null) : null;
  } catch (thrown) {
    const failed = failure('target', thrown);
    return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(failed.errno) ? null : failed;
  } finally {
    if (fd !== null) fs.closeSync(fd);
  }
}

/** @param from null: where the file is now */
function hashed(fd: number, fs: SyncFileSystem, memory: Memory, from: number | null): Checked {
  const hash = createHash('sha256');
  const buffer = chunk(memory);
  let size = 0;
  for (;;) {
    const got = fs.readSync(fd, buffer, 0, CHUNK, from === null ? null : from + size);
    if (got === 0) return { size, sha256: hash.digest('hex') };
    hash.update(buffer.subarray(0, got));
    size += got;
  }
}

function read({ paths, most, head }: Extract<Request, { t: 'read' }>, fs: SyncFileSystem): Pieces {
  let block = new Uint8Array(CHUNK);
  let used = 0;
  const room = (wanted: number) => {
    if (used + wanted <= block.length) return;
    const larger = new Uint8Array(Math.max(block.length * 2, used + wanted));
    larger.set(block.subarray(0, used));
    block = larger;
  };
  const files = paths.map((path): Piece | Failure => {
    let fd: number | null = null;
    try {
      fd = fs.openSync(typeof path === 'string' ? path : Buffer.from(path), OPEN);
      const stat = fs.fstatSync(fd);
      if (!stat.isFile()) return failure('source', null, 'not-a-file');
      const wanted = stat.size <= most ? stat.size : Math.min(head, stat.size);
      room(wanted);
      const from = used;
      for (let at = 0; at < wanted; ) {
        const got = fs.readSync(fd, block, from + at, wanted - at, at);
        if (got === 0) break; // it has shrunk
        at += got;
        used = from + at;
      }
      const modified = Math.round(stat.mtimeMs);
      return { from, to: used, size: stat.size, modified, whole: stat.size <= most };
    } catch (thrown) {
      return failure('source', thrown);
    } finally {
      if (fd !== null) fs.closeSync(fd);
    }
  });
  return { block, files };
}

function sync(fd: number, fs: SyncFileSystem): Promise<void> {
  return new Promise((resolve, reject) => fs.fsync(fd, error => (error ? reject(error) : resolve())));
}

function remove(path: string, fs: SyncFileSystem): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // A temporary name: the next export takes it away.
  }
}

function failure(side: Failure['side'], thrown: unknown, reason: Failure['reason'] = null): Failure {
  const errno =
    thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  return {
    side,
    reason,
    errno,
    message: thrown instanceof Error ? thrown.message : String(thrown ?? reason),
  };
}
