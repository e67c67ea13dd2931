// The files of one folder's directory: reading them into memory's shapes and writing them durably. Decides nothing.
import { join } from 'node:path';
import { isLeftTemporary } from '../util/fsync.ts';
import type { Disk } from './disk.ts';
import { EnvelopeShard, emptyEnvelopes } from './envelopes.ts';
import { type Check, type OpenedJson, openJson, type ReportDamage, writeJson } from './json.ts';
import {
  type EnvelopeFile,
  type IndexFile,
  isEnvelopeFile,
  isIndexFile,
  isStateFile,
  type StateFile,
} from './shapes.ts';
import { emptyState } from './state.ts';

export interface FolderFilesOptions {
  readonly disk: Disk;
  /** Absolute. */
  readonly dir: string;
  readonly now: () => number;
  readonly damaged: ReportDamage;
}

export class FolderFiles {
  readonly #options: FolderFilesOptions;
  #made = false;

  constructor(options: FolderFilesOptions) {
    this.#options = options;
  }

  index(fallback: () => IndexFile): Promise<OpenedJson<IndexFile>> {
    return this.#open('index.json', isIndexFile, fallback);
  }

  async state(shard: number): Promise<{ file: StateFile; found: OpenedJson<unknown>['found'] }> {
    const { low, found } = await this.#open(`${shardName(shard)}.state.json`, isStateFile, emptyState);
    return { file: low.data, found };
  }

  async envelopes(shard: number): Promise<{ shard: EnvelopeShard; found: OpenedJson<unknown>['found'] }> {
    const { low, found } = await this.#open(`${shardName(shard)}.json`, isEnvelopeFile, emptyEnvelopes);
    return { shard: new EnvelopeShard(low.data), found };
  }

  /** Durable but for the directory, see `sync`. */
  async writeEnvelopes(shard: number, columns: EnvelopeFile): Promise<void> {
    await this.#write(`${shardName(shard)}.json`, columns);
  }

  async writeState(shard: number, file: StateFile): Promise<void> {
    await this.#write(`${shardName(shard)}.state.json`, file);
  }

  async writeIndex(file: IndexFile): Promise<void> {
    // The first file of a folder.
    if (!this.#made) await this.#options.disk.makeDirectory(this.#options.dir);
    this.#made = true;
    await this.#write('index.json', file);
  }

  /** Makes the names of what was written durable. */
  async sync(): Promise<void> {
    await this.#options.disk.syncDirectory(this.#options.dir);
  }

  async removeShard(shard: number): Promise<void> {
    const { disk, dir } = this.#options;
    await disk.remove(join(dir, `${shardName(shard)}.state.json`));
    await disk.remove(join(dir, `${shardName(shard)}.json`));
  }

  /** The whole directory, also what was set aside in it. */
  async removeAll(): Promise<void> {
    await this.#options.disk.removeTree(this.#options.dir);
  }

  /** Which shards have files; what a crash left half written is removed on the way. */
  async shards(): Promise<{ states: number[]; envelopes: number[] }> {
    const { disk, dir } = this.#options;
    const found: { states: number[]; envelopes: number[] } = { states: [], envelopes: [] };
    for (const name of await disk.list(dir)) {
      const match = /^(\d{6,})(\.state)?\.json$/.exec(name);
      if (match) (match[2] ? found.states : found.envelopes).push(Number(match[1]));
      else if (isLeftTemporary(name) && disk.writable) await disk.remove(join(dir, name));
    }
    return found;
  }

  #open<T>(name: string, check: Check<T>, fallback: () => T): Promise<OpenedJson<T>> {
    const { disk, dir, now, damaged } = this.#options;
    return openJson({ disk, path: join(dir, name), check, fallback, damaged, now, directory: false });
  }

  async #write<T>(name: string, data: T): Promise<void> {
    await writeJson(this.#options.disk, join(this.#options.dir, name), data, false);
  }
}

export const shardName = (shard: number): string => String(shard).padStart(6, '0');
