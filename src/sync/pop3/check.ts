// One check of a maildrop, from the list to QUIT. The order is the promise: bytes durable → ledger durable → entry
// durable → copy read again → DELE → QUIT; ended at any arrow, nothing is lost and nothing doubles.
import { TmailError } from '../../util/errors.ts';
import type { Progress } from '../types.ts';
import type { Box } from './box.ts';
import type { ListedMessage, Pop3Client } from './client.ts';
import { type FetchJob, fetchMessages, freshId, keyOfId } from './fetch.ts';
import { identify, type Look, numbersToLookAt, reusesNames } from './identity.ts';
import { type Fingerprint, type Known, startFingerprint } from './known.ts';
import type { Ledger } from './ledger.ts';
import {
  datesNeeded,
  type Fetch,
  isListed,
  makePlan,
  type Plan,
  type PlanSettings,
  policyName,
  type Warning,
} from './plan.ts';
import { compareHeads, compareWholes, type Going, mark } from './removal.ts';

export interface CheckOptions {
  readonly client: Pop3Client;
  readonly box: Box;
  readonly ledger: Ledger;
  readonly settings: PlanSettings;
  /** Placeholders to be fetched whole, by id. */
  readonly wanted: ReadonlySet<string>;
  readonly now: () => number;
  /** Reads the Date header of a header block; null where there is none. */
  readonly dateOf: (head: Buffer) => number | null;
  readonly label: string;
  /** Called before anything is fetched or deleted. */
  readonly planned?: (plan: Plan) => void;
}

export interface CheckReport {
  /** Left in the maildrop when the check was over. */
  readonly onServer: { readonly messages: number; readonly bytes: number };
  /** Left for the next session by its limits. */
  readonly later: number;
  readonly warnings: readonly Warning[];
  /** Deletions that wait until the person was told. */
  readonly held: number;
}

/** What a check has done so far; the caller's, so that it also counts when the check fails. */
export interface Tally {
  received: number;
  placeholders: number;
  skipped: number;
  deletedOnServer: number;
  /** Of single messages; what ends the check is thrown. */
  errors: TmailError[];
}

export function newTally(): Tally {
  return { received: 0, placeholders: 0, skipped: 0, deletedOnServer: 0, errors: [] };
}

/** Checks that deleted are remembered up to this many. */
const USUAL = 20;

/**
 * Ends with QUIT. A consumer that leaves at a yield keeps what is here; nothing is deleted then.
 * @throws TmailError as the client and the box do; after a storage error the marks are taken off first
 */
export async function* check(options: CheckOptions, tally: Tally): AsyncGenerator<Progress, CheckReport> {
  const { client, settings } = options;
  let orderly = false;
  try {
    const listed = await client.list();
    const known = await reconcile(options);
    const { identities, looks, memory } = await recognise(options, listed, known);
    const plan = makePlan(identities, looks, settings, memory, options.now());
    tally.skipped = plan.skip.length;
    // A message that is lost here is fetched again under its old id: the store may be bringing it back by itself.
    const taken = new Set(known.keys());
    await remember(options, plan, looks, taken);
    options.planned?.(plan);
    yield { label: options.label, done: 0, total: plan.download.length + plan.placeholders.length };

    const heads = await compareHeads(options, plan.remove, tally);
    const wholes = await compareWholes(options, heads.unsure, tally);
    const fetches = [...plan.download, ...heads.strangers, ...wholes.strangers];
    const missing = [...identities.vanished, ...heads.nameless, ...wholes.nameless];
    const unseen = new Map(missing.map(one => [one.id, one]));
    const job: FetchJob = {
      options,
      tally,
      taken,
      unseen,
      total: fetches.length + plan.placeholders.length,
      allFetched: plan.later.messages === 0,
    };
    const arrived = yield* fetchMessages(job, fetches, false);
    yield* fetchMessages(job, plan.placeholders, true);

    const going = [...heads.matching, ...wholes.matching, ...arrived];
    const { marked, damaged } = await mark(options, going, tally);
    // The server has what is damaged here: it takes the place of the copy, and goes there when that was read again.
    const byNumber = new Map(identities.all.map(of => [of.listed.number, of]));
    const again = damaged.flatMap(({ number, known }): Fetch[] => {
      const of = byNumber.get(number);
      return of ? [{ of: { ...of, known }, thenDelete: false }] : [];
    });
    yield* fetchMessages(job, again, false);
    orderly = true;
    await client.quit();
    tally.deletedOnServer = marked.length;
    const inSight = identities.all.flatMap(({ known }) => (known?.outOfSight ? [known] : []));
    await settle(options, marked, job.allFetched ? [...unseen.values()] : [], inSight, plan);
    return report(listed, marked, plan);
  } catch (error) {
    if (!orderly && error instanceof TmailError && error.kind === 'storage') await leavePolitely(client);
    throw error;
  } finally {
    client.close();
  }
}

