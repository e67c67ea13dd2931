// What a check needs of the place where mail is kept. Two steps, each durable before the next begins: the bytes, then
// the entry that makes them a message. Implemented on the store; knows no protocol.
import type { Fingerprint } from './known.ts';

/** Bytes that are on their way to the disk. */
export interface Written {
  readonly fingerprint: Fingerprint;
  /** Durable: file, name and directory. Rejects with the storage error. */
  readonly durable: Promise<void>;
}

export interface NewArrival<W extends Written = Written> {
  /** The remote id that the message keeps for ever. */
  readonly id: string;
  readonly written: W;
  /** Bytes on the server; what is here may be only the head. */
  readonly size: number;
  readonly partial: boolean;
  /** A placeholder that this message completes. */
  readonly replaces: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface Box<W extends Written = Written> {
  /** Messages of this account's server that are here, in whatever folder, by id; true when whole. */
  ids(): Promise<ReadonlyMap<string, boolean>>;
  /** Takes all bytes; resolves when they were read, which is before they are durable. */
  write(id: string, bytes: AsyncIterable<Buffer>, partial: boolean): Promise<W>;
  /** Everything written so far becomes durable now. */
  flush(): Promise<void>;
  /** Makes messages of what was written; durable when it resolves, shown at once. All or none after a crash. */
  add(arrivals: readonly NewArrival<W>[]): Promise<void>;
  /** What was written is not wanted after all. */
  drop(written: W): Promise<void>;
  /** Takes a message away again, with its file. Durable when it resolves. */
  remove(id: string): Promise<void>;
  /** Reads the copy here again, from the disk; null when it is missing, partial or damaged. */
  reread(id: string): Promise<Fingerprint | null>;
}
