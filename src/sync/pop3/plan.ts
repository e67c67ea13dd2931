// What a check of a POP3 maildrop is going to do: fetch, leave, delete, and what the person is told first. Pure: the
// server's list, what is known here and the settings in; a plan out. Deletes nothing and fetches nothing itself.
import type { ServerCopy } from '../../config/types.ts';
import { MESSAGE_BYTES } from '../../util/limits.ts';
import type { Identified, Identities, Looks } from './identity.ts';
import type { Known } from './known.ts';

/** What to do with the mail that is in the maildrop when an account is new. */
export type FirstRun =
  | { readonly t: 'all' }
  | { readonly t: 'fromToday' }
  | { readonly t: 'lastDays'; readonly days: number };

export interface PlanSettings {
  readonly serverCopy: ServerCopy;
  readonly firstRun: FirstRun;
  /** Larger messages come as a placeholder; null: none. Bytes. */
  readonly sizeLimit: number | null;
  /** What one session fetches at most; null: no limit. */
  readonly sessionMessages: number | null;
  readonly sessionBytes: number | null;
  /** The server lists only a part of the mail that it has (Gmail): what is missing there says nothing. */
  readonly window?: boolean;
}

/** What earlier checks left behind. */
export interface PlanMemory {
  /** No check has been finished yet. */
  readonly first: boolean;
  /** Placeholders that the person wants whole, by id. */
  readonly wanted: ReadonlySet<string>;
  /** Messages deleted by each of the last checks, aged or deleted here; the newest last. */
  readonly usual: readonly number[];
  /** How often the line was cut while a message came, by what the server calls it. */
  readonly cuts: Readonly<Record<string, number>>;
  /** What the person was told at an earlier check or has agreed to: held deletions of at most so many go ahead. */
  readonly told: { readonly policy: string; readonly many: number } | null;
}

export interface Fetch {
  readonly of: Identified;
  /** The policy lets it go as soon as it is durable here. */
  readonly thenDelete: boolean;
}

export interface Removal {
  readonly of: Identified;
  readonly known: Known;
  /** `again`: it should have gone before, `aged`: its days are over, `deleted`: the person deleted it here. */
  readonly why: 'again' | 'aged' | 'deleted';
  /**
   * What must be compared before DELE. A UIDL alone never justifies one. `head`: TOP against the known head;
   * `whole`: RETR against both hashes; `seen`: the head was compared in this session already.
   */
  readonly check: 'seen' | 'head' | 'whole';
  /** The copy here must be read again first; false only where the person deleted it. */
  readonly copy: boolean;
}

export type Warning =
  /** Deletions under a policy that deleted nothing yet; `held` until the next check when mail came under another. */
  | { readonly t: 'first-deletion'; readonly policy: string; readonly count: number; readonly held: boolean }
  | { readonly t: 'many-deletions'; readonly count: number; readonly usual: number; readonly held: boolean }
  /** Messages that were gone are back, or others with their names and heads: they are fetched to be compared. */
  | { readonly t: 'returned'; readonly count: number }
  /** The server calls messages that are here by other names now. */
  | { readonly t: 'renumbered'; readonly count: number }
  /** Neither a UIDL nor a head of their own: these are fetched at every check to be compared. */
  | { readonly t: 'unrecognisable'; readonly count: number };

export interface Plan {
  readonly download: readonly Fetch[];
  /** Only the head, by TOP. */
  readonly placeholders: readonly Fetch[];
  /** To be remembered and left alone. */
  readonly skip: readonly Identified[];
  readonly remove: readonly Removal[];
  /** Deletions that wait until the person was told: at the next check. */
  readonly held: readonly Removal[];
  /** Known messages that the server calls otherwise now. */
  readonly renamed: readonly Identified[];
  /** Ids whose first-seen time lies in the future, because the clock was wrong: they start again now. */
  readonly restamp: readonly string[];
  /** Left for the next session by its limits. */
  readonly later: { readonly messages: number; readonly bytes: number };
  readonly warnings: readonly Warning[];
}

