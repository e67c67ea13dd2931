// Moves from one account to another: an upload there, and a deletion here that waits for it. Knows which accounts are
// open; what becomes of the deletion is operations.ts.
import type { AccountId } from '../mail/types.ts';
import type { Operations } from './operations.ts';
import type { Operation, OtherHalf } from './types.ts';

/** What the operations of one account know of those of the others. */
export interface OtherHalves {
  /** False: it was settled; null: nobody knows of it. */
  underWay(other: OtherHalf): boolean | null;
  /** Whoever waits for it knows durably, when it resolves, that it is settled. `asked`: somebody surely waits. */
  settled(other: OtherHalf, asked: boolean): Promise<void>;
  /** It will never be settled: whoever waits is taken back, durably when it resolves, and returned. */
  lost(other: OtherHalf): Promise<readonly Operation[]>;
  /** It goes on as another operation of its account. */
  renamed(other: OtherHalf, operation: string): void;
}

export interface Accounts {
  readonly known: () => readonly AccountId[];
  readonly opened: () => Iterable<{ readonly id: AccountId; readonly operations: Operations }>;
  readonly open: (id: AccountId) => Promise<{ readonly operations: Operations }>;
}

export function otherHalves(accounts: Accounts): OtherHalves {
  const openedOf = (id: AccountId) => [...accounts.opened()].find(account => account.id === id)?.operations;
  return {
    underWay({ account, operation }) {
      const operations = openedOf(account);
      if (!operations) return null;
      if (operations.isExpected(operation)) return true;
      return operations.hasSettled(operation) ? false : null;
    },
    async settled(other, asked) {
      // Also those that nobody has looked at in this run.
      if (asked) for (const id of accounts.known()) await accounts.open(id);
      for (const { operations } of accounts.opened()) await operations.otherSettled(other);
    },
    async lost(other) {
      const taken: Operation[] = [];
      for (const id of accounts.known())
        taken.push(...(await (await accounts.open(id)).operations.otherLost(other)));
      return taken;
    },
    renamed(other, operation) {
      for (const { operations } of accounts.opened()) operations.otherRenamed(other, operation);
    },
  };
}

/** After opening: what waited then for something that ended, or was lost, meanwhile. */
export async function lookForOtherHalves(
  operations: Operations,
  waiting: readonly OtherHalf[],
  accounts: Accounts,
): Promise<void> {
  for (const other of waiting) {
    const there = accounts.known().includes(other.account)
      ? (await accounts.open(other.account)).operations
      : null;
    if (there?.queue.get(other.operation)) continue;
    if (there?.hasSettled(other.operation)) await operations.otherSettled(other);
    else await operations.otherLost(other);
  }
}
