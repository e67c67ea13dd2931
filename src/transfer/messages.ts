// The messages of a folder in the order of their numbers, with what an export needs of each, and a count of those that
// are not here in full. Reads; keeps a page in memory.

import type { LocalUid, RawRef } from '../mail/types.ts';
import { flagNames } from '../store/flags.ts';
import type { FolderRecord, FolderStore } from '../store/types.ts';

/** Envelopes looked at together. */
const PAGE = 400;

export interface Item {
  readonly uid: LocalUid;
  readonly ref: RawRef;
  /** As on the wire. */
  readonly flags: readonly string[];
  /** Milliseconds since 1970. */
  readonly arrival: number;
  /** The first From address, or ''. */
  readonly sender: string;
  /** The name under which the message is known from a POP3 server; null: from none. */
  readonly uidl: string | null;
}

export interface Absent {
  /** No file: the body was never fetched. */
  notHere: number;
  /** Only header or text is here. */
  partial: number;
}

/** The numbers of all messages, oldest first; the folder's states have to be loaded. */
export function* uidsOf(folder: FolderStore): Generator<LocalUid> {
  // Positions count from the newest.
  for (let position = folder.length - 1; position >= 0; position--) {
    const uid = folder.uidAt(position);
    if (uid !== undefined) yield uid;
  }
}

/** Oldest first. What `skip` says is passed over without being counted. */
export async function* itemsOf(
  folder: FolderStore,
  absent: Absent,
  skip: (uid: LocalUid) => boolean,
): AsyncGenerator<Item> {
  await folder.loadAll();
  // First of all, since a folder may grow meanwhile.
  const uids = [...uidsOf(folder)].filter(uid => !skip(uid));
  for (let at = 0; at < uids.length; at += PAGE) {
    const page = uids.slice(at, at + PAGE);
    const positions = page.map(uid => folder.positionOf(uid)).filter(position => position >= 0);
    if (positions.length === 0) continue;
    await folder.ensure(Math.min(...positions), Math.max(...positions));
    for (const uid of page) {
      const flags = folder.flags(uid);
      if (flags === undefined) continue;
      const ref = folder.raw(uid) ?? null;
      if (ref === null) absent.notHere++;
      else if (ref.partial) absent.partial++;
      else {
        const envelope = await envelopeOf(folder, uid);
        const remote = folder.remote(uid);
        yield {
          uid,
          ref,
          flags: flagNames(flags, folder.keywords),
          arrival: envelope?.arrival ?? 0,
          sender: envelope?.from[0]?.address ?? '',
          uidl: remote?.t === 'pop3' ? remote.uidl : null,
        };
      }
    }
  }
}

/** Undefined where damage took it: the message itself is exported all the same. */
async function envelopeOf(folder: FolderStore, uid: LocalUid) {
  const held = folder.envelope(uid);
  if (held) return held;
  const position = folder.positionOf(uid);
  if (position >= 0) await folder.ensure(position, position);
  return folder.envelope(uid);
}

/** A folder's path in levels. */
export function levelsOf({ path, delimiter }: FolderRecord): string[] {
  const levels = delimiter === '' ? [path] : path.split(delimiter).filter(level => level !== '');
  return levels.length === 0 ? [path] : levels;
}
