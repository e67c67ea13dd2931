// Mail that exists only on this computer: how much of it there is, and whether a person has to be reminded to export
// it. Once a start at most, and never before there is something to lose.
import type { AccountConfig } from '../config/types.ts';
import type { ExportNote } from '../store/types.ts';
import { EXPORT_EVERY_MS } from '../util/limits.ts';
import type { Core } from './core.ts';
import { homely } from './exporting.ts';
import { notes } from './notes.ts';
import type { AccountView } from './state.ts';

/**
 * Messages that no server has, as far as is known: what is here beyond the maildrop. Where everything stays on the
 * server and the maildrop was not looked at yet, none.
 */
export function onlyHere(
  config: Pick<AccountConfig, 'protocol' | 'serverCopy'>,
  here: number,
  onServer: number | null,
): number {
  if (config.protocol !== 'pop3') return 0;
  if (onServer === null) return config.serverCopy === 'keep' ? 0 : here;
  return Math.max(0, here - onServer);
}

/** Whether the last export is too long ago, or never was; a clock that was put back is no reason. */
export function isDue(exported: number | null, now: number): boolean {
  return exported === null || now - exported > EXPORT_EVERY_MS;
}

/** What is remembered of the last export. */
export type Exported = Pick<ExportNote, 'at' | 'to' | 'format'>;

export interface Backup {
  /** Messages that would be gone with this disk. */
  readonly only: number;
  readonly exported: Exported | null;
  readonly due: boolean;
}

export function backupOf(
  account: AccountView,
  config: AccountConfig,
  exported: Exported | null,
  now: number,
): Backup {
  const only = onlyHere(config, hereIn(account), onServerOf(account));
  return { only, exported, due: only > 0 && isDue(exported?.at ?? null, now) };
}

/** For the accounts screen. */
export function backupRow({ only, exported, due }: Backup, now: number): string {
  if (due) return notes.backupRow(only, exported?.at ?? null, now);
  return exported === null
    ? 'nothing is only here'
    : notes.backedUp({ ...exported, to: homely(exported.to) }, now);
}

/** Says once, for all accounts together, what is overdue. */
export async function remind(core: Core): Promise<void> {
  const { deps, mail, state } = core;
  const due: string[] = [];
  for (const [id, store] of mail) {
    const config = deps.config.accounts.find(account => account.id === id);
    const view = state.get().accounts.find(account => account.id === id);
    if (!config || !view || config.protocol !== 'pop3' || !store.exports) continue;
    const exported = await store.exports.last();
    const backup = backupOf(view, config, exported, deps.now());
    if (backup.due) due.push(`${id}: ${notes.backup(backup.only, exported?.at ?? null, deps.now())}`);
  }
  if (due.length > 0) core.say('info', due.join(' '));
}

const hereIn = (account: AccountView) =>
  account.folders.reduce((total, folder) => total + folder.counts.total, 0);

function onServerOf({ status }: AccountView): number | null {
  const { maildrop } = status;
  return maildrop && maildrop.lastCheck !== null ? maildrop.onServer.messages : null;
}
