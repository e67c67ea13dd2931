// Where an account's mail is kept: in its own store, and with `deliverTo` in another account's, under names that say
// whose it is. Knows no server and writes nothing.
import { deliveredFrom, deliveredName } from '../../mail/delivered.ts';
import { splitFolderId } from '../../mail/ids.ts';
import type { AccountId, FolderId } from '../../mail/types.ts';
import type { AccountStore, FolderStore, Operation } from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';

/** A store with mail of this account in it, and how its messages are called there. */
export interface Room {
  readonly store: AccountStore;
  nameOf(id: string): string;
  /** Null: it is another account's. */
  idOf(name: string): string | null;
}

export interface Rooms {
  /** Where new mail comes in. */
  readonly target: Room;
  /** With those where it came in before: a message may be in any of them. */
  readonly all: readonly Room[];
}

/** The account's own store. */
export function ownRoom(store: AccountStore): Room {
  return { store, nameOf: id => id, idOf: name => (deliveredFrom(name) ? null : name) };
}

/** Another account's. */
export function guestRoom(store: AccountStore, account: AccountId): Room {
  return {
    store,
    nameOf: id => deliveredName(account, id),
    idOf(name) {
      const from = deliveredFrom(name);
      return from?.account === account ? from.id : null;
    },
  };
}

export function onlyOwn(store: AccountStore): Rooms {
  const room = ownRoom(store);
  return { target: room, all: [room] };
}

/** @throws TmailError `folder.unknown` */
export function folderIn(rooms: Rooms, id: FolderId): Promise<FolderStore> {
  const { account } = splitFolderId(id);
  const room = rooms.all.find(({ store }) => store.id === account);
  if (!room) return Promise.reject(new TmailError('storage', 'folder.unknown', { facts: { folder: id } }));
  return room.store.folder(id);
}

/** Where those of this account's messages are that are not where new mail comes in. Reads nothing for one room. */
export async function strayIds({ target, all }: Rooms): Promise<ReadonlyMap<string, AccountId>> {
  const found = new Map<string, AccountId>();
  for (const room of all) {
    if (room === target) continue;
    for (const { id } of room.store.folders()) {
      const folder = await room.store.folder(id);
      await folder.loadAll();
      for (const name of folder.uidlNames?.() ?? []) {
        const own = room.idOf(name);
        if (own !== null && folder.byUidl(name) !== undefined) found.set(own, room.store.id);
      }
    }
  }
  return found;
}

/** Names of POP3 messages that these operations take away for good. */
export function removedNames(queue: readonly Operation[]): string[] {
  return queue.flatMap(op =>
    op.t === 'delete' ? op.targets.flatMap(({ remote }) => (remote?.t === 'pop3' ? [remote.uidl] : [])) : [],
  );
}

/** Ids of this account's messages that the person deleted for good, as far as it waits in a queue. */
export function removedIds(rooms: Rooms): string[] {
  return rooms.all.flatMap(room => removedNames(room.store.queue()).flatMap(name => room.idOf(name) ?? []));
}
