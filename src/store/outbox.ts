// Messages on their way out, one account's: outbox.json and its copy, in order, and each message's bytes beside. What
// was promised is on the disk before anybody hears of it. Sends nothing.
import { join } from 'node:path';
import { TmailError } from '../util/errors.ts';
import { isLeftTemporary, writeFileDurably } from '../util/fsync.ts';
import { MESSAGE_BYTES } from '../util/limits.ts';
import { type Disk, together } from './disk.ts';
import { GroupCommit } from './group-commit.ts';
import { FILE_VERSION, openJson, type ReportDamage, writeJson } from './json.ts';
import { isOutboxFile, type OutboxFile } from './outbox-shape.ts';
import type { OutboxRecord, OutboxStore } from './types.ts';

export interface OutboxOptions {
  readonly disk: Disk;
  /** Absolute: the account's directory. */
  readonly dir: string;
  readonly now: () => number;
  readonly damaged: ReportDamage;
  readonly trouble: (error: TmailError) => void;
}

/** Nothing waits: every change is awaited. What failed is tried again after a while. */
const RETRY_MS = 2000;

export class Outbox implements OutboxStore {
  readonly #options: OutboxOptions;
  readonly #commit: GroupCommit;
  #records: readonly OutboxRecord[];

  private constructor(options: OutboxOptions, records: readonly OutboxRecord[]) {
    this.#options = options;
    this.#records = records;
    this.#commit = new GroupCommit(() => this.#write(), RETRY_MS, options.trouble);
  }

  /** For an owner: what was under way when the last one ended is `unknown` from now on, and orphans go. */
  static async open(options: OutboxOptions): Promise<Outbox> {
    const opened = await Promise.all(paths(options.dir).map(path => openFile(options, path)));
    const good = opened.find(({ found }) => found === 'good');
    const records = good?.low.data.items ?? [];
    const outbox = new Outbox(options, records);
    if (!options.disk.writable) return outbox;
    outbox.#records = records.map(record =>
      record.state === 'sending' ? { ...record, state: 'unknown' as const } : record,
    );
    const both = opened.every(({ found }) => found === (good ? 'good' : 'absent'));
    if (!both || records.some(({ state }) => state === 'sending')) await outbox.#commit.request(true);
    // A list that was lost may name them: its messages are kept, for a person to look at.
    const lost = opened.some(({ found }) => found === 'damaged') && !good;
    if (!lost) await outbox.#sweep();
    return outbox;
  }

  records(): readonly OutboxRecord[] {
    return this.#records;
  }

  async add(record: OutboxRecord, bytes: Buffer): Promise<void> {
    const { disk } = this.#options;
    disk.assertWritable();
    await disk.makeDirectory(this.#folder);
    const path = this.#path(record.id);
    await disk.limited(path, () => writeFileDurably(path, bytes, { fs: disk.fs }));
    try {
      await this.#change(records => [...records, record]);
    } catch (error) {
      // What can't be removed now is swept at the next start.
      await disk.remove(path).catch(() => undefined);
      throw error;
    }
  }

  put(record: OutboxRecord): Promise<void> {
    return this.#change(records => records.map(each => (each.id === record.id ? record : each)));
  }

  async remove(id: string): Promise<void> {
    await this.#change(records => records.filter(each => each.id !== id));
    await this.#options.disk.remove(this.#path(id)).catch(() => undefined);
  }

  async bytes(id: string): Promise<Buffer> {
    const bytes = await this.#options.disk.read(this.#path(id), MESSAGE_BYTES);
    if (Buffer.isBuffer(bytes)) return bytes;
    throw new TmailError('storage', 'outbox.message-lost', {
      retry: 'never',
      facts: { id, reason: bytes ?? 'missing' },
    });
  }

  /** For a reader: what the owner has made of it since. */
  async reload(): Promise<void> {
    const opened = await Promise.all(paths(this.#options.dir).map(path => openFile(this.#options, path)));
    this.#records = opened.find(({ found }) => found === 'good')?.low.data.items ?? [];
  }

  flush(): Promise<void> {
    return this.#commit.flush();
  }

  stop(): void {
    this.#commit.stop();
  }

  get #folder(): string {
    return join(this.#options.dir, 'outbox');
  }

  #path(id: string): string {
    if (!/^[a-z0-9]{16}$/.test(id)) throw new TmailError('config', 'id.malformed', { facts: { id } });
    return join(this.#folder, `${id}.eml`);
  }

  /** Seen only when it is durable; what can't be made durable is taken back. */
  async #change(change: (records: readonly OutboxRecord[]) => readonly OutboxRecord[]): Promise<void> {
    this.#options.disk.assertWritable();
    const before = this.#records;
    const after = change(before);
    this.#records = after;
    try {
      await this.#commit.request(true);
    } catch (error) {
      this.#records = undone(this.#records, before, after);
      throw error;
    }
  }

  async #write(): Promise<void> {
    const { disk, dir } = this.#options;
    const file: OutboxFile = { v: FILE_VERSION, items: [...this.#records] };
    await together(paths(dir).map(path => writeJson(disk, path, file, false)));
    await disk.syncDirectory(dir);
  }

  async #sweep(): Promise<void> {
    const { disk } = this.#options;
    const named = new Set(this.#records.map(({ id }) => `${id}.eml`));
    for (const name of await disk.list(this.#folder)) {
      const orphan = isLeftTemporary(name) || (/^[a-z0-9]{16}\.eml$/.test(name) && !named.has(name));
      if (orphan) await disk.remove(join(this.#folder, name));
    }
  }
}

const paths = (dir: string): string[] => [join(dir, 'outbox.json'), join(dir, 'outbox.copy.json')];

function openFile({ disk, now, damaged }: OutboxOptions, path: string) {
  const fallback = (): OutboxFile => ({ v: FILE_VERSION, items: [] });
  return openJson<OutboxFile>({ disk, path, check: isOutboxFile, fallback, damaged, now });
}

/** Takes back what `after` did to `before`, whatever else happened since. */
function undone(
  now: readonly OutboxRecord[],
  before: readonly OutboxRecord[],
  after: readonly OutboxRecord[],
): readonly OutboxRecord[] {
  const old = new Map(before.map(record => [record.id, record]));
  const kept = now.flatMap(record => {
    const was = old.get(record.id);
    if (was === record || !after.includes(record)) return [record];
    return was ? [was] : [];
  });
  const gone = before.filter(({ id }) => !after.some(each => each.id === id));
  return [...gone, ...kept.filter(({ id }) => !gone.some(each => each.id === id))].sort(
    (a, b) => a.at - b.at,
  );
}
