// POP3 mail that another account's check has brought into this account's folders (`deliverTo`): whose it is stands
// in its name, beside the id that it has in the memory of the account that fetched it. Pure.
import type { AccountId, RemoteRef } from './types.ts';

/** In no UIDL (RFC 1939 section 7: 0x21 to 0x7E), and in no id that is made of one. */
const MARK = '\u0001';

/** The store's name for a message that `account` has fetched into another account's folders. */
export function deliveredName(account: AccountId, id: string): string {
  return `${MARK}${account}${MARK}${id}`;
}

/** Null: it is the account's own. */
export function deliveredFrom(name: string): { readonly account: AccountId; readonly id: string } | null {
  if (!name.startsWith(MARK)) return null;
  const end = name.indexOf(MARK, 1);
  return end < 0 ? null : { account: name.slice(1, end), id: name.slice(end + 1) };
}

/** The account whose server a message of `own` came from. */
export function cameTo(remote: RemoteRef | null | undefined, own: AccountId): AccountId {
  return (remote?.t === 'pop3' && deliveredFrom(remote.uidl)?.account) || own;
}
