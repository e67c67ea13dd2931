// Notices that folders have other names, whoever gave them: a person, one who took that back, or a server that refused it.
import type { AccountId, FolderId } from '../../mail/types.ts';
import type { Core } from '../core.ts';
import type { AccountView } from '../state.ts';

/** The name before → the name now. */
export type Renamed = ReadonlyMap<string, string>;

/** All that one change of the list has renamed is told together: two folders may have swapped their names. */
export function followNames(
  core: Core,
  renamed: (account: AccountId, names: Renamed) => Promise<void>,
): void {
  const seen = new Map<AccountId, AccountView['folders']>();
  const known = new Map<FolderId, string>();
  /** One after the other: all of them are written to one file. */
  let last: Promise<void> = Promise.resolve();
  core.afterChange(({ accounts }) => {
    for (const { id: account, folders } of accounts) {
      if (seen.get(account) === folders) continue;
      seen.set(account, folders);
      const names = new Map<string, string>();
      for (const { id, path } of folders) {
        const before = known.get(id) ?? path;
        known.set(id, path);
        if (before !== path) names.set(before, path);
      }
      if (names.size === 0) continue;
      const following = last.then(() => renamed(account, names));
      last = following.catch(() => undefined); // whoever waits for the one before hears of that one by itself
      core.track(following);
    }
  });
}
