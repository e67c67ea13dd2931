// New mail on its way from the engines, which are made first, to whoever wants to hear of it. Remembers nothing.
import type { FolderId, LocalUid } from '../mail/types.ts';

type Listener = (folder: FolderId, uids: readonly LocalUid[]) => void;

export interface Arrivals {
  /** For engines: mail that is new on the server and in the store. */
  readonly arrived: Listener;
  /** Listeners must not throw. Returns the unsubscribe function. */
  subscribe(listener: Listener): () => void;
}

export function createArrivals(): Arrivals {
  const listeners = new Set<Listener>();
  return {
    arrived(folder, uids) {
      for (const listener of listeners) listener(folder, uids);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
