// Conversations as the program has them: follows the mail of all accounts once the first frame is drawn, shows lists
// again when conversations changed, mutes and tells what is muted.

import { splitFolderId } from '../../mail/ids.ts';
import type { AccountId, Envelope, FolderId } from '../../mail/types.ts';
import { nextTurn } from '../../util/turn.ts';
import type { Core } from '../core.ts';
import { gather } from '../events.ts';
import { isUnified } from '../listing/types.ts';
import { followThreads } from './follow.ts';
import { createMuting, type Muting } from './muting.ts';

/** Turns of the event loop in which the first frame is drawn. */
const TURNS = 4;

export interface Threads extends Muting {
  /** Begins to look through the accounts, the one on the screen first. Resolves when that is done. */
  begin(): Promise<void>;
  /** Answers to this conversation are neither told nor unread. */
  isMuted(folder: FolderId, envelope: Envelope): boolean;
  close(): void;
}

export function createThreads(core: Core): Threads {
  const { conversations, change, state } = core;
  const changed = gather<AccountId>(accounts => {
    const { list } = state.get();
    if (list === null || (!isUnified(list) && !accounts.has(splitFolderId(list).account))) return;
    change(before => ({ ...before, revs: { ...before.revs, [list]: (before.revs[list] ?? 0) + 1 } }));
  }, core.deps.now);
  const follow = followThreads({
    conversations,
    store: core.deps.store,
    changed: account => changed.add(account),
    background: work => core.track(work),
  });
  return {
    ...createMuting(core),
    async begin() {
      // The first frame goes before.
      for (let turn = 0; turn < TURNS; turn++) await nextTurn();
      const { list } = state.get();
      const first = list === null || isUnified(list) ? null : splitFolderId(list).account;
      const accounts = [...core.mail.values()].sort(
        (a, b) => Number(b.id === first) - Number(a.id === first),
      );
      await follow.begin(accounts);
      // What waits for it finds it shown.
      await nextTurn();
      changed.flush();
    },
    close() {
      follow.close();
      changed.close();
    },
  };
}
