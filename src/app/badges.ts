// One letter for each account, for rows that show messages of several. Pure.
import type { AccountId } from '../mail/types.ts';
import { lastOf } from './last-of.ts';
import type { AccountView } from './state.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** The first letter of the account's name that no other account has before it. */
export const badges = lastOf((accounts: readonly AccountView[]): ReadonlyMap<AccountId, string> => {
  const taken = new Set<string>();
  const found = accounts.map(({ id }) => {
    const free = [...id.toLowerCase(), ...LETTERS].find(
      letter => LETTERS.includes(letter) && !taken.has(letter),
    );
    const badge = free ?? '?';
    taken.add(badge);
    return [id, badge] as const;
  });
  return new Map(found);
});
