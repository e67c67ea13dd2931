// A folder as one mbox file. It grows beside its name and takes it when all of it was read back; one that is there is
// copied with its messages and gets those that are new behind them.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fromLine, mailboxLines, quoteFrom } from '../mail/mbox.ts';
import { TmailError } from '../util/errors.ts';
import { temporaryName } from '../util/fsync.ts';
import type { FolderJob } from './export.ts';
import { type Checked, isFailure } from './file-work.ts';
import { sourceError } from './files.ts';
import { readMbox } from './mbox-file.ts';
import { type Item, itemsOf } from './messages.ts';
import { makeParent, onTarget, outside, removeLeft } from './target.ts';

/** Small pieces are written together. */
const WRITE = 1024 * 1024;
/** A message up to this size is read whole, with others. */
const SMALL = 256 * 1024;
const TOGETHER = 200;
const TOGETHER_BYTES = 4 * 1024 * 1024;

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

export async function exportMbox(job: FolderJob): Promise<void> {
  const { disk, path } = job;
  await makeParent(disk, path);
  await removeLeft(disk, dirname(path));
  const before = await hashesIn(job, path, true);
  const left = new Map<string, number>();
  for (const hash of before ?? []) left.set(hash, (left.get(hash) ?? 0) + 1);
  const there: Item[] = [];
  const missing = async function* (): AsyncGenerator<Wanted> {
    for await (const item of itemsOf(job.folder, job.absent, job.skip)) {
      const checked = await job.raw.checksum(item.ref);
      const copies = checked ? (left.get(checked.sha256) ?? 0) : 0;
      if (checked && copies > 0) {
        left.set(checked.sha256, copies - 1);
        there.push(item);
      } else yield { item, checked };
    }
  };
  const added: { readonly item: Item; readonly sha256: string; readonly size: number }[] = [];
  const file = growing(job);
  try {
    if (before === null) await file.open();
    for await (const wanted of withBytes(job, missing())) {
      job.signal.throwIfAborted();
      const written = await file.append(wanted);
      if (written) added.push({ item: wanted.item, ...written });
      job.working(there.length + added.length);
    }
    await file.finish([...(before ?? []), ...added.map(one => one.sha256)]);
  } finally {
    await file.close();
  }
  for (const item of there) job.count(item, 'there', 0);
  for (const { item, size } of added) job.count(item, 'written', size);
}

interface Wanted {
  readonly item: Item;
  /** What was written when it came; null: nobody knows any more. */
  readonly checked: Checked | null;
}

interface Read extends Wanted {
  /** Null: to be read in pieces. An error: why it can't be read. */
  readonly bytes: Buffer | TmailError | null;
}

/** Small messages are read together, the next ones while these are written. */
async function* withBytes(job: FolderJob, wanted: AsyncGenerator<Wanted>): AsyncGenerator<Read> {
  let last: Promise<Read[]> = Promise.resolve([]);
  let items: Wanted[] = [];
  let bytes = 0;
  for await (const one of wanted) {
    const size = one.checked?.size ?? Number.POSITIVE_INFINITY;
    const large = size > SMALL;
    if (!large) {
      items.push(one);
      bytes += size;
    }
    if (items.length >= TOGETHER || bytes >= TOGETHER_BYTES || large) {
      const before = last;
      last = readAll(job, items);
      last.catch(() => undefined);
      items = [];
      bytes = 0;
      yield* await before;
    }
    if (!large) continue;
    yield* await last;
    last = Promise.resolve([]);
    yield { ...one, bytes: null };
  }
  yield* await last;
  yield* await readAll(job, items);
}

async function readAll({ files, raw }: FolderJob, wanted: readonly Wanted[]): Promise<Read[]> {
  if (wanted.length === 0) return [];
  const paths = wanted.map(({ item }) => raw.path(item.ref));
  const found = await files.read(paths, SMALL);
  return wanted.map((one, n) => {
    const file = found[n];
    const path = paths[n] ?? '';
    const damaged = (reason: string) => new TmailError('storage', 'raw.damaged', { facts: { path, reason } });
    if (!file || isFailure(file)) return { ...one, bytes: file ? sourceError(file, path) : damaged('size') };
    if (file.size !== one.checked?.size || !file.bytes) return { ...one, bytes: damaged('size') };
    return { ...one, bytes: hashOf(file.bytes) === one.checked.sha256 ? file.bytes : damaged('sha256') };
  });
}

