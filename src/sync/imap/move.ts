// Moves and copies → the server, safe to repeat. Once an answer was lost, both folders are looked at before anything is
// sent again. Every message is settled by itself: where it is now, or gone; what the server refuses is taken back.
import type { RemoteRef } from '../../mail/types.ts';
import type {
  CopyOperation,
  FolderRecord,
  MoveOperation,
  Operation,
  OperationTarget,
} from '../../store/types.ts';
import { TmailError } from '../../util/errors.ts';
import type { ImapClient, Mailbox } from './client-types.ts';
import { removeUids } from './delete.ts';
import { Landing } from './landing.ts';
import {
  isAnswer,
  isRejected,
  isThere,
  loaded,
  type PushContext,
  recordOf,
  refusal,
} from './push-context.ts';
import { locate } from './targets.ts';
import { formatUidSet } from './uid-set.ts';

/** Messages in one command: the answer names each of them, and the line must not be silent for long. */
const CHUNK = 500;

export type Transfer = (MoveOperation | CopyOperation) & Operation;

/** @throws TmailError `rejected`: those that the server has there by now are known as moved, the others are not there */
export async function pushTransfer(context: PushContext, op: Transfer): Promise<void> {
  const transfer = await Transferring.begin(context, op);
  try {
    await transfer.run();
  } finally {
    await transfer.tell();
  }
  await transfer.forget();
}

class Transferring {
  readonly #context: PushContext;
  readonly #op: Transfer;
  readonly #from: FolderRecord;
  readonly #landing: Landing;
  /** In the source, as far as is known. */
  #uids: ReadonlyMap<OperationTarget, number> = new Map();
  #uidValidity: string | null = null;
  readonly #gone = new Set<OperationTarget>();

  private constructor(context: PushContext, op: Transfer, from: FolderRecord, landing: Landing) {
    this.#context = context;
    this.#op = op;
    this.#from = from;
    this.#landing = landing;
  }

  static async begin(context: PushContext, op: Transfer): Promise<Transferring> {
    const to = await recordOf(context, op.to);
    if (!to) throw refusal('imap.no-folder', op.to);
    const from = (await recordOf(context, op.folder)) ?? {
      ...to,
      id: op.folder,
      path: op.folder,
      remote: false,
    };
    return new Transferring(context, op, from, await Landing.open(context, op, to));
  }

