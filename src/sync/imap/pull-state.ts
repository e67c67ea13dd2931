// What the steps of a pull share: the folder's context, the sync markers as they will be, writes on their way, and the
// rules for numbers. Asks the server nothing by itself.
import type { FetchMessageObject } from 'imapflow';
import type { LocalUid } from '../../mail/types.ts';
import type { FolderChange, FolderRecord, FolderStore, FolderSync, NewMessage } from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';
import { FETCH_CHUNK, FIRST_CHUNK } from '../../util/limits.ts';
import type { Progress } from '../types.ts';
import type { Caution } from './caution.ts';
import type { ImapClient, Mailbox, MailboxName } from './client.ts';
import { envelopeOf } from './envelope.ts';
import { type EnvelopeRequest, fetchEnvelopes } from './fetch-rows.ts';
import type { Line } from './line.ts';
import { NOTHING_OUTGOING, type OutgoingHere } from './outgoing.ts';
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
  /** What the queue has to say about the folder's messages; absent: nothing. */
  readonly outgoing?: () => OutgoingHere;
  /** Messages in the first command and in those that follow. */
  readonly chunks?: { readonly first: number; readonly next: number };
}

export class PullState {
  readonly c: PullContext;
  /** As SELECT described the folder at the beginning. */
  readonly box: Mailbox;
  readonly chunks: { readonly first: number; readonly next: number };
  readonly writes = new Writes();
  /** As it will be once everything written so far is durable. */
  sync: FolderSync;

  constructor(context: PullContext, box: Mailbox) {
    this.c = context;
    this.box = box;
    this.chunks = context.chunks ?? { first: FIRST_CHUNK, next: FETCH_CHUNK };
    this.sync = context.folder.sync;
  }

  /** Every step begins here: a folder that became another one meanwhile ends the pull; the next one starts anew. */
  within<T>(work: (client: ImapClient) => Promise<T>): Promise<T> {
    this.writes.check();
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
      const known = this.placeOf(row);
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

  /** The same; a message that was made here and whose upload nobody has confirmed yet is known by its Message-ID. */
  placeOf(row: FetchMessageObject): LocalUid | undefined {
    const known = this.place(row.uid);
    if (known !== undefined) return known;
    const messageId = row.envelope?.messageId?.replace(/^\s*<|>\s*$/g, '') ?? '';
    const uid = messageId === '' ? undefined : this.outgoing().unsent.get(messageId);
    return uid !== undefined && this.c.folder.remote(uid) === null ? uid : undefined;
  }

  /** Without those that were taken away here and are still there. */
  wanted(rows: readonly FetchMessageObject[]): readonly FetchMessageObject[] {
    const { leaving } = this.outgoing();
    return leaving.size === 0 ? rows : rows.filter(row => !leaving.has(`${this.box.uidValidity}:${row.uid}`));
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

  /** Counts those that were not here before; call it before they are applied. */
  received(put: readonly NewMessage[]): void {
    const fresh = put.filter(message => this.c.folder.flags(message.uid) === undefined).length;
    if (fresh > 0) this.c.received(fresh);
  }
}
