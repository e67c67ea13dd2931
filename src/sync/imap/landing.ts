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
import type { Mailbox, MailboxName } from './client-types.ts';
import { type Marks, Matches, markKey, marksOf, marksOfEnvelope } from './marks.ts';
import { leaves } from './outgoing.ts';
import { isRejected, loaded, type PushContext, recordOf, refusal } from './push-context.ts';

export class Landing {
  readonly #context: PushContext;
  readonly #folder: FolderStore;
  readonly #number: ReadonlyMap<OperationTarget, number>;
  readonly #places = new Map<OperationTarget, RemoteRef>();
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
    return this.#places.get(target) ?? this.#foundBefore(target);
  }

  /** By a pull, which may find it at any time, or by an earlier try. */
  #foundBefore(target: OperationTarget): RemoteRef | null {
    const remote = this.#folder.remote(this.#number.get(target) ?? 0);
    return remote?.t === 'imap' && remote.uidValidity === this.#folder.sync.uidValidity ? remote : null;
  }

  learn(target: OperationTarget, place: RemoteRef): void {
    this.#places.set(target, place);
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
    const line = await this.#context.line(this.#record.id);
    try {
      await line.within(
        this.name(),
        async (client, box) => {
          const uids = this.#unowned(await client.uidsIn('1:*'), box);
          for (const row of await marksOf(client, uids)) {
            const target =
              wanted.takeWhere(markKey(row), missing) ?? wanted.takeWhere(idKey(row.messageId), missing);
            if (target) this.learn(target, { t: 'imap', uidValidity: box.uidValidity, uid: row.uid });
          }
        },
        'fresh',
      );
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
