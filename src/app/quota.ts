// How full a mailbox is on its server, in words; and what is said of it: once when 90 % is crossed upwards, once at
// 95 %, and once when the server refuses for want of room. Asks nobody anything.
import type { AccountId } from '../mail/types.ts';
import type { Settings } from '../store/types.ts';
import { quotaShare } from '../sync/quota.ts';
import type { AccountStatus, QuotaRoot, QuotaUse } from '../sync/types.ts';
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

/** What is limited besides: the resource that is farther from its limit. '': there is one alone. */
function otherNumbers(use: QuotaUse): string {
  const { usedBytes, limitBytes, usedMessages = 0, limitMessages = 0 } = use;
  if (limitBytes === 0 || limitMessages === 0) return '';
  const bytes = quotaNumbers({ usedBytes, limitBytes });
  return quotaNumbers(use) === bytes
    ? `${grouped(usedMessages)} of ${plural(limitMessages, 'message')}`
    : bytes;
}

/** A row of the accounts screen. */
export function quotaText(quota: QuotaUse | null | undefined): string {
  if (quota === undefined) return 'known after the next connection';
  if (quota === null) return 'the server does not report one';
  return `${quotaMeter(quota)} ${`${quotaPercent(quota)}%`.padStart(4)}   ${quotaNumbers(quota)}`;
}

export interface QuotaLine {
  /** Quotes the server: sanitise it. */
  readonly text: string;
  readonly fullness: Fullness;
}

/** Roots that are shown. */
const ROOTS = 6;

/** For the accounts screen: a line for each quota root, the fullest first where there are several. */
export function quotaLines({ quota, quotaRoots = [] }: AccountStatus): readonly QuotaLine[] {
  if (!quota || quotaRoots.length < 2) {
    const other = quota ? otherNumbers(quota) : '';
    return [
      { text: quotaText(quota), fullness: quota ? fullness(quota) : 'info' },
      ...(other === '' ? [] : [{ text: `and ${other}`, fullness: 'info' } as const]),
    ];
  }
  const sorted = [...quotaRoots].sort((a, b) => quotaShare(b) - quotaShare(a));
  const more = sorted.length - ROOTS;
  return [
    ...sorted.slice(0, ROOTS).flatMap((root): QuotaLine[] => [
      { text: quotaText(root), fullness: fullness(root) },
      { text: rootName(root), fullness: 'info' },
    ]),
    ...(more > 0 ? [{ text: `and ${grouped(more)} more`, fullness: 'info' } as const] : []),
  ];
}

/** `"User quota": 12 of 400 messages; Inbox, Sent and 12 more folders` */
function rootName(root: QuotaRoot): string {
  const { name, folders } = root;
  const [first, second, ...rest] = folders.map(path => (path === 'INBOX' ? 'Inbox' : path));
  const more = rest.length > 0 ? ` and ${plural(rest.length, 'more folder', 'more folders')}` : '';
  const where = first === undefined ? '' : `${second === undefined ? first : `${first}, ${second}`}${more}`;
  const facts = [otherNumbers(root), where].filter(text => text !== '').join('; ');
  return [name === '' ? 'no name' : `"${name}"`, facts].filter(text => text !== '').join(': ');
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
  /** How many of the thresholds each root has crossed, and that was told. */
  readonly levels: ReadonlyMap<string, number>;
  /** That there is no room was told, and there was none since. */
  readonly full: boolean;
  /** As counted by the engine. */
  readonly refusals: number;
}

/** Says each crossing once, also when the program was ended and started in between. */
export function watchQuota(core: Core): void {
  const told = new Map<AccountId, Said>();
  const { settings } = core.deps.store;
  let seen: readonly AccountView[] = [];
  core.afterChange(({ accounts }) => {
    if (accounts === seen) return;
    const before = seen;
    seen = accounts;
    for (const view of accounts) {
      const { id, status } = view;
      if (before.some(other => other.id === id && other.status === status)) continue;
      crossed(id, status);
      refused(id, status);
    }
  });

  const said = (id: AccountId): Said => told.get(id) ?? remembered(settings, id);

  /** Durable: what was said in this run is not said again by the next one. */
  function keep(id: AccountId, now: Said): void {
    const before = said(id);
    told.set(id, now);
    if (before.full === now.full && sameLevels(before.levels, now.levels)) return;
    const levels = [...now.levels].filter(([, level]) => level > 0);
    settings?.change(all => ({ ...all, quota: { ...all.quota, [id]: { levels, full: now.full } } }));
  }

  function crossed(id: AccountId, { quota, quotaRoots }: AccountStatus): void {
    if (!quota) return;
    const roots = quotaRoots ?? [{ name: '', folders: [], ...quota }];
    const before = said(id);
    const levels = new Map(before.levels);
    for (const root of roots) levels.set(root.name, levelOf(root));
    const room = roots.every(root => levelOf(root) === 0);
    keep(id, { ...before, levels, full: before.full && !room });
    for (const root of roots) {
      const level = levelOf(root);
      if (level <= (before.levels.get(root.name) ?? 0)) continue;
      const text = notes.quotaCrossed(id, quotaPercent(root), quotaNumbers(root), of(root, roots));
      core.say(level === WARNED.length ? 'error' : 'warning', text);
    }
  }

  function refused(id: AccountId, { noRoom = 0, overQuota }: AccountStatus): void {
    const before = said(id);
    const refusals = noRoom + (overQuota?.times ?? 0);
    if (refusals <= before.refusals) return;
    keep(id, { ...before, refusals, full: true });
    if (before.full) return;
    core.say('error', overQuota ? notes.quotaPassed(id, overQuota.text) : notes.quotaFull(id));
  }
}

const levelOf = (use: QuotaUse): number => WARNED.filter(threshold => quotaShare(use) >= threshold).length;

/** Which one it is, where there are several. */
const of = ({ name }: QuotaRoot, roots: readonly QuotaRoot[]): string => (roots.length > 1 ? name : '');

const sameLevels = (a: Said['levels'], b: Said['levels']): boolean =>
  [...new Set([...a.keys(), ...b.keys()])].every(root => (a.get(root) ?? 0) === (b.get(root) ?? 0));

function remembered(settings: Settings | undefined, id: AccountId): Said {
  const { quota = {} } = settings?.get() ?? {};
  const known = Object.hasOwn(quota, id) ? quota[id] : undefined;
  return { levels: new Map(known?.levels ?? []), full: known?.full ?? false, refusals: 0 };
}
