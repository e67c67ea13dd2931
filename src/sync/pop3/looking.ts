// What is known of the maildrops of a data directory, for whoever only looks: beside the owner, and where nothing can
// be written.
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AccountConfig } from '../../config/types.ts';
import type { AccountId } from '../../mail/types.ts';
import type { Store } from '../../store/types.ts';
import { systemClock } from '../clock.ts';
import type { MaildropFacts } from '../types.ts';
import { createMaildrop } from './account.ts';
import { createLedgers, ledgerPath } from './ledgers.ts';

/** By account; those whose memory can't be read are left out, and all where there is no room to look. `store`: a reader's will do. */
export async function lookAtMaildrops(
  accounts: readonly AccountConfig[],
  store: Store,
): Promise<ReadonlyMap<AccountId, MaildropFacts>> {
  const found = new Map<AccountId, MaildropFacts>();
  // Opening a ledger may mend or rewrite it, which is its owner's business: a copy is opened.
  const dir = await mkdtemp(join(tmpdir(), 'tmail-look-')).catch(() => null);
  if (dir === null) return found;
  try {
    const ledgers = createLedgers(dir);
    for (const config of accounts) {
      if (config.protocol !== 'pop3') continue;
      const kept = await store.account(config.id);
      const { deliverTo } = config;
      const maildrop = createMaildrop({
        config,
        store: kept,
        target: deliverTo === undefined ? kept : await store.account(deliverTo),
        storeOf: id => store.account(id),
        accounts,
        ledgers,
        clock: systemClock,
      });
      try {
        const copy = ledgerPath(dir, config.id);
        await mkdir(dirname(copy), { recursive: true, mode: 0o700 });
        // Without one nothing was ever fetched, and that is known.
        await copyFile(ledgerPath(store.dir, config.id), copy).catch(error => {
          if (error.code !== 'ENOENT') throw error;
        });
        await maildrop.open();
        const facts = maildrop.facts();
        if (facts) found.set(config.id, facts);
      } catch {
        // Whoever checks says what is wrong with it.
      } finally {
        await maildrop.close();
      }
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return found;
}
