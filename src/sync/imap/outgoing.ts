// What the queue says about a folder's messages that a pull has to know: some are on their way to the server, others
// on their way from it. Asks nobody.
import type { FolderId, LocalUid } from '../../mail/types.ts';
import type { FolderStore, OnMessages, Operation, OperationTarget } from '../../store/types.ts';

/** By UIDVALIDITY and UID the Message-ID; and those without a place. */
export interface Leaving {
  readonly places: ReadonlyMap<string, ReadonlyMap<number, string>>;
  readonly placeless: readonly OperationTarget[];
}

export interface OutgoingHere {
  /** Of each operation: what is gone from here and not yet from there. The same object for the same targets. */
  readonly leaving: readonly Leaving[];
  /** Message-IDs of those that may be there without anybody knowing where, and how many have it. */
  readonly leavingUnplaced: ReadonlyMap<string, number>;
  /** Numbers here of messages that can't be on the server yet: nothing was sent that would bring them there. */
  readonly unsent: ReadonlySet<LocalUid>;
  /** Numbers of messages that an operation in the queue is to bring there, sent or not. */
  readonly pending: ReadonlySet<LocalUid>;
  /** Of those, the ones that are made here: known by their Message-ID alone, whatever size the server gives them. */
  readonly made: ReadonlySet<LocalUid>;
  /** Something in the queue changes what the server's counts would say of this folder. */
  readonly touched: boolean;
}

const NOBODY: ReadonlySet<LocalUid> = new Set();

export const NOTHING_OUTGOING: OutgoingHere = {
  leaving: [],
  leavingUnplaced: new Map(),
  unsent: NOBODY,
  pending: NOBODY,
  made: NOBODY,
  touched: false,
};

export function leaves(leaving: Iterable<Leaving>, uidValidity: string, uid: number): boolean {
  for (const { places } of leaving) if (places.get(uidValidity)?.has(uid)) return true;
  return false;
}

/**
 * Message-IDs of those that left and that may be there under a UID that nobody knows, and how many have it: their
 * UIDVALIDITY was another one.
 */
export function leavingAstray(
  { leaving, leavingUnplaced }: OutgoingHere,
  uidValidity: string,
): ReadonlyMap<string, number> {
  const renumbered = leaving.flatMap(({ places }) =>
    [...places].flatMap(([validity, there]) => (validity === uidValidity ? [] : [...there.values()])),
  );
  if (renumbered.length === 0) return leavingUnplaced;
  const all = new Map(leavingUnplaced);
  for (const messageId of renumbered) {
    if (messageId !== '') all.set(messageId, (all.get(messageId) ?? 0) + 1);
  }
  return all;
}

/** Reads each operation's targets once: an operation may have a hundred thousand. */
export class Outgoing {
  /** The store makes new targets when it learns more of them. */
  readonly #known = new WeakMap<readonly OperationTarget[], Leaving>();

  in(queue: readonly Operation[], folder: FolderId): OutgoingHere {
    if (queue.length === 0) return NOTHING_OUTGOING;
    const leaving: Leaving[] = [];
    const leavingUnplaced = new Map<string, number>();
    const unsent = new Set<LocalUid>();
    const pending = new Set<LocalUid>();
    const made = new Set<LocalUid>();
    let touched = false;
    const leave = (on: OnMessages): void => {
      if (on.folder !== folder) return;
      touched = true;
      const mine = this.#leavingOf(on.targets);
      leaving.push(mine);
      for (const { uid, messageId } of mine.placeless) {
        if (!unsent.has(uid)) leavingUnplaced.set(messageId, (leavingUnplaced.get(messageId) ?? 0) + 1);
      }
    };
    const land = (uids: readonly LocalUid[], tries: number): void => {
      touched = true;
      for (const uid of uids) {
        pending.add(uid);
        if (tries === 0) unsent.add(uid);
      }
    };
    for (const op of queue) {
      if (op.folder === folder && op.t === 'flags') touched = true;
      if (op.t === 'delete' || op.t === 'move') leave(op);
      if (op.t === 'append') {
        op.replaces.forEach(leave);
        const uids = op.folder === folder ? op.targets.map(({ uid }) => uid) : [];
        if (uids.length > 0) land(uids, op.tries);
        for (const uid of uids) made.add(uid);
      }
      if ((op.t === 'move' || op.t === 'copy') && op.to === folder) land(op.landing, op.tries);
    }
    return { leaving, leavingUnplaced, unsent, pending, made, touched };
  }

  #leavingOf(targets: readonly OperationTarget[]): Leaving {
    const known = this.#known.get(targets);
    if (known) return known;
    const places = new Map<string, Map<number, string>>();
    const placeless: OperationTarget[] = [];
    for (const target of targets) {
      const { remote, messageId } = target;
      if (remote?.t === 'imap') {
        const uids = places.get(remote.uidValidity) ?? new Map<number, string>();
        places.set(remote.uidValidity, uids.set(remote.uid, messageId));
      } else if (messageId !== '') placeless.push(target);
    }
    const made = { places, placeless };
    this.#known.set(targets, made);
    return made;
  }
}

/** Messages here whose place on the server is not known. */
export function unplacedIn(folder: FolderStore, { pending }: OutgoingHere): readonly LocalUid[] {
  return folder.unplaced?.() ?? [...pending].filter(uid => folder.remote(uid) === null);
}

/** Messages that the server should have in this folder, as far as is known here. */
export function expectedThere(folder: FolderStore, outgoing: OutgoingHere): number {
  const uidValidity = folder.sync.uidValidity ?? '';
  const there = outgoing.leaving.reduce((sum, { places }) => sum + (places.get(uidValidity)?.size ?? 0), 0);
  return folder.length - unplacedIn(folder, outgoing).length + there;
}
