// What the person deleted here, as the ledger remembers it: it does not come again, and goes on the server as the
// policy says. Deletes nothing itself.
import type { AccountConfig, ServerCopy } from '../../config/types.ts';
import { deliveredFrom } from '../../mail/delivered.ts';
import type { AccountId } from '../../mail/types.ts';
import { keyOfId } from './fetch.ts';
import type { Known } from './known.ts';
import type { Ledger } from './ledger.ts';
import type { Ledgers } from './ledgers.ts';
import { policyName } from './plan.ts';

/**
 * Durable when it resolves; repeatable. True when it was news. `policy` under which it was deleted; null: none holds
 * any more, and it is as if it had been deleted under the one that it came under.
 */
export async function recordDeleted(
  ledger: Ledger,
  ids: readonly string[],
  policy: ServerCopy | null,
  now: number,
): Promise<boolean> {
  const entries = ids.flatMap((id): Known[] => {
    const known = ledger.known.get(id) ?? unheardOf(id, now);
    if (known.state === 'deleted' && ledger.known.has(id)) return [];
    return [{ ...known, state: 'deleted', policy: policy === null ? known.policy : policyName(policy) }];
  });
  await ledger.record(entries);
  return entries.length > 0;
}

/** Tells those accounts of it whose checks have brought these messages here. Durable when it resolves. */
export async function tellOthers(
  names: readonly string[],
  to: { readonly ledgers: Ledgers; readonly accounts: readonly AccountConfig[]; readonly now: number },
): Promise<void> {
  const byAccount = new Map<AccountId, string[]>();
  for (const name of names) {
    const from = deliveredFrom(name);
    if (from) byAccount.set(from.account, [...(byAccount.get(from.account) ?? []), from.id]);
  }
  for (const [account, ids] of byAccount) {
    const policy = to.accounts.find(({ id }) => id === account)?.serverCopy ?? null;
    const held = await to.ledgers.open(account);
    try {
      await recordDeleted(held.ledger, ids, policy, to.now);
    } finally {
      await held.release();
    }
  }
}

/** Whatever is held back under this policy goes with the next check. Durable when it resolves. */
export async function agreeTo(ledger: Ledger, serverCopy: ServerCopy): Promise<void> {
  const policy = policyName(serverCopy);
  await ledger.record([], { told: { policy, many: Number.MAX_SAFE_INTEGER } });
}

/** A message of the store whose line in the ledger was lost: it is not fetched again, nor deleted by its name. */
function unheardOf(id: string, now: number): Known {
  return {
    id,
    key: keyOfId(id),
    state: 'deleted',
    firstSeen: now,
    sure: false,
    size: null,
    head: null,
    body: null,
    onServer: true,
    removals: 0,
    policy: '',
  };
}