/** What the ledger and the store say together; they can differ by one step after a crash. */
async function reconcile({ box, ledger, now, settings }: CheckOptions): Promise<Map<string, Known>> {
  const here = await box.ids();
  const known = new Map<string, Known>();
  const mended: Known[] = [];
  for (const one of ledger.known.values()) {
    const isHere = one.state === 'here' || one.state === 'placeholder';
    // Neither here nor deleted by the person: what is still on the server is fetched again.
    if (!isHere || here.has(one.id)) known.set(one.id, one);
  }
  for (const [id, whole] of here) {
    const entry = known.get(id);
    // A row that the person is just removing for good stays removed.
    if (entry && (entry.state === 'deleted' || (entry.state === 'here') === whole)) continue;
    const print = whole ? await box.reread(id) : null;
    if (!entry && print && isSecondCopy(ledger.known, here, print)) {
      await box.remove(id);
      continue;
    }
    const mend: Known = {
      id,
      key: entry?.key ?? keyOfId(id),
      sure: entry?.sure ?? true,
      state: whole ? 'here' : 'placeholder',
      firstSeen: entry?.firstSeen ?? now(),
      size: entry?.size ?? print?.bytes ?? null,
      head: print?.head ?? entry?.head ?? null,
      body: print?.body ?? null,
      onServer: true,
      removals: entry?.removals ?? 0,
      policy: policyName(settings.serverCopy),
    };
    known.set(id, mend);
    mended.push(mend);
  }
  await ledger.record(mended);
  return known;
}

/**
 * The ledger has never heard of it, and another message has its bytes: fetched under a new name, and the crash came
 * before that was found out. The bytes stay here; were it a message of its own, the server still has it.
 */
function isSecondCopy(
  known: ReadonlyMap<string, Known>,
  here: ReadonlyMap<string, boolean>,
  print: Fingerprint,
): boolean {
  for (const one of known.values()) {
    if (one.body === print.body && one.head === print.head && here.get(one.id) === true) return true;
  }
  return false;
}

/** Which message is which, with a look at those that need one. */
async function recognise(
  options: CheckOptions,
  listed: readonly ListedMessage[],
  known: ReadonlyMap<string, Known>,
) {
  const { ledger, settings, wanted } = options;
  const memory = { ...ledger.memory, first: !ledger.memory.begun, wanted };
  const looks = new Map<number, Look>();
  let trusted = !memory.reusesNames;
  await lookAt(options, numbersToLookAt(listed, known.values(), trusted), looks);
  if (trusted && reusesNames(listed, known.values(), looks)) {
    trusted = false;
    await ledger.record([], { reusesNames: true });
    await lookAt(options, numbersToLookAt(listed, known.values(), trusted), looks);
  }
  let identities = identify(listed, known.values(), looks, trusted);
  const dates = datesNeeded(identities, settings, memory);
  if (dates.length > 0) {
    await lookAt(options, dates, looks);
    identities = identify(listed, known.values(), looks, trusted);
  }
  return { identities, looks, memory };
}

/** Adds what TOP shows of these messages; without TOP nothing is added. */
async function lookAt(
  { client, dateOf }: CheckOptions,
  numbers: readonly number[],
  looks: Map<number, Look>,
): Promise<void> {
  const left = numbers.filter(number => !looks.has(number));
  for await (const one of client.top(left, 0)) {
    if (one.bytes === null) continue;
    const head = startFingerprint();
    for await (const piece of one.bytes) head.add(piece);
    const print = head.end();
    looks.set(one.number, { head: print.head, date: dateOf(print.header) });
  }
}

