// How a message's place on its server is written in JSON. Pure.
import type { RemoteRef } from '../mail/types.ts';

export type StoredRemote = [string, number] | string | null;

export function storeRemote(remote: RemoteRef | null): StoredRemote {
  if (remote === null) return null;
  return remote.t === 'imap' ? [remote.uidValidity, remote.uid] : remote.uidl;
}

export function loadRemote(stored: StoredRemote): RemoteRef | null {
  if (stored === null) return null;
  if (typeof stored === 'string') return { t: 'pop3', uidl: stored };
  return { t: 'imap', uidValidity: stored[0], uid: stored[1] };
}

export function sameRemote(a: RemoteRef | null, b: RemoteRef | null): boolean {
  return JSON.stringify(a && storeRemote(a)) === JSON.stringify(b && storeRemote(b));
}
