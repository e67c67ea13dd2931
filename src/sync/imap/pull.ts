// Server → store for one folder, in batches that can each be the last: the newest screenful first, then downwards;
// later only what changed. Every yield lies between two commands. Says nothing to the server but questions.
import type { FetchMessageObject } from 'imapflow';
import type { LocalUid } from '../../mail/types.ts';
import type { FolderRecord, FolderStore, FolderSync, NewMessage } from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';
import { FETCH_CHUNK, FIRST_CHUNK } from '../../util/limits.ts';
import type { Progress } from '../types.ts';
import type { Caution } from './caution.ts';
import type { ImapClient, Mailbox, MailboxName } from './client.ts';
import { type Diff, diffFlags, diffPresence, filledRange, isEmpty, planPull, type Survey } from './diff.ts';
import { envelopeOf } from './envelope.ts';
import { type EnvelopeRequest, fetchEnvelopes } from './fetch-rows.ts';
import { indexOf } from './folder-index.ts';
import type { Line } from './line.ts';
import { formatUidSet, type UidRange, uidSetsDescending } from './uid-set.ts';
import { Writes } from './writes.ts';

export interface PullContext {
  readonly line: Line;
  readonly name: MailboxName;
  readonly record: FolderRecord;
  readonly folder: FolderStore;
  readonly now: () => number;
  /** A scan without CONDSTORE looks at the newest messages only; the whole folder is due from time to time. */
  readonly thorough: boolean;
  /** Something the person should know although the pull goes on. */
  readonly report: (error: TmailError) => void;
  readonly received: (count: number) => void;
  /** How much was too much for the line, remembered from one connection to the next. */
  readonly caution: Caution;
  /** Messages in the first command and in those that follow. */
  readonly chunks?: { readonly first: number; readonly next: number };
}

/** Repeatable and resumable; what came before an error or a return is kept. */
export async function* pullFolder(context: PullContext): AsyncGenerator<Progress> {
  const pull = new Pull(context);
  try {
    yield* pull.run();
  } finally {
    // Whoever stops the pull may close the store next: nothing stays on its way.
    await pull.writes.drain().catch(() => undefined);
  }
}

class Pull {
  readonly writes = new Writes();
  readonly #c: PullContext;
  readonly #chunks: { readonly first: number; readonly next: number };
  /** As it will be once everything written so far is durable. */
  #sync: FolderSync;

  constructor(context: PullContext) {
    this.#c = context;
    this.#chunks = context.chunks ?? { first: FIRST_CHUNK, next: FETCH_CHUNK };
    this.#sync = context.folder.sync;
  }

