// The ledgers of all accounts of a data directory: one file, one Ledger, however many need it at the same time. Who
// deletes mail that another account has fetched writes into that one's.
import { join } from 'node:path';
import type { AccountId } from '../../mail/types.ts';
import { type Ledger, openLedger } from './ledger.ts';

export interface HeldLedger {
  readonly ledger: Ledger;
  /** The last one who lets go of it closes it. Repeatable. */
  release(): Promise<void>;
}

export interface Ledgers {
  /** @throws TmailError storage */
  open(account: AccountId): Promise<HeldLedger>;
}

/** Below a data directory. */
export function ledgerPath(dir: string, account: AccountId): string {
  return join(dir, 'accounts', account, 'pop3.jsonl');
}

interface Entry {
  readonly opening: Promise<Ledger>;
  users: number;
}

export function createLedgers(dir: string): Ledgers {
  const entries = new Map<AccountId, Entry>();
  const closing = new Map<AccountId, Promise<void>>();
  return {
    async open(account) {
      let entry = entries.get(account);
      if (!entry) {
        const before = closing.get(account) ?? Promise.resolve();
        entry = { opening: before.then(() => openLedger(ledgerPath(dir, account))), users: 0 };
        entries.set(account, entry);
      }
      const mine = entry;
      mine.users++;
      let held = true;
      const release = async () => {
        if (!held) return;
        held = false;
        if (--mine.users > 0) return;
        if (entries.get(account) === mine) entries.delete(account);
        const closed = mine.opening.then(
          ledger => ledger.close(),
          () => undefined,
        );
        closing.set(account, closed);
        await closed;
        if (closing.get(account) === closed) closing.delete(account);
      };
      try {
        return { ledger: await mine.opening, release };
      } catch (error) {
        await release();
        throw error;
      }
    },
  };
}
