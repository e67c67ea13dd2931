// Every JSON file of the store: a lowdb Low behind this one durable adapter. What does not parse or has the wrong
// shape is damage, never an empty start; setting it aside is here, rebuilding it is the caller's.
import { type Adapter, Low } from 'lowdb';
import { TmailError } from '../util/errors.ts';
import type { Disk } from './disk.ts';

/** No file of ours comes near this (15 KB an envelope at worst); beyond it nothing is read into memory. */
export const JSON_FILE_BYTES = 96 * 1024 * 1024;

/** The version that each file carries; a file with a greater one was written by a newer tmail. */
export const FILE_VERSION = 1;

export type Check<T> = (value: unknown) => value is T;

/** lowdb keeps old data for an absent file and resets for `null`; so `null` here means absent and only that. */
class DurableJson<T> implements Adapter<T> {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #check: Check<T>;
  /** Whether a write also makes a new name durable; false where the caller syncs the directory once for many. */
  readonly #directory: boolean;

  readonly #version: number;
  readonly #limit: number;

  constructor(
    disk: Disk,
    path: string,
    check: Check<T>,
    directory: boolean,
    version = FILE_VERSION,
    limit = JSON_FILE_BYTES,
  ) {
    this.#version = version;
    this.#limit = limit;
    this.#disk = disk;
    this.#path = path;
    this.#check = check;
    this.#directory = directory;
  }

  async read(): Promise<T | null> {
    const bytes = await this.#disk.read(this.#path, this.#limit);
    if (bytes === null) return null;
    if (typeof bytes === 'string') throw new Damage(bytes);
    if (bytes.length === 0) throw new Damage('empty');
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString('utf8'));
    } catch {
      throw new Damage(bytes.every(byte => byte === 0) ? 'zeros' : 'syntax');
    }
    assertVersion(value, this.#path, this.#version);
    if (!this.#check(value)) throw new Damage('shape');
    return value;
  }

  async write(data: T): Promise<void> {
    await this.#disk.write(this.#path, `${JSON.stringify(data)}\n`, { directory: this.#directory });
  }
}

/** Why a file is no good; stays inside this file. */
class Damage extends Error {}

function assertVersion(value: unknown, path: string, supported: number): void {
  if (typeof value !== 'object' || value === null || !('v' in value)) return;
  if (typeof value.v === 'number' && value.v > supported) {
    throw new TmailError('storage', 'store.version', {
      retry: 'never',
      facts: { found: value.v, supported, path },
    });
  }
}

export interface OpenedJson<T> {
  readonly low: Low<T>;
  /** `damaged`: was set aside (owner) and `low` holds the fallback, as for `absent`. */
  readonly found: 'good' | 'absent' | 'damaged';
}

/** Where damage is told: a `trouble` event and a line in the log. */
export type ReportDamage = (file: string, kept: string | null, reason: string) => void;

export interface JsonOptions<T> {
  readonly disk: Disk;
  readonly path: string;
  readonly check: Check<T>;
  readonly fallback: () => T;
  readonly damaged: ReportDamage;
  readonly now: () => number;
  /** The newest version of this file that can be read; FILE_VERSION unless said. */
  readonly version?: number;
  /** Bytes beyond which it is damage; JSON_FILE_BYTES unless said. */
  readonly limit?: number;
  /** See DurableJson; true unless the caller syncs the directory. */
  readonly directory?: boolean;
}

/**
 * Opens a file. A damaged one is renamed to `FILE.damaged-TIME`, kept and reported.
 * @throws TmailError `store.version` for a file of a newer tmail, `disk.*` when reading fails.
 */
export async function openJson<T>(options: JsonOptions<T>): Promise<OpenedJson<T>> {
  const { disk, path, check, directory = true, version, limit } = options;
  const adapter = new DurableJson<T>(disk, path, check, directory, version, limit);
  try {
    const data = await adapter.read();
    return { low: new Low(adapter, data ?? options.fallback()), found: data === null ? 'absent' : 'good' };
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    const kept = disk.writable ? await setAside(disk, path, options.now()) : null;
    options.damaged(path, kept, error.message);
    return { low: new Low(adapter, options.fallback()), found: 'damaged' };
  }
}

/** Replaces a file whose old content does not matter. Durable; `directory`: the name too. */
export async function writeJson<T>(disk: Disk, path: string, data: T, directory: boolean): Promise<void> {
  const anything: Check<T> = (value): value is T => value !== undefined;
  await new Low(new DurableJson<T>(disk, path, anything, directory), data).write();
}

/** What `setAside` makes of a name. */
export const SET_ASIDE = /\.damaged-\d+(-\d+)?$/;

/** Under a name that nothing else has; returns it. */
export async function setAside(disk: Disk, path: string, now: number): Promise<string> {
  let kept = `${path}.damaged-${now}`;
  for (let i = 1; await disk.exists(kept); i++) kept = `${path}.damaged-${now}-${i}`;
  await disk.rename(path, kept);
  return kept;
}
