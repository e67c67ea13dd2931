// The messages of one mbox file, one Maildir or one directory of .eml files, in the order in which they are to be
// numbered. Small ones are read together, the next while these are taken.
import { envelopeOf } from '../mail/headers.ts';
import {
  lettersFlags,
  nameTime,
  ownName,
  readKeywordLines,
  readUidlLines,
  splitName,
} from '../mail/maildir.ts';
import { TmailError } from '../util/errors.ts';
import { MESSAGE_BYTES } from '../util/limits.ts';
import { UIDLS, UIDLS_BYTES } from './export-files.ts';
import { type Failure, isFailure } from './file-work.ts';
import type { Files, FoundFile } from './files.ts';
import { type MboxFile, type MboxPlace, mboxFile } from './mbox-file.ts';
import { namesIn, openPlain, type Passed, type Path, refuse, SLASH, textOf, under } from './source-paths.ts';

export interface FoundMessage {
  /** For a person: the file, and in an mbox the message's number. Hostile text. */
  readonly name: string;
  readonly size: number;
  /** As on the wire. */
  readonly flags: readonly string[];
  /** Milliseconds since 1970; 0: not known. */
  readonly arrival: number;
  /** The name under which the POP3 server of the exported account knows it. */
  readonly uidl?: string | null;
  /** All of it, where it was read already. */
  readonly whole?: Buffer;
  /** Repeatable until the next message is asked for. */
  bytes(): AsyncIterable<Buffer>;
}

export async function* mboxMessages(path: Path, passed: Passed, ours: boolean): AsyncGenerator<FoundMessage> {
  const file = await openPlain(path, passed);
  if (!file) return;
  const name = path.toString('utf8');
  try {
    const mbox = mboxFile(file.handle, file.size);
    const places = ours || (await isInOrder(mbox)) ? mbox.places() : await byArrival(mbox);
    for await (const place of places) {
      const { n, size, flags, arrival, uidl, bytes } = await mbox.message(place);
      yield { name: `${name}: message ${n}`, size, flags, arrival, uidl, bytes };
    }
  } catch (error) {
    if (error instanceof TmailError && error.code === 'import.not-mbox') {
      throw new TmailError('rejected', error.code, { facts: { path: name } });
    }
    throw error;
  } finally {
    await file.handle.close();
  }
}

/** As most are: then no list of it is needed. */
async function isInOrder(mbox: MboxFile): Promise<boolean> {
  let last = 0;
  for await (const { arrival } of mbox.places()) {
    if (arrival < last) return false;
    last = arrival;
  }
  return true;
}

async function byArrival(mbox: MboxFile): Promise<MboxPlace[]> {
  const places: MboxPlace[] = [];
  for await (const place of mbox.places()) places.push(place);
  return places.sort((a, b) => a.arrival - b.arrival || a.n - b.n);
}

interface Reading {
  readonly passed: Passed;
  readonly files: Files;
}

/** A message file before it is read. */
interface Listed {
  readonly path: Path;
  /** Characters are bytes. */
  readonly name: string;
  readonly size: number;
  readonly arrival: number;
}

export async function* maildirMessages(
  reading: Reading,
  dir: Path,
  hasNew: boolean,
  ours: boolean,
): AsyncGenerator<FoundMessage> {
  const parts = hasNew ? ['cur', 'new'] : ['cur'];
  const paths: Path[] = [];
  for (const part of parts) {
    const within = under(dir, Buffer.from(part));
    for (const name of await namesIn(within, reading.passed)) {
      // Programs keep files of their own there; messages never begin with a dot.
      if (name[0] !== 46) paths.push(under(within, name));
    }
  }
  const listed = await listedOf(reading, paths, 0, (name, { modified }) => {
    const told = nameTime(name);
    // What copies or fetches mail makes one of the two later than it was, never earlier.
    return told === null || Math.floor(modified / 1000) * 1000 === told ? modified : Math.min(told, modified);
  });
  yield* messagesOf(reading, ordered(listed, ours), await tablesIn(dir, ours));
}

/** @param names null: `dir` is the file itself */
export async function* emlMessages(
  reading: Reading,
  dir: Path,
  names: readonly Buffer[] | null,
  ours: boolean,
): AsyncGenerator<FoundMessage> {
  const paths = names === null ? [dir] : names.map(name => under(dir, name));
  const listed = await listedOf(reading, paths, ours ? 0 : HEAD, (_, { head, modified, size }) => {
    // The time of a file that a program saved is when it was saved.
    const { date } = ours ? { date: 0 } : envelopeOf(head, { size, arrival: 0 });
    return date > 0 && date < modified ? date : modified;
  });
  const tables = names === null ? NO_TABLES : await tablesIn(dir, ours);
  yield* messagesOf(reading, ordered(listed, ours), tables);
}