  async run(): Promise<void> {
    const { targets, tries } = this.#op;
    await this.#locate(targets);
    if (tries > 0) await this.#lookAtBoth(targets);
    // Of what was never sent nothing can have arrived: what a pull took for it is somebody else's copy.
    const arrived = (target: OperationTarget) => tries > 0 && this.#landing.has(target);
    const left = targets.filter(target => !arrived(target) && this.#uids.has(target));
    for (let from = 0; from < left.length; from += CHUNK) await this.#chunk(left.slice(from, from + CHUNK));
    // Neither moved, as far as the server said, nor known to be elsewhere.
    const unsure = targets.filter(target => !this.#landing.has(target) && !this.#gone.has(target));
    if (unsure.length > 0) await this.#settle(unsure);
  }

  /** What is known of the messages' new places becomes durable, also when it ended badly. */
  async tell(): Promise<void> {
    const places = this.#op.targets.map((target): RemoteRef | null => this.#landing.told(target));
    if (places.some(place => place !== null)) await this.#context.store.moved?.(this.#op.id, places);
  }

  async forget(): Promise<void> {
    if (this.#gone.size === 0) return;
    const uids = [...this.#gone].map(({ uid }) => uid);
    const error = refusal('imap.message-lost', this.#from.path, { count: uids.length });
    await this.#context.store.gone?.(this.#op.id, uids, error);
  }

  async #locate(targets: readonly OperationTarget[]): Promise<void> {
    const found = await this.#inSource(async (client, box) => {
      const folder = await loaded(this.#context, this.#op.folder);
      const located = await locate(client, box, folder, targets);
      if (this.#op.t === 'move' && box.readOnly && located.uids.size > 0) {
        throw refusal('imap.read-only', this.#from.path);
      }
      return located;
    });
    this.#uids = found?.uids ?? new Map();
  }

  /** Which of them the source still has. */
  async #present(targets: readonly OperationTarget[]): Promise<ReadonlySet<OperationTarget>> {
    const uids = targets.flatMap(target => this.#uids.get(target) ?? []);
    const there = await this.#inSource(async client => {
      const found: number[] = [];
      for (let from = 0; from < uids.length; from += CHUNK) {
        found.push(...(await client.uidsIn(formatUidSet(uids.slice(from, from + CHUNK)))));
      }
      return found;
    });
    const set = new Set(there ?? []);
    return new Set(targets.filter(target => set.has(this.#uids.get(target) ?? 0)));
  }

  /** Null: there is no such folder (any more), and so none of the messages is in it. */
  async #inSource<T>(
    work: (client: ImapClient, box: Mailbox) => Promise<T>,
    how: 'fresh' | 'selected' = 'fresh',
  ): Promise<T | null> {
    if (!isThere(this.#from)) return null;
    const line = await this.#context.line(this.#op.folder);
    let selected = false;
    try {
      return await line.within(
        this.#context.nameOf(this.#from),
        (client, box) => {
          selected = true;
          // UIDs that were looked up before mean nothing any more: from the beginning, with the next try.
          this.#uidValidity ??= box.uidValidity;
          if (this.#uidValidity !== box.uidValidity) throw this.#renumbered();
          return work(client, box);
        },
        ...(how === 'fresh' ? (['fresh'] as const) : []),
      );
    } catch (error) {
      // TRYCREATE is about the other folder.
      if (!selected && isRejected(error, 'imap.no-folder')) return null;
      throw error;
    }
  }

  #renumbered(): TmailError {
    const facts = { folder: this.#from.path };
    return new TmailError('protocol', 'imap.uidvalidity', { retry: 'auto', facts });
  }

  /**
   * An earlier try may have reached the server, all of it or a part. That the server will not say is no refusal of what
   * was asked for: it is asked again with the next try.
   */
  async #lookAtBoth(targets: readonly OperationTarget[]): Promise<void> {
    try {
      await this.#look(targets);
    } catch (error) {
      if (!isRejected(error)) throw error;
      throw new TmailError('protocol', error.code, { retry: 'auto', facts: error.facts });
    }
  }

  async #look(targets: readonly OperationTarget[]): Promise<void> {
    const present = await this.#present(targets);
    const { features } = (await this.#context.line(this.#op.folder)).client;
    // MOVE leaves no message in both folders; a copy does, and so does the detour without MOVE.
    const whole = this.#op.t === 'move' && features.move;
    await this.#landing.find(whole ? targets.filter(target => !present.has(target)) : targets);
    if (this.#op.t === 'move')
      await this.#leave(targets.filter(each => present.has(each) && this.#landing.has(each)));
    for (const target of targets) {
      if (!present.has(target) && !this.#landing.has(target)) this.#gone.add(target);
    }
    this.#uids = new Map([...this.#uids].filter(([target]) => present.has(target)));
  }

  /** What is there twice leaves the source. */
  async #leave(targets: readonly OperationTarget[], how?: 'selected'): Promise<void> {
    const uids = targets.flatMap(target => this.#uids.get(target) ?? []);
    if (uids.length === 0) return;
    await this.#inSource(client => removeUids(this.#context, client, uids, this.#from.path), how);
  }

  async #chunk(targets: readonly OperationTarget[]): Promise<void> {
    const uids = new Map(
      targets.flatMap(target => {
        const uid = this.#uids.get(target);
        return uid === undefined ? [] : [[uid, target] as const];
      }),
    );
    const bring = () => this.#inSource(client => this.#bring(client, uids), 'selected');
    try {
      const isMoved = await bring().catch(async (error: unknown) => {
        if (!isRejected(error, 'imap.no-folder')) throw error;
        // TRYCREATE: somebody deleted or renamed it since it was listed.
        await this.#landing.again();
        return bring();
      });
      await this.#landing.confirm();
      // Without COPYUID nobody knows whether all of them were copied: only those that are found there may go here.
      if (!isMoved)
        await this.#leave(
          targets.filter(target => this.#landing.has(target)),
          'selected',
        );
    } catch (error) {
      if (isAnswer(error) && this.#op.t === 'move') await this.#backOut(targets).catch(() => undefined);
      throw error;
    }
  }

  /**
   * The server said no, or not all of it: what was moved is moved (RFC 6851 section 3.3); what was copied and could not
   * leave the source is not there twice, as far as that is in our hands.
   */
  async #backOut(targets: readonly OperationTarget[]): Promise<void> {
    const present = await this.#present(targets);
    await this.#landing.takeBack(targets.filter(target => present.has(target)));
    await this.#landing.find(targets.filter(target => !present.has(target)));
  }

  /** False: the messages have still to leave the source. */
  async #bring(client: ImapClient, targets: ReadonlyMap<number, OperationTarget>): Promise<boolean> {
    const range = formatUidSet([...targets.keys()]);
    const whole = this.#op.t === 'move' && client.features.move;
    const copied = await client[whole ? 'move' : 'copy'](range, this.#landing.name());
    if (copied) this.#landing.learn(copied, targets);
    return whole || this.#op.t === 'copy';
  }

  /** Messages of which the server said nothing: found in one of the folders, or gone. */
  async #settle(targets: readonly OperationTarget[]): Promise<void> {
    const tried = targets.some(target => this.#uids.has(target));
    if (tried || this.#op.tries > 0) await this.#lookAtBoth(targets);
    else for (const target of targets) this.#gone.add(target);
    const left = targets.filter(target => !this.#landing.has(target) && !this.#gone.has(target));
    if (left.length === 0) return;
    // Said to be there, and seen nowhere but where it was. Trying again could double it.
    const code = this.#op.t === 'copy' ? 'imap.not-copied' : 'imap.not-moved';
    throw refusal(code, this.#from.path, { count: left.length });
  }
}
