// The folder where a move or a copy brings its messages: which of them are there already, and where. Looks at the
// server only for messages that no row here owns.
import type { RemoteRef } from '../../mail/types.ts';
import type {
  CopyOperation,
  FolderRecord,
  FolderStore,
  MoveOperation,
  OperationTarget,
} from '../../store/types.ts';
import type { Copied, ImapClient, Mailbox, MailboxName } from './client-types.ts';
import { removeUids } from './delete.ts';
import { type Marks, Matches, markKey, marksOf, marksOfEnvelope } from './marks.ts';
import { leaves } from './outgoing.ts';
import { isRejected, loaded, type PushContext, recordOf, refusal } from './push-context.ts';

type ImapPlace = Extract<RemoteRef, { readonly t: 'imap' }>;

export class Landing {
  readonly #context: PushContext;
  readonly #folder: FolderStore;
  readonly #number: ReadonlyMap<OperationTarget, number>;
  /** Told by an earlier try, also of those that have gone on from here since. */
  readonly #before = new Map<OperationTarget, RemoteRef>();
  /** Told, or seen, in this try. */
  readonly #places = new Map<OperationTarget, ImapPlace>();
  /** Where an answer says that they are, which is not believed yet. */
  readonly #doubted = new Map<OperationTarget, ImapPlace>();
  #record: FolderRecord;

  private constructor(
    context: PushContext,
    op: MoveOperation | CopyOperation,
    record: FolderRecord,
    folder: FolderStore,
  ) {
    this.#context = context;
    this.#record = record;
    this.#folder = folder;
    this.#number = new Map(op.targets.map((target, i) => [target, op.landing[i] ?? 0]));
    for (const [i, target] of op.targets.entries()) {
      const place = op.places?.[i];
      if (place) this.#before.set(target, place);
    }
  }

  static async open(
    context: PushContext,
    op: MoveOperation | CopyOperation,
    record: FolderRecord,
  ): Promise<Landing> {
    return new Landing(context, op, record, await loaded(context, op.to));
  }

  name(): MailboxName {
    return this.#context.nameOf(this.#record);
  }

  has(target: OperationTarget): boolean {
    return this.placeOf(target) !== null;
  }

  placeOf(target: OperationTarget): RemoteRef | null {
    return this.told(target) ?? this.#foundByPull(target);
  }

  /** What the server said, or showed, about this operation. */
  told(target: OperationTarget): RemoteRef | null {
    return this.#places.get(target) ?? this.#before.get(target) ?? null;
  }

