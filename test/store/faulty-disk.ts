// A disk that fails on purpose: at the n-th change it dies, or it fills up. Everything else is the real one.
import * as nodeFs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { type FileSystem, realFileSystem } from '../../src/util/fsync.ts';

/** Called before each change; throws to prevent it. `half`: a write may leave half of its bytes behind. */
export type Fault = (change: string, path: string) => 'half' | undefined;

export function faultyDisk(fault: Fault): FileSystem {
  const guard =
    <A extends unknown[], R>(change: string, call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      fault(change, String(args[0]));
      return call(...args);
    };
  const open = async (path: string, flags?: string | number, mode?: number): Promise<FileHandle> => {
    // Also what is added to a file: its bytes may be half there.
    const writing =
      flags === 'wx' || (typeof flags === 'number' && (flags & nodeFs.constants.O_APPEND) !== 0);
    if (writing) fault('open', path);
    const handle = await realFileSystem.open(path, flags, mode);
    const { writeFile, datasync, sync } = handle;
    handle.writeFile = async (data, ...rest) => {
      let half: 'half' | undefined;
      try {
        half = fault('write', path);
      } catch (error) {
        const bytes = Buffer.from(data as Buffer);
        await writeFile.call(handle, bytes.subarray(0, bytes.length >> 1));
        throw error;
      }
      if (half) return;
      await writeFile.call(handle, data, ...rest);
    };
    handle.datasync = async () => {
      fault('datasync', path);
      await datasync.call(handle);
    };
    handle.sync = async () => {
      fault('sync', path);
      await sync.call(handle);
    };
    return handle;
  };
  // Only the forms that the store uses; FileSystem has all overloads of node:fs/promises.
  return {
    ...realFileSystem,
    open,
    rename: guard('rename', realFileSystem.rename),
    mkdir: guard('mkdir', realFileSystem.mkdir),
    unlink: guard('unlink', realFileSystem.unlink),
    chmod: guard('chmod', realFileSystem.chmod),
    rm: guard('rm', realFileSystem.rm),
  } as FileSystem;
}

/** The same for the calls that wait, of a thread's work done in place. */
export function faultyCalls(fault: Fault): typeof nodeFs {
  const paths = new Map<number, string>();
  const openSync: typeof nodeFs.openSync = (path, flags, mode) => {
    if (flags === 'wx' || flags === 'wx+') fault('open', String(path));
    const fd = nodeFs.openSync(path, flags, mode);
    paths.set(fd, String(path));
    return fd;
  };
  const writeSync = (fd: number, ...rest: unknown[]): number => {
    fault('write', paths.get(fd) ?? '');
    return (nodeFs.writeSync as (...args: unknown[]) => number)(fd, ...rest);
  };
  const renameSync: typeof nodeFs.renameSync = (from, to) => {
    fault('rename', String(from));
    nodeFs.renameSync(from, to);
  };
  return { ...nodeFs, openSync, writeSync, renameSync } as typeof nodeFs;
}

export function systemError(errno: string): Error {
  return Object.assign(new Error(errno), { code: errno });
}

/** A disk on which the n-th change and everything after it does not happen, as if the power was gone. */
export function dyingDisk(changes: number): FileSystem & { readonly died: () => boolean } {
  let left = changes;
  const fs = faultyDisk(() => {
    if (left-- > 0) return undefined;
    throw systemError('EIO');
  });
  return { ...fs, died: () => left < 0 };
}
