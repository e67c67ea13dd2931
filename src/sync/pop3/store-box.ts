// The box of a check, on the store: which message file and which row belong to a message of the server. Writes only
// through the store; a message keeps its id in whatever folder it is moved to.
import { envelopeOf } from '../../mail/headers.ts';
import type { FolderId, LocalUid, RawRef } from '../../mail/types.ts';
import type { AccountStore, FolderStore } from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';
import type { Box, NewArrival, Written } from './box.ts';
import { type Fingerprint, type Fingerprinting, startFingerprint } from './known.ts';

/** A message up to this size is collected before it is written. */
const SMALL = 256 * 1024;

interface Place {
  readonly folder: FolderStore;
  readonly uid: LocalUid;
}

interface StoreWritten extends Written {
  readonly place: Place;
  readonly raw: Promise<RawRef>;
}

/** Opens all folders of the account: a message may have been moved to any of them. */
export async function openStoreBox(store: AccountStore, inbox: FolderId): Promise<Box> {
  // What a crash left becomes messages by itself; fetched at the same time, it would be here twice.
  await store.recovered?.();
  const folders: FolderStore[] = [];
  for (const record of store.folders()) {
    const folder = await store.folder(record.id);
    await folder.loadAll();
    folders.push(folder);
  }
  const target = await store.folder(inbox);

  function find(id: string): Place | undefined {
    for (const folder of folders) {
      const uid = folder.byUidl(id);
      if (uid !== undefined) return { folder, uid };
    }
    return undefined;
  }

  const box: Box<StoreWritten> = {
    async ids() {
      const found = new Map<string, boolean>();
      for (const folder of folders) {
        for (const id of folder.uidlNames?.() ?? []) {
          // Without a file it is a row that can't be opened: the server has the mail, not we.
          const uid = folder.byUidl(id);
          const raw = uid === undefined ? null : folder.raw(uid);
          if (raw) found.set(id, !raw.partial);
        }
      }
      return found;
    },

    async write(id, bytes, partial) {
      const place = find(id) ?? { folder: target, uid: target.reserve(1) };
      const hashing = startFingerprint();
      const { folder, uid } = place;
      const owner = { folder: folder.record.id, uid, remote: { t: 'pop3' as const, uidl: id }, partial };
      const { small, rest, end } = await takeSmall(bytes, hashing);
      const raw = store.raw.write(small ?? rest, owner);
      raw.catch(() => undefined); // seen through `durable`, or just below
      // A small one is in memory: the disk takes many of those at a time. The store answers once the file is
      // durable, which is long after the line could go on.
      if (!small) await Promise.race([end, raw]);
      return { place, raw, fingerprint: hashing.end(), durable: raw.then(() => undefined) };
    },

    flush: () => store.raw.flush(),

    async add(arrivals) {
      const all = await Promise.all(arrivals.map(async one => ({ one, raw: await one.written.raw })));
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
          remote: { t: 'pop3' as const, uidl: one.id },
          flags: [],
          envelope: envelopeOf(one.written.fingerprint.header, { size: one.size, arrival: one.at }),
          raw,
        }));
        // What a placeholder becomes keeps its flags and its place.
        const fresh = put.filter((_, n) => some[n]?.one.replaces !== true);
        const completed = put.filter((_, n) => some[n]?.one.replaces === true);
        await folder.apply({ put: fresh, raw: completed.map(({ uid, raw }) => ({ uid, raw })) }, 'now');
      }
      for (const { raw } of twice) await store.raw.remove(raw);
    },

    drop: async written => store.raw.remove(await written.raw),

    async remove(id) {
      const place = find(id);
      if (place) await place.folder.apply({ remove: [place.uid] }, 'now');
    },

    async reread(id) {
      const place = find(id);
      const raw = place?.folder.raw(place.uid);
      if (!raw || raw.partial) return null;
      return await printOf(store, raw);
    },
  };
  // Its own kind of Written comes back to it: the check only hands it on.
  return box as unknown as Box & { add(arrivals: readonly NewArrival[]): Promise<void> };
}

/** A message up to SMALL bytes, or a stream of all its bytes; hashed as they pass. */
async function takeSmall(bytes: AsyncIterable<Buffer>, hashing: Fingerprinting) {
  const source = bytes[Symbol.asyncIterator]();
  const pieces: Buffer[] = [];
  let length = 0;
  let done = false;
  while (!done && length <= SMALL) {
    const next = await source.next();
    if (next.done) done = true;
    else {
      hashing.add(next.value);
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
      hashing.add(next.value);
      yield next.value;
    }
    ended();
  }
  return { small: done ? Buffer.concat(pieces, length) : null, rest: stream(), end };
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