  /** Which may be at any time. */
  #foundByPull(target: OperationTarget): RemoteRef | null {
    const remote = this.#folder.remote(this.#number.get(target) ?? 0);
    return remote?.t === 'imap' && remote.uidValidity === this.#folder.sync.uidValidity ? remote : null;
  }

  /**
   * What COPYUID says, by the UID there. Servers copy in the order of the UIDs, which is how they were named: an answer
   * in another order, or with the place of another row here, has to be seen first (`confirm`).
   */
  learn(copied: Copied, targets: ReadonlyMap<number, OperationTarget>): void {
    const { uidValidity } = copied;
    const told = [...copied.places]
      .sort(([a], [b]) => a - b)
      .flatMap(([from, uid]) => {
        const target = targets.get(from);
        return target ? [[target, { t: 'imap', uidValidity, uid }] as const] : [];
      });
    const isSure = told.every(
      ([target, place], i) => place.uid > (told[i - 1]?.[1].uid ?? 0) && !this.#isOthers(target, place),
    );
    for (const [target, place] of told) (isSure ? this.#places : this.#doubted).set(target, place);
  }

  #isOthers(target: OperationTarget, { uidValidity, uid }: ImapPlace): boolean {
    if (uidValidity !== this.#folder.sync.uidValidity) return false;
    const owner = this.#folder.byRemoteUid(uid);
    return owner !== undefined && owner !== this.#number.get(target);
  }

  /** Looks at the places that were not believed. */
  async confirm(): Promise<void> {
    const seen = await this.#seen(this.#doubted);
    this.#doubted.clear();
    for (const [target, place] of seen) this.#places.set(target, place);
  }

  /** Takes away again what this try brought there, as far as the server said where. */
  async takeBack(targets: readonly OperationTarget[]): Promise<void> {
    const wanted = new Set(targets.filter(target => !this.#before.has(target)));
    const copies = await this.#seen(new Map([...this.#places].filter(([target]) => wanted.has(target))));
    const uids = [...copies.values()].map(({ uid }) => uid);
    if (uids.length === 0) return;
    await this.#within(client => removeUids(this.#context, client, uids, this.#record.path));
    for (const target of copies.keys()) this.#places.delete(target);
  }

  /** Those that are the message that they are said to be. */
  async #seen(
    places: ReadonlyMap<OperationTarget, ImapPlace>,
  ): Promise<ReadonlyMap<OperationTarget, ImapPlace>> {
    const seen = new Map<OperationTarget, ImapPlace>();
    if (places.size === 0) return seen;
    await this.#within(async (client, box) => {
      const there = [...places].filter(([, { uidValidity }]) => uidValidity === box.uidValidity);
      const uids = there.map(([, { uid }]) => uid);
      const keys = new Map((await marksOf(client, uids)).map(row => [row.uid, markKey(row)]));
      for (const [target, place] of there) {
        if (keys.get(place.uid) === (await this.#keyOf(target))) seen.set(target, place);
      }
    });
    return seen;
  }

  /** The folder was not where it was thought to be: under its new name, or made again. @throws TmailError */
  async again(): Promise<void> {
    await this.#context.list();
    const listed = await recordOf(this.#context, this.#record.id);
    const before = this.name().wire;
    if (listed?.remote && this.#context.nameOf(listed).wire !== before) {
      this.#record = listed;
      return;
    }
    await this.#context.create(this.#record.serverPath ?? this.#record.path);
    const made = await recordOf(this.#context, this.#record.id);
    if (!made) throw refusal('imap.no-folder', this.#record.path);
    this.#record = made;
  }

  /** Learns where those of the messages are that have arrived there. */
  async find(targets: readonly OperationTarget[]): Promise<void> {
    const missing = (target: OperationTarget): boolean => !this.has(target);
    const wanted = new Matches<OperationTarget>();
    for (const target of targets.filter(missing)) {
      const key = await this.#keyOf(target);
      if (key !== null) wanted.add(key, target);
    }
    if (wanted.size === 0) return;
    await this.#within(async (client, box) => {
      const uids = this.#unowned(await client.uidsIn('1:*'), box);
      for (const row of await marksOf(client, uids)) {
        const target =
          wanted.takeWhere(markKey(row), missing) ?? wanted.takeWhere(idKey(row.messageId), missing);
        if (target) this.#places.set(target, { t: 'imap', uidValidity: box.uidValidity, uid: row.uid });
      }
    });
  }

  /** Nothing where the server has no such folder (any more): then nothing is in it. */
  async #within(work: (client: ImapClient, box: Mailbox) => Promise<void>): Promise<void> {
    const line = await this.#context.line(this.#record.id);
    try {
      await line.within(this.name(), work, 'fresh');
    } catch (error) {
      if (!isRejected(error, 'imap.no-folder')) throw error;
    }
  }

  /** No row here has them, and none had that left for elsewhere. */
  #unowned(uids: readonly number[], { uidValidity }: Mailbox): number[] {
    const { sync, record } = this.#folder;
    if (sync.uidValidity !== uidValidity) return [...uids];
    const { leaving } = this.#context.outgoing(record.id);
    const oldest = sync.filledDownTo ?? sync.uidNext;
    return uids.filter(
      uid =>
        uid >= oldest && this.#folder.byRemoteUid(uid) === undefined && !leaves(leaving, uidValidity, uid),
    );
  }

  /** Null: nothing is known of it. */
  async #keyOf(target: OperationTarget): Promise<string | null> {
    const marks = await this.#marksOf(target);
    if (marks) return markKey(marks);
    // It has gone on from here already.
    return target.messageId === '' ? null : idKey(target.messageId);
  }

  async #marksOf(target: OperationTarget): Promise<Marks | null> {
    const uid = this.#number.get(target) ?? 0;
    if (!this.#folder.envelope(uid)) {
      const position = this.#folder.positionOf(uid);
      if (position >= 0) await this.#folder.ensure(position, position);
    }
    const envelope = this.#folder.envelope(uid);
    return envelope ? marksOfEnvelope(envelope) : null;
  }
}

const idKey = (messageId: string): string => `id ${messageId}`;