/** What is looked at of a file for its date. */
const HEAD = 16 * 1024;
/** Files looked at together. */
const LISTED = 500;

async function listedOf(
  { passed, files }: Reading,
  paths: readonly Path[],
  head: number,
  arrival: (name: string, file: FoundFile) => number,
): Promise<Listed[]> {
  const listed: Listed[] = [];
  for (let at = 0; at < paths.length; at += LISTED) {
    const some = paths.slice(at, at + LISTED);
    const found = await files.read(some, -1, head);
    for (const [n, path] of some.entries()) {
      const file = found[n];
      if (!file || isFailure(file)) refuse(passed, path, file?.reason ?? file?.errno ?? 'unknown');
      else {
        const name = path.subarray(path.lastIndexOf(SLASH) + 1).toString('latin1');
        listed.push({ path, name, size: file.size, arrival: arrival(name, file) });
      }
    }
  }
  return listed;
}

/** Our own by their numbers, which are the list's order; others by arrival. */
function ordered(listed: Listed[], ours: boolean): Listed[] {
  const number = ({ name }: Listed) => (ours ? (ownName(splitName(name).base)?.uid ?? 0) : 0);
  const keyed = listed.map(file => ({ file, number: number(file) }));
  keyed.sort(
    (a, b) => a.number - b.number || a.file.arrival - b.file.arrival || (a.file.name < b.file.name ? -1 : 1),
  );
  return keyed.map(({ file }) => file);
}

/** A message up to this size is read whole, with others. */
const SMALL = 256 * 1024;
const TOGETHER = 200;
const TOGETHER_BYTES = 4 * 1024 * 1024;

/** Small ones are read together, the next while these are taken. */
async function* messagesOf(
  reading: Reading,
  listed: readonly Listed[],
  tables: Tables,
): AsyncGenerator<FoundMessage> {
  const read = (some: readonly Listed[]) =>
    reading.files.read(
      some.map(({ path }) => path),
      SMALL,
    );
  const groups = groupsOf(listed);
  let next = groups[0] && read(groups[0]);
  for (const [n, group] of groups.entries()) {
    const found = (await next) ?? [];
    const after = groups[n + 1];
    next = after && read(after);
    next?.catch(() => undefined); // said when it is its turn
    for (const [i, file] of group.entries()) {
      yield* oneMessage(reading, file, found[i], tables);
    }
  }
}

function groupsOf(listed: readonly Listed[]): Listed[][] {
  const groups: Listed[][] = [];
  let bytes = 0;
  for (const file of listed) {
    const size = file.size <= SMALL ? file.size : 0;
    const last = groups.at(-1);
    bytes += size;
    if (last && last.length < TOGETHER && bytes <= TOGETHER_BYTES) last.push(file);
    else {
      groups.push([file]);
      bytes = size;
    }
  }
  return groups;
}

async function* oneMessage(
  { passed }: Reading,
  { path, name, arrival }: Listed,
  found: FoundFile | Failure | undefined,
  { keywords, uidls }: Tables,
): AsyncGenerator<FoundMessage> {
  if (!found || isFailure(found)) {
    refuse(passed, path, found?.reason ?? found?.errno ?? 'unknown');
    return;
  }
  const { base, letters } = splitName(name);
  const own = uidls.size > 0 ? ownName(base) : null;
  const message = {
    name: path.toString('utf8'),
    flags: lettersFlags(letters, keywords),
    arrival,
    uidl: own ? (uidls.get(`${own.uid} ${own.hash}`) ?? null) : null,
  };
  const whole = found.bytes;
  if (whole) {
    yield { ...message, size: whole.length, whole, bytes: () => pieces([whole]) };
    return;
  }
  const file = await openPlain(path, passed);
  if (!file) return;
  const { handle, size } = file;
  async function* bytes() {
    // At most what the file had: one that grows has no end.
    const most = Math.min(size, MESSAGE_BYTES + 1);
    for (let at = 0; at < most; ) {
      const wanted = Math.min(1024 * 1024, most - at);
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
  try {
    yield { ...message, size, bytes };
  } finally {
    await handle.close();
  }
}

async function* pieces(all: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* all;
}

/** What stands beside the message files. */
interface Tables {
  readonly keywords: readonly string[];
  /** Of our own exports, by `NUMBER HASH`. */
  readonly uidls: ReadonlyMap<string, string>;
}

const NO_TABLES: Tables = { keywords: [], uidls: new Map() };

async function tablesIn(dir: Path, ours: boolean): Promise<Tables> {
  const keywords = readKeywordLines(
    (await textOf(under(dir, Buffer.from('dovecot-keywords')), 64 * 1024)) ?? '',
  );
  const names = ours ? await textOf(under(dir, Buffer.from(UIDLS)), UIDLS_BYTES) : null;
  return { keywords, uidls: names === null ? NO_TABLES.uidls : readUidlLines(names) };
}
