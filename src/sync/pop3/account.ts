// A POP3 account between its sessions: the ledger, what is known of the maildrop without asking for it, when the next
// check is. Connects to nothing and deletes nothing.
import type { AccountConfig } from '../../config/types.ts';
import type { AccountId, FolderId } from '../../mail/types.ts';
import type { AccountStore, FolderRecord, FolderStore } from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';
import type { Clock } from '../clock.ts';
import type { CreateSession } from '../session.ts';
import type { MaildropFacts, MaildropWarning } from '../types.ts';
import { agreeTo, tellOthers } from './deletions.ts';
import { inboxOf } from './folders.ts';
import type { Known } from './known.ts';
import type { Ledger } from './ledger.ts';
import type { HeldLedger, Ledgers } from './ledgers.ts';
import { type CheckMemory, type LastCheck, newCheckMemory } from './memory.ts';
import { isListed, type PlanSettings, policyName, willDelete } from './plan.ts';
import { folderIn, guestRoom, ownRoom, type Rooms, removedIds, strayIds } from './rooms.ts';
import { createPop3Session } from './session.ts';

export interface MaildropDeps {
  readonly config: AccountConfig;
  /** The account's own. */
  readonly store: AccountStore;
  /** Where its mail comes in: another account's with `deliverTo`, else its own. */
  readonly target: AccountStore;
  /** Other accounts' stores, by id. */
  readonly storeOf: (account: AccountId) => Promise<AccountStore>;
  /** All accounts: whose mail is deleted here may be another's. */
  readonly accounts: readonly AccountConfig[];
  readonly ledgers: Ledgers;
  readonly clock: Clock;
  readonly settings?: Partial<Omit<PlanSettings, 'serverCopy'>>;
  /** Milliseconds between two checks. */
  readonly everyMs?: number;
}

export interface Maildrop {
  /** Opens the ledger; repeatable. @throws TmailError storage */
  open(): Promise<void>;
  /** Only while it is open. */
  readonly createSession: CreateSession;
  /** The folder that a check fills. */
  folders(): readonly FolderRecord[];
  /** Any folder with mail of this account. */
  folder(id: FolderId): Promise<FolderStore>;
  /** Null before it was opened. Cheap: computed anew when a check moved on, and once a minute. */
  facts(): MaildropFacts | null;
  readonly nextCheck: number | null;
  readonly lastCheck: LastCheck | null;
  /** The next check makes the deletions that were held back. Durable when it resolves. */
  agree(): Promise<void>;
  /** Repeatable; it can be opened again. No session uses it any more. */
  close(): Promise<void>;
}

const FACTS_MS = 60_000;

