// The box of a check, on the store: which message file and which row belong to a message of the server. Writes only
// through the store; a message keeps its id in whatever folder it is moved to.
import { envelopeOf } from '../../mail/headers.ts';
import { createScanner } from '../../mail/mime-scan.ts';
import { countAttachments } from '../../mail/structure.ts';
import type { FolderId, LocalUid, RawRef } from '../../mail/types.ts';
import type { AccountStore, FolderStore } from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';
import type { Box, NewArrival, Written } from './box.ts';
import { type Fingerprint, startFingerprint } from './known.ts';
import type { Room, Rooms } from './rooms.ts';

/** A message up to this size is collected before it is written. */
const SMALL = 256 * 1024;

interface Place {
  readonly room: Room;
  readonly folder: FolderStore;
  readonly uid: LocalUid;
}

interface StoreWritten extends Written {
  /** Null where only the head came. */
  readonly attachments: number | null;
  readonly place: Place;
  readonly raw: Promise<RawRef>;
}

/**
 * Looks into all folders, also those that come while a check runs: a message may have been moved to any of them.
 * `arrived` is told of messages that were never here before.
 */
export async function openStoreBox(
  rooms: Rooms,
  inbox: FolderId,
  arrived?: (folder: FolderId, uids: readonly LocalUid[]) => void,
): Promise<Box> {
  // What a crash left becomes messages by itself; fetched at the same time, it would be here twice.
  for (const { store } of rooms.all) await store.recovered?.();
  const folders = new Map<FolderId, { readonly room: Room; readonly folder: FolderStore }>();
  async function look(): Promise<void> {
    for (const room of rooms.all) {
      for (const { id } of room.store.folders()) {
        if (folders.has(id)) continue;
        const folder = await room.store.folder(id);
        await folder.loadAll();
        folders.set(id, { room, folder });
      }
    }
  }
  await look();
  const { target } = rooms;
  const arrivals = await target.store.folder(inbox);

  function find(id: string): Place | undefined {
    for (const { room, folder } of folders.values()) {
      const uid = folder.byUidl(room.nameOf(id));
      if (uid !== undefined) return { room, folder, uid };
    }
    return undefined;
  }

  const box: Box<StoreWritten> = {
    async ids() {
      const found = new Map<string, boolean>();
      await look();
      for (const { room, folder } of folders.values()) {
        for (const name of folder.uidlNames?.() ?? []) {
          const id = room.idOf(name);
          // Without a file it is a row that can't be opened: the server has the mail, not we.
          const uid = id === null ? undefined : folder.byUidl(name);
          const raw = uid === undefined ? null : folder.raw(uid);
          if (id !== null && raw) found.set(id, !raw.partial);
        }
      }
      return found;
    },

    async write(id, bytes, partial) {
      await look();
      const place = find(id) ?? { room: target, folder: arrivals, uid: arrivals.reserve(1) };
      const hashing = startFingerprint();
      const scanner = createScanner();
      const { room, folder, uid } = place;
      const remote = { t: 'pop3' as const, uidl: room.nameOf(id) };
      const owner = { folder: folder.record.id, uid, remote, partial };
      const seen = (piece: Buffer) => {
        hashing.add(piece);
        if (!partial) scanner.push(piece);
      };
      const { small, rest, end } = await takeSmall(bytes, seen);
      const raw = room.store.raw.write(small ?? rest, owner);
      raw.catch(() => undefined); // seen through `durable`, or just below
      // A small one is in memory: the disk takes many of those at a time. The store answers once the file is
      // durable, which is long after the line could go on.
      if (!small) await Promise.race([end, raw]);
      const attachments = partial ? null : countAttachments(scanner.end().root);
      return { place, raw, attachments, fingerprint: hashing.end(), durable: raw.then(() => undefined) };
    },

    flush: async () => {
      await Promise.all(rooms.all.map(({ store }) => store.raw.flush()));
    },

    async add(some) {
      await look();
      const all = await Promise.all(some.map(async one => ({ one, raw: await one.written.raw })));
      // The store may have made a message of a file that a crash left without one, meanwhile.
      const isThere = ({ one }: (typeof all)[number]) => {
        const now = find(one.id);
        return (
          now !== undefined && (now.folder !== one.written.place.folder || now.uid !== one.written.place.uid)
        );
      };
      const twice = all.filter(isThere);
      const rows = all.filter(row => !twice.includes(row));
      const changed = new Map<FolderStore, typeof rows>();
      for (const row of rows) {
        const { folder } = row.one.written.place;
        changed.set(folder, [...(changed.get(folder) ?? []), row]);
      }
      for (const [folder, some] of changed) {
        const put = some.map(({ one, raw }) => ({
          uid: one.written.place.uid,
          remote: { t: 'pop3' as const, uidl: one.written.place.room.nameOf(one.id) },
          flags: [],
          envelope: envelopeOf(one.written.fingerprint.header, {
            size: one.size,
            arrival: one.at,
            attachments: one.written.attachments,
          }),
          raw,
        }));
        // What a placeholder becomes keeps its flags and its place.
        const fresh = put.filter((_, n) => some[n]?.one.replaces !== true);
        const completed = put.filter((_, n) => some[n]?.one.replaces === true);
        await folder.apply({ put: fresh, raw: completed.map(({ uid, raw }) => ({ uid, raw })) }, 'now');
        if (fresh.length > 0)
          arrived?.(
            folder.record.id,
            fresh.map(({ uid }) => uid),
          );
      }
      for (const { one, raw } of twice) await one.written.place.room.store.raw.remove(raw);
    },

    drop: async written => written.place.room.store.raw.remove(await written.raw),

    async remove(id) {
      await look();
      const place = find(id);
      if (place) await place.folder.apply({ remove: [place.uid] }, 'now');
    },

    async reread(id) {
      await look();
      const place = find(id);
      const raw = place?.folder.raw(place.uid);
      if (!place || !raw || raw.partial) return null;
      return await printOf(place.room.store, raw);
    },
  };
  // Its own kind of Written comes back to it: the check only hands it on.
  return box as unknown as Box & { add(arrivals: readonly NewArrival[]): Promise<void> };
}

/** A message up to SMALL bytes, or a stream of all its bytes; `seen` is shown each piece as it passes. */
async function takeSmall(bytes: AsyncIterable<Buffer>, seen: (piece: Buffer) => void) {
  const source = bytes[Symbol.asyncIterator]();
  const pieces: Buffer[] = [];
  let length = 0;
  let done = false;
  while (!done && length <= SMALL) {
    const next = await source.next();
    if (next.done) done = true;
    else {
      seen(next.value);
      pieces.push(next.value);
      length += next.value.length;
    }
  }
  let ended: () => void = () => undefined;
  const end = new Promise<void>(resolve => {
    ended = resolve;
  });
  async function* stream() {
    yield* pieces;
    for (let next = await source.next(); !next.done; next = await source.next()) {
      seen(next.value);
      yield next.value;
    }
    ended();
  }
  const [only] = pieces;
  const small = pieces.length === 1 && only ? only : Buffer.concat(pieces, length);
  return { small: done ? small : null, rest: stream(), end };
}

async function printOf(store: AccountStore, raw: RawRef): Promise<Fingerprint | null> {
  try {
    const hashing = startFingerprint();
    hashing.add(await store.raw.read(raw));
    return hashing.end();
  } catch (error) {
    if (error instanceof TmailError && /^raw\.(?:missing|damaged)$/.test(error.code)) return null;
    throw error;
  }
}
