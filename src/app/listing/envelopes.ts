// Envelopes of rows that stand in another order than the folder's: those on one screen may lie in more shards than the
// store keeps in memory, so the ones that were looked at lately are kept here.
import type { Envelope, LocalUid } from '../../mail/types.ts';
import type { FolderStore } from '../../store/types.ts';

/** A few dozen screens. */
const KEPT = 4000;

export interface Message {
  readonly folder: FolderStore;
  readonly uid: LocalUid;
}

export interface Envelopes {
  /** From memory. */
  of(message: Message): Envelope | undefined;
  /** Reads those that are not in memory, each shard once. True when there were any. */
  read(messages: readonly Message[]): Promise<boolean>;
}

export function createEnvelopes(): Envelopes {
  // The oldest of the map's entries goes first.
  const kept = new Map<string, Envelope>();
  const keyOf = ({ folder, uid }: Message) => `${folder.record.id}:${uid}`;
  const of = (message: Message): Envelope | undefined => {
    const here = message.folder.envelope(message.uid);
    if (here) return here;
    if (message.folder.flags(message.uid) === undefined) return undefined;
    return kept.get(keyOf(message));
  };
  const keep = (message: Message): void => {
    const envelope = message.folder.envelope(message.uid);
    if (!envelope) return;
    const key = keyOf(message);
    kept.delete(key);
    kept.set(key, envelope);
  };
  return {
    of,
    async read(messages) {
      const missing = messages.filter(message => !of(message));
      // Neighbours by number share a shard: it is read for the first of them, and here for the others.
      const sorted = [...missing].sort((a, b) => a.uid - b.uid);
      for (const message of sorted) {
        const { folder, uid } = message;
        if (!folder.envelope(uid)) {
          const position = folder.positionOf(uid);
          if (position >= 0) await folder.ensure(position, position);
        }
        keep(message);
      }
      for (const key of kept.keys()) {
        if (kept.size <= KEPT) break;
        kept.delete(key);
      }
      return missing.length > 0;
    },
  };
}