  async *run(): AsyncGenerator<Progress> {
    const { folder } = this.#c;
    const box = await this.#select();
    const plan = planPull(box, this.#sync);
    if (plan.reset) this.#reset(box);
    if (plan.first) yield* this.#firstChunk(box);
    else {
      yield* this.#survey(box, plan.survey);
      if (plan.newFrom !== null) yield* this.#arrivals(box, plan.newFrom);
      yield* this.#verify(box);
    }
    yield* this.#fill(box);
    await this.writes.drain();
    yield { label: this.#c.record.name, done: folder.length, total: folder.length };
  }

  #select(): Promise<Mailbox> {
    return this.#c.line.within(this.#c.name, async (_client, box) => box, 'fresh');
  }

  /** Every step begins here: a folder that became another one meanwhile ends the pull; the next one starts anew. */
  #within<T>(box: Mailbox, work: (client: ImapClient) => Promise<T>): Promise<T> {
    this.writes.check();
    return this.#c.line.within(this.#c.name, async (client, now) => {
      if (now.uidValidity !== box.uidValidity) throw this.#changed();
      return await work(client);
    });
  }

  get #size(): number {
    return this.#c.caution.size(this.#chunks.next);
  }

  /** Asks for fewer at a time, and at last for less of each, after an answer that was too much for the line. */
  async #envelopes(box: Mailbox, request: EnvelopeRequest): Promise<FetchMessageObject[]> {
    const { caution } = this.#c;
    try {
      const rows = await this.#within(box, client =>
        fetchEnvelopes(client, { ...request, detail: caution.detail }),
      );
      caution.relax(request.count);
      return rows;
    } catch (error) {
      if (error instanceof TmailError && error.code === 'imap.limit') caution.tighten(request.count);
      throw error;
    }
  }

  #changed(): TmailError {
    return new TmailError('protocol', 'imap.uidvalidity', {
      retry: 'auto',
      facts: { folder: this.#c.record.path },
    });
  }

  #apply(change: Parameters<FolderStore['apply']>[0], sync?: FolderSync): void {
    if (sync) this.#sync = sync;
    this.writes.add(this.#c.folder.apply(sync ? { ...change, sync } : change));
  }

  #progress(total: number): Progress {
    return { label: this.#c.record.name, done: this.#c.folder.length, total };
  }

  #reset(box: Mailbox): void {
    const sync: FolderSync = {
      uidValidity: box.uidValidity,
      uidNext: 1,
      highestModseq: null,
      filledDownTo: null,
    };
    this.#apply({ reset: true }, sync);
    this.#c.report(this.#changed());
  }

  async *#firstChunk(box: Mailbox): AsyncGenerator<Progress> {
    const { folder } = this.#c;
    const empty: FolderSync = {
      uidValidity: box.uidValidity,
      uidNext: Math.max(1, box.uidNext),
      highestModseq: box.highestModseq,
      filledDownTo: 1,
    };
    if (box.exists === 0) {
      this.#apply({}, empty);
      return;
    }
    // The list order is the order of local numbers: all of them are taken now, and older messages fill them downwards.
    const top = folder.reserve(box.exists) + box.exists - 1;
    const from = Math.max(1, box.exists - Math.min(this.#chunks.first, this.#size) + 1);
    const range = `${from}:${box.exists}`;
    const found = await this.#envelopes(box, { by: 'seq', range, count: box.exists - from + 1 });
    const rows = descending(found);
    const put = this.#number(rows, top, box);
    const lowest = rows.at(-1)?.uid;
    this.#received(put);
    this.#apply(
      { put },
      {
        ...empty,
        uidNext: Math.max(empty.uidNext, (rows[0]?.uid ?? 0) + 1),
        filledDownTo: from === 1 ? 1 : (lowest ?? empty.uidNext),
        ...(from === 1 ? {} : { nextSlot: top - put.length }),
      },
    );
    yield this.#progress(box.exists);
  }

  /** Older messages, newest first, until nothing is missing below. */
  async *#fill(box: Mailbox): AsyncGenerator<Progress> {
    let below: number | null = null;
    let astray = 0;
    while (this.#sync.filledDownTo !== 1) {
      const boundary = this.#sync.filledDownTo ?? 1;
      below ??= await this.#within(box, client => countBelow(client, boundary));
      if (below === 0) {
        this.#apply({}, complete(this.#sync));
        break;
      }
      const chunk = await this.#olderChunk(box, boundary, below);
      if (chunk === null) {
        // The anchor was not where it was thought to be: somebody expunged. Count again.
        if (++astray > 5) throw new TmailError('protocol', 'imap.unstable', { retry: 'auto' });
        below = null;
        continue;
      }
      astray = 0;
      below = chunk.below;
      this.#putOlder(chunk.rows, box, below === 0);
      yield this.#progress(Math.max(box.exists, this.#c.folder.length + below));
      await this.writes.drain(4);
    }
  }

  /** The messages just below the boundary; null when sequence numbers moved. */
  async #olderChunk(box: Mailbox, boundary: number, below: number) {
    const from = Math.max(1, below - this.#size + 1);
    // One more than needed: the oldest message that is here already proves that the numbers still fit.
    // But not where that one may be the message that was too much.
    const anchored = !this.#c.caution.alert && (await this.#here(boundary)) ? below + 1 : below;
    const range = `${from}:${anchored}`;
    const rows = await this.#envelopes(box, { by: 'seq', range, count: anchored - from + 1 });
    const older = descending(rows).filter(row => row.uid < boundary);
    const anchor = rows.some(row => row.uid === boundary);
    if (anchored > below ? !anchor : older.length < rows.length) return null;
    if (older.length === 0 && from > 1) return null;
    return { rows: older, below: from - 1 };
  }

  async #here(uid: number): Promise<boolean> {
    await this.#c.folder.loadAll();
    return this.#c.folder.byRemoteUid(uid) !== undefined;
  }

  #putOlder(rows: readonly FetchMessageObject[], box: Mailbox, last: boolean): void {
    const { folder } = this.#c;
    const slot = this.#sync.nextSlot ?? (folder.uidAt(folder.length - 1) ?? folder.reserve(rows.length)) - 1;
    const put = this.#number(rows, slot, box);
    this.#received(put);
    const next: FolderSync = {
      ...this.#sync,
      filledDownTo: rows.at(-1)?.uid ?? this.#sync.filledDownTo,
      nextSlot: slot - put.filter(message => message.uid <= slot).length,
    };
    this.#apply({ put }, last ? complete(next) : next);
  }

  /** Gives rows (newest first) the numbers from `top` down; one that is here already keeps its own. */
  #number(rows: readonly FetchMessageObject[], top: number, box: Mailbox): NewMessage[] {
    let slot = top;
    return rows.map(row => {
      const known = this.#place(row.uid);
      const uid = known ?? (slot >= 1 ? slot-- : this.#c.folder.reserve(1));
      return newMessage(row, uid, box, this.#c.now());
    });
  }

  /** The number of a message that is here, or was before its entry was damaged. */
  #place(remote: number): LocalUid | undefined {
    return this.#c.folder.byRemoteUid(remote) ?? this.#c.folder.vacant?.(remote);
  }

  #received(put: readonly NewMessage[]): void {
    const fresh = put.filter(message => this.#c.folder.flags(message.uid) === undefined).length;
    if (fresh > 0) this.#c.received(fresh);
  }

  /** Flags and expunges of what is here. */
  async *#survey(box: Mailbox, survey: Survey): AsyncGenerator<Progress> {
    if (survey === 'nothing') return;
    if (survey === 'changes') {
      const diff = await this.#changes(box);
      this.#take(diff, { ...this.#sync, highestModseq: box.highestModseq });
      yield* this.#repair(box, diff.missing);
      return;
    }
    yield* this.#scan(box);
    this.#apply({}, { ...this.#sync, highestModseq: box.highestModseq });
  }

  /** One command: everything that changed since the mod-sequence (RFC 7162 sections 3.1.4 and 3.2.6). */
  async #changes(box: Mailbox): Promise<Diff> {
    const { folder } = this.#c;
    const filled = filledRange(this.#sync);
    const since = this.#sync.highestModseq ?? '0';
    const gone: UidRange[] = [];
    const rows = await this.#within(box, async client => {
      const stop = client.subscribe(event => {
        if (event.t === 'vanished' && event.earlier) gone.push(...event.uids);
      });
      try {
        return await client.rows({
          by: 'uid',
          range: `${filled.from}:${Math.max(filled.from, filled.to)}`,
          items: { uid: true, flags: true },
          most: Math.max(box.exists, folder.length) * 2 + 1000,
          changedSince: since,
        });
      } finally {
        stop();
      }
    });
    if (rows.length + gone.length > 0) await folder.loadAll();
    gone.sort((a, b) => a.from - b.from);
    return diffFlags(rows.map(flagRow), gone, this.#sync, indexOf(folder));
  }

  /** Every flag, newest first, by ranges of the UIDs that are here; gaps between them are asked about as well. */
  async *#scan(box: Mailbox): AsyncGenerator<Progress> {
    const { folder } = this.#c;
    await folder.loadAll();
    const filled = filledRange(this.#sync);
    const uids = [...indexOf(folder).remotes()].map(([remote]) => remote);
    let high = filled.to;
    for (const set of uidSetsDescending(uids, this.#chunks.next)) {
      const low = Math.min(high, set.at(-1) ?? high);
      yield* this.#scanRange(box, { from: Math.max(low, filled.from), to: high });
      high = low - 1;
      if (!this.#c.thorough) return;
    }
    if (high >= filled.from) yield* this.#scanRange(box, { from: filled.from, to: high });
  }

  async *#scanRange(box: Mailbox, range: UidRange): AsyncGenerator<Progress> {
    if (range.to < range.from) return;
    const rows = await this.#within(box, client =>
      client.rows({
        by: 'uid',
        range: `${range.from}:${range.to}`,
        items: { uid: true, flags: true },
        most: box.exists * 2 + 1000,
      }),
    );
    const index = indexOf(this.#c.folder);
    const flags = diffFlags(rows.map(flagRow), [], this.#sync, index);
    const present = diffPresence(
      rows.map(row => row.uid),
      range,
      index,
    );
    this.#take({ change: { ...flags.change, ...present.change }, missing: flags.missing });
    yield* this.#repair(box, flags.missing);
    yield this.#progress(box.exists);
  }

  #take(diff: Diff, sync?: FolderSync): void {
    if (!isEmpty(diff.change) || sync) this.#apply(diff.change, sync);
  }

  /** Mail that came since the last pull, oldest first so that a cut leaves no hole. */
  async *#arrivals(box: Mailbox, from: number): AsyncGenerator<Progress> {
    const few = box.uidNext > 0 && box.uidNext - from <= this.#size;
    const range = `${from}:${few ? box.uidNext - 1 : '*'}`;
    const sets = few ? [null] : await this.#newSets(box, range, from);
    for (const set of sets) {
      const found = await this.#envelopes(box, {
        by: 'uid',
        range: set ? formatUidSet(set) : range,
        ...(set ? { uids: set } : {}),
        count: set?.length ?? box.uidNext - from,
      });
      const rows = found.filter(row => row.uid >= from).sort((a, b) => a.uid - b.uid);
      const highest = set?.[0] ?? rows.at(-1)?.uid ?? 0;
      this.#putNewer(rows, box, { ...this.#sync, uidNext: Math.max(this.#sync.uidNext, highest + 1) });
      yield this.#progress(box.exists);
    }
    this.#apply({}, { ...this.#sync, uidNext: Math.max(this.#sync.uidNext, box.uidNext) });
  }

  async #newSets(box: Mailbox, range: string, from: number): Promise<number[][]> {
    const uids = await this.#within(box, client => client.uidsIn(range));
    return uidSetsDescending(
      uids.filter(uid => uid >= from),
      this.#size,
    ).reverse();
  }

  #putNewer(rows: readonly FetchMessageObject[], box: Mailbox, sync: FolderSync): void {
    const { folder } = this.#c;
    const fresh = rows.filter(row => this.#place(row.uid) === undefined);
    let next = fresh.length > 0 ? folder.reserve(fresh.length) : 0;
    const put = rows.map(row => newMessage(row, this.#place(row.uid) ?? next++, box, this.#c.now()));
    this.#received(put);
    this.#apply(put.length > 0 ? { put } : {}, sync);
  }

  /** Messages that should have been here: fetched now, in the order that is left. */
  async *#repair(box: Mailbox, missing: readonly number[]): AsyncGenerator<Progress> {
    for (const set of uidSetsDescending(missing, this.#size).reverse()) {
      const range = formatUidSet(set);
      const rows = await this.#envelopes(box, { by: 'uid', range, uids: set, count: set.length });
      this.#putNewer(
        rows.sort((a, b) => a.uid - b.uid),
        box,
        this.#sync,
      );
      yield this.#progress(box.exists);
    }
  }

  /** Expunges that nobody told us of: where the counts differ, or can't be compared, the UIDs are. */
  async *#verify(box: Mailbox): AsyncGenerator<Progress> {
    const { folder } = this.#c;
    const filled = filledRange(this.#sync);
    const whole = this.#sync.filledDownTo === 1;
    if (whole && folder.length === box.exists) return;
    if (filled.to < filled.from) return;
    const uids = await this.#within(box, client => client.uidsIn(`${filled.from}:${filled.to}`));
    await folder.loadAll();
    const diff = diffPresence(uids, filled, indexOf(folder));
    this.#take(diff);
    yield* this.#repair(box, diff.missing);
  }
}

function descending(rows: readonly FetchMessageObject[]): FetchMessageObject[] {
  return [...rows].sort((a, b) => b.uid - a.uid);
}

function flagRow(row: FetchMessageObject) {
  return { uid: row.uid, flags: row.flags ?? [] };
}

function complete(sync: FolderSync): FolderSync {
  const { nextSlot: _, ...rest } = sync;
  return { ...rest, filledDownTo: 1 };
}

async function countBelow(client: ImapClient, uid: number): Promise<number> {
  return uid <= 1 ? 0 : await client.countIn(`1:${uid - 1}`);
}

function newMessage(row: FetchMessageObject, uid: number, box: Mailbox, now: number): NewMessage {
  return {
    uid,
    remote: { t: 'imap', uidValidity: box.uidValidity, uid: row.uid },
    flags: [...(row.flags ?? [])],
    envelope: envelopeOf(row, now),
  };
}
