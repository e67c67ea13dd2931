// Mail that exists only on this computer: how much of it there is, and whether a person has to be reminded to export
// it. Once a start at most, and never before there is something to lose.
import type { AccountConfig } from '../config/types.ts';
import type { AccountId } from '../mail/types.ts';
import type { ExportNote, FolderRecord } from '../store/types.ts';
import type { MaildropFacts } from '../sync/types.ts';
import { EXPORT_EVERY_MS } from '../util/limits.ts';
import type { Core } from './core.ts';
import { homely } from './exporting.ts';
import { notes } from './notes.ts';
import type { AccountView } from './state.ts';

/** A POP3 account's maildrop, as far as it is known. */
export interface Drop {
  readonly config: Pick<AccountConfig, 'id' | 'deliverTo'>;
  /** Null: nobody looked into its memory yet. */
  readonly facts: Pick<MaildropFacts, 'alsoHere'> | null;
  /** What is here changes, and what is known of it comes behind. */
  readonly checking: boolean;
}

/**
 * Messages in this account's folders that no server has: all but those that its own maildrop has, and those of the
 * accounts that deliver into it. Null: that is not known (yet).
 */
export function onlyHere(id: AccountId, here: number, drops: readonly Drop[]): number | null {
  if (!drops.some(({ config }) => config.id === id)) return null;
  let elsewhere = 0;
  for (const { config, facts, checking } of drops) {
    // Also one that no longer delivers here: its mail is where it was.
    const also = facts?.alsoHere[id] ?? 0;
    const concerned = config.id === id || config.deliverTo === id || also > 0;
    if (concerned && (facts === null || checking)) return null;
    elsewhere += also;
  }
  return Math.max(0, here - elsewhere);
}

/** Messages of an account, in all of its folders. */
export function messagesIn(folders: readonly FolderRecord[]): number {
  return folders.reduce((total, { counts }) => total + counts.total, 0);
}

/** Whether the last export is too long ago, or never was; a clock that was put back is no reason. */
export function isDue(exported: number | null, now: number): boolean {
  return exported === null || now - exported > EXPORT_EVERY_MS;
}

/** What is remembered of the last export. */
export type Exported = Pick<ExportNote, 'at' | 'to' | 'format'>;

export interface Backup {
  /** Messages that would be gone with this disk; null: not known (yet). */
  readonly only: number | null;
  readonly exported: Exported | null;
  readonly due: boolean;
}

/** `accounts`: all of them, since one's mail may be in another's folders. */
export function backupOf(
  account: AccountView,
  accounts: readonly AccountView[],
  configs: readonly AccountConfig[],
  exported: Exported | null,
  now: number,
): Backup {
  const only = onlyIn(account, dropsOf(accounts, configs));
  return { only, exported, due: only !== null && only > 0 && isDue(exported?.at ?? null, now) };
}

/** For the accounts screen. */
export function backupRow({ only, exported, due }: Backup, now: number): string {
  if (only !== null && due) return notes.backupRow(only, exported?.at ?? null, now);
  if (only === null && isDue(exported?.at ?? null, now))
    return notes.backupUnknown(exported?.at ?? null, now);
  return exported === null
    ? 'nothing is only here'
    : notes.backedUp({ ...exported, to: homely(exported.to) }, now);
}

/** Says of each account what is overdue, once: as soon as it is known in this run what only this computer has. */
export function watchBackup(core: Core): void {
  const { deps, mail } = core;
  const said = new Set<AccountId>();
  let seen: readonly AccountView[] = [];

  async function remind(account: AccountView, accounts: readonly AccountView[]): Promise<void> {
    const exported = (await mail.get(account.id)?.exports?.last()) ?? null;
    const { only, due } = backupOf(account, accounts, deps.config.accounts, exported, deps.now());
    if (only !== null && due)
      core.say('info', `${account.id}: ${notes.backup(only, exported?.at ?? null, deps.now())}`);
  }

  core.afterChange(({ accounts }) => {
    if (accounts === seen) return;
    seen = accounts;
    const drops = dropsOf(accounts, deps.config.accounts);
    for (const account of accounts) {
      const { id } = account;
      if (said.has(id) || !mail.get(id)?.exports) continue;
      if (onlyIn(account, drops) === null) continue;
      said.add(id);
      core.track(remind(account, accounts));
    }
  });
}

/** As onlyHere; before the first check is over nobody knows what of it a server has. */
function onlyIn({ id, status, folders }: AccountView, drops: readonly Drop[]): number | null {
  if ((status.maildrop?.lastCheck ?? null) === null) return null;
  return onlyHere(id, messagesIn(folders), drops);
}

function dropsOf(accounts: readonly AccountView[], configs: readonly AccountConfig[]): Drop[] {
  return accounts.flatMap(({ id, status }) => {
    const config = configs.find(one => one.id === id && one.protocol === 'pop3');
    const { phase, nextCheck, maildrop } = status;
    const checking = phase === 'online' && (nextCheck ?? null) === null;
    return config ? [{ config, facts: maildrop ?? null, checking }] : [];
  });
}
