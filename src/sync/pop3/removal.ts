// What may be deleted on the server, proved message by message: TOP or RETR against what is known, and the copy here
// read again from the disk. A UIDL alone proves nothing.
import { TmailError } from '../../util/errors.ts';
import type { CheckOptions, Tally } from './check.ts';
import { type Known, startFingerprint } from './known.ts';
import type { Fetch, Removal } from './plan.ts';

/** A message whose deletion is justified. */
export interface Going {
  readonly number: number;
  readonly known: Known;
  /** The copy here must be read again first. */
  readonly copy: boolean;
}

export interface Compared {
  readonly matching: Going[];
  /** Other messages under known names: they are new. */
  readonly strangers: Fetch[];
  /** Known messages that lost their names to those, and may have another one now. */
  readonly nameless: Known[];
}

/** What TOP confirms may go; what it refutes is another message under a known name and is fetched. */
export async function compareHeads(
  options: CheckOptions,
  removals: readonly Removal[],
  tally: Tally,
): Promise<Compared & { readonly unsure: Removal[] }> {
  const matching: Going[] = [];
  const strangers: Fetch[] = [];
  const nameless: Known[] = [];
  const unsure = removals.filter(one => one.check === 'whole');
  for (const one of removals) if (one.check === 'seen') matching.push(goingOf(one));
  const asked = new Map(removals.filter(one => one.check === 'head').map(one => [one.of.listed.number, one]));
  for await (const one of options.client.top(asked.keys(), 0)) {
    const removal = asked.get(one.number);
    if (!removal) continue;
    if (one.bytes === null) {
      // No TOP: only the whole message can tell.
      unsure.push(removal);
      continue;
    }
    const print = startFingerprint();
    for await (const piece of one.bytes) print.add(piece);
    if (print.end().head === removal.known.head) matching.push(goingOf(removal));
    else if (removal.of.key !== null) {
      strangers.push({
        of: { ...removal.of, known: null },
        thenDelete: options.settings.serverCopy === 'delete',
      });
      nameless.push({ ...removal.known, key: '' });
      tally.errors.push(
        new TmailError('protocol', 'pop3.uidl-reused', { retry: 'auto', facts: { uidl: removal.of.key } }),
      );
    }
  }
  await options.ledger.record(nameless, nameless.length > 0 ? { reusesNames: true } : undefined);
  return { matching, strangers, nameless, unsure };
}

function goingOf(removal: Removal): Going {
  return { number: removal.of.listed.number, known: removal.known, copy: removal.copy };
}

/** The same by RETR, where TOP cannot tell; keeps nothing of what it fetches. */
export async function compareWholes(
  options: CheckOptions,
  removals: readonly Removal[],
  tally: Tally,
): Promise<Compared> {
  const asked = new Map(removals.map(one => [one.of.listed.number, one]));
  const matching: Going[] = [];
  const strangers: Fetch[] = [];
  const nameless: Known[] = [];
  for await (const one of options.client.retrieve(removals.map(removal => removal.of.listed))) {
    const removal = asked.get(one.number);
    if (!removal) continue;
    if (one.bytes === null) {
      tally.errors.push(one.error);
      continue;
    }
    const print = startFingerprint();
    for await (const piece of one.bytes) print.add(piece);
    const { head, body } = print.end();
    const known = removal.known.body ?? (removal.known.state === 'deleted' ? body : null);
    if (removal.known.head === head && known === body) matching.push(goingOf(removal));
    else {
      nameless.push({ ...removal.known, key: '' });
      strangers.push({
        of: { ...removal.of, known: null },
        thenDelete: options.settings.serverCopy === 'delete',
      });
    }
  }
  await options.ledger.record(nameless);
  return { matching, strangers, nameless };
}

/**
 * DELE for what is here beyond doubt: the copy is read again from the disk, and is what the server sent. `damaged`:
 * what stays there, because it is not.
 */
export async function mark(
  options: CheckOptions,
  going: readonly Going[],
  tally: Tally,
): Promise<{ readonly marked: Going[]; readonly damaged: Going[] }> {
  const intact = await readAgain(options, going);
  const sure = going.filter((_, n) => intact[n]);
  const damaged = going.filter((_, n) => !intact[n]);
  for (const one of damaged) {
    tally.errors.push(
      new TmailError('storage', 'pop3.copy-damaged', { facts: { uidl: one.known.id }, retry: 'auto' }),
    );
  }
  const results = await options.client.dele(sure.map(one => one.number));
  const marked = sure.filter((_, n) => {
    const error = results[n];
    if (error) tally.errors.push(error);
    return !error;
  });
  return { marked, damaged };
}

/** Files that are read at the same time: the disk's latency is what costs. */
const READERS = 8;

/** For each: the copy here is what the server sent, or there is to be none. */
async function readAgain({ box, ledger }: CheckOptions, going: readonly Going[]): Promise<boolean[]> {
  const intact: boolean[] = [];
  let next = 0;
  const reader = async () => {
    for (let n = next++; n < going.length; n = next++) {
      const one = going[n];
      // The person may have deleted it since the plan was made.
      const wanted = one?.copy === true && ledger.known.get(one.known.id)?.state !== 'deleted';
      const copy = wanted ? await box.reread(one.known.id) : null;
      intact[n] = !wanted || (copy !== null && copy.head === one.known.head && copy.body === one.known.body);
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
  return intact;
}
