// What is being written: a folder a draft, with its text as JSON and copies of what goes along beside it. Knows nothing
// of how a message is made of it.
import { join } from 'node:path';
import type { Draft, DraftId } from '../mail/compose/types.ts';
import { asTmailError, TmailError } from '../util/errors.ts';
import { isLeftTemporary } from '../util/fsync.ts';
import { randomId } from '../util/ids.ts';
import { type Disk, storageError } from './disk.ts';
import { type DraftFile, isDraftFile } from './draft-shape.ts';
import { FILE_VERSION, openJson, type ReportDamage, SET_ASIDE, writeJson } from './json.ts';
import { writeTemporary } from './raw-file.ts';
import type { DraftStore } from './types.ts';

const FILE = 'draft.json';
const ID = /^[a-z0-9]{16}$/;
const COPY = /^[a-z0-9]{1,64}$/;

export interface DraftsOptions {
  readonly disk: Disk;
  /** Absolute: `<data>/drafts`. */
  readonly dir: string;
  readonly now: () => number;
  readonly damaged: ReportDamage;
  readonly trouble: (error: TmailError) => void;
}

/** The writes of one draft, one after the other. */
interface Writing {
  latest: Draft | null;
  tail: Promise<void>;
}

export class Drafts implements DraftStore {
  readonly #options: DraftsOptions;
  readonly #writing = new Map<DraftId, Writing>();
  /** Removed in this run: a save that comes late does not bring one back. */
  readonly #removed = new Set<DraftId>();

  constructor(options: DraftsOptions) {
    this.#options = options;
  }

  async list(): Promise<{ draft: Draft; savedAt: number }[]> {
    const found: DraftFile[] = [];
    for (const id of await this.#ids()) {
      const file = await this.#read(id);
      if (file) found.push(file);
    }
    return found
      .map(({ draft, savedAt }) => ({ draft, savedAt }))
      .sort((a, b) => a.draft.created - b.draft.created || (a.draft.id < b.draft.id ? -1 : 1));
  }

  async load(id: DraftId): Promise<Draft | null> {
    return (await this.#read(checked(id, ID)))?.draft ?? null;
  }

  save(draft: Draft): Promise<void> {
    if (this.#removed.has(draft.id)) return Promise.resolve();
    const writing = this.#of(checked(draft.id, ID));
    writing.latest = draft;
    return this.#next(writing, async () => {
      const { latest } = writing;
      // A save that came later was written by the one before.
      if (!latest || this.#removed.has(draft.id)) return;
      writing.latest = null;
      try {
        const dir = await this.#makeDirectory(draft.id);
        const file: DraftFile = { v: FILE_VERSION, savedAt: this.#options.now(), draft: latest };
        await writeJson(this.#options.disk, join(dir, FILE), file, true);
      } catch (error) {
        writing.latest ??= latest;
        throw error;
      }
    });
  }

  async attach(id: DraftId, bytes: Buffer | AsyncIterable<Buffer>): Promise<{ file: string; size: number }> {
    const { disk } = this.#options;
    disk.assertWritable();
    const dir = await this.#makeDirectory(checked(id, ID));
    const file = randomId();
    const path = join(dir, file);
    const written = await writeTemporary(disk, path, bytes);
    try {
      await written.handle.datasync();
    } catch (error) {
      await disk.fs.unlink(written.temporary).catch(() => undefined);
      throw storageError(error, path);
    } finally {
      await written.handle.close().catch(() => undefined);
    }
    await disk.rename(written.temporary, path);
    await disk.syncDirectory(dir);
    return { file, size: written.size };
  }

  path(id: DraftId, file: string): string {
    return join(this.#options.dir, checked(id, ID), checked(file, COPY));
  }

  async remove(id: DraftId): Promise<void> {
    const dir = join(this.#options.dir, checked(id, ID));
    this.#removed.add(id);
    const { disk } = this.#options;
    await this.#next(this.#of(id), async () => {
      if (!(await disk.exists(dir))) return;
      // Its text first: what is left after a crash is then an orphan, and not a draft without its attachments.
      await disk.remove(join(dir, FILE));
      await disk.syncDirectory(dir);
      await disk.removeTree(dir);
      await disk.syncDirectory(this.#options.dir);
    });
    this.#writing.delete(id);
  }

  /** What a crash left: half-written files, attachments of no draft. For an owner, before anybody writes. */
  async sweep(): Promise<number> {
    const { disk } = this.#options;
    let removed = 0;
    for (const id of await this.#ids()) {
      const dir = join(this.#options.dir, id);
      const names = await disk.list(dir);
      // What is damaged, or a newer tmail's, is nobody's to clear away.
      if (names.some(name => SET_ASIDE.test(name))) continue;
      const file = names.includes(FILE) ? await this.#read(id) : null;
      if (!names.includes(FILE)) {
        await disk.removeTree(dir);
        removed++;
        continue;
      }
      if (!file) continue;
      const { attachments, resend } = file.draft;
      const named = new Set([...attachments.map(each => each.file), resend?.file]);
      for (const name of names) {
        const orphan = isLeftTemporary(name) || (COPY.test(name) && !named.has(name));
        if (!orphan) continue;
        await disk.remove(join(dir, name));
        removed++;
      }
    }
    return removed;
  }

  async flush(): Promise<void> {
    for (const { tail } of [...this.#writing.values()]) await tail;
  }

  async #ids(): Promise<DraftId[]> {
    return (await this.#options.disk.list(this.#options.dir)).filter(name => ID.test(name));
  }

  async #read(id: DraftId): Promise<DraftFile | null> {
    const { disk, dir, now, damaged, trouble } = this.#options;
    try {
      const { low, found } = await openJson<DraftFile | null>({
        disk,
        path: join(dir, id, FILE),
        check: (value): value is DraftFile | null => isDraftFile(value) && value.draft.id === id,
        fallback: () => null,
        damaged,
        now,
      });
      return found === 'good' ? low.data : null;
    } catch (thrown) {
      trouble(asTmailError(thrown));
      return null;
    }
  }

  async #makeDirectory(id: DraftId): Promise<string> {
    const dir = join(this.#options.dir, id);
    await this.#options.disk.makeDirectory(dir);
    return dir;
  }

  #of(id: DraftId): Writing {
    const known = this.#writing.get(id) ?? { latest: null, tail: Promise.resolve() };
    this.#writing.set(id, known);
    return known;
  }

  #next(writing: Writing, work: () => Promise<void>): Promise<void> {
    const done = writing.tail.then(work);
    writing.tail = done.catch(() => undefined);
    return done;
  }
}

function checked(name: string, shape: RegExp): string {
  if (shape.test(name)) return name;
  throw new TmailError('config', 'id.malformed', { facts: { id: name } });
}
