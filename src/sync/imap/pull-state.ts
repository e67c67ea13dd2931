// What the steps of a pull share: the folder's context, the sync markers as they will be, writes on their way, and the
// rules for numbers. Asks the server nothing by itself.
import type { FetchMessageObject } from 'imapflow';
import type { LocalUid } from '../../mail/types.ts';
import type { FolderChange, FolderRecord, FolderStore, FolderSync, NewMessage } from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';
import { FETCH_CHUNK, FIRST_CHUNK } from '../../util/limits.ts';
import { nextTurn } from '../../util/turn.ts';
import type { Progress } from '../types.ts';
import type { Caution } from './caution.ts';
import type { ImapClient, Mailbox, MailboxName } from './client-types.ts';
import { bareMessageId, envelopeOf } from './envelope.ts';
import { type EnvelopeRequest, fetchEnvelopes } from './fetch-rows.ts';
import type { Line } from './line.ts';
import { Matches, markKey, marksOfEnvelope, marksOfFetched } from './marks.ts';
import {
  type Leaving,
  leaves,
  leavingAstray,
  NOTHING_OUTGOING,
  type OutgoingHere,
  unplacedIn,
} from './outgoing.ts';
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
  /** Mail that is new on the server since the last pull, and in the store by now. */
  readonly arrived?: (uids: readonly LocalUid[]) => void;
  /** How much was too much for the line, remembered from one connection to the next. */
  readonly caution: Caution;
  /** What the queue has to say about the folder's messages; absent: nothing. */
  readonly outgoing?: () => OutgoingHere;
  /** Messages in the first command and in those that follow. */
  readonly chunks?: { readonly first: number; readonly next: number };
}

/** Rows looked at in one turn of the event loop. */
const UNPLACED_SLICE = 1000;

export class PullState {
  readonly c: PullContext;
  /** As SELECT described the folder at the beginning. */
  readonly box: Mailbox;
  readonly chunks: { readonly first: number; readonly next: number };
  readonly writes = new Writes();
  /** As it will be once everything written so far is durable. */
  sync: FolderSync;
  /** Whatever was on its way from here at any time of this pull: an answer may be older than the end of the queue. */
  readonly #leaving = new Set<Leaving>();
  /** Of those without a place: how many of a Message-ID were kept out, and by which UID. */
  readonly #keptOut = new Map<string, Set<number>>();
  /** Rows here without a place on the server that an answer may be about. */
  #unplaced = new Matches<LocalUid>();
  /** Those that no operation was to bring to the server any more when the pull began: it finds them, or they are gone. */
  #doubtful: readonly LocalUid[];

  constructor(context: PullContext, box: Mailbox) {
    this.c = context;
    this.box = box;
    this.chunks = context.chunks ?? { first: FIRST_CHUNK, next: FETCH_CHUNK };
    this.sync = context.folder.sync;
    const outgoing = this.outgoing();
    this.#doubtful = unplacedIn(context.folder, outgoing).filter(uid => !outgoing.pending.has(uid));
  }

  /** Every step begins here: a folder that became another one meanwhile ends the pull; the next one starts anew. */
  within<T>(work: (client: ImapClient) => Promise<T>): Promise<T> {
    this.writes.check();
    for (const each of this.outgoing().leaving) this.#leaving.add(each);
    return this.c.line.within(this.c.name, async (client, now) => {
      if (now.uidValidity !== this.box.uidValidity) throw this.changed();
      return await work(client);
    });
  }

  /** Messages asked for at a time. */
  get size(): number {
    return this.c.caution.size(this.chunks.next);
  }

  /** Asks for fewer at a time, and at last for less of each, after an answer that was too much for the line. */
  async envelopes(request: EnvelopeRequest): Promise<FetchMessageObject[]> {
    const { caution } = this.c;
    try {
      const rows = await this.within(client =>
        fetchEnvelopes(client, { ...request, detail: caution.detail }),
      );
      caution.relax(request.count);
      await this.#readUnplaced();
      return rows;
    } catch (error) {
      if (error instanceof TmailError && error.code === 'imap.limit') caution.tighten(request.count);
      throw error;
    }
  }

  changed(): TmailError {
    return new TmailError('protocol', 'imap.uidvalidity', {
      retry: 'auto',
      facts: { folder: this.c.record.path },
    });
  }

  /** On its way; visible at once. */
  apply(change: FolderChange, sync?: FolderSync): void {
    if (sync) this.sync = sync;
    this.writes.add(this.c.folder.apply(sync ? { ...change, sync } : change));
  }

  progress(total: number): Progress {
    return { label: this.c.record.name, done: this.c.folder.length, total };
  }