/** Names, skipped messages and what the person is told are durable before anything is fetched. */
async function remember(
  { ledger, settings, now }: CheckOptions,
  plan: Plan,
  looks: ReadonlyMap<number, Look>,
  taken: Set<string>,
): Promise<void> {
  const at = now();
  const policy = policyName(settings.serverCopy);
  const renamed = plan.renamed.flatMap(one =>
    one.known && one.key !== null ? [{ ...one.known, key: one.key, sure: false, onServer: true }] : [],
  );
  const byId = new Map(renamed.map(one => [one.id, one]));
  for (const id of plan.restamp) {
    const one = byId.get(id) ?? ledger.known.get(id);
    if (one) byId.set(id, { ...one, firstSeen: at });
  }
  for (const { key, listed } of plan.skip) {
    const id = freshId(key ?? `skipped ${listed.number}`, taken);
    byId.set(id, {
      id,
      key: key ?? '',
      sure: false,
      state: 'skipped',
      firstSeen: at,
      size: listed.size,
      head: looks.get(listed.number)?.head ?? null,
      body: null,
      onServer: true,
      removals: 0,
      policy,
    });
  }
  const many = plan.warnings.find(one => one.t === 'many-deletions')?.count ?? 0;
  const tells = plan.warnings.some(one => one.t === 'first-deletion' || one.t === 'many-deletions');
  // What was said or agreed to under another policy is no word on this one, nor on that one when it comes back.
  const outdated = ledger.memory.told !== null && ledger.memory.told.policy !== policy;
  const told = tells ? { told: { policy, many } } : outdated ? { told: null } : {};
  if (byId.size > 0 || tells || outdated || !ledger.memory.begun) {
    await ledger.record([...byId.values()], { begun: true, ...told });
  }
}

function visible({ outOfSight: _, ...known }: Known): Known {
  return known;
}

/** After QUIT answered +OK, and only then. */
async function settle(
  { ledger, now, settings }: CheckOptions,
  marked: readonly Going[],
  vanished: readonly Known[],
  inSight: readonly Known[],
  plan: Plan,
): Promise<void> {
  const removed = marked.map(({ known }) => ({
    ...visible(known),
    onServer: false,
    removals: known.removals + 1,
  }));
  const seen = inSight.map(one => visible(ledger.known.get(one.id) ?? one));
  const missing = vanished.map(one => ledger.known.get(one.id) ?? one);
  const gone = settings.window
    ? missing.filter(isListed).map(one => ({ ...one, outOfSight: true as const }))
    : missing.map(one => ({ ...visible(one), onServer: false }));
  const unexpected = plan.remove.filter(one => one.why !== 'again').length;
  const usual = unexpected > 0 ? [...ledger.memory.usual, unexpected].slice(-USUAL) : ledger.memory.usual;
  // What was told has happened: the next time that many go, it is said again.
  const { told } = ledger.memory;
  const spent = plan.held.length === 0 && told !== null ? { told: { ...told, many: 0 } } : {};
  const cuts = plan.later.messages === 0 ? {} : ledger.memory.cuts;
  await ledger.record([...seen, ...removed, ...gone], { lastCheck: now(), usual, cuts, ...spent });
}

function report(listed: readonly ListedMessage[], marked: readonly Going[], plan: Plan): CheckReport {
  const gone = new Set(marked.map(one => one.number));
  const left = listed.filter(one => !gone.has(one.number));
  return {
    onServer: { messages: left.length, bytes: left.reduce((sum, one) => sum + (one.size ?? 0), 0) },
    later: plan.later.messages,
    warnings: plan.warnings,
    held: plan.held.length,
  };
}

/** The disk is full or broken: nothing is deleted, and the server is told so. */
async function leavePolitely(client: Pop3Client): Promise<void> {
  try {
    await client.rset();
    await client.quit();
  } catch {
    // The storage error is what counts.
  }
}
