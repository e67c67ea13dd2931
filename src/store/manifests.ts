// The manifest of each directory of message files: checksums, and whose message each file is, so that an index can
// be rebuilt from files alone. Reads no message.
import { join } from 'node:path';
import type { Low } from 'lowdb';
import type { Disk } from './disk.ts';
import { FILE_VERSION, openJson, type ReportDamage } from './json.ts';
import { isManifestFile, type ManifestEntry, type ManifestFile } from './shapes.ts';

/** Message files in one directory. */
export const DIRECTORY_FILES = 1000;
/** Manifests kept in memory: ~300 KB each. */
const MANIFESTS_IN_MEMORY = 4;

export const directoryOf = (n: number): number => Math.floor(n / DIRECTORY_FILES);
export const directoryName = (directory: number): string => String(directory).padStart(3, '0');
export const fileName = (n: number, partial: boolean): string =>
  `${String(n).padStart(6, '0')}${partial ? '.text' : ''}.eml`;

/** The number and kind in a name that `fileName` made. */
export function parseFileName(name: string): { n: number; partial: boolean } | null {
  const match = /^(\d{6,12})(\.text)?\.eml$/.exec(name);
  return match ? { n: Number(match[1]), partial: match[2] !== undefined } : null;
}

export interface ManifestsOptions {
  readonly disk: Disk;
  /** Absolute: `<account>/raw`. */
  readonly dir: string;
  readonly now: () => number;
  readonly damaged: ReportDamage;
  /** The entries of a directory whose manifest is missing or damaged. */
  readonly rebuild: (directory: number) => Promise<ManifestFile['files']>;
}

export class Manifests {
  readonly #options: ManifestsOptions;
  readonly #held = new Map<number, Promise<Low<ManifestFile>>>();

  constructor(options: ManifestsOptions) {
    this.#options = options;
  }

  path(directory: number): string {
    return join(this.#options.dir, directoryName(directory));
  }

  /** Entries by file number; from memory for the few that were used last. */
  async files(directory: number): Promise<ManifestFile['files']> {
    return (await this.#low(directory)).data.files;
  }

  async entry(n: number): Promise<ManifestEntry | undefined> {
    return (await this.files(directoryOf(n)))[n];
  }

  /** Makes a directory's entries durable, and with them every new name in the directory. */
  async write(directory: number): Promise<void> {
    await (await this.#low(directory)).write();
  }

  /** Numbers of the directories, ascending. */
  async directories(): Promise<number[]> {
    const names = await this.#options.disk.list(this.#options.dir);
    return names
      .filter(name => /^\d{3,9}$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  }

  #low(directory: number): Promise<Low<ManifestFile>> {
    const held = this.#held.get(directory) ?? this.#open(directory);
    this.#held.delete(directory);
    this.#held.set(directory, held);
    held.catch(() => this.#held.delete(directory));
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= MANIFESTS_IN_MEMORY) break;
      this.#held.delete(oldest);
    }
    return held;
  }

  async #open(directory: number): Promise<Low<ManifestFile>> {
    const { disk, now, damaged, rebuild } = this.#options;
    const { low, found } = await openJson({
      disk,
      path: join(this.path(directory), 'manifest.json'),
      check: isManifestFile,
      fallback: () => ({ v: FILE_VERSION, files: {} }),
      damaged,
      now,
    });
    if (found === 'good') return low;
    low.data.files = await rebuild(directory);
    if (disk.writable && Object.keys(low.data.files).length > 0) await low.write();
    return low;
  }
}
