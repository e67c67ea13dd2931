// `settings.json`: how a person likes to look at mail, as the screen remembers it. No mail is in it and none depends on
// it: damaged, it is set aside and begun anew.
import { isSort } from '../mail/sort.ts';
import type { TmailError } from '../util/errors.ts';
import type { Disk } from './disk.ts';
import { GroupCommit } from './group-commit.ts';
import { type Check, FILE_VERSION, openJson, type ReportDamage } from './json.ts';
import type { Settings, SettingsShape } from './types.ts';

export const NO_SETTINGS: SettingsShape = { lists: {}, muted: {}, layout: {} };

interface SettingsFile extends SettingsShape {
  readonly v: number;
}

const object = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isList = (value: unknown): boolean =>
  object(value) &&
  (value.sort === undefined || isSort(value.sort)) &&
  (value.threads === undefined || typeof value.threads === 'boolean');

const isStrings = (value: unknown): boolean =>
  Array.isArray(value) && value.every(one => typeof one === 'string');

const isQuotaSaid = (value: unknown): boolean =>
  object(value) &&
  typeof value.full === 'boolean' &&
  Array.isArray(value.levels) &&
  value.levels.every(pair => Array.isArray(pair) && typeof pair[0] === 'string' && Number.isInteger(pair[1]));

const isSettingsFile: Check<SettingsFile> = (value): value is SettingsFile =>
  object(value) &&
  value.v === FILE_VERSION &&
  object(value.lists) &&
  Object.values(value.lists).every(isList) &&
  object(value.muted) &&
  Object.values(value.muted).every(isStrings) &&
  object(value.layout) &&
  Object.values(value.layout).every(name => typeof name === 'string') &&
  (value.quota === undefined || (object(value.quota) && Object.values(value.quota).every(isQuotaSaid)));

export interface SettingsOptions {
  readonly disk: Disk;
  /** Absolute. */
  readonly path: string;
  readonly now: () => number;
  readonly damaged: ReportDamage;
  /** Changes are written together after so many milliseconds. */
  readonly groupMs: number;
  readonly trouble: (error: TmailError) => void;
}

export interface StoredSettings extends Settings {
  /** Resolves when all changes are durable; rejects with the storage error that prevented it. */
  flush(): Promise<void>;
}

/** A reader's changes are its own and are never written. */
export async function openSettings(options: SettingsOptions): Promise<StoredSettings> {
  const { disk, path, now, damaged } = options;
  const fallback = (): SettingsFile => ({ v: FILE_VERSION, ...NO_SETTINGS });
  const { low } = await openJson({ disk, path, check: isSettingsFile, fallback, damaged, now });
  let dirty = false;
  const write = async () => {
    dirty = false;
    try {
      await low.write();
    } catch (thrown) {
      dirty = true;
      throw thrown;
    }
  };
  const commit = new GroupCommit(write, options.groupMs, options.trouble);
  return {
    get: () => low.data,
    change(step) {
      const next = step(low.data);
      if (next === low.data) return;
      low.data = { ...low.data, ...next };
      dirty = true;
      if (disk.writable) commit.request(false).catch(() => undefined);
    },
    async flush() {
      if (disk.writable && dirty) await commit.request(true);
      else await commit.flush();
    },
  };
}