const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** The new file; nothing is there until something is to be written. */
function growing(job: FolderJob) {
  const { disk, path } = job;
  const temporary = temporaryName(path);
  let handle: FileHandle | null = null;
  let at = 0;
  let pieces: Buffer[] = [];
  let waiting = 0;
  const flush = async () => {
    if (!handle || waiting === 0) return;
    const bytes = Buffer.concat(pieces, waiting);
    pieces = [];
    waiting = 0;
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at);
      done += bytesWritten;
      at += bytesWritten;
    }
  };
  const write = async (bytes: Buffer) => {
    pieces.push(bytes);
    waiting += bytes.length;
    if (waiting >= WRITE) await flush();
  };
  const open = () =>
    onTarget(path, async () => {
      handle = await disk.fs.open(temporary, 'wx', 0o600);
      const old = await openPlain(job, path);
      if (!old) return;
      try {
        const buffer = Buffer.allocUnsafe(WRITE);
        for (;;) {
          const { bytesRead } = await old.read(buffer, 0, WRITE, null);
          if (bytesRead === 0) break;
          await write(buffer.subarray(0, bytesRead));
          await flush(); // before the buffer is filled again
        }
      } finally {
        await old.close();
      }
    });
  const before = (item: Item, whole: boolean) =>
    Buffer.from(fromLine(item.sender, item.arrival) + mailboxLines(item.flags, whole, item.uidl));
  const after = (whole: boolean) => Buffer.from(whole ? '\n' : '\n\n');
  const appendSmall = async ({ item, checked, bytes }: Read) => {
    if (!Buffer.isBuffer(bytes)) {
      if (!job.lost(item, bytes)) throw bytes;
      return null;
    }
    const whole = bytes.at(-1) === 10;
    await onTarget(path, async () => {
      await write(before(item, whole));
      for await (const chunk of quoteFrom(one(bytes))) await write(chunk);
      await write(after(whole));
    });
    return { sha256: checked?.sha256 ?? hashOf(bytes), size: bytes.length };
  };
  /** What a large message turns out to be shows at its end: then the file is cut back to where it began. */
  const appendLarge = async (item: Item) => {
    await onTarget(path, flush);
    const begin = at;
    const hash = createHash('sha256');
    let size = 0;
    async function* counted() {
      for await (const chunk of job.raw.stream(item.ref)) {
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    }
    const source = outside(counted());
    try {
      await onTarget(path, async () => {
        const whole = await endsWithFeed(job, item);
        await write(before(item, whole));
        for await (const chunk of quoteFrom(source.bytes)) await write(chunk);
        await write(after(whole));
      });
      return { sha256: hash.digest('hex'), size };
    } catch (thrown) {
      const error = source.failed() ?? thrown;
      if (!job.lost(item, error)) throw error;
      pieces = [];
      waiting = 0;
      at = begin;
      await onTarget(path, async () => void (await handle?.truncate(begin)));
      return null;
    }
  };
  return {
    open,
    /** Null: the message can't be read; nothing of it is in the file. */
    async append(read: Read): Promise<{ sha256: string; size: number } | null> {
      if (!handle) await open();
      return read.bytes === null ? appendLarge(read.item) : appendSmall(read);
    },
    /** Durable, read back, and under its name. */
    async finish(expected: readonly string[]): Promise<void> {
      if (!handle) return;
      const opened: FileHandle = handle;
      await onTarget(path, async () => {
        await flush();
        await opened.sync();
      });
      const found = await hashesIn(job, temporary, false);
      const same = found?.length === expected.length && found.every((hash, n) => hash === expected[n]);
      if (!same) throw new TmailError('storage', 'export.verify', { facts: { path } });
      await onTarget(path, async () => {
        await disk.rename(temporary, path);
        await disk.syncDirectory(dirname(path));
      });
    },
    /** What did not get its name goes. */
    async close(): Promise<void> {
      if (!handle) return;
      await handle.close().catch(() => undefined);
      await disk.remove(temporary).catch(() => undefined);
    },
  };
}

async function openPlain({ disk }: FolderJob, path: string): Promise<FileHandle | null> {
  if (!(await disk.exists(path))) return null;
  const handle = await disk.fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new TmailError('config', 'export.exists', { facts: { path } });
}

/** Checksums of the messages in an mbox; null: there is no such file. `ours`: refuses one of somebody else. */
async function hashesIn(job: FolderJob, path: string, ours: boolean): Promise<string[] | null> {
  const handle = await onTarget(path, () => openPlain(job, path));
  if (!handle) return null;
  const refuse = () => new TmailError('config', 'export.exists', { facts: { path } });
  try {
    const hashes: string[] = [];
    const { size } = await handle.stat();
    for await (const message of readMbox(handle, size)) {
      job.signal.throwIfAborted();
      if (ours && !message.ours) throw refuse();
      const hash = createHash('sha256');
      for await (const chunk of message.bytes()) hash.update(chunk);
      hashes.push(hash.digest('hex'));
    }
    return hashes;
  } catch (error) {
    if (error instanceof TmailError && error.code === 'import.not-mbox') throw refuse();
    throw error;
  } finally {
    await handle.close();
  }
}

async function endsWithFeed({ disk, raw }: FolderJob, { ref }: Item): Promise<boolean> {
  const path = raw.path(ref);
  const size = await disk.size(path);
  // Missing: whoever reads it says so.
  if (size === null || size === 0) return false;
  const handle = await disk.fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const last = Buffer.alloc(1);
    await handle.read(last, 0, 1, size - 1);
    return last[0] === 10;
  } finally {
    await handle.close();
  }
}
