// Operations that are taken out of the queue again: the server refuses one, or the person takes one back. One after the
// other, durably, and with everything that can't be without it; what becomes of the messages is withdraw.ts.
import { TmailError } from '../util/errors.ts';
import type { CommitHost } from './commit.ts';
import { folderWith, loadFor, type OperationsOptions } from './operation-folders.ts';
import {
  isAppend,
  isDelete,
  isFlags,
  isFolderOperation,
  isTransfer,
  type OperationQueue,
  type Pending,
  type PendingTransfer,
} from './queue.ts';
import { buildingOn, pick, refusedWith, type Stamp } from './relocate.ts';
import type { Operation, OtherHalf } from './types.ts';
import { withdraw } from './withdraw.ts';

export interface TakingBackHost extends Pick<OperationsOptions, 'folders' | 'halves' | 'emit'> {
  readonly queue: OperationQueue;
  readonly stamp: Stamp;
  readonly commitHost: () => CommitHost;
  /** Where folders are, also those that vanished meanwhile. */
  readonly ever: Pick<OperationsOptions, 'opened' | 'folder' | 'unknown'>;
  /** A try is under way, or it is about to leave the queue. */
  readonly isBusy: (id: string) => boolean;
  /** The next that no server has to hear of. */
  readonly nextLocal: () => Pending | undefined;
  readonly settleLocal: () => Promise<void>;
  readonly landDurably: (pending: PendingTransfer) => Promise<void>;
  readonly half: (pending: Pending) => OtherHalf;
  readonly changed: () => void;
  /** The queue is durable when it resolves. */
  readonly request: () => Promise<void>;
}

export class TakingBack {
  readonly #host: TakingBackHost;
  /** Being taken back by the person: not sent meanwhile. */
  readonly #dropping = new Set<string>();

  constructor(host: TakingBackHost) {
    this.#host = host;
  }

  isDropping(id: string): boolean {
    return this.#dropping.has(id);
  }

  /** The server will not have it: it is taken back, with what can't be without it. Everybody hears why. */
  async refuse({ op: { id } }: Pending, error: TmailError): Promise<void> {
    await this.#settleArrived(id);
    await this.#refuseAlong(id, error);
    const withdrawn = await this.withdraw(id);
    if (!withdrawn) await this.#host.request();
    this.#host.emit({ t: 'trouble', error, ...(withdrawn && { operation: withdrawn.op }) });
  }

  /** Messages of this operation that the server is known to have where it brings them are not part of it any more. */
  async #settleArrived(id: string): Promise<void> {
    const pending = this.#host.queue.get(id);
    if (!pending || !isTransfer(pending) || !hasArrived(pending)) return;
    await this.#host.landDurably(pending);
    await (await loadFor(this.#host.ever, pending.op))?.flush();
    const now = this.#host.queue.get(id);
    if (!now || !isTransfer(now)) return;
    const rest = pick(now, (_, i) => !now.op.places?.[i]);
    this.#host.queue.replace(id, ...(rest ? [rest] : []));
    this.#host.changed();
    await this.#host.request();
  }

  /** What can't be without it, and without that in turn. */
  async #refuseAlong(id: string, error: TmailError): Promise<void> {
    for (let also = this.#refusedWith(id); also; also = this.#refusedWith(id)) {
      await this.#refuseAlong(also.op.id, error);
      const withdrawn = await this.withdraw(also.op.id);
      if (withdrawn && isDelete(withdrawn)) this.#host.emit({ t: 'trouble', error, operation: withdrawn.op });
    }
  }

  #refusedWith(id: string): Pending | undefined {
    const pending = this.#host.queue.get(id);
    return pending && refusedWith(this.#host.queue, pending, () => this.#host.stamp()).at(-1);
  }

  /**
   * One after the other, each on the disk before the next: what a crash would do again must not be done behind what is
   * taken back.
   */
  async withdraw(id: string): Promise<Pending | undefined> {
    const pending = await this.#quiet(id);
    if (!pending) return undefined;
    withdraw(this.#host.commitHost(), pending, 'queue');
    this.#host.changed();
    if (isFlags(pending)) await (await loadFor(this.#host.ever, pending.op))?.flush();
    await this.#host.request();
    if (isFolderOperation(pending)) await this.#host.folders.write();
    await this.#host.settleLocal();
    return pending;
  }

  /**
   * The operation as it is when its folders, and those of what builds on it, are in memory and nothing is on its way
   * out of the queue that would be done again behind it.
   */
  async #quiet(id: string): Promise<Pending | undefined> {
    for (;;) {
      await this.#host.settleLocal();
      const pending = this.#host.queue.get(id);
      if (!pending) return undefined;
      for (const each of [pending, ...buildingOn(this.#host.queue, id)]) {
        if (isFolderOperation(each)) continue;
        await loadFor(this.#host.ever, each.op);
        if (isTransfer(each)) await folderWith(this.#host.ever, each.op.to, each.op.landing);
      }
      if (!this.#host.nextLocal()) return this.#host.queue.get(id);
    }
  }

  /** See AccountStore.drop. */
  async drop(wanted: string): Promise<readonly Operation[]> {
    const waiting = this.#host.queue.get(wanted);
    if (!waiting) return [];
    this.#assertDroppable(waiting);
    const id = this.#withoutArrived(waiting);
    this.#dropping.add(id);
    try {
      return await this.#drop(id);
    } finally {
      this.#dropping.delete(id);
    }
  }

  async #drop(id: string): Promise<readonly Operation[]> {
    const first = await this.#quiet(id);
    if (!first) return [];
    const all = [first, ...buildingOn(this.#host.queue, id)];
    for (const each of all) this.#assertDroppable(each);
    // First the other half: of a message in two places one is too many, of one in none nobody has any.
    const dropped: Operation[] = [];
    for (const each of all) {
      if (isAppend(each)) dropped.push(...(await this.#host.halves.lost(this.#host.half(each))));
    }
    for (
      let last = buildingOn(this.#host.queue, id).at(-1);
      last;
      last = buildingOn(this.#host.queue, id).at(-1)
    ) {
      dropped.unshift((await this.withdraw(last.op.id))?.op ?? last.op);
    }
    await this.withdraw(id);
    return dropped;
  }

  /**
   * What a half made operation can still be taken back, as one of its own. What has arrived goes on as it was: it may
   * have to leave where it came from.
   */
  #withoutArrived(pending: Pending): string {
    const { id, t } = pending.op;
    if (!isTransfer(pending) || !hasArrived(pending)) return id;
    const { places = [] } = pending.op;
    const there = pick(pending, (_, i) => !!places[i]);
    const rest = pick(pending, (_, i) => !places[i]);
    if (!there || !rest) {
      throw new TmailError('rejected', 'operation.under-way', { retry: 'user', facts: { operation: t } });
    }
    const { id: own, at } = this.#host.stamp();
    this.#host.queue.replace(id, there, { ...rest, op: { ...rest.op, id: own, at } });
    return own;
  }

  #assertDroppable(pending: Pending): void {
    const { op } = pending;
    const facts = { operation: op.t };
    if (this.#host.isBusy(op.id)) {
      throw new TmailError('rejected', 'operation.under-way', { retry: 'user', facts });
    }
    if (isDelete(pending) && !pending.rows?.some(Boolean) && op.targets.length > 0) {
      throw new TmailError('rejected', 'operation.final', { retry: 'never', facts });
    }
  }
}

const hasArrived = ({ op, local }: PendingTransfer): boolean =>
  !local && op.places?.some(place => place !== null) === true;
