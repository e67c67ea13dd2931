// Which lists are shown by conversation, and those lists: made when the account has been looked through, kept for the
// run. Until then, and where a person does not want them, a list stays as it is.
import { splitFolderId } from '../../mail/ids.ts';
import type { Role } from '../../mail/types.ts';
import type { Settings } from '../../store/types.ts';
import { isUnified, type ListId, type Listing } from '../listing/types.ts';
import { folderRecord } from '../selectors.ts';
import type { AppState } from '../state.ts';
import type { AccountThreads, Conversations, Place } from './conversations.ts';
import { FOLDED } from './folds.ts';
import { Threaded } from './threaded.ts';

/** What one wrote or threw away is looked for one by one. */
const FLAT: readonly (Role | null)[] = ['sent', 'drafts', 'junk', 'trash'];

export interface ThreadLists {
  /** The list by conversations, or as it is. */
  of(base: Listing, state: AppState): Listing;
}

export interface ThreadListsDeps {
  readonly conversations: Conversations;
  readonly settings: Settings | undefined;
  /** Reads envelopes that are not in memory. */
  read(messages: readonly Place[]): Promise<unknown>;
}

/** The person's word for this list, or what is usual. */
export function threadsWanted(settings: Settings | undefined, state: AppState, list: ListId): boolean {
  const said = settings?.get().lists[list]?.threads;
  if (said !== undefined) return said;
  if (isUnified(list)) return list === 'all:inbox';
  return !FLAT.includes(folderRecord(state, list)?.role ?? null);
}

export function createThreadLists({ conversations, settings, read }: ThreadListsDeps): ThreadLists {
  const made = new WeakMap<Listing, Threaded>();

  const accountsOf = (list: ListId, state: AppState): readonly AccountThreads[] | undefined => {
    const names = isUnified(list) ? state.accounts.map(({ id }) => id) : [splitFolderId(list).account];
    const found = names.flatMap(name => conversations.of(name) ?? []);
    return found.length === names.length && found.every(({ ready }) => ready) ? found : undefined;
  };

  return {
    of(base, state) {
      if (!threadsWanted(settings, state, base.id)) return base;
      let list = made.get(base);
      if (!list) {
        const accounts = accountsOf(base.id, state);
        if (!accounts) return base;
        list = new Threaded({ base, accounts, plain: base.plain === true, read });
        made.set(base, list);
      }
      return list.at(state.folds[base.id] ?? FOLDED, state.revs[base.id] ?? 0);
    },
  };
}
