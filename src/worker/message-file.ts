// A message file that is being read: its parts, and the bytes of a part. Reads only; follows no symlinks.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createScanner, type MimePart, type Scan } from '../mail/mime-scan.ts';
import { TmailError } from '../util/errors.ts';

const CHUNK = 256 * 1024;

export interface MessageFile {
  readonly scan: Scan;
  /** The encoded body of a part, at most `limit` bytes of it. */
  read(part: MimePart, limit: number): Promise<Buffer>;
  /** The encoded body in chunks. */
  chunks(part: MimePart): AsyncGenerator<Buffer>;
  close(): Promise<void>;
}

/** @throws TmailError `raw.missing` when there is no such file, or it is no regular file. */
export async function openMessage(path: string): Promise<MessageFile> {
  const handle = await openFile(path);
  try {
    const scan = await scanFile(handle);
    return {
      scan,
      async read(part, limit) {
        const length = Math.min(part.end - part.bodyAt, limit);
        const bytes = Buffer.alloc(length);
        const { bytesRead } = await handle.read(bytes, 0, length, part.bodyAt);
        return bytes.subarray(0, bytesRead);
      },
      async *chunks(part) {
        for (let at = part.bodyAt; at < part.end; ) {
          const bytes = Buffer.alloc(Math.min(CHUNK, part.end - at));
          const { bytesRead } = await handle.read(bytes, 0, bytes.length, at);
          if (bytesRead === 0) return;
          at += bytesRead;
          yield bytes.subarray(0, bytesRead);
        }
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (cause) {
    throw new TmailError('storage', 'raw.missing', { facts: { path }, cause });
  }
  throw new TmailError('storage', 'raw.missing', { facts: { path } });
}

async function scanFile(handle: FileHandle): Promise<Scan> {
  const scanner = createScanner();
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK, null);
    if (bytesRead === 0) return scanner.end();
    scanner.push(buffer.subarray(0, bytesRead));
  }
}
