// What an account remembers of exports and imports: `export.json`, when its mail was last exported and verified, and
// `import.json`, that an import has begun and not ended. Touches no mail.
import { join } from 'node:path';
import type { Disk } from './disk.ts';
import { type Check, FILE_VERSION, openJson, type ReportDamage } from './json.ts';
import type { ExportNote } from './types.ts';

interface ExportFile extends ExportNote {
  readonly v: number;
}

interface ImportFile {
  readonly v: number;
  /** Message files from this number on may be of the import that did not end; 0: none is under way. */
  readonly first: number;
}

const object = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isExportFile: Check<ExportFile> = (value): value is ExportFile =>
  object(value) &&
  value.v === FILE_VERSION &&
  Number.isFinite(value.at) &&
  Number.isSafeInteger(value.messages) &&
  typeof value.format === 'string' &&
  typeof value.to === 'string';

export const isImportFile: Check<ImportFile> = (value): value is ImportFile =>
  object(value) && value.v === FILE_VERSION && Number.isSafeInteger(value.first);

export interface ExportNotesOptions {
  readonly disk: Disk;
  /** Absolute: the account's directory. */
  readonly dir: string;
  readonly now: () => number;
  readonly damaged: ReportDamage;
}

export class ExportNotes {
  readonly #options: ExportNotesOptions;

  constructor(options: ExportNotesOptions) {
    this.#options = options;
  }

  /** Null: never, as far as is known. */
  async last(): Promise<ExportNote | null> {
    const { low } = await this.#exported();
    if (low.data === null) return null;
    const { at, messages, format, to, all } = low.data;
    return { at, messages, format, to, ...(all === true ? { all } : {}) };
  }

  /** Durable when it resolves. */
  async note(note: ExportNote): Promise<void> {
    this.#options.disk.assertWritable();
    const { low } = await this.#exported();
    low.data = { v: FILE_VERSION, ...note };
    await low.write();
  }

  /** Durable: returns the first message file of the oldest import that has not ended; `first` where there is none. */
  async importBegins(first: number): Promise<number> {
    this.#options.disk.assertWritable();
    const { low } = await this.#importing();
    if (low.data.first > 0) return low.data.first;
    low.data = { v: FILE_VERSION, first };
    await low.write();
    return first;
  }

  async importEnded(): Promise<void> {
    const { low } = await this.#importing();
    low.data = { v: FILE_VERSION, first: 0 };
    await low.write();
  }

  #exported() {
    const { dir, ...options } = this.#options;
    const fallback = (): ExportFile | null => null;
    const check = (value: unknown): value is ExportFile | null => isExportFile(value);
    return openJson({ ...options, path: join(dir, 'export.json'), check, fallback });
  }

  #importing() {
    const { dir, ...options } = this.#options;
    const fallback = (): ImportFile => ({ v: FILE_VERSION, first: 0 });
    return openJson({ ...options, path: join(dir, 'import.json'), check: isImportFile, fallback });
  }
}
