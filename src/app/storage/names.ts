// Notices that folders have other names, whoever gave them: a person, one who took that back, or a server that refused it.
import type { AccountId, FolderId } from '../../mail/types.ts';
import type { Core } from '../core.ts';
import type { AccountView } from '../state.ts';

export function followNames(
  core: Core,
  renamed: (account: AccountId, from: string, to: string) => Promise<void>,
): void {
  const seen = new Map<AccountId, AccountView['folders']>();
  const names = new Map<FolderId, string>();
  /** One after the other: all of them are written to one file. */
  let last: Promise<void> = Promise.resolve();
  core.afterChange(({ accounts }) => {
    for (const { id: account, folders } of accounts) {
      if (seen.get(account) === folders) continue;
      seen.set(account, folders);
      for (const { id, path } of folders) {
        const before = names.get(id);
        names.set(id, path);
        if (before === undefined || before === path) continue;
        const following = last.then(() => renamed(account, before, path));
        last = following.catch(() => undefined); // whoever waits for the one before hears of that one by itself
        core.track(following);
      }
    }
  });
}