export function createMaildrop(deps: MaildropDeps): Maildrop {
  const { config, store, target, clock } = deps;
  const memory: CheckMemory = newCheckMemory();
  let opening: Promise<HeldLedger> | null = null;
  let ledger: Ledger | null = null;
  let rooms = roomsOf(deps, []);
  let toldDamage = false;
  let warnings: readonly MaildropWarning[] = [];
  let largest: MaildropFacts['placeholders']['largest'] = null;
  let strays: ReadonlyMap<string, AccountId> = new Map();
  let known: {
    readonly facts: MaildropFacts;
    readonly at: number;
    readonly check: LastCheck | null;
    readonly queued: number;
  } | null = null;

  async function open(): Promise<Ledger> {
    opening ??= deps.ledgers.open(config.id);
    try {
      const { ledger: opened } = await opening;
      const before = opened.memory.deliveredTo;
      if (target !== store && !before.includes(target.id)) {
        // Before anything is there: whatever the configuration says later, it is looked for.
        await opened.record([], { deliveredTo: [...before, target.id] });
      }
      const others = opened.memory.deliveredTo.filter(id => id !== target.id && id !== store.id);
      rooms = roomsOf(deps, await Promise.all(others.map(deps.storeOf)));
      ledger = opened;
      return opened;
    } catch (error) {
      const held = opening;
      opening = null;
      (await held?.catch(() => null))?.release();
      throw error;
    }
  }

  async function lookAround(open: Ledger): Promise<void> {
    largest = await largestOf(rooms, open);
    strays = await strayIds(rooms);
  }

  const queued = () => rooms.all.reduce((sum, room) => sum + room.store.queue().length, 0);

  function compute(open: Ledger): MaildropFacts {
    const now = clock.now();
    const policy = config.serverCopy === null ? '' : policyName(config.serverCopy);
    // Deleted here, and not yet told to whoever checks.
    const going = new Set(removedIds(rooms));
    const there = [...open.known.values()]
      .filter(isListed)
      .map(one => (going.has(one.id) ? { ...one, state: 'deleted' as const, policy } : one));
    const placeholders = there.filter(one => one.state === 'placeholder');
    const report = memory.lastCheck?.report ?? null;
    const oldest = there.reduce((least, one) => Math.min(least, one.firstSeen), Number.POSITIVE_INFINITY);
    return {
      lastCheck: open.memory.lastCheck,
      onServer: {
        ...(report?.onServer ?? { messages: there.length, bytes: bytesOf(there) }),
        oldest: there.length > 0 ? oldest : null,
      },
      alsoHere: alsoHere(there),
      willDelete: config.serverCopy === null ? 0 : willDelete(there, config.serverCopy, now),
      held: report?.held ?? 0,
      placeholders: { messages: placeholders.length, bytes: bytesOf(placeholders), largest },
      skipped: there.filter(one => one.state === 'skipped').length,
      later: report?.later ?? 0,
      warnings,
    };
  }

  /** By the ledger alone, but for mail that is not where new mail comes in: cheap with very many messages. */
  function alsoHere(there: readonly Known[]): MaildropFacts['alsoHere'] {
    const counts: Record<AccountId, number> = {};
    for (const { id, state } of there) {
      if (state !== 'here' && state !== 'placeholder') continue;
      const account = strays.get(id) ?? target.id;
      counts[account] = (counts[account] ?? 0) + 1;
    }
    return counts;
  }

  return {
    async open() {
      await lookAround(await open());
      known = null;
    },
    folders: () => [inboxOf(target)],
    folder: id => folderIn(rooms, id),
    createSession(sessionDeps) {
      if (ledger === null) throw new TmailError('bug', 'bug.unexpected', { facts: { text: 'ledger' } });
      const opened = ledger;
      if (opened.damaged > 0 && !toldDamage) {
        toldDamage = true;
        const facts = { lines: opened.damaged };
        sessionDeps.report(new TmailError('storage', 'pop3.ledger-damaged', { facts }));
      }
      return createPop3Session(sessionDeps, {
        ledger: opened,
        memory,
        rooms,
        tellOthers: names =>
          tellOthers(names, { ledgers: deps.ledgers, accounts: deps.accounts, now: clock.now() }),
        planned: plan => {
          warnings = plan.warnings;
          known = null;
        },
        changed: () => {
          known = null;
        },
        checked: async () => {
          await lookAround(opened);
          known = null;
        },
        ...(deps.settings && { settings: deps.settings }),
        ...(deps.everyMs !== undefined && { everyMs: deps.everyMs }),
      });
    },
    facts() {
      if (ledger === null) return null;
      const now = clock.now();
      const waiting = queued();
      const fresh =
        known?.check === memory.lastCheck && known.queued === waiting && Math.abs(now - known.at) < FACTS_MS;
      if (!known || !fresh)
        known = { facts: compute(ledger), at: now, check: memory.lastCheck, queued: waiting };
      return known.facts;
    },
    get nextCheck() {
      return memory.nextCheck;
    },
    get lastCheck() {
      return memory.lastCheck;
    },
    async agree() {
      if (config.serverCopy === null) return;
      await agreeTo(await open(), config.serverCopy);
    },
    async close() {
      const last = opening;
      opening = null;
      ledger = null;
      known = null;
      await (await last?.catch(() => null))?.release();
    },
  };
}

function bytesOf(known: readonly Known[]): number {
  return known.reduce((sum, one) => sum + (one.size ?? 0), 0);
}

function roomsOf({ config, store, target }: MaildropDeps, others: readonly AccountStore[]): Rooms {
  const own = ownRoom(store);
  const into = target === store ? own : guestRoom(target, config.id);
  const guests = others.map(other => guestRoom(other, config.id));
  return { target: into, all: [...new Set([own, into]), ...guests] };
}

/** The largest message that is here only by its head, with what it is called. */
async function largestOf(rooms: Rooms, ledger: Ledger): Promise<MaildropFacts['placeholders']['largest']> {
  const all = [...ledger.known.values()].filter(one => isListed(one) && one.state === 'placeholder');
  const [first] = all.sort((a, b) => (b.size ?? 0) - (a.size ?? 0));
  if (!first) return null;
  for (const { store, nameOf } of rooms.all) {
    for (const { id } of store.folders()) {
      const folder = await store.folder(id);
      await folder.loadAll();
      const uid = folder.byUidl(nameOf(first.id));
      if (uid === undefined) continue;
      const at = folder.positionOf(uid);
      await folder.ensure(at, at);
      return { subject: folder.envelope(uid)?.subject ?? '', bytes: first.size ?? 0 };
    }
  }
  return { subject: '', bytes: first.size ?? 0 };
}