const DAY = 24 * 60 * 60 * 1000;
/** Fewer deletions than this never count as many. */
const MANY = 100;
/** More than so many times the usual is far more. */
const FAR_MORE = 5;

/** A message at which the line was cut so often lets everything else go first. */
const MOST_CUTS = 2;

/** Gmail answers +OK and shows what it likes; asking for ever would fetch for ever. */
const MOST_REMOVALS = 2;

/** Stable name of a policy, for the memory. */
export function policyName(policy: ServerCopy): string {
  return typeof policy === 'string' ? policy : `deleteAfterDays ${policy.deleteAfterDays}`;
}

/** Numbers whose date the first check needs (TOP), beyond those that identification asks for. */
export function datesNeeded(identities: Identities, settings: PlanSettings, memory: PlanMemory): number[] {
  if (!memory.first || settings.firstRun.t !== 'lastDays') return [];
  return identities.all.filter(one => one.known === null).map(one => one.listed.number);
}

export function makePlan(
  identities: Identities,
  looks: Looks,
  settings: PlanSettings,
  memory: PlanMemory,
  now: number,
): Plan {
  const download: Fetch[] = [];
  const placeholders: Fetch[] = [];
  const skip: Identified[] = [];
  const removals: Removal[] = [];
  const restamp: string[] = [];
  const cutting: Fetch[] = [];
  const budget = createBudget(settings);
  const limit = Math.min(settings.sizeLimit ?? MESSAGE_BYTES, MESSAGE_BYTES);
  for (const of of identities.all) {
    const { known } = of;
    const fetch = { of, thenDelete: settings.serverCopy === 'delete' };
    if (known === null) {
      if (isSkipped(of, looks, settings, memory, now)) skip.push(of);
      else if ((of.listed.size ?? 0) > limit) placeholders.push(fetch);
      else if ((memory.cuts[of.key ?? ''] ?? 0) >= MOST_CUTS) cutting.push(fetch);
      else if (budget.takes(of.listed.size)) download.push(fetch);
      continue;
    }
    if (known.state === 'placeholder' && memory.wanted.has(known.id) && budget.takes(of.listed.size)) {
      download.push(fetch);
      continue;
    }
    if (known.firstSeen > now + DAY) restamp.push(known.id);
    const why = whyRemove(known, settings.serverCopy, now);
    if (why) removals.push(removal(of, known, why));
  }
  // A line that is cut ends the check: nothing behind it would ever come, and nothing be deleted.
  const isFree = download.length + placeholders.length + removals.length === 0;
  const [next] = cutting;
  if (isFree && next && budget.takes(next.of.listed.size)) download.push(next);
  for (const one of isFree ? cutting.slice(1) : cutting) budget.leave(one.of.listed.size);
  const { returned } = identities;
  const renamed = identities.all.filter(one => one.renamed);
  const { remove, held, warnings } = holdBack(removals, download, settings.serverCopy, memory);
  const unrecognisable = download.filter(one => one.of.key === null).length;
  if (returned > 0) warnings.push({ t: 'returned', count: returned });
  if (unrecognisable > 0) warnings.push({ t: 'unrecognisable', count: unrecognisable });
  if (renamed.length > 2 && renamed.length * 2 > identities.vanished.length + renamed.length) {
    warnings.push({ t: 'renumbered', count: renamed.length });
  }
  return { download, placeholders, skip, remove, held, renamed, restamp, later: budget.later(), warnings };
}

/** How many messages the next check would delete, from memory alone: for "will delete 9". */
export function willDelete(known: Iterable<Known>, policy: ServerCopy, now: number): number {
  let count = 0;
  for (const one of known) if (isListed(one) && whyRemove(one, policy, now)) count++;
  return count;
}

/** The server has it, and would show it. */
export function isListed(known: Known): boolean {
  return known.onServer && known.outOfSight !== true;
}