  /**
   * Gives rows (newest first) the numbers from `top` down. One that is here already (a crash took the markers of an
   * earlier pull) keeps its own, and what is older goes below it. `next` is the number for the next older message.
   */
  number(rows: readonly FetchMessageObject[], top: number): { put: NewMessage[]; next: number } {
    const { folder } = this.c;
    let next = top;
    const put = this.wanted(rows).map(row => {
      const known = this.place(row.uid);
      // One that landed here has a number that says nothing of its age.
      const landed = known === undefined ? this.placeOf(row) : undefined;
      if (landed !== undefined) return this.message(row, landed);
      if (known === undefined)
        return this.message(row, next >= (folder.floor ?? 1) ? next-- : folder.reserve(1));
      next = Math.min(next, known - 1);
      return this.message(row, known);
    });
    return { put, next };
  }

  /** The number of a message that is here, or was before its entry was damaged. */
  place(remote: number): LocalUid | undefined {
    return this.c.folder.byRemoteUid(remote) ?? this.c.folder.vacant?.(remote);
  }

  /** The same; a message that came here from here, and whose place nobody has told, is known by its marks. */
  placeOf(row: FetchMessageObject): LocalUid | undefined {
    const known = this.place(row.uid);
    if (known !== undefined || this.#unplaced.size === 0) return known;
    const messageId = bareMessageId(row.envelope?.messageId);
    const free = (uid: LocalUid): boolean => this.c.folder.remote(uid) === null;
    const key = markKey(marksOfFetched(row, messageId));
    return this.#unplaced.takeWhere(key, free) ?? this.#unplaced.takeWhere(madeKey(messageId), free);
  }

  /** Marks of the rows without a place, as they are now. */
  async #readUnplaced(): Promise<void> {
    const { folder } = this.c;
    this.#unplaced = new Matches();
    const outgoing = this.outgoing();
    const { unsent, made } = outgoing;
    const uids = unplacedIn(folder, outgoing).filter(uid => !unsent.has(uid));
    for (const [i, uid] of uids.entries()) {
      if (!folder.envelope(uid)) {
        const position = folder.positionOf(uid);
        if (position >= 0) await folder.ensure(position, position);
      }
      const envelope = folder.envelope(uid);
      if (!envelope) continue;
      const byId = made.has(uid) && envelope.messageId !== '';
      this.#unplaced.add(byId ? madeKey(envelope.messageId) : markKey(marksOfEnvelope(envelope)), uid);
      if (i % UNPLACED_SLICE === UNPLACED_SLICE - 1) await nextTurn();
    }
  }

  /** Without those that were taken away here and are still there. */
  wanted(rows: readonly FetchMessageObject[]): readonly FetchMessageObject[] {
    const outgoing = this.outgoing();
    const { leaving } = outgoing;
    for (const each of leaving) this.#leaving.add(each);
    if (this.#leaving.size === 0) return rows;
    const astray = leavingAstray(outgoing, this.box.uidValidity);
    return rows.filter(row => {
      if (leaves(this.#leaving, this.box.uidValidity, row.uid)) return false;
      if (astray.size === 0 || this.place(row.uid) !== undefined) return true;
      return !this.#keepsOut(astray, row);
    });
  }

  /** Of messages whose place here nobody knew, or that were numbered anew since, only the Message-ID is known. */
  #keepsOut(astray: ReadonlyMap<string, number>, row: FetchMessageObject): boolean {
    const messageId = bareMessageId(row.envelope?.messageId);
    const most = astray.get(messageId) ?? 0;
    const kept = this.#keptOut.get(messageId) ?? new Set();
    if (!kept.has(row.uid) && kept.size >= most) return false;
    this.#keptOut.set(messageId, kept.add(row.uid));
    return true;
  }

  /** UIDs that should be here, without those that were taken away here. */
  missing(uids: readonly number[]): readonly number[] {
    for (const each of this.outgoing().leaving) this.#leaving.add(each);
    if (this.#leaving.size === 0) return uids;
    return uids.filter(uid => !leaves(this.#leaving, this.box.uidValidity, uid));
  }

  /** At the end of a whole pull: landed here, known to nobody's queue, and not found on the server. */
  lost(): readonly LocalUid[] {
    const { pending } = this.outgoing();
    return this.#doubtful.filter(uid => this.c.folder.remote(uid) === null && !pending.has(uid));
  }

  outgoing(): OutgoingHere {
    return this.c.outgoing?.() ?? NOTHING_OUTGOING;
  }

  message(row: FetchMessageObject, uid: LocalUid): NewMessage {
    return {
      uid,
      remote: { t: 'imap', uidValidity: this.box.uidValidity, uid: row.uid },
      flags: [...(row.flags ?? [])],
      envelope: envelopeOf(row, this.c.now()),
    };
  }

  /** Counts those that were not here before; call it before they are applied. Returns their numbers. */
  received(put: readonly NewMessage[]): LocalUid[] {
    const fresh = put.flatMap(({ uid }) => (this.c.folder.flags(uid) === undefined ? [uid] : []));
    if (fresh.length > 0) this.c.received(fresh.length);
    return fresh;
  }
}

const madeKey = (messageId: string): string => `made ${messageId}`;
