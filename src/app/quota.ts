// How full a mailbox is on its server, in words; and what is said of it: once when 90 % is crossed upwards, once at
// 95 %, and once when the server refuses for want of room. Asks nobody anything.
import type { AccountId } from '../mail/types.ts';
import { quotaShare } from '../sync/quota.ts';
import type { QuotaUse } from '../sync/types.ts';
import type { Core } from './core.ts';
import { notes } from './notes.ts';
import { grouped, plural } from './selectors.ts';
import type { AccountView } from './state.ts';

/** From here on the status row shows it. */
const SHOWN = 0.75;
/** Crossing one of these upwards is said. */
const WARNED: readonly number[] = [0.9, 0.95];
const METER = 20;

export type Fullness = 'info' | 'warning' | 'error';

/** Whole percent, rounded down: 100 % only when nothing more fits. */
export function quotaPercent(use: QuotaUse): number {
  return Math.min(999, Math.floor(quotaShare(use) * 100 + 1e-9));
}

export function fullness(use: QuotaUse): Fullness {
  const share = quotaShare(use);
  return share >= 0.95 ? 'error' : share >= 0.9 ? 'warning' : 'info';
}

/** `[################----]` */
export function quotaMeter(use: QuotaUse, cells = METER): string {
  const filled = Math.min(cells, Math.round(quotaShare(use) * cells));
  return `[${'#'.repeat(filled)}${'-'.repeat(cells - filled)}]`;
}

/** `4.05 of 5.00 GB`, or messages where those are nearer to their limit. */
export function quotaNumbers(use: QuotaUse): string {
  const { usedBytes, limitBytes, usedMessages = 0, limitMessages = 0 } = use;
  const byMessages = limitMessages > 0 && usedMessages / limitMessages >= quotaShare(use);
  if (byMessages || limitBytes === 0)
    return `${grouped(usedMessages)} of ${plural(limitMessages, 'message')}`;
  const [unit, word] =
    limitBytes >= 1e9
      ? ([1e9, 'GB'] as const)
      : limitBytes >= 1e6
        ? ([1e6, 'MB'] as const)
        : ([1e3, 'kB'] as const);
  const digits = unit === 1e3 ? 0 : 2;
  return `${(usedBytes / unit).toFixed(digits)} of ${(limitBytes / unit).toFixed(digits)} ${word}`;
}

/** The row of the accounts screen. */
export function quotaText(quota: QuotaUse | null | undefined): string {
  if (quota === undefined) return 'known after the next connection';
  if (quota === null) return 'the server does not report one';
  return `${quotaMeter(quota)} ${`${quotaPercent(quota)}%`.padStart(4)}   ${quotaNumbers(quota)}`;
}

/** For the status row: `quota 81%`, of the fullest account; with its name where there are several. Null: enough room. */
export function quotaWord(
  accounts: readonly AccountView[],
): { readonly text: string; readonly fullness: Fullness } | null {
  let most: { readonly id: AccountId; readonly use: QuotaUse } | null = null;
  for (const { id, status } of accounts) {
    const use = status.quota;
    if (!use || quotaShare(use) <= SHOWN) continue;
    if (most === null || quotaShare(use) > quotaShare(most.use)) most = { id, use };
  }
  if (most === null) return null;
  const name = accounts.length > 1 ? `${most.id} ` : '';
  return { text: `${name}quota ${quotaPercent(most.use)}%`, fullness: fullness(most.use) };
}

interface Said {
  /** How many of the thresholds were crossed, and told. */
  readonly level: number;
  /** A refusal was told, and there was no room since. */
  readonly full: boolean;
  /** As counted by the engine. */
  readonly refusals: number;
}

/** Says each crossing once, in this run of the program. */
export function watchQuota(core: Core): void {
  const told = new Map<AccountId, Said>();
  let seen: readonly AccountView[] = [];
  core.afterChange(({ accounts }) => {
    if (accounts === seen) return;
    seen = accounts;
    for (const { id, status } of accounts) {
      if (status.quota) crossed(id, status.quota);
      refused(id, status.noRoom ?? 0);
    }
  });
  const before = (id: AccountId): Said => told.get(id) ?? { level: 0, full: false, refusals: 0 };

  function crossed(id: AccountId, use: QuotaUse): void {
    const share = quotaShare(use);
    const level = WARNED.filter(threshold => share >= threshold).length;
    const said = before(id);
    told.set(id, { ...said, level, full: said.full && level > 0 });
    if (level <= said.level) return;
    core.say(level === 2 ? 'error' : 'warning', notes.quotaCrossed(id, quotaPercent(use), quotaNumbers(use)));
  }

  function refused(id: AccountId, refusals: number): void {
    const said = before(id);
    if (refusals <= said.refusals) return;
    told.set(id, { ...said, refusals, full: true });
    if (!said.full) core.say('error', notes.quotaFull(id));
  }
}