/** Null: the policy lets it stay. */
export function whyRemove(known: Known, policy: ServerCopy, now: number): Removal['why'] | null {
  // What is not here whole is deleted there only when the person deleted it.
  if (known.state === 'skipped' || known.state === 'placeholder') return null;
  if (known.removals >= MOST_REMOVALS) return null;
  const deleted = known.state === 'deleted';
  if (deleted && known.head === null) return null;
  if (policy === 'keep') return null;
  if (policy === 'untilDeletedHere') return deleted ? 'deleted' : null;
  if (policy === 'delete') return deleted ? 'deleted' : 'again';
  const aged = now - known.firstSeen >= policy.deleteAfterDays * DAY;
  return aged ? (deleted ? 'deleted' : 'aged') : null;
}

function removal(of: Identified, known: Known, why: Removal['why']): Removal {
  // Without a name of its own, another message with the same head would go in its place. Of what was never here but
  // by its head, that is all that the person has deleted.
  const named = of.key === of.listed.uidl && !of.renamed && known.sure;
  const headOnly = known.state === 'deleted' && known.body === null;
  const check = known.head === null || !(named || headOnly) ? 'whole' : of.confirmed ? 'seen' : 'head';
  return { of, known, why, check, copy: known.state === 'here' };
}

function isSkipped(
  of: Identified,
  looks: Looks,
  settings: PlanSettings,
  memory: PlanMemory,
  now: number,
): boolean {
  if (!memory.first || settings.firstRun.t === 'all') return false;
  if (settings.firstRun.t === 'fromToday') return true;
  const date = looks.get(of.listed.number)?.date ?? null;
  // Without a date it is fetched: too much is better than too little.
  return date !== null && date < now - settings.firstRun.days * DAY;
}

function createBudget(settings: PlanSettings) {
  let messages = 0;
  let bytes = 0;
  const later = { messages: 0, bytes: 0 };
  const leave = (size: number | null): void => {
    later.messages++;
    later.bytes += size ?? 0;
  };
  return {
    /** The first message always fits, or a large one would never come. */
    takes(size: number | null): boolean {
      const fits =
        messages < (settings.sessionMessages ?? Number.POSITIVE_INFINITY) &&
        (messages === 0 || bytes + (size ?? 0) <= (settings.sessionBytes ?? Number.POSITIVE_INFINITY));
      if (fits) {
        messages++;
        bytes += size ?? 0;
      } else leave(size);
      return fits;
    },
    leave,
    later: () => later,
  };
}

/**
 * Nobody is surprised by a deletion: what came under another policy, and far more than usual, waits until an
 * earlier check has said so. What this policy promised when the mail came does not wait,
 * nor what the person deleted under it: that was asked and answered here.
 */
function holdBack(
  removals: readonly Removal[],
  download: readonly Fetch[],
  serverCopy: ServerCopy,
  memory: PlanMemory,
) {
  const policy = policyName(serverCopy);
  const warnings: Warning[] = [];
  const told = memory.told?.policy === policy ? memory.told.many : -1;
  const changed = removals.filter(one => one.known.policy !== policy);
  const usual = Math.max(0, ...memory.usual);
  const isAsked = (one: Removal) =>
    one.why === 'again' || (one.why === 'deleted' && one.known.policy === policy);
  const unexpected = removals.filter(one => !isAsked(one));
  const isMany = unexpected.length > Math.max(MANY, usual * FAR_MORE);
  const going = removals.length + download.filter(one => one.thenDelete).length;
  const holdChanged = changed.length > 0 && told < 0;
  // A few more may have come of age since it was said.
  const holdMany = isMany && told < unexpected.length * 0.9;
  if (going > 0 && memory.told?.policy !== policy) {
    warnings.push({ t: 'first-deletion', policy, count: going, held: holdChanged });
  }
  if (isMany) warnings.push({ t: 'many-deletions', count: unexpected.length, usual, held: holdMany });
  const isHeld = (one: Removal) =>
    (holdMany && !isAsked(one)) || (holdChanged && one.known.policy !== policy);
  return { remove: removals.filter(one => !isHeld(one)), held: removals.filter(isHeld), warnings };
}
