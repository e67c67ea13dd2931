// What the queue says about a folder's messages that a pull has to know: some are on their way to the server, others
// on their way from it. Pure.
import type { FolderId, LocalUid } from '../../mail/types.ts';
import type { OnMessages, Operation } from '../../store/types.ts';

export interface OutgoingHere {
  /** Message-ID → its number here: made here, perhaps on the server already. */
  readonly unsent: ReadonlyMap<string, LocalUid>;
  /** `uidValidity:uid` of what is gone here and not yet there. */
  readonly leaving: ReadonlySet<string>;
}

export const NOTHING_OUTGOING: OutgoingHere = { unsent: new Map(), leaving: new Set() };

export function outgoingIn(queue: readonly Operation[], folder: FolderId): OutgoingHere {
  if (queue.length === 0) return NOTHING_OUTGOING;
  const unsent = new Map<string, LocalUid>();
  const leaving = new Set<string>();
  const leaves = (on: OnMessages): void => {
    if (on.folder !== folder) return;
    for (const { remote } of on.targets) {
      if (remote?.t === 'imap') leaving.add(`${remote.uidValidity}:${remote.uid}`);
    }
  };
  for (const op of queue) {
    if (op.t === 'delete') leaves(op);
    if (op.t !== 'append') continue;
    op.replaces.forEach(leaves);
    const [target] = op.targets;
    if (op.folder === folder && target && !target.remote && target.messageId !== '') {
      unsent.set(target.messageId, target.uid);
    }
  }
  return { unsent, leaving };
}
