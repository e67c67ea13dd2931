// A disk in memory that can lose its power: what was not synced is there in part, or not at all, and names that were
// not synced are there or not, each by itself. One flat world of files; only what the store's durable files need.
import { constants } from 'node:fs';
import { basename } from 'node:path';
import type { FileSystem } from '../../src/util/fsync.ts';
import { systemError } from './faulty-disk.ts';

interface Inode {
  /** As programs see it. */
  bytes: Buffer;
  /** As it is after a power cut; null: nobody asked for it to be there. */
  durable: Buffer | null;
}

/** Called before each change; throws to prevent it. A write that is prevented leaves half of its bytes. */
export type Fault = (change: string, name: string) => void;

export class PowerCutDisk {
  fault: Fault = () => undefined;
  #names: Map<string, Inode>;
  #durable: Map<string, Inode>;
  /** Changes of names since the directory was synced. */
  #loose: { name: string; inode: Inode | null }[] = [];

  constructor(files: ReadonlyMap<string, Buffer> = new Map()) {
    const inodes = [...files].map(([name, bytes]) => [name, { bytes, durable: bytes }] as const);
    this.#names = new Map(inodes);
    this.#durable = new Map(inodes);
  }

  get files(): ReadonlyMap<string, Buffer> {
    return new Map([...this.#names].map(([name, { bytes }]) => [name, bytes]));
  }

  /** What the next start finds. */
  cut(chance: () => number): Map<string, Buffer> {
    const names = new Map(this.#durable);
    for (const { name, inode } of this.#loose) {
      if (chance() < 0.5) continue;
      if (inode) names.set(name, inode);
      else names.delete(name);
    }
    return new Map([...names].map(([name, inode]) => [name, afterCut(inode, chance)]));
  }

  readonly fs = {
    open: async (path: string, flags: string | number = 'r') => this.#open(path, flags),
    rename: async (from: string, to: string) => {
      this.fault('rename', basename(to));
      const inode = this.#names.get(basename(from));
      if (!inode) throw systemError('ENOENT');
      this.#name(basename(to), inode);
      this.#name(basename(from), null);
    },
    unlink: async (path: string) => {
      if (!this.#names.has(basename(path))) throw systemError('ENOENT');
      this.fault('unlink', basename(path));
      this.#name(basename(path), null);
    },
    lstat: async (path: string) => {
      if (!this.#names.has(basename(path))) throw systemError('ENOENT');
      return { isFile: () => true, mtimeMs: 0 };
    },
    // Only what these files' code calls.
  } as unknown as FileSystem;

  #name(name: string, inode: Inode | null): void {
    if (inode) this.#names.set(name, inode);
    else this.#names.delete(name);
    this.#loose.push({ name, inode });
  }

  #open(path: string, flags: string | number) {
    const name = basename(path);
    const mode =
      typeof flags === 'number' ? flags : flags === 'wx' ? constants.O_CREAT | constants.O_EXCL : 0;
    const known = this.#names.get(name);
    if (name === DIRECTORY) return this.#directory();
    if (!known && (mode & constants.O_CREAT) === 0) throw systemError('ENOENT');
    if (known && (mode & constants.O_EXCL) !== 0) throw systemError('EEXIST');
    if (!known) this.fault('create', name);
    const inode = known ?? { bytes: Buffer.alloc(0), durable: null };
    if (!known) this.#name(name, inode);
    const sync = async () => {
      this.fault('sync', name);
      inode.durable = inode.bytes;
    };
    return {
      stat: async () => ({ isFile: () => true, size: inode.bytes.length, mode: 0o600 }),
      readFile: async () => inode.bytes,
      writeFile: async (data: string) => {
        const bytes = Buffer.from(data);
        try {
          this.fault('write', name);
        } catch (error) {
          inode.bytes = Buffer.concat([inode.bytes, bytes.subarray(0, bytes.length >> 1)]);
          throw error;
        }
        inode.bytes = Buffer.concat([inode.bytes, bytes]);
      },
      datasync: sync,
      sync,
      chmod: async () => undefined,
      close: async () => undefined,
    };
  }

  #directory() {
    return {
      sync: async () => {
        this.fault('sync', DIRECTORY);
        this.#durable = new Map(this.#names);
        this.#loose = [];
      },
      close: async () => undefined,
    };
  }
}

/** The one directory of such a disk. */
export const DIRECTORY = 'account';

/** Of what was added since the last sync some is there, or zeros are. */
function afterCut({ bytes, durable }: Inode, chance: () => number): Buffer {
  const kept = durable ?? Buffer.alloc(0);
  if (kept.length === bytes.length) return kept;
  const loose = Buffer.from(bytes.subarray(kept.length));
  const dice = chance();
  if (dice < 0.3) return kept;
  if (dice < 0.6) loose.fill(0, Math.floor(chance() * loose.length));
  return Buffer.concat([kept, dice < 0.8 ? loose : loose.subarray(0, Math.floor(chance() * loose.length))]);
}
