// Gmail shows one message in many folders: where the file of one is here already, in whatever folder of the account, it
// becomes the file of the others too. Finds and links; fetches nothing.
import { splitFolderId } from '../../mail/ids.ts';
import type { Envelope, FolderId, LocalUid, RawRef } from '../../mail/types.ts';
import type { AccountStore, FolderStore } from '../../store/types.ts';
import { nextTurn } from '../../util/turn.ts';

/** Rows between two looks at the keys. */
const SPELL = 500;
const FOLDER = 2 ** 32;

interface Indexed {
  readonly folder: FolderStore;
  /** The newest that was looked at. */
  high: LocalUid;
  /** Its first pull was over then: below that nothing comes any more. */
  whole: boolean;
}

/** Of one account, for one run of the program: what is kept of each message is a number or two. */
export class Twins {
  readonly #store: AccountStore;
  readonly #folders = new Map<number, Indexed>();
  /** By a hash of Message-ID and size: the folder's number × 2³² + the message's. */
  readonly #places = new Map<number, number | Set<number>>();

  constructor(store: AccountStore) {
    this.#store = store;
  }

  /** Gives files to these messages of the folder where others have them; returns those that have one now. Durable. */
  async share(folder: FolderStore, uids: readonly LocalUid[]): Promise<ReadonlySet<LocalUid>> {
    const { copyAll } = this.#store.raw;
    if (!copyAll) return new Set();
    await this.#look();
    const found: { uid: LocalUid; raw: RawRef }[] = [];
    for (const uid of uids) {
      const raw = await this.#fileOf(folder, uid);
      if (raw) found.push({ uid, raw });
    }
    if (found.length === 0) return new Set();
    const { id } = folder.record;
    const copies = found.map(({ uid, raw }) => ({
      raw,
      owner: { folder: id, uid, remote: folder.remote(uid) ?? null },
    }));
    const made = await this.#store.raw.copyAll?.(copies);
    const raw = found.flatMap(({ uid }, n) => {
      const file = made?.[n];
      return file ? [{ uid, raw: file }] : [];
    });
    if (raw.length > 0) await folder.apply({ raw });
    return new Set(raw.map(({ uid }) => uid));
  }

  /** The file of the same message elsewhere. */
  async #fileOf(folder: FolderStore, uid: LocalUid): Promise<RawRef | null> {
    const mine = await envelopeOf(folder, uid);
    if (!mine || mine.messageId === '') return null;
    const places = this.#places.get(hashOf(mine));
    for (const place of typeof places === 'number' ? [places] : (places ?? [])) {
      const other = this.#folders.get(Math.floor(place / FOLDER))?.folder;
      const there = place % FOLDER;
      if (!other || other === folder) continue;
      const raw = other.raw(there);
      if (!raw || raw.partial) continue;
      const its = await envelopeOf(other, there);
      if (its && sameMessage(mine, its)) return raw;
    }
    return null;
  }

  async #look(): Promise<void> {
    for (const { id, remote, selectable } of this.#store.folders()) {
      if (!remote || !selectable) continue;
      const number = splitFolderId(id).folder;
      const known = this.#folders.get(number) ?? (await this.#open(id, number));
      const top = known.folder.uidAt(0) ?? 0;
      if (known.whole && top <= known.high) continue;
      const whole = known.folder.sync.filledDownTo === 1;
      let looked = 0;
      for await (const { uid, envelope } of known.folder.scan()) {
        if (known.whole && uid <= known.high) break;
        if (envelope.messageId !== '') this.#add(hashOf(envelope), number * FOLDER + uid);
        if (++looked % SPELL === 0) await nextTurn();
      }
      known.high = Math.max(known.high, top);
      known.whole = whole;
    }
  }

  async #open(id: FolderId, number: number): Promise<Indexed> {
    const folder = await this.#store.folder(id);
    await folder.loadAll();
    const indexed = { folder, high: 0, whole: false };
    this.#folders.set(number, indexed);
    return indexed;
  }

  #add(hash: number, place: number): void {
    const known = this.#places.get(hash);
    if (known === undefined) this.#places.set(hash, place);
    else if (typeof known === 'number') {
      if (known !== place) this.#places.set(hash, new Set([known, place]));
    } else known.add(place);
  }
}

async function envelopeOf(folder: FolderStore, uid: LocalUid): Promise<Envelope | undefined> {
  const at = folder.positionOf(uid);
  if (at >= 0 && !folder.envelope(uid)) await folder.ensure(at, at);
  return folder.envelope(uid);
}

/** Everything that the server says of a message, its arrival too, is equal: one message in two folders. */
function sameMessage(a: Envelope, b: Envelope): boolean {
  const facts = ({ messageId, size, arrival, date, subject, from, to, inReplyTo }: Envelope) =>
    JSON.stringify([messageId, size, Math.floor(arrival / 1000), date, subject, from, to, inReplyTo]);
  return facts(a) === facts(b);
}

/** FNV-1a, 32 bits: only to find candidates. */
function hashOf({ messageId, size }: Envelope): number {
  let hash = 0x811c9dc5 ^ size;
  for (let i = 0; i < messageId.length; i++) hash = Math.imul(hash ^ messageId.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
